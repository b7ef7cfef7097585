/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys: kind (1 byte), account, NUL, region, NUL, id. Accounts and regions hold no NUL, so one
 * tenant's prefix is never another's. Values: generation (8 bytes, big-endian), then a PWL1 blob
 * bound to the key and the generation, so that a record cannot be moved to another key. (An older
 * copy in its own place still opens: that takes the anchor of spec/security.md 4.8.)
 */
#include "catalog/catalog.h"

#include <string.h>

struct str
record_prefix(struct arena *a, char kind, struct str account, struct str region)
{
	return record_key(a, kind, account, region, STR_LIT(""));
}

struct str
record_key(struct arena *a, char kind, struct str account, struct str region, struct str id)
{
	size_t n = 1 + account.n + 1 + region.n + 1 + id.n;
	char *p = arena_alloc(a, n), *at = p;

	*at++ = kind;
	memcpy(at, account.p, account.n);
	at += account.n + 1;
	memcpy(at, region.p, region.n);
	at += region.n + 1;
	if (id.n > 0)
		memcpy(at, id.p, id.n);
	return (struct str){ p, n };
}

static uint64_t
generation_of(struct str stored)
{
	uint64_t g = 0;

	for (size_t i = 0; i < 8; i++)
		g = g << 8 | (unsigned char)stored.p[i];
	return g;
}

bool
record_open(struct catalog *c, struct str key, struct str stored, struct str *out, struct err *e)
{
	if (stored.n < 8)
		return err_corrupt(e, "a record of kind '%c' has %zu bytes", key.p[0], stored.n);
	if (!keyring_meta_open(c->keys, key, generation_of(stored), str_skip(stored, 8), c->arena,
	    out, e))
		return err_prefix(e, "record of kind '%c'", key.p[0]);
	return true;
}

bool
record_get(struct catalog *c, struct str key, struct str *out, struct err *e)
{
	struct str stored;

	if (!txn_get(c->txn, key, &stored, e))
		return false;
	if (stored.p == NULL) {
		*out = STR_NULL;
		return true;
	}
	return record_open(c, key, stored, out, e);
}

bool
record_put(struct catalog *c, struct str key, struct str plain, struct err *e)
{
	AUTO_BUF b = BUF_INIT;
	struct str old;
	uint64_t generation;

	if (!txn_get(c->txn, key, &old, e))
		return false;
	generation = old.n < 8 ? 1 : generation_of(old) + 1;
	buf_u64be(&b, generation);
	if (!keyring_meta_seal(c->keys, key, generation, plain, &b, e))
		return false;
	return txn_put(c->txn, key, buf_view(&b), e);
}

static void *
arena_for_pb(void *a, size_t n)
{
	return arena_alloc(a, n);
}

static void
never_free(void *a, void *p)
{
	(void)a;
	(void)p;
}

ProtobufCAllocator
record_allocator(struct arena *a)
{
	return (ProtobufCAllocator){ .alloc = arena_for_pb, .free = never_free,
		.allocator_data = a };
}

struct str
record_pack(struct arena *a, const ProtobufCMessage *m)
{
	size_t n = protobuf_c_message_get_packed_size(m);
	uint8_t *p = arena_alloc(a, n + 1);

	protobuf_c_message_pack(m, p);
	return (struct str){ (const char *)p, n };
}
