/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/keys.h"

#include <string.h>

#include "base/codec.h"
#include "catalog/messages.h"
#include "crypto/random.h"
#include "store/records.pb-c.h"

#define DEFAULT_ALIAS "alias/aws/secretsmanager"

static struct str
key_of(struct arena *a, const char *name)
{
	return str_of(arena_printf(a, "%c%s", KIND_KEY, name));
}

bool
keys_load(struct txn *t, struct arena *a, struct key_records *out, struct err *e)
{
	static const char kind[] = { KIND_KEY };
	AUTO(scan) *s = scan_open(t, (struct str){ kind, 1 }, STR_NULL, e);
	struct str key, value;

	out->n = 0;
	if (s == NULL)
		return false;
	err_clear(e);
	while (scan_next(s, &key, &value, e)) {
		struct key_record *r = &out->r[out->n];

		if (out->n == KEY_RECORDS_MAX || key.n - 1 >= sizeof(r->name))
			return err_corrupt(e, "too many key records, or too long a name");
		memcpy(r->name, key.p + 1, key.n - 1);
		r->name[key.n - 1] = '\0';
		r->blob = arena_str(a, value);
		out->n++;
	}
	return e->code == ERR_NONE;
}

bool
keys_save(struct txn *t, struct arena *a, const struct key_records *r, struct err *e)
{
	for (size_t i = 0; i < r->n; i++) {
		if (!txn_put(t, key_of(a, r->r[i].name), r->r[i].blob, e))
			return false;
	}
	return true;
}

bool
cmk_is_default(struct str kms_key_id)
{
	struct str tail = STR_LIT(":" DEFAULT_ALIAS);

	if (kms_key_id.n == 0 || str_is(kms_key_id, DEFAULT_ALIAS))
		return true;
	return str_starts(kms_key_id, "arn:") && kms_key_id.n > tail.n &&
	    str_eq(str_skip(kms_key_id, kms_key_id.n - tail.n), tail);
}

bool
cmk_check(struct catalog *c, struct str account, struct str region, struct str kms_key_id,
    struct err *e)
{
	(void)c;
	(void)account;
	(void)region;
	if (cmk_is_default(kms_key_id))
		return true;
	return err_set(e, ERR_ACCESS_DENIED, MSG_KMS);
}

/* The default key's record lies under its alias. */
static struct str
default_record_key(struct catalog *c, struct str account, struct str region)
{
	return record_key(c->arena, KIND_CMK, account, region, STR_LIT(DEFAULT_ALIAS));
}

static bool
default_create(struct catalog *c, struct str account, struct str region, struct str record,
    struct str *out_arn, uint8_t out_backing[BACKING_ID_LEN], struct err *e)
{
	AUTO_BUF blob = BUF_INIT;
	Pawl__CustomerKey m = PAWL__CUSTOMER_KEY__INIT;
	Pawl__BackingKey b = PAWL__BACKING_KEY__INIT, *list[] = { &b };
	char id[UUID_LEN + 1];

	random_uuid(id);
	*out_arn = str_of(arena_printf(c->arena, "arn:%s:kms:" STR_FMT ":" STR_FMT ":key/%s",
	    partition_of(region), STR_ARG(region), STR_ARG(account), id));
	if (!keyring_backing_new(c->keys, *out_arn, 0, out_backing, &blob, e))
		return false;
	b.blob = pb_bytes(buf_view(&blob));
	m.key_id = pb_bytes(str_of(id));
	m.arn = pb_bytes(*out_arn);
	m.created_ms = c->now_ms;
	m.n_backing = 1;
	m.backing = list;
	return record_put(c, record, record_pack(c->arena, &m.base), e);
}

/* Loads every backing key of a stored KMS key; the newest one seals. */
static bool
open_record(struct catalog *c, struct str plain, struct str *out_arn,
    uint8_t out_backing[BACKING_ID_LEN], struct err *e)
{
	ProtobufCAllocator alloc = record_allocator(c->arena);
	const Pawl__CustomerKey *m = pawl__customer_key__unpack(&alloc, plain.n,
	    (const uint8_t *)plain.p);

	if (m == NULL || m->n_backing == 0)
		return err_corrupt(e, "a KMS key's record does not parse");
	*out_arn = pb_str(m->arn);
	for (size_t i = 0; i < m->n_backing; i++) {
		if (!keyring_backing_load(c->keys, *out_arn, m->backing[i]->rotation,
		    pb_str(m->backing[i]->blob), out_backing, e))
			return false;
	}
	return true;
}

bool
cmk_for_secret(struct catalog *c, const struct secret *s, struct str *out_arn,
    uint8_t out_backing[BACKING_ID_LEN], struct err *e)
{
	struct str record = default_record_key(c, s->account, s->region), plain;

	if (!cmk_check(c, s->account, s->region, s->kms_key_id, e))
		return false;
	if (!record_get(c, record, &plain, e))
		return false;
	if (plain.p == NULL)
		return default_create(c, s->account, s->region, record, out_arn, out_backing, e);
	return open_record(c, plain, out_arn, out_backing, e);
}

/* arn:partition:kms:region:account:key/id */
static bool
split_arn(struct str arn, struct str *region, struct str *account)
{
	struct str rest = arn, part = STR_NULL;

	for (int i = 0; i < 5; i++) {
		if (!str_split(&rest, ':', &part))
			return false;
		if (i == 3)
			*region = part;
	}
	*account = part;
	return rest.p != NULL;
}

bool
cmk_load(struct catalog *c, struct str cmk_arn, struct str data_key, struct err *e)
{
	uint8_t backing[BACKING_ID_LEN], last[BACKING_ID_LEN];
	struct str region, account, plain, arn;

	if (!keyring_data_key_backing(data_key, backing) || !split_arn(cmk_arn, &region, &account))
		return err_set(e, ERR_DECRYPTION, "Secrets Manager can't decrypt the protected "
		    "secret text using the provided KMS key.");
	if (keyring_backing_is_loaded(c->keys, backing))
		return true;
	if (!record_get(c, default_record_key(c, account, region), &plain, e))
		return false;
	if (plain.p == NULL)
		return err_set(e, ERR_ACCESS_DENIED, MSG_KMS);
	return open_record(c, plain, &arn, last, e);
}
