/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin.h - what has no AWS API: state of the daemon, rotation history and repair, a dev server's
 * clock. HTTP and JSON on a unix socket, for `pawl` (docs/man/pawl.1).
 *
 * Admits the user that runs pawld and root, nobody else. Changes are audited as the account's root.
 * Threads: one loop thread of its own, and one worker at a time for what takes seconds.
 */
#pragma once
#include "api/server.h"
#include "base/err.h"

struct admin;

/* Listens on `path`; `s` is borrowed and outlives the admin. NULL on failure. */
MUST_CHECK struct admin *admin_start(struct server *s, const char *path, struct err *e);
/* Stops a job under way at its next safe place. Call it before the rotator and the store go; NULL
 * is fine. */
void admin_stop(struct admin *a);
