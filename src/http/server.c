/* SPDX-License-Identifier: Apache-2.0 */
#include "http/server.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cleanup.h"
#include "http/conn.h"

#define BACKLOG 1024

const struct http_limits http_limits_default = {
	.head_bytes = 16 * 1024,
	.body_bytes = 1024 * 1024,
	.head_ms = 10000,
	.body_ms = 30000,
	.idle_ms = 60000,
	.write_ms = 30000,
	.connections = 4096,
	.connections_per_address = 256,
};

/* ---- a loop at work */

static void on_timer(uv_timer_t *timer);

void
loop_arm(struct loop *l, uint64_t due)
{
	uint64_t now = uv_now(&l->uv);

	if (l->timer_due != 0 && l->timer_due <= due)
		return;
	l->timer_due = due;
	uv_timer_start(&l->timer, on_timer, due > now ? due - now : 0, 0);
}

struct str
loop_date(struct loop *l)
{
	static const struct clock wall;
	char text[30];
	int64_t ms;

	if (uv_now(&l->uv) >= l->date_due) {
		ms = clock_now_ms(&wall);
		time_format_http(ms / 1000, text);
		l->date_len = (size_t)snprintf(l->date, sizeof(l->date), "Date: %s\r\n", text);
		l->date_due = uv_now(&l->uv) + (uint64_t)(1000 - ms % 1000);
	}
	return (struct str){ l->date, l->date_len };
}

static void
close_all(struct loop *l, enum conn_state state)
{
	struct conn *c;

	while ((c = TAILQ_FIRST(&l->by_state[state])) != NULL)
		conn_close(c);
}

/* Closes every handle, which lets uv_run return once their callbacks have run. */
static void
loop_end(struct loop *l)
{
	if (l->deaf)
		return;
	pthread_mutex_lock(&l->lock);
	l->deaf = true;
	pthread_mutex_unlock(&l->lock);
	for (int state = 0; state < CONN_CLOSED; state++)
		close_all(l, (enum conn_state)state);
	uv_close((uv_handle_t *)&l->wake, NULL);
	uv_close((uv_handle_t *)&l->timer, NULL);
}

void
loop_conn_gone(struct loop *l)
{
	l->conns--;
	if (l->stopping && l->conns == 0)
		loop_end(l);
}

static void
loop_stop(struct loop *l, int grace_ms)
{
	if (l->stopping)
		return;
	l->stopping = true;
	uv_close(&l->listener.handle, NULL);
	close_all(l, CONN_IDLE);
	close_all(l, CONN_HEAD);
	close_all(l, CONN_BODY);
	close_all(l, CONN_LINGER);
	l->stop_due = uv_now(&l->uv) + (uint64_t)(grace_ms < 0 ? 0 : grace_ms);
	if (l->conns == 0 || grace_ms <= 0)
		loop_end(l);
	else
		loop_arm(l, l->stop_due);
}

/* The front of each list is its earliest deadline. Returns when to look again; 0 = never. */
static uint64_t
expire_due(struct loop *l, uint64_t now)
{
	uint64_t next = l->stopping ? l->stop_due : 0;
	struct conn *c;

	for (int state = 0; state < CONN_CLOSED; state++) {
		while ((c = TAILQ_FIRST(&l->by_state[state])) != NULL && c->deadline != 0 &&
		    c->deadline <= now)
			conn_expire(c);
		if (c != NULL && c->deadline != 0 && (next == 0 || c->deadline < next))
			next = c->deadline;
	}
	return next;
}

static void
on_timer(uv_timer_t *timer)
{
	struct loop *l = timer->data;
	uint64_t now = uv_now(&l->uv), next;

	l->timer_due = 0;
	if (l->stopping && now >= l->stop_due) {
		loop_end(l);
		return;
	}
	next = expire_due(l, now);
	if (next != 0 && !l->deaf)
		loop_arm(l, next);
}

static void
on_wake(uv_async_t *wake)
{
	struct loop *l = wake->data;
	STAILQ_HEAD(, conn) replied = STAILQ_HEAD_INITIALIZER(replied);
	struct conn *c;
	bool stop_asked;

	pthread_mutex_lock(&l->lock);
	STAILQ_CONCAT(&replied, &l->replied);
	stop_asked = l->stop_asked;
	pthread_mutex_unlock(&l->lock);
	while ((c = STAILQ_FIRST(&replied)) != NULL) {
		STAILQ_REMOVE_HEAD(&replied, reply_link);
		conn_take_reply(c);
	}
	if (stop_asked)
		loop_stop(l, l->grace_ms);
}

static void
on_connection(uv_stream_t *listener, int status)
{
	if (status == 0)
		conn_accept(listener->data);
}

/* ---- a loop's life */

void
loop_free(struct loop *l)
{
	pthread_mutex_destroy(&l->lock);
	buf_free(&l->head);
	buf_free(&l->record);
	buf_free(&l->cipher);
	free(l->bytes);
	free(l->plain);
	free(l);
}

/* Replies that came too late for the loop are dropped here; who is still out frees itself. */
static void
loop_settle(struct loop *l)
{
	struct conn *c;

	pthread_mutex_lock(&l->lock);
	while ((c = STAILQ_FIRST(&l->replied)) != NULL) {
		STAILQ_REMOVE_HEAD(&l->replied, reply_link);
		conn_free(c);
	}
	l->orphans = l->conns;
	l->ended = true;
	pthread_mutex_unlock(&l->lock);
}

static void *
loop_main(void *arg)
{
	struct loop *l = arg;

	l->self = pthread_self();
	uv_run(&l->uv, UV_RUN_DEFAULT);
	uv_loop_close(&l->uv);
	loop_settle(l);
	return NULL;
}

static struct loop *
loop_new(struct http_server *s, unsigned index)
{
	struct loop *l = xcalloc(1, sizeof(*l));

	l->server = s;
	l->index = index;
	l->bytes = xmalloc(READ_SIZE);
	l->plain = xmalloc(READ_SIZE);
	pthread_mutex_init(&l->lock, NULL);
	STAILQ_INIT(&l->replied);
	for (int state = 0; state < CONN_STATES; state++)
		TAILQ_INIT(&l->by_state[state]);
	return l;
}

/* Adopts the socket whatever happens: closing the handle closes it. */
static int
loop_listen(struct loop *l, int fd)
{
	int r;

	if (l->server->address.is_unix) {
		uv_pipe_init(&l->uv, &l->listener.pipe, 0);
		r = uv_pipe_open(&l->listener.pipe, fd);
	} else {
		uv_tcp_init(&l->uv, &l->listener.tcp);
		r = uv_tcp_open(&l->listener.tcp, fd);
	}
	l->listener.handle.data = l;
	if (r != 0)
		close(fd);
	return r != 0 ? r : uv_listen(&l->listener.stream, BACKLOG, on_connection);
}

static bool
loop_open(struct loop *l, struct err *e)
{
	int fd = listen_bind(&l->server->address, e), r;

	if (fd < 0)
		return false;
	r = uv_loop_init(&l->uv);
	if (r != 0) {
		close(fd);
		return err_set(e, ERR_CONFIG, "cannot make an event loop: %s", uv_strerror(r));
	}
	uv_async_init(&l->uv, &l->wake, on_wake);
	uv_timer_init(&l->uv, &l->timer);
	l->wake.data = l;
	l->timer.data = l;
	r = loop_listen(l, fd);
	if (r == 0)
		return true;
	uv_close(&l->listener.handle, NULL);
	loop_end(l);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	uv_loop_close(&l->uv);
	return err_set(e, ERR_CONFIG, "cannot listen: %s", uv_strerror(r));
}

static void
loop_ask_to_stop(struct loop *l, int grace_ms)
{
	pthread_mutex_lock(&l->lock);
	l->stop_asked = true;
	l->grace_ms = grace_ms;
	if (!l->deaf)
		uv_async_send(&l->wake);
	pthread_mutex_unlock(&l->lock);
}

/* The thread has been joined. With requests still out, the last http_reply frees the loop. */
static void
loop_abandon(struct loop *l)
{
	bool last;

	pthread_mutex_lock(&l->lock);
	l->abandoned = true;
	last = l->orphans == 0;
	pthread_mutex_unlock(&l->lock);
	if (last)
		loop_free(l);
}

/* Signals are for the process's own threads; above all SIGPIPE must not end it. */
static bool
loop_start(struct loop *l, struct err *e)
{
	sigset_t all, old;
	int r;

	if (!loop_open(l, e))
		return false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&l->thread, NULL, loop_main, l);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r == 0)
		return true;
	uv_close(&l->listener.handle, NULL);
	loop_end(l);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	uv_loop_close(&l->uv);
	return err_set(e, ERR_CONFIG, "cannot start a thread: %s", strerror(r));
}

/* ---- the server */

struct tls *
server_tls(struct http_server *s)
{
	struct tls *t;

	pthread_mutex_lock(&s->tls_lock);
	t = s->tls == NULL ? NULL : tls_ref(s->tls);
	pthread_mutex_unlock(&s->tls_lock);
	return t;
}

bool
http_server_reload_tls(struct http_server *s, struct err *e)
{
	struct tls *fresh, *old;

	if (s->config.tls_cert == NULL)
		return true;
	fresh = tls_new(s->config.tls_cert, s->config.tls_key, e);
	if (fresh == NULL)
		return false;
	pthread_mutex_lock(&s->tls_lock);
	old = s->tls;
	s->tls = fresh;
	pthread_mutex_unlock(&s->tls_lock);
	tls_unref(old);
	return true;
}

static void
server_free(struct http_server *s)
{
	if (s->loops != NULL && s->address.is_unix && s->loop_count > 0)
		unlink(s->address.addr.unix_path.sun_path);
	peers_free(s->peers);
	tls_unref(s->tls);
	pthread_mutex_destroy(&s->tls_lock);
	free((char *)s->config.tls_cert);
	free((char *)s->config.tls_key);
	free((char *)s->config.too_large_body.p);
	free(s->loops);
	free(s);
}

static char *
copy_or_null(const char *z)
{
	return z == NULL ? NULL : xstrdup(z);
}

static void
default_limits(struct http_limits *l)
{
	const struct http_limits *d = &http_limits_default;

	if (l->head_bytes == 0)
		l->head_bytes = d->head_bytes;
	if (l->body_bytes == 0)
		l->body_bytes = d->body_bytes;
	if (l->connections == 0)
		l->connections = d->connections;
	if (l->connections_per_address == 0)
		l->connections_per_address = d->connections_per_address;
}

static struct http_server *
server_new(const struct http_config *config)
{
	struct http_server *s = xcalloc(1, sizeof(*s));
	struct str body = config->too_large_body;

	s->config = *config;
	s->config.listen = NULL;	/* parsed into address */
	s->config.tls_cert = copy_or_null(config->tls_cert);
	s->config.tls_key = copy_or_null(config->tls_key);
	if (body.n > 0)
		s->config.too_large_body.p = memcpy(xmalloc(body.n), body.p, body.n);
	else
		s->config.too_large_body = STR_NULL;
	default_limits(&s->config.limits);
	pthread_mutex_init(&s->tls_lock, NULL);
	s->peers = peers_new(s->config.limits.connections, s->config.limits.connections_per_address);
	return s;
}

/* SO_REUSEPORT does not exist for socket files, so those have one loop. */
static unsigned
loops_wanted(const struct http_server *s)
{
	if (s->address.is_unix)
		return 1;
	return s->config.threads > 0 ? s->config.threads : uv_available_parallelism();
}

static bool
start_loops(struct http_server *s, struct err *e)
{
	unsigned n = loops_wanted(s);

	if (!listen_check_free(&s->address, e))
		return false;
	s->loops = xcalloc(n, sizeof(struct loop *));
	while (s->loop_count < n) {
		struct loop *l = loop_new(s, s->loop_count);

		if (!loop_start(l, e)) {
			loop_free(l);
			return false;
		}
		s->loops[s->loop_count++] = l;
	}
	return true;
}

struct http_server *
http_server_start(const struct http_config *config, struct err *e)
{
	struct http_server *s = server_new(config);

	if (listen_parse(config->listen, &s->address, e) && http_server_reload_tls(s, e) &&
	    start_loops(s, e))
		return s;
	http_server_stop(s, 0);
	return NULL;
}

uint16_t
http_server_port(const struct http_server *s)
{
	return listen_port(&s->address);
}

void
http_server_stop(struct http_server *s, int grace_ms)
{
	if (s == NULL)
		return;
	for (unsigned i = 0; i < s->loop_count; i++)
		loop_ask_to_stop(s->loops[i], grace_ms);
	for (unsigned i = 0; i < s->loop_count; i++)
		pthread_join(s->loops[i]->thread, NULL);
	for (unsigned i = 0; i < s->loop_count; i++)
		loop_abandon(s->loops[i]);
	server_free(s);
}
