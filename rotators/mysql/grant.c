/* SPDX-License-Identifier: Apache-2.0 */
#include "rotators/mysql/grant.h"

#include "base/log.h"
#include "base/str.h"
#include "rotators/fault.h"

/* `name` as SHOW GRANTS writes it. */
static void
add_quoted(struct buf *out, const char *name, char quote)
{
	buf_c(out, quote);
	for (; *name != '\0'; name++) {
		if (*name == quote)
			buf_c(out, quote);
		buf_c(out, *name);
	}
	buf_c(out, quote);
}

static const char *
last_match(const char *text, const char *what)
{
	const char *found = NULL, *at = text;

	while ((at = strstr(at, what)) != NULL) {
		char after = at[strlen(what)];

		if (after == '\0' || after == ' ')
			found = at;
		at++;
	}
	return found;
}

/*
 * Finds ` TO grantee`, or with REVOKE and SET DEFAULT ROLE ` FROM grantee` and ` FOR grantee`, and
 * takes the last one: names of databases and columns stand before it and may hold anything.
 * *out_tail is what follows the grantee.
 */
static const char *
find_grantee(const char *line, const struct mysql_account *who, const char **out_word,
    const char **out_tail)
{
	static const char *const words[] = { " TO ", " FROM ", " FOR " };
	static const char quotes[] = "`'";

	for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
		for (const char *q = quotes; *q != '\0'; q++) {
			AUTO_BUF what = BUF_INIT;
			const char *at;

			buf_z(&what, words[w]);
			add_quoted(&what, who->user, *q);
			buf_c(&what, '@');
			add_quoted(&what, who->host, *q);
			buf_c(&what, '\0');
			at = last_match(line, what.p);
			if (at == NULL)
				continue;
			*out_word = words[w];
			*out_tail = at + what.n - 1;
			return at;
		}
	}
	return NULL;
}

/* What a grant's end may add; the rest there (IDENTIFIED, REQUIRE, limits) is not a privilege. */
static const char *
option_of(const char *tail)
{
	if (strstr(tail, " WITH GRANT OPTION") != NULL)
		return " WITH GRANT OPTION";
	return strstr(tail, " WITH ADMIN OPTION") != NULL ? " WITH ADMIN OPTION" : "";
}

static bool
grant_copy(struct session *s, struct arena *a, const char *line, const struct mysql_account *from,
    const struct mysql_account *to, struct err *e)
{
	const char *word = NULL, *tail = NULL;
	const char *at = find_grantee(line, from, &word, &tail);

	if (at == NULL || strncmp(line, "GRANT PROXY ", strlen("GRANT PROXY ")) == 0) {
		log_warn("a grant of %s@%s was not copied to %s@%s", from->user, from->host,
		    to->user, to->host);
		return true;
	}
	if (session_run(s, arena_printf(a, "%.*s%s%s%s", (int)(at - line), line, word,
	    session_account(s, a, to->user, to->host), option_of(tail)), e))
		return true;
	return fault_prefix(
	    e, "the admin user could not do `%.*s` for %s", (int)(at - line), line, to->user);
}

bool
grant_copy_all(struct session *s, struct arena *a, const struct mysql_account *from,
    const struct mysql_account *to, struct err *e)
{
	AUTO_MYSQL_RES *r = session_query(s, arena_printf(a, "SHOW GRANTS FOR %s",
	    session_account(s, a, from->user, from->host)), e);
	MYSQL_ROW row;

	if (r == NULL)
		return false;
	while ((row = mysql_fetch_row(r)) != NULL) {
		if (row[0] != NULL && !grant_copy(s, a, row[0], from, to, e))
			return false;
	}
	return true;
}
