/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rotation.h - the four steps of a built-in rotator: everything that does not depend on the kind of
 * target. createSecret makes the pending value, setSecret teaches it to the target, testSecret
 * logs in with it, finishSecret moves AWSCURRENT.
 *
 * Always: any step may be repeated any number of times with the same token, in any process
 * (spec/rotation.md 3.11). A pending value once stored is never replaced. Nothing touches the
 * target before every safety check of 8.1.5 has passed, and credentials are tried pending, then
 * current, then previous, each once, only an authentication error leading to the next (8.1.6).
 *
 *                  single                    admin                     multi
 *   logs in as     the user                  current, then admin       current, then admin
 *   changes        own password              the user's password       the other user of the pair
 *
 * A target says how to do this on its kind of server; see struct target. Threads: none.
 */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "rotators/account.h"
#include "rotators/secretsmanager.h"

enum strategy { STRATEGY_SINGLE, STRATEGY_ADMIN, STRATEGY_MULTI };

enum login {
	LOGIN_OK,
	LOGIN_REJECTED,		/* the target knows this credential is wrong; `e` says how */
	LOGIN_FAILED,		/* nothing was decided: connection, TLS, name, overload */
};

struct rotation {
	struct arena *arena;
	const struct target *target;
	enum strategy strategy;
	struct secretsmanager *sm;
	int64_t deadline_ms;
	struct str arn, token, rotation_token;
	const json_t *description;		/* DescribeSecret's answer */
	/* setSecret: current, pending, admin. testSecret: pending; current for multi. */
	struct account current, pending, admin;
	const struct account *logged_in_as;	/* whose the session at hand is */
};

struct target {
	const char *engine; /* in the function's name: pawl-rotate-ENGINE-STRATEGY */
	struct account_rule rule;
	const char *exclude;			/* characters left out of new passwords (8.8) */
	size_t username_max;			/* bytes, for the clone's name; 0: no limit */
	/* Everything below is NULL for a secret without a target. */
	enum login (*login)(struct rotation *r, const struct account *who, void **out_session,
	    struct err *e);
	void (*logout)(void *session);
	/* single: the session is the user's own. */
	bool (*change_own)(struct rotation *r, void *session, struct err *e);
	/* admin: the session is the admin's; sets pending's password for pending's user. */
	bool (*change_other)(struct rotation *r, void *session, struct err *e);
	/* multi: the session is the admin's; pending's user is made or updated so that it may do
	 * what the base user may. */
	bool (*change_alternate)(struct rotation *r, void *session, struct err *e);
	/* testSecret: the session is pending's. Reads only. */
	bool (*probe)(struct rotation *r, void *session, struct err *e);
};

#define CLONE_SUFFIX "_clone"
/* The user of the pair without the suffix. */
const char *rotation_base_user(struct arena *a, const char *username);
bool rotation_is_clone(const char *username);

/* Chooses the target and the strategy by the function's name, then serves invocations; returns the
 * exit status. */
int rotation_main(const struct target *const *targets, size_t n);
