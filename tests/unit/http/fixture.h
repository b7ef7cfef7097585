/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixture.h - a server whose handler does what the target says:
 *   /hold...   keeps the request until the test takes it with held() and replies
 *   /free      answers the request that is held, then its own
 *   /bytes/N   N bytes
 *   /who       peer, uid, TLS version and cipher
 *   others     the request's body
 */
#pragma once
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "http/server.h"
#include "wire.h"

struct fixture {
	struct http_server *server;
	atomic_uint calls;
	pthread_mutex_t lock;		/* guards waiting and count */
	pthread_cond_t came;
	struct http_request *waiting[256];
	unsigned count;
};

static inline void
hold(struct fixture *f, struct http_request *r)
{
	pthread_mutex_lock(&f->lock);
	f->waiting[f->count++] = r;
	pthread_cond_signal(&f->came);
	pthread_mutex_unlock(&f->lock);
}

/* Waits until a request is held and takes the oldest. */
static inline struct http_request *
held(struct fixture *f)
{
	struct http_request *r;

	pthread_mutex_lock(&f->lock);
	while (f->count == 0)
		pthread_cond_wait(&f->came, &f->lock);
	r = f->waiting[0];
	memmove(f->waiting, f->waiting + 1, --f->count * sizeof(r));
	pthread_mutex_unlock(&f->lock);
	return r;
}

static inline void
reply_200(struct http_request *r, struct str body)
{
	http_reply(r, &(struct http_reply){ .status = 200, .body = body });
}

static inline void
reply_bytes(struct http_request *r)
{
	size_t n = (size_t)strtoul(arena_strz(r->arena, r->target) + strlen("/bytes/"), NULL, 10);
	char *p = arena_alloc(r->arena, n);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)('a' + i % 26);
	reply_200(r, (struct str){ p, n });
}

static inline void
fixture_handle(struct http_request *r, void *arg)
{
	struct fixture *f = arg;

	atomic_fetch_add(&f->calls, 1);
	if (str_starts(r->target, "/hold")) {
		hold(f, r);
	} else if (str_is(r->target, "/free")) {
		reply_200(held(f), STR_LIT("freed"));
		reply_200(r, STR_LIT("done"));
	} else if (str_starts(r->target, "/bytes/")) {
		reply_bytes(r);
	} else if (str_is(r->target, "/who")) {
		reply_200(r, str_of(arena_printf(r->arena, "%s %lld %s %s", r->peer,
		    (long long)r->peer_uid, r->tls_version == NULL ? "-" : r->tls_version,
		    r->tls_cipher == NULL ? "-" : r->tls_cipher)));
	} else {
		reply_200(r, r->body);
	}
}

/* The defaults, for a test to change before fixture_start. */
static inline struct http_config
fixture_config(struct fixture *f)
{
	return (struct http_config){ .listen = "127.0.0.1:0", .threads = 1,
		.on_request = fixture_handle, .arg = f, .limits = http_limits_default };
}

static inline void
fixture_start(struct fixture *f, const struct http_config *c)
{
	struct err e = { 0 };

	memset(f, 0, sizeof(*f));
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->came, NULL);
	f->server = http_server_start(c, &e);
	if (f->server == NULL)
		fail_msg("%s %s", e.msg, e.detail);
}

static inline void
fixture_stop(struct fixture *f)
{
	http_server_stop(f->server, 5000);
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->came);
}

static inline int
fixture_connect(struct fixture *f)
{
	return wire_connect(http_server_port(f->server));
}

static inline void
check_response(int fd, int status, const char *body)
{
	AUTO_RESPONSE r;

	wire_read(fd, &r);
	assert_int_equal(r.status, status);
	CHECK_STR(r.body, body);
}

/* The server closes without another byte. */
static inline void
check_end(int fd)
{
	AUTO_BUF rest = BUF_INIT;

	assert_true(wire_read_end(fd, &rest));
	CHECK_STR(buf_view(&rest), "");
}
