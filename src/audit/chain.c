/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/chain.h"

#include <string.h>

#include "base/codec.h"

static void
be64(uint64_t v, uint8_t out[8])
{
	for (size_t i = 0; i < 8; i++)
		out[i] = (uint8_t)(v >> (56 - 8 * i));
}

void
chain_step(struct chain_head *h, const struct keyring *k, uint64_t row, struct str record)
{
	uint8_t before[CHAIN_MAC_LEN + 16];

	h->seq++;
	if (row > h->row)
		h->row = row;
	memcpy(before, h->mac, CHAIN_MAC_LEN);
	be64(h->seq, before + CHAIN_MAC_LEN);
	be64(h->row, before + CHAIN_MAC_LEN + 8);
	keyring_audit_mac(k, (struct str){ (const char *)before, sizeof(before) }, record, h->mac);
}

/* Twenty digits hold any uint64_t. */
static void
digits(uint64_t v, char out[20])
{
	for (size_t i = 20; i-- > 0; v /= 10)
		out[i] = (char)('0' + v % 10);
}

void
chain_line(const struct chain_head *h, char out[CHAIN_LINE_LEN])
{
	digits(h->seq, out);
	out[20] = ' ';
	digits(h->row, out + 21);
	out[41] = ' ';
	hex_encode(h->mac, CHAIN_MAC_LEN, out + 42);
	out[CHAIN_LINE_LEN - 1] = '\n';
}

bool
chain_parse(const char line[CHAIN_LINE_LEN], struct chain_head *out)
{
	struct chain_head h;
	unsigned long long seq, row;

	if (line[20] != ' ' || line[41] != ' ' || line[CHAIN_LINE_LEN - 1] != '\n' ||
	    !str_to_u64((struct str){ line, 20 }, ~0ULL, &seq) ||
	    !str_to_u64((struct str){ line + 21, 20 }, ~0ULL, &row) ||
	    !hex_decode_lower((struct str){ line + 42, 2 * CHAIN_MAC_LEN }, h.mac, CHAIN_MAC_LEN))
		return false;
	h.seq = seq;
	h.row = row;
	*out = h;
	return true;
}

bool
chain_head_equal(const struct chain_head *a, const struct chain_head *b)
{
	return a->seq == b->seq && a->row == b->row &&
	    memcmp(a->mac, b->mac, CHAIN_MAC_LEN) == 0;	/* no secret: it is in the file */
}

bool
chain_is_restart(const struct chain_head *h)
{
	static const uint8_t zeros[CHAIN_MAC_LEN];

	return h->seq > 0 && memcmp(h->mac, zeros, CHAIN_MAC_LEN) == 0;
}
