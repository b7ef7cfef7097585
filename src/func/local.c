/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local.c - the asking side of the runner: one thread, one socket, calls matched to answers by
 * number. What the runner sends is taken as hostile: it handles bytes from functions.
 *
 * A runner that closes its socket, or does not speak as it should, is left: its calls end, its
 * socket is closed, and calls wait until the keeper has sent the next one.
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
#include "base/fdpass.h"
#include "base/frame.h"
#include "base/frame_runner.h"
#include "func/func.h"

/* The runner ends every call by itself; this much later pawld no longer believes that. */
#define OVERDUE_MS (60 * SECOND_MS)
/* A runner that lost its socket kills its sandboxes and exits; then it is made to. */
#define EXIT_GRACE_MS 5000
#define WAIT_MS 5000

/* What another thread asked for. */
struct request {
	struct request *next;
	struct func_call *call;		/* or NULL: retire `arn` */
	char *arn;
};

/* A call without an answer yet. */
struct flight {
	struct flight *next;
	int64_t id, overdue_at_ms;
	struct func_call *call;
};

/* The connection to one runner; freed by the loop when it has been closed. */
struct line {
	uv_pipe_t pipe;
	struct func *func;
	struct buf in;
};

struct func {
	pthread_mutex_t lock;		/* guards requests, last and stopping; a leaf */
	struct request *requests, **last;
	bool stopping;

	atomic_bool running;		/* the runner is there */
	atomic_int runner_pid;
	atomic_uint runners;		/* how many there were */
	pid_t keeper_pid;		/* whom func_stop waits for: the keeper, or the only runner */
	pthread_t thread;
	uv_async_t wake;		/* uv_async_send from any thread */

	/* the rest belongs to the func thread */
	uv_loop_t loop;
	struct line *line;		/* NULL = no runner */
	int keeper_fd;			/* -1 = no runner will come */
	uv_poll_t keeper;
	uv_timer_t overdue;
	struct flight *flights;		/* the runner has them */
	struct flight *waiting, **last_waiting;	/* for a runner, in order */
	int64_t last_id;
	int wait_ms;
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
fail_all(struct flight **list)
{
	while (*list != NULL) {
		struct flight *fl = *list;
		struct func_call *call = fl->call;

		*list = fl->next;
		free(fl);
		finish_unavailable(call);
	}
}

static void
fail_waiting(struct func *f)
{
	fail_all(&f->waiting);
	f->last_waiting = &f->waiting;
}

static void
on_line_closed(uv_handle_t *h)
{
	struct line *line = h->data;

	buf_free(&line->in);
	free(line);
}

/* The socket is of no more use: nothing will be answered. */
static void
lose_runner(struct func *f)
{
	struct line *line = f->line;

	if (line == NULL)
		return;
	f->line = NULL;
	uv_close((uv_handle_t *)&line->pipe, on_line_closed);
	atomic_store(&f->running, false);
	atomic_store(&f->runner_pid, 0);
	fail_all(&f->flights);
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
take_frames(struct line *line)
{
	struct str in = buf_view(&line->in);
	enum frame_state state;
	struct frame frame;

	while ((state = frame_take(&in, &frame)) == FRAME_READY) {
		if (frame.type != MSG_RESULT || !on_result(line->func, &frame))
			return false;
	}
	if (state == FRAME_BAD)
		return false;
	frame_drop(&line->in, line->in.n - in.n);
	return true;
}

static void
on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *out)
{
	struct line *line = h->data;

	buf_reserve(&line->in, hint);
	*out = uv_buf_init(line->in.p + line->in.n, (unsigned)hint);
}

static void
on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
	struct line *line = s->data;

	(void)b;
	if (n < 0) {
		lose_runner(line->func);
		return;
	}
	line->in.n += (size_t)n;
	if (!take_frames(line))
		lose_runner(line->func);
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
	if (uv_write(&s->req, (uv_stream_t *)&f->line->pipe, &b, 1, on_sent) == 0)
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

static void on_overdue(uv_timer_t *t);

static void
wake_at(struct func *f, int64_t at_ms)
{
	int64_t now = monotonic_ms();
	uint64_t wait = at_ms > now ? (uint64_t)(at_ms - now) : 0;

	if (!uv_is_active((uv_handle_t *)&f->overdue) || uv_timer_get_due_in(&f->overdue) > wait)
		uv_timer_start(&f->overdue, on_overdue, wait, 0);
}

/* Ends what is overdue; gives the end of the list. */
static struct flight **
end_overdue(struct func *f, struct flight **p, int64_t now)
{
	while (*p != NULL) {
		struct flight *fl = *p;

		if (fl->overdue_at_ms > now) {
			wake_at(f, fl->overdue_at_ms);
			p = &fl->next;
			continue;
		}
		*p = fl->next;
		finish_unavailable(fl->call);
		free(fl);
	}
	return p;
}

static void
on_overdue(uv_timer_t *t)
{
	struct func *f = t->data;
	int64_t now = monotonic_ms();

	end_overdue(f, &f->flights, now);
	f->last_waiting = end_overdue(f, &f->waiting, now);
}

/* The runner takes off with it. */
static void
send_call(struct func *f, struct flight *fl)
{
	struct func_call *call = fl->call;
	struct buf b = BUF_INIT;

	if (!encode_call(&b, f->last_id + 1, call)) {
		buf_free(&b);
		free(fl);
		finish_without_runner(call, FUNC_INVALID, "The invocation is too large.");
		return;
	}
	fl->id = ++f->last_id;
	fl->overdue_at_ms = monotonic_ms() + call->spec.timeout_s * SECOND_MS + OVERDUE_MS;
	fl->next = f->flights;
	f->flights = fl;
	wake_at(f, fl->overdue_at_ms);
	send_frame(f, &b);
}

static void
wait_for_runner(struct func *f, struct flight *fl)
{
	fl->overdue_at_ms = monotonic_ms() + f->wait_ms;
	*f->last_waiting = fl;
	f->last_waiting = &fl->next;
	wake_at(f, fl->overdue_at_ms);
}

static void
ask(struct func *f, struct func_call *call)
{
	struct flight *fl;

	if (f->line == NULL && f->keeper_fd < 0) {
		finish_unavailable(call);
		return;
	}
	fl = xcalloc(1, sizeof(*fl));
	fl->call = call;
	if (f->line != NULL)
		send_call(f, fl);
	else
		wait_for_runner(f, fl);
}

static void
retire(struct func *f, const char *arn)
{
	struct buf b = BUF_INIT;
	size_t at = frame_open(&b, MSG_RETIRE);

	frame_add(&b, TAG_ARN, str_of(arn));
	if (f->line != NULL && frame_close(&b, at))	/* a new runner has nothing of it */
		send_frame(f, &b);
	buf_free(&b);
}

/* ---- runners */

static bool
take_runner(struct func *f, int fd, pid_t pid, struct err *e)
{
	struct line *line = xcalloc(1, sizeof(*line));
	int r;

	uv_pipe_init(&f->loop, &line->pipe, 0);
	line->pipe.data = line;
	line->func = f;
	r = uv_pipe_open(&line->pipe, fd);
	if (r != 0)
		close(fd);
	else
		r = uv_read_start((uv_stream_t *)&line->pipe, on_alloc, on_read);
	if (r != 0) {
		uv_close((uv_handle_t *)&line->pipe, on_line_closed);
		return err_internal(e, "runner socket: %s", uv_strerror(r));
	}
	f->line = line;
	atomic_store(&f->runner_pid, (int)pid);
	atomic_fetch_add(&f->runners, 1);
	atomic_store(&f->running, true);
	return true;
}

static void
send_waiting(struct func *f)
{
	while (f->line != NULL && f->waiting != NULL) {
		struct flight *fl = f->waiting;

		f->waiting = fl->next;
		if (f->waiting == NULL)
			f->last_waiting = &f->waiting;
		send_call(f, fl);
	}
}

static void
lose_keeper(struct func *f)
{
	if (f->keeper_fd < 0)
		return;
	if (uv_handle_get_loop((uv_handle_t *)&f->keeper) != NULL)
		uv_poll_stop(&f->keeper);
	close(f->keeper_fd);
	f->keeper_fd = -1;
	fail_waiting(f);
}

/* The last runner is gone when the next one comes, even when its socket has not told us yet. */
static void
on_keeper(uv_poll_t *h, int status, int events)
{
	struct func *f = h->data;
	struct err e;
	int32_t pid;
	int fd;

	(void)events;
	if (status != 0 || !fdpass_receive(f->keeper_fd, &fd, &pid, &e)) {
		lose_keeper(f);
		return;
	}
	lose_runner(f);
	if (take_runner(f, fd, pid, &e))
		send_waiting(f);
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
	if (!stopping || uv_is_closing((uv_handle_t *)&f->wake))
		return;
	/* The keeper first: it is not to take the runner's end for a death. */
	lose_keeper(f);
	lose_runner(f);
	uv_close((uv_handle_t *)&f->wake, NULL);
	uv_close((uv_handle_t *)&f->overdue, NULL);
	if (uv_handle_get_loop((uv_handle_t *)&f->keeper) != NULL)
		uv_close((uv_handle_t *)&f->keeper, NULL);
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

pid_t
func_runner_pid(const struct func *f)
{
	return atomic_load(&f->runner_pid);
}

unsigned
func_restarts(const struct func *f)
{
	unsigned n = atomic_load(&f->runners);

	return n > 0 ? n - 1 : 0;
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
open_handles(struct func *f, const struct func_config *c, struct err *e)
{
	int r = uv_async_init(&f->loop, &f->wake, on_wake);

	uv_timer_init(&f->loop, &f->overdue);
	f->overdue.data = f->wake.data = f;
	if (r != 0)
		return err_internal(e, "uv_async_init: %s", uv_strerror(r));
	if (c->keeper_fd <= 0)
		return take_runner(f, c->runner_fd, c->runner_pid, e);
	r = uv_poll_init(&f->loop, &f->keeper, c->keeper_fd);
	if (r == 0) {
		f->keeper.data = f;
		r = uv_poll_start(&f->keeper, UV_READABLE | UV_DISCONNECT, on_keeper);
	}
	return r == 0 ? true : err_internal(e, "keeper's socket: %s", uv_strerror(r));
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
	lose_keeper(f);
	lose_runner(f);
	uv_walk(&f->loop, close_if_open, NULL);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	uv_loop_close(&f->loop);
	pthread_mutex_destroy(&f->lock);
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
	f->last_waiting = &f->waiting;
	f->keeper_fd = c->keeper_fd > 0 ? c->keeper_fd : -1;
	f->keeper_pid = c->keeper_fd > 0 ? c->keeper_pid : c->runner_pid;
	f->wait_ms = c->wait_ms > 0 ? c->wait_ms : WAIT_MS;
	if ((r = uv_loop_init(&f->loop)) != 0) {
		close(c->keeper_fd > 0 ? c->keeper_fd : c->runner_fd);
		free(f);
		err_internal(e, "uv_loop_init: %s", uv_strerror(r));
		return NULL;
	}
	if (!open_handles(f, c, e)) {
		func_free(f);
		return NULL;
	}
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
	if (f->keeper_pid > 0 && !wait_exit(f->keeper_pid, EXIT_GRACE_MS)) {
		kill(f->keeper_pid, SIGKILL);
		waitpid(f->keeper_pid, NULL, 0);
	}
	func_free(f);
}
