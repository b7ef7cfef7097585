/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain.h - the line chain (spec/security.md 6.7, last point): which record follows which.
 *
 *	h_n = HMAC-SHA256(K_audit, h_{n-1} | n | row | SHA-256(record))
 *
 * Numbers are u64, big-endian.
 * `n` counts records from 1. `row` is the highest row of the store (audit.c) among records 1..n, so
 * that after a crash the file says which rows it has. A line of audit.chain, of fixed length:
 *
 *	00000000000000000042 00000000000000000017 <64 hex digits of h_n>\n
 *
 * The first line of the first file is 0, 0 and zeros. A first line of another number with zeros
 * begins anew after an acknowledged gap; its first record is PawlAuditGap.
 */
#pragma once
#include <stdint.h>

#include "base/str.h"
#include "crypto/keyring.h"

#define CHAIN_MAC_LEN 32
#define CHAIN_LINE_LEN (20 + 1 + 20 + 1 + 2 * CHAIN_MAC_LEN + 1)

/* Where a chain stands after its record `seq`. */
struct chain_head {
	uint64_t seq, row;
	uint8_t mac[CHAIN_MAC_LEN];
};

/* Moves past one more record; row is 0 for a record that was no row. */
void chain_step(struct chain_head *h, const struct keyring *k, uint64_t row, struct str record);
/* No NUL at the end. */
void chain_line(const struct chain_head *h, char out[CHAIN_LINE_LEN]);
bool chain_parse(const char line[CHAIN_LINE_LEN], struct chain_head *out);
bool chain_head_equal(const struct chain_head *a, const struct chain_head *b);
/* True for the head that begins anew after a gap. */
bool chain_is_restart(const struct chain_head *h);
