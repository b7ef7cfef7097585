/* SPDX-License-Identifier: Apache-2.0 */
/*
 * committer.h - group commit: one thread that stores what many writers queue.
 *
 *   queue --take all--> batch --begin--> each body on its own overlay, applied when it says true
 *                         ^                       |
 *                         | ERR_CONFLICT          v
 *                         +------------------- commit (flushes) --> on_commit --> done() of each
 *
 * A body sees what the bodies before it in the batch did. One that returns false is alone in that:
 * its overlay goes, the batch goes on. When the engine fails, the whole batch fails, refused bodies
 * too, for what they were refused on may be a neighbour's write that is now lost.
 * Threads: submit from any thread. Memory: jobs are their callers', until done() runs.
 */
#pragma once
#include "store/engine.h"

struct committer;

/* Borrows the engine, and is the only one to begin updates on it. */
MUST_CHECK struct committer *committer_start(const struct engine_ops *ops, struct engine *engine,
    struct err *e);
/* Ends the thread after everything queued has been answered. NULL is fine. */
void committer_stop(struct committer *c);

void committer_submit(struct committer *c, struct store_job *job);
/* As store_update(). */
MUST_CHECK bool committer_update(struct committer *c, update_fn run, void *arg, struct err *e);
void committer_on_commit(struct committer *c, void (*fn)(void *arg), void *arg);
