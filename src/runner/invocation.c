/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/invocation.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/codec.h"
#include "base/json.h"

#define MAX_ENV 512
#define MAX_MASKS 4096
#define MAX_TIMEOUT_S 900
#define MAX_MEMORY_MB 10240
#define MAX_CONCURRENCY 1000
#define SHA256_HEX 64

/* Tags that are plain strings, and where they go. */
static const struct {
	enum runner_tag tag;
	size_t offset;
} strings[] = {
#define ROW(tag, member) { tag, offsetof(struct invocation, member) }
	ROW(TAG_ARN, arn), ROW(TAG_NAME, name), ROW(TAG_ACCOUNT, account), ROW(TAG_REGION, region),
	ROW(TAG_ROLE, role), ROW(TAG_VERSION, version), ROW(TAG_RUNTIME, runtime),
	ROW(TAG_HANDLER, handler), ROW(TAG_CODE_SHA256, code_sha256), ROW(TAG_CODE_PATH, code_path),
	ROW(TAG_BUILTIN, builtin), ROW(TAG_REVISION, revision), ROW(TAG_REQUEST_ID, request_id),
	ROW(TAG_PAYLOAD, payload), ROW(TAG_CLIENT_CONTEXT, client_context),
	ROW(TAG_ACCESS_KEY_ID, access_key_id), ROW(TAG_SECRET_ACCESS_KEY, secret_access_key),
	ROW(TAG_SESSION_TOKEN, session_token), ROW(TAG_ENDPOINT_URL, endpoint_url),
	ROW(TAG_CA_BUNDLE, ca_bundle),
#undef ROW
};

static struct str *
string_member(struct invocation *inv, unsigned tag)
{
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		if (strings[i].tag == tag)
			return (struct str *)(void *)((char *)inv + strings[i].offset);
	}
	return NULL;
}

static bool
decode_env(struct invocation *inv, const struct frame_field *f)
{
	if (f->tag == TAG_ENV_NAME) {
		if (inv->env_count == MAX_ENV)
			return false;
		inv->env[inv->env_count++] = (struct env_pair){ arena_str(inv->arena, f->value),
			STR_LIT("") };
		return true;
	}
	if (inv->env_count == 0)
		return false;		/* a value before any name */
	inv->env[inv->env_count - 1].value = arena_str(inv->arena, f->value);
	return true;
}

static bool
decode_field(struct invocation *inv, const struct frame_field *f)
{
	struct str *s;

	switch (f->tag) {
	case TAG_CALL:
		return frame_int(f, &inv->call);
	case TAG_TIMEOUT_S:
		return frame_int(f, &inv->timeout_s);
	case TAG_MEMORY_MB:
		return frame_int(f, &inv->memory_mb);
	case TAG_CONCURRENCY:
		return frame_int(f, &inv->concurrency);
	case TAG_ENV_NAME:
	case TAG_ENV_VALUE:
		return decode_env(inv, f);
	case TAG_MASK:
		if (inv->mask_count < MAX_MASKS)
			inv->masks[inv->mask_count++] = arena_str(inv->arena, f->value);
		return true;
	default:
		s = string_member(inv, f->tag);
		if (s != NULL)
			*s = arena_str(inv->arena, f->value);
		return true;
	}
}

static size_t
count_tag(struct frame f, unsigned tag)
{
	struct frame_field field;
	size_t n = 0;

	while (frame_next(&f, &field))
		n += field.tag == tag;
	return n;
}

static struct invocation *
invocation_new(const struct frame *f)
{
	struct invocation *inv = xcalloc(1, sizeof(*inv));
	size_t masks = count_tag(*f, TAG_MASK);

	inv->arena = arena_new();
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		*string_member(inv, strings[i].tag) = STR_LIT("");
	inv->env = arena_array(inv->arena, struct env_pair, MAX_ENV);
	inv->masks = arena_array(inv->arena, struct str, masks < MAX_MASKS ? masks : MAX_MASKS);
	return inv;
}

struct invocation *
invocation_decode(struct frame *f, struct err *e)
{
	AUTO(invocation) *inv = invocation_new(f);
	struct frame_field field;

	while (frame_next(f, &field)) {
		if (!decode_field(inv, &field)) {
			err_internal(e, "bad field %u in an invocation", field.tag);
			return NULL;
		}
	}
	return TAKE(inv);
}

void
invocation_free(struct invocation *inv)
{
	if (inv == NULL)
		return;
	arena_free(inv->arena);
	free(inv);
}

static bool
is_sha256(struct str s)
{
	uint8_t raw[SHA256_HEX / 2];

	return s.n == SHA256_HEX && hex_decode_lower(s, raw, sizeof(raw));
}

/* A file name of ours: lower-case letters, digits and dashes. */
static bool
is_builtin_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
			return false;
	}
	return s.n > 0 && s.n < 64;
}

static bool
has_nul(struct str s)
{
	return memchr(s.p, '\0', s.n) != NULL;
}

/* What ends up in the environment or an argument cannot hold NUL, a name no '=' either. */
static bool
strings_are_usable(const struct invocation *inv)
{
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		const struct str *s = string_member((struct invocation *)(uintptr_t)inv,
		    strings[i].tag);

		if (strings[i].tag != TAG_PAYLOAD && has_nul(*s))
			return false;
	}
	for (size_t i = 0; i < inv->env_count; i++) {
		struct str name = inv->env[i].name;

		if (name.n == 0 || has_nul(name) || has_nul(inv->env[i].value) ||
		    memchr(name.p, '=', name.n) != NULL)
			return false;
	}
	return true;
}

static bool
choose_runtime(struct invocation *inv, struct err *e)
{
	if (inv->builtin.n > 0) {
		inv->runtime_kind = RUNTIME_BUILTIN;
		return is_builtin_name(inv->builtin) ? true :
		    err_set(e, ERR_LAMBDA_PARAMETER, "There is no such built-in function.");
	}
	if (str_starts(inv->runtime, "provided"))
		inv->runtime_kind = RUNTIME_PROVIDED;
	else if (str_starts(inv->runtime, "python3."))
		inv->runtime_kind = RUNTIME_PYTHON;
	else if (str_starts(inv->runtime, "nodejs"))
		inv->runtime_kind = RUNTIME_NODE;
	else
		return err_set(e, ERR_LAMBDA_PARAMETER, "Runtime " STR_FMT
		    " is not available on this server.", STR_ARG(inv->runtime));
	if (!is_sha256(inv->code_sha256) || inv->code_path.n == 0 || inv->code_path.p[0] != '/')
		return err_set(e, ERR_LAMBDA_PARAMETER, "The function has no code.");
	return true;
}

bool
invocation_check(struct invocation *inv, struct err *e)
{
	if (inv->timeout_s < 1 || inv->timeout_s > MAX_TIMEOUT_S ||
	    inv->memory_mb < 1 || inv->memory_mb > MAX_MEMORY_MB ||
	    inv->concurrency < 0 || inv->concurrency > MAX_CONCURRENCY)
		return err_set(e, ERR_LAMBDA_PARAMETER, "The function's limits are out of range.");
	if (inv->arn.n == 0 || inv->request_id.n == 0 || !strings_are_usable(inv))
		return err_set(e, ERR_LAMBDA_PARAMETER, "The function's configuration is not valid.");
	return choose_runtime(inv, e);
}

struct invocation *
invocation_identity(const struct invocation *inv)
{
	struct invocation *id = xcalloc(1, sizeof(*id));

	id->arena = arena_new();
	id->arn = arena_str(id->arena, inv->arn);
	id->revision = arena_str(id->arena, inv->revision);
	id->code_sha256 = arena_str(id->arena, inv->code_sha256);
	id->access_key_id = arena_str(id->arena, inv->access_key_id);
	id->endpoint_url = arena_str(id->arena, inv->endpoint_url);
	id->ca_bundle = arena_str(id->arena, inv->ca_bundle);
	id->memory_mb = inv->memory_mb;
	return id;
}

bool
invocation_fits(const struct invocation *a, const struct invocation *b)
{
	return str_eq(a->arn, b->arn) && str_eq(a->revision, b->revision) &&
	    str_eq(a->code_sha256, b->code_sha256) &&
	    str_eq(a->access_key_id, b->access_key_id) &&
	    str_eq(a->endpoint_url, b->endpoint_url) && str_eq(a->ca_bundle, b->ca_bundle);
}

bool
outcome_encode(struct buf *b, int64_t call, const struct outcome *o)
{
	size_t at = frame_open(b, MSG_RESULT);

	frame_add_int(b, TAG_CALL, call);
	frame_add_int(b, TAG_OUTCOME, o->outcome);
	frame_add(b, TAG_PAYLOAD, o->payload);
	frame_add(b, TAG_ERROR_TYPE, o->error_type);
	frame_add(b, TAG_ERROR_MESSAGE, o->error_message);
	frame_add(b, TAG_LOG_TAIL, o->log_tail);
	frame_add_int(b, TAG_DURATION_MS, o->duration_ms);
	frame_add_int(b, TAG_BILLED_MS, o->billed_ms);
	frame_add_int(b, TAG_MAX_MEMORY_MB, o->max_memory_mb);
	return frame_close(b, at);
}

static struct outcome
error_with(struct invocation *inv, enum runner_outcome how, struct str type, struct str message)
{
	AUTO_BUF b = BUF_INIT;
	struct jsonw w = jsonw_on(&b);

	jsonw_open(&w);
	jsonw_kstr(&w, "errorType", type);
	jsonw_kstr(&w, "errorMessage", message);
	jsonw_close(&w);
	return (struct outcome){
		.outcome = how,
		.payload = arena_str(inv->arena, buf_view(&b)),
		.error_type = arena_str(inv->arena, type),
		.error_message = arena_str(inv->arena, message),
	};
}

struct outcome
outcome_error(struct invocation *inv, enum runner_outcome how, const char *type,
    const char *message)
{
	return error_with(inv, how, str_of(type), str_of(message));
}

struct outcome
outcome_from_runtime(struct invocation *inv, struct str header_type, struct str body)
{
	struct err e;
	json_t *doc = json_parse(inv->arena, body, 0, &e);
	struct str type, message;

	if (header_type.n == 0)
		header_type = STR_LIT("Unhandled");
	if (!json_is_object(doc))
		return error_with(inv, RUN_ERROR, header_type,
		    STR_LIT("The runtime reported an error without a JSON object."));
	type = json_member_str(doc, "errorType");
	message = json_member_str(doc, "errorMessage");
	return (struct outcome){
		.outcome = RUN_ERROR,
		.payload = arena_str(inv->arena, body),
		.error_type = arena_str(inv->arena, type.n > 0 ? type : header_type),
		.error_message = message.p != NULL ? message : STR_LIT(""),
	};
}
