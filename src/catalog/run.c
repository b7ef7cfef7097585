/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/run.h"

#include <string.h>

#include "base/clock.h"
#include "catalog/due.h"
#include "store/records.pb-c.h"

/* An invoked run needs no wake-up while this process lives: its result comes by itself. The due
 * entry far ahead only marks it, so that a restart finds it. */
#define LEASE_MS (365 * DAY_MS)

const char *const run_step_names[] = { "createSecret", "setSecret", "testSecret", "finishSecret" };
const char *const run_state_names[] = {
	[RUN_QUEUED] = "QUEUED", [RUN_STEPPING] = "STEPPING", [RUN_RETRY_WAIT] = "RETRY_WAIT",
	[RUN_SUCCEEDED] = "SUCCEEDED", [RUN_FAILED] = "FAILED", [RUN_ABANDONED] = "ABANDONED",
	[RUN_CANCELLED] = "CANCELLED", [RUN_CANCELLED_BY_DELETE] = "CANCELLED_BY_DELETE",
	[RUN_TEST_SUCCEEDED] = "TEST_SUCCEEDED", [RUN_TEST_FAILED] = "TEST_FAILED",
};

bool
run_is_terminal(const struct run *r)
{
	return r->state >= RUN_SUCCEEDED;
}

static struct str
run_key(struct catalog *c, char kind, const struct secret *s, uint64_t sequence, uint32_t *number)
{
	AUTO_BUF b = BUF_INIT;

	buf_add(&b, s->id, RECORD_ID_LEN);
	buf_u64be(&b, sequence);
	if (number != NULL)
		buf_u32be(&b, *number);
	return record_key(c->arena, kind, s->account, s->region, buf_view(&b));
}

struct run *
run_new(struct catalog *c, struct secret *s, enum run_kind kind, struct str token,
    const char *trigger)
{
	struct run *r = arena_new_of(c->arena, struct run);

	r->sequence = s->rotation.last_run + 1;
	s->rotation.last_run = s->rotation.active_run = r->sequence;
	r->kind = kind;
	r->token = arena_str(c->arena, token);
	r->trigger = str_of(trigger);
	r->generation = s->rotation.generation;
	r->function_arn = s->rotation.lambda_arn;
	r->state = RUN_QUEUED;
	r->created_ms = r->not_before_ms = c->now_ms;
	return r;
}

static struct run *
unpack(struct arena *a, struct str plain)
{
	ProtobufCAllocator alloc = record_allocator(a);
	const Pawl__RotationRun *m = pawl__rotation_run__unpack(&alloc, plain.n,
	    (const uint8_t *)plain.p);
	struct run *r;

	if (m == NULL || m->state < RUN_QUEUED || m->state > RUN_TEST_FAILED ||
	    m->step > STEP_FINISH)
		return NULL;
	r = arena_new_of(a, struct run);
	*r = (struct run){ .sequence = m->sequence, .token = pb_str(m->token),
		.kind = (enum run_kind)m->kind, .trigger = pb_str(m->trigger),
		.generation = m->generation, .function_arn = pb_str(m->function_arn),
		.rotation_token = pb_str(m->rotation_token), .state = (enum run_state)m->state,
		.step = (enum run_step)m->step, .invoked = m->invoked, .attempt = m->attempt,
		.not_before_ms = m->not_before_ms, .window_start_ms = m->window_start_ms,
		.window_end_ms = m->window_end_ms, .created_ms = m->created_ms,
		.started_ms = m->started_ms, .finished_ms = m->finished_ms,
		.target_may_have_changed = m->target_may_have_changed,
		.error_step = pb_str(m->error_step), .error_class = pb_str(m->error_class),
		.error_type = pb_str(m->error_type), .error_message = pb_str(m->error_message),
		.error_request_id = pb_str(m->error_request_id),
		.promoted_by = pb_str(m->promoted_by), .invoke_id = pb_str(m->invoke_id),
		.log_count = m->log_count, .throttled_since_ms = m->throttled_since_ms,
		.throttle_count = m->throttle_count, .tested_ms = m->tested_ms,
		.announced = m->announced, .slow_until_ms = m->slow_until_ms,
		.previous_version_id = pb_str(m->previous_version_id) };
	return r;
}

static struct str
pack(struct arena *a, const struct run *r)
{
	Pawl__RotationRun m = PAWL__ROTATION_RUN__INIT;

	m.sequence = r->sequence;
	m.token = pb_bytes(r->token);
	m.kind = r->kind;
	m.trigger = pb_bytes(r->trigger);
	m.generation = r->generation;
	m.function_arn = pb_bytes(r->function_arn);
	m.rotation_token = pb_bytes(r->rotation_token);
	m.state = r->state;
	m.step = r->step;
	m.invoked = r->invoked;
	m.attempt = r->attempt;
	m.not_before_ms = r->not_before_ms;
	m.window_start_ms = r->window_start_ms;
	m.window_end_ms = r->window_end_ms;
	m.created_ms = r->created_ms;
	m.started_ms = r->started_ms;
	m.finished_ms = r->finished_ms;
	m.target_may_have_changed = r->target_may_have_changed;
	m.error_step = pb_bytes(r->error_step);
	m.error_class = pb_bytes(r->error_class);
	m.error_type = pb_bytes(r->error_type);
	m.error_message = pb_bytes(r->error_message);
	m.error_request_id = pb_bytes(r->error_request_id);
	m.promoted_by = pb_bytes(r->promoted_by);
	m.invoke_id = pb_bytes(r->invoke_id);
	m.log_count = r->log_count;
	m.throttled_since_ms = r->throttled_since_ms;
	m.throttle_count = r->throttle_count;
	m.tested_ms = r->tested_ms;
	m.announced = r->announced;
	m.slow_until_ms = r->slow_until_ms;
	m.previous_version_id = pb_bytes(r->previous_version_id);
	return record_pack(a, &m.base);
}

/* 0 when the run needs no wake-up any more. */
static int64_t
run_due_ms(const struct run *r)
{
	if (run_is_terminal(r))
		return 0;
	if (!r->invoked)
		return r->not_before_ms;
	return r->not_before_ms < INT64_MAX - LEASE_MS ? r->not_before_ms + LEASE_MS : INT64_MAX;
}

bool
run_find(struct catalog *c, const struct secret *s, uint64_t sequence, struct run **out,
    struct err *e)
{
	struct str plain;

	*out = NULL;
	if (!record_get(c, run_key(c, KIND_RUN, s, sequence, NULL), &plain, e))
		return false;
	if (plain.p == NULL)
		return true;
	*out = unpack(c->arena, plain);
	if (*out == NULL)
		return err_corrupt(e, "a rotation run's record does not parse");
	(*out)->stored_due_ms = run_due_ms(*out);
	return true;
}

bool
run_put(struct catalog *c, const struct secret *s, struct run *r, struct err *e)
{
	struct due d = { .what = DUE_RUN, .account = s->account, .region = s->region };
	int64_t want = run_due_ms(r);

	memcpy(d.id, s->id, RECORD_ID_LEN);
	if (want != r->stored_due_ms) {
		d.at_ms = r->stored_due_ms;
		if (d.at_ms != 0 && !due_del(c, &d, e))
			return false;
		d.at_ms = want;
		if (want != 0 && !due_put(c, &d, e))
			return false;
		r->stored_due_ms = want;
	}
	return record_put(c, run_key(c, KIND_RUN, s, r->sequence, NULL), pack(c->arena, r), e);
}

bool
run_list(struct catalog *c, const struct secret *s, size_t max, struct run ***out, size_t *n,
    struct err *e)
{
	struct run **list = arena_array(c->arena, struct run *, max);

	*n = 0;
	for (uint64_t q = s->rotation.last_run; q > 0 && *n < max; q--) {
		struct run *r;

		if (!run_find(c, s, q, &r, e))
			return false;
		if (r == NULL)
			break;
		list[(*n)++] = r;
	}
	*out = list;
	return true;
}

static bool
write_log(struct catalog *c, const struct secret *s, const struct run *r, uint32_t number,
    const struct step_log *l, struct err *e)
{
	Pawl__StepLog m = PAWL__STEP_LOG__INIT;

	m.attempt = l->attempt;
	m.step = l->step;
	m.request_id = pb_bytes(l->request_id);
	m.started_ms = l->started_ms;
	m.ended_ms = l->ended_ms;
	m.outcome = pb_bytes(l->outcome);
	m.error_type = pb_bytes(l->error_type);
	m.error_message = pb_bytes(l->error_message);
	m.billed_ms = l->billed_ms;
	m.log_tail = pb_bytes(l->log_tail);
	return record_put(c, run_key(c, KIND_STEP, s, r->sequence, &number),
	    record_pack(c->arena, &m.base), e);
}

bool
step_log_add(struct catalog *c, const struct secret *s, struct run *r, const struct step_log *l,
    struct err *e)
{
	return write_log(c, s, r, r->log_count++, l, e);
}

bool
step_log_close(struct catalog *c, const struct secret *s, const struct run *r,
    const struct step_log *l, struct err *e)
{
	return r->log_count == 0 || write_log(c, s, r, r->log_count - 1, l, e);
}

bool
step_log_get(struct catalog *c, const struct secret *s, const struct run *r, uint32_t number,
    struct step_log **out, struct err *e)
{
	ProtobufCAllocator alloc = record_allocator(c->arena);
	const Pawl__StepLog *m;
	struct str plain;

	*out = NULL;
	if (!record_get(c, run_key(c, KIND_STEP, s, r->sequence, &number), &plain, e))
		return false;
	if (plain.p == NULL)
		return true;
	m = pawl__step_log__unpack(&alloc, plain.n, (const uint8_t *)plain.p);
	if (m == NULL || m->step > STEP_FINISH)
		return err_corrupt(e, "a step log's record does not parse");
	*out = arena_new_of(c->arena, struct step_log);
	**out = (struct step_log){ .attempt = m->attempt, .step = (enum run_step)m->step,
		.request_id = pb_str(m->request_id), .started_ms = m->started_ms,
		.ended_ms = m->ended_ms, .outcome = pb_str(m->outcome),
		.error_type = pb_str(m->error_type), .error_message = pb_str(m->error_message),
		.log_tail = pb_str(m->log_tail), .billed_ms = m->billed_ms };
	return true;
}
