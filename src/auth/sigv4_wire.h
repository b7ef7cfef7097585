/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigv4_wire.h - the request as Signature Version 4 sees it: header values, query parameters and
 * percent-encoding (spec/security.md 1.1, 1.5). Private to src/auth/sigv4*.c.
 * Results borrow from the request or live in the arena.
 */
#pragma once
#include "auth/sigv4.h"

struct wire_param {
	struct str name, value;		/* decoded; "+" is a plus */
};

/* Without blanks, tabs and line ends on either side. */
struct str wire_trim(struct str s);
/* Every line of that name, trimmed, joined by "," in arrival order; STR_NULL when there is none. */
struct str wire_header(struct arena *a, const struct sigv4_request *r, struct str name);

struct str wire_path(const struct sigv4_request *r);
struct str wire_query(const struct sigv4_request *r);
/* Takes the next parameter off *query; empty pieces ("a=1&&b=2") are none. */
bool wire_next_param(struct arena *a, struct str *query, struct wire_param *out);
/* STR_NULL when absent. One that is repeated reads as empty: nobody may choose which one counts. */
struct str wire_find_param(struct arena *a, const struct sigv4_request *r, const char *name);

/* Unreserved bytes (A-Z a-z 0-9 - . _ ~) stand for themselves, others become %XX. */
void wire_encode(struct buf *out, struct str s, bool keep_slash);
