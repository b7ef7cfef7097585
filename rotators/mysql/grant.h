/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grant.h - what one account may do, given to another: SHOW GRANTS of the first, each line with the
 * grantee rewritten (spec/rotation.md 8.3).
 */
#pragma once
#include "rotators/mysql/session.h"

struct mysql_account {
	const char *user, *host;
};

/* Adds what is missing. PROXY grants are left out with a line in the log. */
MUST_CHECK bool grant_copy_all(struct session *s, struct arena *a, const struct mysql_account *from,
    const struct mysql_account *to, struct err *e);
