/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role.h - changing roles of a PostgreSQL server (spec/rotation.md 8.2), inside a transaction the
 * caller began. `secret` is whose options apply: pawl.passwordMode, createClone, cloneAttributes,
 * ownerRole.
 */
#pragma once
#include "rotators/postgres/session.h"

/* ALTER ROLE username PASSWORD, as a SCRAM verifier made here unless passwordMode is "plain". */
MUST_CHECK bool role_set_password(struct session *s, struct arena *a, const struct account *secret,
    struct err *e);
/* The same for somebody else's role, which must exist and must not have expired. */
MUST_CHECK bool role_set_password_of(
    struct session *s, struct arena *a, const struct account *secret, struct err *e);
/* Makes or updates the pair's other role, so that it may do what the base role may. */
MUST_CHECK bool role_set_alternate(struct session *s, struct arena *a, const struct account *secret,
    struct err *e);
