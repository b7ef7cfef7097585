/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.h - answers for people (tables) and for programs (--json).
 * What comes from functions, names and labels may hold anything: control characters are shown as
 * \xNN, so that no text plays with the reader's terminal.
 */
#pragma once
#include "base/cleanup.h"
#include "base/json.h"

struct table {
	struct arena *arena;
	const char *const *heads;	/* NULL: none */
	size_t columns;
	const char *indent;
	/* private: */
	struct table_row *first, **last, *filling;
	size_t at;			/* the next cell's column */
};

/* heads may be NULL. Borrows everything. */
void table_init(struct table *t, struct arena *a, const char *indent, const char *const *heads,
    size_t columns);
/* The next cell; a row is full after `columns` of them. The text is made printable. */
void table_add(struct table *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A line of its own between rows, further in than they are. */
void table_note(struct table *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Columns as wide as their widest cell, two blanks between them, none at the end of a line. */
void table_write(const struct table *t, struct buf *out);

/* Control characters, DEL and bytes that are no UTF-8 become \xNN, tabs become blanks. */
char *printable(struct arena *a, struct str s);
/* At most `max` code points; "..." tells that some were cut off. */
char *shortened(struct arena *a, const char *z, size_t max);

/* "2026-03-01T12:00:00Z", or "-" for 0. */
char *time_text(struct arena *a, int64_t ms);
/* Members of an answer. */
int64_t member_ms(const json_t *v, const char *key);	/* epoch seconds; 0 when absent */
char *member_text(struct arena *a, const json_t *v, const char *key);	/* "" when absent */

/* Both end in a newline. */
void print_json(const json_t *v);
void print_buf(const struct buf *b);
