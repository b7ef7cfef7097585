/* SPDX-License-Identifier: Apache-2.0 */
#include "api/lambda/configuration.h"

#include <stdio.h>

#include "api/lambda/subject.h"
#include "base/clock.h"

static void
write_modified(struct jsonw *out, int64_t ms)
{
	char iso[21], text[40];

	time_format_iso(ms / 1000, iso);
	iso[19] = '\0';			/* without its Z */
	snprintf(text, sizeof(text), "%s.%03d+0000", iso, (int)(ms % 1000));
	jsonw_kz(out, "LastModified", text);
}

static void
write_environment(struct jsonw *out, const struct tags *variables)
{
	jsonw_key(out, "Environment");
	jsonw_open(out);
	jsonw_key(out, "Variables");
	jsonw_open(out);
	for (size_t i = 0; i < variables->n; i++) {
		jsonw_key_str(out, variables->v[i].key);
		jsonw_str(out, variables->v[i].value);
	}
	jsonw_close(out);
	jsonw_close(out);
}

static void
write_architectures(struct jsonw *out, const struct function *f)
{
	jsonw_key(out, "Architectures");
	jsonw_open_list(out);
	if (f->architecture_count == 0)
		jsonw_z(out, "x86_64");
	for (size_t i = 0; i < f->architecture_count; i++)
		jsonw_str(out, f->architectures[i]);
	jsonw_close_list(out);
}

static void
write_logging(struct jsonw *out, struct str name)
{
	char group[128];

	snprintf(group, sizeof(group), "/aws/lambda/" STR_FMT, STR_ARG(name));
	jsonw_key(out, "LoggingConfig");
	jsonw_open(out);
	jsonw_kz(out, "LogFormat", "Text");
	jsonw_kz(out, "LogGroup", group);
	jsonw_close(out);
}

/* Which build of the runtime runs it: here always the one that is installed. */
static void
write_runtime_version(struct jsonw *out, const struct function *f)
{
	char arn[160];

	snprintf(arn, sizeof(arn), "arn:%s:lambda:" STR_FMT "::runtime:" STR_FMT,
	    partition_of(f->region), STR_ARG(f->region), STR_ARG(f->runtime));
	jsonw_key(out, "RuntimeVersionConfig");
	jsonw_open(out);
	jsonw_kz(out, "RuntimeVersionArn", arn);
	jsonw_close(out);
}

static void
write_snap_start(struct jsonw *out)
{
	jsonw_key(out, "SnapStart");
	jsonw_open(out);
	jsonw_kz(out, "ApplyOn", "None");
	jsonw_kz(out, "OptimizationStatus", "Off");
	jsonw_close(out);
}

static void
write_update_status(struct jsonw *out, enum moment moment)
{
	jsonw_kz(out, "LastUpdateStatus", moment == FUNCTION_UPDATED ? "InProgress" : "Successful");
	if (moment != FUNCTION_UPDATED)
		return;
	jsonw_kz(out, "LastUpdateStatusReason", "The function is being created.");
	jsonw_kz(out, "LastUpdateStatusReasonCode", "Creating");
}

static void
write_state(struct jsonw *out, enum moment moment)
{
	jsonw_kz(out, "State", moment == FUNCTION_CREATED ? "Pending" : "Active");
	if (moment != FUNCTION_CREATED)
		return;
	jsonw_kz(out, "StateReason", "The function is being created.");
	jsonw_kz(out, "StateReasonCode", "Creating");
}

static void
write_version(struct jsonw *out, const struct function *f)
{
	char number[24];

	snprintf(number, sizeof(number), "%lld", (long long)f->version);
	jsonw_kz(out, "Version", f->version == 0 ? LATEST : number);
}

void
configuration_write(struct jsonw *out, const struct function *f, struct str arn,
    enum moment moment)
{
	jsonw_open(out);
	write_architectures(out, f);
	jsonw_key(out, "CodeSha256");
	jsonw_base64(out, f->code_sha256, sizeof(f->code_sha256));
	jsonw_kint(out, "CodeSize", f->code_size);
	jsonw_kstr(out, "Description", f->description);
	if (f->has_environment)
		write_environment(out, &f->environment);
	jsonw_key(out, "EphemeralStorage");
	jsonw_open(out);
	jsonw_kint(out, "Size", f->ephemeral_mb);
	jsonw_close(out);
	jsonw_kstr(out, "FunctionArn", arn);
	jsonw_kstr(out, "FunctionName", f->name);
	jsonw_kstr(out, "Handler", f->handler);
	write_modified(out, f->modified_ms);
	write_update_status(out, moment);
	write_logging(out, f->name);
	jsonw_kint(out, "MemorySize", f->memory_mb);
	jsonw_kz(out, "PackageType", "Zip");
	jsonw_kstr(out, "RevisionId", f->revision_id);
	jsonw_kstr(out, "Role", f->role);
	jsonw_kstr(out, "Runtime", f->runtime);
	write_runtime_version(out, f);
	write_snap_start(out);
	write_state(out, moment);
	jsonw_kint(out, "Timeout", f->timeout_s);
	jsonw_key(out, "TracingConfig");
	jsonw_open(out);
	jsonw_kstr(out, "Mode", f->tracing_mode);
	jsonw_close(out);
	write_version(out, f);
	jsonw_close(out);
}

void
configuration_write_listed(struct op_ctx *ctx, struct jsonw *out, const struct function *f)
{
	struct arena *a = ctx->cat.arena;
	struct str arn = f->version == 0 ? f->arn : str_of(arena_printf(a, STR_FMT ":%lld",
	    STR_ARG(f->arn), (long long)f->version));

	configuration_write(out, f, arn, FUNCTION_SEEN);
}
