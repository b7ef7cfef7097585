/* SPDX-License-Identifier: Apache-2.0 */
#include "rotators/mysql/user.h"

#include <ctype.h>
#include <openssl/sha.h>

#include "base/codec.h"
#include "base/log.h"
#include "crypto/random.h"
#include "rotators/fault.h"
#include "rotators/mysql/grant.h"

#define MUST_REPLACE 3892	/* the old password must be given */
#define WRONG_REPLACE 3891
#define VERSION_ALTER_USER 50706
#define VERSION_DUAL_PASSWORD 80014
#define VERSION_ROLES 80000
#define THROWAWAY_LEN 40

/* One row of mysql.user. */
struct user_row {
	const char *host, *plugin, *ssl_type, *ssl_cipher, *x509_issuer, *x509_subject;
	const char *max_questions, *max_updates, *max_connections, *max_user_connections;
};

/* ---- the statements */

static bool
has_dual_password(const struct session *s, const struct account *secret)
{
	return !session_is_mariadb(s) && session_version(s) >= VERSION_DUAL_PASSWORD &&
	    !json_is_false(json_object_get(secret->options, "dualPassword"));
}

/* Refusals of the clause RETAIN CURRENT PASSWORD, not of the password: not for this plugin or
 * account, or a privilege is missing. */
static bool
is_about_dual(unsigned int code)
{
	return code == 3894 || code == 3895 || code == 1227;
}

/* What mysql_native_password stores: * and the SHA-1 of the SHA-1, in hex. */
static const char *
native_hash(struct arena *a, const char *password)
{
	uint8_t once[SHA_DIGEST_LENGTH], twice[SHA_DIGEST_LENGTH];
	char *out = arena_alloc(a, 2 * SHA_DIGEST_LENGTH + 2);

	SHA1((const uint8_t *)password, strlen(password), once);
	SHA1(once, sizeof(once), twice);
	explicit_bzero(once, sizeof(once));
	out[0] = '*';
	hex_encode(twice, sizeof(twice), out + 1);
	for (char *p = out; *p != '\0'; p++)
		*p = (char)toupper((unsigned char)*p);
	return out;
}

/* MariaDB's SET PASSWORD keeps the account's plugin, where its ALTER USER would fall back to
 * mysql_native_password. Its general log shows what PASSWORD() is given; pawl.prehash avoids that
 * for accounts of mysql_native_password on servers that check no passwords. */
static const char *
set_password_sql(
    struct session *s, struct arena *a, const struct account *secret, const char *account)
{
	const char *value = account_flag(secret, "prehash") ?
	    session_quote(s, a, native_hash(a, secret->password)) :
	    arena_printf(a, "PASSWORD(%s)", session_quote(s, a, secret->password));

	if (account == NULL)
		return arena_printf(a, "SET PASSWORD = %s", value);
	return arena_printf(a, "SET PASSWORD FOR %s = %s", account, value);
}

/* account NULL: one's own. */
static const char *
password_sql(struct session *s, struct arena *a, const struct account *secret, const char *account)
{
	const char *quoted = session_quote(s, a, secret->password);

	if (session_is_mariadb(s) || session_version(s) < VERSION_ALTER_USER)
		return set_password_sql(s, a, secret, account);
	return arena_printf(
	    a, "ALTER USER %s IDENTIFIED BY %s", account == NULL ? "USER()" : account, quoted);
}

/* First so that the old password stays good beside the new one, where the server can. */
static bool
set_password(struct session *s, struct arena *a, const struct account *secret, const char *sql,
    struct err *e)
{
	if (has_dual_password(s, secret)) {
		if (session_run(s, arena_printf(a, "%s RETAIN CURRENT PASSWORD", sql), e))
			return true;
		if (!is_about_dual(session_errno(s)))
			return false;
	}
	return session_run(s, sql, e);
}

bool
user_set_own_password(struct session *s, struct arena *a, const struct account *secret,
    const char *current_password, struct err *e)
{
	const char *sql = password_sql(s, a, secret, NULL);

	if (!session_check_writable(s, a, e))
		return false;
	if (set_password(s, a, secret, sql, e))
		return true;
	if (session_errno(s) != MUST_REPLACE)
		return false;
	sql = arena_printf(a, "%s REPLACE %s", sql, session_quote(s, a, current_password));
	if (set_password(s, a, secret, sql, e))
		return true;
	return session_errno(s) == WRONG_REPLACE ?
	    fault_prefix(e, "the server refused the old password it had just accepted") : false;
}

/* ---- accounts */

static const char *
column(struct arena *a, MYSQL_ROW row, unsigned int i)
{
	return row[i] == NULL ? "" : arena_strdup(a, row[i]);
}

/* NULL with `e` set; otherwise *out_n rows, perhaps none. */
static struct user_row *
user_rows(struct session *s, struct arena *a, const char *user, size_t *out_n, struct err *e)
{
	AUTO_MYSQL_RES *r = session_query(s,
	    arena_printf(a,
		"SELECT Host, plugin, ssl_type, ssl_cipher, "
		"x509_issuer, x509_subject, max_questions, max_updates, max_connections, "
		"max_user_connections FROM mysql.user WHERE User = %s ORDER BY Host",
		session_quote(s, a, user)),
	    e);
	struct user_row *rows;
	size_t n = 0;
	MYSQL_ROW c;

	if (r == NULL) {
		fault_prefix(e, "the admin user must be able to read mysql.user");
		return NULL;
	}
	rows = arena_array(a, struct user_row, mysql_num_rows(r) + 1);
	while ((c = mysql_fetch_row(r)) != NULL) {
		rows[n++] = (struct user_row){ .host = column(a, c, 0),
			.plugin = column(a, c, 1),
			.ssl_type = column(a, c, 2),
			.ssl_cipher = column(a, c, 3),
			.x509_issuer = column(a, c, 4),
			.x509_subject = column(a, c, 5),
			.max_questions = column(a, c, 6),
			.max_updates = column(a, c, 7),
			.max_connections = column(a, c, 8),
			.max_user_connections = column(a, c, 9) };
	}
	*out_n = n;
	return rows;
}

static bool
set_password_everywhere(struct session *s, struct arena *a, const struct account *secret,
    struct err *e)
{
	const struct user_row *rows;
	size_t n;

	rows = user_rows(s, a, secret->username, &n, e);
	if (rows == NULL)
		return false;
	if (n == 0)
		return fault_set(e, FAULT_CONFIG, "user %s does not exist", secret->username);
	for (size_t i = 0; i < n; i++) {
		const char *account = session_account(s, a, secret->username, rows[i].host);

		if (!set_password(s, a, secret, password_sql(s, a, secret, account), e))
			return false;
	}
	return true;
}

/* The admin's own sql_mode must not change what quotes and backslashes mean. */
static bool
prepare_admin(struct session *s, struct arena *a, struct err *e)
{
	return session_check_writable(s, a, e) && session_run(s, "SET SESSION sql_mode = ''", e);
}

bool
user_set_password_of(
    struct session *s, struct arena *a, const struct account *secret, struct err *e)
{
	return prepare_admin(s, a, e) && set_password_everywhere(s, a, secret, e);
}

/* ---- the pair of multi */

static bool
is_password_plugin(const char *plugin)
{
	static const char *const known[] = { "", "mysql_native_password", "caching_sha2_password",
		"sha256_password", "ed25519" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(plugin, known[i]) == 0)
			return true;
	}
	return false;
}

/* With a password nobody knows; the real one comes last. */
static bool
create_account(struct session *s, struct arena *a, const char *account, const struct user_row *like,
    struct err *e)
{
	char *letters = arena_alloc(a, THROWAWAY_LEN + 1);
	const char *quoted, *how;

	if (!is_password_plugin(like->plugin))
		return fault_set(e, FAULT_CONFIG,
		    "authentication plugin %s of the base user has no password "
		    "to rotate",
		    like->plugin);
	random_text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", THROWAWAY_LEN,
	    letters);
	/* one of each class, for servers that insist */
	quoted = session_quote(s, a, arena_printf(a, "%saA1.", letters));
	if (like->plugin[0] == '\0' ||
	    (session_is_mariadb(s) && strcmp(like->plugin, "ed25519") != 0))
		how = arena_printf(a, "BY %s", quoted);
	else if (session_is_mariadb(s))
		how = arena_printf(a, "VIA %s USING PASSWORD(%s)", like->plugin, quoted);
	else
		how = arena_printf(a, "WITH %s BY %s", like->plugin, quoted);
	return session_run(s, arena_printf(a, "CREATE USER %s IDENTIFIED %s", account, how), e);
}

static const char *
requirement(struct session *s, struct arena *a, const struct user_row *like)
{
	const char *out = "";

	if (strcmp(like->ssl_type, "ANY") == 0)
		return "SSL";
	if (strcmp(like->ssl_type, "X509") == 0)
		return "X509";
	if (strcmp(like->ssl_type, "SPECIFIED") != 0)
		return "NONE";
	if (like->x509_issuer[0] != '\0')
		out = arena_printf(a, "%s ISSUER %s", out, session_quote(s, a, like->x509_issuer));
	if (like->x509_subject[0] != '\0')
		out =
		    arena_printf(a, "%s SUBJECT %s", out, session_quote(s, a, like->x509_subject));
	if (like->ssl_cipher[0] != '\0')
		out = arena_printf(a, "%s CIPHER %s", out, session_quote(s, a, like->ssl_cipher));
	return out;
}

static bool
copy_limits(struct session *s, struct arena *a, const char *account, const struct user_row *like,
    struct err *e)
{
	return session_run(s,
	    arena_printf(a,
		"ALTER USER %s REQUIRE %s WITH MAX_QUERIES_PER_HOUR %s "
		"MAX_UPDATES_PER_HOUR %s MAX_CONNECTIONS_PER_HOUR %s MAX_USER_CONNECTIONS %s",
		account, requirement(s, a, like), like->max_questions, like->max_updates,
		like->max_connections, like->max_user_connections),
	    e);
}

/* MariaDB's default role is a line of SHOW GRANTS; MySQL keeps a table. */
static bool
copy_default_roles(struct session *s, struct arena *a, const struct mysql_account *from,
    const char *to, struct err *e)
{
	AUTO_MYSQL_RES *r = NULL;
	const char *list = NULL;
	MYSQL_ROW row;

	if (session_is_mariadb(s) || session_version(s) < VERSION_ROLES)
		return true;
	r = session_query(s, arena_printf(a, "SELECT DEFAULT_ROLE_USER, DEFAULT_ROLE_HOST FROM "
	    "mysql.default_roles WHERE USER = %s AND HOST = %s", session_quote(s, a, from->user),
	    session_quote(s, a, from->host)), e);
	if (r == NULL)
		return false;
	while ((row = mysql_fetch_row(r)) != NULL) {
		const char *role = session_account(s, a, row[0], row[1]);

		list = list == NULL ? role : arena_printf(a, "%s, %s", list, role);
	}
	return list == NULL ||
	    session_run(s, arena_printf(a, "ALTER USER %s DEFAULT ROLE %s", to, list), e);
}

static bool
has_host(const struct user_row *rows, size_t n, const char *host)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i].host, host) == 0)
			return true;
	}
	return false;
}

/* One account of the clone, like the base user's at the same host. */
static bool
make_alike(struct session *s, struct arena *a, const struct account *secret, const char *base,
    const struct user_row *like, bool exists, struct err *e)
{
	struct mysql_account from = { base, like->host }, to = { secret->username, like->host };
	const char *account = session_account(s, a, to.user, to.host);

	if (!exists && json_is_false(json_object_get(secret->options, "createClone")))
		return fault_set(e, FAULT_CONFIG,
		    "user %s@%s does not exist and pawl.createClone is false", to.user, to.host);
	if (!exists && !create_account(s, a, account, like, e))
		return false;
	if (!exists)
		log_info("created user %s@%s", to.user, to.host);
	else if (account_flag(secret, "strictGrants") && !session_run(s, arena_printf(a,
	    "REVOKE ALL PRIVILEGES, GRANT OPTION FROM %s", account), e))
		return false;
	return copy_limits(s, a, account, like, e) && grant_copy_all(s, a, &from, &to, e) &&
	    copy_default_roles(s, a, &from, account, e);
}

static bool
make_all_alike(struct session *s, struct arena *a, const struct account *secret, struct err *e)
{
	const char *base = rotation_base_user(a, secret->username);
	const struct user_row *like, *have;
	size_t like_n, have_n;

	like = user_rows(s, a, base, &like_n, e);
	have = like == NULL ? NULL : user_rows(s, a, secret->username, &have_n, e);
	if (have == NULL)
		return false;
	if (like_n == 0)
		return fault_set(e, FAULT_CONFIG, "user %s does not exist", base);
	for (size_t i = 0; i < like_n; i++) {
		if (!make_alike(
			s, a, secret, base, &like[i], has_host(have, have_n, like[i].host), e))
			return false;
	}
	return true;
}

bool
user_set_alternate(struct session *s, struct arena *a, const struct account *secret, struct err *e)
{
	if (!prepare_admin(s, a, e))
		return false;
	if (rotation_is_clone(secret->username) && !make_all_alike(s, a, secret, e))
		return false;
	return set_password_everywhere(s, a, secret, e);
}
