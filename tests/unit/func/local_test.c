/* SPDX-License-Identifier: Apache-2.0 */
/* The asking side alone, with a runner played by the test: what it says is taken as hostile. */
#include "test.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fdpass.h"
#include "base/frame.h"
#include "base/frame_runner.h"
#include "func/func.h"

struct rig {
	struct func *func;
	int fd;			/* the runner's end */
	struct arena *arena;
	pthread_mutex_t lock;	/* guards done */
	pthread_cond_t changed;
	int done;
};

static void
rig_open(struct rig *r)
{
	struct func_config c = { .runner_pid = 0 };
	struct err e;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	c.runner_fd = fds[0];
	r->fd = fds[1];
	r->arena = arena_new();
	r->done = 0;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
	r->func = func_start(&c, &e);
	CHECK_OK(r->func != NULL, &e);
}

static void
rig_close(struct rig *r)
{
	func_stop(r->func);
	close(r->fd);
	arena_free(r->arena);
}

static void
on_done(struct func_call *call)
{
	struct rig *r = call->arg;

	pthread_mutex_lock(&r->lock);
	r->done++;
	pthread_cond_signal(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

static void
wait_done(struct rig *r, int n)
{
	pthread_mutex_lock(&r->lock);
	while (r->done < n)
		pthread_cond_wait(&r->changed, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

static struct func_call
some_call(struct rig *r)
{
	return (struct func_call){ .arena = r->arena, .request_id = STR_LIT("id"),
		.payload = STR_LIT("{}"), .spec = { .arn = STR_LIT("arn:f"), .timeout_s = 3 },
		.done = on_done, .arg = r };
}

/* Reads one frame that func sent; its fields stay in `b`. */
static struct frame
read_frame(struct rig *r, struct buf *b)
{
	struct frame f;

	for (;;) {
		struct str in = buf_view(b);
		ssize_t n;

		if (b->n > 0 && frame_take(&in, &f) == FRAME_READY) {
			assert_int_equal(in.n, 0);
			return f;
		}
		buf_reserve(b, 65536);
		n = read(r->fd, b->p + b->n, 65536);
		assert_true(n > 0);
		b->n += (size_t)n;
	}
}

static struct str
field_of(struct frame f, unsigned tag)
{
	struct frame_field field;

	while (frame_next(&f, &field)) {
		if (field.tag == tag)
			return field.value;
	}
	return STR_NULL;
}

static int64_t
call_number(struct frame f)
{
	struct frame_field field = { TAG_CALL, field_of(f, TAG_CALL) };
	int64_t v = -1;

	assert_true(frame_int(&field, &v));
	return v;
}

static void
write_all(struct rig *r, struct str s)
{
	while (s.n > 0) {
		ssize_t n = write(r->fd, s.p, s.n);

		assert_true(n > 0);
		s = str_skip(s, (size_t)n);
	}
}

static void
answer(struct rig *r, int64_t id, int64_t outcome, const char *payload)
{
	AUTO_BUF b = BUF_INIT;
	size_t at = frame_open(&b, MSG_RESULT);

	frame_add_int(&b, TAG_CALL, id);
	frame_add_int(&b, TAG_OUTCOME, outcome);
	frame_add(&b, TAG_PAYLOAD, str_of(payload));
	frame_add(&b, TAG_ERROR_TYPE, STR_LIT("T"));
	frame_add_int(&b, TAG_DURATION_MS, 7);
	frame_add_int(&b, TAG_MAX_MEMORY_MB, 40);
	assert_true(frame_close(&b, at));
	write_all(r, buf_view(&b));
}

TEST("a call goes out whole and comes back with its result")
{
	static const struct func_env env[] = { { STR_LIT("A"), STR_LIT("1") } };
	static const struct str mask = STR_LIT("hidden-value");
	AUTO_BUF b = BUF_INIT;
	struct func_call call;
	struct frame f;
	struct rig r;

	rig_open(&r);
	call = some_call(&r);
	call.spec.env = env;
	call.spec.env_count = 1;
	call.mask = &mask;
	call.mask_count = 1;
	func_invoke(r.func, &call);
	f = read_frame(&r, &b);
	assert_int_equal(f.type, MSG_INVOKE);
	CHECK_STR(field_of(f, TAG_ARN), "arn:f");
	CHECK_STR(field_of(f, TAG_PAYLOAD), "{}");
	CHECK_STR(field_of(f, TAG_ENV_NAME), "A");
	CHECK_STR(field_of(f, TAG_ENV_VALUE), "1");
	CHECK_STR(field_of(f, TAG_MASK), "hidden-value");
	answer(&r, call_number(f), RUN_ERROR, "{\"errorType\":\"T\"}");
	wait_done(&r, 1);
	assert_int_equal(call.result.outcome, FUNC_ERROR);
	CHECK_STR(call.result.payload, "{\"errorType\":\"T\"}");
	CHECK_STR(call.result.error_type, "T");
	CHECK_STR(call.result.log_tail, "");
	assert_int_equal(call.result.duration_ms, 7);
	assert_int_equal(call.result.max_memory_mb, 40);
	rig_close(&r);
}

TEST("answers may come in any order; one to an unknown call is skipped")
{
	struct func_call calls[2];
	int64_t ids[2];
	struct rig r;

	rig_open(&r);
	for (int i = 0; i < 2; i++) {
		AUTO_BUF b = BUF_INIT;

		calls[i] = some_call(&r);
		func_invoke(r.func, &calls[i]);
		ids[i] = call_number(read_frame(&r, &b));
	}
	assert_int_not_equal(ids[0], ids[1]);
	answer(&r, 999, RUN_OK, "nobody's");
	answer(&r, ids[1], RUN_OK, "second");
	wait_done(&r, 1);
	answer(&r, ids[1], RUN_OK, "again");
	answer(&r, ids[0], RUN_TIMEOUT, "first");
	wait_done(&r, 2);
	CHECK_STR(calls[0].result.payload, "first");
	assert_int_equal(calls[0].result.outcome, FUNC_TIMEOUT);
	CHECK_STR(calls[1].result.payload, "second");
	assert_true(func_is_running(r.func));
	rig_close(&r);
}

TEST("a runner that says what is no answer is given up: calls are FUNC_UNAVAILABLE")
{
	static const struct str rows[] = {
		{ "\0\0\0\0", 4 },			/* no frame */
		{ "\xff\xff\xff\xff", 4 },
		{ "\0\0\0\1\1", 5 },			/* MSG_INVOKE is ours to send */
		{ "\0\0\0\x08\3\0\1\0\0\0\1x", 12 },	/* a call number of one byte */
		/* an outcome that does not exist */
		{ "\0\0\0\x0f\3\0\x1c\0\0\0\x08\0\0\0\0\0\0\0\x63", 19 },
	};

	assert_int_equal(TAG_OUTCOME, 0x1c);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		AUTO_BUF b = BUF_INIT;
		struct func_call call;
		struct rig r;

		rig_open(&r);
		call = some_call(&r);
		func_invoke(r.func, &call);
		read_frame(&r, &b);
		write_all(&r, rows[i]);
		wait_done(&r, 1);
		assert_int_equal(call.result.outcome, FUNC_UNAVAILABLE);
		assert_false(func_is_running(r.func));
		rig_close(&r);
	}
}

TEST("a runner that goes away: calls in flight and later ones are FUNC_UNAVAILABLE, once each")
{
	AUTO_BUF b = BUF_INIT;
	struct func_call a, c;
	struct rig r;

	rig_open(&r);
	a = some_call(&r);
	func_invoke(r.func, &a);
	read_frame(&r, &b);
	shutdown(r.fd, SHUT_RDWR);
	wait_done(&r, 1);
	c = some_call(&r);
	func_invoke(r.func, &c);
	wait_done(&r, 2);
	assert_int_equal(a.result.outcome, FUNC_UNAVAILABLE);
	assert_int_equal(c.result.outcome, FUNC_UNAVAILABLE);
	func_retire(r.func, STR_LIT("arn:f"));
	rig_close(&r);
	assert_int_equal(r.done, 2);
}

TEST("a call too large for a frame is FUNC_INVALID and disturbs nobody")
{
	struct func_call call;
	struct rig r;
	char *big;

	rig_open(&r);
	call = some_call(&r);
	big = arena_alloc(r.arena, FRAME_MAX);
	call.payload = (struct str){ big, FRAME_MAX };
	func_invoke(r.func, &call);
	wait_done(&r, 1);
	assert_int_equal(call.result.outcome, FUNC_INVALID);
	assert_true(func_is_running(r.func));
	rig_close(&r);
}

TEST("retiring a function names it; the order of requests is kept")
{
	AUTO_BUF b = BUF_INIT, c = BUF_INIT;
	struct func_call call;
	struct frame f;
	struct rig r;

	rig_open(&r);
	func_retire(r.func, STR_LIT("arn:f"));
	f = read_frame(&r, &b);
	assert_int_equal(f.type, MSG_RETIRE);
	CHECK_STR(field_of(f, TAG_ARN), "arn:f");
	call = some_call(&r);
	func_invoke(r.func, &call);
	assert_int_equal(read_frame(&r, &c).type, MSG_INVOKE);
	rig_close(&r);
	assert_int_equal(r.done, 1);	/* func_stop answered it */
	assert_int_equal(call.result.outcome, FUNC_UNAVAILABLE);
}

/* ---- runners that come from a keeper, played by the test */

static void
rig_open_kept(struct rig *r, int *out_keeper, int wait_ms)
{
	struct func_config c = { .wait_ms = wait_ms };
	struct err e;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	c.keeper_fd = fds[0];
	*out_keeper = fds[1];
	r->fd = -1;
	r->arena = arena_new();
	r->done = 0;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
	r->func = func_start(&c, &e);
	CHECK_OK(r->func != NULL, &e);
}

/* The rig's runner is another one from here on. */
static void
send_runner(struct rig *r, int keeper, int32_t pid)
{
	struct err e;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	CHECK_OK(fdpass_send(keeper, fds[0], pid, &e), &e);
	close(fds[0]);
	r->fd = fds[1];
}

TEST("calls without a runner wait for the next one and go to it in their order")
{
	AUTO_BUF b = BUF_INIT, b2 = BUF_INIT, b3 = BUF_INIT;
	struct func_call a, c, d;
	int64_t first;
	struct rig r;
	int keeper, old;

	rig_open_kept(&r, &keeper, 60000);
	assert_false(func_is_running(r.func));
	a = some_call(&r);
	func_invoke(r.func, &a);
	send_runner(&r, keeper, 11);
	first = call_number(read_frame(&r, &b));
	assert_int_equal(func_runner_pid(r.func), 11);
	/* the next comes while the last one's socket still looks alive */
	old = r.fd;
	c = d = some_call(&r);
	send_runner(&r, keeper, 12);
	wait_done(&r, 1);
	assert_int_equal(a.result.outcome, FUNC_UNAVAILABLE);
	func_invoke(r.func, &c);
	assert_true(call_number(read_frame(&r, &b2)) > first);
	assert_int_equal(func_runner_pid(r.func), 12);
	assert_int_equal(func_restarts(r.func), 1);
	shutdown(r.fd, SHUT_RDWR);
	wait_done(&r, 2);
	func_invoke(r.func, &d);
	close(r.fd);
	send_runner(&r, keeper, 13);
	answer(&r, call_number(read_frame(&r, &b3)), RUN_OK, "at last");
	wait_done(&r, 3);
	CHECK_STR(d.result.payload, "at last");
	close(old);
	close(keeper);
	rig_close(&r);
}

TEST("a call that no runner comes for is FUNC_UNAVAILABLE, after its wait or with the keeper")
{
	struct func_call a, c;
	struct rig r;
	int keeper;

	rig_open_kept(&r, &keeper, 1);
	a = some_call(&r);
	func_invoke(r.func, &a);
	wait_done(&r, 1);
	assert_int_equal(a.result.outcome, FUNC_UNAVAILABLE);
	close(keeper);
	rig_close(&r);

	rig_open_kept(&r, &keeper, 60000);
	a = c = some_call(&r);
	func_invoke(r.func, &a);
	close(keeper);
	wait_done(&r, 1);
	assert_int_equal(a.result.outcome, FUNC_UNAVAILABLE);
	func_invoke(r.func, &c);
	wait_done(&r, 2);
	assert_int_equal(c.result.outcome, FUNC_UNAVAILABLE);
	assert_false(func_is_running(r.func));
	rig_close(&r);
}
