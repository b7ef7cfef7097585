/* SPDX-License-Identifier: Apache-2.0 */
/*
 * configuration.h - what CreateFunction and UpdateFunctionConfiguration set, and the
 * FunctionConfiguration that most operations answer with (spec/rotation.md 5.8).
 * What this server cannot do is refused when asked for, never quietly dropped.
 */
#pragma once
#include "api/op.h"
#include "catalog/function.h"

/* One of x86_64 and arm64, or absent. */
MUST_CHECK bool architectures_check(const struct str_list *l, struct err *e);

struct environment_input { struct struct_list variables; };	/* of struct map_entry */
struct storage_input { struct opt_int size; };
struct tracing_input { struct str mode; };
struct vpc_input { struct str_list subnet_ids, security_group_ids; };
struct target_input { struct str target_arn; };
struct snap_start_input { struct str apply_on; };
struct logging_input { struct str log_format, log_group; };

struct settings {
	struct str role, runtime, handler, description, kms_key_arn;
	struct opt_int timeout, memory_size;
	struct environment_input *environment;
	struct storage_input *storage;
	struct tracing_input *tracing;
	struct vpc_input *vpc;
	struct target_input *dead_letter;
	struct snap_start_input *snap_start;
	struct logging_input *logging;
	struct str_list layers;
	struct struct_list file_systems;
};
extern const struct field environment_fields[], storage_fields[], tracing_fields[], vpc_fields[],
    target_fields[], snap_start_fields[], logging_fields[], no_fields[];
bool is_role(struct str s);
bool is_without_blanks(struct str s);

#define SETTING(name, type, base, m) \
	name, type, .at = (base) + offsetof(struct settings, m)
#define SETTING_STRUCT(name, base, m, f) \
	{ SETTING(name, FIELD_STRUCT, base, m), .sub = f, \
	  .sub_size = sizeof(*((struct settings *)NULL)->m) }
/* Their rows, for an input struct that holds the settings at `base`. */
#define SETTINGS_ROWS(base, role_required) \
	{ SETTING("Role", FIELD_STRING, base, role), .required = role_required, \
	  .pattern = "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+", \
	  .matches = is_role }, \
	{ SETTING("Runtime", FIELD_STRING, base, runtime) }, \
	{ SETTING("Handler", FIELD_STRING, base, handler), .max = 128, .pattern = "[^\\s]+", \
	  .matches = is_without_blanks }, \
	{ SETTING("Description", FIELD_STRING, base, description), .max = 256 }, \
	{ SETTING("Timeout", FIELD_INTEGER, base, timeout), .min = 1, .max = 900 }, \
	{ SETTING("MemorySize", FIELD_INTEGER, base, memory_size), .min = 128, .max = 10240 }, \
	{ SETTING("KMSKeyArn", FIELD_STRING, base, kms_key_arn) }, \
	{ SETTING("Layers", FIELD_STRING_LIST, base, layers) }, \
	{ SETTING("FileSystemConfigs", FIELD_STRUCT_LIST, base, file_systems), .sub = no_fields, \
	  .sub_size = 1 }, \
	SETTING_STRUCT("Environment", base, environment, environment_fields), \
	SETTING_STRUCT("EphemeralStorage", base, storage, storage_fields), \
	SETTING_STRUCT("TracingConfig", base, tracing, tracing_fields), \
	SETTING_STRUCT("VpcConfig", base, vpc, vpc_fields), \
	SETTING_STRUCT("DeadLetterConfig", base, dead_letter, target_fields), \
	SETTING_STRUCT("SnapStart", base, snap_start, snap_start_fields), \
	SETTING_STRUCT("LoggingConfig", base, logging, logging_fields)

/* What the tables cannot say: runtimes, the environment, features that are not there. */
MUST_CHECK bool settings_check(const struct settings *in, struct err *e);
/* Sets what was given; the rest of f stays. */
void settings_apply(struct arena *a, const struct settings *in, struct function *f);

enum moment {
	FUNCTION_CREATED,	/* by this call: Pending, Active from the next look on */
	FUNCTION_UPDATED,	/* by this call: InProgress, Successful from the next look on */
	FUNCTION_SEEN,
};
/* `arn` is how the caller named it. */
void configuration_write(struct jsonw *out, const struct function *f, struct str arn,
    enum moment moment);
/* The same for one found in a list: a published version is named by its number. */
void configuration_write_listed(struct op_ctx *ctx, struct jsonw *out, const struct function *f);
