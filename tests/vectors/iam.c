/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors.h"
bool
vectors_iam(struct tally *t, const char *dir)
{
	(void)t;
	(void)dir;
	return false;
}
