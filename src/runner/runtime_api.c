/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/runtime_api.h"

#include <llhttp.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/codec.h"
#include "base/header.h"
#include "base/json.h"

#define PREFIX "/2018-06-01/runtime/"
#define MAX_TARGET 2048
#define MAX_HEAD 16384
#define MAX_HEADERS 64
/* A result that is too large is read to its end and answered 413, up to here; then it is cut. */
#define MAX_DISCARD (64u * 1024 * 1024)

enum api_state { API_STARTED, API_READY, API_RUNNING, API_FAILED };
static const char *const state_names[] = {
	[API_STARTED] = "Started",
	[API_READY] = "Ready",
	[API_RUNNING] = "Running",
	[API_FAILED] = "InitError",
};

struct runtime_api {
	struct runtime_hooks hooks;
	enum api_state state;
	struct runtime_conn *waiting;	/* its `next` is unanswered; state is READY */
	struct buf request_id;		/* of the event last delivered */
};

struct runtime_conn {
	struct runtime_api *api;
	void (*send)(void *arg, struct str bytes);
	void *arg;
	llhttp_t parser;
	struct buf target, names, values;	/* header lines, one after the other */
	struct { size_t name_end, value_end; } headers[MAX_HEADERS];
	size_t header_count;
	bool in_value;
	struct buf body;
	uint64_t body_size;		/* may be more than was kept */
	bool keep_alive;
};

/* ---- parsing */

static bool
head_is_full(const struct runtime_conn *c, size_t more)
{
	return c->names.n + c->values.n + more > MAX_HEAD;
}

static int
on_url(llhttp_t *p, const char *at, size_t n)
{
	struct runtime_conn *c = p->data;

	if (c->target.n + n > MAX_TARGET)
		return HPE_USER;
	buf_add(&c->target, at, n);
	return 0;
}

static int
on_header_field(llhttp_t *p, const char *at, size_t n)
{
	struct runtime_conn *c = p->data;

	if (c->in_value || c->header_count == 0) {
		if (c->header_count == MAX_HEADERS)
			return HPE_USER;
		c->header_count++;
		c->in_value = false;
	}
	if (head_is_full(c, n))
		return HPE_USER;
	buf_add(&c->names, at, n);
	c->headers[c->header_count - 1].name_end = c->names.n;
	c->headers[c->header_count - 1].value_end = c->values.n;
	return 0;
}

static int
on_header_value(llhttp_t *p, const char *at, size_t n)
{
	struct runtime_conn *c = p->data;

	if (c->header_count == 0 || head_is_full(c, n))
		return HPE_USER;
	c->in_value = true;
	buf_add(&c->values, at, n);
	c->headers[c->header_count - 1].value_end = c->values.n;
	return 0;
}

static struct str
header(const struct runtime_conn *c, const char *name)
{
	struct str names = buf_view(&c->names), values = buf_view(&c->values);
	size_t name_at = 0, value_at = 0;

	for (size_t i = 0; i < c->header_count; i++) {
		struct str n = { names.p + name_at, c->headers[i].name_end - name_at };

		if (str_eq_nocase(n, str_of(name)))
			return (struct str){ values.p + value_at,
				c->headers[i].value_end - value_at };
		name_at = c->headers[i].name_end;
		value_at = c->headers[i].value_end;
	}
	return STR_LIT("");
}

static int
on_headers_complete(llhttp_t *p)
{
	struct runtime_conn *c = p->data;

	if (p->upgrade)
		return -1;
	if (str_eq_nocase(header(c, "Expect"), STR_LIT("100-continue")))
		c->send(c->arg, STR_LIT("HTTP/1.1 100 Continue\r\n\r\n"));
	return 0;
}

static int
on_body(llhttp_t *p, const char *at, size_t n)
{
	struct runtime_conn *c = p->data;

	c->body_size += n;
	if (c->body_size > MAX_DISCARD)
		return HPE_USER;
	if (c->body_size <= RUNTIME_MAX_RESULT)
		buf_add(&c->body, at, n);
	return 0;
}

static int
on_message_complete(llhttp_t *p)
{
	struct runtime_conn *c = p->data;

	c->keep_alive = llhttp_should_keep_alive(p);
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
	.on_url = on_url,
	.on_header_field = on_header_field,
	.on_header_value = on_header_value,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

static void
forget_request(struct runtime_conn *c)
{
	buf_reset(&c->target);
	buf_reset(&c->names);
	buf_reset(&c->values);
	buf_free(&c->body);		/* megabytes; not kept for the next */
	c->header_count = 0;
	c->in_value = false;
	c->body_size = 0;
}

/* ---- answers */

static const char *
reason(int status)
{
	switch (status) {
	case 200: return "OK";
	case 202: return "Accepted";
	case 400: return "Bad Request";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 413: return "Payload Too Large";
	default: return "Error";
	}
}

static void
reply(struct runtime_conn *c, int status, const char *type, struct str extra, struct str body)
{
	AUTO_BUF b = BUF_INIT;

	buf_printf(&b, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n", status,
	    reason(status), type, body.n);
	buf_str(&b, extra);
	if (!c->keep_alive)
		buf_z(&b, "Connection: close\r\n");
	buf_z(&b, "\r\n");
	buf_str(&b, body);
	c->send(c->arg, buf_view(&b));
}

static void
reply_accepted(struct runtime_conn *c)
{
	reply(c, 202, "application/json", STR_LIT(""), STR_LIT("{\"status\":\"OK\"}\n"));
}

static void
reply_error(struct runtime_conn *c, int status, const char *type, const char *message)
{
	AUTO_BUF b = BUF_INIT;
	struct jsonw w = jsonw_on(&b);

	jsonw_open(&w);
	jsonw_kz(&w, "errorMessage", message);
	jsonw_kz(&w, "errorType", type);
	jsonw_close(&w);
	reply(c, status, "application/json", STR_LIT(""), buf_view(&b));
}

static void
refuse_transition(struct runtime_conn *c, const char *to)
{
	AUTO_BUF b = BUF_INIT;

	buf_printf(&b, "State transition from %s to %s failed for runtime. "
	    "Error: State transition is not allowed", state_names[c->api->state], to);
	buf_c(&b, '\0');
	reply_error(c, 403, "InvalidStateTransition", b.p);
}

/* ---- the routes */

static void
take_next(struct runtime_conn *c)
{
	struct runtime_api *api = c->api;

	if (api->state != API_STARTED && api->state != API_READY) {
		refuse_transition(c, "Ready");
		return;
	}
	if (api->waiting != NULL) {
		/* A second `next` on another connection: one of them would never be answered. */
		refuse_transition(c, "Ready");
		return;
	}
	api->state = API_READY;
	api->waiting = c;
	api->hooks.on_ready(api->hooks.arg);
}

/* The id in the path names the invocation that runs. */
static bool
check_running(struct runtime_conn *c, struct str id, const char *to)
{
	struct runtime_api *api = c->api;

	if (!str_eq(id, buf_view(&api->request_id)) || api->request_id.n == 0) {
		reply_error(c, 400, "InvalidRequestID", "Invalid request ID");
		return false;
	}
	if (api->state != API_RUNNING) {
		refuse_transition(c, to);
		return false;
	}
	return true;
}

static void
refuse_size(struct runtime_conn *c)
{
	struct runtime_api *api = c->api;
	AUTO_BUF b = BUF_INIT;

	buf_printf(&b, "Exceeded maximum allowed payload size (%u bytes).", RUNTIME_MAX_RESULT);
	buf_c(&b, '\0');
	api->state = API_READY;
	reply_error(c, 413, "RequestEntityTooLarge", b.p);
	api->hooks.on_too_large(api->hooks.arg, c->body_size);
}

/* A streamed response that failed half way says so in its trailers. */
static bool
take_trailing_error(struct runtime_conn *c)
{
	struct runtime_api *api = c->api;
	struct str type = header(c, "Lambda-Runtime-Function-Error-Type");
	struct str coded = header(c, "Lambda-Runtime-Function-Error-Body");
	uint8_t body[MAX_HEAD];
	size_t n = 0;

	if (type.n == 0)
		return false;
	if (!base64_decode(coded, body, &n))
		n = 0;
	api->hooks.on_error(api->hooks.arg, type, (struct str){ (char *)body, n });
	explicit_bzero(body, sizeof(body));
	return true;
}

static void
take_response(struct runtime_conn *c, struct str id)
{
	struct runtime_api *api = c->api;
	struct str mode = header(c, "Lambda-Runtime-Function-Response-Mode");

	if (!check_running(c, id, "InvocationResponse"))
		return;
	if (mode.n > 0 && !str_eq_nocase(mode, STR_LIT("streaming"))) {
		reply_error(c, 400, "InvalidFunctionResponseMode",
		    "Invalid function response mode");
		return;
	}
	if (c->body_size > RUNTIME_MAX_RESULT) {
		refuse_size(c);
		return;
	}
	api->state = API_READY;
	reply_accepted(c);
	if (!take_trailing_error(c))
		api->hooks.on_response(api->hooks.arg, buf_view(&c->body));
}

static void
take_error(struct runtime_conn *c, struct str id)
{
	struct runtime_api *api = c->api;

	if (!check_running(c, id, "InvocationErrorResponse"))
		return;
	if (c->body_size > RUNTIME_MAX_RESULT) {
		refuse_size(c);
		return;
	}
	api->state = API_READY;
	reply_accepted(c);
	api->hooks.on_error(api->hooks.arg, header(c, "Lambda-Runtime-Function-Error-Type"),
	    buf_view(&c->body));
}

static void
take_init_error(struct runtime_conn *c)
{
	struct runtime_api *api = c->api;

	if (api->state != API_STARTED) {
		refuse_transition(c, "InitError");
		return;
	}
	api->state = API_FAILED;
	reply_accepted(c);
	api->hooks.on_init_error(api->hooks.arg, header(c, "Lambda-Runtime-Function-Error-Type"),
	    c->body_size > RUNTIME_MAX_RESULT ? STR_LIT("") : buf_view(&c->body));
}

/* "invocation/ID/what" */
static bool
is_invocation(struct str path, struct str *id, struct str *what)
{
	struct str rest = path;

	if (!str_starts(rest, "invocation/"))
		return false;
	rest = str_skip(rest, strlen("invocation/"));
	if (!str_split(&rest, '/', id))
		return false;
	*what = rest;
	return what->n > 0;
}

static void
route(struct runtime_conn *c)
{
	struct str target = buf_view(&c->target), path = target, id, what;
	bool get = c->parser.method == HTTP_GET, post = c->parser.method == HTTP_POST;

	str_split(&target, '?', &path);
	if (get && str_is(path, "/ping"))
		reply(c, 200, "text/plain", STR_LIT(""), STR_LIT("pong"));
	else if (!str_starts(path, PREFIX))
		reply_error(c, 404, "NotFound", "There is no such path.");
	else {
		path = str_skip(path, strlen(PREFIX));
		if (get && str_is(path, "invocation/next"))
			take_next(c);
		else if (post && str_is(path, "init/error"))
			take_init_error(c);
		else if (post && is_invocation(path, &id, &what) && str_is(what, "response"))
			take_response(c, id);
		else if (post && is_invocation(path, &id, &what) && str_is(what, "error"))
			take_error(c, id);
		else
			reply_error(c, 404, "NotFound", "There is no such path.");
	}
}

/* ---- connections */

static bool
is_waiting(const struct runtime_conn *c)
{
	return c->api->waiting == c;
}

/* One request at most. False when the connection is of no more use. */
static bool
parse(struct runtime_conn *c, struct str *in)
{
	llhttp_errno_t r = llhttp_execute(&c->parser, in->p, in->n);
	const char *pos;

	if (r == HPE_OK) {
		*in = str_skip(*in, in->n);
		return true;
	}
	if (r != HPE_PAUSED) {
		c->keep_alive = false;
		reply_error(c, 400, "BadRequest", "This is not an HTTP/1.1 request.");
		return false;
	}
	pos = llhttp_get_error_pos(&c->parser);
	*in = str_skip(*in, (size_t)(pos - in->p));
	llhttp_resume(&c->parser);
	route(c);
	if (is_waiting(c))
		return true;	/* the answer ends the request */
	forget_request(c);
	return c->keep_alive;
}

bool
runtime_conn_feed(struct runtime_conn *c, struct str bytes)
{
	while (bytes.n > 0) {
		/* Nothing sensible can be said between asking for an event and seeing it. */
		if (is_waiting(c))
			return false;
		if (!parse(c, &bytes))
			return false;
	}
	return true;
}

struct runtime_conn *
runtime_conn_new(struct runtime_api *api, void (*send)(void *arg, struct str bytes), void *arg)
{
	struct runtime_conn *c = xcalloc(1, sizeof(*c));

	c->api = api;
	c->send = send;
	c->arg = arg;
	c->keep_alive = true;
	llhttp_init(&c->parser, HTTP_REQUEST, &settings);
	c->parser.data = c;
	return c;
}

void
runtime_conn_free(struct runtime_conn *c)
{
	if (c == NULL)
		return;
	if (is_waiting(c))
		c->api->waiting = NULL;
	buf_free(&c->target);
	buf_free(&c->names);
	buf_free(&c->values);
	buf_free(&c->body);
	free(c);
}

struct runtime_api *
runtime_api_new(const struct runtime_hooks *hooks)
{
	struct runtime_api *api = xcalloc(1, sizeof(*api));

	api->hooks = *hooks;
	return api;
}

void
runtime_api_free(struct runtime_api *api)
{
	if (api == NULL)
		return;
	buf_free(&api->request_id);
	free(api);
}

bool
runtime_api_is_waiting(const struct runtime_api *api)
{
	return api->waiting != NULL;
}

/* A value that would break the head is left out; all of them are pawld's own. */
static void
add_header(struct buf *b, const char *name, struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		if ((unsigned char)value.p[i] < 0x20 || value.p[i] == 0x7f)
			return;
	}
	if (value.n > 0)
		buf_printf(b, "%s: " STR_FMT "\r\n", name, STR_ARG(value));
}

void
runtime_api_deliver(struct runtime_api *api, const struct runtime_event *ev)
{
	struct runtime_conn *c = api->waiting;
	AUTO_BUF head = BUF_INIT;

	buf_reset(&api->request_id);
	buf_str(&api->request_id, ev->request_id);
	add_header(&head, "Lambda-Runtime-Aws-Request-Id", ev->request_id);
	buf_printf(&head, "Lambda-Runtime-Deadline-Ms: %lld\r\n", (long long)ev->deadline_ms);
	add_header(&head, "Lambda-Runtime-Invoked-Function-Arn", ev->arn);
	add_header(&head, "Lambda-Runtime-Trace-Id", ev->trace_id);
	add_header(&head, "Lambda-Runtime-Client-Context", ev->client_context);
	api->waiting = NULL;
	api->state = API_RUNNING;
	reply(c, 200, "application/json", buf_view(&head), ev->payload);
	forget_request(c);
}
