/* SPDX-License-Identifier: Apache-2.0 */
#include "rotators/rotation.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "rotators/fault.h"
#include "rotators/generate.h"
#include "rotators/httpcall.h"
#include "rotators/runtime.h"
#include "rotators/tls.h"

/* ---- labels */

static bool
has_stage(const json_t *stages, const char *stage)
{
	const json_t *s;
	size_t i;

	json_array_foreach((json_t *)stages, i, s) {
		if (str_is(json_str(s), stage))
			return true;
	}
	return false;
}

static const json_t *
stages_of(const struct rotation *r, struct str version)
{
	const json_t *all = json_object_get(r->description, "VersionIdsToStages");

	return json_object_getn(all, version.p, version.n);
}

/* The version that carries AWSCURRENT, or STR_NULL. */
static struct str
current_version(const struct rotation *r)
{
	json_t *all = json_object_get(r->description, "VersionIdsToStages"), *stages;
	const char *id;

	json_object_foreach(all, id, stages) {
		if (has_stage(stages, "AWSCURRENT"))
			return str_of(id);
	}
	return STR_NULL;
}

/* What every step checks first (spec/rotation.md 4.3). *is_done: the version is current already. */
static bool
guard(const struct rotation *r, bool *is_done, struct err *e)
{
	const json_t *stages = stages_of(r, r->token);

	if (json_is_false(json_object_get(r->description, "RotationEnabled")))
		return fault_set(e, FAULT_FUNCTION,
		    "Secret " STR_FMT " is not enabled for rotation", STR_ARG(r->arn));
	if (stages == NULL)
		return fault_set(e, FAULT_FUNCTION, "Secret version " STR_FMT " has no stage for "
		    "rotation of secret " STR_FMT ".", STR_ARG(r->token), STR_ARG(r->arn));
	*is_done = has_stage(stages, "AWSCURRENT");
	if (!*is_done && !has_stage(stages, "AWSPENDING"))
		return fault_set(e, FAULT_FUNCTION,
		    "Secret version " STR_FMT " not set as AWSPENDING "
		    "for rotation of secret " STR_FMT ".",
		    STR_ARG(r->token), STR_ARG(r->arn));
	return true;
}

/* ---- values */

static bool
get_current(struct rotation *r, struct str *out, struct err *e)
{
	if (secretsmanager_get_value(r->sm, r->arena, r->arn, STR_NULL, "AWSCURRENT", out, e))
		return true;
	if (e->code != ERR_NOT_FOUND)
		return false;
	return fault_set(e, FAULT_NO_CURRENT_VALUE, "Secret " STR_FMT " has no AWSCURRENT value to "
	    "rotate from", STR_ARG(r->arn));
}

static bool
get_pending(struct rotation *r, struct str *out, struct err *e)
{
	return secretsmanager_get_value(r->sm, r->arena, r->arn, r->token, "AWSPENDING", out, e);
}

static struct account_rule
rule_of(const struct rotation *r)
{
	struct account_rule rule = r->target->rule;

	rule.needs_master = r->strategy != STRATEGY_SINGLE;
	return rule;
}

static bool
load_current(struct rotation *r, struct err *e)
{
	struct account_rule rule = rule_of(r);
	struct str value;

	return get_current(r, &value, e) && account_read(r->arena, value, &rule, &r->current, e);
}

static bool
load_pending(struct rotation *r, struct err *e)
{
	struct account_rule rule = rule_of(r);
	struct str value;

	return get_pending(r, &value, e) && account_read(r->arena, value, &rule, &r->pending, e);
}

/* ---- createSecret */

bool
rotation_is_clone(const char *username)
{
	size_t n = strlen(username), suffix = strlen(CLONE_SUFFIX);

	return n > suffix && strcmp(username + n - suffix, CLONE_SUFFIX) == 0;
}

const char *
rotation_base_user(struct arena *a, const char *username)
{
	struct str s = str_of(username);

	if (rotation_is_clone(username))
		s.n -= strlen(CLONE_SUFFIX);
	return arena_strz(a, s);
}

static bool
is_too_long_to_clone(const struct rotation *r, const char *username)
{
	return r->target->username_max != 0 && !rotation_is_clone(username) &&
	    strlen(username) + strlen(CLONE_SUFFIX) > r->target->username_max;
}

static const char *
alternate_user(struct rotation *r, const char *username)
{
	if (rotation_is_clone(username))
		return rotation_base_user(r->arena, username);
	return arena_printf(r->arena, "%s" CLONE_SUFFIX, username);
}

/* The pending text: current's, with a new password and, for multi, the other user. */
static bool
make_pending(struct rotation *r, struct str current, struct str *out, struct err *e)
{
	struct generate_fields fields = { .password = STR_NULL };
	struct str text = current;

	if (r->target->login != NULL && !load_current(r, e))
		return false;
	if (r->strategy == STRATEGY_MULTI) {
		if (is_too_long_to_clone(r, r->current.username))
			return fault_set(e, FAULT_CONFIG,
			    "Unable to clone user, username length with " CLONE_SUFFIX
			    " appended would exceed %zu characters",
			    r->target->username_max);
		fields.username = alternate_user(r, r->current.username);
	}
	if (!generate_password(r, current, &fields.password, e) ||
	    !generate_apply(r->arena, current, &fields, &text, e))
		return false;
	*out = text;
	return true;
}

static bool
create_secret(struct rotation *r, struct err *e)
{
	struct secretsmanager_put put = { .secret_id = r->arn, .client_request_token = r->token,
		.rotation_token = r->rotation_token };
	struct str current, pending;

	if (!get_current(r, &current, e))
		return false;
	/* The target may know a stored pending value already; another one would lose it. */
	if (get_pending(r, &pending, e)) {
		log_info(
		    "createSecret: version " STR_FMT " has its value already", STR_ARG(r->token));
		return true;
	}
	if (e->code != ERR_NOT_FOUND)
		return false;
	if (!make_pending(r, current, &put.value, e) ||
	    !secretsmanager_put_pending(r->sm, r->arena, &put, e))
		return false;
	log_info("createSecret: stored a new value as version " STR_FMT, STR_ARG(r->token));
	return true;
}

/* ---- setSecret: checks before the target is touched (8.1.5) */

static bool
check_user(const struct rotation *r, struct err *e)
{
	const char *pending = r->pending.username, *current = r->current.username;

	if (r->strategy != STRATEGY_MULTI && strcmp(pending, current) != 0)
		return fault_set(e, FAULT_CONFIG,
		    "Attempting to modify user %s other than current user %s", pending, current);
	if (r->strategy == STRATEGY_MULTI &&
	    (strcmp(pending, current) == 0 || strcmp(rotation_base_user(r->arena, pending),
	    rotation_base_user(r->arena, current)) != 0))
		return fault_set(e, FAULT_CONFIG,
		    "Attempting to modify user %s other than current user or "
		    "clone %s",
		    pending, current);
	return true;
}

static bool
check_place(const struct rotation *r, struct err *e)
{
	const struct account *p = &r->pending, *c = &r->current;

	if (strcmp(p->host, c->host) != 0)
		return fault_set(e, FAULT_CONFIG,
		    "Attempting to modify user for host %s other than "
		    "current host %s",
		    p->host, c->host);
	if (p->port != c->port)
		return fault_set(e, FAULT_CONFIG,
		    "Attempting to modify user for port %d other than "
		    "current port %d",
		    p->port, c->port);
	if (c->masterarn != NULL &&
	    (p->masterarn == NULL || strcmp(p->masterarn, c->masterarn) != 0))
		return fault_set(e, FAULT_CONFIG,
		    "Attempting to use master secret %s other than current "
		    "master secret %s",
		    p->masterarn == NULL ? "(none)" : p->masterarn, c->masterarn);
	return true;
}

/* Same place as the user's secret, or one the operator listed as another name for it. */
static bool
is_admin_host(const struct rotation *r)
{
	const json_t *aliases = json_object_get(r->current.options, "masterHostAliases"), *alias;
	size_t i;

	if (host_equal(r->admin.host, r->current.host))
		return true;
	json_array_foreach((json_t *)aliases, i, alias) {
		if (json_is_string(alias) && host_equal(r->admin.host, json_string_value(alias)))
			return true;
	}
	return false;
}

static bool
check_admin(const struct rotation *r, struct err *e)
{
	const char *admin = r->admin.username;

	if (!is_admin_host(r))
		return fault_set(e, FAULT_CONFIG,
		    "Current database host %s is not the same host as/rds "
		    "replica of master %s",
		    r->current.host, r->admin.host);
	if (strcmp(admin, r->pending.username) == 0 || strcmp(admin, r->current.username) == 0)
		return fault_set(
		    e, FAULT_CONFIG, "admin secret rotates itself; use strategy single");
	return true;
}

static bool
load_admin(struct rotation *r, struct err *e)
{
	struct account_rule rule = r->target->rule;
	struct str arn = str_of(r->current.masterarn), value;

	if (!secretsmanager_get_value(r->sm, r->arena, arn, STR_NULL, "AWSCURRENT", &value, e))
		return fault_prefix(e, "admin secret " STR_FMT " cannot be read", STR_ARG(arn));
	if (!account_read_admin(r->arena, value, &rule, &r->current, &r->admin, e))
		return false;
	r->admin.dbname = r->current.dbname;
	return check_admin(r, e);
}

/* The change may have to go past a pooler (8.2). */
static void
use_admin_host(struct account *s, const struct account *current)
{
	const char *host = account_option(current, "adminHost");

	if (host != NULL)
		s->host = host;
}

static bool
load_for_set(struct rotation *r, struct err *e)
{
	if (!load_current(r, e) || !load_pending(r, e) || !check_user(r, e) || !check_place(r, e))
		return false;
	if (r->strategy != STRATEGY_SINGLE && !load_admin(r, e))
		return false;
	use_admin_host(&r->pending, &r->current);
	use_admin_host(&r->admin, &r->current);
	use_admin_host(&r->current, &r->current);
	return true;
}

/* ---- setSecret: logging in and changing */

static enum login
log_in(struct rotation *r, const struct account *who, void **session, struct err *e)
{
	enum login got = r->target->login(r, who, session, e);

	r->logged_in_as = who;
	log_info("login as %s at %s:%d (%s): %s", who->username, who->host, who->port,
	    tls_describe(&who->tls), got == LOGIN_OK ? "accepted" : e->msg);
	return got;
}

/* AWSPREVIOUS, when it is the same user at the same place and not a credential just tried. */
static bool
load_previous(struct rotation *r, struct account *out)
{
	struct account_rule rule = r->target->rule;
	struct err ignored;
	struct str value;

	if (!secretsmanager_get_value(
		r->sm, r->arena, r->arn, STR_NULL, "AWSPREVIOUS", &value, &ignored) ||
	    !account_read(r->arena, value, &rule, out, &ignored))
		return false;
	if (strcmp(out->username, r->current.username) != 0 ||
	    strcmp(out->host, r->current.host) != 0 || out->port != r->current.port)
		return false;
	out->tls = r->current.tls;
	out->options = r->current.options;
	return strcmp(out->password, r->current.password) != 0 &&
	    strcmp(out->password, r->pending.password) != 0;
}

/* Any login that still lets the user in. */
static enum login
log_in_as_user(struct rotation *r, void **session, struct err *e)
{
	enum login got = log_in(r, &r->current, session, e);
	struct account *previous = arena_new_of(r->arena, struct account);

	if (got != LOGIN_REJECTED || !load_previous(r, previous))
		return got;
	use_admin_host(previous, &r->current);
	return log_in(r, previous, session, e);
}

static bool
set_single(struct rotation *r, struct err *e)
{
	void *session;
	bool ok;

	switch (log_in_as_user(r, &session, e)) {
	case LOGIN_FAILED:
		return false;
	case LOGIN_REJECTED:
		fault_set(e, FAULT_CREDENTIAL_DEAD, "%s", arena_strdup(r->arena, e->msg));
		return fault_prefix(e,
		    "Unable to log into database with previous, current, or pending "
		    "secret of secret arn " STR_FMT,
		    STR_ARG(r->arn));
	case LOGIN_OK:
		break;
	}
	ok = r->target->change_own(r, session, e);
	r->target->logout(session);
	return ok;
}

/* Whoever can write the user's secret must not thereby steer the admin's credential: the stored
 * credential has to be good first (8.1.7). */
static bool
current_works(struct rotation *r, struct err *e)
{
	void *session;

	if (r->strategy == STRATEGY_ADMIN && account_flag(&r->current, "allowDeadCurrent"))
		return true;
	switch (log_in(r, &r->current, &session, e)) {
	case LOGIN_OK:
		r->target->logout(session);
		return true;
	case LOGIN_REJECTED:
		fault_set(e, FAULT_CREDENTIAL_DEAD, "%s", arena_strdup(r->arena, e->msg));
		return fault_prefix(e,
		    "Unable to log into database using current credentials for secret " STR_FMT,
		    STR_ARG(r->arn));
	case LOGIN_FAILED:
		break;
	}
	return false;
}

static bool
set_with_admin(struct rotation *r, struct err *e)
{
	void *session;
	bool ok;

	if (!current_works(r, e))
		return false;
	switch (log_in(r, &r->admin, &session, e)) {
	case LOGIN_FAILED:
		return false;
	case LOGIN_REJECTED:
		fault_set(e, FAULT_CREDENTIAL_DEAD, "%s", arena_strdup(r->arena, e->msg));
		return fault_prefix(e,
		    "Unable to log into database using credentials in master secret %s",
		    r->current.masterarn);
	case LOGIN_OK:
		break;
	}
	ok = r->strategy == STRATEGY_MULTI ? r->target->change_alternate(r, session, e) :
	    r->target->change_other(r, session, e);
	r->target->logout(session);
	return ok;
}

static bool
set_secret(struct rotation *r, struct err *e)
{
	void *session;
	bool ok;

	if (r->target->login == NULL)
		return true;
	if (!load_for_set(r, e))
		return false;
	switch (log_in(r, &r->pending, &session, e)) {
	case LOGIN_OK:
		r->target->logout(session);
		log_info("setSecret: the pending credential is active already");
		return true;
	case LOGIN_FAILED:
		return false;
	case LOGIN_REJECTED:
		break;
	}
	ok = r->strategy == STRATEGY_SINGLE ? set_single(r, e) : set_with_admin(r, e);
	if (ok)
		log_info("setSecret: changed the password of %s", r->pending.username);
	return ok;
}

/* ---- testSecret */

/* Some targets apply a password a moment later (spec/rotation.md 9.2, complaint 26). Few tries, so
 * that no lockout threshold is reached. */
#define TEST_GRACE_MS 10000
static const int test_wait_percent[] = { 10, 30, 60 };

static enum login
log_in_patiently(struct rotation *r, void **session, struct err *e)
{
	int grace = account_number(&r->pending, "testGrace", TEST_GRACE_MS / 1000) * 1000;
	enum login got = log_in(r, &r->pending, session, e);

	for (size_t i = 0; i < sizeof(test_wait_percent) / sizeof(int) && grace > 0; i++) {
		int wait_ms = grace / 100 * test_wait_percent[i];
		struct timespec t = { wait_ms / 1000, wait_ms % 1000 * 1000000L };

		if (got != LOGIN_REJECTED)
			break;
		nanosleep(&t, NULL);
		got = log_in(r, &r->pending, session, e);
	}
	return got;
}

static bool
test_pending(struct rotation *r, struct err *e)
{
	void *session;
	bool ok;

	switch (log_in_patiently(r, &session, e)) {
	case LOGIN_FAILED:
		return false;
	case LOGIN_REJECTED:
		fault_set(e, FAULT_FUNCTION, "%s", arena_strdup(r->arena, e->msg));
		return fault_prefix(e,
		    "Unable to log into database with pending secret of secret ARN " STR_FMT,
		    STR_ARG(r->arn));
	case LOGIN_OK:
		break;
	}
	ok = r->target->probe == NULL || r->target->probe(r, session, e);
	r->target->logout(session);
	return ok;
}

static bool
test_secret(struct rotation *r, struct err *e)
{
	if (r->target->login == NULL)
		return true;
	if (!load_pending(r, e) || !test_pending(r, e))
		return false;
	if (r->strategy != STRATEGY_MULTI)
		return true;
	/* The point of two users is that clients with the old one are never turned away. */
	return load_current(r, e) && current_works(r, e);
}

/* ---- finishSecret */

static bool
finish_secret(struct rotation *r, struct err *e)
{
	struct str from = current_version(r);

	if (!secretsmanager_move_current(r->sm, r->arena, r->arn, r->token, from, e))
		return false;
	log_info("finishSecret: AWSCURRENT is version " STR_FMT, STR_ARG(r->token));
	return true;
}

/* ---- one invocation */

static const struct step {
	const char *name;
	bool (*run)(struct rotation *r, struct err *e);
} steps[] = {
	{ "createSecret", create_secret },
	{ "setSecret", set_secret },
	{ "testSecret", test_secret },
	{ "finishSecret", finish_secret },
};

static bool
run_step(struct rotation *r, struct str name, struct err *e)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (str_is(name, steps[i].name))
			return steps[i].run(r, e);
	}
	return fault_set(e, FAULT_FUNCTION,
	    "Invalid step parameter " STR_FMT " for secret " STR_FMT, STR_ARG(name),
	    STR_ARG(r->arn));
}

struct function {
	const struct target *target;
	enum strategy strategy;
	struct secretsmanager *sm;
};

static bool
handle(void *arg, const struct invocation *inv, struct err *e)
{
	const struct function *fn = arg;
	struct rotation r = { .arena = inv->arena, .target = fn->target, .strategy = fn->strategy,
		.sm = fn->sm, .deadline_ms = inv->deadline_ms };
	const json_t *event = json_parse(inv->arena, inv->event, 0, e);
	struct str step = json_member_str(event, "Step");
	bool is_done = false;

	if (event == NULL)
		return fault_set(e, FAULT_FUNCTION, "the event is not JSON");
	r.arn = json_member_str(event, "SecretId");
	r.token = json_member_str(event, "ClientRequestToken");
	r.rotation_token = json_member_str(event, "RotationToken");
	if (step.n == 0 || r.arn.n == 0 || r.token.n == 0)
		return fault_set(e, FAULT_FUNCTION,
		    "the event has no Step, SecretId or ClientRequestToken");
	r.description = secretsmanager_describe(r.sm, r.arena, r.arn, e);
	if (r.description == NULL || !guard(&r, &is_done, e))
		return false;
	if (is_done) {
		log_info(STR_FMT ": version " STR_FMT " is AWSCURRENT already", STR_ARG(step),
		    STR_ARG(r.token));
		return true;
	}
	return run_step(&r, step, e);
}

/* ---- start */

static bool
read_strategy(struct str word, enum strategy *out)
{
	static const char *const words[] = { [STRATEGY_SINGLE] = "single",
		[STRATEGY_ADMIN] = "admin", [STRATEGY_MULTI] = "multi" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_is(word, words[i])) {
			*out = (enum strategy)i;
			return true;
		}
	}
	return false;
}

/* pawl-rotate-ENGINE-STRATEGY; _HANDLER may name the strategy of a function called otherwise. */
static bool
choose(struct function *fn, const struct target *const *targets, size_t n, struct err *e)
{
	static const char prefix[] = "pawl-rotate-";
	const char *full = getenv("AWS_LAMBDA_FUNCTION_NAME"), *handler = getenv("_HANDLER");
	struct str name = str_of(full), engine = STR_NULL;

	if (name.p != NULL && str_starts(name, prefix)) {
		name = str_skip(name, strlen(prefix));
		str_split(&name, '-', &engine);
	}
	if (!read_strategy(str_of(handler), &fn->strategy) && !read_strategy(name, &fn->strategy))
		return fault_set(e, FAULT_FUNCTION,
		    "function '%s': its name must end in -single, -admin "
		    "or -multi",
		    full == NULL ? "" : full);
	for (size_t i = 0; i < n; i++) {
		if (engine.p == NULL || str_is(engine, targets[i]->engine)) {
			fn->target = targets[i];
			break;
		}
	}
	if (fn->target == NULL)
		return fault_set(e, FAULT_FUNCTION, "function '%s' is not for %s", full,
		    targets[0]->engine);
	if (fn->target->login == NULL && fn->strategy != STRATEGY_SINGLE)
		return fault_set(e, FAULT_FUNCTION, "%s rotation has only the strategy single",
		    fn->target->engine);
	return true;
}

int
rotation_main(const struct target *const *targets, size_t n)
{
	struct function fn = { 0 };
	struct err e;
	int status;

	log_setup(targets[0]->engine, LOG_INFO);
	json_setup();
	if (!httpcall_setup(&e) || !crypto_setup(&e) || !choose(&fn, targets, n, &e))
		return runtime_init_failed(&e);
	fn.sm = secretsmanager_new(&e);
	if (fn.sm == NULL)
		return runtime_init_failed(&e);
	status = runtime_run(handle, &fn);
	secretsmanager_free(fn.sm);
	return status;
}
