/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

struct table_row {
	struct table_row *next;
	char *note;		/* NULL: cells */
	char **cells;
};

/* ---- text */

static bool
is_plain(unsigned char c, bool is_utf8)
{
	return c >= 0x20 && c != 0x7f && (c < 0x80 || is_utf8);
}

/* C1 controls (U+0080..U+009F) are two bytes of valid UTF-8, and some terminals obey them. */
static bool
is_c1(struct str s, size_t i)
{
	return i + 1 < s.n && (unsigned char)s.p[i] == 0xc2 && (unsigned char)s.p[i + 1] < 0xa0;
}

char *
printable(struct arena *a, struct str s)
{
	bool is_utf8 = str_is_utf8(s);
	AUTO_BUF b = BUF_INIT;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (is_utf8 && is_c1(s, i))
			buf_printf(&b, "\\x%02x", (unsigned char)s.p[++i]);
		else if (c == '\t')
			buf_c(&b, ' ');
		else if (is_plain(c, is_utf8))
			buf_c(&b, (char)c);
		else
			buf_printf(&b, "\\x%02x", c);
	}
	return arena_strz(a, buf_view(&b));
}

char *
shortened(struct arena *a, const char *z, size_t max)
{
	struct str s = str_of(z);

	if (max < 4 || str_code_points(s) <= max)
		return arena_strdup(a, z);
	while (str_code_points(s) > max - 3) {
		s.n--;
		while (s.n > 0 && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
			s.n--;
	}
	return arena_printf(a, STR_FMT "...", STR_ARG(s));
}

/* ---- tables */

void
table_init(struct table *t, struct arena *a, const char *indent, const char *const *heads,
    size_t columns)
{
	*t = (struct table){ .arena = a, .heads = heads, .columns = columns, .indent = indent };
	t->last = &t->first;
}

static char *
formatted(struct arena *a, const char *fmt, va_list ap)
{
	AUTO_BUF b = BUF_INIT;
	char *raw = NULL;
	int n = vasprintf(&raw, fmt, ap);

	if (n > 0)
		buf_add(&b, raw, (size_t)n);
	if (n >= 0)
		free(raw);
	return printable(a, buf_view(&b));
}

static struct table_row *
new_row(struct table *t)
{
	struct table_row *r = arena_new_of(t->arena, struct table_row);

	*t->last = r;
	t->last = &r->next;
	return r;
}

void
table_add(struct table *t, const char *fmt, ...)
{
	va_list ap;

	if (t->at == 0) {
		t->filling = new_row(t);
		t->filling->cells = arena_array(t->arena, char *, t->columns);
	}
	va_start(ap, fmt);
	t->filling->cells[t->at] = formatted(t->arena, fmt, ap);
	va_end(ap);
	t->at = (t->at + 1) % t->columns;
}

void
table_note(struct table *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	new_row(t)->note = formatted(t->arena, fmt, ap);
	va_end(ap);
}

static size_t
width_of(const char *cell)
{
	return cell == NULL ? 0 : str_code_points(str_of(cell));
}

static void
measure(const struct table *t, size_t *widths)
{
	for (size_t i = 0; i < t->columns; i++)
		widths[i] = t->heads == NULL ? 0 : width_of(t->heads[i]);
	for (const struct table_row *r = t->first; r != NULL; r = r->next) {
		for (size_t i = 0; r->note == NULL && i < t->columns; i++) {
			if (width_of(r->cells[i]) > widths[i])
				widths[i] = width_of(r->cells[i]);
		}
	}
}

static void
write_line(const struct table *t, const char *const *cells, const size_t *widths, struct buf *out)
{
	size_t pending = 0;	/* blanks, written only when something follows them */

	buf_z(out, t->indent);
	for (size_t i = 0; i < t->columns; i++) {
		const char *cell = cells[i] == NULL ? "" : cells[i];

		for (; *cell != '\0' && pending > 0; pending--)
			buf_c(out, ' ');
		buf_z(out, cell);
		pending += widths[i] - width_of(cell) + 2;
	}
	buf_c(out, '\n');
}

void
table_write(const struct table *t, struct buf *out)
{
	size_t *widths = arena_array(t->arena, size_t, t->columns);

	measure(t, widths);
	if (t->heads != NULL)
		write_line(t, t->heads, widths, out);
	for (const struct table_row *r = t->first; r != NULL; r = r->next) {
		if (r->note != NULL)
			buf_printf(out, "%s    %s\n", t->indent, r->note);
		else
			write_line(t, (const char *const *)r->cells, widths, out);
	}
}

/* ---- members */

int64_t
member_ms(const json_t *v, const char *key)
{
	return llround(json_number_value(json_object_get(v, key)) * 1000);
}

char *
member_text(struct arena *a, const json_t *v, const char *key)
{
	struct str s = json_member_str(v, key);

	return s.p == NULL ? arena_strdup(a, "") : printable(a, s);
}

char *
time_text(struct arena *a, int64_t ms)
{
	char iso[21];

	if (ms == 0)
		return arena_strdup(a, "-");
	time_format_iso(ms / 1000, iso);
	return arena_strdup(a, iso);
}

/* ---- printing */

void
print_json(const json_t *v)
{
	json_dumpf(v, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
	putchar('\n');
}

void
print_buf(const struct buf *b)
{
	fwrite(buf_view(b).p, 1, b->n, stdout);
}
