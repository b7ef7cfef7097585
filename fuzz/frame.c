/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages between pawld and its runner: whatever comes in either ends the connection or is
 * read, every byte of it, and what was read can be written again and reads the same.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/frame.h"
#include "base/json.h"
#include "runner/invocation.h"

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static unsigned
sum(struct str s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += (unsigned char)s.p[i];
	return n;
}

static void
write_again(struct frame f)
{
	AUTO_BUF b = BUF_INIT;
	size_t at = frame_open(&b, f.type);
	struct frame copy = f, again;
	struct frame_field x, y;
	struct str in;
	int64_t v;

	while (frame_next(&copy, &x)) {
		frame_add(&b, x.tag, x.value);
		if (frame_int(&x, &v) && frame_int_in(&x, 0, 10, &v))
			must(v >= 0 && v <= 10);
	}
	must(frame_close(&b, at));
	in = buf_view(&b);
	must(frame_take(&in, &again) == FRAME_READY && in.n == 0 && again.type == f.type);
	while (frame_next(&f, &x))
		must(frame_next(&again, &y) && x.tag == y.tag && str_eq(x.value, y.value));
	must(!frame_next(&again, &y));
}

static void
decode_call(struct frame f)
{
	struct err e;
	AUTO(invocation) *inv = invocation_decode(&f, &e);

	if (inv == NULL || !invocation_check(inv, &e))
		return;
	must(memchr(inv->builtin.p, '/', inv->builtin.n) == NULL);
	must(inv->runtime_kind == RUNTIME_BUILTIN || inv->code_sha256.n == 64);
	must(inv->timeout_s >= 1 && inv->memory_mb >= 1);
	must(sum(inv->payload) + sum(inv->arn) + sum(inv->handler) < 0xffffffff);
	outcome_from_runtime(inv, inv->handler, inv->payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	static bool ready;
	struct frame f;

	if (!ready)
		json_setup();
	ready = true;
	while (frame_take(&in, &f) == FRAME_READY) {
		write_again(f);
		decode_call(f);
	}
	return 0;
}
