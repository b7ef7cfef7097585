/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HMAC (RFC 2104) and HKDF (RFC 5869) are written out over EVP's SHA-256: duplicating or re-keying
 * an EVP_MAC or EVP_KDF context allocates and costs several times the hashing itself.
 */
#include "crypto/digest.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <string.h>

#include "base/codec.h"
#include "crypto/context.h"

#define BLOCK_LEN 64

static void
update(EVP_MD_CTX *ctx, const void *p, size_t n)
{
	if (n > 0)
		crypto_must(EVP_DigestUpdate(ctx, p, n), "EVP_DigestUpdate");
}

/* Starts the context again at once, so that it keeps nothing of what it hashed. */
static void
finish(EVP_MD_CTX *ctx, uint8_t out[SHA256_LEN])
{
	crypto_must(EVP_DigestFinal_ex(ctx, out, NULL), "EVP_DigestFinal");
	crypto_must(EVP_DigestInit_ex2(ctx, NULL, NULL), "EVP_DigestInit");
}

void
sha256(struct str data, uint8_t out[SHA256_LEN])
{
	EVP_MD_CTX *ctx = crypto_context()->sha256;

	update(ctx, data.p, data.n);
	finish(ctx, out);
}

void
sha256_hex(struct str data, char out[2 * SHA256_LEN + 1])
{
	uint8_t digest[SHA256_LEN];

	sha256(data, digest);
	hex_encode(digest, sizeof(digest), out);
	out[2 * SHA256_LEN] = '\0';
}

/* The key as one block: hashed when it is longer, then filled with zeros. */
static void
key_block(struct str key, uint8_t block[BLOCK_LEN])
{
	memset(block, 0, BLOCK_LEN);
	if (key.n > BLOCK_LEN)
		sha256(key, block);
	else if (key.n > 0)
		memcpy(block, key.p, key.n);
}

static void
xor_block(uint8_t block[BLOCK_LEN], uint8_t with)
{
	for (size_t i = 0; i < BLOCK_LEN; i++)
		block[i] ^= with;
}

void
hmac_sha256_parts(struct str key, const struct str *parts, size_t n, uint8_t out[SHA256_LEN])
{
	EVP_MD_CTX *ctx = crypto_context()->sha256;
	uint8_t block[BLOCK_LEN], inner[SHA256_LEN];

	key_block(key, block);
	xor_block(block, 0x36);
	update(ctx, block, sizeof(block));
	for (size_t i = 0; i < n; i++)
		update(ctx, parts[i].p, parts[i].n);
	finish(ctx, inner);

	xor_block(block, 0x36 ^ 0x5c);
	update(ctx, block, sizeof(block));
	update(ctx, inner, sizeof(inner));
	finish(ctx, out);
	explicit_bzero(block, sizeof(block));
	explicit_bzero(inner, sizeof(inner));
}

void
hmac_sha256(struct str key, struct str data, uint8_t out[SHA256_LEN])
{
	hmac_sha256_parts(key, &data, 1, out);
}

void
hkdf_sha256(struct str ikm, struct str salt, struct str info, uint8_t *out, size_t len)
{
	uint8_t prk[SHA256_LEN], t[SHA256_LEN], counter = 1;
	struct str key = { (const char *)prk, sizeof(prk) };
	struct str parts[] = { { (const char *)t, 0 }, info, { (const char *)&counter, 1 } };

	assert(len <= 255 * SHA256_LEN);
	hmac_sha256(salt, ikm, prk);
	for (size_t done = 0; done < len; counter++) {
		size_t take = len - done < sizeof(t) ? len - done : sizeof(t);

		hmac_sha256_parts(key, parts, 3, t);
		memcpy(out + done, t, take);
		done += take;
		parts[0].n = sizeof(t);	/* T(0) is empty, T(i) follows */
	}
	explicit_bzero(prk, sizeof(prk));
	explicit_bzero(t, sizeof(t));
}

bool
bytes_equal_ct(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}
