/* SPDX-License-Identifier: Apache-2.0 */
#include "rotators/redis/acl.h"

#include "base/log.h"
#include "crypto/digest.h"
#include "rotators/fault.h"

#define RULE_WORDS_MAX 1000

struct words {
	const char *list[RULE_WORDS_MAX + 1];	/* ends with NULL */
	size_t n;
};

static void
add_word(struct words *w, const char *word)
{
	if (w->n < RULE_WORDS_MAX)
		w->list[w->n++] = word;
}

static const char *
hash_of(struct arena *a, const char *password)
{
	char hex[2 * SHA256_LEN + 1];

	sha256_hex(str_of(password), hex);
	return arena_strdup(a, hex);
}

/*
 * The words of the line `user NAME on #hash ~pattern +command ...` that ACL LIST has for the user.
 * Neither names nor patterns can hold a blank; a selector in parentheses comes as several words,
 * which ACL SETUSER takes in the same form. NULL with e->code 0 when there is no such user.
 */
static struct words *
acl_line(struct link *l, struct arena *a, const char *user, struct err *e)
{
	AUTO_REPLY *r = link_need(l, LINK_WORDS("ACL", "LIST"), e);
	const char *start = arena_printf(a, "user %s ", user);

	if (r == NULL)
		return NULL;
	err_clear(e);
	for (size_t i = 0; r->type == REDIS_REPLY_ARRAY && i < r->elements; i++) {
		const redisReply *line = r->element[i];
		struct words *w;
		struct str rest, word;

		if (line->str == NULL || strncmp(line->str, start, strlen(start)) != 0)
			continue;
		w = arena_new_of(a, struct words);
		rest = (struct str){ line->str + strlen(start), line->len - strlen(start) };
		while (str_split(&rest, ' ', &word))
			add_word(w, arena_strz(a, word));
		if (w->n == RULE_WORDS_MAX) {
			fault_set(e, FAULT_FUNCTION, "the ACL rule of %s is too long", user);
			return NULL;
		}
		return w;
	}
	return NULL;
}

static struct words *
need_line(struct link *l, struct arena *a, const char *user, struct err *e)
{
	struct words *w = acl_line(l, a, user, e);

	if (w == NULL && e->code == ERR_NONE)
		fault_set(e, FAULT_CONFIG, "%s: user %s does not exist", link_name(l), user);
	return w;
}

static bool
is_hash(const char *word, const char *hash)
{
	return hash != NULL && word[0] == '#' && strcmp(word + 1, hash) == 0;
}

static bool
set_user(struct link *l, struct words *w, struct err *e)
{
	return w->n < RULE_WORDS_MAX ? link_run(l, w->list, e) :
	    fault_set(e, FAULT_FUNCTION, "the ACL rule of %s is too long", w->list[2]);
}

bool
acl_set_password(struct link *l, struct arena *a, const char *user, const char *pending,
    const char *current, struct err *e)
{
	const char *new = hash_of(a, pending), *kept = current == NULL ? NULL : hash_of(a, current);
	const struct words *have = need_line(l, a, user, e);
	struct words *w = arena_new_of(a, struct words);

	if (have == NULL)
		return false;
	add_word(w, "ACL");
	add_word(w, "SETUSER");
	add_word(w, user);
	add_word(w, arena_printf(a, "#%s", new));
	for (size_t i = 0; i < have->n; i++) {
		if (have->list[i][0] == '#' && !is_hash(have->list[i], new) &&
		    !is_hash(have->list[i], kept))
			add_word(w, arena_printf(a, "!%s", have->list[i] + 1));
	}
	return set_user(l, w, e);
}

/* Words of a rule that are about the account rather than about what it may do. */
static bool
is_about_login(const char *word)
{
	return word[0] == '#' || strcmp(word, "on") == 0 || strcmp(word, "off") == 0 ||
	    strcmp(word, "nopass") == 0;
}

bool
acl_set_clone(struct link *l, struct arena *a, const char *base, const char *clone,
    const char *pending, struct err *e)
{
	const struct words *rule = need_line(l, a, base, e);
	struct words *w = arena_new_of(a, struct words);

	if (rule == NULL)
		return false;
	add_word(w, "ACL");
	add_word(w, "SETUSER");
	add_word(w, clone);
	add_word(w, "reset");
	add_word(w, "on");
	add_word(w, arena_printf(a, "#%s", hash_of(a, pending)));
	for (size_t i = 0; i < rule->n; i++) {
		if (!is_about_login(rule->list[i]))
			add_word(w, rule->list[i]);
	}
	return set_user(l, w, e);
}

void
acl_persist(struct link *l, struct arena *a)
{
	bool has_file = link_config(l, a, "aclfile")[0] != '\0';
	struct err e;

	if (!link_run(
		l, has_file ? LINK_WORDS("ACL", "SAVE") : LINK_WORDS("CONFIG", "REWRITE"), &e))
		log_warn("not persistent: a restart of the node brings the old password back: %s",
		    e.msg);
}
