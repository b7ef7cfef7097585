/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/secret.h"

#include <string.h>

#include "base/clock.h"
#include "catalog/due.h"
#include "catalog/messages.h"
#include "catalog/limits.h"
#include "catalog/secret_record.h"
#include "crypto/random.h"

#define SUFFIX_LEN 6
static const char suffix_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool
secret_name_check(struct str name, struct err *e)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!is_alnum(c) && (c == '\0' || strchr("-/_+=.@!", c) == NULL))
			return err_set(e, ERR_VALIDATION, MSG_NAME);
	}
	if (name.n == 0 || name.n > LIMIT_NAME)
		return err_set(e, ERR_VALIDATION, MSG_NAME);
	return true;
}

const char *
partition_of(struct str region)
{
	return str_starts(region, "cn-") ? "aws-cn" :
	    str_starts(region, "us-gov-") ? "aws-us-gov" : "aws";
}

bool
region_is_valid(struct str region)
{
	return region.n <= 128 && region_has_form(region);
}

bool
region_has_form(struct str region)
{
	struct str rest = region, part;
	bool any = false;

	if (region.n == 0)
		return false;
	while (str_split(&rest, '-', &part)) {
		bool is_last = rest.p == NULL;

		if (part.n == 0 || (is_last && !any))
			return false;
		any = true;
		for (size_t i = 0; i < part.n; i++) {
			char c = part.p[i];

			if (is_last ? c < '0' || c > '9' : c < 'a' || c > 'z')
				return false;
		}
	}
	return true;
}

struct str
secret_arn(struct arena *a, struct str account, struct str region, struct str name,
    const char suffix[7])
{
	return str_of(arena_printf(a, "arn:%s:secretsmanager:" STR_FMT ":" STR_FMT ":secret:" STR_FMT
	    "-%s", partition_of(region), STR_ARG(region), STR_ARG(account), STR_ARG(name), suffix));
}

/* "-" and six letters or digits at the end, with at least one character before. */
static bool
has_suffix(struct str s)
{
	if (s.n < SUFFIX_LEN + 2 || s.p[s.n - SUFFIX_LEN - 1] != '-')
		return false;
	for (size_t i = s.n - SUFFIX_LEN; i < s.n; i++) {
		if (!is_alnum(s.p[i]))
			return false;
	}
	return true;
}

static bool
is_account(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return s.n == 12;
}

static bool
ref_from_arn(struct str arn, struct str region, struct secret_ref *out, struct err *e)
{
	struct str rest = arn, f[6];

	for (size_t i = 0; i < 6; i++) {
		if (!str_split(&rest, ':', &f[i]))
			return err_set(e, ERR_VALIDATION, MSG_NAME);
	}
	if (rest.p == NULL || !str_is(f[2], "secretsmanager") || !str_is(f[5], "secret") ||
	    !is_account(f[4]) || !str_starts(f[1], "aws"))
		return err_set(e, ERR_VALIDATION, MSG_NAME);
	if (!secret_name_check(rest, e))
		return false;
	if (!str_eq(f[3], region) || !str_is(f[1], partition_of(region)))
		return err_set(e, ERR_NOT_FOUND, MSG_NF);
	*out = (struct secret_ref){ .account = f[4], .region = region };
	if (has_suffix(rest)) {	/* a complete ARN: exact match or nothing, never a partial one */
		out->arn = arn;
		out->name = (struct str){ rest.p, rest.n - SUFFIX_LEN - 1 };
	} else {
		out->name = rest;
	}
	return true;
}

bool
secret_ref_parse(struct str secret_id, struct str account, struct str region,
    struct secret_ref *out, struct err *e)
{
	if (str_starts(secret_id, "arn:"))
		return ref_from_arn(secret_id, region, out, e);
	if (!secret_name_check(secret_id, e))
		return false;
	*out = (struct secret_ref){ .account = account, .region = region, .name = secret_id };
	return true;
}

static struct str
secret_key(struct arena *a, struct str account, struct str region, const uint8_t *id)
{
	return record_key(a, KIND_SECRET, account, region,
	    (struct str){ (const char *)id, RECORD_ID_LEN });
}

static struct str
name_key(struct catalog *c, struct str account, struct str region, struct str name)
{
	struct str parts[] = { account, region, name };
	uint8_t index[INDEX_LEN];

	keyring_index(c->keys, parts, 3, index);
	return record_key(c->arena, KIND_NAME, account, region,
	    (struct str){ (const char *)index, INDEX_LEN });
}

static bool
is_expired(const struct secret *s, int64_t now_ms)
{
	return s->deletion_ms != 0 && s->deletion_ms <= now_ms;
}

bool
secret_find_id(struct catalog *c, struct str account, struct str region,
    const uint8_t id[RECORD_ID_LEN], struct secret **out, struct err *e)
{
	struct str plain;
	struct secret *s;

	if (!record_get(c, secret_key(c->arena, account, region, id), &plain, e))
		return false;
	*out = NULL;
	if (plain.p == NULL)
		return true;
	s = secret_unpack(c->arena, plain);
	if (s == NULL)
		return err_corrupt(e, "a secret's record does not parse");
	s->account = arena_str(c->arena, account);
	s->region = arena_str(c->arena, region);
	memcpy(s->id, id, RECORD_ID_LEN);
	*out = s;
	return true;
}

bool
secret_find_name(struct catalog *c, struct str account, struct str region, struct str name,
    struct secret **out, struct err *e)
{
	struct str stored;
	uint8_t id[RECORD_ID_LEN];

	*out = NULL;
	if (!txn_get(c->txn, name_key(c, account, region, name), &stored, e))
		return false;
	if (stored.p == NULL)
		return true;
	if (stored.n != RECORD_ID_LEN)
		return err_corrupt(e, "a name entry has %zu bytes", stored.n);
	memcpy(id, stored.p, RECORD_ID_LEN);
	if (!secret_find_id(c, account, region, id, out, e))
		return false;
	if (*out == NULL || !str_eq((*out)->name, name))
		return err_corrupt(e, "a name entry points at another secret");
	if (is_expired(*out, c->now_ms))
		*out = NULL;
	return true;
}

bool
secret_find(struct catalog *c, const struct secret_ref *ref, struct secret **out, struct err *e)
{
	if (!secret_find_name(c, ref->account, ref->region, ref->name, out, e))
		return false;
	if (*out != NULL && ref->arn.p != NULL && !str_eq((*out)->arn, ref->arn))
		*out = NULL;
	return true;
}

struct secret_walk {
	struct catalog *c;
	struct scan *scan;
	struct str account, region;
	size_t prefix_len;
};

struct secret_walk *
secret_walk_open(struct catalog *c, struct str account, struct str region, struct str after,
    struct err *e)
{
	struct secret_walk *w = arena_new_of(c->arena, struct secret_walk);
	struct str prefix = record_prefix(c->arena, KIND_SECRET, account, region);
	struct str from = after.p == NULL ? STR_NULL :
	    record_key(c->arena, KIND_SECRET, account, region, after);

	*w = (struct secret_walk){ .c = c, .account = account, .region = region,
		.prefix_len = prefix.n };
	w->scan = scan_open(c->txn, prefix, from, e);
	return w->scan == NULL ? NULL : w;
}

struct secret *
secret_walk_next(struct secret_walk *w, struct arena *a, struct err *e)
{
	struct str key, stored, plain;
	struct secret *s;

	err_clear(e);
	do {
		struct catalog c = { .txn = w->c->txn, .keys = w->c->keys, .arena = a,
			.now_ms = w->c->now_ms };

		if (!scan_next(w->scan, &key, &stored, e))
			return NULL;
		if (key.n != w->prefix_len + RECORD_ID_LEN) {
			err_corrupt(e, "a secret's key has %zu bytes", key.n);
			return NULL;
		}
		if (!record_open(&c, key, stored, &plain, e))
			return NULL;
		s = secret_unpack(a, plain);
		if (s == NULL) {
			err_corrupt(e, "a secret's record does not parse");
			return NULL;
		}
		s->account = w->account;
		s->region = w->region;
		memcpy(s->id, key.p + w->prefix_len, RECORD_ID_LEN);
	} while (is_expired(s, w->c->now_ms));
	return s;
}

void
secret_walk_close(struct secret_walk *w)
{
	if (w != NULL)
		scan_close(w->scan);
}

/* Id: time of creation (8 bytes), number within that millisecond (2), random (6). */
static bool
make_id(struct catalog *c, struct secret *s, struct err *e)
{
	uint64_t ms = (uint64_t)c->now_ms;
	struct str prefix, key, value;
	AUTO(scan) *scan = NULL;
	unsigned number = 0;

	for (int i = 7; i >= 0; i--, ms >>= 8)
		s->id[i] = (uint8_t)ms;
	prefix = record_key(c->arena, KIND_SECRET, s->account, s->region,
	    (struct str){ (const char *)s->id, 8 });
	scan = scan_open(c->txn, prefix, STR_NULL, e);
	if (scan == NULL)
		return false;
	err_clear(e);
	while (scan_next(scan, &key, &value, e)) {
		const uint8_t *last = (const uint8_t *)key.p + prefix.n;

		if (key.n == prefix.n + RECORD_ID_LEN - 8)
			number = ((unsigned)last[0] << 8 | last[1]) + 1;
	}
	s->id[8] = (uint8_t)(number >> 8);
	s->id[9] = (uint8_t)number;
	random_bytes(s->id + 10, RECORD_ID_LEN - 10);
	return e->code == ERR_NONE;
}

struct secret *
secret_new(struct catalog *c, struct str account, struct str region, struct str name,
    struct err *e)
{
	struct secret *s = arena_new_of(c->arena, struct secret);
	char suffix[SUFFIX_LEN + 1];

	random_text(suffix_alphabet, SUFFIX_LEN, suffix);
	s->account = arena_str(c->arena, account);
	s->region = arena_str(c->arena, region);
	s->name = arena_str(c->arena, name);
	s->arn = secret_arn(c->arena, account, region, name, suffix);
	s->created_ms = s->changed_ms = c->now_ms;
	return make_id(c, s, e) ? s : NULL;
}

static bool
due_move(struct catalog *c, struct secret *s, enum due_kind what, int64_t *stored, int64_t want,
    struct err *e)
{
	struct due d = { .what = what, .account = s->account, .region = s->region };

	memcpy(d.id, s->id, RECORD_ID_LEN);
	if (*stored == want)
		return true;
	d.at_ms = *stored;
	if (*stored != 0 && !due_del(c, &d, e))
		return false;
	d.at_ms = want;
	if (want != 0 && !due_put(c, &d, e))
		return false;
	*stored = want;
	return true;
}

/* ---- how many there are: kept beside them, because a quota must not cost a scan */

static bool
count_keys(struct catalog *c, struct str account, struct str region, uint64_t *out, struct err *e)
{
	struct str prefix = record_prefix(c->arena, KIND_SECRET, account, region), key, value;
	AUTO(scan) *scan = scan_open(c->txn, prefix, STR_NULL, e);

	*out = 0;
	if (scan == NULL)
		return false;
	err_clear(e);
	while (scan_next(scan, &key, &value, e))
		(*out)++;
	return e->code == ERR_NONE;
}

/* A store of before there was a count is counted once, by the next secret made or removed. */
bool
secret_count(struct catalog *c, struct str account, struct str region, uint64_t *out,
    struct err *e)
{
	struct str stored;

	if (!txn_get(c->txn, record_prefix(c->arena, KIND_COUNT, account, region), &stored, e))
		return false;
	if (stored.n != 8)
		return count_keys(c, account, region, out, e);
	*out = 0;
	for (size_t i = 0; i < 8; i++)
		*out = *out << 8 | (unsigned char)stored.p[i];
	return true;
}

/* Before the record itself comes or goes. */
static bool
count_change(struct catalog *c, const struct secret *s, bool comes, struct err *e)
{
	struct str stored;
	AUTO_BUF b = BUF_INIT;
	uint64_t n;

	if (!txn_get(c->txn, secret_key(c->arena, s->account, s->region, s->id), &stored, e))
		return false;
	if ((stored.p == NULL) != comes)
		return true;
	if (!secret_count(c, s->account, s->region, &n, e))
		return false;
	buf_u64be(&b, comes ? n + 1 : n - (n > 0));
	return txn_put(c->txn, record_prefix(c->arena, KIND_COUNT, s->account, s->region),
	    buf_view(&b), e);
}

bool
secret_put(struct catalog *c, struct secret *s, struct err *e)
{
	struct str id = { (const char *)s->id, RECORD_ID_LEN };

	if (!due_move(c, s, DUE_DELETION, &s->stored_deletion_ms, s->deletion_ms, e) ||
	    !due_move(c, s, DUE_WINDOW, &s->stored_moment_ms, s->rotation.moment_ms, e) ||
	    !count_change(c, s, true, e))
		return false;
	if (!record_put(c, secret_key(c->arena, s->account, s->region, s->id),
	    secret_pack(c->arena, s), e))
		return false;
	return txn_put(c->txn, name_key(c, s->account, s->region, s->name), id, e);
}

/* Deletes every record of one kind that belongs to the secret. */
static bool
remove_all(struct catalog *c, const struct secret *s, char kind, struct err *e)
{
	struct str prefix = record_key(c->arena, kind, s->account, s->region,
	    (struct str){ (const char *)s->id, RECORD_ID_LEN });
	struct key_list { struct key_list *next; struct str key; } *keys = NULL;
	AUTO(scan) *scan = scan_open(c->txn, prefix, STR_NULL, e);
	struct str key, value;

	if (scan == NULL)
		return false;
	err_clear(e);
	while (scan_next(scan, &key, &value, e)) {
		struct key_list *k = arena_new_of(c->arena, struct key_list);

		*k = (struct key_list){ keys, arena_str(c->arena, key) };
		keys = k;
	}
	if (e->code != ERR_NONE)
		return false;
	scan_close(TAKE(scan));
	for (; keys != NULL; keys = keys->next) {
		if (!txn_del(c->txn, keys->key, e))
			return false;
	}
	return true;
}

bool
secret_remove(struct catalog *c, struct secret *s, struct err *e)
{
	return due_move(c, s, DUE_DELETION, &s->stored_deletion_ms, 0, e) &&
	    due_move(c, s, DUE_WINDOW, &s->stored_moment_ms, 0, e) &&
	    due_del_runs(c, s, e) && count_change(c, s, false, e) &&
	    remove_all(c, s, KIND_VERSION, e) && remove_all(c, s, KIND_RUN, e) &&
	    remove_all(c, s, KIND_STEP, e) &&
	    txn_del(c->txn, name_key(c, s->account, s->region, s->name), e) &&
	    txn_del(c->txn, secret_key(c->arena, s->account, s->region, s->id), e);
}

bool
secret_is_scheduled(const struct secret *s)
{
	return s->deletion_ms != 0;
}

bool
secret_is_replica(const struct secret *s)
{
	return s->primary_region.n != 0;
}

void
secret_touch(struct secret *s, int64_t now_ms)
{
	s->changed_ms = now_ms > s->changed_ms ? now_ms : s->changed_ms;
}
