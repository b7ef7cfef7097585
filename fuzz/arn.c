/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arn.c - fuzz target of secret_ref_parse and function_ref_parse: what clients name things by.
 * Input: the text. What is accepted can be put together again from its parts; what is refused says
 * one of the two things it may say (spec/api.md 3.2).
 */
#include <stdint.h>
#include <stdlib.h>

#include "catalog/function.h"
#include "catalog/messages.h"
#include "catalog/secret.h"

#define ACCOUNT STR_LIT("123456789012")
#define REGION STR_LIT("eu-west-1")

/* Not assert(): the oracle must hold in every build. */
static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
check_refusal(const struct err *e)
{
	must((e->code == ERR_VALIDATION && str_is(err_text(e), MSG_NAME)) ||
	    (e->code == ERR_NOT_FOUND && str_is(err_text(e), MSG_NF)));
}

static void
check_secret(struct str text)
{
	struct secret_ref r;
	struct err e = { .code = ERR_NONE };
	AUTO_BUF b = BUF_INIT;

	if (!secret_ref_parse(text, ACCOUNT, REGION, &r, &e)) {
		check_refusal(&e);
		return;
	}
	must(secret_name_check(r.name, &e));
	must(str_eq(r.region, REGION) && r.account.n == 12);
	if (!str_starts(text, "arn:")) {
		must(str_eq(r.name, text) && str_eq(r.account, ACCOUNT) && r.arn.p == NULL);
		return;
	}
	buf_printf(&b, "arn:aws:secretsmanager:" STR_FMT ":" STR_FMT ":secret:" STR_FMT,
	    STR_ARG(r.region), STR_ARG(r.account), STR_ARG(r.name));
	if (r.arn.p == NULL) {
		must(str_eq(buf_view(&b), text));
		return;
	}
	must(str_eq(r.arn, text) && text.n == b.n + 7 && text.p[b.n] == '-');
	must(str_eq(buf_view(&b), (struct str){ text.p, b.n }));
}

static bool
is_one_of_four(struct str text, const struct function_ref *r)
{
	AUTO_BUF tail = BUF_INIT, b = BUF_INIT;

	buf_str(&tail, r->name);
	if (r->qualifier.p != NULL) {
		buf_c(&tail, ':');
		buf_str(&tail, r->qualifier);
	}
	if (str_eq(text, buf_view(&tail)))
		return true;
	buf_printf(&b, STR_FMT ":function:" STR_FMT, STR_ARG(r->account),
	    STR_ARG(buf_view(&tail)));
	if (str_eq(text, buf_view(&b)))
		return true;
	buf_reset(&b);
	buf_printf(&b, ":lambda:" STR_FMT ":" STR_FMT ":function:" STR_FMT, STR_ARG(r->region),
	    STR_ARG(r->account), STR_ARG(buf_view(&tail)));
	return str_starts(text, "arn:aws") && text.n > b.n &&
	    str_eq(str_skip(text, text.n - b.n), buf_view(&b));
}

static void
check_function(struct str text)
{
	struct function_ref r;

	if (!function_ref_parse(text, ACCOUNT, REGION, &r))
		return;
	must(r.name.n > 0 && r.account.p != NULL && r.region.p != NULL);
	if (memchr(text.p, '\0', text.n) == NULL)	/* the model prints with %s */
		must(is_one_of_four(text, &r));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { size == 0 ? "" : (const char *)data, size };

	check_secret(text);
	check_function(text);
	return 0;
}
