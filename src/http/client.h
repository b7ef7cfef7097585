/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h - blocking HTTP calls on libcurl, for remote functions and the command line.
 *
 * No redirects (a signed request is signed for one host), no proxies from the environment, TLS 1.2
 * or later with the peer verified. Connections are kept for the next call to the same place.
 * Threads: a client belongs to one thread at a time. The program ignores SIGPIPE.
 * Memory: an answer owns its bytes and wipes them.
 */
#pragma once
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/header.h"

#define HTTP_ANSWER_HEADERS 64

struct http_client;

struct http_call {
	const char *method;		/* "POST" */
	const char *url;		/* http or https */
	const struct header *headers;	/* Content-Length and Host come from libcurl */
	size_t header_count;
	struct str body;		/* absent = none */
	const char *ca_file;		/* NULL = the system's */
	const char *unix_path;		/* connect to this socket instead of the URL's host */
	int connect_ms, total_ms;	/* 0 = 5,000 and 60,000 */
	size_t max_body;		/* of the answer; 0 = 8 MiB */
};

struct http_answer {
	int status;
	struct header headers[HTTP_ANSWER_HEADERS];	/* borrow from head */
	size_t header_count;
	struct buf head, body;
};

struct http_client *http_client_new(void);
void http_client_free(struct http_client *c);
/*
 * Any status is success; failure is no whole answer: ERR_IO with e->sys ETIMEDOUT, ECONNREFUSED
 * (nothing was sent), EMSGSIZE (beyond max_body) or EIO. *out is then untouched.
 */
MUST_CHECK bool http_client_call(struct http_client *c, const struct http_call *call,
    struct http_answer *out, struct err *e);
void http_answer_free(struct http_answer *a);	/* what it holds; the struct is the caller's */

AUTO_FREE(http_client, http_client_free)
