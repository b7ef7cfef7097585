/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.h - TLS 1.2 and 1.3 for the server, over memory (security.md 7.4): bytes from the socket are
 * fed in, bytes for the socket come out, no file descriptors.
 *
 * TLS 1.2 only with ECDHE and an AEAD. No renegotiation, compression, tickets, session cache or
 * early data. Threads: a struct tls may be shared; a session belongs to one thread at a time.
 */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct tls;
struct tls_session;

/* Certificate chain and key, PEM. */
MUST_CHECK struct tls *tls_new(const char *cert_path, const char *key_path, struct err *e);
/* Counted: each session holds a reference to what it was made from. NULL is fine for unref. */
struct tls *tls_ref(struct tls *t);
void tls_unref(struct tls *t);

/* `out` is borrowed: every call below may append to it, and the caller sends what it holds. */
MUST_CHECK struct tls_session *tls_session_new(struct tls *t, struct buf *out);
void tls_session_free(struct tls_session *s);

enum { TLS_CLOSED = -1, TLS_FAILED = -2 };
/* Borrows `in` until tls_session_read has returned 0 or less. */
void tls_session_feed(struct tls_session *s, struct str in);
/* Bytes of plain text put into p; 0 when more must be fed; TLS_CLOSED after close_notify;
 * TLS_FAILED when the session is lost. */
int tls_session_read(struct tls_session *s, char *p, size_t cap);
MUST_CHECK bool tls_session_write(struct tls_session *s, struct str plain);
void tls_session_close(struct tls_session *s);
/* NULL until the handshake is done; both point to constants. */
const char *tls_session_version(const struct tls_session *s);
const char *tls_session_cipher(const struct tls_session *s);
