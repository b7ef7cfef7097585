/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *type;
	int status;
	const char *text_key;
} codes[] = {
	[ERR_NONE] = { "None", 200, "Message" },
#define X(code, type, status, key) [code] = { type, status, key },
	ERR_CODES(X)
#undef X
};

/* Cuts a text that did not fit at a code point, so that an answer stays valid UTF-8. */
static void
cut_at_code_point(char *s, size_t cap)
{
	size_t n = strnlen(s, cap);

	if (n + 1 < cap)
		return;
	while (n > 0 && ((unsigned char)s[n - 1] & 0xc0) == 0x80)
		n--;
	if (n > 0 && (unsigned char)s[n - 1] >= 0xc0)
		n--;
	s[n] = '\0';
}

bool
err_set_at(struct err *e, const char *at, enum err_code code, int sys, const char *fmt, ...)
{
	va_list ap;

	e->code = code;
	e->sys = sys;
	e->at = at;
	e->text = NULL;
	e->detail[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	cut_at_code_point(e->msg, sizeof(e->msg));
	if (sys != 0)
		snprintf(e->detail, sizeof(e->detail), "%s", strerror(sys));
	return false;
}

bool
err_internal_at(struct err *e, const char *at, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	e->code = code;
	e->sys = 0;
	e->at = at;
	e->text = NULL;
	snprintf(e->msg, sizeof(e->msg), "An internal service error occurred.");
	va_start(ap, fmt);
	vsnprintf(e->detail, sizeof(e->detail), fmt, ap);
	va_end(ap);
	return false;
}

bool
err_prefix(struct err *e, const char *fmt, ...)
{
	char *text = e->code == ERR_CONFIG ? e->msg : e->detail;
	size_t cap = e->code == ERR_CONFIG ? sizeof(e->msg) : sizeof(e->detail);
	char old[sizeof(e->msg)], head[256];
	va_list ap;

	memcpy(old, text, cap);
	va_start(ap, fmt);
	vsnprintf(head, sizeof(head), fmt, ap);
	va_end(ap);
	snprintf(text, cap, "%s: %.*s", head, (int)(cap - strlen(head) - 3), old);
	return false;
}

void
err_clear(struct err *e)
{
	e->code = ERR_NONE;
	e->sys = 0;
	e->at = NULL;
	e->text = NULL;
	e->msg[0] = e->detail[0] = '\0';
}

const char *
err_type(enum err_code code)
{
	return codes[code].type;
}

int
err_status(enum err_code code)
{
	return codes[code].status;
}

const char *
err_text_key(enum err_code code)
{
	return codes[code].text_key;
}

struct str
err_text(const struct err *e)
{
	if (e->text != NULL)
		return (struct str){ e->text, e->text_len };
	return str_of(e->msg);
}
