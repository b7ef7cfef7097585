/* SPDX-License-Identifier: Apache-2.0 */
/* policy_principal.h - what a Principal element may name (spec/security.md 2.5, 3.1). Private to
 * src/auth/policy*.c. */
#pragma once
#include "auth/policy_form.h"

/* Twelve digits, the ARN of a root, user, role, role session or federated user, or a unique id.
 * Results borrow from `text`. */
MUST_CHECK bool principal_parse(struct str text, struct named_principal *out);
bool principal_is_account(struct str s);	/* twelve digits */
/* {name}.amazonaws.com, also in its regional form. */
bool principal_is_service(struct str s);
/* The same, and AWS is known to have it. */
bool principal_is_known_service(struct str s);
