/* SPDX-License-Identifier: Apache-2.0 */
#include "rotators/httpcall.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "rotators/fault.h"

#define CONNECT_LIMIT_MS 5000L
#define BODY_LIMIT ((size_t)8 << 20)	/* an event is at most 6 MiB, a secret 64 KiB */

struct httpcall {
	CURL *curl;
	struct buf body;
	char why[CURL_ERROR_SIZE];
};

bool
httpcall_setup(struct err *e)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return fault_set(e, FAULT_FUNCTION, "libcurl cannot be set up");
	return true;
}

static size_t
take_body(char *p, size_t size, size_t n, void *arg)
{
	struct httpcall *h = arg;
	size_t len = size * n;

	if (len > BODY_LIMIT - h->body.n)
		return 0;
	buf_add(&h->body, p, len);
	return len;
}

struct httpcall *
httpcall_new(const char *ca_file)
{
	struct httpcall *h = xcalloc(1, sizeof(*h));

	h->curl = curl_easy_init();
	if (h->curl == NULL) {
		free(h);
		return NULL;
	}
	curl_easy_setopt(h->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h->curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(h->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(h->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(h->curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(h->curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_LIMIT_MS);
	curl_easy_setopt(h->curl, CURLOPT_ERRORBUFFER, h->why);
	curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(h->curl, CURLOPT_WRITEDATA, h);
	if (ca_file != NULL)
		curl_easy_setopt(h->curl, CURLOPT_CAINFO, ca_file);
	return h;
}

void
httpcall_free(struct httpcall *h)
{
	if (h == NULL)
		return;
	curl_easy_cleanup(h->curl);
	buf_free(&h->body);
	free(h);
}

/* "Expect:" without a value stops libcurl from asking before it sends a large body. */
static struct curl_slist *
header_lines(const struct httpcall_request *r)
{
	struct curl_slist *lines = curl_slist_append(NULL, "Expect:");

	for (size_t i = 0; i < r->header_count; i++) {
		AUTO_BUF line = BUF_INIT;

		buf_str(&line, r->headers[i].name);
		buf_z(&line, ": ");
		buf_str(&line, r->headers[i].value);
		buf_c(&line, '\0');
		lines = curl_slist_append(lines, line.p);
	}
	return lines;
}

bool
httpcall_send(struct httpcall *h, const struct httpcall_request *r, long *out_status,
    struct str *out_body, struct err *e)
{
	struct curl_slist *lines = header_lines(r);
	bool is_get = strcmp(r->method, "GET") == 0;
	CURLcode rc;

	buf_reset(&h->body);
	h->why[0] = '\0';
	curl_easy_setopt(h->curl, CURLOPT_URL, r->url);
	curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, lines);
	curl_easy_setopt(h->curl, CURLOPT_TIMEOUT_MS, r->timeout_ms);
	if (is_get) {
		curl_easy_setopt(h->curl, CURLOPT_HTTPGET, 1L);
	} else {
		curl_easy_setopt(h->curl, CURLOPT_POST, 1L);
		curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
		curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, r->body.p == NULL ? "" : r->body.p);
	}
	rc = curl_easy_perform(h->curl);
	curl_slist_free_all(lines);
	if (rc != CURLE_OK)
		return fault_set(e, FAULT_TRANSIENT, "%s: %s", r->url,
		    h->why[0] != '\0' ? h->why : curl_easy_strerror(rc));
	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, out_status);
	*out_body = buf_view(&h->body);
	return true;
}

struct str
httpcall_header(struct httpcall *h, struct arena *a, const char *name)
{
	struct curl_header *found;

	if (curl_easy_header(h->curl, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK)
		return STR_NULL;
	return arena_str(a, str_of(found->value));
}
