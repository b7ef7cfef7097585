/* SPDX-License-Identifier: Apache-2.0 */
#include "rotators/postgres/role.h"

#include "base/log.h"
#include "rotators/fault.h"
#include "rotators/postgres/setting.h"

/* ---- passwords */

/* The clear password reaches the server only when a password-check hook there needs to see it, and
 * then never over a connection that others can read. */
static const char *
clear_password(struct session *s, struct arena *a, const struct account *secret, struct err *e)
{
	if (!secret->tls.on && !host_is_local(secret->host)) {
		fault_set(e, FAULT_CONFIG, "pawl.passwordMode \"plain\" needs TLS");
		return NULL;
	}
	return session_literal(s, a, secret->password, e);
}

static const char *
password_literal(struct session *s, struct arena *a, const struct account *secret, struct err *e)
{
	const char *mode = account_option(secret, "passwordMode"), *literal;
	char *verifier;

	if (mode != NULL && strcmp(mode, "plain") == 0)
		return clear_password(s, a, secret, e);
	if (PQserverVersion(session_conn(s)) < 100000) {
		fault_set(e, FAULT_CONFIG,
		    "the server is older than PostgreSQL 10 and knows no SCRAM; "
		    "set pawl.passwordMode to \"plain\" in the secret");
		return NULL;
	}
	verifier = PQencryptPasswordConn(session_conn(s), secret->password, secret->username,
	    "scram-sha-256");
	if (verifier == NULL) {
		fault_set(e, FAULT_FUNCTION, "no SCRAM verifier could be made");
		return NULL;
	}
	literal = session_literal(s, a, verifier, e);
	PQfreemem(verifier);
	return literal;
}

/* A password-check hook speaks in classes of its own choice: checks of contrib in 22, others in 28
 * or as a raised exception. None of them says anything else in answer to ALTER ROLE ... PASSWORD.
 */
static bool
is_policy(const char *sqlstate)
{
	return strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "28", 2) == 0 ||
	    strcmp(sqlstate, "P0001") == 0;
}

static bool
password_refused(const struct session *s, const struct account *secret, struct err *e)
{
	struct err why = *e;

	if (is_policy(session_sqlstate(s)))
		return fault_set(e, FAULT_POLICY_REJECTED,
		    "the target's password policy refused the new "
		    "password of %s: %s",
		    secret->username, why.msg);
	if (strcmp(session_sqlstate(s), "42501") == 0)
		return fault_prefix(e, "changing the password of %s", secret->username);
	return false;
}

bool
role_set_password(struct session *s, struct arena *a, const struct account *secret, struct err *e)
{
	const char *role = session_identifier(s, a, secret->username, e), *password;

	if (role == NULL)
		return false;
	password = password_literal(s, a, secret, e);
	if (password == NULL)
		return false;
	if (session_run(s, arena_printf(a, "ALTER ROLE %s WITH PASSWORD %s", role, password), e))
		return true;
	return password_refused(s, secret, e);
}

/* ---- other roles */

enum presence { ROLE_UNKNOWN, ROLE_ABSENT, ROLE_PRESENT };

/* An expired role keeps turning logins away with 28P01, which would look like a wrong password. */
static enum presence
role_look_up(struct session *s, const char *name, struct err *e)
{
	AUTO_PGRESULT *r = session_query(s,
	    "SELECT rolcanlogin, rolvaliduntil < pg_catalog.now(), "
	    "rolvaliduntil FROM pg_catalog.pg_roles WHERE rolname = $1",
	    (const char *[]){ name }, 1, e);

	if (r == NULL)
		return ROLE_UNKNOWN;
	if (PQntuples(r) == 0)
		return ROLE_ABSENT;
	if (strcmp(PQgetvalue(r, 0, 0), "t") != 0)
		fault_set(e, FAULT_CONFIG, "role %s may not log in (NOLOGIN)", name);
	else if (strcmp(PQgetvalue(r, 0, 1), "t") == 0)
		fault_set(e, FAULT_CONFIG,
		    "role %s expired at %s (VALID UNTIL); a new password would not "
		    "let it in",
		    name, PQgetvalue(r, 0, 2));
	else
		return ROLE_PRESENT;
	return ROLE_UNKNOWN;
}

bool
role_set_password_of(
    struct session *s, struct arena *a, const struct account *secret, struct err *e)
{
	switch (role_look_up(s, secret->username, e)) {
	case ROLE_PRESENT:
		return role_set_password(s, a, secret, e);
	case ROLE_ABSENT:
		return fault_set(e, FAULT_CONFIG, "role %s does not exist", secret->username);
	case ROLE_UNKNOWN:
		break;
	}
	return false;
}

/* ---- the pair of multi */

static bool
create_clone(struct session *s, struct arena *a, const struct account *secret, struct err *e)
{
	const char *role = session_identifier(s, a, secret->username, e), *password;

	if (role == NULL)
		return false;
	if (json_is_false(json_object_get(secret->options, "createClone")))
		return fault_set(e, FAULT_CONFIG,
		    "role %s does not exist and pawl.createClone is false", secret->username);
	password = password_literal(s, a, secret, e);
	if (password == NULL)
		return false;
	if (session_run(
		s, arena_printf(a, "CREATE ROLE %s WITH LOGIN PASSWORD %s", role, password), e))
		return true;
	return password_refused(s, secret, e);
}

static bool
grant_refused(const struct session *s, const char *role, const char *to, struct err *e)
{
	if (strcmp(session_sqlstate(s), "42501") == 0)
		return fault_prefix(e,
		    "the admin user needs CREATEROLE, and from PostgreSQL 16 on ADMIN "
		    "OPTION on %s, to GRANT %s TO %s",
		    role, role, to);
	return fault_prefix(e, "GRANT %s TO %s", role, to);
}

/* Membership rather than copied grants: what the base role is granted later reaches the clone too.
 * Never the other way round, which would be circular. */
static bool
grant_membership(
    struct session *s, struct arena *a, const char *role, const char *to, struct err *e)
{
	const char *has = session_text(s, a, "SELECT pg_catalog.pg_has_role($1::pg_catalog.name, "
	    "$2::pg_catalog.name, 'MEMBER')", (const char *[]){ to, role }, 2, e);
	const char *role_id, *to_id;

	if (has == NULL)
		return false;
	if (strcmp(has, "t") == 0)
		return true;
	role_id = session_identifier(s, a, role, e);
	to_id = role_id == NULL ? NULL : session_identifier(s, a, to, e);
	if (to_id == NULL)
		return false;
	if (session_run(s, arena_printf(a, "GRANT %s TO %s", role_id, to_id), e))
		return true;
	return grant_refused(s, role_id, to_id, e);
}

/* Objects made by either user then belong to one owner, and the other may use them (8.2). */
static bool
use_owner_role(
    struct session *s, struct arena *a, const char *user, const char *owner, struct err *e)
{
	const char *user_id = session_identifier(s, a, user, e), *owner_text;

	if (user_id == NULL || !grant_membership(s, a, owner, user, e))
		return false;
	owner_text = session_literal(s, a, owner, e);
	return owner_text != NULL &&
	    session_run(s, arena_printf(a, "ALTER ROLE %s SET role = %s", user_id, owner_text), e);
}

static bool
copy_attributes(struct session *s, struct arena *a, const struct account *secret, const char *base,
    struct err *e)
{
	static const char query[] =
	    "SELECT 'CONNECTION LIMIT ' || rolconnlimit || "
	    "CASE WHEN rolinherit THEN ' INHERIT' ELSE ' NOINHERIT' END, "
	    "CASE WHEN rolsuper THEN ' SUPERUSER' ELSE ' NOSUPERUSER' END || "
	    "CASE WHEN rolcreatedb THEN ' CREATEDB' ELSE ' NOCREATEDB' END || "
	    "CASE WHEN rolcreaterole THEN ' CREATEROLE' ELSE ' NOCREATEROLE' END || "
	    "CASE WHEN rolreplication THEN ' REPLICATION' ELSE ' NOREPLICATION' END || "
	    "CASE WHEN rolbypassrls THEN ' BYPASSRLS' ELSE ' NOBYPASSRLS' END "
	    "FROM pg_catalog.pg_roles WHERE rolname = $1";
	AUTO_PGRESULT *r = session_query(s, query, (const char *[]){ base }, 1, e);
	const char *clone = session_identifier(s, a, secret->username, e);

	if (r == NULL || clone == NULL)
		return false;
	if (PQntuples(r) == 0)
		return fault_set(e, FAULT_CONFIG, "role %s does not exist", base);
	return session_run(s, arena_printf(a, "ALTER ROLE %s WITH %s%s", clone, PQgetvalue(r, 0, 0),
	    account_flag(secret, "cloneAttributes") ? PQgetvalue(r, 0, 1) : ""), e);
}

/* Everything beyond the password that lets the clone stand in for the base role. */
static bool
make_alike(struct session *s, struct arena *a, const struct account *secret, const char *base,
    struct err *e)
{
	return copy_attributes(s, a, secret, base, e) &&
	    grant_membership(s, a, base, secret->username, e) &&
	    setting_copy_all(s, a, base, secret->username, e);
}

bool
role_set_alternate(struct session *s, struct arena *a, const struct account *secret, struct err *e)
{
	const char *base = rotation_base_user(a, secret->username);
	const char *owner = account_option(secret, "ownerRole");
	bool is_clone = rotation_is_clone(secret->username);

	switch (role_look_up(s, secret->username, e)) {
	case ROLE_UNKNOWN:
		return false;
	case ROLE_ABSENT:
		if (!is_clone)
			return fault_set(
			    e, FAULT_CONFIG, "role %s does not exist", secret->username);
		if (!create_clone(s, a, secret, e))
			return false;
		log_info("created role %s", secret->username);
		break;
	case ROLE_PRESENT:
		if (!role_set_password(s, a, secret, e))
			return false;
		break;
	}
	if (is_clone && !make_alike(s, a, secret, base, e))
		return false;
	if (owner == NULL)
		return true;
	return use_owner_role(s, a, secret->username, owner, e) &&
	       use_owner_role(s, a, base, owner, e);
}
