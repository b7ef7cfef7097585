/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/context.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "crypto/digest.h"

/* Set once by crypto_setup before threads start, then read only; never released. */
static EVP_MD *sha256_md;
static EVP_CIPHER *gcm_cipher;
static pthread_key_t at_thread_end;

static __thread struct crypto_context *mine;

void
crypto_must(int ok, const char *what)
{
	if (ok > 0)
		return;
	fprintf(stderr, "pawl: OpenSSL: %s failed\n", what);
	abort();
}

static void
context_free(void *p)
{
	struct crypto_context *c = p;

	EVP_MD_CTX_free(c->sha256);
	EVP_CIPHER_CTX_free(c->gcm_seal);
	EVP_CIPHER_CTX_free(c->gcm_open);
	free(c);
	mine = NULL;
}

static void
free_main_threads_context(void)
{
	if (mine != NULL)
		context_free(mine);
}

static bool
setup(struct err *e)
{
	sha256_md = EVP_MD_fetch(NULL, "SHA256", NULL);
	gcm_cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	if (sha256_md == NULL || gcm_cipher == NULL)
		return err_set(e, ERR_CONFIG, "OpenSSL offers no %s; check openssl.cnf and "
		    "OPENSSL_MODULES", sha256_md == NULL ? "SHA256" : "AES-256-GCM");
	if (pthread_key_create(&at_thread_end, context_free) != 0)
		return err_set(e, ERR_CONFIG, "no thread-specific key left");
	atexit(free_main_threads_context);	/* thread destructors skip the main thread */
	return true;
}

bool
crypto_setup(struct err *e)
{
	if (sha256_md != NULL && gcm_cipher != NULL)
		return true;
	return setup(e);
}

static struct crypto_context *
context_new(void)
{
	struct crypto_context *c = xcalloc(1, sizeof(*c));

	crypto_must(sha256_md != NULL, "crypto_setup() first;");
	c->sha256 = EVP_MD_CTX_new();
	c->gcm_seal = EVP_CIPHER_CTX_new();
	c->gcm_open = EVP_CIPHER_CTX_new();
	crypto_must(c->sha256 != NULL && c->gcm_seal != NULL && c->gcm_open != NULL, "context");
	crypto_must(EVP_DigestInit_ex2(c->sha256, sha256_md, NULL), "SHA256");
	crypto_must(EVP_EncryptInit_ex2(c->gcm_seal, gcm_cipher, NULL, NULL, NULL), "GCM");
	crypto_must(EVP_DecryptInit_ex2(c->gcm_open, gcm_cipher, NULL, NULL, NULL), "GCM");
	crypto_must(pthread_setspecific(at_thread_end, c) == 0, "pthread_setspecific");
	return c;
}

struct crypto_context *
crypto_context(void)
{
	if (mine == NULL)
		mine = context_new();
	return mine;
}
