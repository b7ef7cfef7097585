/* SPDX-License-Identifier: Apache-2.0 */
/* What CreateFunction and UpdateFunctionConfiguration accept. */
#include "api/lambda/configuration.h"

#include "api/lambda/subject.h"

#define AT(type, member) .at = offsetof(type, member)
#define ENVIRONMENT_MAX 4096
#define MSG_ENVIRONMENT "Lambda was unable to configure your environment variables because the " \
	"environment variables you have provided "

static const char *const tracing_modes[] = { "Active", "PassThrough", NULL };
static const char *const snap_starts[] = { "PublishedVersions", "None", NULL };
static const char *const log_formats[] = { "JSON", "Text", NULL };

const struct field environment_fields[] = {
	{ "Variables", FIELD_STRING_MAP, AT(struct environment_input, variables) },
	FIELD_END(struct environment_input)
};
const struct field storage_fields[] = {
	{ "Size", FIELD_INTEGER, AT(struct storage_input, size), .required = true, .min = 512,
	  .max = 10240 },
	FIELD_END(struct storage_input)
};
const struct field tracing_fields[] = {
	{ "Mode", FIELD_STRING, AT(struct tracing_input, mode), .values = tracing_modes },
	FIELD_END(struct tracing_input)
};
const struct field vpc_fields[] = {
	{ "SubnetIds", FIELD_STRING_LIST, AT(struct vpc_input, subnet_ids), .max = 16 },
	{ "SecurityGroupIds", FIELD_STRING_LIST, AT(struct vpc_input, security_group_ids),
	  .max = 5 },
	FIELD_END(struct vpc_input)
};
const struct field target_fields[] = {
	{ "TargetArn", FIELD_STRING, AT(struct target_input, target_arn) },
	FIELD_END(struct target_input)
};
const struct field snap_start_fields[] = {
	{ "ApplyOn", FIELD_STRING, AT(struct snap_start_input, apply_on), .values = snap_starts },
	FIELD_END(struct snap_start_input)
};
const struct field logging_fields[] = {
	{ "LogFormat", FIELD_STRING, AT(struct logging_input, log_format), .values = log_formats },
	{ "LogGroup", FIELD_STRING, AT(struct logging_input, log_group), .min = 1, .max = 512 },
	FIELD_END(struct logging_input)
};
struct nothing { char unused; };
const struct field no_fields[] = { FIELD_END(struct nothing) };

static bool
is_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return s.n > 0;
}

static bool
all_of(struct str s, const char *set)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\0' || strchr(set, s.p[i]) == NULL)
			return false;
	}
	return s.n > 0;
}

bool
is_role(struct str s)
{
	static const char path[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "_+=,.@-/";
	struct str f[6], rest = s;
	size_t n = 0;

	while (n < 6 && str_split(&rest, ':', &f[n]))
		n++;
	return n == 6 && rest.p == NULL && str_is(f[0], "arn") &&
	    (f[1].n == 0 || str_starts(f[1], "aws")) && str_is(f[2], "iam") && f[3].n == 0 &&
	    f[4].n == 12 && is_digits(f[4]) && str_starts(f[5], "role") &&
	    all_of(str_skip(f[5], 4), path);
}

bool
is_without_blanks(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (strchr(" \t\n\r\f\v", s.p[i]) != NULL)	/* and NUL */
			return false;
	}
	return s.n > 0;
}

/* ---- runtimes */

static const struct runtime { const char *name; bool runs; } runtimes[] = {
	{ "dotnet10", false }, { "dotnet6", false }, { "dotnet8", false },
	{ "dotnetcore1.0", false }, { "dotnetcore2.0", false },
	{ "dotnetcore2.1", false }, { "dotnetcore3.1", false },
	{ "go1.x", false }, { "java11", false }, { "java17", false }, { "java21", false },
	{ "java25", false }, { "java8", false }, { "java8.al2", false }, { "nodejs", false },
	{ "nodejs10.x", false }, { "nodejs12.x", false }, { "nodejs14.x", false },
	{ "nodejs16.x", false }, { "nodejs18.x", true }, { "nodejs20.x", true },
	{ "nodejs22.x", true }, { "nodejs24.x", true }, { "nodejs4.3", false },
	{ "nodejs4.3-edge", false }, { "nodejs6.10", false }, { "nodejs8.10", false },
	{ "provided", true }, { "provided.al2", true }, { "provided.al2023", true },
	{ "python2.7", false }, { "python3.10", true }, { "python3.11", true },
	{ "python3.12", true }, { "python3.13", true }, { "python3.14", true },
	{ "python3.6", false }, { "python3.7", false }, { "python3.8", false },
	{ "python3.9", true }, { "ruby2.5", false }, { "ruby2.7", false }, { "ruby3.2", false },
	{ "ruby3.3", false }, { "ruby3.4", false },
};
#define RUNTIME_COUNT (sizeof(runtimes) / sizeof(runtimes[0]))

static bool
unknown_runtime(struct str name, struct err *e)
{
	AUTO_BUF set = BUF_INIT;

	for (size_t i = 0; i < RUNTIME_COUNT; i++) {
		if (runtimes[i].runs)
			buf_printf(&set, "%s%s", set.n == 0 ? "" : ", ", runtimes[i].name);
	}
	return err_set(e, ERR_LAMBDA_PARAMETER, "Value " STR_FMT " at 'runtime' failed to satisfy "
	    "constraint: Member must satisfy enum value set: [" STR_FMT "] or be a valid ARN",
	    STR_ARG(name), STR_ARG(buf_view(&set)));
}

static bool
check_runtime(struct str name, struct err *e)
{
	for (size_t i = 0; i < RUNTIME_COUNT; i++) {
		if (!str_is(name, runtimes[i].name))
			continue;
		return runtimes[i].runs || err_set(e, ERR_LAMBDA_PARAMETER,
		    "Runtime " STR_FMT " is not available on this server.", STR_ARG(name));
	}
	return unknown_runtime(name, e);
}

/* ---- the environment */

static bool
is_variable(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!is_letter && (i == 0 || !((c >= '0' && c <= '9') || c == '_')))
			return false;
	}
	return s.n >= 2;
}

/* The same names as runner/env.c, which has the last word. */
static bool
is_reserved(struct str name)
{
	static const char *const reserved[] = { "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_ACCESS_KEY",
		"AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME",
		"AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
		"AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
		"AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_SECRET_ACCESS_KEY",
		"AWS_SECRET_KEY", "AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN",
		"LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT", NULL };

	for (size_t i = 0; reserved[i] != NULL; i++) {
		if (str_is(name, reserved[i]))
			return true;
	}
	return false;
}

static bool
check_reserved(const struct struct_list *variables, struct err *e)
{
	const struct map_entry *v = variables->v;
	AUTO_BUF used = BUF_INIT;

	for (size_t i = 0; i < variables->n; i++) {
		if (is_reserved(v[i].key))
			buf_printf(&used, "%s" STR_FMT, used.n == 0 ? "" : ", ", STR_ARG(v[i].key));
	}
	return used.n == 0 || err_set(e, ERR_LAMBDA_PARAMETER, MSG_ENVIRONMENT "contains reserved "
	    "keys that are currently not supported for modification. Reserved keys used in this "
	    "request: " STR_FMT, STR_ARG(buf_view(&used)));
}

/* Values may be passwords: no text here quotes one. */
static bool
check_environment(const struct struct_list *variables, struct err *e)
{
	const struct map_entry *v = variables->v;
	size_t total = 0;

	if (!check_reserved(variables, e))
		return false;
	for (size_t i = 0; i < variables->n; i++) {
		if (!is_variable(v[i].key))
			return err_set(e, ERR_LAMBDA_VALIDATION, "1 validation error detected: "
			    "Value at 'environment.variables' failed to satisfy constraint: Map "
			    "keys must satisfy constraint: [Member must satisfy regular expression "
			    "pattern: [a-zA-Z]([a-zA-Z0-9_])+, Member must not be null]");
		if (v[i].value.n > 0 && memchr(v[i].value.p, '\0', v[i].value.n) != NULL)
			return err_set(e, ERR_LAMBDA_PARAMETER, MSG_ENVIRONMENT "hold a NUL.");
		total += v[i].key.n + v[i].value.n;
	}
	return total <= ENVIRONMENT_MAX ||
	    err_set(e, ERR_LAMBDA_PARAMETER, MSG_ENVIRONMENT "exceeded the 4KB limit.");
}

/* ---- all of it */

bool
architectures_check(const struct str_list *l, struct err *e)
{
	if (!l->set || (l->n == 1 && (str_is(l->v[0], "x86_64") || str_is(l->v[0], "arm64"))))
		return true;
	return violation_set(e, l->n > 0 ? l->v[0] : STR_LIT("[]"), "architectures", "Member must "
	    "satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must "
	    "not be null]");
}


static bool
not_supported(struct err *e, const char *member)
{
	return err_set(e, ERR_LAMBDA_PARAMETER, "%s is not supported by this server.", member);
}

/* Empty ones are what clients send to say "none". */
static bool
check_features(const struct settings *in, struct err *e)
{
	if (in->vpc != NULL && (in->vpc->subnet_ids.n > 0 || in->vpc->security_group_ids.n > 0))
		return not_supported(e, "VpcConfig");
	if (in->layers.n > 0)
		return not_supported(e, "Layers");
	if (in->file_systems.n > 0)
		return not_supported(e, "FileSystemConfigs");
	if (in->dead_letter != NULL && in->dead_letter->target_arn.n > 0)
		return not_supported(e, "DeadLetterConfig");
	if (in->kms_key_arn.n > 0)
		return not_supported(e, "KMSKeyArn");
	if (in->snap_start != NULL && str_is(in->snap_start->apply_on, "PublishedVersions"))
		return not_supported(e, "SnapStart");
	if (in->logging != NULL && str_is(in->logging->log_format, "JSON"))
		return not_supported(e, "LogFormat JSON");
	if (in->logging != NULL && in->logging->log_group.p != NULL)
		return not_supported(e, "LogGroup");
	return true;
}

bool
settings_check(const struct settings *in, struct err *e)
{
	if (in->runtime.p != NULL && !check_runtime(in->runtime, e))
		return false;
	if (in->environment != NULL && !check_environment(&in->environment->variables, e))
		return false;
	return check_features(in, e);
}

static struct tags
variables_from(struct arena *a, const struct struct_list *variables)
{
	const struct map_entry *v = variables->v;
	struct tags t = { arena_array(a, struct tag, variables->n), variables->n };

	for (size_t i = 0; i < t.n; i++)
		t.v[i] = (struct tag){ v[i].key, v[i].value };
	return t;
}

void
settings_apply(struct arena *a, const struct settings *in, struct function *f)
{
	if (in->role.p != NULL)
		f->role = in->role;
	if (in->runtime.p != NULL)
		f->runtime = in->runtime;
	if (in->handler.p != NULL)
		f->handler = in->handler;
	if (in->description.p != NULL)
		f->description = in->description;
	if (in->timeout.set)
		f->timeout_s = (int)in->timeout.value;
	if (in->memory_size.set)
		f->memory_mb = (int)in->memory_size.value;
	if (in->storage != NULL)
		f->ephemeral_mb = (int)in->storage->size.value;
	if (in->tracing != NULL && in->tracing->mode.p != NULL)
		f->tracing_mode = in->tracing->mode;
	if (in->environment != NULL) {
		f->environment = variables_from(a, &in->environment->variables);
		f->has_environment = f->environment.n > 0;
	}
}
