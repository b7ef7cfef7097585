/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rotator of secrets without a target (spec/rotation.md 8.7): a new random value, taken up by
 * consumers when they next read the secret. setSecret and testSecret have nothing to do.
 */
#include "rotators/rotation.h"

static const struct target generic = {
	.engine = "generic",
	.exclude = "/@\"'\\",
};

int
main(void)
{
	return rotation_main((const struct target *const[]){ &generic }, 1);
}
