/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.c - fuzz target of src/api/field.c and base/json.c over the field table of every
 * operation. Input: a byte that chooses the operation, then the request's body.
 * What is accepted, written again from the decoded members, decodes to the same; its audit view is
 * JSON; the rules that need only the request run over it. What is refused says why.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/lambda/ops.h"
#include "api/secretsmanager/table.h"
#include "base/codec.h"

struct subject {
	const struct field *fields;
	bool (*check)(struct op_ctx *ctx, const void *input, struct err *e);
};

static const struct subject lambda_subjects[] = {
	{ create_function_fields, NULL }, { update_function_code_fields, NULL },
	{ update_function_configuration_fields, NULL }, { add_permission_fields, NULL },
	{ publish_version_fields, NULL }, { put_function_concurrency_fields, NULL },
	{ tag_function_fields, NULL },
};
#define LAMBDA_COUNT (sizeof(lambda_subjects) / sizeof(lambda_subjects[0]))

/* Not assert(): the oracle must hold in every build. */
static void
must(bool holds)
{
	if (!holds)
		abort();
}

static struct subject
subject_of(uint8_t byte)
{
	size_t n = secretsmanager_service.op_count, i = byte % (n + LAMBDA_COUNT);

	if (i >= n)
		return lambda_subjects[i - n];
	return (struct subject){ secretsmanager_ops[i].input, secretsmanager_ops[i].check };
}

/* ---- decoded members as JSON again */

static void write_members(const struct field *f, const void *in, struct jsonw *w);

static void
write_list(const struct field *f, const void *at, struct jsonw *w)
{
	const struct str_list *strings = at;
	const struct struct_list *structs = at;

	jsonw_open_list(w);
	for (size_t i = 0; f->type == FIELD_STRING_LIST && i < strings->n; i++)
		jsonw_str(w, strings->v[i]);
	for (size_t i = 0; f->type == FIELD_STRUCT_LIST && i < structs->n; i++)
		write_members(f->sub, (const char *)structs->v + i * f->sub_size, w);
	jsonw_close_list(w);
}

static void
write_map(const struct struct_list *l, struct jsonw *w)
{
	const struct map_entry *entries = l->v;

	jsonw_open(w);
	for (size_t i = 0; i < l->n; i++) {
		jsonw_key_str(w, entries[i].key);
		jsonw_str(w, entries[i].value);
	}
	jsonw_close(w);
}

static void
write_member(const struct field *f, const void *at, struct jsonw *w)
{
	const struct str *s = at;

	switch (f->type) {
	case FIELD_STRING: jsonw_str(w, *s); break;
	case FIELD_BLOB: jsonw_base64(w, s->p, s->n); break;
	case FIELD_BOOL: jsonw_bool(w, ((const struct opt_bool *)at)->value); break;
	case FIELD_INTEGER:
	case FIELD_LONG: jsonw_int(w, ((const struct opt_int *)at)->value); break;
	case FIELD_STRING_LIST:
	case FIELD_STRUCT_LIST: write_list(f, at, w); break;
	case FIELD_STRUCT: write_members(f->sub, *(void *const *)at, w); break;
	case FIELD_STRING_MAP: write_map(at, w); break;
	}
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
	case FIELD_STRUCT: return *(void *const *)at != NULL;
	case FIELD_STRUCT_LIST:
	case FIELD_STRING_MAP: return ((const struct struct_list *)at)->set;
	}
	abort();
}

static void
write_members(const struct field *f, const void *in, struct jsonw *w)
{
	jsonw_open(w);
	for (; f->name != NULL; f++) {
		const void *at = (const char *)in + f->at;

		if (!is_given(f, at))
			continue;
		jsonw_key(w, f->name);
		write_member(f, at, w);
	}
	jsonw_close(w);
}

static json_t *
must_parse(struct arena *a, struct str text)
{
	struct err e;
	json_t *doc = json_parse(a, text, 0, &e);

	must(doc != NULL);
	return doc;
}

/* ---- the oracles */

static void
check_refusal(const struct err *e)
{
	struct str text = err_text(e);
	unsigned sum = 0;

	must(e->code == ERR_SERIALIZATION || e->code == ERR_VALIDATION);
	must(text.n > 0);
	for (size_t i = 0; i < text.n; i++)
		sum += (unsigned char)text.p[i];
	must(sum > 0);
}

static void
check_round_trip(struct arena *a, const struct field *f, const void *in)
{
	AUTO_BUF first = BUF_INIT, second = BUF_INIT;
	struct jsonw w = jsonw_on(&first), w2 = jsonw_on(&second);
	struct err e;
	void *again;

	write_members(f, in, &w);
	must(fields_decode(a, f, must_parse(a, buf_view(&first)), &again, &e));
	write_members(f, again, &w2);
	must(str_eq(buf_view(&first), buf_view(&second)));
}

static void
check_audit(struct arena *a, const struct field *f, const void *in)
{
	AUTO_BUF b = BUF_INIT;
	struct jsonw w = jsonw_on(&b);

	fields_audit(f, in, &w);
	(void)must_parse(a, buf_view(&b));
}

static void
check_rules(struct arena *a, const struct subject *s, const void *in)
{
	struct op_ctx ctx = { .cat.arena = a, .account = STR_LIT("123456789012"),
		.region = STR_LIT("eu-west-1") };
	struct err e = { .code = ERR_NONE };

	if (s->check != NULL && !s->check(&ctx, in, &e))
		must(e.code != ERR_NONE && e.code != ERR_INTERNAL && err_text(&e).n > 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	json_setup();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) *a = arena_new();
	struct subject s;
	struct err e = { .code = ERR_NONE };
	json_t *doc;
	void *in;

	if (size == 0)
		return 0;
	s = subject_of(data[0]);
	if (s.fields == NULL)
		return 0;
	doc = json_parse(a, (struct str){ (const char *)data + 1, size - 1 }, 0, &e);
	if (doc == NULL || !fields_decode(a, s.fields, doc, &in, &e)) {
		check_refusal(&e);
		return 0;
	}
	check_round_trip(a, s.fields, in);
	check_audit(a, s.fields, in);
	check_rules(a, &s, in);
	return 0;
}
