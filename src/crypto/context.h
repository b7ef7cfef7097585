/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context.h - OpenSSL's algorithms, fetched once, and its contexts, one set per thread. Private
 * to crypto/.
 *
 * Making and freeing a context costs more than hashing a request, so every thread keeps its own
 * until it ends. Between calls a context holds no key: the digest is left freshly started, the
 * ciphers are left keyed with zeros.
 */
#pragma once
#include <openssl/evp.h>

struct crypto_context {
	EVP_MD_CTX *sha256;		/* always started: update, final, start again */
	EVP_CIPHER_CTX *gcm_seal;	/* AES-256-GCM with a 12-byte nonce */
	EVP_CIPHER_CTX *gcm_open;
};

/* The calling thread's. Ends the process when OpenSSL has no memory left, as xmalloc does. */
struct crypto_context *crypto_context(void);
/* A call that can only fail for lack of memory or by a mistake of ours. */
void crypto_must(int ok, const char *what);
