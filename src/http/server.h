/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h - a small strict HTTP/1.1 server on libuv, llhttp and OpenSSL (design.md section 3).
 *
 * One loop and one thread per `threads`, each with its own SO_REUSEPORT listener. A request is
 * handed over whole (head and de-chunked body), one at a time per connection (pipelined bytes wait).
 * Its arena is wiped after the answer has been written or the connection is gone.
 * Malformed input never reaches the handler: 400 and a closed connection, plain text-free body.
 * Threads: on_request runs on a loop thread; http_reply may be called from any thread, once per
 * request, and gives the request back: the caller must not touch it afterwards.
 */
#pragma once
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/header.h"

#define HTTP_MAX_HEADERS 64

struct http_server;
struct http_request {
	struct arena *arena;		/* lives until the reply is written */
	struct str method;		/* "POST" */
	struct str target;		/* path and query as received */
	struct header headers[HTTP_MAX_HEADERS];
	size_t header_count;
	struct str body;
	char peer[46];			/* address text, "unix" for a socket file */
	uint16_t peer_port;
	int64_t peer_uid;		/* unix sockets: SO_PEERCRED; else -1 */
	const char *tls_version;	/* "TLSv1.3", NULL for plain */
	const char *tls_cipher;
	unsigned thread;		/* which loop, 0..threads-1 */
	void *user;			/* the handler's */
};

struct http_reply {
	int status;
	const struct header *headers;	/* Date, Content-Length, Cache-Control are added */
	size_t header_count;
	struct str body;		/* copied (or taken) before http_reply returns */
	bool close;			/* close the connection after it */
};
void http_reply(struct http_request *r, const struct http_reply *reply);

struct http_limits {
	size_t head_bytes;		/* 16 KiB */
	size_t body_bytes;		/* 1 MiB; over it 413, connection closed */
	/* 0 or a larger cap for targets that need one (Lambda code uploads); called after the head. */
	size_t (*body_cap)(void *arg, struct str method, struct str target);
	int head_ms, body_ms, idle_ms, write_ms;	/* 10,000 30,000 60,000 30,000; 0 = none */
	unsigned connections, connections_per_address;	/* 4096, 256 */
};
extern const struct http_limits http_limits_default;

struct http_config {
	const char *listen;		/* "127.0.0.1:7295", "[::1]:0", "unix:/path"; port 0 = any */
	unsigned threads;		/* 0 = one per core */
	const char *tls_cert, *tls_key;	/* PEM files; NULL = plain */
	struct http_limits limits;
	void (*on_request)(struct http_request *r, void *arg);
	/* What the server's own 413 says, as application/x-amz-json-1.1; its other refusals are
	 * empty. */
	struct str too_large_body;
	void *arg;
};

MUST_CHECK struct http_server *http_server_start(const struct http_config *c, struct err *e);
/* The port in use, for ":0". */
uint16_t http_server_port(const struct http_server *s);
/* Reads certificate and key again; the old ones stay on failure. */
MUST_CHECK bool http_server_reload_tls(struct http_server *s, struct err *e);
/* Stops accepting, lets answers in flight finish for at most `grace_ms`, joins the threads. */
void http_server_stop(struct http_server *s, int grace_ms);
