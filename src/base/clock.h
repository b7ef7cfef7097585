/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - the only place that asks what time it is, and calendar arithmetic in UTC.
 *
 * Times are int64 milliseconds since 1970-01-01T00:00:00Z unless a name says otherwise.
 * A dev server may set and advance its clock; the offset is atomic, everything else immutable.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct clock {
	atomic_llong offset_ms;		/* added to the system's wall clock */
	atomic_llong frozen_ms;		/* when not 0: the time stands still here */
};

int64_t clock_now_ms(const struct clock *c);
/* Moves the clock; only `--dev` does. Time keeps running from there. */
void clock_set_ms(struct clock *c, int64_t now_ms);
/* For tests: time stands still until set again. */
void clock_freeze_ms(struct clock *c, int64_t now_ms);
int64_t monotonic_ms(void);

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

struct civil {
	int64_t year;
	int month, day, hour, minute, second;	/* month 1..12, day 1..31 */
};

/* Proleptic Gregorian calendar; days since 1970-01-01. */
int64_t days_from_civil(int64_t year, int month, int day);
struct civil civil_from_seconds(int64_t epoch_s);
int64_t seconds_from_civil(const struct civil *c);
int weekday_from_days(int64_t days);		/* 0 = Sunday */
int days_in_month(int64_t year, int month);

/* "2026-03-01T12:00:00Z" (20 bytes + NUL) and "20260301T120000Z" (16 + NUL). */
void time_format_iso(int64_t epoch_s, char out[21]);
void time_format_basic(int64_t epoch_s, char out[17]);
/* "Sun, 01 Mar 2026 12:00:00 GMT" (29 bytes + NUL), RFC 9110. */
void time_format_http(int64_t epoch_s, char out[30]);
/* Exactly YYYYMMDD'T'HHMMSS'Z' with every field in range. */
bool time_parse_basic(struct str s, int64_t *epoch_s);
/* YYYY-MM-DD, or with T and HH:MM:SS (fraction allowed) and Z or an offset. */
bool time_parse_iso(struct str s, int64_t *epoch_s);
/* RFC 1123 form of the Date header. */
bool time_parse_http(struct str s, int64_t *epoch_s);
