/* SPDX-License-Identifier: Apache-2.0 */
/* Whole invocations: func's thread, the runner's process, real runtimes. */
#include "rig.h"

#include <signal.h>

#include "runner/procfs.h"

/* ---- provided */

static const char curl_bootstrap[] =
    "#!/bin/sh\n"
    "api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime\n"
    "while :; do\n"
    "	event=$(curl -sS -D $TMPDIR/head $api/invocation/next)\n"
    "	id=$(tr -d '\\r' < $TMPDIR/head | sed -n 's/^Lambda-Runtime-Aws-Request-Id: //p')\n"
    "	echo \"got $event\"\n"
    "	curl -sS -o /dev/null -d \"$event\" $api/invocation/$id/response\n"
    "done\n";

static struct func_spec
provided_spec(struct rig *r, const char *script, mode_t mode)
{
	struct file files[] = { { "bootstrap", script, S_IFREG | mode } };

	return spec_of(r, "provided.al2023", "any", files, 1);
}

TEST("provided: the package's bootstrap speaks the Runtime API itself")
{
	struct rig r = { 0 };
	struct func_result res;
	struct func_spec spec;

	rig_open(&r);
	spec = provided_spec(&r, curl_bootstrap, 0755);
	res = invoke(&r, &spec, "{\"Step\":\"createSecret\"}");
	CHECK_OUTCOME(res, FUNC_OK);
	CHECK_STR(res.payload, "{\"Step\":\"createSecret\"}");
	CHECK_HAS(res.log_tail, "START RequestId: " REQUEST_ID " Version: $LATEST\n");
	CHECK_HAS(res.log_tail, "got {\"Step\":\"createSecret\"}\n");
	CHECK_HAS(res.log_tail, "END RequestId: " REQUEST_ID "\nREPORT RequestId: " REQUEST_ID
	    "\tDuration: ");
	CHECK_HAS(res.log_tail, "Memory Size: 256 MB\tMax Memory Used: ");
	CHECK_HAS(res.log_tail, "\tInit Duration: ");
	rig_close(&r);
}

TEST("provided: a bootstrap that is missing or not executable is Runtime.InvalidEntrypoint")
{
	struct file files[] = { { "readme", "x", S_IFREG | 0644 } };
	struct rig r = { 0 };
	struct func_result res;
	struct func_spec spec;

	rig_open(&r);
	spec = provided_spec(&r, curl_bootstrap, 0644);
	res = invoke(&r, &spec, "{}");
	CHECK_OUTCOME(res, FUNC_INVALID);
	CHECK_STR(res.error_type, "Runtime.InvalidEntrypoint");
	spec = spec_of(&r, "provided.al2", "any", files, 1);
	res = invoke(&r, &spec, "{}");
	CHECK_OUTCOME(res, FUNC_INVALID);
	CHECK_HAS(res.error_message, "Couldn't find valid bootstrap(s): [");
	spec = provided_spec(&r, "#!/no/such/shell\n", 0755);
	res = invoke(&r, &spec, "{}");
	CHECK_OUTCOME(res, FUNC_INVALID);
	CHECK_HAS(res.error_message, "fork/exec: No such file or directory");
	rig_close(&r);
}

TEST("a runtime that is not there is refused by name")
{
	struct rig r = { 0 };
	struct func_result res;
	struct func_spec spec;

	rig_open(&r);
	spec = provided_spec(&r, curl_bootstrap, 0755);
	spec.runtime = STR_LIT("java21");
	res = invoke(&r, &spec, "{}");
	CHECK_OUTCOME(res, FUNC_INVALID);
	CHECK_STR(res.error_message, "Runtime java21 is not available on this server.");
	rig_close(&r);
}

TEST("a built-in function is an executable of ours and has no package")
{
	struct rig r = { 0 };
	struct func_result res;
	struct func_spec spec;

	rig_open(&r);
	write_text(arena_printf(r.arena, "%s/libexec/rotators/generic-single", r.dir),
	    curl_bootstrap, 0755);
	spec = (struct func_spec){ .arn = STR_LIT("arn:b"), .name = STR_LIT("b"),
		.region = STR_LIT("eu-west-1"), .runtime = STR_LIT("provided"),
		.builtin = STR_LIT("generic-single"), .timeout_s = 30, .memory_mb = 128 };
	res = invoke(&r, &spec, "{\"a\":1}");
	CHECK_OUTCOME(res, FUNC_OK);
	CHECK_STR(res.payload, "{\"a\":1}");
	spec.builtin = STR_LIT("no-such");
	spec.arn = STR_LIT("arn:c");
	CHECK_OUTCOME(invoke(&r, &spec, "{}"), FUNC_INVALID);
	spec.builtin = STR_LIT("../../bin/sh");
	CHECK_OUTCOME(invoke(&r, &spec, "{}"), FUNC_INVALID);
	rig_close(&r);
}

TEST("a package that is not a zip, or not the one its digest names, is refused")
{
	struct rig r = { 0 };
	struct func_result res;
	struct func_spec spec;
	char *path;

	rig_open(&r);
	spec = provided_spec(&r, curl_bootstrap, 0755);
	spec.code_sha256 = STR_LIT("0000000000000000000000000000000000000000000000000000000000000000");
	res = invoke(&r, &spec, "{}");
	CHECK_OUTCOME(res, FUNC_INVALID);
	CHECK_HAS(res.error_message, "Could not unzip uploaded file.");
	path = arena_printf(r.arena, "%s/text.zip", r.dir);
	write_text(path, "not a zip", 0644);
	spec.code_path = str_of(path);
	spec.code_sha256 = str_of(sha256_of(&r, path));
	CHECK_OUTCOME(invoke(&r, &spec, "{}"), FUNC_INVALID);
	spec.code_sha256 = STR_LIT("../../../../tmp");
	CHECK_OUTCOME(invoke(&r, &spec, "{}"), FUNC_INVALID);
	rig_close(&r);
}

/* ---- Python */

TEST("python: the handler gets event and context, and what it returns is the result")
{
	struct rig r = { 0 };
	struct func_result res;
	struct func_spec spec;

	rig_open(&r);
	spec = python_spec(&r,
	    "import logging\n"
	    "logger = logging.getLogger()\n"
	    "logger.setLevel(logging.INFO)\n"
	    "def lambda_handler(event, context):\n"
	    "    logger.info('hello %s', event['who'])\n"
	    "    assert 0 < context.get_remaining_time_in_millis() <= 30000\n"
	    "    return [event['who'], context.aws_request_id, context.invoked_function_arn,\n"
	    "            context.memory_limit_in_mb, context.log_group_name, 'ä']\n");
	res = invoke(&r, &spec, "{\"who\":\"me\"}");
	CHECK_OUTCOME(res, FUNC_OK);
	CHECK_STR(res.payload, "[\"me\", \"" REQUEST_ID "\", "
	    "\"arn:aws:lambda:eu-west-1:000000000000:function:f\", \"256\", \"/aws/lambda/f\", \"ä\"]");
	CHECK_HAS(res.log_tail, "[INFO]\t");
	CHECK_HAS(res.log_tail, "Z\t" REQUEST_ID "\thello me\n");
	CHECK_HAS(res.log_tail, "\tInit Duration: ");
	assert_true(res.billed_ms >= 1);
	assert_true(res.max_memory_mb >= 1);
	rig_close(&r);
}

TEST("python: results and errors in the words of Lambda's own runtime")
{
	static const struct {
		const char *text;
		enum func_outcome outcome;
		const char *payload, *type, *message;
	} rows[] = {
		{ "def lambda_handler(e, c): return None\n", FUNC_OK, "null", "", "" },
		{ "def lambda_handler(e, c): return {'statusCode': 500}\n", FUNC_OK,
		    "{\"statusCode\": 500}", "", "" },
		{ "def lambda_handler(e, c): raise ValueError('no stage')\n", FUNC_ERROR, NULL,
		    "ValueError", "no stage" },
		{ "def lambda_handler(e, c): return {1, 2}\n", FUNC_ERROR, NULL, "Runtime.MarshalError",
		    "Unable to marshal response: Object of type set is not JSON serializable" },
		{ "import nowhere\n", FUNC_ERROR, NULL, "Runtime.ImportModuleError",
		    "Unable to import module 'lambda_function': No module named 'nowhere'" },
		{ "def other(e, c): pass\n", FUNC_ERROR, NULL, "Runtime.HandlerNotFound",
		    "Handler 'lambda_handler' missing on module 'lambda_function'" },
		{ "def lambda_handler(e, c) return 1\n", FUNC_ERROR, NULL, "Runtime.UserCodeSyntaxError",
		    "Syntax error in module 'lambda_function': expected ':' (lambda_function.py, line 1)" },
		{ "import os\nos.environ['NOT_SET']\n", FUNC_ERROR, NULL, "KeyError", "'NOT_SET'" },
		{ "import sys\ndef lambda_handler(e, c): sys.exit(3)\n", FUNC_ERROR, NULL,
		    "Runtime.ExitError",
		    "RequestId: " REQUEST_ID " Error: Runtime exited with error: exit status 3" },
		{ "import sys\ndef lambda_handler(e, c): sys.exit(0)\n", FUNC_ERROR, NULL,
		    "Runtime.ExitError",
		    "RequestId: " REQUEST_ID " Error: Runtime exited without providing a reason" },
		{ "import sys\nsys.exit(1)\n", FUNC_ERROR, NULL, "Runtime.ExitError",
		    "RequestId: " REQUEST_ID " Error: Runtime exited with error: exit status 1" },
		{ "import os\ndef lambda_handler(e, c): os.kill(os.getpid(), 9)\n", FUNC_ERROR,
		    "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: " REQUEST_ID
		    " Error: Runtime exited with error: signal: killed\"}", "Runtime.ExitError",
		    "RequestId: " REQUEST_ID " Error: Runtime exited with error: signal: killed" },
		{ "import os\ndef lambda_handler(e, c): os.abort()\n", FUNC_ERROR, NULL,
		    "Runtime.ExitError",
		    "RequestId: " REQUEST_ID " Error: Runtime exited with error: signal: aborted" },
	};
	struct rig r = { 0 };

	rig_open(&r);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct func_spec spec = python_spec(&r, rows[i].text);
		struct func_result res = invoke(&r, &spec, "{}");

		CHECK_OUTCOME(res, rows[i].outcome);
		CHECK_STR(res.error_type, rows[i].type);
		CHECK_STR(res.error_message, rows[i].message);
		if (rows[i].payload != NULL)
			CHECK_STR(res.payload, rows[i].payload);
	}
	rig_close(&r);
}

TEST("python: an uncaught error carries its stack, and is one record of the log")
{
	struct rig r = { 0 };
	struct func_result res;
	struct func_spec spec;

	rig_open(&r);
	spec = python_spec(&r,
	    "def deep():\n"
	    "    raise ValueError('no stage')\n"
	    "def lambda_handler(event, context):\n"
	    "    deep()\n");
	res = invoke(&r, &spec, "{}");
	CHECK_OUTCOME(res, FUNC_ERROR);
	CHECK_HAS(res.payload, "\"errorMessage\": \"no stage\", \"errorType\": \"ValueError\", "
	    "\"requestId\": \"" REQUEST_ID "\", \"stackTrace\": [\"  File ");
	CHECK_HAS(res.payload, "lambda_function.py\\\", line 2, in deep");
	CHECK_HAS_NOT(res.payload, "bootstrap.py");
	CHECK_HAS(res.log_tail,
	    "[ERROR] ValueError: no stage\rTraceback (most recent call last):\r  File ");
	rig_close(&r);
}

TEST("python: a handler without a dot is Runtime.MalformedHandlerName, one with folders is found")
{
	struct file files[] = { { "a/b/mod.py", "def run(e, c): return 'deep'\n", S_IFREG | 0644 } };
	struct rig r = { 0 };
	struct func_result res;
	struct func_spec spec;

	rig_open(&r);
	spec = spec_of(&r, "python3.11", "nodot", files, 1);
	res = invoke(&r, &spec, "{}");
	CHECK_STR(res.error_type, "Runtime.MalformedHandlerName");
	CHECK_STR(res.error_message,
	    "Bad handler 'nodot': not enough values to unpack (expected 2, got 1)");
	spec = spec_of(&r, "python3.11", "a/b/mod.run", files, 1);
	res = invoke(&r, &spec, "{}");
	CHECK_OUTCOME(res, FUNC_OK);
	CHECK_STR(res.payload, "\"deep\"");
	rig_close(&r);
}

TEST("a function that does not answer in time is killed: Sandbox.Timedout")
{
	struct rig r = { 0 };
	struct func_result res;
	struct func_spec spec;

	rig_open(&r);
	spec = python_spec(&r,
	    "import time\ndef lambda_handler(e, c):\n    print('begun')\n    time.sleep(60)\n");
	spec.timeout_s = 1;
	res = invoke(&r, &spec, "{}");
	CHECK_OUTCOME(res, FUNC_TIMEOUT);
	CHECK_STR(res.payload, "{\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"RequestId: "
	    REQUEST_ID " Error: Task timed out after 1.00 seconds\"}");
	CHECK_STR(res.error_type, "Sandbox.Timedout");
	CHECK_HAS(res.log_tail, "begun\n");
	CHECK_HAS(res.log_tail, REQUEST_ID " Task timed out after 1.00 seconds\n");
	assert_in_range(res.duration_ms, 990, 2000);
	rig_close(&r);
}

TEST("an init that takes too long runs again in the call's own time")
{
	struct rig r = { .init_timeout_ms = 300 };
	struct func_result res;
	struct func_spec spec;

	rig_open(&r);
	spec = python_spec(&r, "import time\ntime.sleep(60)\ndef lambda_handler(e, c): pass\n");
	spec.timeout_s = 1;
	res = invoke(&r, &spec, "{}");
	CHECK_OUTCOME(res, FUNC_TIMEOUT);
	spec = python_spec(&r,
	    "import time\ntime.sleep(0.6)\ndef lambda_handler(e, c): return 'late'\n");
	spec.timeout_s = 5;
	res = invoke(&r, &spec, "{}");
	CHECK_OUTCOME(res, FUNC_OK);
	CHECK_STR(res.payload, "\"late\"");
	rig_close(&r);
}

TEST("a result of 6 MiB and 100 bytes passes, one byte more is Function.ResponseSizeTooLarge")
{
	struct rig r = { 0 };
	struct func_result res;
	struct func_spec spec;

	rig_open(&r);
	spec = python_spec(&r, "def lambda_handler(e, c): return 'x' * e\n");
	res = invoke(&r, &spec, "6291554");
	CHECK_OUTCOME(res, FUNC_OK);
	assert_int_equal(res.payload.n, 6291556);
	res = invoke(&r, &spec, "6291555");
	CHECK_OUTCOME(res, FUNC_ERROR);
	CHECK_STR(res.error_type, "Function.ResponseSizeTooLarge");
	CHECK_HAS(res.error_message, "exceeded maximum allowed payload size (6291556 bytes).");
	CHECK_OUTCOME(invoke(&r, &spec, "1"), FUNC_OK);
	rig_close(&r);
}

static const char *
text_of(struct rig *r, const char *name)
{
	char *text = arena_alloc(r->arena, 65536);
	FILE *f = fopen(arena_printf(r->arena, "%s/%s", r->dir, name), "re");

	assert_non_null(f);
	text[fread(text, 1, 65535, f)] = '\0';
	fclose(f);
	return text;
}

TEST("given values appear as **** in the log and in errors, not in a result")
{
	static const struct str masks[] = { STR_LIT("hunter2hunter2"), STR_LIT("short"),
		STR_LIT("hunter2") };
	struct rig r = { 0 };
	struct func_call call;
	struct func_spec spec;
	struct func_result res;

	rig_open(&r);
	spec = python_spec(&r,
	    "def lambda_handler(e, c):\n"
	    "    print('a hunter2hunter2 b hunter2 c short')\n"
	    "    if e: raise ValueError('bad password hunter2hunter2')\n"
	    "    return 'hunter2hunter2'\n");
	call = call_of(&r, &spec, "true");
	call.mask = masks;
	call.mask_count = 3;
	res = invoke_call(&r, &call);
	CHECK_OUTCOME(res, FUNC_ERROR);
	CHECK_HAS(str_of(text_of(&r, "functions/logs/000000000000.eu-west-1.f.log")),
	    "Z a **** b **** c short\n");
	CHECK_HAS(res.log_tail, "a **** b **** c short\n");
	CHECK_HAS_NOT(res.log_tail, "hunter2");
	CHECK_HAS_NOT(res.payload, "hunter2");
	CHECK_STR(res.error_message, "bad password ****");
	call = call_of(&r, &spec, "false");
	call.mask = masks;
	call.mask_count = 3;
	res = invoke_call(&r, &call);
	CHECK_STR(res.payload, "\"hunter2hunter2\"");
	CHECK_HAS_NOT(res.log_tail, "hunter2");
	rig_close(&r);
}

TEST("boto3 is there for Python functions, and names resolve")
{
	struct rig r = { 0 };
	struct func_call call;
	struct func_spec spec;
	struct func_result res;

	if (system(RIG_PYTHON " -c 'import boto3' 2>/dev/null") != 0) {
		print_message("boto3 is not installed: not tested\n");
		return;
	}
	rig_open(&r);
	spec = python_spec(&r,
	    "import boto3, botocore, os\n"
	    "from botocore.config import Config\n"
	    "sm = boto3.client('secretsmanager', endpoint_url=os.environ['SECRETS_MANAGER_ENDPOINT'],\n"
	    "                  config=Config(retries={'max_attempts': 0}))\n"
	    "def lambda_handler(e, c):\n"
	    "    try: sm.describe_secret(SecretId='x')\n"
	    "    except botocore.exceptions.EndpointConnectionError: return 'nobody there'\n");
	call = call_of(&r, &spec, "{}");
	call.endpoint_url = STR_LIT("http://localhost:1");
	res = invoke_call(&r, &call);
	CHECK_OUTCOME(res, FUNC_OK);
	CHECK_STR(res.payload, "\"nobody there\"");
	rig_close(&r);
}

TEST("the log tail is the last 4096 bytes")
{
	struct rig r = { 0 };
	struct func_result res;
	struct func_spec spec;

	rig_open(&r);
	spec = python_spec(&r,
	    "def lambda_handler(e, c):\n"
	    "    for i in range(20000): print('line', i)\n");
	res = invoke(&r, &spec, "{}");
	CHECK_OUTCOME(res, FUNC_OK);
	assert_int_equal(res.log_tail.n, 4096);
	CHECK_HAS(res.log_tail, "line 19999\nEND RequestId: ");
	CHECK_HAS_NOT(res.log_tail, "START");
	rig_close(&r);
}

/* ---- the sandbox */

TEST("a sandbox sees its package, a tmp of its own and the documented environment, no more")
{
	struct rig r = { 0 };
	struct func_env env[] = { { STR_LIT("MINE"), STR_LIT("yes") },
		{ STR_LIT("AWS_REGION"), STR_LIT("moon") } };
	struct func_spec spec;
	struct func_result res;

	setenv("PAWL_TEST_LEAK", "leaked", 1);
	rig_open(&r);
	write_text(arena_printf(r.arena, "%s/data.mdb", r.dir), "secrets", 0644);
	spec = python_spec(&r,
	    "import os, json, socket\n"
	    "def tried(f, *a):\n"
	    "    try: f(*a)\n"
	    "    except OSError as e: return 'refused'\n"
	    "    return 'allowed'\n"
	    "def lambda_handler(path, c):\n"
	    "    e = os.environ\n"
	    "    return {'mine': e['MINE'], 'region': e['AWS_REGION'], 'leak': 'PAWL_TEST_LEAK' in e,\n"
	    "      'key': e['AWS_ACCESS_KEY_ID'], 'endpoint': e['SECRETS_MANAGER_ENDPOINT'],\n"
	    "      'sdk': e['AWS_ENDPOINT_URL_SECRETS_MANAGER'], 'runtime': e['AWS_EXECUTION_ENV'],\n"
	    "      'home': e['HOME'] == e['TMPDIR'], 'cwd': os.getcwd() == e['LAMBDA_TASK_ROOT'],\n"
	    "      'data': tried(open, path), 'code': tried(open, e['LAMBDA_TASK_ROOT'] + '/x', 'w'),\n"
	    "      'tmp': tried(open, e['TMPDIR'] + '/x', 'w'), 'etc': tried(open, '/etc/x', 'w'),\n"
	    "      'passwd': tried(open, '/etc/passwd'), 'shadow': tried(open, '/etc/shadow'),\n"
	    "      'packet': tried(socket.socket, socket.AF_PACKET, socket.SOCK_RAW),\n"
	    "      'fds': sorted(os.listdir('/proc/self/fd'))[:3],\n"
	    "      'parent': tried(os.kill, os.getppid(), 0), 'init': tried(os.kill, 1, 0),\n"
	    "      'environ': tried(lambda: open('/proc/%d/environ' % os.getppid()).read())}\n");
	spec.env = env;
	spec.env_count = 2;
	res = invoke(&r, &spec, arena_printf(r.arena, "\"%s/data.mdb\"", r.dir));
	CHECK_OUTCOME(res, FUNC_OK);
	CHECK_STR(res.payload, "{\"mine\": \"yes\", \"region\": \"eu-west-1\", \"leak\": false, "
	    "\"key\": \"ASIAEXAMPLE\", \"endpoint\": \"http://127.0.0.1:7295\", "
	    "\"sdk\": \"http://127.0.0.1:7295\", \"runtime\": \"AWS_Lambda_python3.11\", "
	    "\"home\": true, \"cwd\": true, \"data\": \"refused\", \"code\": \"refused\", "
	    "\"tmp\": \"allowed\", \"etc\": \"refused\", \"passwd\": \"allowed\", "
	    "\"shadow\": \"refused\", \"packet\": \"refused\", \"fds\": [\"0\", \"1\", \"2\"], "
	    "\"parent\": \"refused\", \"init\": \"refused\", "
	    "\"environ\": \"refused\"}");
	rig_close(&r);
}

TEST("a function that sets SECRETS_MANAGER_ENDPOINT itself keeps its own")
{
	struct rig r = { 0 };
	struct func_env env[] = { { STR_LIT("SECRETS_MANAGER_ENDPOINT"), STR_LIT("http://mine") } };
	struct func_spec spec;

	rig_open(&r);
	spec = python_spec(&r, "import os\ndef lambda_handler(e, c): return ["
	    "os.environ['SECRETS_MANAGER_ENDPOINT'],"
	    " os.environ.get('AWS_ENDPOINT_URL_SECRETS_MANAGER')]\n");
	spec.env = env;
	spec.env_count = 1;
	CHECK_STR(invoke(&r, &spec, "{}").payload, "[\"http://mine\", null]");
	rig_close(&r);
}

TEST("a CA bundle is readable in the sandbox under AWS_CA_BUNDLE")
{
	struct rig r = { 0 };
	struct func_call call;
	struct func_spec spec;
	char *path;

	rig_open(&r);
	path = arena_printf(r.arena, "%s/ca.pem", r.dir);
	write_text(path, "our own CA", 0600);
	spec = python_spec(&r, "import os\ndef lambda_handler(e, c): "
	    "return open(os.environ['AWS_CA_BUNDLE']).read()\n");
	call = call_of(&r, &spec, "{}");
	call.ca_bundle = str_of(path);
	CHECK_STR(invoke_call(&r, &call).payload, "\"our own CA\"");
	rig_close(&r);
}

/* Another one in every process; their numbers may be the same. */
static const char tell_process[] =
    "import uuid\n"
    "me = str(uuid.uuid4())\n"
    "def lambda_handler(e, c): return me\n";

TEST("a warm sandbox serves the next call of the same revision and access key, not of another")
{
	struct rig r = { 0 };
	struct func_spec spec;
	struct func_call call;
	struct str first, second;

	rig_open(&r);
	spec = python_spec(&r, tell_process);
	first = invoke(&r, &spec, "{}").payload;
	second = invoke(&r, &spec, "{}").payload;
	assert_true(str_eq(first, second));
	CHECK_HAS_NOT(invoke(&r, &spec, "{}").log_tail, "Init Duration");
	call = call_of(&r, &spec, "{}");
	call.access_key_id = STR_LIT("ASIAOTHER");
	assert_false(str_eq(invoke_call(&r, &call).payload, first));
	spec.revision = STR_LIT("2");
	assert_false(str_eq(invoke(&r, &spec, "{}").payload, first));
	rig_close(&r);
}

TEST("func_retire ends the warm sandboxes of a function and of its qualifiers")
{
	struct rig r = { 0 };
	struct func_spec spec;
	struct str first;

	rig_open(&r);
	spec = python_spec(&r, tell_process);
	first = invoke(&r, &spec, "{}").payload;
	func_retire(r.func, STR_LIT("arn:aws:lambda:eu-west-1:000000000000:function:ff"));
	assert_true(str_eq(invoke(&r, &spec, "{}").payload, first));
	func_retire(r.func, spec.arn);
	assert_false(str_eq(invoke(&r, &spec, "{}").payload, first));
	rig_close(&r);
}

TEST("twenty calls at once, four sandboxes: four run, sixteen are throttled, later ones run again")
{
	struct waiting w = WAITING(20);
	struct func_call calls[20];
	struct rig r = { 0 };
	struct func_spec spec;
	int ok = 0, throttled = 0;

	rig_open(&r);
	spec = python_spec(&r, "import time\ndef lambda_handler(e, c):\n    time.sleep(0.3)\n");
	spec.concurrency = 4;
	for (size_t i = 0; i < 20; i++) {
		calls[i] = call_of(&r, &spec, "{}");
		/* Results are written on func's thread while others are still being asked for. */
		calls[i].arena = arena_new();
		calls[i].done = on_done;
		calls[i].arg = &w;
		func_invoke(r.func, &calls[i]);
	}
	wait_all(&w);
	for (size_t i = 0; i < 20; i++) {
		ok += calls[i].result.outcome == FUNC_OK;
		throttled += calls[i].result.outcome == FUNC_THROTTLED;
		arena_free(calls[i].arena);
	}
	assert_int_equal(ok, 4);
	assert_int_equal(throttled, 16);
	CHECK_OUTCOME(invoke(&r, &spec, "{}"), FUNC_OK);
	rig_close(&r);
}

TEST("a function in need of a sandbox takes a free one of another function")
{
	struct rig r = { .sandboxes = 1 };
	struct func_spec a, b;

	rig_open(&r);
	a = python_spec(&r, "def lambda_handler(e, c): return 'a'\n");
	b = python_spec(&r, "def lambda_handler(e, c): return 'b'\n");
	b.arn = STR_LIT("arn:b");
	CHECK_STR(invoke(&r, &a, "{}").payload, "\"a\"");
	CHECK_STR(invoke(&r, &b, "{}").payload, "\"b\"");
	CHECK_STR(invoke(&r, &a, "{}").payload, "\"a\"");
	rig_close(&r);
}

TEST("a function that uses more memory than it has is killed")
{
	struct rig r = { 0 };
	struct func_result res;
	struct func_spec spec;

	rig_open(&r);
	spec = python_spec(&r,
	    "import time\n"
	    "def lambda_handler(e, c):\n"
	    "    x = bytearray(200 << 20)\n"
	    "    time.sleep(5)\n");
	spec.memory_mb = 128;
	res = invoke(&r, &spec, "{}");
	CHECK_OUTCOME(res, FUNC_ERROR);
	CHECK_HAS(res.error_message, "signal: killed");
	assert_in_range(res.max_memory_mb, 128, 300);
	rig_close(&r);
}

/* A process whose command line holds `text`, in the session of a child of `parent` (0 = any);
 * 0 = none. */
static pid_t
find_process(pid_t parent, const char *text)
{
	struct procfs_stat st, leader;
	struct procfs_walk w;
	pid_t found = 0;

	assert_true(procfs_open(&w));
	while (found == 0 && procfs_next(&w, &st)) {
		char path[64], line[1024];
		size_t n;
		FILE *f;

		if (parent != 0 && (!procfs_read(st.session, &leader) || leader.parent != parent))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)st.pid);
		f = fopen(path, "re");
		if (f == NULL)
			continue;
		n = fread(line, 1, sizeof(line), f);
		fclose(f);
		if (memmem(line, n, text, strlen(text)) != NULL)
			found = st.pid;
	}
	procfs_close(&w);
	return found;
}

/* The call sleeps; its process or the runner is killed meanwhile. */
static struct func_result
invoke_and_kill(struct rig *r, bool runner)
{
	struct waiting w = WAITING(1);
	struct func_spec spec = python_spec(r,
	    "import time\ndef lambda_handler(e, c): time.sleep(20)\n");
	struct func_call call = call_of(r, &spec, "{}");
	pid_t pid;

	call.done = on_done;
	call.arg = &w;
	func_invoke(r->func, &call);
	while ((pid = find_process(r->pid, "bootstrap.py")) == 0)
		usleep(1000);
	kill(runner ? r->pid : pid, SIGKILL);
	wait_all(&w);
	if (runner) {
		/* PR_SET_PDEATHSIG takes the sandbox along. */
		for (int i = 0; i < 3000 && kill(pid, 0) == 0; i++)
			usleep(10000);
		assert_int_equal(kill(pid, 0), -1);
	}
	return call.result;
}

TEST("kill -9 of a sandbox during an invocation is Runtime.ExitError, and the next call runs")
{
	struct rig r = { 0 };
	struct func_result res;
	struct func_spec spec;

	rig_open(&r);
	res = invoke_and_kill(&r, false);
	CHECK_OUTCOME(res, FUNC_ERROR);
	CHECK_STR(res.error_message,
	    "RequestId: " REQUEST_ID " Error: Runtime exited with error: signal: killed");
	spec = python_spec(&r, "def lambda_handler(e, c): return 1\n");
	CHECK_OUTCOME(invoke(&r, &spec, "{}"), FUNC_OK);
	rig_close(&r);
}

TEST("kill -9 of the runner: calls in flight are FUNC_UNAVAILABLE, its sandboxes are gone")
{
	struct rig r = { 0 };
	struct func_result res;
	struct func_spec spec;

	rig_open(&r);
	assert_true(func_is_running(r.func));
	res = invoke_and_kill(&r, true);
	CHECK_OUTCOME(res, FUNC_UNAVAILABLE);
	assert_false(func_is_running(r.func));
	spec = python_spec(&r, "def lambda_handler(e, c): return 1\n");
	CHECK_OUTCOME(invoke(&r, &spec, "{}"), FUNC_UNAVAILABLE);
	rig_close(&r);
}

TEST("a process that leaves its session ends with the sandbox")
{
	struct rig r = { .keepalive_ms = 1 };
	struct func_result res;
	struct func_spec spec;
	char *seconds;

	rig_open(&r);
	spec = python_spec(&r,
	    "import subprocess\n"
	    "def lambda_handler(e, c):\n"
	    "    subprocess.Popen(['setsid', 'sleep', e])\n");
	seconds = arena_printf(r.arena, "9871.%d", (int)getpid());
	res = invoke(&r, &spec, arena_printf(r.arena, "\"%s\"", seconds));
	CHECK_OUTCOME(res, FUNC_OK);
	for (int i = 0; i < 3000 && find_process(0, seconds) != 0; i++)
		usleep(10000);
	assert_int_equal(find_process(0, seconds), 0);
	rig_close(&r);
}

TEST("another process of this machine may not use a sandbox's Runtime API")
{
	struct rig r = { 0 };
	struct func_result res;
	struct func_spec spec;
	char *command;

	rig_open(&r);
	spec = python_spec(&r,
	    "import os\ndef lambda_handler(e, c): return os.environ['AWS_LAMBDA_RUNTIME_API']\n");
	res = invoke(&r, &spec, "{}");
	CHECK_OUTCOME(res, FUNC_OK);
	command = arena_printf(r.arena, "curl -s -m 2 http://" STR_FMT "/ping >/dev/null",
	    (int)res.payload.n - 2, res.payload.p + 1);
	assert_int_not_equal(system(command), 0);
	CHECK_OUTCOME(invoke(&r, &spec, "{}"), FUNC_OK);
	rig_close(&r);
}

TEST("func_stop answers what is in flight and leaves no runner behind")
{
	struct waiting w = WAITING(1);
	struct rig r = { 0 };
	struct func_spec spec;
	struct func_call call;

	rig_open(&r);
	spec = python_spec(&r, "import time\ndef lambda_handler(e, c): time.sleep(20)\n");
	call = call_of(&r, &spec, "{}");
	call.done = on_done;
	call.arg = &w;
	func_invoke(r.func, &call);
	rig_close(&r);
	assert_int_equal(w.left, 0);
	CHECK_OUTCOME(call.result, FUNC_UNAVAILABLE);
	assert_int_equal(kill(r.pid, 0), -1);
	assert_int_equal(errno, ESRCH);
}

/* ---- Node */

static struct func_spec
node_spec(struct rig *r, const char *name, const char *text)
{
	struct file files[] = { { name, text, S_IFREG | 0644 } };

	return spec_of(r, "nodejs20.x", "index.handler", files, 1);
}

TEST("node: handlers of every kind, and errors in the words of Lambda's own runtime")
{
	static const struct {
		const char *file, *text;
		enum func_outcome outcome;
		const char *payload, *type, *message;
	} rows[] = {
		{ "index.js", "exports.handler = async (e, c) => [e.a, c.awsRequestId,"
		    " c.getRemainingTimeInMillis() > 0];", FUNC_OK, "[1,\"" REQUEST_ID "\",true]", "", "" },
		{ "index.mjs", "export const handler = async (e) => e.a;", FUNC_OK, "1", "", "" },
		{ "index.cjs", "exports.handler = (e, c, cb) => setTimeout(() => cb(null, 'cb'), 5);",
		    FUNC_OK, "\"cb\"", "", "" },
		{ "index.js", "exports.handler = (e, c, cb) => { c.callbackWaitsForEmptyEventLoop = false;"
		    " setInterval(() => {}, 1000); cb(null, 'now'); };", FUNC_OK, "\"now\"", "", "" },
		{ "index.js", "exports.handler = (e, c, cb) => { setTimeout(() => { global.x = 1; }, 20);"
		    " cb(null, { get x() { return global.x } }); };", FUNC_OK, "{\"x\":1}", "", "" },
		{ "index.js", "exports.handler = () => {};", FUNC_OK, "null", "", "" },
		{ "index.js", "exports.handler = async () => { throw new TypeError('no'); };",
		    FUNC_ERROR, NULL, "TypeError", "no" },
		{ "index.js", "exports.handler = (e, c, cb) => cb(new Error('cb'));", FUNC_ERROR, NULL,
		    "Error", "cb" },
		{ "index.js", "exports.handler = () => { throw 'text'; };", FUNC_ERROR, NULL, "string",
		    "text" },
		{ "index.js", "exports.handler = async () => { const a = {}; a.a = a; return a; };",
		    FUNC_ERROR, NULL, "Runtime.MarshalError", NULL },
		{ "index.js", "exports.other = 1;", FUNC_ERROR, NULL, "Runtime.HandlerNotFound",
		    "index.handler is undefined or not exported" },
		{ "other.js", "1", FUNC_ERROR, NULL, "Runtime.ImportModuleError",
		    "Error: Cannot find module 'index'" },
		{ "index.js", "require('nowhere');", FUNC_ERROR, NULL, "Runtime.ImportModuleError", NULL },
		{ "index.js", "exports.handler = (", FUNC_ERROR, NULL, "Runtime.UserCodeSyntaxError", NULL },
		{ "index.js", "exports.handler = async () => process.exit(3);", FUNC_ERROR, NULL,
		    "Runtime.ExitError",
		    "RequestId: " REQUEST_ID " Error: Runtime exited with error: exit status 3" },
		{ "index.js", "exports.handler = (e, c, cb) => { setTimeout(() => { throw new Error('late');"
		    " }, 1); };", FUNC_ERROR, NULL, "Error", "late" },
		{ "index.js", "exports.handler = (e, c, cb) => { Promise.reject(new Error('lost')); };",
		    FUNC_ERROR, NULL, "Runtime.UnhandledPromiseRejection", "Error: lost" },
	};
	struct rig r = { 0 };

	if (node_path() == NULL) {
		print_message("node is not installed: not tested\n");
		return;
	}
	rig_open(&r);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct func_spec spec = node_spec(&r, rows[i].file, rows[i].text);
		struct func_result res = invoke(&r, &spec, "{\"a\":1}");

		CHECK_OUTCOME(res, rows[i].outcome);
		CHECK_STR(res.error_type, rows[i].type);
		if (rows[i].message != NULL)
			CHECK_STR(res.error_message, rows[i].message);
		if (rows[i].payload != NULL)
			CHECK_STR(res.payload, rows[i].payload);
	}
	rig_close(&r);
}

TEST("node: console lines carry time, request and level; a second call is warm; a stuck one times out")
{
	struct rig r = { 0 };
	struct func_result res;
	struct func_spec spec;

	if (node_path() == NULL) {
		print_message("node is not installed: not tested\n");
		return;
	}
	rig_open(&r);
	spec = node_spec(&r, "index.js", "let n = 0; exports.handler = async () => {"
	    " console.log('hello %d', ++n); console.error('bad'); return n; };");
	CHECK_STR(invoke(&r, &spec, "{}").payload, "1");
	res = invoke(&r, &spec, "{}");
	CHECK_STR(res.payload, "2");
	CHECK_HAS(res.log_tail, "Z\t" REQUEST_ID "\tINFO\thello 2\n");
	CHECK_HAS(res.log_tail, "Z\t" REQUEST_ID "\tERROR\tbad\n");
	spec = node_spec(&r, "index.js", "exports.handler = () => new Promise(() => setInterval(() => {}, 9));");
	spec.timeout_s = 1;
	CHECK_OUTCOME(invoke(&r, &spec, "{}"), FUNC_TIMEOUT);
	rig_close(&r);
}
