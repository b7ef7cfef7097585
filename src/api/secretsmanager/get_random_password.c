/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GetRandomPassword (spec/api.md section 7): one character of each required class, the rest from
 * the union, then a uniform shuffle; every draw without modulo bias. A space is never required.
 */
#include "api/secretsmanager/fields.h"
#include "api/secretsmanager/ops.h"
#include "crypto/random.h"

#define DEFAULT_LENGTH 32
#define CLASS_COUNT 4

struct random_password_input {
	struct opt_int password_length;
	struct str exclude_characters;
	struct opt_bool exclude_numbers, exclude_punctuation, exclude_uppercase, exclude_lowercase,
	    include_space, require_each_included_type;
};

const struct field get_random_password_fields[] = {
	{ "PasswordLength", FIELD_LONG, AT(struct random_password_input, password_length),
	  .min = 1, .max = 4096 },
	{ "ExcludeCharacters", FIELD_STRING, AT(struct random_password_input, exclude_characters),
	  .max = 4096 },
	{ "ExcludeNumbers", FIELD_BOOL, AT(struct random_password_input, exclude_numbers) },
	{ "ExcludePunctuation", FIELD_BOOL, AT(struct random_password_input, exclude_punctuation) },
	{ "ExcludeUppercase", FIELD_BOOL, AT(struct random_password_input, exclude_uppercase) },
	{ "ExcludeLowercase", FIELD_BOOL, AT(struct random_password_input, exclude_lowercase) },
	{ "IncludeSpace", FIELD_BOOL, AT(struct random_password_input, include_space) },
	{ "RequireEachIncludedType", FIELD_BOOL, AT(struct random_password_input,
	  require_each_included_type) },
	FIELD_END(struct random_password_input)
};

struct pool {
	char p[128];
	uint32_t n;
};

static void
add_allowed(struct pool *pool, const char *characters, struct str excluded)
{
	for (; *characters != '\0'; characters++) {
		if (excluded.n == 0 || memchr(excluded.p, *characters, excluded.n) == NULL)
			pool->p[pool->n++] = *characters;
	}
}

static char
draw(const struct pool *pool)
{
	return pool->p[random_below(pool->n)];
}

static void
shuffle(char *p, uint32_t n)
{
	for (uint32_t i = n; i > 1; i--) {
		uint32_t k = random_below(i);
		char c = p[i - 1];

		p[i - 1] = p[k];
		p[k] = c;
	}
}

/* Fills `classes` with what is left of each included class and gives their number. */
static size_t
included_classes(const struct random_password_input *in, struct pool classes[CLASS_COUNT])
{
	const struct { bool is_excluded; const char *characters; } all[CLASS_COUNT] = {
		{ in->exclude_lowercase.value, "abcdefghijklmnopqrstuvwxyz" },
		{ in->exclude_uppercase.value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ" },
		{ in->exclude_numbers.value, "0123456789" },
		{ in->exclude_punctuation.value, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~" },
	};
	size_t n = 0;

	for (size_t i = 0; i < CLASS_COUNT; i++) {
		if (!all[i].is_excluded)
			add_allowed(&classes[n++], all[i].characters, in->exclude_characters);
	}
	return n;
}

bool
get_random_password(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	const struct random_password_input *in = input;
	bool require = !in->require_each_included_type.set || in->require_each_included_type.value;
	uint32_t length = in->password_length.set ? (uint32_t)in->password_length.value :
	    DEFAULT_LENGTH, at = 0;
	struct pool classes[CLASS_COUNT] = { 0 }, all = { .n = 0 };
	size_t n = included_classes(in, classes);
	char *password = arena_alloc(ctx->cat.arena, length);

	for (size_t i = 0; i < n; i++) {
		if (require && classes[i].n == 0)
			return err_set(e, ERR_INVALID_PARAMETER, MSG_PW2);
		memcpy(all.p + all.n, classes[i].p, classes[i].n);
		all.n += classes[i].n;
	}
	if (require && n > length)
		return err_set(e, ERR_INVALID_PARAMETER, MSG_PW1);
	if (in->include_space.value)
		add_allowed(&all, " ", in->exclude_characters);
	if (all.n == 0)
		return err_set(e, ERR_INVALID_PARAMETER, MSG_PW3);
	for (size_t i = 0; require && i < n; i++)
		password[at++] = draw(&classes[i]);
	while (at < length)
		password[at++] = draw(&all);
	shuffle(password, length);
	jsonw_open(out);
	jsonw_kstr(out, "RandomPassword", (struct str){ password, length });
	jsonw_close(out);
	return true;
}
