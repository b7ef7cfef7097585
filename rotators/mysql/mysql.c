/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rotator of MySQL and of MariaDB (spec/rotation.md 8.3): two functions, one executable. What
 * the server really is decides the statements, not what the secret calls it.
 */
#include "rotators/fault.h"
#include "rotators/mysql/user.h"

static enum login
mysql_login(struct rotation *r, const struct account *who, void **out_session, struct err *e)
{
	struct session *s;
	enum login got = session_open(r->arena, who, &s, e);

	if (got == LOGIN_OK)
		*out_session = s;
	return got;
}

static void
mysql_logout(void *session)
{
	session_close(session);
}

static bool
change_own(struct rotation *r, void *session, struct err *e)
{
	return user_set_own_password(session, r->arena, &r->pending, r->logged_in_as->password, e);
}

static bool
change_other(struct rotation *r, void *session, struct err *e)
{
	return user_set_password_of(session, r->arena, &r->pending, e);
}

static bool
change_alternate(struct rotation *r, void *session, struct err *e)
{
	return user_set_alternate(session, r->arena, &r->pending, e);
}

static bool
probe(struct rotation *r, void *session, struct err *e)
{
	return session_text(session, r->arena, "SELECT 1", e) != NULL &&
	    session_text(session, r->arena, "SELECT CURRENT_USER()", e) != NULL;
}

#define CALLS \
	.login = mysql_login, .logout = mysql_logout, .change_own = change_own, \
	.change_other = change_other, .change_alternate = change_alternate, .probe = probe

static const struct target mysql = {
	.engine = "mysql",
	.rule = { .engines = (const char *const[]){ "mysql", "aurora-mysql", NULL }, .port = 3306 },
	.exclude = "/@\"'\\",
	.username_max = 32,
	CALLS
};

static const struct target mariadb = {
	.engine = "mariadb",
	.rule = { .engines = (const char *const[]){ "mariadb", NULL }, .port = 3306 },
	.exclude = "/@\"'\\",
	.username_max = 80,
	CALLS
};

int
main(void)
{
	return rotation_main((const struct target *const[]){ &mysql, &mariadb }, 2);
}
