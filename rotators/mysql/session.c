/* SPDX-License-Identifier: Apache-2.0 */
#include "rotators/mysql/session.h"

#include <stdlib.h>

#include "rotators/fault.h"

#define CONNECT_LIMIT_S 5u
#define ANSWER_LIMIT_S 15u
#define PASSWORD_EXPIRED 1820		/* sandbox: nothing but a new password is accepted */
#define SYNTAX_ERROR 1064

struct session {
	MYSQL mysql;
};

/* Error numbers of both families, and of their client library. */
static const struct meaning {
	unsigned int from, to;
	enum fault fault;
	const char *advice;
} meanings[] = {
	{ 1040, 1041, FAULT_TRANSIENT, "target is out of resources" },
	{ 1044, 1044, FAULT_PERMISSION, "permission is missing" },
	{ 1049, 1049, FAULT_CONFIG, "dbname in secret JSON names no database" },
	{ 1053, 1053, FAULT_TRANSIENT, "target is stopping" },
	{ 1142, 1143, FAULT_PERMISSION, "permission is missing" },
	{ 1203, 1203, FAULT_TRANSIENT, "target is out of resources" },
	{ 1205, 1205, FAULT_TRANSIENT, "a lock was not free in time" },
	{ 1213, 1213, FAULT_TRANSIENT, "another transaction interfered" },
	{ 1226, 1226, FAULT_TRANSIENT, "a limit of the account is used up" },
	{ 1227, 1227, FAULT_PERMISSION, "permission is missing" },
	{ 1290, 1290, FAULT_TRANSIENT, "target is read-only (failover?)" },
	{ 1410, 1410, FAULT_PERMISSION, "permission is missing" },
	{ 1792, 1792, FAULT_TRANSIENT, "target is read-only (failover?)" },
	{ 1819, 1819, FAULT_POLICY_REJECTED,
	    "the target's password policy refused the new password" },
	{ 1836, 1836, FAULT_TRANSIENT, "target is read-only (failover?)" },
	{ 2059, 2059, FAULT_CONFIG, "authentication plugin is not supported" },
	{ 2000, 2999, FAULT_TRANSIENT, "connection failed" },
	{ 3118, 3118, FAULT_CREDENTIAL_DEAD, "account is locked" },
	{ 3638, 3638, FAULT_POLICY_REJECTED,
	    "the target's password history refused the new password" },
	{ 3955, 3955, FAULT_CREDENTIAL_DEAD, "account is locked after failed logins" },
	{ 4150, 4151, FAULT_CREDENTIAL_DEAD, "account is locked" },
	{ 5017, 5099, FAULT_TRANSIENT, "connection failed" },
	{ 0, ~0u, FAULT_FUNCTION, "target refused" },
};

static bool
failed(struct session *s, struct err *e)
{
	unsigned int code = mysql_errno(&s->mysql);
	const struct meaning *m = meanings;

	while (code < m->from || code > m->to)
		m++;
	/* A syntax error's text quotes the statement, and with it perhaps the password. */
	return fault_set(e, m->fault, "%s: %s (error %u, SQLSTATE %s)", m->advice,
	    code == SYNTAX_ERROR ? "the server did not understand the statement" :
	    mysql_error(&s->mysql), code, mysql_sqlstate(&s->mysql));
}

/* ---- connecting */

/* Never mysql_clear_password, which a server can ask for; and the two whose exchange an onlooker
 * could turn over to itself by handing out a key of its own, only where there is none. */
static const char *
allowed_plugins(const struct account *who)
{
#define HASHED_PLUGINS "mysql_native_password,client_ed25519,parsec"
	if (who->tls.on || host_is_local(who->host) || account_flag(who, "allowPublicKeyRetrieval"))
		return HASHED_PLUGINS ",caching_sha2_password,sha256_password";
	return HASHED_PLUGINS;
}

static void
set_tls(MYSQL *my, const struct tls_choice *t)
{
	const my_bool on = 1;

	mysql_ssl_set(my, t->key_file, t->cert_file, t->ca_file, NULL, NULL);
	mysql_optionsv(my, MYSQL_OPT_SSL_ENFORCE, &on);
	mysql_optionsv(my, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &on);
	mysql_optionsv(my, MARIADB_OPT_TLS_VERSION,
	    t->min_version != NULL && strcmp(t->min_version, "TLSv1.3") == 0 ? "TLSv1.3" :
	    "TLSv1.2,TLSv1.3");
}

static void
set_options(MYSQL *my, const struct account *who)
{
	const unsigned int connect_s = CONNECT_LIMIT_S, answer_s = ANSWER_LIMIT_S;
	const unsigned int protocol =
	    who->host[0] == '/' ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
	const unsigned int local_infile = 0;
	const my_bool on = 1;

	mysql_optionsv(my, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	mysql_optionsv(my, MYSQL_OPT_READ_TIMEOUT, &answer_s);
	mysql_optionsv(my, MYSQL_OPT_WRITE_TIMEOUT, &answer_s);
	mysql_optionsv(my, MYSQL_OPT_PROTOCOL, &protocol);
	mysql_optionsv(my, MYSQL_OPT_LOCAL_INFILE, &local_infile);
	mysql_optionsv(my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_optionsv(my, MYSQL_OPT_CAN_HANDLE_EXPIRED_PASSWORDS, &on);
	mysql_optionsv(my, MARIADB_OPT_RESTRICTED_AUTH, allowed_plugins(who));
	if (who->tls.on)
		set_tls(my, &who->tls);
}

static enum login
why_refused(struct session *s, struct err *e)
{
	unsigned int code = mysql_errno(&s->mysql);

	failed(s, e);
	return code == 1045 || code == 1698 ? LOGIN_REJECTED : LOGIN_FAILED;
}

enum login
session_open(struct arena *a, const struct account *who, struct session **out, struct err *e)
{
	bool is_socket = who->host[0] == '/';
	struct session *s;
	enum login got;

	(void)a;
	if (who->tls.on && who->tls.server_name != NULL) {
		fault_set(e, FAULT_CONFIG, "pawl.tls.serverName is not available for this engine");
		return LOGIN_FAILED;
	}
	s = xcalloc(1, sizeof(*s));
	mysql_init(&s->mysql);
	set_options(&s->mysql, who);
	if (mysql_real_connect(&s->mysql, is_socket ? NULL : who->host, who->username,
		who->password, who->dbname, (unsigned int)who->port, is_socket ? who->host : NULL,
		0) == NULL) {
		got = why_refused(s, e);
		session_close(s);
		return got;
	}
	*out = s;
	return LOGIN_OK;
}

void
session_close(struct session *s)
{
	if (s == NULL)
		return;
	mysql_close(&s->mysql);
	free(s);
}

/* From the handshake, because an expired password forbids even SELECT VERSION(). */
bool
session_is_mariadb(const struct session *s)
{
	return mariadb_connection((MYSQL *)&s->mysql);
}

unsigned long
session_version(const struct session *s)
{
	return mysql_get_server_version((MYSQL *)&s->mysql);
}

unsigned int
session_errno(const struct session *s)
{
	return mysql_errno((MYSQL *)&s->mysql);
}

/* ---- statements */

bool
session_run(struct session *s, const char *sql, struct err *e)
{
	if (mysql_real_query(&s->mysql, sql, strlen(sql)) != 0)
		return failed(s, e);
	mysql_free_result(mysql_store_result(&s->mysql));
	return true;
}

MYSQL_RES *
session_query(struct session *s, const char *sql, struct err *e)
{
	MYSQL_RES *r = NULL;

	if (mysql_real_query(&s->mysql, sql, strlen(sql)) == 0)
		r = mysql_store_result(&s->mysql);
	if (r == NULL)
		failed(s, e);
	return r;
}

const char *
session_text(struct session *s, struct arena *a, const char *sql, struct err *e)
{
	AUTO_MYSQL_RES *r = session_query(s, sql, e);
	MYSQL_ROW row;

	if (r == NULL)
		return NULL;
	row = mysql_fetch_row(r);
	return row == NULL || row[0] == NULL ? "" : arena_strdup(a, row[0]);
}

/* Asked for, because an account with enough privileges may write to a replica, where a new password
 * would be lost at the next failover. */
bool
session_check_writable(struct session *s, struct arena *a, struct err *e)
{
	const char *is_read_only = session_text(s, a, "SELECT @@global.read_only", e);

	if (is_read_only == NULL)
		return session_errno(s) == PASSWORD_EXPIRED;
	return strcmp(is_read_only, "0") == 0 ||
	    fault_set(e, FAULT_TRANSIENT, "target is read-only (failover?): @@read_only is on");
}

/* ---- quoting */

const char *
session_quote(struct session *s, struct arena *a, const char *text)
{
	size_t n = strlen(text);
	char *out = arena_alloc(a, 2 * n + 3);
	size_t len;

	out[0] = '\'';
	len = mysql_real_escape_string(&s->mysql, out + 1, text, n);
	out[len + 1] = '\'';
	out[len + 2] = '\0';
	return out;
}

const char *
session_account(struct session *s, struct arena *a, const char *user, const char *host)
{
	return arena_printf(a, "%s@%s", session_quote(s, a, user), session_quote(s, a, host));
}
