/* SPDX-License-Identifier: Apache-2.0 */
#include "api/field.h"

#include <stdio.h>
#include <string.h>

#include "base/codec.h"

/* A long list of bad elements would make a refusal many times the size of the request; what does
 * not fit is neither shown nor counted. */
#define VIOLATIONS_MAX ((size_t)64 * 1024)

/* Where we are in the body: "filters.1.member.key", grown and cut as the walk goes. */
struct walk {
	struct arena *a;
	struct buf path;
	struct buf violations;
	int count;
};

static void *
member_at(const void *base, const struct field *f)
{
	return (char *)(uintptr_t)base + f->at;
}

static char
lower_first(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static size_t
path_push(struct walk *w, const char *name)
{
	size_t was = w->path.n;

	if (was > 0)
		buf_c(&w->path, '.');
	buf_c(&w->path, lower_first(name[0]));
	buf_z(&w->path, name + 1);
	return was;
}

static size_t
path_push_index(struct walk *w, size_t i)
{
	size_t was = w->path.n;

	buf_printf(&w->path, ".%zu.member", i + 1);
	return was;
}

/* ---- first pass: types */

static const char *
token_name(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT: return "START_OBJECT";
	case JSON_ARRAY: return "START_ARRAY";
	case JSON_STRING: return "STRING_VALUE";
	case JSON_INTEGER:
	case JSON_REAL: return "NUMBER_VALUE";
	case JSON_TRUE: return "TRUE_VALUE";
	case JSON_FALSE: return "FALSE_VALUE";
	default: return "VALUE_NULL";
	}
}

static bool
mismatch(const json_t *v, const char *target, struct err *e)
{
	return err_set(e, ERR_SERIALIZATION, "%s cannot be converted to %s", token_name(v), target);
}

static bool decode_members(struct arena *a, const struct field *f, void *out, const json_t *body,
    struct err *e);

static bool
decode_string(const json_t *v, struct str *out, struct err *e)
{
	if (!json_is_string(v))
		return mismatch(v, "String", e);
	*out = json_str(v);
	return true;
}

static bool
decode_blob(struct arena *a, const json_t *v, struct str *out, struct err *e)
{
	struct str text;
	uint8_t *p;
	size_t n;

	if (!decode_string(v, &text, e))
		return false;
	p = arena_alloc(a, text.n / 4 * 3 + 1);
	if (!base64_decode(text, p, &n))
		return err_set(e, ERR_SERIALIZATION, "STRING_VALUE cannot be converted to Blob");
	*out = (struct str){ (const char *)p, n };
	return true;
}

static bool
decode_string_list(struct arena *a, const json_t *v, struct str_list *out, struct err *e)
{
	if (!json_is_array(v))
		return mismatch(v, "List", e);
	out->set = true;
	out->v = arena_array(a, struct str, json_array_size(v));
	for (size_t i = 0; i < json_array_size(v); i++) {
		const json_t *item = json_array_get(v, i);

		if (json_is_null(item))
			continue;	/* a null element is no element */
		if (!decode_string(item, &out->v[out->n], e))
			return false;
		out->n++;
	}
	return true;
}

static bool
decode_struct_list(struct arena *a, const struct field *f, const json_t *v,
    struct struct_list *out, struct err *e)
{
	if (!json_is_array(v))
		return mismatch(v, "List", e);
	out->set = true;
	out->v = arena_alloc_array(a, json_array_size(v), f->sub_size);
	for (size_t i = 0; i < json_array_size(v); i++) {
		const json_t *item = json_array_get(v, i);

		if (json_is_null(item))
			continue;
		if (!json_is_object(item))
			return mismatch(item, "Map", e);
		if (!decode_members(a, f->sub, (char *)out->v + out->n * f->sub_size, item, e))
			return false;
		out->n++;
	}
	return true;
}

static bool
decode_map(struct arena *a, json_t *v, struct struct_list *out, struct err *e)
{
	struct map_entry *entries;
	const char *key;
	json_t *item;

	if (!json_is_object(v))
		return mismatch(v, "Map", e);
	out->set = true;
	out->v = entries = arena_array(a, struct map_entry, json_object_size(v));
	json_object_foreach(v, key, item) {
		entries[out->n].key = str_of(key);
		if (!decode_string(item, &entries[out->n].value, e))
			return false;
		out->n++;
	}
	return true;
}

static bool
decode_one(struct arena *a, const struct field *f, void *at, json_t *v, struct err *e)
{
	switch (f->type) {
	case FIELD_STRING:
		return decode_string(v, at, e);
	case FIELD_BLOB:
		return decode_blob(a, v, at, e);
	case FIELD_BOOL:
		if (!json_is_boolean(v))
			return mismatch(v, "Boolean", e);
		*(struct opt_bool *)at = (struct opt_bool){ true, json_is_true(v) };
		return true;
	case FIELD_INTEGER:
	case FIELD_LONG:
		if (!json_is_integer(v))
			return mismatch(v, f->type == FIELD_LONG ? "Long" : "Integer", e);
		*(struct opt_int *)at = (struct opt_int){ true, json_integer_value(v) };
		return true;
	case FIELD_STRING_LIST:
		return decode_string_list(a, v, at, e);
	case FIELD_STRUCT:
		if (!json_is_object(v))
			return mismatch(v, "Map", e);
		*(void **)at = arena_alloc(a, f->sub_size);
		return decode_members(a, f->sub, *(void **)at, v, e);
	case FIELD_STRUCT_LIST:
		return decode_struct_list(a, f, v, at, e);
	case FIELD_STRING_MAP:
		return decode_map(a, v, at, e);
	}
	return err_internal(e, "field %s has no type", f->name);
}

static bool
decode_members(struct arena *a, const struct field *f, void *out, const json_t *body, struct err *e)
{
	for (; f->name != NULL; f++) {
		json_t *v = json_object_get(body, f->name);

		if (v == NULL || json_is_null(v))
			continue;
		if (!decode_one(a, f, member_at(out, f), v, e))
			return false;
	}
	return true;
}

/* ---- second pass: constraints */

static void PRINTF_LIKE(4, 5)
violation(struct walk *w, const struct field *f, struct str value, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (w->violations.n > VIOLATIONS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (w->count++ > 0)
		buf_z(&w->violations, "; ");
	buf_z(&w->violations, "Value ");
	if (value.p == NULL)
		buf_z(&w->violations, f->sensitive ? "" : "null ");
	if (value.p != NULL && !f->sensitive && !f->unquoted) {
		buf_c(&w->violations, '\'');
		buf_str(&w->violations, value);
		buf_z(&w->violations, "' ");
	}
	buf_printf(&w->violations, "at '" STR_FMT "' failed to satisfy constraint: %s",
	    STR_ARG(buf_view(&w->path)), text);
}

static void
missing(struct walk *w)
{
	if (w->violations.n > VIOLATIONS_MAX)
		return;
	if (w->count++ > 0)
		buf_z(&w->violations, "; ");
	buf_printf(&w->violations, "Value null at '" STR_FMT "' failed to satisfy constraint: "
	    "Member must not be null", STR_ARG(buf_view(&w->path)));
}

static void
check_length(struct walk *w, const struct field *f, struct str shown, int64_t n, int64_t min,
    int64_t max)
{
	if (max != 0 && n > max)
		violation(w, f, shown, "Member must have length less than or equal to %lld",
		    (long long)max);
	if (n < min)
		violation(w, f, shown, "Member must have length greater than or equal to %lld",
		    (long long)min);
}

static void
check_enum(struct walk *w, const struct field *f, struct str s)
{
	AUTO_BUF set = BUF_INIT;

	for (size_t i = 0; f->values[i] != NULL; i++) {
		if (str_is(s, f->values[i]))
			return;
		if (i > 0)
			buf_z(&set, ", ");
		buf_z(&set, f->values[i]);
	}
	violation(w, f, s, "Member must satisfy enum value set: [" STR_FMT "]",
	    STR_ARG(buf_view(&set)));
}

static void
check_string(struct walk *w, const struct field *f, struct str s)
{
	int64_t n = (int64_t)(f->count_bytes || f->type == FIELD_BLOB ? s.n : str_code_points(s));

	check_length(w, f, s, n, f->min, f->max);
	if (f->matches != NULL && !f->matches(s))
		violation(w, f, s, "Member must satisfy regular expression pattern: %s", f->pattern);
	if (f->values != NULL)
		check_enum(w, f, s);
}

static void
check_number(struct walk *w, const struct field *f, int64_t v)
{
	char text[24];
	struct str shown;

	snprintf(text, sizeof(text), "%lld", (long long)v);
	shown = str_of(text);
	if (f->max != 0 && v > f->max)
		violation(w, f, shown, "Member must have value less than or equal to %lld",
		    (long long)f->max);
	if (f->max != 0 && v < f->min)
		violation(w, f, shown, "Member must have value greater than or equal to %lld",
		    (long long)f->min);
}

static struct str
shown_list(struct walk *w, const struct str_list *l)
{
	AUTO_BUF b = BUF_INIT;

	buf_c(&b, '[');
	for (size_t i = 0; i < l->n; i++) {
		if (i > 0)
			buf_z(&b, ", ");
		buf_str(&b, l->v[i]);
	}
	buf_c(&b, ']');
	return arena_str(w->a, buf_view(&b));
}

static void
check_string_list(struct walk *w, const struct field *f, const struct str_list *l)
{
	struct field element = { .name = f->name, .type = FIELD_STRING, .min = f->element_min,
		.max = f->element_max, .pattern = f->element_pattern,
		.matches = f->element_matches, .sensitive = f->sensitive };

	check_length(w, f, shown_list(w, l), (int64_t)l->n, f->min, f->max);
	for (size_t i = 0; i < l->n; i++) {
		size_t was = path_push_index(w, i);

		check_string(w, &element, l->v[i]);
		w->path.n = was;
	}
}

static void check_members(struct walk *w, const struct field *f, const void *in);

static void
check_struct_list(struct walk *w, const struct field *f, const struct struct_list *l)
{
	check_length(w, f, STR_LIT("[]"), (int64_t)l->n, f->min, f->max);
	for (size_t i = 0; i < l->n; i++) {
		size_t was = path_push_index(w, i);

		check_members(w, f->sub, (const char *)l->v + i * f->sub_size);
		w->path.n = was;
	}
}

/* True when the member was given; checks it if so. */
static bool
check_present(struct walk *w, const struct field *f, const void *at)
{
	const struct str *s = at;
	const struct opt_int *n = at;
	const struct str_list *strings = at;
	const struct struct_list *structs = at;
	void *const *sub = at;

	switch (f->type) {
	case FIELD_STRING:
	case FIELD_BLOB:
		if (s->p != NULL)
			check_string(w, f, *s);
		return s->p != NULL;
	case FIELD_BOOL:
		return ((const struct opt_bool *)at)->set;
	case FIELD_INTEGER:
	case FIELD_LONG:
		if (n->set)
			check_number(w, f, n->value);
		return n->set;
	case FIELD_STRING_LIST:
		if (strings->set)
			check_string_list(w, f, strings);
		return strings->set;
	case FIELD_STRUCT_LIST:
		if (structs->set)
			check_struct_list(w, f, structs);
		return structs->set;
	case FIELD_STRING_MAP:
		return structs->set;
	case FIELD_STRUCT:
		if (*sub != NULL)
			check_members(w, f->sub, *sub);
		return *sub != NULL;
	}
	return false;
}

static void
check_members(struct walk *w, const struct field *f, const void *in)
{
	for (; f->name != NULL; f++) {
		size_t was = path_push(w, f->name);

		if (!check_present(w, f, member_at(in, f)) && f->required)
			missing(w);
		w->path.n = was;
	}
}

static size_t
struct_size(const struct field *f)
{
	while (f->name != NULL)
		f++;
	return f->sub_size;
}

/* Values are shown whole, so the text may be longer than an err holds. */
static void
refuse(struct arena *a, const struct walk *w, struct err *e)
{
	AUTO_BUF b = BUF_INIT;
	struct str text;

	buf_printf(&b, "%d validation error%s detected: ", w->count, w->count > 1 ? "s" : "");
	buf_str(&b, buf_view(&w->violations));
	text = arena_str(a, buf_view(&b));
	err_set(e, ERR_VALIDATION, "%.512s", text.p);
	e->text = text.p;
	e->text_len = text.n;
}

bool
fields_decode(struct arena *a, const struct field *f, const json_t *body, void **out,
    struct err *e)
{
	struct walk w = { .a = a };
	void *in = arena_alloc(a, struct_size(f));

	if (!json_is_object(body))
		return err_set(e, ERR_SERIALIZATION, "Unable to parse the request body.");
	if (!decode_members(a, f, in, body, e))
		return false;
	check_members(&w, f, in);
	if (w.count > 0)
		refuse(a, &w, e);
	buf_free(&w.path);
	buf_free(&w.violations);
	*out = in;
	return w.count == 0;
}

/* ---- the audit view */

static void audit_members(const struct field *f, const void *in, struct jsonw *w);

static void
audit_key(const struct field *f, struct jsonw *w)
{
	char name[64];

	snprintf(name, sizeof(name), "%c%s", lower_first(f->name[0]), f->name + 1);
	jsonw_key(w, name);
}

static void
audit_lists(const struct field *f, const void *at, struct jsonw *w)
{
	const struct str_list *strings = at;
	const struct struct_list *structs = at;

	jsonw_open_list(w);
	if (f->type == FIELD_STRING_LIST) {
		for (size_t i = 0; i < strings->n; i++)
			jsonw_str(w, strings->v[i]);
	} else {
		for (size_t i = 0; i < structs->n; i++) {
			jsonw_open(w);
			audit_members(f->sub, (const char *)structs->v + i * f->sub_size, w);
			jsonw_close(w);
		}
	}
	jsonw_close_list(w);
}

static bool
is_given(const struct field *f, const void *at)
{
	switch (f->type) {
	case FIELD_STRING:
	case FIELD_BLOB: return ((const struct str *)at)->p != NULL;
	case FIELD_BOOL: return ((const struct opt_bool *)at)->set;
	case FIELD_INTEGER:
	case FIELD_LONG: return ((const struct opt_int *)at)->set;
	case FIELD_STRING_LIST: return ((const struct str_list *)at)->set;
	case FIELD_STRUCT_LIST:
	case FIELD_STRING_MAP: return ((const struct struct_list *)at)->set;
	case FIELD_STRUCT: return *(void *const *)at != NULL;
	}
	return false;
}

static void
audit_members(const struct field *f, const void *in, struct jsonw *w)
{
	for (; f->name != NULL; f++) {
		const void *at = member_at(in, f);

		if (f->hidden || f->sensitive || f->type == FIELD_BLOB ||
		    f->type == FIELD_STRING_MAP || !is_given(f, at))
			continue;
		audit_key(f, w);
		if (f->type == FIELD_STRING) {
			jsonw_str(w, *(const struct str *)at);
		} else if (f->type == FIELD_BOOL) {
			jsonw_bool(w, ((const struct opt_bool *)at)->value);
		} else if (f->type == FIELD_INTEGER || f->type == FIELD_LONG) {
			jsonw_int(w, ((const struct opt_int *)at)->value);
		} else if (f->type == FIELD_STRUCT) {
			jsonw_open(w);
			audit_members(f->sub, *(void *const *)at, w);
			jsonw_close(w);
		} else {
			audit_lists(f, at, w);
		}
	}
}

void
fields_audit(const struct field *f, const void *input, struct jsonw *w)
{
	size_t before = w->b->n;

	jsonw_open(w);
	audit_members(f, input, w);
	jsonw_close(w);
	if (w->b->n == before + 2) {	/* nothing was given */
		w->b->n = before;
		buf_z(w->b, "null");
	}
}
