/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - a secret's rotation settings as a planned window: the bridge from stored rules to
 * sched/'s mathematics. Works on the secret in memory; secret_put writes the due entry.
 */
#pragma once
#include "catalog/secret.h"
#include "sched/schedule.h"

/* Parses the stored rules; false when the secret has none (then `e` is ERR_NONE) or on an error. */
MUST_CHECK bool plan_schedule(const struct secret *s, struct schedule *out, struct err *e);
/* Computes the next window and its moment; none when rotation is off or has no rules. */
MUST_CHECK bool plan_next(struct secret *s, int64_t now_ms, struct err *e);
/* What DescribeSecret shows: whole seconds, or 0. */
int64_t plan_next_rotation_date_s(const struct secret *s);
