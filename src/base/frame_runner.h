/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame_runner.h - what pawld (func/local.c) and its runner (runner/runner.c) say to each other.
 *
 * pawld asks with INVOKE, each answered by one RESULT with the same CALL; calls may be answered in
 * any order. RETIRE has no answer. Either side ends the connection at the first frame it does not
 * understand; unknown tags are skipped.
 */
#pragma once

enum runner_message {
	MSG_INVOKE = 1,
	MSG_RETIRE,		/* ARN */
	MSG_RESULT,
};

/* How an invocation ended; func.h's enum func_outcome without the one only pawld can see. */
enum runner_outcome {
	RUN_OK,
	RUN_ERROR,
	RUN_TIMEOUT,
	RUN_THROTTLED,
	RUN_INVALID,
};
#define RUN_LAST RUN_INVALID

enum runner_tag {
	TAG_CALL = 1,		/* int */
	/* the function */
	TAG_ARN, TAG_NAME, TAG_ACCOUNT, TAG_REGION, TAG_ROLE, TAG_VERSION, TAG_RUNTIME, TAG_HANDLER,
	TAG_CODE_SHA256, TAG_CODE_PATH, TAG_BUILTIN, TAG_REVISION,
	TAG_TIMEOUT_S, TAG_MEMORY_MB, TAG_CONCURRENCY,		/* int */
	TAG_ENV_NAME, TAG_ENV_VALUE,		/* pairs, name first */
	/* the call */
	TAG_REQUEST_ID, TAG_PAYLOAD, TAG_CLIENT_CONTEXT,
	TAG_ACCESS_KEY_ID, TAG_SECRET_ACCESS_KEY, TAG_SESSION_TOKEN,
	TAG_ENDPOINT_URL, TAG_CA_BUNDLE,
	TAG_MASK,		/* repeated */
	/* the result; PAYLOAD too */
	TAG_OUTCOME,		/* int */
	TAG_ERROR_TYPE, TAG_ERROR_MESSAGE, TAG_LOG_TAIL,
	TAG_DURATION_MS, TAG_BILLED_MS, TAG_MAX_MEMORY_MB,	/* int */
};
