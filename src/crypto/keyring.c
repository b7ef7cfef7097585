/* SPDX-License-Identifier: Apache-2.0 */
/* The ladder of spec/security.md 4.2: unlock secret, root key, epochs and stable keys. */
#include "crypto/keyring.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/codec.h"
#include "crypto/digest.h"
#include "crypto/keyring_impl.h"
#include "crypto/random.h"

#define ROOT_PLAIN_LEN (BLOB_KEY_LEN + BLOB_KEY_ID_LEN)

static const char *const purpose_names[PURPOSE_KEYS] = { "meta", "iam", "token", "cmk", "cursor" };
static const char *const stable_names[STABLE_KEYS] = { "index", "set", "audit" };

static struct keyring *
keyring_blank(void)
{
	struct keyring *k = xcalloc(1, sizeof(*k));

	pthread_rwlock_init(&k->backing_lock, NULL);
	return k;
}

void
keyring_free(struct keyring *k)
{
	if (k == NULL)
		return;
	secbuf_free(k->root);
	for (size_t i = 0; i < k->epoch_count; i++)
		secbuf_free(k->epochs[i].keys);
	for (size_t i = 0; i < STABLE_KEYS; i++)
		secbuf_free(k->stable[i]);
	keyring_forget_backing(k);
	pthread_rwlock_destroy(&k->backing_lock);
	free(k);
}

const uint8_t *
keyring_store_id(const struct keyring *k)
{
	return k->store_id;
}

/* ---- what the records are bound to */

static struct binding
bind_key(const uint8_t store_id[STORE_ID_LEN], struct str own_id, const char *kind)
{
	struct binding b = binding_new(store_id);

	binding_add(&b, BIND_OWN_ID, own_id);
	binding_add(&b, BIND_KIND, str_of(kind));
	return b;
}

static struct blob_key
root_key(const struct keyring *k)
{
	return (struct blob_key){ secbuf_expose_const(k->root), k->root_id };
}

/* ---- epochs */

static void
derive_purpose_keys(const uint8_t store_id[STORE_ID_LEN], const struct secbuf *epoch_key,
    struct epoch *ep)
{
	ep->keys = secbuf_new((size_t)PURPOSE_KEYS * BLOB_KEY_LEN);
	for (size_t i = 0; i < PURPOSE_KEYS; i++) {
		char info[32];
		int n = snprintf(info, sizeof(info), "pawl/1/key/%s", purpose_names[i]);

		hkdf_sha256(secbuf_view(epoch_key), bytes_view(store_id, STORE_ID_LEN),
		    (struct str){ info, (size_t)n }, secbuf_expose(ep->keys) + i * BLOB_KEY_LEN,
		    BLOB_KEY_LEN);
	}
}

struct blob_key
keyring_purpose_key(const struct epoch *ep, enum purpose_key which)
{
	return (struct blob_key){ secbuf_expose_const(ep->keys) + (size_t)which * BLOB_KEY_LEN,
		ep->id };
}

const struct epoch *
keyring_find_epoch(const struct keyring *k, const uint8_t id[EPOCH_ID_LEN])
{
	if (memcmp(k->current->id, id, EPOCH_ID_LEN) == 0)	/* ids are public */
		return k->current;
	for (size_t i = 0; i < k->epoch_count; i++) {
		if (memcmp(k->epochs[i].id, id, EPOCH_ID_LEN) == 0)
			return &k->epochs[i];
	}
	return NULL;
}

bool
keyring_seal(const struct keyring *k, enum purpose_key which, enum blob_purpose purpose,
    const struct binding *b, struct str plain, struct buf *out, struct err *e)
{
	struct blob_key key = keyring_purpose_key(k->current, which);

	return blob_seal(&key, purpose, b, plain, out, e);
}

bool
keyring_open_blob(const struct keyring *k, enum purpose_key which, enum blob_purpose purpose,
    const struct binding *b, struct str blob, uint8_t *out, struct err *e)
{
	uint8_t id[EPOCH_ID_LEN];
	const struct epoch *ep;
	struct blob_key key;

	if (!blob_key_id(blob, purpose, id))
		return err_corrupt(e, "%zu bytes that are no sealed blob of purpose %d", blob.n,
		    (int)purpose);
	ep = keyring_find_epoch(k, id);
	if (ep == NULL)
		return err_corrupt(e, "sealed under an epoch that this store does not have");
	key = keyring_purpose_key(ep, which);
	return blob_open(&key, purpose, b, blob, out, e);
}

/* ---- writing records */

static void
add_record(struct key_records *out, struct arena *a, const char *folder, const char *id,
    const struct buf *blob)
{
	struct key_record *r = &out->r[out->n];

	assert(out->n < KEY_RECORDS_MAX);
	snprintf(r->name, sizeof(r->name), "%s%s%s", folder, id[0] == '\0' ? "" : "/", id);
	r->blob = arena_str(a, buf_view(blob));
	out->n++;
}

static bool
add_slot(const struct keyring *k, const struct secbuf *unlock, struct arena *a,
    struct key_records *out, struct err *e)
{
	AUTO(secbuf) *plain = secbuf_new(ROOT_PLAIN_LEN);
	uint8_t id[BLOB_KEY_ID_LEN];
	char hex[2 * BLOB_KEY_ID_LEN + 1] = "";
	struct blob_key key = { secbuf_expose_const(unlock), id };
	AUTO_BUF blob = BUF_INIT;

	random_bytes(id, sizeof(id));
	hex_encode(id, sizeof(id), hex);
	memcpy(secbuf_expose(plain), secbuf_expose_const(k->root), BLOB_KEY_LEN);
	memcpy(secbuf_expose(plain) + BLOB_KEY_LEN, k->root_id, BLOB_KEY_ID_LEN);
	AUTO_BINDING b = bind_key(k->store_id, bytes_view(id, sizeof(id)), "file");
	if (!blob_seal(&key, BLOB_SLOT, &b, secbuf_view(plain), &blob, e))
		return false;
	add_record(out, a, "slot", hex, &blob);
	return true;
}

/* A fresh epoch: into the keyring and, under R, into the records. */
static bool
add_epoch(struct keyring *k, struct arena *a, struct key_records *out, struct err *e)
{
	AUTO(secbuf) *key = secbuf_new(BLOB_KEY_LEN);
	struct epoch *ep = &k->epochs[k->epoch_count];
	struct blob_key root = root_key(k);
	char hex[2 * EPOCH_ID_LEN + 1] = "";
	AUTO_BUF blob = BUF_INIT;

	assert(k->epoch_count < KEY_RECORDS_MAX);
	random_bytes(secbuf_expose(key), BLOB_KEY_LEN);
	random_bytes(ep->id, sizeof(ep->id));
	hex_encode(ep->id, sizeof(ep->id), hex);
	AUTO_BINDING b = bind_key(k->store_id, bytes_view(ep->id, sizeof(ep->id)), "epoch");
	if (!blob_seal(&root, BLOB_EPOCH, &b, secbuf_view(key), &blob, e))
		return false;
	add_record(out, a, "epoch", hex, &blob);
	derive_purpose_keys(k->store_id, key, ep);
	k->epoch_count++;
	k->current = ep;
	return true;
}

static bool
add_stable(struct keyring *k, enum stable_key which, struct arena *a, struct key_records *out,
    struct err *e)
{
	struct blob_key root = root_key(k);
	AUTO_BINDING b = bind_key(k->store_id, str_of(stable_names[which]), "stable");
	AUTO_BUF blob = BUF_INIT;

	k->stable[which] = secbuf_new(BLOB_KEY_LEN);
	random_bytes(secbuf_expose(k->stable[which]), BLOB_KEY_LEN);
	if (!blob_seal(&root, BLOB_STABLE, &b, secbuf_view(k->stable[which]), &blob, e))
		return false;
	add_record(out, a, "stable", stable_names[which], &blob);
	return true;
}

static bool
add_root(const struct keyring *k, struct arena *a, struct key_records *out, struct err *e)
{
	struct blob_key root = root_key(k);
	struct str epoch_id = bytes_view(k->current->id, EPOCH_ID_LEN);
	AUTO_BINDING b = bind_key(k->store_id, str_of("root"), "root");
	AUTO_BUF record = BUF_INIT;

	buf_add(&record, k->store_id, sizeof(k->store_id));
	if (!blob_seal(&root, BLOB_STABLE, &b, epoch_id, &record, e))
		return false;
	add_record(out, a, "root", "", &record);
	return true;
}

static bool
check_unlock(const struct secbuf *unlock, struct err *e)
{
	if (secbuf_len(unlock) != BLOB_KEY_LEN)
		return err_set(e, ERR_CONFIG, "the unlock secret has %zu bytes, need %d",
		    secbuf_len(unlock), BLOB_KEY_LEN);
	return true;
}

static bool
fill_new(struct keyring *k, const struct secbuf *unlock, struct arena *a, struct key_records *out,
    struct err *e)
{
	random_bytes(k->store_id, sizeof(k->store_id));
	random_bytes(k->root_id, sizeof(k->root_id));
	k->root = secbuf_new(BLOB_KEY_LEN);
	random_bytes(secbuf_expose(k->root), BLOB_KEY_LEN);
	for (int i = 0; i < STABLE_KEYS; i++) {
		if (!add_stable(k, (enum stable_key)i, a, out, e))
			return false;
	}
	return add_epoch(k, a, out, e) && add_slot(k, unlock, a, out, e) && add_root(k, a, out, e);
}

struct keyring *
keyring_create(struct arena *a, const struct secbuf *unlock, struct key_records *out,
    struct err *e)
{
	AUTO(keyring) *k = keyring_blank();

	out->n = 0;
	if (!check_unlock(unlock, e) || !fill_new(k, unlock, a, out, e))
		return NULL;
	return TAKE(k);
}

/* ---- reading records */

/* The part of a record's name after "folder/", or STR_NULL for another folder. */
static struct str
name_in(const struct key_record *r, const char *folder)
{
	struct str name = { r->name, strnlen(r->name, sizeof(r->name)) };
	size_t n = strlen(folder);

	if (!str_starts(name, folder) || name.n <= n || name.p[n] != '/')
		return STR_NULL;
	return str_skip(name, n + 1);
}

static bool
is_root(const struct key_record *r)
{
	return strncmp(r->name, "root", sizeof(r->name)) == 0;
}

static bool
read_store_id(struct keyring *k, const struct key_records *in, const struct key_record **out_root,
    struct err *e)
{
	for (size_t i = 0; i < in->n; i++) {
		const struct key_record *r = &in->r[i];

		if (!is_root(r))
			continue;
		if (r->blob.n < STORE_ID_LEN)
			return err_corrupt(e, "key record 'root' is cut short");
		memcpy(k->store_id, r->blob.p, STORE_ID_LEN);
		*out_root = r;
		return true;
	}
	return err_corrupt(e, "key record 'root' is missing");
}

/* Opens what was sealed by bind_key's rules into `out`, whose length the record must have. */
static bool
open_key(const struct keyring *k, const struct blob_key *key, enum blob_purpose purpose,
    struct str own_id, const char *kind, struct str blob, struct secbuf *out, struct err *e)
{
	AUTO_BINDING b = bind_key(k->store_id, own_id, kind);

	if (blob.n != BLOB_OVERHEAD + secbuf_len(out))
		return err_corrupt(e, "%s key record has %zu bytes", kind, blob.n);
	return blob_open(key, purpose, &b, blob, secbuf_expose(out), e);
}

/* Any slot opens R (as in LUKS). A slot that the secret fits but that does not open was changed. */
static bool
open_slot(struct keyring *k, const struct secbuf *unlock, const struct key_record *r,
    bool *out_fits, struct err *e)
{
	uint8_t id[BLOB_KEY_ID_LEN];
	struct blob_key key = { secbuf_expose_const(unlock), id };
	AUTO(secbuf) *plain = secbuf_new(ROOT_PLAIN_LEN);

	if (!hex_decode_lower(name_in(r, "slot"), id, sizeof(id)))
		return err_corrupt(e, "key record '%.79s': bad name", r->name);
	*out_fits = blob_key_fits(&key, BLOB_SLOT, r->blob);
	if (!*out_fits)
		return true;
	if (!open_key(k, &key, BLOB_SLOT, bytes_view(id, sizeof(id)), "file", r->blob, plain, e))
		return false;
	k->root = secbuf_copy(secbuf_expose_const(plain), BLOB_KEY_LEN);
	memcpy(k->root_id, secbuf_expose_const(plain) + BLOB_KEY_LEN, BLOB_KEY_ID_LEN);
	return true;
}

static bool
open_root(struct keyring *k, const struct secbuf *unlock, const struct key_records *in,
    struct err *e)
{
	size_t slots = 0;

	for (size_t i = 0; i < in->n; i++) {
		bool fits = false;

		if (name_in(&in->r[i], "slot").p == NULL)
			continue;
		if (!open_slot(k, unlock, &in->r[i], &fits, e))
			return false;
		if (fits)
			return true;
		slots++;
	}
	return err_set(e, ERR_CONFIG, "this key opens none of the store's %zu key slots; it is "
	    "another store's key, or the slots were changed", slots);
}

static bool
open_epoch(struct keyring *k, const struct key_record *r, struct err *e)
{
	AUTO(secbuf) *key = secbuf_new(BLOB_KEY_LEN);
	struct blob_key root = root_key(k);
	struct epoch *ep = &k->epochs[k->epoch_count];

	if (!hex_decode_lower(name_in(r, "epoch"), ep->id, sizeof(ep->id)))
		return err_corrupt(e, "bad name");
	if (!open_key(k, &root, BLOB_EPOCH, bytes_view(ep->id, sizeof(ep->id)), "epoch", r->blob,
	    key, e))
		return false;
	derive_purpose_keys(k->store_id, key, ep);
	k->epoch_count++;
	return true;
}

static bool
open_stable(struct keyring *k, const struct key_record *r, struct err *e)
{
	struct str name = name_in(r, "stable");
	struct blob_key root = root_key(k);

	for (size_t i = 0; i < STABLE_KEYS; i++) {
		if (!str_is(name, stable_names[i]))
			continue;
		if (k->stable[i] != NULL)
			return err_corrupt(e, "it is there twice");
		k->stable[i] = secbuf_new(BLOB_KEY_LEN);
		return open_key(k, &root, BLOB_STABLE, name, "stable", r->blob, k->stable[i], e);
	}
	return err_corrupt(e, "a stable key this version does not know");
}

/* Root is opened last: it names an epoch. */
static bool
open_record(struct keyring *k, const struct key_record *r, struct err *e)
{
	if (name_in(r, "epoch").p != NULL)
		return open_epoch(k, r, e);
	if (name_in(r, "stable").p != NULL)
		return open_stable(k, r, e);
	if (name_in(r, "slot").p != NULL || is_root(r))
		return true;
	return err_corrupt(e, "a kind of key this version does not know");
}

static bool
open_current_epoch(struct keyring *k, const struct key_record *root_record, struct err *e)
{
	AUTO(secbuf) *id = secbuf_new(EPOCH_ID_LEN);
	struct blob_key root = root_key(k);

	if (!open_key(k, &root, BLOB_STABLE, str_of("root"), "root",
	    str_skip(root_record->blob, STORE_ID_LEN), id, e))
		return err_prefix(e, "key record 'root'");
	for (size_t i = 0; i < k->epoch_count; i++) {
		if (memcmp(k->epochs[i].id, secbuf_expose_const(id), EPOCH_ID_LEN) == 0)
			k->current = &k->epochs[i];
	}
	if (k->current == NULL)
		return err_corrupt(e, "the current epoch's key record is missing");
	return true;
}

static bool
fill_stored(struct keyring *k, const struct secbuf *unlock, const struct key_records *in,
    struct err *e)
{
	const struct key_record *root_record = NULL;

	if (in->n > KEY_RECORDS_MAX)
		return err_corrupt(e, "%zu key records", in->n);
	if (!read_store_id(k, in, &root_record, e) || !open_root(k, unlock, in, e))
		return false;
	for (size_t i = 0; i < in->n; i++) {
		if (!open_record(k, &in->r[i], e))
			return err_prefix(e, "key record '%.79s'", in->r[i].name);
	}
	for (size_t i = 0; i < STABLE_KEYS; i++) {
		if (k->stable[i] == NULL)
			return err_corrupt(e, "key record 'stable/%s' is missing", stable_names[i]);
	}
	return open_current_epoch(k, root_record, e);
}

struct keyring *
keyring_open(const struct secbuf *unlock, const struct key_records *in, struct err *e)
{
	AUTO(keyring) *k = keyring_blank();

	if (!check_unlock(unlock, e) || !fill_stored(k, unlock, in, e))
		return NULL;
	return TAKE(k);
}

bool
keyring_renew_epoch(const struct keyring *k, struct arena *a, struct key_records *out,
    struct err *e)
{
	AUTO(keyring) *next = keyring_blank();

	out->n = 0;
	if (k->epoch_count + STABLE_KEYS + 2 >= KEY_RECORDS_MAX)	/* and a slot, and root */
		return err_set(e, ERR_CONFIG, "the store holds %zu key epochs, no more fit",
		    k->epoch_count);
	memcpy(next->store_id, k->store_id, sizeof(next->store_id));
	memcpy(next->root_id, k->root_id, sizeof(next->root_id));
	next->root = secbuf_copy(secbuf_expose_const(k->root), BLOB_KEY_LEN);
	return add_epoch(next, a, out, e) && add_root(next, a, out, e);
}
