/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn.h - a connection and the loop it lives on; private to src/http.
 *
 *   HEAD ---> BODY ---> HANDLER ---> WRITE ---> IDLE ---> HEAD ...
 *     |         |          |           |          |
 *     +- refused, closing -+---------> LINGER     |       bytes are read and dropped until the
 *     |         |          |           |          |       peer closes or LINGER_MS have passed
 *     +---------+----------+-----------+----------+-----> CLOSED
 *
 * A connection is on exactly one list of its loop, that of its state. All who wait in one state
 * wait equally long, so each list is in order of deadline and the oldest idle one is in front.
 *
 * A request handed to the handler (`out`) keeps its connection's memory alive until http_reply,
 * even when the socket is long closed or the server stopped: the reply is then dropped.
 *
 * Threads: everything is its loop thread's alone, except what `lock` guards, and, while `out`,
 * the request with its arena and the reply under construction, which are the handler's.
 */
#pragma once
#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>
#include <uv.h>

#include "base/buf.h"
#include "http/listen.h"
#include "http/peers.h"
#include "http/server.h"
#include "http/strict.h"
#include "http/tls.h"

#define READ_SIZE (64 * 1024)
/* Bytes that wait behind a request in progress; beyond it the socket is not read. */
#define PIPELINE_MAX READ_SIZE
#define LINGER_MS 1000
/* security.md 7.4: the life of one connection. */
#define CONNECTION_REQUESTS 10000
#define CONNECTION_LIFE_MS (3600 * 1000)

enum conn_state {
	CONN_HEAD, CONN_BODY, CONN_HANDLER, CONN_WRITE, CONN_IDLE, CONN_LINGER, CONN_CLOSED,
	CONN_STATES
};

struct loop;

struct conn {
	struct http_request request;	/* first: http_reply finds the connection by it */
	struct loop *loop;
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} uv;
	uv_shutdown_t shutdown;
	TAILQ_ENTRY(conn) link;		/* in loop->by_state[state] */
	enum conn_state state;
	uint64_t deadline;		/* loop time; 0 = none */
	uint64_t born;
	unsigned served;		/* requests handed over */
	struct peer_slot *slot;		/* NULL once counted out */
	struct tls_session *tls;	/* NULL on plain connections */

	struct buf in;			/* received, not looked at or waiting its turn */
	size_t scanned;			/* how far the search for the head's end came */
	struct strict_head head;
	struct strict_chunks chunks;
	struct buf body;		/* of a body that comes in parts */
	size_t body_cap;
	size_t large;			/* counted in server->large_bodies */

	unsigned writes;		/* uv_writes under way */
	bool out;			/* the request is with the handler */
	bool in_handler;		/* on_request is on this thread's stack */
	bool close_after;		/* the reply is the last one */
	bool at_eof;			/* the peer has closed its half */
	bool paused;			/* reading has stopped until `in` is used up */
	bool uv_closed;			/* the handle is gone; only memory is left */

	/* A reply made elsewhere, on its way here: status line and fields, then the body. */
	struct buf reply;
	size_t reply_head_len;
	bool reply_close;
	STAILQ_ENTRY(conn) reply_link;	/* in loop->replied; guarded by loop->lock */
};

TAILQ_HEAD(conn_list, conn);

struct loop {
	uv_loop_t uv;
	uv_async_t wake;
	uv_timer_t timer;
	uint64_t timer_due;		/* 0 = not running */
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} listener;
	struct http_server *server;
	unsigned index;
	pthread_t thread;		/* for the one who joins */
	pthread_t self;			/* set by the thread before its first request */
	struct conn_list by_state[CONN_STATES];
	unsigned conns;			/* not freed yet */
	bool stopping;
	uint64_t stop_due;		/* loop time at which patience ends */
	char *bytes, *plain;		/* READ_SIZE each: what was just read, and decrypted */
	/* Of the reply being sent; empty in between: its head, all of it as one TLS record, and
	 * what OpenSSL made of that. */
	struct buf head, record, cipher;
	char date[64];			/* "Date: ...\r\n", good until date_due */
	size_t date_len;
	uint64_t date_due;

	pthread_mutex_t lock;		/* guards what follows and conn.reply_link; leaf */
	STAILQ_HEAD(, conn) replied;	/* replies made on other threads */
	bool stop_asked;
	int grace_ms;
	bool deaf;			/* `wake` is closing: queue, but do not send */
	bool ended;			/* the thread is past its loop: repliers free for it */
	bool abandoned;			/* the server is gone: the last replier frees the loop */
	unsigned orphans;		/* requests still out after `ended` */
};

struct http_server {
	struct http_config config;	/* strings copied; read-only once started */
	struct listen_address address;
	struct peers *peers;
	pthread_mutex_t tls_lock;	/* guards tls; leaf */
	struct tls *tls;		/* NULL = plain */
	/* Bytes that bodies over limits.body_bytes may still come to. They are asked for before
	 * anything is known of the sender, so together they have a cap as well. */
	atomic_size_t large_bodies;
	unsigned loop_count;
	struct loop **loops;
};

/* Accepts what waits at the listener, or closes it at once when a cap is reached. */
void conn_accept(struct loop *l);
void conn_set_state(struct conn *c, enum conn_state state);
/* Closes without a word. Safe in every state, more than once. */
void conn_close(struct conn *c);
/* Sends FIN after what is still to be written, and waits for the peer's. */
void conn_linger(struct conn *c);
/* The deadline of its state has passed. */
void conn_expire(struct conn *c);
/* The reply is written: ends the connection or makes it ready for the next request. */
void conn_replied(struct conn *c);
/* Goes on with what waited behind a reply. Not from inside a handler: one request at a time. */
void conn_resume(struct conn *c);
/* The loop's side of a reply that was made elsewhere. */
void conn_take_reply(struct conn *c);
/* Wipes and frees the memory alone; for the thread that brings an orphan back. */
void conn_release(struct conn *c);
/* The same, told to the loop; once the handle is closed and the request is back. */
void conn_free(struct conn *c);

/* Starts the loop's timer if nothing runs that fires before `due`. */
void loop_arm(struct loop *l, uint64_t due);
/* Called when a connection has been freed. */
void loop_conn_gone(struct loop *l);
/* "Date: ...\r\n" of this second. */
struct str loop_date(struct loop *l);
void loop_free(struct loop *l);

/* A reference to what new connections use, or NULL for plain. */
struct tls *server_tls(struct http_server *s);
