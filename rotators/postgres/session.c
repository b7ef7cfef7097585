/* SPDX-License-Identifier: Apache-2.0 */
#include "rotators/postgres/session.h"

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "rotators/fault.h"

#define CONNECT_LIMIT_MS 5000
#define STATEMENT_LIMIT_MS 15000
#define SQLSTATE_LEN 5

struct session {
	PGconn *conn;
	char sqlstate[SQLSTATE_LEN + 1];
};

/* What a SQLSTATE means; the first row whose prefix fits. */
static const struct meaning {
	const char *prefix;
	enum fault fault;
	const char *advice;
} meanings[] = {
	{ "25", FAULT_TRANSIENT, "target is read-only (failover?)" },
	{ "08", FAULT_TRANSIENT, "connection lost" },
	{ "53", FAULT_TRANSIENT, "target is out of resources" },
	{ "55P03", FAULT_TRANSIENT, "a lock was not free in time" },
	{ "57", FAULT_TRANSIENT, "target is starting, stopping or cancelled the statement" },
	{ "40", FAULT_TRANSIENT, "another transaction interfered" },
	{ "42501", FAULT_PERMISSION, "permission is missing" },
	{ "3D000", FAULT_CONFIG, "dbname in secret JSON names no database" },
	{ "42704", FAULT_CONFIG, "no such role" },
	{ "", FAULT_FUNCTION, "target refused" },
};

static const struct meaning *
meaning_of(const char *sqlstate)
{
	const struct meaning *m = meanings;

	while (strncmp(sqlstate, m->prefix, strlen(m->prefix)) != 0)
		m++;
	return m;
}

/* ---- connecting */

/* A failed connection has no result to ask for the SQLSTATE; verbose messages carry it, as in
 * `FATAL:  28P01: password authentication failed`. NULL when the server said nothing. */
static const char *
find_sqlstate(const char *message)
{
	const char *at = message;

	while ((at = strstr(at, ":  ")) != NULL) {
		at += 3;
		if (strspn(at, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == SQLSTATE_LEN &&
		    at[SQLSTATE_LEN] == ':')
			return at;
	}
	return NULL;
}

/* libpq says a line per address it tried: the one that holds `at`, or all when `at` is NULL. */
static const char *
lines_of(struct arena *a, const char *message, const char *at)
{
	const char *from = at;
	char *all;

	while (from != NULL && from > message && from[-1] != '\n')
		from--;
	if (from != NULL)
		return arena_strz(a, (struct str){ from, strcspn(from, "\n") });
	all = arena_strdup(a, message);
	for (size_t n = strlen(all); n > 0 && all[n - 1] == '\n'; n--)
		all[n - 1] = '\0';
	for (char *p = all; *p != '\0'; p++) {
		if (*p == '\n')
			*p = ' ';
	}
	return all;
}

/* Waits until the socket is ready or the time is over. */
static bool
wait_socket(PGconn *conn, short events, int64_t until_ms)
{
	struct pollfd p = { .fd = PQsocket(conn), .events = events };
	int n;

	do {
		int64_t left = until_ms - monotonic_ms();

		if (left <= 0 || p.fd < 0)
			return false;
		n = poll(&p, 1, (int)left);
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

/* PQconnectdb with a limit that covers TLS and authentication too. */
static bool
finish_connecting(PGconn *conn, bool *is_late)
{
	int64_t until = monotonic_ms() + CONNECT_LIMIT_MS;
	PostgresPollingStatusType want = PGRES_POLLING_WRITING;

	while (want == PGRES_POLLING_READING || want == PGRES_POLLING_WRITING) {
		if (!wait_socket(conn, want == PGRES_POLLING_READING ? POLLIN : POLLOUT, until)) {
			*is_late = true;
			return false;
		}
		want = PQconnectPoll(conn);
	}
	return want == PGRES_POLLING_OK;
}

/* pawl.tls.serverName: the certificate's name differs from where the server is reached, so libpq
 * gets the name as host and the address apart. */
static bool
resolve(struct arena *a, const char *host, const char **out_address, struct err *e)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
	char address[NI_MAXHOST];
	int rc = getaddrinfo(host, NULL, &hints, &found);

	if (rc != 0)
		return fault_set(e, FAULT_TRANSIENT, "%s: %s", host, gai_strerror(rc));
	rc = getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof(address), NULL, 0,
	    NI_NUMERICHOST);
	freeaddrinfo(found);
	if (rc != 0)
		return fault_set(e, FAULT_TRANSIENT, "%s: %s", host, gai_strerror(rc));
	*out_address = arena_strdup(a, address);
	return true;
}

struct place {
	const char *host, *hostaddr, *port;	/* hostaddr may be NULL */
	bool is_list;
};

/* pawl.hosts: candidates of a failover pair, of which the one that takes writes is wanted (8.2). */
static bool
place_of_list(struct arena *a, const json_t *list, int port, struct place *out, struct err *e)
{
	AUTO_BUF hosts = BUF_INIT;
	AUTO_BUF ports = BUF_INIT;
	const json_t *item;
	size_t i;

	json_array_foreach((json_t *)list, i, item) {
		struct str rest = json_str(item), host = STR_NULL;

		if (!str_split(&rest, ':', &host) || host.n == 0 ||
		    memchr(host.p, ',', host.n) != NULL)
			return fault_set(
			    e, FAULT_CONFIG, "pawl.hosts is not a list of \"host:port\"");
		buf_printf(&hosts, "%s" STR_FMT, i > 0 ? "," : "", STR_ARG(host));
		buf_printf(&ports, "%s", i > 0 ? "," : "");
		if (rest.p == NULL)
			buf_printf(&ports, "%d", port);
		else
			buf_str(&ports, rest);
	}
	*out = (struct place){ .host = arena_strz(a, buf_view(&hosts)),
		.port = arena_strz(a, buf_view(&ports)), .is_list = true };
	return true;
}

static bool
place_of(struct arena *a, const struct account *who, struct place *out, struct err *e)
{
	const json_t *list = json_object_get(who->options, "hosts");

	if (json_array_size(list) > 0)
		return place_of_list(a, list, who->port, out, e);
	*out = (struct place){ .host = who->host, .port = arena_printf(a, "%d", who->port) };
	if (!who->tls.on || who->tls.server_name == NULL)
		return true;
	out->host = who->tls.server_name;
	return resolve(a, who->host, &out->hostaddr, e);
}

static PGconn *
start_connecting(const struct account *who, const struct place *at)
{
	const struct tls_choice *t = &who->tls;
	const struct { const char *key, *value; } options[] = {
		{ "host", at->host },
		{ "hostaddr", at->hostaddr },
		{ "port", at->port },
		{ "dbname", who->dbname != NULL ? who->dbname : "postgres" },
		{ "user", who->username },
		{ "password", who->password },
		{ "sslmode", t->on ? "verify-full" : "disable" },
		{ "sslrootcert", t->ca_file },
		{ "sslcert", t->cert_file },
		{ "sslkey", t->key_file },
		{ "ssl_min_protocol_version", t->min_version },
		{ "target_session_attrs", at->is_list ? "read-write" : NULL },
		{ "gssencmode", "disable" },
		{ "client_encoding", "UTF8" },
		{ "application_name", "pawl-rotate-postgres" },
		{ "tcp_user_timeout", "15000" },
	};
	const char *keys[sizeof(options) / sizeof(options[0]) + 1] = { NULL };
	const char *values[sizeof(options) / sizeof(options[0]) + 1] = { NULL };
	size_t n = 0;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (options[i].value == NULL)
			continue;
		keys[n] = options[i].key;
		values[n++] = options[i].value;
	}
	return PQconnectStartParams(keys, values, 0);
}

/* Class 28 says that the server looked at the credential and turned it down; everything else says
 * nothing about the credential. */
static enum login
why_refused(struct arena *a, PGconn *conn, struct err *e)
{
	const char *sqlstate = find_sqlstate(PQerrorMessage(conn));
	const char *text = lines_of(a, PQerrorMessage(conn), sqlstate);
	const struct meaning *m;

	if (sqlstate != NULL && strncmp(sqlstate, "28", 2) == 0) {
		fault_set(e, FAULT_FUNCTION, "%s", text);
		return LOGIN_REJECTED;
	}
	m = meaning_of(sqlstate == NULL ? "" : sqlstate);
	if (sqlstate != NULL)
		fault_set(e, m->fault, "%s: %s", m->advice, text);
	else
		fault_set(e, FAULT_TRANSIENT, "%s%s", text,
		    strstr(text, "does not support SSL") == NULL
			? ""
			: "; \"ssl\": false in the secret allows a plain connection");
	return LOGIN_FAILED;
}

enum login
session_open(struct arena *a, const struct account *who, struct session **out, struct err *e)
{
	struct session *s;
	struct place at;
	bool is_late = false;
	enum login got;
	PGconn *conn;

	if (!place_of(a, who, &at, e))
		return LOGIN_FAILED;
	conn = start_connecting(who, &at);
	if (conn == NULL) {
		fault_set(e, FAULT_FUNCTION, "libpq is out of memory");
		return LOGIN_FAILED;
	}
	PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
	if (PQstatus(conn) == CONNECTION_BAD || !finish_connecting(conn, &is_late)) {
		got = why_refused(a, conn, e);
		if (is_late)
			fault_set(e, FAULT_TRANSIENT, "no answer from %s port %s within %d s",
			    at.host, at.port, CONNECT_LIMIT_MS / 1000);
		PQfinish(conn);
		return got;
	}
	PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
	s = xcalloc(1, sizeof(*s));
	s->conn = conn;
	*out = s;
	return LOGIN_OK;
}

void
session_close(struct session *s)
{
	if (s == NULL)
		return;
	PQfinish(s->conn);
	free(s);
}

PGconn *
session_conn(const struct session *s)
{
	return s->conn;
}

const char *
session_sqlstate(const struct session *s)
{
	return s->sqlstate;
}

/* ---- statements */

static bool
statement_failed(struct session *s, const PGresult *r, struct err *e)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	const struct meaning *m;

	snprintf(s->sqlstate, sizeof(s->sqlstate), "%s", state == NULL ? "" : state);
	if (state == NULL)
		return fault_set(e, FAULT_TRANSIENT, "connection lost: %.*s",
		    (int)strcspn(PQerrorMessage(s->conn), "\n"), PQerrorMessage(s->conn));
	m = meaning_of(state);
	return fault_set(
	    e, m->fault, "%s: %s (SQLSTATE %s)", m->advice, text == NULL ? "" : text, state);
}

/* The last result of what was sent, or NULL when the time is over. */
static PGresult *
await_result(struct session *s, int64_t until_ms)
{
	PGresult *last = NULL, *r;

	for (;;) {
		while (PQisBusy(s->conn)) {
			if (!wait_socket(s->conn, POLLIN, until_ms) || !PQconsumeInput(s->conn)) {
				PQclear(last);
				return NULL;
			}
		}
		r = PQgetResult(s->conn);
		if (r == NULL)
			return last;
		PQclear(last);
		last = r;
	}
}

PGresult *
session_query(struct session *s, const char *sql, const char *const *params, int n, struct err *e)
{
	PGresult *r = NULL;
	int sent;

	s->sqlstate[0] = '\0';
	sent = n == 0 ? PQsendQuery(s->conn, sql) :
	    PQsendQueryParams(s->conn, sql, n, NULL, params, NULL, NULL, 0);
	if (sent)
		r = await_result(s, monotonic_ms() + STATEMENT_LIMIT_MS + 1000);
	if (r == NULL) {
		fault_set(e, FAULT_TRANSIENT, "connection lost, or no answer within %d s",
		    STATEMENT_LIMIT_MS / 1000);
		return NULL;
	}
	if (PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK)
		return r;
	statement_failed(s, r, e);
	PQclear(r);
	return NULL;
}

bool
session_run(struct session *s, const char *sql, struct err *e)
{
	AUTO_PGRESULT *r = session_query(s, sql, NULL, 0, e);

	return r != NULL;
}

const char *
session_text(struct session *s, struct arena *a, const char *sql, const char *const *params, int n,
    struct err *e)
{
	AUTO_PGRESULT *r = session_query(s, sql, params, n, e);

	if (r == NULL)
		return NULL;
	if (PQntuples(r) == 0 || PQgetisnull(r, 0, 0))
		return "";
	return arena_strdup(a, PQgetvalue(r, 0, 0));
}

bool
session_begin(struct session *s, struct err *e)
{
	return session_run(
	    s, "BEGIN; SET LOCAL search_path = ''; SET LOCAL statement_timeout = '15s'", e);
}

bool
session_commit(struct session *s, struct err *e)
{
	return session_run(s, "COMMIT", e);
}

/* ---- quoting */

static const char *
take_quoted(struct session *s, struct arena *a, char *quoted, struct err *e)
{
	const char *copy;

	if (quoted == NULL) {
		fault_set(e, FAULT_CONFIG,
		    "a name in the secret is not valid text for the target: %.*s",
		    (int)strcspn(PQerrorMessage(s->conn), "\n"), PQerrorMessage(s->conn));
		return NULL;
	}
	copy = arena_strdup(a, quoted);
	explicit_bzero(quoted, strlen(quoted));
	PQfreemem(quoted);
	return copy;
}

const char *
session_identifier(struct session *s, struct arena *a, const char *name, struct err *e)
{
	return take_quoted(s, a, PQescapeIdentifier(s->conn, name, strlen(name)), e);
}

const char *
session_literal(struct session *s, struct arena *a, const char *text, struct err *e)
{
	return take_quoted(s, a, PQescapeLiteral(s->conn, text, strlen(text)), e);
}
