/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_cache.h - the credentials of direct invocations, kept for a while: a warm sandbox can
 * serve the next call only under the credentials it was started with.
 *
 * One small table for the process, under a leaf lock of its own; a miss is never an error.
 * Threads: any.
 */
#pragma once
#include "catalog/function.h"
#include "func/func.h"

/* Replaces the fresh credentials of `call` by those of the last call for this function and
 * revision while they last long enough; otherwise keeps the fresh ones for the next call. */
void session_cache_share(const struct function *f, struct func_call *call);
