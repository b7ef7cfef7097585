/* SPDX-License-Identifier: Apache-2.0 */
#include "rotators/postgres/setting.h"

#include "base/log.h"
#include "rotators/fault.h"

struct setting {
	const char *database;	/* "" for all */
	const char *name;	/* to be quoted */
	const char *value;
};

/* Variables whose stored value is a list of names, quoted where need be; written back as one string
 * they would become a single name. The list is pg_dump's (variable_is_guc_list_quote). */
static bool
is_name_list(const char *variable)
{
	static const char *const lists[] = { "local_preload_libraries", "search_path",
		"session_preload_libraries", "shared_preload_libraries", "temp_tablespaces",
		"unix_socket_directories" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (strcasecmp(variable, lists[i]) == 0)
			return true;
	}
	return false;
}

/* Takes one name off the list: `plain` or `"quo""ted"`. */
static const char *
next_name(struct arena *a, const char **list)
{
	AUTO_BUF name = BUF_INIT;
	const char *p = *list + strspn(*list, " \t\n,");

	if (*p == '"') {
		for (p++; *p != '\0' && !(p[0] == '"' && p[1] != '"'); p++) {
			if (*p == '"')
				p++;
			buf_c(&name, *p);
		}
		p += *p == '"';
	} else {
		size_t n = strcspn(p, ", \t\n");

		buf_add(&name, p, n);
		p += n;
	}
	*list = p;
	return arena_strz(a, buf_view(&name));
}

static const char *
list_literal(struct session *s, struct arena *a, const char *list, struct err *e)
{
	const char *out = NULL, *item;

	while (list[strspn(list, " \t\n,")] != '\0') {
		item = session_literal(s, a, next_name(a, &list), e);
		if (item == NULL)
			return NULL;
		out = out == NULL ? item : arena_printf(a, "%s, %s", out, item);
	}
	return out == NULL ? "''" : out;
}

static bool
setting_copy(struct session *s, struct arena *a, const struct setting *set, const char *to,
    struct err *e)
{
	const char *role = session_identifier(s, a, to, e),
		   *name = session_identifier(s, a, set->name, e);
	const char *value = is_name_list(set->name) ? list_literal(s, a, set->value, e) :
	    session_literal(s, a, set->value, e);
	const char *database = "";

	if (role == NULL || name == NULL || value == NULL)
		return false;
	if (set->database[0] != '\0') {
		database = session_identifier(s, a, set->database, e);
		if (database == NULL)
			return false;
		database = arena_printf(a, " IN DATABASE %s", database);
	}
	return session_run(s, arena_printf(a, "ALTER ROLE %s%s SET %s TO %s", role, database, name,
	    value), e);
}

/* In a savepoint: one setting that only a superuser may set must not undo the new password. */
static bool
setting_try_copy(struct session *s, struct arena *a, const struct setting *set, const char *to,
    struct err *e)
{
	if (!session_run(s, "SAVEPOINT setting", e))
		return false;
	if (setting_copy(s, a, set, to, e))
		return session_run(s, "RELEASE SAVEPOINT setting", e);
	if (session_sqlstate(s)[0] == '\0')
		return false;
	log_warn("setting %s of the base role was not copied to %s: %s", set->name, to, e->msg);
	return session_run(s, "ROLLBACK TO SAVEPOINT setting", e);
}

bool
setting_copy_all(
    struct session *s, struct arena *a, const char *from, const char *to, struct err *e)
{
	static const char query[] =
	    "SELECT COALESCE(d.datname, ''), kv FROM pg_catalog.pg_db_role_setting s "
	    "JOIN pg_catalog.pg_roles r ON r.oid = s.setrole "
	    "LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase, "
	    "pg_catalog.unnest(s.setconfig) kv WHERE r.rolname = $1 ORDER BY 1, 2";
	AUTO_PGRESULT *r = session_query(s, query, (const char *[]){ from }, 1, e);

	if (r == NULL)
		return false;
	for (int i = 0; i < PQntuples(r); i++) {
		const char *pair = PQgetvalue(r, i, 1), *equals = strchr(pair, '=');
		struct setting set = { .database = PQgetvalue(r, i, 0) };

		if (equals == NULL)
			continue;
		set.name = arena_strz(a, (struct str){ pair, (size_t)(equals - pair) });
		set.value = equals + 1;
		if (!setting_try_copy(s, a, &set, to, e))
			return false;
	}
	return true;
}
