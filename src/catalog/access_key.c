/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/access_key.h"

#include <string.h>

#include "base/codec.h"
#include "crypto/random.h"
#include "store/records.pb-c.h"

static struct str
key_of(struct catalog *c, struct str id)
{
	return record_key(c->arena, KIND_ACCESS, STR_LIT(""), STR_LIT(""), id);
}

bool
access_key_find(struct catalog *c, struct str access_key_id, struct access_key **out,
    struct err *e)
{
	ProtobufCAllocator alloc = record_allocator(c->arena);
	const Pawl__AccessKey *m;
	struct access_key *k;
	struct str plain;

	*out = NULL;
	if (access_key_id.n == 0 || access_key_id.n > 128 ||
	    memchr(access_key_id.p, ' ', access_key_id.n) != NULL)
		return true;
	if (!record_get(c, key_of(c, access_key_id), &plain, e))
		return false;
	if (plain.p == NULL)
		return true;
	m = pawl__access_key__unpack(&alloc, plain.n, (const uint8_t *)plain.p);
	if (m == NULL)
		return err_corrupt(e, "an access key's record does not parse");
	k = arena_new_of(c->arena, struct access_key);
	*k = (struct access_key){ .access_key_id = pb_str(m->access_key_id),
		.account = pb_str(m->account), .user_name = pb_str(m->user_name),
		.user_id = pb_str(m->user_id), .user_arn = pb_str(m->user_arn),
		.is_active = m->active, .is_administrator = m->administrator,
		.created_ms = m->created_ms };
	*out = k;
	return keyring_iam_open(c->keys, k->account, k->access_key_id, k->user_id,
	    pb_str(m->sealed_secret), c->arena, &k->secret, e);
}

bool
access_key_find_user(struct catalog *c, struct str user_arn, struct access_key **out,
    struct err *e)
{
	struct str prefix = key_of(c, STR_LIT("")), key, value;
	AUTO(scan) *s = scan_open(c->txn, prefix, STR_NULL, e);

	*out = NULL;
	if (s == NULL)
		return false;
	err_clear(e);
	while (scan_next(s, &key, &value, e)) {
		struct access_key *k;

		if (!access_key_find(c, str_skip(key, prefix.n), &k, e))
			return false;
		if (k != NULL && str_eq(k->user_arn, user_arn)) {
			*out = k;
			return true;
		}
	}
	return e->code == ERR_NONE;
}

bool
access_key_put(struct catalog *c, const struct access_key *k, struct err *e)
{
	Pawl__AccessKey m = PAWL__ACCESS_KEY__INIT;
	AUTO_BUF sealed = BUF_INIT;

	if (!keyring_iam_seal(c->keys, k->account, k->access_key_id, k->user_id, k->secret,
	    &sealed, e))
		return false;
	m.access_key_id = pb_bytes(k->access_key_id);
	m.account = pb_bytes(k->account);
	m.user_name = pb_bytes(k->user_name);
	m.user_id = pb_bytes(k->user_id);
	m.user_arn = pb_bytes(k->user_arn);
	m.active = k->is_active;
	m.administrator = k->is_administrator;
	m.created_ms = k->created_ms;
	m.sealed_secret = pb_bytes(buf_view(&sealed));
	return record_put(c, key_of(c, k->access_key_id), record_pack(c->arena, &m.base), e);
}

/* No access key's id holds a blank. */
#define ACCOUNT_RECORD STR_LIT("home account")

bool
access_account_get(struct catalog *c, struct str *out, struct err *e)
{
	return record_get(c, key_of(c, ACCOUNT_RECORD), out, e);
}

bool
access_account_put(struct catalog *c, struct str account, struct err *e)
{
	return record_put(c, key_of(c, ACCOUNT_RECORD), account, e);
}

void
access_key_generate(char id[21], char secret[41])
{
	AUTO_BUF text = BUF_INIT;
	uint8_t bytes[30];

	memcpy(id, "AKIA", 4);
	random_text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16, id + 4);
	random_bytes(bytes, sizeof(bytes));
	base64_add(&text, bytes, sizeof(bytes));
	memcpy(secret, text.p, 40);
	secret[40] = '\0';
	explicit_bzero(bytes, sizeof(bytes));
}

struct access_key
access_key_admin(struct arena *a, struct str account, struct str id, struct str secret,
    int64_t now_ms)
{
	char *user_id = arena_strdup(a, "AIDA0000000000000000");

	random_text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16, user_id + 4);
	return (struct access_key){ .access_key_id = id, .account = account,
		.user_name = STR_LIT("admin"), .user_id = str_of(user_id),
		.user_arn = str_of(arena_printf(a, "arn:aws:iam::" STR_FMT ":user/admin",
		    STR_ARG(account))),
		.is_active = true, .is_administrator = true, .created_ms = now_ms,
		.secret = secret };
}
