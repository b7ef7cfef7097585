/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PostgreSQL rotator (spec/rotation.md 8.2): a change is one transaction, and the server is
 * sent a SCRAM verifier, never the password.
 */
#include "rotators/fault.h"
#include "rotators/postgres/role.h"

static enum login
postgres_login(struct rotation *r, const struct account *who, void **out_session, struct err *e)
{
	struct session *s;
	enum login got = session_open(r->arena, who, &s, e);

	if (got == LOGIN_OK)
		*out_session = s;
	return got;
}

static void
postgres_logout(void *session)
{
	session_close(session);
}

/* A role may change its own password without any privilege, but only as itself: ALTER ROLE ... SET
 * role, which pawl.ownerRole uses, makes every session start as another. */
static bool
change_own(struct rotation *r, void *session, struct err *e)
{
	return session_begin(session, e) && session_run(session, "SET LOCAL ROLE NONE", e) &&
	    role_set_password(session, r->arena, &r->pending, e) &&
	    session_commit(session, e);
}

static bool
change_other(struct rotation *r, void *session, struct err *e)
{
	return session_begin(session, e) &&
	       role_set_password_of(session, r->arena, &r->pending, e) &&
	       session_commit(session, e);
}

static bool
change_alternate(struct rotation *r, void *session, struct err *e)
{
	return session_begin(session, e) && role_set_alternate(session, r->arena, &r->pending, e) &&
	    session_commit(session, e);
}

static bool
check_membership(struct rotation *r, void *session, struct err *e)
{
	const char *base = rotation_base_user(r->arena, r->pending.username);
	const char *has = session_text(session, r->arena, "SELECT pg_catalog.pg_has_role("
	    "session_user, $1::pg_catalog.name, 'MEMBER')", (const char *[]){ base }, 1, e);

	if (has == NULL)
		return false;
	return strcmp(has, "t") == 0 || fault_set(e, FAULT_FUNCTION,
	    "user %s is not a member of %s and lacks its privileges", r->pending.username, base);
}

static bool
probe(struct rotation *r, void *session, struct err *e)
{
	const char *one = session_text(session, r->arena, "SELECT 1", NULL, 0, e);
	const char *user = one == NULL ? NULL :
	    session_text(session, r->arena, "SELECT session_user", NULL, 0, e);

	if (user == NULL)
		return false;
	if (strcmp(user, r->pending.username) != 0)
		return fault_set(e, FAULT_FUNCTION,
		    "the target took the login of %s for %s (a pooler?)", r->pending.username,
		    user);
	return r->strategy != STRATEGY_MULTI || check_membership(r, session, e);
}

static const struct target postgres = {
	.engine = "postgres",
	.rule = { .engines = (const char *const[]){ "postgres", "aurora-postgresql", NULL },
	    .port = 5432 },
	.exclude = ":/@\"'\\",
	.username_max = 63,
	.login = postgres_login,
	.logout = postgres_logout,
	.change_own = change_own,
	.change_other = change_other,
	.change_alternate = change_alternate,
	.probe = probe,
};

int
main(void)
{
	return rotation_main((const struct target *const[]){ &postgres }, 1);
}
