/* SPDX-License-Identifier: Apache-2.0 */
/*
 * strict.h - what this server takes for a request (design.md section 3; security.md 1.3, 1.5, 7.4).
 *
 * A head is read twice, by the reader here and by llhttp, and served only when both find the same
 * request in it: what one parser of a chain reads differently from the next is how requests are
 * smuggled. Where RFC 9112 leaves a choice ("MAY", "SHOULD ignore"), this reader refuses; the
 * exception is one empty line before a request (RFC 9112 2.2).
 * Chunked bodies are read by the reader here alone; fuzz/http_head.c holds it against llhttp.
 *
 * Pure: no I/O, no allocation but the buf handed in, no state but the structs below.
 * Memory: everything in a strict_head borrows from the bytes it was read from.
 */
#pragma once
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/header.h"

enum framing { FRAMING_NONE, FRAMING_LENGTH, FRAMING_CHUNKED };

struct strict_head {
	struct str method, target;
	struct header *headers;		/* the caller's, room for HTTP_MAX_HEADERS */
	size_t header_count;
	enum framing framing;
	size_t content_length;		/* FRAMING_LENGTH */
	bool close;			/* Connection: close */
	bool expects_continue;		/* Expect: 100-continue */
	unsigned seen;			/* which rules' fields were met, by bit */
};

enum strict_scan { STRICT_MORE, STRICT_WHOLE, STRICT_BAD };

/*
 * Looks for the empty line that ends the head at the front of `in`. *scanned remembers how far
 * the search came: 0 at first, then as left by the last call on the same, longer bytes.
 * Bare CR, bare LF and NUL are STRICT_BAD as soon as they are seen: a head that holds one might
 * never end.
 */
enum strict_scan strict_find_end(struct str in, size_t *scanned, size_t *out_len);

/* Reads one whole head. 0, or the status to refuse it with: 400, 415, 417 or 431. */
MUST_CHECK int strict_read_head(struct str raw, struct strict_head *h);

/* True when llhttp reads the same request out of `raw`. */
MUST_CHECK bool strict_second_reading(struct str raw, const struct strict_head *h);

/* A chunked body under way; zeroed at its start. */
struct strict_chunks {
	int state;
	unsigned digits;	/* of the size line under way */
	size_t left;		/* bytes of this chunk still to come */
	size_t overhead;	/* bytes of extensions and trailers so far */
};

enum strict_body { BODY_MORE, BODY_WHOLE, BODY_BAD, BODY_TOO_LARGE };

/*
 * Takes framing and data off the front of *in and appends the data to `out`, which never grows
 * past `cap`. After BODY_WHOLE *in starts at the byte behind the body; trailers are dropped.
 */
enum strict_body strict_read_chunks(struct strict_chunks *k, struct str *in, struct buf *out,
    size_t cap);
