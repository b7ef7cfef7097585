/* SPDX-License-Identifier: Apache-2.0 */
/* TLS as security.md 7.4 wants it, against OpenSSL's own client. */
#include "test.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "fixture.h"
#include "http/client.h"

#define GET(target) "GET " target " HTTP/1.1\r\nHost: h\r\n\r\n"

/* ---- certificates, made here */

struct pair {
	char dir[32], cert[64], key[64];
};

static void
write_pem(const char *path, X509 *cert, EVP_PKEY *key)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(cert != NULL ? PEM_write_X509(f, cert) :
	    PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
}

/* A new key and a certificate for `name`, over whatever the files held. */
static void
pair_write(const struct pair *p, const char *name)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);
	X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");

	assert_true(key != NULL && san != NULL);
	X509_add_ext(cert, san, -1);
	X509_EXTENSION_free(san);
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(cert, subject);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	write_pem(p->cert, cert, NULL);
	write_pem(p->key, NULL, key);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void
pair_new(struct pair *p, const char *name)
{
	memcpy(p->dir, "/tmp/tls-test-XXXXXX", sizeof("/tmp/tls-test-XXXXXX"));
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->cert, sizeof(p->cert), "%s/cert", p->dir);
	snprintf(p->key, sizeof(p->key), "%s/key", p->dir);
	pair_write(p, name);
}

static void
pair_remove(const struct pair *p)
{
	unlink(p->cert);
	unlink(p->key);
	rmdir(p->dir);
}

static void
start(struct fixture *f, struct pair *p)
{
	struct http_config c = fixture_config(f);

	pair_new(p, "one");
	c.tls_cert = p->cert;
	c.tls_key = p->key;
	fixture_start(f, &c);
}

static void
stop(struct fixture *f, const struct pair *p)
{
	fixture_stop(f);
	pair_remove(p);
}

/* ---- a client */

struct client {
	int fd;
	SSL_CTX *ctx;
	SSL *ssl;
};

struct wish {
	int min, max;			/* protocol versions */
	const char *ciphers;		/* TLS 1.2 and older */
	const char *alpn;		/* wire form */
};

/* True when the handshake succeeds. */
static bool
tls_connect(struct client *c, struct fixture *f, const struct wish *w)
{
	c->fd = fixture_connect(f);
	c->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_security_level(c->ctx, 0);
	SSL_CTX_set_min_proto_version(c->ctx, w->min);
	SSL_CTX_set_max_proto_version(c->ctx, w->max);
	assert_int_equal(SSL_CTX_set_cipher_list(c->ctx, w->ciphers == NULL ? "ALL:@SECLEVEL=0" :
	    w->ciphers), 1);
	c->ssl = SSL_new(c->ctx);
	if (w->alpn != NULL)
		SSL_set_alpn_protos(c->ssl, (const unsigned char *)w->alpn, (unsigned)strlen(w->alpn));
	SSL_set_fd(c->ssl, c->fd);
	return SSL_connect(c->ssl) == 1;
}

static void
tls_close(struct client *c)
{
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	close(c->fd);
	ERR_clear_error();
}

static ssize_t
tls_recv(void *arg, void *p, size_t n)
{
	return SSL_read(((struct client *)arg)->ssl, p, (int)n);
}

static void
tls_send(struct client *c, struct str s)
{
	assert_int_equal(SSL_write(c->ssl, s.p, (int)s.n), (int)s.n);
}

static void
check_reply(struct client *c, const char *body)
{
	AUTO_RESPONSE r;

	assert_true(wire_read_with(tls_recv, c, false, &r));
	assert_int_equal(r.status, 200);
	CHECK_STR(r.body, body);
}

static void
check_handshake(struct fixture *f, const struct wish *w, bool ok)
{
	struct client c;

	assert_int_equal(tls_connect(&c, f, w), ok);
	tls_close(&c);
}

static const struct wish tls12 = { .min = TLS1_2_VERSION, .max = TLS1_2_VERSION };
static const struct wish tls13 = { .min = TLS1_3_VERSION, .max = TLS1_3_VERSION };

/* ---- versions and ciphers */

TEST("TLS 1.2 and 1.3 are served, and the handler learns which and with what cipher")
{
	struct fixture f;
	struct pair p;
	struct client c;
	AUTO_RESPONSE r;

	start(&f, &p);
	assert_true(tls_connect(&c, &f, &tls12));
	tls_send(&c, STR_LIT(GET("/who")));
	assert_true(wire_read_with(tls_recv, &c, false, &r));
	assert_true(str_starts(r.body, "127.0.0.1 -1 TLSv1.2 ECDHE-ECDSA-"));
	tls_close(&c);
	assert_true(tls_connect(&c, &f, &tls13));
	tls_send(&c, STR_LIT(GET("/who")));
	buf_free(&r.bytes);
	assert_true(wire_read_with(tls_recv, &c, false, &r));
	assert_true(str_starts(r.body, "127.0.0.1 -1 TLSv1.3 TLS_"));
	tls_close(&c);
	stop(&f, &p);
}

TEST("TLS 1.1 and 1.0 are refused")
{
	struct fixture f;
	struct pair p;

	start(&f, &p);
	check_handshake(&f, &(struct wish){ .min = TLS1_1_VERSION, .max = TLS1_1_VERSION }, false);
	check_handshake(&f, &(struct wish){ .min = TLS1_VERSION, .max = TLS1_VERSION }, false);
	check_handshake(&f, &(struct wish){ .min = TLS1_1_VERSION, .max = TLS1_2_VERSION }, true);
	stop(&f, &p);
}

TEST("TLS 1.2 only with ECDHE and an AEAD")
{
	static const struct {
		const char *cipher;
		bool ok;
	} rows[] = {
		{ "ECDHE-ECDSA-AES128-GCM-SHA256", true },
		{ "ECDHE-ECDSA-AES256-GCM-SHA384", true },
		{ "ECDHE-ECDSA-CHACHA20-POLY1305", true },
		{ "ECDHE-ECDSA-AES256-SHA384", false },
		{ "ECDHE-ECDSA-AES128-SHA", false },
		{ "AES128-GCM-SHA256", false },
		{ "aNULL:@SECLEVEL=0", false },
	};
	struct fixture f;
	struct pair p;

	start(&f, &p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_handshake(&f, &(struct wish){ .min = TLS1_2_VERSION, .max = TLS1_2_VERSION,
		    .ciphers = rows[i].cipher }, rows[i].ok);
	stop(&f, &p);
}

TEST("ALPN: http/1.1 is chosen, a client that wants only h2 is refused, none at all is fine")
{
	struct fixture f;
	struct pair p;
	struct client c;
	const unsigned char *chosen;
	unsigned n;

	start(&f, &p);
	assert_true(tls_connect(&c, &f, &(struct wish){ .alpn = "\x02h2\x08http/1.1" }));
	SSL_get0_alpn_selected(c.ssl, &chosen, &n);
	CHECK_STR(((struct str){ (const char *)chosen, n }), "http/1.1");
	tls_close(&c);
	check_handshake(&f, &(struct wish){ .alpn = "\x02h2" }, false);
	check_handshake(&f, &(struct wish){ 0 }, true);
	stop(&f, &p);
}

TEST("no renegotiation, no compression, no tickets")
{
	struct fixture f;
	struct pair p;
	struct client c;
	char byte;

	start(&f, &p);
	assert_true(tls_connect(&c, &f, &tls12));
	assert_null(SSL_get_current_compression(c.ssl));
	assert_false(SSL_SESSION_has_ticket(SSL_get_session(c.ssl)));
	assert_int_equal(SSL_SESSION_get_max_early_data(SSL_get_session(c.ssl)), 0);
	SSL_renegotiate(c.ssl);
	assert_true(SSL_do_handshake(c.ssl) != 1 || SSL_read(c.ssl, &byte, 1) <= 0);
	tls_close(&c);
	assert_true(tls_connect(&c, &f, &tls13));
	tls_send(&c, STR_LIT(GET("/")));
	check_reply(&c, "");
	assert_false(SSL_SESSION_has_ticket(SSL_get_session(c.ssl)));
	tls_close(&c);
	stop(&f, &p);
}

/* ---- the same connections under TLS */

TEST("keep-alive, pipelining and replies from elsewhere")
{
	struct fixture f;
	struct pair p;
	struct client c;

	start(&f, &p);
	assert_true(tls_connect(&c, &f, &tls13));
	tls_send(&c, STR_LIT("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\none" GET("/hold")
	    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nthree"));
	check_reply(&c, "one");
	reply_200(held(&f), STR_LIT("two"));
	check_reply(&c, "two");
	check_reply(&c, "three");
	tls_close(&c);
	stop(&f, &p);
}

TEST("bytes one by one, each in its own record")
{
	static const char request[] = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "5\r\nhello\r\n0\r\n\r\n";
	struct fixture f;
	struct pair p;
	struct client c;

	start(&f, &p);
	assert_true(tls_connect(&c, &f, &tls13));
	for (size_t i = 0; i < sizeof(request) - 1; i++)
		tls_send(&c, (struct str){ request + i, 1 });
	check_reply(&c, "hello");
	tls_close(&c);
	stop(&f, &p);
}

TEST("a megabyte in and five out")
{
	struct fixture f;
	struct pair p;
	struct client c;
	AUTO_BUF request = BUF_INIT;
	AUTO_RESPONSE r = { 0 };

	start(&f, &p);
	buf_z(&request, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
	for (int i = 0; i < 1000000; i++)
		buf_c(&request, (char)('a' + i % 26));
	assert_true(tls_connect(&c, &f, &tls13));
	tls_send(&c, buf_view(&request));
	assert_true(wire_read_with(tls_recv, &c, false, &r));
	assert_true(str_eq(r.body, str_skip(buf_view(&request), request.n - 1000000)));
	buf_free(&r.bytes);
	tls_send(&c, STR_LIT(GET("/bytes/5000000")));
	assert_true(wire_read_with(tls_recv, &c, false, &r));
	assert_int_equal(r.body.n, 5000000);
	tls_close(&c);
	stop(&f, &p);
}

TEST("a malformed request is 400, then close_notify, then the end")
{
	struct fixture f;
	struct pair p;
	struct client c;
	AUTO_RESPONSE r;
	char byte;

	start(&f, &p);
	assert_true(tls_connect(&c, &f, &tls13));
	tls_send(&c, STR_LIT("GET /a/../b HTTP/1.1\r\nHost: h\r\n\r\n"));
	assert_true(wire_read_with(tls_recv, &c, false, &r));
	assert_int_equal(r.status, 400);
	assert_int_equal(SSL_get_error(c.ssl, SSL_read(c.ssl, &byte, 1)), SSL_ERROR_ZERO_RETURN);
	assert_int_equal(f.calls, 0);
	tls_close(&c);
	stop(&f, &p);
}

TEST("a client that says close_notify still gets the reply it waits for")
{
	struct fixture f;
	struct pair p;
	struct client c;

	start(&f, &p);
	assert_true(tls_connect(&c, &f, &tls13));
	tls_send(&c, STR_LIT(GET("/hold")));
	SSL_shutdown(c.ssl);
	reply_200(held(&f), STR_LIT("ok"));
	check_reply(&c, "ok");
	tls_close(&c);
	stop(&f, &p);
}

TEST("plain HTTP or noise on a TLS port is closed without reaching the handler")
{
	struct fixture f;
	struct pair p;

	start(&f, &p);
	AUTO_FD plain = fixture_connect(&f);
	AUTO_FD noise = fixture_connect(&f);
	AUTO_BUF rest = BUF_INIT;

	wire_send_z(plain, GET("/"));
	assert_true(wire_read_end(plain, &rest));
	assert_true(wire_send(noise, STR_LIT("\x16\x03\x01\xff\xff\x00\x00\x00")));
	assert_true(wire_read_end(noise, &rest));
	assert_null(memmem(rest.p, rest.n, "HTTP/", 5));
	assert_int_equal(f.calls, 0);
	stop(&f, &p);
}

TEST("a handshake that never ends runs into the head timer")
{
	struct fixture f;
	struct pair p;
	struct http_config c = fixture_config(&f);

	pair_new(&p, "one");
	c.tls_cert = p.cert;
	c.tls_key = p.key;
	c.limits.head_ms = 200;
	fixture_start(&f, &c);
	AUTO_FD fd = fixture_connect(&f);
	assert_true(wire_send(fd, STR_LIT("\x16\x03\x01\x01\x00\x01")));
	check_end(fd);
	stop(&f, &p);
}

/* ---- certificates come and go */

static void
check_name(struct fixture *f, const char *want)
{
	struct client c;
	char name[64] = "";
	X509 *cert;

	assert_true(tls_connect(&c, f, &tls13));
	cert = SSL_get1_peer_certificate(c.ssl);
	X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name, sizeof(name));
	X509_free(cert);
	assert_string_equal(name, want);
	tls_close(&c);
}

TEST("reload: new connections get the new certificate, old ones go on")
{
	struct fixture f;
	struct pair p;
	struct client old;
	struct err e = { 0 };

	start(&f, &p);
	assert_true(tls_connect(&old, &f, &tls13));
	check_name(&f, "one");
	pair_write(&p, "two");
	check_name(&f, "one");
	CHECK_OK(http_server_reload_tls(f.server, &e), &e);
	check_name(&f, "two");
	tls_send(&old, STR_LIT(GET("/")));
	check_reply(&old, "");
	tls_close(&old);
	stop(&f, &p);
}

TEST("reload: broken files change nothing")
{
	struct fixture f;
	struct pair p, other;
	struct err e = { 0 };

	start(&f, &p);
	pair_new(&other, "other");
	assert_int_equal(rename(other.key, p.key), 0);		/* a key of another certificate */
	CHECK_ERR(http_server_reload_tls(f.server, &e), &e, ERR_CONFIG);
	unlink(p.cert);
	CHECK_ERR(http_server_reload_tls(f.server, &e), &e, ERR_CONFIG);
	check_name(&f, "one");
	pair_remove(&other);
	stop(&f, &p);
}

TEST("start: without a readable certificate there is no server")
{
	struct fixture f;
	struct http_config c = fixture_config(&f);
	struct err e = { 0 };

	c.tls_cert = "/nonexistent/cert";
	c.tls_key = "/nonexistent/key";
	CHECK_ERR(http_server_start(&c, &e) != NULL, &e, ERR_CONFIG);
}

TEST("our own client trusts the CA file it is given, and nobody without one")
{
	struct fixture f;
	struct pair p;
	AUTO(http_client) *c = http_client_new();
	char url[64];
	struct http_call call = { .method = "GET", .url = url };
	struct http_answer a;
	struct err e = { 0 };

	start(&f, &p);
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/who", http_server_port(f.server));
	CHECK_ERR(http_client_call(c, &call, &a, &e), &e, ERR_IO);
	call.ca_file = p.cert;
	CHECK_OK(http_client_call(c, &call, &a, &e), &e);
	assert_true(str_starts(buf_view(&a.body), "127.0.0.1 -1 TLSv1.3 "));
	http_answer_free(&a);
	stop(&f, &p);
}
