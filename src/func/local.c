/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local.c - the asking side of the runner: one thread, one socket, calls matched to answers by
 * number. What the runner sends is taken as hostile: it handles bytes from functions.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/frame.h"
#include "base/frame_runner.h"
#include "func/func.h"

/* The runner ends every call by itself; this much later pawld no longer believes that. */
#define OVERDUE_MS (60 * SECOND_MS)
/* A runner that lost its socket kills its sandboxes and exits; then it is made to. */
#define EXIT_GRACE_MS 3000

/* What another thread asked for. */
struct request {
	struct request *next;
	struct func_call *call;		/* or NULL: retire `arn` */
	char *arn;
};

/* A call the runner has not answered yet. */
struct flight {
	struct flight *next;
	int64_t id, overdue_at_ms;
	struct func_call *call;
};

struct func {
	pthread_mutex_t lock;		/* guards requests, last and stopping; a leaf */
	struct request *requests, **last;
	bool stopping;

	atomic_bool running;		/* the runner is there */
	pid_t runner_pid;
	pthread_t thread;
	uv_async_t wake;		/* uv_async_send from any thread */

	/* the rest belongs to the func thread */
	uv_loop_t loop;
	uv_pipe_t pipe;
	uv_timer_t overdue;
	struct flight *flights;
	int64_t last_id;
	struct buf in;
};

static void
finish_without_runner(struct func_call *call, enum func_outcome outcome, const char *text)
{
	call->result = (struct func_result){
		.outcome = outcome,
		.payload = STR_LIT(""),
		.error_type = STR_LIT("ServiceException"),
		.error_message = arena_str(call->arena, str_of(text)),
		.log_tail = STR_LIT(""),
	};
	call->done(call);
}

static void
finish_unavailable(struct func_call *call)
{
	finish_without_runner(call, FUNC_UNAVAILABLE, "The function runner is not available.");
}

static void
fail_flights(struct func *f)
{
	while (f->flights != NULL) {
		struct flight *fl = f->flights;
		struct func_call *call = fl->call;

		f->flights = fl->next;
		free(fl);
		finish_unavailable(call);
	}
}

/* The socket is of no more use: nothing will be answered. */
static void
lose_runner(struct func *f)
{
	if (!uv_is_closing((uv_handle_t *)&f->pipe))
		uv_close((uv_handle_t *)&f->pipe, NULL);
	atomic_store(&f->running, false);
	uv_timer_stop(&f->overdue);
	buf_free(&f->in);
	fail_flights(f);
}

/* ---- the answers */

static struct flight *
take_flight(struct func *f, int64_t id)
{
	for (struct flight **p = &f->flights; *p != NULL; p = &(*p)->next) {
		struct flight *fl = *p;

		if (fl->id != id)
			continue;
		*p = fl->next;
		return fl;
	}
	return NULL;
}

static const enum func_outcome outcomes[] = {
	[RUN_OK] = FUNC_OK,
	[RUN_ERROR] = FUNC_ERROR,
	[RUN_TIMEOUT] = FUNC_TIMEOUT,
	[RUN_THROTTLED] = FUNC_THROTTLED,
	[RUN_INVALID] = FUNC_INVALID,
};

static bool
decode_field(const struct frame_field *field, struct func_result *r, int64_t *id)
{
	int64_t v;

	switch (field->tag) {
	case TAG_CALL:
		return frame_int(field, id);
	case TAG_OUTCOME:
		if (!frame_int_in(field, 0, RUN_LAST, &v))
			return false;
		r->outcome = outcomes[v];
		return true;
	case TAG_PAYLOAD:
		r->payload = field->value;
		return true;
	case TAG_ERROR_TYPE:
		r->error_type = field->value;
		return true;
	case TAG_ERROR_MESSAGE:
		r->error_message = field->value;
		return true;
	case TAG_LOG_TAIL:
		r->log_tail = field->value;
		return true;
	case TAG_DURATION_MS:
		return frame_int_in(field, 0, INT64_MAX, &r->duration_ms);
	case TAG_BILLED_MS:
		return frame_int_in(field, 0, INT64_MAX, &r->billed_ms);
	case TAG_MAX_MEMORY_MB:
		if (!frame_int_in(field, 0, INT32_MAX, &v))
			return false;
		r->max_memory_mb = (int)v;
		return true;
	default:
		return true;
	}
}

static bool
on_result(struct func *f, struct frame *frame)
{
	struct func_result r = { .outcome = FUNC_ERROR, .payload = STR_LIT(""),
	    .error_type = STR_LIT(""), .error_message = STR_LIT(""), .log_tail = STR_LIT("") };
	struct frame_field field;
	struct func_call *call;
	struct flight *fl;
	int64_t id = 0;

	while (frame_next(frame, &field)) {
		if (!decode_field(&field, &r, &id))
			return false;
	}
	fl = take_flight(f, id);
	if (fl == NULL)
		return true;		/* given up as overdue */
	call = fl->call;
	free(fl);
	r.payload = arena_str(call->arena, r.payload);
	r.error_type = arena_str(call->arena, r.error_type);
	r.error_message = arena_str(call->arena, r.error_message);
	r.log_tail = arena_str(call->arena, r.log_tail);
	call->result = r;
	call->done(call);
	return true;
}

static bool
take_frames(struct func *f)
{
	struct str in = buf_view(&f->in);
	enum frame_state state;
	struct frame frame;

	while ((state = frame_take(&in, &frame)) == FRAME_READY) {
		if (frame.type != MSG_RESULT || !on_result(f, &frame))
			return false;
	}
	if (state == FRAME_BAD)
		return false;
	frame_drop(&f->in, f->in.n - in.n);
	return true;
}

static void
on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *out)
{
	struct func *f = h->data;

	buf_reserve(&f->in, hint);
	*out = uv_buf_init(f->in.p + f->in.n, (unsigned)hint);
}

static void
on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
	struct func *f = s->data;

	(void)b;
	if (n < 0) {
		lose_runner(f);
		return;
	}
	f->in.n += (size_t)n;
	if (!take_frames(f))
		lose_runner(f);
}

/* ---- the questions */

struct sending {
	uv_write_t req;
	struct buf bytes;
};

static void
on_sent(uv_write_t *req, int status)
{
	struct sending *s = (struct sending *)req;

	(void)status;		/* a broken socket shows up in on_read */
	buf_free(&s->bytes);
	free(s);
}

static void
send_frame(struct func *f, struct buf *bytes)
{
	struct sending *s = xcalloc(1, sizeof(*s));
	uv_buf_t b = uv_buf_init(bytes->p, (unsigned)bytes->n);

	s->bytes = *bytes;
	*bytes = (struct buf)BUF_INIT;
	if (uv_write(&s->req, (uv_stream_t *)&f->pipe, &b, 1, on_sent) == 0)
		return;
	buf_free(&s->bytes);
	free(s);
	lose_runner(f);
}

static void
encode_spec(struct buf *b, const struct func_spec *s)
{
	frame_add(b, TAG_ARN, s->arn);
	frame_add(b, TAG_NAME, s->name);
	frame_add(b, TAG_ACCOUNT, s->account);
	frame_add(b, TAG_REGION, s->region);
	frame_add(b, TAG_ROLE, s->role);
	frame_add(b, TAG_VERSION, s->version);
	frame_add(b, TAG_RUNTIME, s->runtime);
	frame_add(b, TAG_HANDLER, s->handler);
	frame_add(b, TAG_CODE_SHA256, s->code_sha256);
	frame_add(b, TAG_CODE_PATH, s->code_path);
	frame_add(b, TAG_BUILTIN, s->builtin);
	frame_add(b, TAG_REVISION, s->revision);
	frame_add_int(b, TAG_TIMEOUT_S, s->timeout_s);
	frame_add_int(b, TAG_MEMORY_MB, s->memory_mb);
	frame_add_int(b, TAG_CONCURRENCY, s->concurrency);
	for (size_t i = 0; i < s->env_count; i++) {
		if (s->env[i].name.p == NULL || s->env[i].value.p == NULL)
			continue;
		frame_add(b, TAG_ENV_NAME, s->env[i].name);
		frame_add(b, TAG_ENV_VALUE, s->env[i].value);
	}
}

static bool
encode_call(struct buf *b, int64_t id, const struct func_call *c)
{
	size_t at = frame_open(b, MSG_INVOKE);

	frame_add_int(b, TAG_CALL, id);
	encode_spec(b, &c->spec);
	frame_add(b, TAG_REQUEST_ID, c->request_id);
	frame_add(b, TAG_PAYLOAD, c->payload);
	frame_add(b, TAG_CLIENT_CONTEXT, c->client_context);
	frame_add(b, TAG_ACCESS_KEY_ID, c->access_key_id);
	frame_add(b, TAG_SECRET_ACCESS_KEY, c->secret_access_key);
	frame_add(b, TAG_SESSION_TOKEN, c->session_token);
	frame_add(b, TAG_ENDPOINT_URL, c->endpoint_url);
	frame_add(b, TAG_CA_BUNDLE, c->ca_bundle);
	for (size_t i = 0; i < c->mask_count; i++)
		frame_add(b, TAG_MASK, c->mask[i]);
	return frame_close(b, at);
}

/* Wakes for the call that is overdue first. */
static void
on_overdue(uv_timer_t *t)
{
	struct func *f = t->data;
	int64_t now = monotonic_ms(), wait = INT64_MAX;

	for (struct flight **p = &f->flights; *p != NULL;) {
		struct flight *fl = *p;

		if (fl->overdue_at_ms > now) {
			if (fl->overdue_at_ms - now < wait)
				wait = fl->overdue_at_ms - now;
			p = &fl->next;
			continue;
		}
		*p = fl->next;
		finish_unavailable(fl->call);
		free(fl);
	}
	if (wait != INT64_MAX)
		uv_timer_start(t, on_overdue, (uint64_t)wait, 0);
}

static void
ask(struct func *f, struct func_call *call)
{
	struct buf b = BUF_INIT;
	struct flight *fl;

	if (!atomic_load(&f->running)) {
		finish_unavailable(call);
		return;
	}
	if (!encode_call(&b, f->last_id + 1, call)) {
		buf_free(&b);
		finish_without_runner(call, FUNC_INVALID, "The invocation is too large.");
		return;
	}
	fl = xcalloc(1, sizeof(*fl));
	fl->id = ++f->last_id;
	fl->call = call;
	fl->overdue_at_ms = monotonic_ms() + call->spec.timeout_s * SECOND_MS + OVERDUE_MS;
	fl->next = f->flights;
	f->flights = fl;
	if (!uv_is_active((uv_handle_t *)&f->overdue))
		uv_timer_start(&f->overdue, on_overdue,
		    (uint64_t)(fl->overdue_at_ms - monotonic_ms()), 0);
	send_frame(f, &b);
}

static void
retire(struct func *f, const char *arn)
{
	struct buf b = BUF_INIT;
	size_t at = frame_open(&b, MSG_RETIRE);

	frame_add(&b, TAG_ARN, str_of(arn));
	if (atomic_load(&f->running) && frame_close(&b, at))
		send_frame(f, &b);
	buf_free(&b);
}

static struct request *
take_requests(struct func *f, bool *stopping)
{
	struct request *r;

	pthread_mutex_lock(&f->lock);
	r = f->requests;
	f->requests = NULL;
	f->last = &f->requests;
	*stopping = f->stopping;
	pthread_mutex_unlock(&f->lock);
	return r;
}

static void
on_wake(uv_async_t *a)
{
	struct func *f = a->data;
	struct request *r, *next;
	bool stopping;

	for (r = take_requests(f, &stopping); r != NULL; r = next) {
		next = r->next;
		if (r->call != NULL && stopping)
			finish_unavailable(r->call);
		else if (r->call != NULL)
			ask(f, r->call);
		else
			retire(f, r->arn);
		free(r->arn);
		free(r);
	}
	if (!stopping)
		return;
	lose_runner(f);
	if (uv_is_closing((uv_handle_t *)&f->wake))
		return;
	uv_close((uv_handle_t *)&f->wake, NULL);
	uv_close((uv_handle_t *)&f->overdue, NULL);
}

static void
put_request(struct func *f, struct func_call *call, char *arn)
{
	struct request *r = xcalloc(1, sizeof(*r));

	r->call = call;
	r->arn = arn;
	pthread_mutex_lock(&f->lock);
	*f->last = r;
	f->last = &r->next;
	pthread_mutex_unlock(&f->lock);
	uv_async_send(&f->wake);
}

void
func_invoke(struct func *f, struct func_call *call)
{
	put_request(f, call, NULL);
}

void
func_retire(struct func *f, struct str arn)
{
	char *z = xcalloc(1, arn.n + 1);

	memcpy(z, arn.p == NULL ? "" : arn.p, arn.n);
	put_request(f, NULL, z);
}

bool
func_is_running(const struct func *f)
{
	return atomic_load(&f->running);
}

/* ---- life */

static void *
run(void *arg)
{
	struct func *f = arg;

	uv_run(&f->loop, UV_RUN_DEFAULT);
	return NULL;
}

static bool
open_handles(struct func *f, int fd, struct err *e)
{
	int r;

	uv_timer_init(&f->loop, &f->overdue);
	uv_pipe_init(&f->loop, &f->pipe, 0);
	f->overdue.data = f->pipe.data = f->wake.data = f;
	if ((r = uv_async_init(&f->loop, &f->wake, on_wake)) == 0)
		r = uv_pipe_open(&f->pipe, fd);
	if (r == 0)
		r = uv_read_start((uv_stream_t *)&f->pipe, on_alloc, on_read);
	return r == 0 ? true : err_internal(e, "runner socket: %s", uv_strerror(r));
}

static void
close_if_open(uv_handle_t *h, void *arg)
{
	(void)arg;
	if (!uv_is_closing(h))
		uv_close(h, NULL);
}

static void
func_free(struct func *f)
{
	uv_walk(&f->loop, close_if_open, NULL);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	uv_loop_close(&f->loop);
	pthread_mutex_destroy(&f->lock);
	buf_free(&f->in);
	free(f);
}

/* Signals are for pawld's main thread. */
static int
start_thread(struct func *f)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&f->thread, NULL, run, f);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

struct func *
func_start(const struct func_config *c, struct err *e)
{
	struct func *f = xcalloc(1, sizeof(*f));
	int r;

	pthread_mutex_init(&f->lock, NULL);
	f->last = &f->requests;
	f->runner_pid = c->runner_pid;
	if ((r = uv_loop_init(&f->loop)) != 0) {
		free(f);
		err_internal(e, "uv_loop_init: %s", uv_strerror(r));
		return NULL;
	}
	if (!open_handles(f, c->runner_fd, e)) {
		func_free(f);
		return NULL;
	}
	atomic_store(&f->running, true);
	r = start_thread(f);
	if (r != 0) {
		func_free(f);
		err_internal(e, "func thread: %s", strerror(r));
		return NULL;
	}
	return f;
}

/* True once the process has ended (or is not ours to wait for). */
static bool
wait_exit(pid_t pid, int timeout_ms)
{
	struct pollfd p = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };

	if (p.fd >= 0) {
		poll(&p, 1, timeout_ms);
		close(p.fd);
	}
	return waitpid(pid, NULL, WNOHANG) != 0;
}

void
func_stop(struct func *f)
{
	pthread_mutex_lock(&f->lock);
	f->stopping = true;
	pthread_mutex_unlock(&f->lock);
	uv_async_send(&f->wake);
	pthread_join(f->thread, NULL);
	if (f->runner_pid > 0 && !wait_exit(f->runner_pid, EXIT_GRACE_MS)) {
		kill(f->runner_pid, SIGKILL);
		waitpid(f->runner_pid, NULL, 0);
	}
	func_free(f);
}
