/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Runtime API as a function may abuse it. The first byte says how the rest is cut into pieces
 * and whether events are delivered at once; the answers are read to the last byte, and however the
 * bytes are cut, the hooks hear the same.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "runner/runtime_api.h"

#define ID "6f0c7a1e-54b5-4b0e-9d0a-3c1f2f6f9a11"

struct world {
	struct runtime_api *api;
	struct buf said;
	unsigned sent;
	bool deliver;
	int ready;
};

static void
on_ready(void *arg)
{
	const struct runtime_event ev = { .request_id = STR_LIT(ID), .arn = STR_LIT("arn"),
	    .trace_id = STR_LIT("t"), .client_context = STR_LIT(""), .payload = STR_LIT("{}") };
	struct world *w = arg;

	buf_z(&w->said, "ready;");
	if (!runtime_api_is_waiting(w->api))
		abort();
	if (w->deliver)
		runtime_api_deliver(w->api, &ev);
}

static void
on_response(void *arg, struct str body)
{
	struct world *w = arg;

	buf_z(&w->said, "response;");
	buf_str(&w->said, body);
}

static void
on_error(void *arg, struct str type, struct str body)
{
	struct world *w = arg;

	buf_z(&w->said, "error;");
	buf_str(&w->said, type);
	buf_str(&w->said, body);
}

static void
on_too_large(void *arg, uint64_t size)
{
	buf_printf(&((struct world *)arg)->said, "large %llu;", (unsigned long long)size);
}

static void
on_send(void *arg, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		((struct world *)arg)->sent += (unsigned char)bytes.p[i];
}

static void
run(struct world *w, struct str in, size_t piece)
{
	const struct runtime_hooks hooks = { on_ready, on_response, on_error, on_error, on_too_large,
		w };
	struct runtime_conn *c;

	w->api = runtime_api_new(&hooks);
	c = runtime_conn_new(w->api, on_send, w);
	while (in.n > 0) {
		size_t n = piece < in.n ? piece : in.n;

		if (!runtime_conn_feed(c, (struct str){ in.p, n }))
			break;
		in = str_skip(in, n);
	}
	runtime_conn_free(c);
	if (runtime_api_is_waiting(w->api))
		abort();
	runtime_api_free(w->api);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data + 1, size - 1 };
	struct world whole = { 0 }, cut = { 0 };

	if (size < 2)
		return 0;
	whole.deliver = cut.deliver = (data[0] & 1) != 0;
	run(&whole, in, in.n);
	run(&cut, in, (size_t)(data[0] >> 1) + 1);
	if (!str_eq(buf_view(&whole.said), buf_view(&cut.said)) || whole.sent != cut.sent)
		abort();
	buf_free(&whole.said);
	buf_free(&cut.said);
	return 0;
}
