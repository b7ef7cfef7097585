/* SPDX-License-Identifier: Apache-2.0 */
#include "api/secretsmanager/page.h"

#include "base/codec.h"
#include "catalog/messages.h"
#include "crypto/digest.h"

#define TOKEN_MAX 4096

static void
scope_digest(struct op_ctx *ctx, struct str scope, uint8_t out[SHA256_LEN])
{
	AUTO_BUF b = BUF_INIT;

	buf_printf(&b, STR_FMT "/" STR_FMT "/", STR_ARG(ctx->account), STR_ARG(ctx->region));
	buf_str(&b, scope);
	sha256(buf_view(&b), out);
}

/* sealed: scope digest (32), number (8), id */
bool
page_open(struct op_ctx *ctx, struct str token, struct str scope, struct page_mark *out,
    struct err *e)
{
	uint8_t digest[SHA256_LEN], *blob;
	struct str sealed, plain;
	uint64_t number = 0;

	*out = (struct page_mark){ 0, STR_NULL };
	if (token.p == NULL)
		return true;
	blob = arena_alloc(ctx->cat.arena, token.n + 1);
	sealed.p = (const char *)blob;
	scope_digest(ctx, scope, digest);
	if (token.n > TOKEN_MAX || !base64_decode(token, blob, &sealed.n) ||
	    !keyring_cursor_open(ctx->cat.keys, sealed, ctx->cat.arena, &plain, e) ||
	    plain.n < SHA256_LEN + 8 || memcmp(plain.p, digest, SHA256_LEN) != 0)
		return err_set(e, ERR_NEXT_TOKEN, MSG_TOKEN_PAGE);
	for (size_t i = 0; i < 8; i++)
		number = number << 8 | (unsigned char)plain.p[SHA256_LEN + i];
	out->number = (int64_t)number;
	out->id = str_skip(plain, SHA256_LEN + 8);
	return true;
}

bool
page_close(struct op_ctx *ctx, struct str scope, const struct page_mark *mark,
    struct str *out_token, struct err *e)
{
	AUTO_BUF plain = BUF_INIT, sealed = BUF_INIT, text = BUF_INIT;
	uint8_t digest[SHA256_LEN];

	scope_digest(ctx, scope, digest);
	buf_add(&plain, digest, sizeof(digest));
	buf_u64be(&plain, (uint64_t)mark->number);
	buf_str(&plain, mark->id);
	if (!keyring_cursor_seal(ctx->cat.keys, buf_view(&plain), &sealed, e))
		return false;
	base64_add(&text, sealed.p, sealed.n);
	*out_token = arena_str(ctx->cat.arena, buf_view(&text));
	return true;
}
