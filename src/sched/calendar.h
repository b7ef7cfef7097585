/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar.h - the hours that a cron expression names (spec/rotation.md 6.2).
 * Only for schedules of kind SCHEDULE_CRON. Within sched/; everyone else asks for windows.
 */
#pragma once
#include "sched/schedule.h"

/* Bit d is set when day d of this month matches. */
uint32_t calendar_days(const struct schedule *s, int64_t year, int month);
/* The first match strictly after `after_s`; false when the expression never fires. */
MUST_CHECK bool calendar_next(const struct schedule *s, int64_t after_s, int64_t *out);
/* The last match at or before `until_s`; false when the expression never fires. */
MUST_CHECK bool calendar_last(const struct schedule *s, int64_t until_s, int64_t *out);

#define HOUR_S INT64_C(3600)
#define DAY_S INT64_C(86400)
