/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "cli/rotation_text.h"

static json_t *
parse(struct arena *a, const char *text)
{
	struct err e;
	json_t *v = json_parse(a, str_of(text), 0, &e);

	assert_non_null(v);
	return v;
}

static void
check(void (*write)(struct arena *, const json_t *, struct buf *), const char *json,
    const char *want)
{
	struct arena *a = arena_new();
	struct buf out = BUF_INIT;

	write(a, parse(a, json), &out);
	CHECK_STR(buf_view(&out), want);
	buf_free(&out);
	arena_free(a);
}

TEST("list: a line for each secret; an error is shown until a run succeeds")
{
	check(rotation_write_list, "["
	    "{\"Name\":\"a\",\"Region\":\"us-east-1\",\"RotationEnabled\":true,"
	    "\"RotationRules\":{\"AutomaticallyAfterDays\":1},\"LastRotatedDate\":1767225600.000,"
	    "\"NextRotationDate\":1767398399.000,\"LastRun\":{\"State\":\"SUCCEEDED\","
	    "\"Step\":\"finishSecret\",\"Error\":{\"Step\":\"setSecret\",\"Class\":\"TIMEOUT\"}}},"
	    "{\"Name\":\"b\",\"Region\":\"eu-west-1\",\"RotationEnabled\":false,"
	    "\"LastRun\":{\"State\":\"STEPPING\",\"Step\":\"testSecret\"}},"
	    "{\"Name\":\"c\",\"Region\":\"eu-west-1\",\"RotationEnabled\":true,\"DeletedDate\":1.0,"
	    "\"RotationRules\":{\"ScheduleExpression\":\"rate(4 hours)\",\"Duration\":\"1h\"},"
	    "\"LastRun\":{\"State\":\"FAILED\",\"Step\":\"setSecret\","
	    "\"Error\":{\"Step\":\"setSecret\",\"Class\":\"TIMEOUT\",\"Message\":\"slow\"}}}]",
	    "NAME  REGION     ROTATION  SCHEDULE           LAST ROTATED          NEXT ROTATION"
	    "         LAST RUN    ERROR\n"
	    "a     us-east-1  on        every 1 day        2026-01-01T00:00:00Z  "
	    "2026-01-02T23:59:59Z  SUCCEEDED\n"
	    "b     eu-west-1  off       on demand          -                     -"
	    "                     testSecret\n"
	    "c     eu-west-1  deleted   rate(4 hours), 1h  -                     -"
	    "                     FAILED      setSecret: TIMEOUT: slow\n");
}

TEST("list: says so when no secret has rotation")
{
	check(rotation_write_list, "[]", "no secret has rotation\n");
}

TEST("show: settings, labels, each step with its time and outcome, and how to free what is stuck")
{
	check(rotation_write_one,
	    "{\"ARN\":\"arn:x\",\"Name\":\"a\",\"Region\":\"us-east-1\",\"RotationConfigured\":true,"
	    "\"RotationEnabled\":true,\"RotationLambdaARN\":\"arn:f\","
	    "\"RotationRules\":{\"AutomaticallyAfterDays\":30},"
	    "\"VersionIdsToStages\":{\"c\":[\"AWSCURRENT\",\"x\"],\"p\":[\"AWSPENDING\"]},"
	    "\"Runs\":[{\"Kind\":\"rotate\",\"Sequence\":7,\"State\":\"RETRY_WAIT\","
	    "\"Step\":\"createSecret\",\"Trigger\":\"schedule\",\"VersionId\":\"p\","
	    "\"CreatedDate\":1767225600.000,\"NextAttemptDate\":1767225700.000,"
	    "\"Error\":{\"Step\":\"setSecret\",\"Class\":\"FUNCTION_ERROR\",\"Type\":\"Oops\","
	    "\"Message\":\"no\"},"
	    "\"Steps\":[{\"Attempt\":1,\"Step\":\"createSecret\",\"Outcome\":\"ok\","
	    "\"StartedDate\":1767225600.000,\"EndedDate\":1767225600.120,\"RequestId\":\"r1\"},"
	    "{\"Attempt\":1,\"Step\":\"setSecret\",\"Outcome\":\"function_error\","
	    "\"StartedDate\":1767225601.000,\"EndedDate\":1767225603.500,\"RequestId\":\"r2\","
	    "\"ErrorType\":\"Oops\",\"ErrorMessage\":\"no\",\"LogTail\":\"one\\n\\ntwo\\n\"}]}],"
	    "\"Stuck\":{\"VersionId\":\"p\",\"TargetMayHaveChanged\":true,\"Repair\":["
	    "{\"Purpose\":\"again\",\"Pawl\":\"pawl rotation retry 'a'\"},"
	    "{\"Purpose\":\"give up\",\"Pawl\":\"pawl x\",\"Aws\":\"aws x\"}]}}",
	    "a (us-east-1)\n"
	    "  ARN       arn:x\n"
	    "  rotation  on\n"
	    "  function  arn:f\n"
	    "  schedule  every 30 days\n"
	    "  version   c  AWSCURRENT x\n"
	    "  version   p  AWSPENDING\n"
	    "\nruns, newest first\n"
	    "\n  rotate 7: RETRY_WAIT, asked for by schedule, version p\n"
	    "    began 2026-01-01T00:00:00Z\n"
	    "    2026-01-01T00:00:00Z  try 1  createSecret  ok              120 ms  request r1\n"
	    "    2026-01-01T00:00:01Z  try 1  setSecret     function_error  2.5 s   request r2\n"
	    "        Oops: no\n"
	    "        | one\n"
	    "        | two\n"
	    "    next try 2026-01-01T00:01:40Z\n"
	    "    last error (FUNCTION_ERROR) setSecret: Oops: no\n"
	    "\nversion p has AWSPENDING and did not become current.\n"
	    "setSecret was called with it: the target may use it already. Try it there first.\n"
	    "\n  again:\n    pawl rotation retry 'a'\n"
	    "\n  give up:\n    pawl x\n    or: aws x\n");
}

TEST("show: a secret that never rotated has no runs and nothing to repair")
{
	check(rotation_write_one,
	    "{\"ARN\":\"arn:x\",\"Name\":\"a\",\"Region\":\"us-east-1\",\"RotationConfigured\":false,"
	    "\"RotationEnabled\":false,\"VersionIdsToStages\":{\"c\":[\"AWSCURRENT\"]},\"Runs\":[]}",
	    "a (us-east-1)\n"
	    "  ARN       arn:x\n"
	    "  rotation  never configured\n"
	    "  version   c  AWSCURRENT\n");
}

TEST("show: an answer without members is shown, not crashed on")
{
	check(rotation_write_one, "{}", " ()\n  ARN\n  rotation  never configured\n");
	check(rotation_write_one, "{\"Runs\":3,\"Stuck\":[],\"VersionIdsToStages\":[1]}",
	    " ()\n  ARN\n  rotation  never configured\n"
	    "\nversion  has AWSPENDING and did not become current.\n");
}
