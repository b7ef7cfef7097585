/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - one connection to a PostgreSQL server, bounded in time: 5 s to connect, 15 s for a
 * statement (spec/rotation.md 3.7). Statements are never logged and never appear in an err; what
 * the server says about them does, with its SQLSTATE.
 */
#pragma once
#include <libpq-fe.h>

#include "base/cleanup.h"
#include "rotators/rotation.h"

struct session;

enum login session_open(
    struct arena *a, const struct account *who, struct session **out, struct err *e);
void session_close(struct session *s);
/* For PQescapeIdentifier and PQencryptPasswordConn. */
PGconn *session_conn(const struct session *s);
/* The SQLSTATE of the statement that failed last, "" when the server said nothing. */
const char *session_sqlstate(const struct session *s);

/* Statements without rows. */
MUST_CHECK bool session_run(struct session *s, const char *sql, struct err *e);
/* A query whose $1, $2 are text; the caller clears the result. NULL on failure. */
MUST_CHECK PGresult *session_query(struct session *s, const char *sql, const char *const *params,
    int n, struct err *e);
/* The first column of the first row, "" for null or no row. */
MUST_CHECK const char *session_text(struct session *s, struct arena *a, const char *sql,
    const char *const *params, int n, struct err *e);
/* Begins a transaction that the server itself bounds in time and in which names mean pg_catalog's
 * only, whatever the logged-in role's settings say. */
MUST_CHECK bool session_begin(struct session *s, struct err *e);
MUST_CHECK bool session_commit(struct session *s, struct err *e);

/* Quoted for a statement; NULL with `e` set when the text is not valid in the connection's
 * encoding. In the arena, wiped with it. */
const char *session_identifier(struct session *s, struct arena *a, const char *name, struct err *e);
const char *session_literal(struct session *s, struct arena *a, const char *text, struct err *e);

static inline void
auto_pgresult(PGresult **r)
{
	PQclear(*r);
}
#define AUTO_PGRESULT __attribute__((cleanup(auto_pgresult))) PGresult
