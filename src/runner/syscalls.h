/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscalls.h - the system calls a function may not make (spec/security.md 7.5). A refused call
 * fails with EPERM (ENOSYS where programs then take another way) instead of killing, so the
 * function's own error names it.
 */
#pragma once
#include <linux/filter.h>

#include "base/err.h"

/* A program for PR_SET_SECCOMP; the caller frees out->filter. */
MUST_CHECK bool syscalls_filter(struct sock_fprog *out, bool unix_sockets, struct err *e);
