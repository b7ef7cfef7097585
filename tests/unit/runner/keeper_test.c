/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper, its runners and func in front of them: kill -9 of each. */
#include "rig.h"

#include <signal.h>

#include "runner/keeper.h"
#include "runner/procfs.h"

static void
keeper_open(struct rig *r)
{
	struct runner_config c;
	struct func_config fc = { .wait_ms = 20000 };
	struct err e;

	rig_place(r, &c);
	c.respawn_max_ms = 20;
	CHECK_OK(runner_keep(&c, &fc.keeper_pid, &fc.keeper_fd, &e), &e);
	r->pid = fc.keeper_pid;
	r->func = func_start(&fc, &e);
	CHECK_OK(r->func != NULL, &e);
}

static struct func_spec
answering(struct rig *r)
{
	return python_spec(r, "import os\ndef lambda_handler(e, c): return os.getppid()\n");
}

/* The runner that came after `before`. */
static pid_t
next_runner(struct rig *r, pid_t before)
{
	for (int i = 0; i < 2000; i++) {
		pid_t pid = func_runner_pid(r->func);

		if (pid > 0 && pid != before)
			return pid;
		usleep(10000);
	}
	fail_msg("no runner after %d", (int)before);
	return -1;
}

static bool
is_gone(pid_t pid)
{
	for (int i = 0; i < 500; i++) {
		if (kill(pid, 0) != 0)
			return true;
		usleep(10000);
	}
	return false;
}

/* Some process in a session whose leader is the runner's child; 0 = none. */
static pid_t
some_sandbox(pid_t runner)
{
	struct procfs_stat st;
	struct procfs_walk w;
	pid_t found = 0;

	assert_true(procfs_open(&w));
	while (found == 0 && procfs_next(&w, &st)) {
		if (st.parent == runner && st.session == st.pid)
			found = st.pid;
	}
	procfs_close(&w);
	return found;
}

TEST("the pause before the next runner: none for one that lived, growing for those that die young")
{
	static const struct { int before_ms; int64_t lived_ms; unsigned young; int want_ms; } rows[] = {
		{ 0, 1, 1, 0 },			/* the first: at once */
		{ 0, 1, 2, 100 },
		{ 100, 999, 3, 200 },
		{ 3200, 0, 8, 5000 },
		{ 5000, 0, 4000000000u, 5000 },
		{ 5000, 1000, 0, 0 },
		{ 5000, INT64_MAX, 9, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(keeper_pause_ms(rows[i].before_ms, rows[i].lived_ms, rows[i].young,
		    5000), rows[i].want_ms);
}

TEST("kill -9 of an idle runner: the keeper lives on and the next call runs in a new one")
{
	struct rig r = { 0 };
	struct func_spec spec;
	pid_t first, second;

	keeper_open(&r);
	spec = answering(&r);
	CHECK_OUTCOME(invoke(&r, &spec, "{}"), FUNC_OK);	/* waits for the first runner */
	first = func_runner_pid(r.func);
	assert_int_not_equal(first, r.pid);
	assert_int_equal(func_restarts(r.func), 0);
	kill(first, SIGKILL);
	second = next_runner(&r, first);
	assert_true(func_is_running(r.func));
	assert_int_equal(func_restarts(r.func), 1);
	CHECK_OUTCOME(invoke(&r, &spec, "{}"), FUNC_OK);
	assert_int_equal(kill(r.pid, 0), 0);
	rig_close(&r);
	assert_true(is_gone(second));
	assert_true(is_gone(r.pid));
}

TEST("kill -9 during a call: it is FUNC_UNAVAILABLE, its processes are gone before the next runner")
{
	struct waiting w = WAITING(1);
	struct rig r = { 0 };
	struct func_spec spec, next;
	struct func_call call;
	pid_t first, sandbox;

	keeper_open(&r);
	/* its child leaves the session and would outlive it */
	spec = python_spec(&r, "import subprocess, time\n"
	    "def lambda_handler(e, c):\n"
	    "    subprocess.Popen(['setsid', 'sleep', '60']); time.sleep(60)\n");
	call = call_of(&r, &spec, "{}");
	call.done = on_done;
	call.arg = &w;
	func_invoke(r.func, &call);
	first = next_runner(&r, 0);
	while ((sandbox = some_sandbox(first)) == 0)
		usleep(1000);
	kill(first, SIGKILL);
	wait_all(&w);
	CHECK_OUTCOME(call.result, FUNC_UNAVAILABLE);
	next_runner(&r, first);
	assert_int_equal(kill(sandbox, 0), -1);
	next = answering(&r);
	CHECK_OUTCOME(invoke(&r, &next, "{}"), FUNC_OK);
	rig_close(&r);
}

TEST("ten kills in a row: ten new runners, and calls between them run")
{
	struct rig r = { 0 };
	struct func_spec spec;
	pid_t pid = 0;

	keeper_open(&r);
	spec = answering(&r);
	for (unsigned i = 0; i < 10; i++) {
		pid = next_runner(&r, pid);
		assert_int_equal(func_restarts(r.func), i);
		kill(pid, SIGKILL);
		if (i % 3 == 0)		/* waits for the next, or meets the death of this one */
			(void)invoke(&r, &spec, "{}");
	}
	pid = next_runner(&r, pid);
	assert_int_equal(func_restarts(r.func), 10);
	CHECK_OUTCOME(invoke(&r, &spec, "{}"), FUNC_OK);
	rig_close(&r);
}

TEST("kill -9 of the keeper: its runner ends, calls are FUNC_UNAVAILABLE at once")
{
	struct rig r = { 0 };
	struct func_spec spec;
	pid_t runner;

	keeper_open(&r);
	spec = answering(&r);
	CHECK_OUTCOME(invoke(&r, &spec, "{}"), FUNC_OK);
	runner = func_runner_pid(r.func);
	kill(r.pid, SIGKILL);
	assert_true(is_gone(runner));
	for (int i = 0; i < 500 && func_is_running(r.func); i++)
		usleep(10000);
	assert_false(func_is_running(r.func));
	assert_int_equal(func_runner_pid(r.func), 0);
	CHECK_OUTCOME(invoke(&r, &spec, "{}"), FUNC_UNAVAILABLE);
	rig_close(&r);
}

TEST("pawld's end closes: keeper and runner end, and no other runner starts")
{
	struct rig r = { 0 };
	struct func_spec spec;
	pid_t runner;

	keeper_open(&r);
	spec = answering(&r);
	CHECK_OUTCOME(invoke(&r, &spec, "{}"), FUNC_OK);
	runner = func_runner_pid(r.func);
	rig_close(&r);
	assert_int_equal(kill(r.pid, 0), -1);
	assert_int_equal(kill(runner, 0), -1);
}
