/* SPDX-License-Identifier: Apache-2.0 */
/* rotation_text.h - the daemon's answers about rotation (front/admin_rotation.c) for people. */
#pragma once
#include "cli/output.h"

/* `rows`: the list of settings with their last run. */
void rotation_print_list(struct arena *a, const json_t *rows);
/* One secret: settings, labels, runs with their steps, and what to do when it is stuck. */
void rotation_print_one(struct arena *a, const json_t *v);
/* The same, into a buffer. */
void rotation_write_list(struct arena *a, const json_t *rows, struct buf *out);
void rotation_write_one(struct arena *a, const json_t *v, struct buf *out);
