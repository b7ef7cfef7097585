/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalog.h - what a catalog function works on: an open transaction, the keys to read and write
 * its records, and the moment it happens at. One per request or rotation step; borrows all.
 *
 * Always: every record lies under kind, account and region, and no look-up crosses them.
 * record.c owns the key layout and the sealing; docs/design/store-format.md shows both.
 */
#pragma once
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "crypto/keyring.h"
#include "store/store.h"

struct catalog {
	struct txn *txn;
	struct keyring *keys;
	struct arena *arena;
	int64_t now_ms;
	uint32_t versions_limit;	/* of a secret (spec/api.md 4.4); 0 = LIMIT_VERSIONS_HARD */
};

#define RECORD_ID_LEN 16

/* ---- keys of the store; the result lies in the arena */
struct str record_key(struct arena *a, char kind, struct str account, struct str region,
    struct str id);
struct str record_prefix(struct arena *a, char kind, struct str account, struct str region);
enum record_kind {
	KIND_SECRET = 's',	/* id -> Secret */
	KIND_NAME = 'n',	/* blind index of the name -> id, unsealed */
	KIND_VERSION = 'v',	/* id, blind index of the version id -> Version */
	KIND_RUN = 'r',		/* id, sequence -> RotationRun */
	KIND_STEP = 'l',	/* id, sequence, number -> StepLog */
	KIND_FUNCTION = 'f',	/* name -> Function */
	KIND_CMK = 'c',		/* key id -> CustomerKey */
	KIND_DUE = 'd',		/* due.h */
	KIND_KEY = 'k',		/* keyring records */
	KIND_ACCESS = 'i',	/* access keys */
	KIND_COUNT = 'q',	/* how many secrets there are (8 bytes, big-endian), unsealed */
};

/* ---- sealed records: stored as generation (8 bytes, big-endian) and blob */
/* True with *out == STR_NULL when absent. */
MUST_CHECK bool record_get(struct catalog *c, struct str key, struct str *out, struct err *e);
MUST_CHECK bool record_open(struct catalog *c, struct str key, struct str stored, struct str *out,
    struct err *e);
MUST_CHECK bool record_put(struct catalog *c, struct str key, struct str plain, struct err *e);

/* ---- protobuf-c over the arena */
#include <protobuf-c/protobuf-c.h>
/* The allocator that makes unpacked messages die with the arena. */
ProtobufCAllocator record_allocator(struct arena *a);
struct str record_pack(struct arena *a, const ProtobufCMessage *m);
static inline ProtobufCBinaryData
pb_bytes(struct str s)
{
	return (ProtobufCBinaryData){ .len = s.n, .data = (uint8_t *)(uintptr_t)s.p };
}
static inline struct str
pb_str(ProtobufCBinaryData b)
{
	return (struct str){ b.data == NULL ? "" : (const char *)b.data, b.len };
}
