/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/env.h"

#include <stdio.h>

#include "base/clock.h"

#define MAX_OURS 48

static const char *const reserved[] = {
	"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION",
	"AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME",
	"AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
	"AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API",
	"AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_SECURITY_TOKEN",
	"AWS_SESSION_TOKEN", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
};

bool
env_is_reserved(struct str name)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		if (str_is(name, reserved[i]))
			return true;
	}
	return false;
}

struct env {
	struct arena *a;
	const struct invocation *inv;
	char **list;
	size_t n;
};

static bool
user_sets(const struct invocation *inv, const char *name)
{
	for (size_t i = 0; i < inv->env_count; i++) {
		if (str_is(inv->env[i].name, name))
			return true;
	}
	return false;
}

/* What pawl sets: a reserved name in any case, another one unless the function's own is given. */
static void
set(struct env *v, const char *name, struct str value)
{
	if (!env_is_reserved(str_of(name)) && user_sets(v->inv, name))
		return;
	v->list[v->n++] = arena_printf(v->a, "%s=" STR_FMT, name, STR_ARG(value));
}

static void
set_z(struct env *v, const char *name, const char *value)
{
	set(v, name, str_of(value));
}

static void
set_function(struct env *v, const struct env_place *p)
{
	const struct invocation *inv = v->inv;
	struct civil day = civil_from_seconds(p->now_ms / SECOND_MS);
	struct str version = inv->version.n > 0 ? inv->version : STR_LIT("$LATEST");

	set(v, "_HANDLER", inv->handler);
	set(v, "AWS_LAMBDA_FUNCTION_NAME", inv->name);
	set(v, "AWS_LAMBDA_FUNCTION_VERSION", version);
	set_z(v, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
	    arena_printf(v->a, "%lld", (long long)inv->memory_mb));
	set_z(v, "AWS_LAMBDA_LOG_GROUP_NAME",
	    arena_printf(v->a, "/aws/lambda/" STR_FMT, STR_ARG(inv->name)));
	set_z(v, "AWS_LAMBDA_LOG_STREAM_NAME", arena_printf(v->a, "%04d/%02d/%02d/[" STR_FMT "]%s",
	    (int)day.year, day.month, day.day, STR_ARG(version), p->stream_id));
	set_z(v, "AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
	set_z(v, "AWS_LAMBDA_RUNTIME_API", arena_printf(v->a, "127.0.0.1:%u", p->port));
	set_z(v, "LAMBDA_TASK_ROOT", p->task);
	set_z(v, "LAMBDA_RUNTIME_DIR", p->runtimes);
}

static void
set_account(struct env *v)
{
	const struct invocation *inv = v->inv;

	set(v, "AWS_REGION", inv->region);
	set(v, "AWS_DEFAULT_REGION", inv->region);
	if (inv->access_key_id.n == 0)
		return;
	set(v, "AWS_ACCESS_KEY_ID", inv->access_key_id);
	set(v, "AWS_SECRET_ACCESS_KEY", inv->secret_access_key);
	if (inv->session_token.n > 0)
		set(v, "AWS_SESSION_TOKEN", inv->session_token);
}

static void
set_system(struct env *v, const struct env_place *p)
{
	set_z(v, "TZ", ":UTC");
	set_z(v, "LANG", "en_US.UTF-8");
	set_z(v, "PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin");
	if (v->inv->runtime_kind != RUNTIME_BUILTIN)	/* which has no package */
		set_z(v, "LD_LIBRARY_PATH",
		    arena_printf(v->a, "%s:%s/lib:/opt/lib", p->task, p->task));
	set_z(v, "PWD", p->task);
	set_z(v, "TMPDIR", p->tmp);
	set_z(v, "HOME", p->tmp);	/* some SDKs will not start without one */
}

static void
set_runtime(struct env *v, const struct env_place *p)
{
	switch (v->inv->runtime_kind) {
	case RUNTIME_PYTHON:
		set_z(v, "PYTHONPATH", arena_printf(v->a, "%s/python", p->runtimes));
		set_z(v, "PYTHONDONTWRITEBYTECODE", "1");
		break;
	case RUNTIME_NODE:
		set_z(v, "NODE_PATH", arena_printf(v->a, "%s/node/node_modules:%s/node_modules",
		    p->runtimes, p->task));
		if (p->ca != NULL)
			set_z(v, "NODE_EXTRA_CA_CERTS", p->ca);	/* Node knows no AWS_CA_BUNDLE */
		break;
	default:
		return;			/* AWS_EXECUTION_ENV is absent for provided.* */
	}
	set_z(v, "AWS_EXECUTION_ENV",
	    arena_printf(v->a, "AWS_Lambda_" STR_FMT, STR_ARG(v->inv->runtime)));
}

/* A function that brings its own SECRETS_MANAGER_ENDPOINT gets neither of ours. */
static void
set_endpoint(struct env *v, const struct env_place *p)
{
	if (v->inv->endpoint_url.n > 0 && !user_sets(v->inv, "SECRETS_MANAGER_ENDPOINT")) {
		set(v, "SECRETS_MANAGER_ENDPOINT", v->inv->endpoint_url);
		set(v, "AWS_ENDPOINT_URL_SECRETS_MANAGER", v->inv->endpoint_url);
	}
	if (p->ca != NULL)
		set_z(v, "AWS_CA_BUNDLE", p->ca);
}

char **
env_build(struct arena *a, const struct invocation *inv, const struct env_place *p)
{
	struct env v = { a, inv, arena_array(a, char *, MAX_OURS + inv->env_count + 1), 0 };

	set_function(&v, p);
	set_account(&v);
	set_system(&v, p);
	set_runtime(&v, p);
	set_endpoint(&v, p);
	for (size_t i = 0; i < inv->env_count; i++) {
		if (env_is_reserved(inv->env[i].name))
			continue;	/* CreateFunction refuses these (5.8) */
		v.list[v.n++] = arena_printf(a, STR_FMT "=" STR_FMT, STR_ARG(inv->env[i].name),
		    STR_ARG(inv->env[i].value));
	}
	return v.list;
}
