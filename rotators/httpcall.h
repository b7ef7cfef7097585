/* SPDX-License-Identifier: Apache-2.0 */
/*
 * httpcall.h - one HTTP request after another over one kept-alive libcurl connection: no
 * redirects, no proxy, TLS verified. An answer of any status is an answer; only a connection that
 * fails is an err (FAULT_TRANSIENT). Bodies are wiped. Threads: one owner.
 */
#pragma once
#include <stdint.h>

#include "base/cleanup.h"
#include "base/header.h"
#include "base/str.h"

struct httpcall;

struct httpcall_request {
	const char *method, *url;
	const struct header *headers;
	size_t header_count;
	struct str body;
	long timeout_ms;		/* 0: wait for ever */
};

/* libcurl's global state; once, before any thread. */
MUST_CHECK bool httpcall_setup(struct err *e);
/* ca_file may be NULL: the system's. */
struct httpcall *httpcall_new(const char *ca_file);
void httpcall_free(struct httpcall *h);
/* The answer's status and body; the body borrows until the next call. */
MUST_CHECK bool httpcall_send(struct httpcall *h, const struct httpcall_request *r,
    long *out_status, struct str *out_body, struct err *e);
/* A header of the last answer, copied; STR_NULL when absent. */
struct str httpcall_header(struct httpcall *h, struct arena *a, const char *name);

AUTO_FREE(httpcall, httpcall_free)
