/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/session.h"

#include "base/codec.h"
#include "crypto/random.h"
#include "store/records.pb-c.h"

#define TOKEN_MAX (16 * 1024)

static ProtobufCBinaryData *
list_to(struct arena *a, const struct str *v, size_t n)
{
	ProtobufCBinaryData *out = arena_array(a, ProtobufCBinaryData, n);

	for (size_t i = 0; i < n; i++)
		out[i] = pb_bytes(v[i]);
	return out;
}

static struct str *
list_of(struct arena *a, const ProtobufCBinaryData *v, size_t n)
{
	struct str *out = arena_array(a, struct str, n);

	for (size_t i = 0; i < n; i++)
		out[i] = pb_str(v[i]);
	return out;
}

bool
session_issue(struct keyring *k, struct arena *a, const struct session *s,
    struct session_credentials *out, struct err *e)
{
	Pawl__TokenClaims m = PAWL__TOKEN_CLAIMS__INIT;
	AUTO_BUF blob = BUF_INIT, text = BUF_INIT;
	char id[21] = "ASIA", secret[41];

	random_text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16, id + 4);
	m.account = pb_bytes(s->account);
	m.user_id = pb_bytes(s->user_id);
	m.role_name = pb_bytes(s->role_name);
	m.session_name = pb_bytes(s->session_name);
	m.issued_ms = s->issued_ms;
	m.expires_ms = s->expires_ms;
	m.function_arn = pb_bytes(s->function_arn);
	m.n_secret_arns = s->secret_arn_count;
	m.secret_arns = list_to(a, s->secret_arns, s->secret_arn_count);
	m.n_readable_arns = s->readable_arn_count;
	m.readable_arns = list_to(a, s->readable_arns, s->readable_arn_count);
	if (!keyring_token_seal(k, str_of(id), record_pack(a, &m.base), &blob, e))
		return false;
	keyring_token_secret(k, str_of(id), buf_view(&blob), secret);
	base64_add(&text, blob.p, blob.n);
	out->access_key_id = arena_str(a, str_of(id));
	out->secret_access_key = arena_str(a, str_of(secret));
	out->session_token = arena_str(a, buf_view(&text));
	explicit_bzero(secret, sizeof(secret));
	return true;
}

bool
session_open(struct keyring *k, struct arena *a, struct str access_key_id, struct str token,
    struct session *out, struct str *out_secret, struct err *e)
{
	ProtobufCAllocator alloc = record_allocator(a);
	const Pawl__TokenClaims *m;
	struct str blob, claims;
	uint8_t *bytes;
	char secret[41];

	if (token.n == 0 || token.n > TOKEN_MAX)
		return err_set(e, ERR_UNRECOGNIZED_CLIENT,
		    "The security token included in the request is invalid.");
	bytes = arena_alloc(a, token.n);
	blob.p = (const char *)bytes;
	if (!base64_decode(token, bytes, &blob.n) ||
	    !keyring_token_open(k, access_key_id, blob, a, &claims, e) ||
	    (m = pawl__token_claims__unpack(&alloc, claims.n, (const uint8_t *)claims.p)) == NULL)
		return err_set(e, ERR_UNRECOGNIZED_CLIENT,
		    "The security token included in the request is invalid.");
	keyring_token_secret(k, access_key_id, blob, secret);
	*out_secret = arena_str(a, str_of(secret));
	explicit_bzero(secret, sizeof(secret));
	*out = (struct session){ .account = pb_str(m->account), .user_id = pb_str(m->user_id),
		.role_name = pb_str(m->role_name), .session_name = pb_str(m->session_name),
		.issued_ms = m->issued_ms, .expires_ms = m->expires_ms,
		.function_arn = pb_str(m->function_arn),
		.secret_arns = list_of(a, m->secret_arns, m->n_secret_arns),
		.secret_arn_count = m->n_secret_arns,
		.readable_arns = list_of(a, m->readable_arns, m->n_readable_arns),
		.readable_arn_count = m->n_readable_arns };
	return true;
}
