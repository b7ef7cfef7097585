/* SPDX-License-Identifier: Apache-2.0 */
#include "http/tls.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"

struct tls {
	atomic_uint refs;
	SSL_CTX *ctx;
	BIO_METHOD *method;
};

struct tls_session {
	struct tls *tls;	/* counted; the BIO uses its method to the end */
	SSL *ssl;
	struct str in;		/* borrowed, not yet taken by OpenSSL */
	struct buf *out;
};

AUTO_FREE(tls, tls_unref)

/* ---- the BIO: reads from session->in, appends to session->out */

static int
bio_read(BIO *bio, char *p, size_t n, size_t *out_n)
{
	struct tls_session *s = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (s->in.n == 0) {
		BIO_set_retry_read(bio);
		return 0;
	}
	*out_n = n < s->in.n ? n : s->in.n;
	memcpy(p, s->in.p, *out_n);
	s->in = str_skip(s->in, *out_n);
	return 1;
}

static int
bio_write(BIO *bio, const char *p, size_t n, size_t *out_n)
{
	struct tls_session *s = BIO_get_data(bio);

	buf_add(s->out, p, n);
	*out_n = n;
	return 1;
}

static long
bio_ctrl(BIO *bio, int command, long n, void *p)
{
	(void)bio;
	(void)n;
	(void)p;
	return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *
method_new(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "pawl memory");

	if (m == NULL)
		return NULL;
	BIO_meth_set_read_ex(m, bio_read);
	BIO_meth_set_write_ex(m, bio_write);
	BIO_meth_set_ctrl(m, bio_ctrl);
	return m;
}

/* ---- certificate and policy */

static bool
fail(struct err *e, const char *what, const char *path)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return err_set(e, ERR_CONFIG, "%s %s: %s", what, path, reason == NULL ? "unknown" : reason);
}

/* An encrypted key must not make a daemon ask the terminal. */
static int
no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return 0;
}

/* http/1.1 when the client offers it; a client that offers other protocols only is refused
 * (RFC 7301 3.2), so that an h2 client does not talk into the wrong parser. */
static int
on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
    unsigned in_len, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen;
	(void)ssl;
	(void)arg;

	if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, in, in_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static bool
set_policy(SSL_CTX *ctx)
{
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
	    SSL_OP_CLEANSE_PLAINTEXT | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_security_level(ctx, 2);
	SSL_CTX_set_default_passwd_cb(ctx, no_password);
	SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
	return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
	    SSL_CTX_set_num_tickets(ctx, 0) == 1 && SSL_CTX_set_max_early_data(ctx, 0) == 1 &&
	    SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
	    /* OpenSSL before 3.5 does not know the hybrid group. */
	    (SSL_CTX_set1_groups_list(ctx, "X25519MLKEM768:X25519:P-256:P-384") == 1 ||
	    SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384") == 1);
}

struct tls *
tls_new(const char *cert_path, const char *key_path, struct err *e)
{
	AUTO(tls) *t = xcalloc(1, sizeof(*t));

	t->refs = 1;
	t->ctx = SSL_CTX_new(TLS_server_method());
	t->method = method_new();
	if (t->ctx == NULL || t->method == NULL || !set_policy(t->ctx)) {
		fail(e, "cannot set up", "TLS");
		return NULL;
	}
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(t->ctx, cert_path) != 1) {
		fail(e, "cannot use certificate", cert_path);
		return NULL;
	}
	if (SSL_CTX_use_PrivateKey_file(t->ctx, key_path, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(t->ctx) != 1) {
		fail(e, "cannot use key", key_path);
		return NULL;
	}
	return TAKE(t);
}

struct tls *
tls_ref(struct tls *t)
{
	atomic_fetch_add(&t->refs, 1);
	return t;
}

void
tls_unref(struct tls *t)
{
	if (t == NULL || atomic_fetch_sub(&t->refs, 1) > 1)
		return;
	SSL_CTX_free(t->ctx);
	BIO_meth_free(t->method);
	free(t);
}

/* ---- sessions */

struct tls_session *
tls_session_new(struct tls *t, struct buf *out)
{
	struct tls_session *s = xcalloc(1, sizeof(*s));
	BIO *bio = BIO_new(t->method);

	s->tls = tls_ref(t);
	s->out = out;
	s->ssl = SSL_new(t->ctx);
	if (bio == NULL || s->ssl == NULL) {
		BIO_free(bio);
		tls_session_free(s);
		return NULL;
	}
	BIO_set_data(bio, s);
	BIO_set_init(bio, 1);
	SSL_set_bio(s->ssl, bio, bio);	/* takes it */
	SSL_set_accept_state(s->ssl);
	return s;
}

void
tls_session_free(struct tls_session *s)
{
	if (s == NULL)
		return;
	SSL_free(s->ssl);
	tls_unref(s->tls);
	free(s);
}

void
tls_session_feed(struct tls_session *s, struct str in)
{
	s->in = in;
}

int
tls_session_read(struct tls_session *s, char *p, size_t cap)
{
	int n;

	ERR_clear_error();
	n = SSL_read(s->ssl, p, cap > INT_MAX ? INT_MAX : (int)cap);
	if (n > 0)
		return n;
	switch (SSL_get_error(s->ssl, n)) {
	case SSL_ERROR_WANT_READ:
		return 0;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_CLOSED;
	default:
		ERR_clear_error();
		return TLS_FAILED;
	}
}

bool
tls_session_write(struct tls_session *s, struct str plain)
{
	size_t written;

	ERR_clear_error();
	return plain.n == 0 || SSL_write_ex(s->ssl, plain.p, plain.n, &written) == 1;
}

/* Not after a fatal error or inside the handshake: OpenSSL answers those with an alert itself. */
void
tls_session_close(struct tls_session *s)
{
	ERR_clear_error();
	if (SSL_is_init_finished(s->ssl) && (SSL_get_shutdown(s->ssl) & SSL_SENT_SHUTDOWN) == 0)
		SSL_shutdown(s->ssl);
	ERR_clear_error();
}

const char *
tls_session_version(const struct tls_session *s)
{
	return SSL_is_init_finished(s->ssl) ? SSL_get_version(s->ssl) : NULL;
}

const char *
tls_session_cipher(const struct tls_session *s)
{
	return SSL_is_init_finished(s->ssl) ? SSL_get_cipher_name(s->ssl) : NULL;
}
