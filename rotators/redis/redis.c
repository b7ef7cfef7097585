/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rotator of Redis and Valkey (spec/rotation.md 8.5). Nodes are changed one after the other,
 * the secret's own host last: while that one rejects the pending password, the step is not done.
 */
#include "base/log.h"
#include "rotators/fault.h"
#include "rotators/redis/acl.h"
#include "rotators/redis/session.h"

static enum login
redis_login(struct rotation *r, const struct account *who, void **out_session, struct err *e)
{
	struct session *s;
	enum login got = session_open(r->arena, who, &s, e);

	if (got == LOGIN_OK)
		*out_session = s;
	return got;
}

static void
redis_logout(void *session)
{
	session_close(session);
}

/* requirepass: the only password of servers without ACLs, and of "default" where it is set. */
static bool
has_requirepass(struct link *l, struct arena *a, const char *user)
{
	return strcmp(user, "default") == 0 && link_config(l, a, "requirepass")[0] != '\0';
}

/* Replicas log in to their primary with it too; told first, they come back after the change. */
static bool
set_masterauth(struct link *l, struct rotation *r, struct err *e)
{
	if (strcmp(link_config(l, r->arena, "masterauth"), r->current.password) != 0)
		return true;
	return link_run(l, LINK_WORDS("CONFIG", "SET", "masterauth", r->pending.password), e);
}

static bool
set_requirepass(struct link *l, struct rotation *r, struct err *e)
{
	log_warn(
	    "%s: requirepass holds one password only; clients with the old one are turned away",
	    link_name(l));
	return set_masterauth(l, r, e) &&
	    link_run(l, LINK_WORDS("CONFIG", "SET", "requirepass", r->pending.password), e);
}

static bool
change_node(struct rotation *r, struct link *l, struct err *e)
{
	const char *user = r->pending.username, *current = r->current.password;
	bool ok;

	/* multi: the other user's password is none of this one's. */
	if (r->strategy == STRATEGY_MULTI)
		current = NULL;
	if (r->strategy == STRATEGY_MULTI && rotation_is_clone(user))
		ok = acl_set_clone(l, r->arena, rotation_base_user(r->arena, user), user,
		    r->pending.password, e);
	else if (has_requirepass(l, r->arena, user))
		ok = set_requirepass(l, r, e);
	else
		ok = acl_set_password(l, r->arena, user, r->pending.password, current, e);
	if (ok)
		acl_persist(l, r->arena);
	return ok;
}

static bool
change(struct rotation *r, void *session, struct err *e)
{
	const struct session *s = session;

	if (s->may_miss_nodes && account_flag(&r->current, "cluster"))
		return fault_set(
		    e, FAULT_PERMISSION, "permission is missing: CLUSTER NODES, to find every node");
	for (size_t i = s->n; i-- > 0; ) {
		if (!change_node(r, s->links[i], e))
			return false;
	}
	return true;
}

static bool
change_own(struct rotation *r, void *session, struct err *e)
{
	if (change(r, session, e))
		return true;
	if (strstr(e->msg, "NOPERM") != NULL)
		fault_prefix(e, "user %s may not change users; use strategy admin",
		    r->pending.username);
	return false;
}

/* A user who may not even PING (NOPERM) has still been let in. */
static bool
probe(struct rotation *r, void *session, struct err *e)
{
	const struct session *s = session;

	(void)r;
	for (size_t i = 0; i < s->n; i++) {
		AUTO_REPLY *pong = link_ask(s->links[i], LINK_WORDS("PING"), e);

		if (pong == NULL)
			return false;
		if (pong->type == REDIS_REPLY_ERROR && !reply_is_error(pong, "NOPERM"))
			return fault_set(
			    e, FAULT_TRANSIENT, "%s: %s", link_name(s->links[i]), pong->str);
	}
	return true;
}

static const struct target redis = {
	.engine = "redis",
	.rule = { .engines = (const char *const[]){ "redis", "valkey", NULL }, .port = 6379,
		.username = "default", .foreign_key = "user_arn" },
	.exclude = "/@\"'\\ #<>!",
	.login = redis_login,
	.logout = redis_logout,
	.change_own = change_own,
	.change_other = change,
	.change_alternate = change,
	.probe = probe,
};

int
main(void)
{
	return rotation_main((const struct target *const[]){ &redis }, 1);
}
