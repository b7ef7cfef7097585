/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields.h - input fields that several operations share, and their limits (spec/api.md section 2),
 * and the small rules and outputs around them.
 */
#pragma once
#include "api/op.h"
#include "api/server.h"
#include "catalog/messages.h"
#include "catalog/version.h"

bool is_region(struct str s);
bool is_duration(struct str s);
bool is_schedule_expression(struct str s);
bool is_rotation_token(struct str s);
bool is_filter_value(struct str s);

#define AT(type, member) .at = offsetof(type, member)
#define FIELD_SECRET_ID(T) \
	{ "SecretId", FIELD_STRING, AT(T, secret_id), .required = true, .min = 1, .max = 2048 }
#define FIELD_TOKEN(T) \
	{ "ClientRequestToken", FIELD_STRING, AT(T, client_request_token), .min = 32, .max = 64 }
#define FIELD_SECRET_STRING(T) \
	{ "SecretString", FIELD_STRING, AT(T, secret_string), .min = 1, .max = 65536, \
	  .sensitive = true, .count_bytes = true }
#define FIELD_SECRET_BINARY(T) \
	{ "SecretBinary", FIELD_BLOB, AT(T, secret_binary), .min = 1, .max = 65536, .sensitive = true }
#define FIELD_DESCRIPTION(T) \
	{ "Description", FIELD_STRING, AT(T, description), .max = 2048 }
#define FIELD_KMS_KEY_ID(T) \
	{ "KmsKeyId", FIELD_STRING, AT(T, kms_key_id), .max = 2048 }
#define FIELD_TYPE(T) { "Type", FIELD_STRING, AT(T, type), .max = 256 }
#define FIELD_NEXT_TOKEN(T) \
	{ "NextToken", FIELD_STRING, AT(T, next_token), .min = 1, .max = 4096, .hidden = true }
#define FIELD_TAGS(T) \
	{ "Tags", FIELD_STRUCT_LIST, AT(T, tags), .sub = tag_fields, .sub_size = sizeof(struct tag_input) }
#define FIELD_VERSION_ID(T, name, member) \
	{ name, FIELD_STRING, AT(T, member), .min = 32, .max = 64 }
#define FIELD_MAX_RESULTS(T) \
	{ "MaxResults", FIELD_INTEGER, AT(T, max_results), .min = 1, .max = 100 }
#define FIELD_VERSION_STAGE(T) \
	{ "VersionStage", FIELD_STRING, AT(T, version_stage), .min = 1, .max = 256 }
#define FIELD_ADD_REPLICAS(T) \
	{ "AddReplicaRegions", FIELD_STRUCT_LIST, AT(T, add_replica_regions), .min = 1, \
	  .sub = replica_fields, .sub_size = sizeof(struct replica_input) }

struct tag_input { struct str key, value; };
extern const struct field tag_fields[];
struct replica_input { struct str region, kms_key_id; };
extern const struct field replica_fields[];

/* An input that is a SecretId and nothing else. */
struct secret_id_input { struct str secret_id; };
extern const struct field secret_id_fields[];

struct tags tags_from(struct arena *a, const struct struct_list *list);
/* MSG_BOTH when both are given; VALUE_NONE when neither is. */
MUST_CHECK bool value_from(struct str secret_string, struct str secret_binary, struct value *out,
    struct err *e);
/* MSG_CRT as `code` when the token is absent. */
MUST_CHECK bool token_check(struct str token, enum err_code code, struct err *e);
/* {"ARN":...,"Name":...} */
void write_identity(struct jsonw *out, const struct secret *s);
void write_labels(struct jsonw *out, const struct staged *v);
void write_tags(struct jsonw *out, const struct tags *t);
/* Midnight UTC of the day. */
int64_t day_of(int64_t ms);

/* ---- storing a value: the rules of spec/api.md 4.2 and 4.3 that Put, Update and Create share */
struct put_value {
	struct str token;
	struct value value;
	const struct str_list *stages;	/* NULL or unset: AWSCURRENT by the default rule */
};
/* *out_version is the version of the token. Labels and count change in ctx->secret, which the
 * caller stores. *out_repeat: the token was used before with the same value; nothing changed. */
MUST_CHECK bool put_value(struct op_ctx *ctx, struct secret *s, const struct put_value *p,
    bool *out_repeat, struct err *e);
