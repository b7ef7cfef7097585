/* SPDX-License-Identifier: Apache-2.0 */
/*
 * env.h - the environment of a sandbox, exactly spec/rotation.md 5.3 and the endpoint variables of
 * 4.6; nothing of pawld's own comes along. Pure: time and names are handed in.
 */
#pragma once
#include "runner/invocation.h"

struct env_place {
	const char *task, *tmp, *runtimes;	/* as the sandbox sees them */
	const char *ca;				/* or NULL */
	uint16_t port;				/* of the Runtime API */
	int64_t now_ms;
	const char *stream_id;			/* 32 hex digits */
};

/* NULL-terminated "NAME=value", in the arena, which is to be wiped: it holds the credentials. */
char **env_build(struct arena *a, const struct invocation *inv, const struct env_place *p);
/* Names that a function's own configuration cannot set. */
bool env_is_reserved(struct str name);
