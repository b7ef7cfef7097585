/* SPDX-License-Identifier: Apache-2.0 */
/* step.h - what rotation.c and step.c share; nobody else includes it. */
#pragma once
#include "rotate/rotation.h"

/* The run ends in this state; nobody waits for it any more. */
MUST_CHECK bool rotation_end(const struct rotation_ctx *x, struct secret *s, struct run *r,
    enum run_state state, struct err *e);
MUST_CHECK bool rotation_succeed(const struct rotation_ctx *x, struct secret *s, struct run *r,
    struct err *e);
MUST_CHECK bool rotation_abandon(const struct rotation_ctx *x, struct secret *s, struct run *r,
    struct err *e);
MUST_CHECK bool rotation_failed_event(const struct rotation_ctx *x, struct secret *s,
    const struct run *r, struct err *e);
void rotation_set_error(const struct rotation_ctx *x, struct run *r, const char *class,
    struct str type, struct str message, struct str request_id);
