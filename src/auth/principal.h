/* SPDX-License-Identifier: Apache-2.0 */
/*
 * principal.h - who is asking, after the signature held (spec/security.md 2.5).
 * Borrows from the request's arena.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum caller_type { CALLER_USER, CALLER_SESSION };

struct principal {
	enum caller_type type;
	struct str account;
	struct str arn;			/* as messages and audit show it */
	struct str user_id;		/* AIDA... or AROA...:session */
	struct str access_key_id;
	struct str user_name;
	bool is_administrator;		/* may do everything in its account */
	/* sessions */
	struct str role_name, session_name;
	int64_t issued_ms, expires_ms;
	struct str function_arn;	/* a rotation function's session is bound to it */
	const struct str *secret_arns;	/* it may read, write and move labels of these */
	size_t secret_arn_count;
	const struct str *readable_arns;	/* and read these */
	size_t readable_arn_count;
};
