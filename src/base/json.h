/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - reading JSON (Jansson) and writing it (ours).
 *
 * Reading: bodies hold secrets, so every block Jansson allocates is wiped when it is freed;
 * json_setup() must run before the first parse. NUL inside strings is kept (JSON_ALLOW_NUL).
 * A parsed document belongs to the arena it was parsed for and dies with it.
 *
 * Writing: an append-only writer over a buf. Members appear in the order written; callers write
 * them in alphabetical order (spec/api.md 1.4). Commas and escapes are the writer's business.
 */
#pragma once
#include <jansson.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

void json_setup(void);

enum json_flags {
	JSON_STRICT_KEYS = 1,	/* refuse repeated members; otherwise the last one wins */
};
/* Deepest nesting accepted; deeper input is refused before it can cost stack. */
#define JSON_MAX_DEPTH 32
/* NULL on anything that is not exactly one JSON text; `e` is ERR_SERIALIZATION. The detail never
 * quotes the input. */
MUST_CHECK json_t *json_parse(struct arena *a, struct str text, int flags, struct err *e);
/* Borrow from the document. Absent, null or of another type gives STR_NULL. */
struct str json_str(const json_t *v);
struct str json_member_str(const json_t *object, const char *key);

struct jsonw {
	struct buf *b;
	bool comma;		/* the next value needs one before it */
};

static inline struct jsonw
jsonw_on(struct buf *b)
{
	return (struct jsonw){ b, false };
}
void jsonw_open(struct jsonw *w);		/* { */
void jsonw_close(struct jsonw *w);
void jsonw_open_list(struct jsonw *w);		/* [ */
void jsonw_close_list(struct jsonw *w);
void jsonw_key(struct jsonw *w, const char *key);
void jsonw_key_str(struct jsonw *w, struct str key);
void jsonw_str(struct jsonw *w, struct str s);
void jsonw_z(struct jsonw *w, const char *z);
void jsonw_base64(struct jsonw *w, const void *p, size_t n);
void jsonw_int(struct jsonw *w, int64_t v);
void jsonw_bool(struct jsonw *w, bool v);
void jsonw_null(struct jsonw *w);
/* Epoch milliseconds as seconds with exactly three fraction digits (spec/api.md 1.9). */
void jsonw_time(struct jsonw *w, int64_t ms);
/* A value that is JSON already. */
void jsonw_raw(struct jsonw *w, struct str json);

/* key and value in one line */
void jsonw_kstr(struct jsonw *w, const char *key, struct str s);
void jsonw_kz(struct jsonw *w, const char *key, const char *z);
void jsonw_kint(struct jsonw *w, const char *key, int64_t v);
void jsonw_kbool(struct jsonw *w, const char *key, bool v);
void jsonw_ktime(struct jsonw *w, const char *key, int64_t ms);
void jsonw_knull(struct jsonw *w, const char *key);
