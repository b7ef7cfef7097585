/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - one connection to a MySQL or MariaDB server, bounded in time: 5 s to connect, 15 s
 * for an answer (spec/rotation.md 3.7). Statements are never logged and never appear in an err.
 */
#pragma once
#include <mysql.h>

#include "base/cleanup.h"
#include "rotators/rotation.h"

struct session;

enum login session_open(
    struct arena *a, const struct account *who, struct session **out, struct err *e);
void session_close(struct session *s);

bool session_is_mariadb(const struct session *s);
/* MySQL's version as 80036, MariaDB's as 101119. */
unsigned long session_version(const struct session *s);
/* The error number of the statement that failed last. */
unsigned int session_errno(const struct session *s);

MUST_CHECK bool session_run(struct session *s, const char *sql, struct err *e);
/* All rows; the caller frees them with mysql_free_result. NULL on failure. */
MUST_CHECK MYSQL_RES *session_query(struct session *s, const char *sql, struct err *e);
/* The first column of the first row, "" for NULL or no row. */
MUST_CHECK const char *session_text(
    struct session *s, struct arena *a, const char *sql, struct err *e);
/* Fails as transient when the server takes no writes. */
MUST_CHECK bool session_check_writable(struct session *s, struct arena *a, struct err *e);

/* 'text' with its quotes, and 'user'@'host'. In the arena, wiped with it. */
const char *session_quote(struct session *s, struct arena *a, const char *text);
const char *session_account(struct session *s, struct arena *a, const char *user, const char *host);

static inline void
auto_mysql_res(MYSQL_RES **r)
{
	mysql_free_result(*r);
}
#define AUTO_MYSQL_RES __attribute__((cleanup(auto_mysql_res))) MYSQL_RES
