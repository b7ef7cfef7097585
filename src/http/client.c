/* SPDX-License-Identifier: Apache-2.0 */
#include "http/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_MS 5000
#define TOTAL_MS 60000
#define MAX_BODY (8 * 1024 * 1024)
#define MAX_HEAD (64 * 1024)

struct http_client {
	CURL *curl;
	char reason[CURL_ERROR_SIZE];
};

/* One call under way. */
struct transfer {
	struct http_answer answer;
	size_t max_body;
};

struct http_client *
http_client_new(void)
{
	struct http_client *c = xcalloc(1, sizeof(*c));

	c->curl = curl_easy_init();
	if (c->curl == NULL)
		abort();	/* libcurl has no other reason than memory (arena.h) */
	return c;
}

void
http_client_free(struct http_client *c)
{
	if (c == NULL)
		return;
	curl_easy_cleanup(c->curl);
	free(c);
}

void
http_answer_free(struct http_answer *a)
{
	buf_free(&a->head);
	buf_free(&a->body);
	a->header_count = 0;
}

/* ---- what comes back */

/* A call may see several heads (100 Continue); the last one counts. */
static size_t
on_head_line(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct str line = { p, size * n };

	if (str_starts(line, "HTTP/"))
		buf_reset(&t->answer.head);
	if (t->answer.head.n + line.n > MAX_HEAD)
		return 0;
	buf_str(&t->answer.head, line);
	return line.n;
}

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	if (size * n > t->max_body - t->answer.body.n)
		return 0;
	buf_add(&t->answer.body, p, size * n);
	return size * n;
}

static struct str
trim(struct str s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = str_skip(s, 1);
	while (s.n > 0 && strchr(" \t\r", s.p[s.n - 1]) != NULL)
		s.n--;
	return s;
}

static void
split_head(struct http_answer *a)
{
	struct str rest = buf_view(&a->head), line, name;

	while (a->header_count < HTTP_ANSWER_HEADERS && str_split(&rest, '\n', &line)) {
		if (!str_split(&line, ':', &name) || line.p == NULL)
			continue;		/* the status line and the empty one */
		a->headers[a->header_count++] = (struct header){ name, trim(line) };
	}
}

/* ---- what goes out */

static bool
is_line_safe(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0')
			return false;
	}
	return true;
}

/* libcurl takes "Name: value", "Name;" for an empty value, and "Name:" to leave out its own. */
static bool
add_header(struct curl_slist **list, struct str name, struct str value, struct err *e)
{
	AUTO_BUF line = BUF_INIT;
	struct curl_slist *longer;

	if (name.n == 0 || !is_line_safe(name) || !is_line_safe(value))
		return err_internal(e, "a header to send holds a line break");
	buf_str(&line, name);
	if (value.n > 0)
		buf_z(&line, ": ");
	else
		buf_c(&line, ';');
	buf_str(&line, value);
	buf_c(&line, '\0');
	longer = curl_slist_append(*list, line.p);
	if (longer == NULL)
		abort();
	*list = longer;
	return true;
}

static bool
add_headers(struct curl_slist **list, const struct http_call *call, struct err *e)
{
	/* "Expect" costs a round trip; a content type nobody signed would not be the caller's. */
	*list = curl_slist_append(*list, "Expect:");
	if (header_get(call->headers, call->header_count, "content-type").p == NULL)
		*list = curl_slist_append(*list, "Content-Type:");
	if (*list == NULL)
		abort();
	for (size_t i = 0; i < call->header_count; i++) {
		if (!add_header(list, call->headers[i].name, call->headers[i].value, e))
			return false;
	}
	return true;
}

static void
set_rules(CURL *curl, const struct http_call *call)
{
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "pawl/" PAWL_VERSION);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)(call->connect_ms > 0 ? call->connect_ms : CONNECT_MS));
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
	    (long)(call->total_ms > 0 ? call->total_ms : TOTAL_MS));
	if (call->ca_file != NULL)
		curl_easy_setopt(curl, CURLOPT_CAINFO, call->ca_file);
	if (call->unix_path != NULL)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, call->unix_path);
}

static void
set_request(CURL *curl, const struct http_call *call)
{
	curl_easy_setopt(curl, CURLOPT_URL, call->url);
	if (call->body.p != NULL) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.n);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body.p);
	} else if (strcmp(call->method, "HEAD") == 0) {
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	}
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
}

static int
errno_of(CURLcode code)
{
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return ETIMEDOUT;
	case CURLE_COULDNT_CONNECT: case CURLE_COULDNT_RESOLVE_HOST:
		return ECONNREFUSED;
	case CURLE_WRITE_ERROR:
		return EMSGSIZE;	/* on_head_line or on_body would take no more */
	default:
		return EIO;
	}
}

static bool
perform(struct http_client *c, struct transfer *t, struct err *e)
{
	CURLcode code = curl_easy_perform(c->curl);
	long status = 0;

	if (code != CURLE_OK) {
		err_internal_at(e, __FILE__ ":" ERR_STR(__LINE__), ERR_IO, "%s",
		    c->reason[0] != '\0' ? c->reason : curl_easy_strerror(code));
		e->sys = errno_of(code);
		return false;
	}
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	t->answer.status = (int)status;
	return true;
}

bool
http_client_call(struct http_client *c, const struct http_call *call, struct http_answer *out,
    struct err *e)
{
	struct transfer t = { .max_body = call->max_body > 0 ? call->max_body : MAX_BODY };
	struct curl_slist *headers = NULL;
	bool ok;

	curl_easy_reset(c->curl);	/* options only; connections stay */
	c->reason[0] = '\0';
	ok = add_headers(&headers, call, e);
	if (ok) {
		set_rules(c->curl, call);
		set_request(c->curl, call);
		curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, c->reason);
		curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(c->curl, CURLOPT_HEADERFUNCTION, on_head_line);
		curl_easy_setopt(c->curl, CURLOPT_HEADERDATA, &t);
		curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, on_body);
		curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &t);
		ok = perform(c, &t, e);
	}
	curl_slist_free_all(headers);
	if (!ok) {
		http_answer_free(&t.answer);
		return false;
	}
	split_head(&t.answer);
	*out = t.answer;
	return true;
}
