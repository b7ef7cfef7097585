/* SPDX-License-Identifier: Apache-2.0 */
#include "rotators/generate.h"

#include <stdlib.h>

#include "base/codec.h"
#include "base/json.h"
#include "crypto/random.h"
#include "rotators/fault.h"

#define LENGTH_DEFAULT 32
#define LENGTH_MAX 4096			/* GetRandomPassword's */
#define RANDOM_BYTES_MIN 16
#define RANDOM_BYTES_MAX 512

/* ---- passwords */

static bool
flag_or(const json_t *options, const char *key, bool otherwise)
{
	const json_t *v = json_object_get(options, key);

	return json_is_boolean(v) ? json_is_true(v) : otherwise;
}

static bool
read_password_rule(
    const json_t *options, const char *exclude, struct password_rule *out, struct err *e)
{
	const json_t *p = json_object_get(options, "password");
	const json_t *length = json_object_get(p, "length"), *chars = json_object_get(p, "exclude");
	json_int_t n = json_is_integer(length) ? json_integer_value(length) : LENGTH_DEFAULT;

	if (n < 1 || n > LENGTH_MAX)
		return fault_set(e, FAULT_CONFIG,
		    "pawl.password.length is not a number from 1 to %d", LENGTH_MAX);
	*out = (struct password_rule){ .length = (int)n,
		.exclude = json_is_string(chars) ? json_str(chars) : str_of(exclude),
		.no_numbers = flag_or(p, "excludeNumbers", false),
		.no_punctuation = flag_or(p, "excludePunctuation", false),
		.no_uppercase = flag_or(p, "excludeUppercase", false),
		.no_lowercase = flag_or(p, "excludeLowercase", false),
		.require_each_type = flag_or(p, "requireEachIncludedType", true) };
	return true;
}

/* The number of random bytes in "hex32" and "base64-32"; 0 when it is neither. */
static size_t
byte_count(struct str kind, const char *prefix)
{
	unsigned long long n;

	if (!str_starts(kind, prefix) ||
	    !str_to_u64(str_skip(kind, strlen(prefix)), RANDOM_BYTES_MAX, &n) ||
	    n < RANDOM_BYTES_MIN)
		return 0;
	return (size_t)n;
}

/* For keys rather than passwords. */
static bool
generate_key(struct arena *a, struct str kind, struct str *out, struct err *e)
{
	size_t hex = byte_count(kind, "hex"), base64 = byte_count(kind, "base64-");
	uint8_t *random = arena_alloc(a, RANDOM_BYTES_MAX);
	AUTO_BUF text = BUF_INIT;
	char *digits;

	if (str_is(kind, "uuid")) {
		digits = arena_alloc(a, UUID_LEN + 1);
		random_uuid(digits);
		*out = str_of(digits);
	} else if (hex > 0) {
		digits = arena_alloc(a, 2 * hex);
		random_bytes(random, hex);
		hex_encode(random, hex, digits);
		*out = (struct str){ digits, 2 * hex };
	} else if (base64 > 0) {
		random_bytes(random, base64);
		base64_add(&text, random, base64);
		*out = arena_str(a, buf_view(&text));
	} else {
		return fault_set(e, FAULT_CONFIG,
		    "pawl.generate is not uuid, hexN or base64-N with N "
		    "from %d to %d",
		    RANDOM_BYTES_MIN, RANDOM_BYTES_MAX);
	}
	return true;
}

bool
generate_password(struct rotation *r, struct str current, struct str *out, struct err *e)
{
	const json_t *options = r->current.options;
	struct password_rule rule;
	struct secretjson json;
	struct str kind;

	if (r->target->login == NULL && secretjson_is_object(current)) {
		if (!secretjson_parse(r->arena, current, &json, e))
			return false;
		options = json_object_get(json.doc, "pawl");
	}
	/* Ignoring a test someone asked for would be worse than refusing (8.7). */
	if (json_object_get(options, "test") != NULL)
		return fault_set(e, FAULT_CONFIG, "pawl.test is not available");
	kind = json_member_str(options, "generate");
	if (r->target->login == NULL && kind.p != NULL)
		return generate_key(r->arena, kind, out, e);
	return read_password_rule(options, r->target->exclude, &rule, e) &&
	    secretsmanager_random_password(r->sm, r->arena, &rule, out, e);
}

/* ---- pawl.update */

static void
url_encode(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    c == '-' || c == '.' || c == '_' || c == '~')
			buf_c(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

/* {member} or {member:urlencode}, without its braces. */
static bool
expand_place(struct arena *a, const json_t *doc, struct str place, struct buf *out, struct err *e)
{
	struct str rest = place, name = STR_NULL, text;
	const json_t *v;

	str_split(&rest, ':', &name);
	v = json_object_getn(doc, name.p, name.n);
	text = json_str(v);
	if (json_is_integer(v))
		text = str_of(arena_printf(a, "%lld", (long long)json_integer_value(v)));
	if (text.p == NULL)
		return fault_set(e, FAULT_CONFIG, "pawl.update: the secret has no text or number '"
		    STR_FMT "'", STR_ARG(name));
	if (rest.p == NULL)
		buf_str(out, text);
	else if (str_is(rest, "urlencode"))
		url_encode(out, text);
	else
		return fault_set(e, FAULT_CONFIG,
		    "pawl.update: '" STR_FMT "' is not a known conversion", STR_ARG(rest));
	return true;
}

static bool
expand(struct arena *a, const json_t *doc, struct str template, struct buf *out, struct err *e)
{
	while (template.n > 0) {
		const char *open = memchr(template.p, '{', template.n), *close;
		struct str place;

		if (open == NULL)
			break;
		buf_add(out, template.p, (size_t)(open - template.p));
		template = str_skip(template, (size_t)(open - template.p) + 1);
		close = memchr(template.p, '}', template.n);
		if (close == NULL)
			return fault_set(e, FAULT_CONFIG, "pawl.update: '{' without '}'");
		place = (struct str){ template.p, (size_t)(close - template.p) };
		if (!expand_place(a, doc, place, out, e))
			return false;
		template = str_skip(template, place.n + 1);
	}
	buf_str(out, template);
	return true;
}

/* A template must not change what identifies the target or the account. */
static bool
is_reserved(const char *key)
{
	static const char *const reserved[] = { "engine", "host", "port", "username", "password",
		"masterarn", "ssl", "pawl" };

	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		if (strcmp(key, reserved[i]) == 0)
			return true;
	}
	return false;
}

static bool
apply_updates(struct arena *a, struct str *text, struct err *e)
{
	struct secretjson json;
	json_t *updates, *template;
	const char *key;

	if (!secretjson_parse(a, *text, &json, e))
		return false;
	updates = json_object_get(json_object_get(json.doc, "pawl"), "update");
	json_object_foreach(updates, key, template) {
		AUTO_BUF value = BUF_INIT;

		if (is_reserved(key) || !json_is_string(template))
			return fault_set(
			    e, FAULT_CONFIG, "pawl.update: '%s' cannot be rewritten", key);
		if (!expand(a, json.doc, json_str(template), &value, e))
			return false;
		*text = secretjson_replace(a, *text,
		    &(struct secretjson_edit){ .key = key, .value = buf_view(&value) });
	}
	return true;
}

bool
generate_apply(struct arena *a, struct str current, const struct generate_fields *fields,
    struct str *out, struct err *e)
{
	struct secretjson json;
	struct str text;

	if (!secretjson_is_object(current)) {
		*out = fields->password;
		return true;
	}
	if (!secretjson_parse(a, current, &json, e))
		return false;
	if (!json_is_string(json_object_get(json.doc, "password")))
		return fault_set(e, FAULT_CONFIG, "password key is missing from secret JSON");
	text = secretjson_replace(a, current,
	    &(struct secretjson_edit){ .key = "password", .value = fields->password });
	if (fields->username != NULL)
		text = secretjson_replace(a, text,
		    &(struct secretjson_edit){
			.key = "username", .value = str_of(fields->username) });
	if (!apply_updates(a, &text, e))
		return false;
	*out = text;
	return true;
}
