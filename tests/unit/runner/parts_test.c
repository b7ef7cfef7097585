/* SPDX-License-Identifier: Apache-2.0 */
/* The runner's pure parts: masking, the environment, exit texts, decoding of calls. */
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runner/env.h"
#include "runner/cgroup.h"
#include "runner/exit_text.h"
#include "runner/invocation.h"
#include "runner/logfile.h"
#include "runner/logtail.h"
#include "runner/package.h"

/* ---- logtail */

TEST("masking: longest first, values under six bytes never, at every cut of the input")
{
	static const struct str masks[] = { STR_LIT("abcdef"), STR_LIT("abcdefgh"), STR_LIT("abc"),
		STR_LIT("tail\nof") };
	const char *in = "x abcdef y abcdefgh z abcdefg abc abcde tail\nof tail\n abcde";
	const char *want = "x **** y **** z ****g abc abcde **** tail\n abcde";

	for (size_t cut = 0; cut <= strlen(in); cut++) {
		struct logtail t = { 0 };

		logtail_set_masks(&t, masks, 4);
		logtail_add(&t, (struct str){ in, cut });
		logtail_add(&t, str_of(in + cut));
		CHECK_STR(logtail_end(&t), want);
		logtail_free(&t);
	}
}

TEST("the tail is the last 4096 bytes after masking, and starts with a whole character")
{
	struct logtail t = { 0 };
	struct str s;

	for (int i = 0; i < 5000; i++)
		logtail_add(&t, STR_LIT("\xc3\xa4"));
	logtail_add(&t, STR_LIT("x"));
	s = logtail_end(&t);
	assert_int_equal(s.n, 4095);
	assert_true(str_is_utf8(s));
	assert_false(logtail_at_line_start(&t));
	logtail_clear(&t);
	assert_true(logtail_at_line_start(&t));
	assert_int_equal(logtail_end(&t).n, 0);
	logtail_free(&t);
}

/* ---- environment */

static struct invocation
some_function(struct arena *a)
{
	return (struct invocation){ .arena = a, .arn = STR_LIT("arn:f"), .name = STR_LIT("f"),
		.region = STR_LIT("eu-west-1"), .runtime = STR_LIT("python3.12"),
		.handler = STR_LIT("m.h"), .memory_mb = 128, .timeout_s = 3,
		.access_key_id = STR_LIT("ASIA"), .secret_access_key = STR_LIT("sk"),
		.session_token = STR_LIT("st"), .endpoint_url = STR_LIT("http://e"),
		.runtime_kind = RUNTIME_PYTHON };
}

static const struct env_place somewhere = { .task = "/var/task", .tmp = "/tmp",
	.runtimes = "/var/runtime", .ca = "/var/ca.pem", .port = 9001, .now_ms = 1735732800000,
	.stream_id = "0123456789abcdef0123456789abcdef" };

static bool
has(char **env, const char *want)
{
	for (; *env != NULL; env++) {
		if (strcmp(*env, want) == 0)
			return true;
	}
	return false;
}

static size_t
count(char **env)
{
	size_t n = 0;

	while (env[n] != NULL)
		n++;
	return n;
}

TEST("the environment is that of 5.3 and nothing else")
{
	static const char *const want[] = { "AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001", "_HANDLER=m.h",
		"LAMBDA_TASK_ROOT=/var/task", "LAMBDA_RUNTIME_DIR=/var/runtime",
		"AWS_LAMBDA_FUNCTION_NAME=f", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128", "AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/f",
		"AWS_LAMBDA_LOG_STREAM_NAME=2025/01/01/[$LATEST]0123456789abcdef0123456789abcdef",
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand", "AWS_REGION=eu-west-1",
		"AWS_DEFAULT_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=ASIA", "AWS_SECRET_ACCESS_KEY=sk",
		"AWS_SESSION_TOKEN=st", "AWS_EXECUTION_ENV=AWS_Lambda_python3.12", "TZ=:UTC",
		"LANG=en_US.UTF-8", "PATH=/usr/local/bin:/usr/bin:/bin:/opt/bin",
		"LD_LIBRARY_PATH=/var/task:/var/task/lib:/opt/lib", "PWD=/var/task", "TMPDIR=/tmp",
		"HOME=/tmp",
		"PYTHONPATH=/var/runtime/python", "PYTHONDONTWRITEBYTECODE=1",
		"SECRETS_MANAGER_ENDPOINT=http://e", "AWS_ENDPOINT_URL_SECRETS_MANAGER=http://e",
		"AWS_CA_BUNDLE=/var/ca.pem" };
	AUTO(arena) *a = arena_new();
	struct invocation inv = some_function(a);
	char **env = env_build(a, &inv, &somewhere);

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		if (!has(env, want[i]))
			fail_msg("%s is missing", want[i]);
	}
	assert_int_equal(count(env), sizeof(want) / sizeof(want[0]));
}

TEST("AWS_EXECUTION_ENV is absent for provided; the function's own variables win, but for reserved")
{
	struct env_pair own[] = { { STR_LIT("AWS_REGION"), STR_LIT("moon") },
		{ STR_LIT("PATH"), STR_LIT("/mine") }, { STR_LIT("AWS_CA_BUNDLE"), STR_LIT("/my.pem") },
		{ STR_LIT("X"), STR_LIT("a=b") } };
	AUTO(arena) *a = arena_new();
	struct invocation inv = some_function(a);
	char **env;

	inv.runtime_kind = RUNTIME_PROVIDED;
	inv.env = own;
	inv.env_count = 4;
	env = env_build(a, &inv, &somewhere);
	assert_false(has(env, "AWS_EXECUTION_ENV=AWS_Lambda_python3.12"));
	assert_true(has(env, "AWS_REGION=eu-west-1"));
	assert_false(has(env, "AWS_REGION=moon"));
	assert_true(has(env, "PATH=/mine"));
	assert_false(has(env, "PATH=/usr/local/bin:/usr/bin:/bin:/opt/bin"));
	assert_true(has(env, "AWS_CA_BUNDLE=/my.pem"));
	assert_false(has(env, "AWS_CA_BUNDLE=/var/ca.pem"));
	assert_true(has(env, "X=a=b"));
}

/* ---- exit texts: waitpid's status as Linux encodes it */

TEST("how a process ended, in the words of Runtime.ExitError")
{
	static const struct { int status; const char *text; } rows[] = {
		{ 1 << 8, "Runtime exited with error: exit status 1" },
		{ 255 << 8, "Runtime exited with error: exit status 255" },
		{ 0, "Runtime exited without providing a reason" },
		{ SIGKILL, "Runtime exited with error: signal: killed" },
		{ SIGSEGV, "Runtime exited with error: signal: segmentation fault" },
		{ SIGTERM, "Runtime exited with error: signal: terminated" },
		{ SIGSYS, "Runtime exited with error: signal: signal 31" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[128];

		exit_text(rows[i].status, text, sizeof(text));
		assert_string_equal(text, rows[i].text);
	}
}

/* ---- calls */

static struct invocation *
decode(struct buf *b, struct err *e)
{
	struct str in = buf_view(b);
	struct frame f;

	assert_int_equal(frame_take(&in, &f), FRAME_READY);
	return invocation_decode(&f, e);
}

static void
encode(struct buf *b, unsigned spoil_tag, struct str spoil)
{
	size_t at = frame_open(b, MSG_INVOKE);

	frame_add_int(b, TAG_CALL, 5);
	frame_add(b, TAG_ARN, STR_LIT("arn:f"));
	frame_add(b, TAG_REQUEST_ID, STR_LIT("id"));
	frame_add(b, TAG_RUNTIME, STR_LIT("python3.11"));
	frame_add(b, TAG_CODE_PATH, STR_LIT("/x.zip"));
	frame_add(b, TAG_CODE_SHA256,
	    STR_LIT("0000000000000000000000000000000000000000000000000000000000000000"));
	frame_add_int(b, TAG_TIMEOUT_S, 3);
	frame_add_int(b, TAG_MEMORY_MB, 128);
	frame_add_int(b, TAG_CONCURRENCY, 0);
	frame_add(b, spoil_tag, spoil);
	assert_true(frame_close(b, at));
}

TEST("a call is decoded and checked; what it could break out with is refused")
{
	static const struct { unsigned tag; struct str value; bool decodes, checks; } rows[] = {
		{ 9999, STR_LIT("unknown tags are skipped"), true, true },
		{ TAG_PAYLOAD, { "a\0b", 3 }, true, true },
		{ TAG_BUILTIN, STR_LIT("generic-single"), true, true },
		{ TAG_BUILTIN, STR_LIT("../sh"), true, false },
		{ TAG_BUILTIN, STR_LIT("a/b"), true, false },
		{ TAG_CODE_SHA256, STR_LIT("../../x"), true, false },
		{ TAG_CODE_PATH, STR_LIT("relative.zip"), true, false },
		{ TAG_CODE_PATH, { "/a\0b", 4 }, true, false },
		{ TAG_RUNTIME, STR_LIT("ruby3.3"), true, false },
		{ TAG_ARN, STR_LIT(""), true, false },
		{ TAG_TIMEOUT_S, { "\0\0\0\0\0\0\0\0", 8 }, true, false },
		{ TAG_TIMEOUT_S, { "\x7f\0\0\0\0\0\0\0", 8 }, true, false },
		{ TAG_MEMORY_MB, { "\xff\xff\xff\xff\xff\xff\xff\xff", 8 }, true, false },
		{ TAG_CONCURRENCY, { "\0\0\0\1\0\0\0\0", 8 }, true, false },
		{ TAG_TIMEOUT_S, STR_LIT("3"), false, false },
		{ TAG_ENV_VALUE, STR_LIT("without a name"), false, false },
		{ TAG_ENV_NAME, STR_LIT("A=B"), true, false },
		{ TAG_ENV_NAME, STR_LIT(""), true, false },
		{ TAG_ENV_NAME, STR_LIT("OK"), true, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		AUTO_BUF b = BUF_INIT;
		AUTO(invocation) *inv = NULL;
		struct err e;

		encode(&b, rows[i].tag, rows[i].value);
		inv = decode(&b, &e);
		if ((inv != NULL) != rows[i].decodes)
			fail_msg("row %zu", i);
		if (inv != NULL && invocation_check(inv, &e) != rows[i].checks)
			fail_msg("row %zu: %s", i, e.msg);
	}
}

TEST("error bodies of a runtime: an object counts as it is, anything else is replaced")
{
	static const struct { const char *header, *body, *type, *message; bool kept; } rows[] = {
		{ "H", "{\"errorType\":\"T\",\"errorMessage\":\"m\"}", "T", "m", true },
		{ "H", "{\"errorMessage\":\"m\"}", "H", "m", true },
		{ "", "{}", "Unhandled", "", true },
		{ "H", "{\"errorType\":1,\"errorMessage\":[]}", "H", "", true },
		{ "H", "", "H", "The runtime reported an error without a JSON object.", false },
		{ "", "[1]", "Unhandled", "The runtime reported an error without a JSON object.", false },
		{ "H", "{\"a\"", "H", "The runtime reported an error without a JSON object.", false },
	};
	AUTO(arena) *a = arena_new();
	struct invocation inv = some_function(a);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outcome o = outcome_from_runtime(&inv, str_of(rows[i].header),
		    str_of(rows[i].body));

		assert_int_equal(o.outcome, RUN_ERROR);
		CHECK_STR(o.error_type, rows[i].type);
		CHECK_STR(o.error_message, rows[i].message);
		assert_int_equal(str_is(o.payload, rows[i].body), rows[i].kept);
	}
}

TEST("a sandbox serves another call only with the same revision, code, key and endpoint")
{
	AUTO(arena) *a = arena_new();
	struct invocation x = some_function(a), y = some_function(a);
	AUTO(invocation) *id = invocation_identity(&x);
	struct str *const members[] = { &y.arn, &y.revision, &y.code_sha256, &y.access_key_id,
		&y.endpoint_url, &y.ca_bundle };

	assert_true(invocation_fits(id, &y));
	y.payload = STR_LIT("other");
	assert_true(invocation_fits(id, &y));
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		struct str was = *members[i];

		*members[i] = STR_LIT("other");
		assert_false(invocation_fits(id, &y));
		*members[i] = was;
	}
}

/* ---- files */

static char *
read_all(struct arena *a, const char *path)
{
	char *text = arena_alloc(a, 8192);
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return NULL;
	text[fread(text, 1, 8191, f)] = '\0';
	fclose(f);
	return text;
}

static char *
new_folder(struct arena *a)
{
	char *dir = arena_strdup(a, "/tmp/pawl-parts-XXXXXX");

	assert_non_null(mkdtemp(dir));
	return dir;
}

TEST("log files: a line each with its time, a begun line waits, four files of a bounded size")
{
	AUTO(arena) *a = arena_new();
	char *dir = new_folder(a);
	struct logfile l;
	struct err e;

	assert_int_equal(mkdir(arena_printf(a, "%s/logs", dir), 0700), 0);
	logfile_init(&l, dir, STR_LIT("1"), STR_LIT("eu-west-1"), STR_LIT("f"));
	l.max = 60;
	logfile_add(&l, STR_LIT("one\ntw"), 1735732800123);
	assert_string_equal(read_all(a, l.path), "2025-01-01T12:00:00.123Z one\n");
	logfile_add(&l, STR_LIT("o\n"), 1735732801000);
	assert_string_equal(read_all(a, l.path),
	    "2025-01-01T12:00:00.123Z one\n2025-01-01T12:00:01.000Z two\n");
	for (int i = 3; i < 20; i++)
		logfile_add(&l, str_of(arena_printf(a, "%d\n", i)), 0);
	logfile_add(&l, STR_LIT("begun"), 0);
	assert_non_null(read_all(a, arena_printf(a, "%s.3", l.path)));
	assert_null(read_all(a, arena_printf(a, "%s.4", l.path)));
	logfile_done(&l, 0);
	assert_non_null(strstr(read_all(a, arena_printf(a, "%s/logs/1.eu-west-1.f.log", dir)),
	    "begun\n"));
	logfile_init(&l, dir, STR_LIT("1"), STR_LIT("../.."), STR_LIT("f"));
	logfile_add(&l, STR_LIT("nowhere\n"), 0);
	logfile_done(&l, 0);
	CHECK_OK(package_remove(dir, &e), &e);
}

TEST("a control group gets the function's memory, a bound on processes, and an end by name")
{
	static const struct { const char *name, *want; } rows[] = { { "memory.max", "134217728" },
		{ "pids.max", "256" }, { "cgroup.kill", "1" }, { "cgroup.procs", "" } };
	AUTO(arena) *a = arena_new();
	char *dir = new_folder(a), *group = arena_printf(a, "%s/function-3", dir);
	struct cgroup *c = cgroup_at(dir);
	struct err e;
	int fd;

	assert_int_equal(cgroup_open(c, 3, 128), -1);	/* no such controller */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		fclose(fopen(arena_printf(a, "%s/%s", group, rows[i].name), "we"));
	fd = cgroup_open(c, 3, 128);
	assert_true(fd >= 0);
	close(fd);
	cgroup_end(c, 3);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(read_all(a, arena_printf(a, "%s/%s", group, rows[i].name)),
		    rows[i].want);
	cgroup_free(c);
	CHECK_OK(package_remove(dir, &e), &e);
}
