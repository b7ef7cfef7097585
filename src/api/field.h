/* SPDX-License-Identifier: Apache-2.0 */
/*
 * field.h - what an operation accepts, as a table: decoding, AWS's constraint checks and what the
 * audit record shows all read the same rows (spec/api.md sections 1.3, 1.8 and 2).
 *
 * Decoding has two passes: types first (the first mismatch is a SerializationException), then
 * constraints (all violations in one ValidationException). Decoded texts borrow from the parsed
 * body; blobs and lists lie in the arena.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

/* Shapes in an input struct. An absent member leaves its zero value: p, set or v is 0. */
struct opt_bool { bool set, value; };
struct opt_int { bool set; int64_t value; };
struct str_list { struct str *v; size_t n; bool set; };
struct struct_list { void *v; size_t n; bool set; };	/* v: array of the sub-struct */

enum field_type {
	FIELD_STRING,		/* struct str */
	FIELD_BLOB,		/* struct str, base64 decoded */
	FIELD_BOOL,		/* struct opt_bool */
	FIELD_INTEGER,		/* struct opt_int */
	FIELD_LONG,		/* struct opt_int */
	FIELD_STRING_LIST,	/* struct str_list */
	FIELD_STRUCT,		/* pointer to the sub-struct, NULL when absent */
	FIELD_STRUCT_LIST,	/* struct struct_list */
	FIELD_STRING_MAP,	/* struct struct_list of struct map_entry */
};
struct map_entry { struct str key, value; };

struct field {
	const char *name;
	enum field_type type;
	size_t at;			/* offset in the input struct */
	bool required, sensitive;
	bool hidden;			/* never in the audit record */
	bool unquoted;			/* its value is left out of refusals, though not secret */
	bool count_bytes;		/* length in bytes, not code points (SecretString) */
	int64_t min, max;		/* length, list length or number; max 0 = none */
	const char *pattern;		/* as AWS prints it */
	bool (*matches)(struct str s);	/* the pattern, on the whole string */
	const char *const *values;	/* enum, NULL-terminated, model order */
	const struct field *sub;	/* of structures; of lists: of the element */
	size_t sub_size;		/* ... and its size; in the closing row: of the input struct */
	/* string lists: constraints of one element */
	int64_t element_min, element_max;
	const char *element_pattern;
	bool (*element_matches)(struct str s);
};
/* Closes a table and names the struct it decodes into. */
#define FIELD_END(T) { .name = NULL, .sub_size = sizeof(T) }

/* *out is the decoded struct, in the arena. */
MUST_CHECK bool fields_decode(struct arena *a, const struct field *f, const json_t *body,
    void **out, struct err *e);
/* The members of a decoded input that the table does not hide, as CloudTrail's requestParameters:
 * first letter lower case, absent ones left out. "null" when nothing was given. */
void fields_audit(const struct field *f, const void *input, struct jsonw *w);
