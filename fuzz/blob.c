/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealed blobs and key records (spec/security.md 7.7): random or altered bytes never open, and
 * never crash. The first byte says what the rest is used as.
 */
#include <stdio.h>
#include <stdlib.h>

#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/keyring.h"

static struct arena *kept;		/* the records are in it */
static struct keyring *keyring;
static struct secbuf *unlock;
static struct key_records records;
static struct buf sealed = BUF_INIT;
static uint8_t backing[BACKING_ID_LEN];

static const struct value_binding binding = { .account = { "111122223333", 12 },
	.region = { "us-east-1", 9 }, .secret_arn = { "arn", 3 }, .version_id = { "v", 1 },
	.cmk_arn = { "cmk", 3 }, .kind = VALUE_STRING };

static void
must(bool ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	AUTO_BUF blob = BUF_INIT;
	struct err e;

	(void)argc;
	(void)argv;
	must(crypto_setup(&e));
	kept = arena_new();
	unlock = secbuf_new(32);
	keyring = keyring_create(kept, unlock, &records, &e);
	must(keyring != NULL &&
	     keyring_meta_seal(keyring, STR_LIT("k"), 1, STR_LIT("record"), &sealed, &e) &&
	     keyring_backing_new(keyring, binding.cmk_arn, 0, backing, &blob, &e));
	return 0;
}

/* Bytes that were not sealed here must not open as anything. */
static void
open_random(struct str in)
{
	AUTO(arena) *a = arena_new();
	uint8_t id[BACKING_ID_LEN];
	struct str out;
	struct err e;

	must(!keyring_meta_open(keyring, STR_LIT("k"), 1, in, a, &out, &e));
	must(!keyring_iam_open(keyring, STR_LIT("a"), STR_LIT("k"), STR_LIT("u"), in, a, &out, &e));
	must(!keyring_token_open(keyring, STR_LIT("k"), in, a, &out, &e));
	must(!keyring_cursor_open(keyring, in, a, &out, &e));
	must(!keyring_backing_load(keyring, STR_LIT("cmk"), 0, in, id, &e));
	must(!keyring_value_open(keyring, &binding, in, in, a, &out, &e));
	(void)!keyring_data_key_backing(in, id);
}

/* A sealed record with the input xor-ed in: it opens when nothing changed, and only then. */
static void
open_altered(struct str in)
{
	AUTO(arena) *a = arena_new();
	struct str blob = arena_str(a, buf_view(&sealed)), out;
	char *p = (char *)blob.p;
	bool changed = false;
	struct err e;

	for (size_t i = 0; i < in.n && i < blob.n; i++) {
		p[i] ^= in.p[i];
		changed |= in.p[i] != 0;
	}
	must(keyring_meta_open(keyring, STR_LIT("k"), 1, blob, a, &out, &e) == !changed);
}

/* The same for one of the stored key records. */
static void
open_altered_key(struct str in)
{
	AUTO(arena) *a = arena_new();
	struct key_records r = records;
	struct key_record *one;
	char *p;
	bool changed = false;
	struct err e;

	if (in.n == 0)
		return;
	one = &r.r[(unsigned char)in.p[0] % r.n];
	in = str_skip(in, 1);
	p = arena_strz(a, one->blob);
	one->blob.p = p;
	for (size_t i = 0; i < in.n && i < one->blob.n; i++) {
		p[i] ^= in.p[i];
		changed |= in.p[i] != 0;
	}
	AUTO(keyring) *k = keyring_open(unlock, &r, &e);
	must((k != NULL) == !changed);
}

/* Any bytes as a key record, under a name that is looked at. */
static void
open_random_key(struct str in)
{
	static const char *const names[] = { "root", "slot/00", "stable/index", "epoch/zz",
		"slot/" };
	struct key_records r = records;
	struct err e;

	if (in.n == 0)
		return;
	snprintf(r.r[r.n].name, sizeof(r.r[r.n].name), "%s", names[(unsigned char)in.p[0] % 5]);
	r.r[r.n++].blob = str_skip(in, 1);
	AUTO(keyring) *k = keyring_open(unlock, &r, &e);
	(void)k;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in;

	if (n == 0)
		return 0;
	in = (struct str){ (const char *)data + 1, n - 1 };
	switch (data[0] % 4) {
	case 0: open_random(in); break;
	case 1: open_altered(in); break;
	case 2: open_altered_key(in); break;
	default: open_random_key(in); break;
	}
	return 0;
}
