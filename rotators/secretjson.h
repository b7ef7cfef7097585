/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secretjson.h - the JSON text of a secret, edited in place: members that are not edited keep
 * every byte, so order, number or string, spelling and blanks survive (spec/rotation.md 8.1.3).
 * Reading is Jansson's; only the edit works on the text, after Jansson has accepted it.
 */
#pragma once
#include <jansson.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct secretjson {
	struct str text;
	const json_t *doc;	/* an object */
};

struct secretjson_edit {
	const char *key;
	struct str value;	/* becomes a JSON string */
};

/* False unless the text is one JSON object without repeated members: of two equal names no one
 * could say which a client reads. `e` is FAULT_CONFIG and never quotes the text. */
MUST_CHECK bool secretjson_parse(
    struct arena *a, struct str text, struct secretjson *out, struct err *e);
/* True when the text is a JSON object, whatever its members; others are plain strings. */
bool secretjson_is_object(struct str text);
/* Replaces a member's value, or appends the member. */
struct str secretjson_replace(struct arena *a, struct str text, const struct secretjson_edit *edit);
