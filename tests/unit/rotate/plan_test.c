/* SPDX-License-Identifier: Apache-2.0 */
/* A secret's stored settings as a planned window (spec/rotation.md 6.5-6.7, 6.10). */
#include "fixture.h"

static struct secret
plain(const char *arn)
{
	struct secret s = { .arn = str_of(arn) };
	struct err e;

	CHECK_OK(crypto_setup(&e), &e);
	s.rotation.is_configured = s.rotation.is_enabled = s.rotation.has_rules = true;
	s.rotation.schedule_expression = s.rotation.duration = STR_LIT("");
	return s;
}

static void
plan(struct secret *s, const char *now)
{
	struct err e;

	CHECK_OK(plan_next(s, ms_at(now), &e), &e);
}

static void
check_window(const struct secret *s, const char *start, const char *end)
{
	char got[2][21];

	time_format_iso(s->rotation.window_start_ms / 1000, got[0]);
	time_format_iso(s->rotation.window_end_ms / 1000, got[1]);
	if (s->rotation.window_start_ms != ms_at(start) || s->rotation.window_end_ms != ms_at(end))
		fail_msg("got %s - %s, wanted %s - %s", got[0], got[1], start, end);
	assert_true(s->rotation.moment_ms >= s->rotation.window_start_ms &&
	    s->rotation.moment_ms < s->rotation.window_end_ms);
	assert_int_equal(plan_next_rotation_date_s(s), ms_at(end) / 1000 - 1);
}

TEST("rotation that is off, or has no rules, has no window and no date")
{
	struct secret s = plain("arn:s");

	s.rotation.has_rules = false;
	plan(&s, NOW_ISO);
	assert_int_equal(s.rotation.moment_ms, 0);
	assert_int_equal(plan_next_rotation_date_s(&s), 0);
	s.rotation.has_rules = true;
	s.rotation.automatically_after_days = 1;
	s.rotation.changed_ms = ms_at(NOW_ISO);
	plan(&s, NOW_ISO);
	assert_true(s.rotation.moment_ms != 0);
	s.rotation.is_enabled = false;
	plan(&s, NOW_ISO);
	assert_true(s.rotation.moment_ms == 0 && s.rotation.window_start_ms == 0);
	assert_int_equal(plan_next_rotation_date_s(&s), 0);
}

TEST("rules that do not parse are an error, never a window")
{
	struct secret s = plain("arn:s");
	struct err e;

	s.rotation.schedule_expression = STR_LIT("rate(3 hours)");
	CHECK_ERR(plan_next(&s, ms_at(NOW_ISO), &e), &e, ERR_INVALID_PARAMETER);
	assert_int_equal(s.rotation.moment_ms, 0);
}

TEST("6.5: rates count from the last success or the last value; cron from the success alone")
{
	static const struct {
		int64_t days;
		const char *expression, *base, *value, *changed, *start, *end;
	} rows[] = {
		{ 30, "", "2026-01-22T06:42:22Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z",
		  "2026-02-21T00:00:00Z", "2026-02-22T00:00:00Z" },
		{ 30, "", "2026-01-22T06:42:22Z", "2026-02-03T17:34:02Z", "2026-01-01T00:00:00Z",
		  "2026-03-05T00:00:00Z", "2026-03-06T00:00:00Z" },	/* a put by hand */
		{ 0, "cron(0 10 * * ? *)", "2026-01-22T10:00:00Z", "2026-02-03T17:34:02Z",
		  "2026-01-01T00:00:00Z", "2026-01-23T10:00:00Z", "2026-01-24T00:00:00Z" },
		{ 7, "", "2025-06-01T10:00:00Z", "2025-06-01T10:00:00Z", "2025-06-20T09:00:00Z",
		  "2025-06-21T00:00:00Z", "2025-06-22T00:00:00Z" },	/* 6.12, 47 */
		{ 0, "cron(0 10 * * ? *)", "2025-06-01T10:00:00Z", "2025-06-01T10:00:00Z",
		  "2025-06-20T11:00:00Z", "2025-06-21T10:00:00Z", "2025-06-22T00:00:00Z" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct secret s = plain("arn:s");

		s.rotation.automatically_after_days = rows[i].days;
		s.rotation.schedule_expression = str_of(rows[i].expression);
		s.rotation.base_ms = ms_at(rows[i].base);
		s.value_ms = ms_at(rows[i].value);
		s.rotation.changed_ms = ms_at(rows[i].changed);
		plan(&s, rows[i].changed);
		check_window(&s, rows[i].start, rows[i].end);
	}
}

TEST("6.12, 53: an hour rate counts from the planned start of the window that succeeded")
{
	struct secret s = plain("arn:s");

	s.rotation.schedule_expression = STR_LIT("rate(4 hours)");
	s.rotation.duration = STR_LIT("3h");
	s.rotation.base_ms = ms_at("2025-06-20T10:40:00Z");
	s.rotation.anchor_ms = ms_at("2025-06-20T08:00:00Z");
	plan(&s, "2025-06-20T10:40:00Z");
	check_window(&s, "2025-06-20T12:00:00Z", "2025-06-20T15:00:00Z");
	s.value_ms = ms_at("2025-06-20T11:10:00Z");	/* a put since: the anchor no longer counts */
	plan(&s, "2025-06-20T11:10:00Z");
	check_window(&s, "2025-06-20T15:00:00Z", "2025-06-20T18:00:00Z");
}

TEST("6.7: the moment is the same every time, differs between secrets, and stays in two hours")
{
	int64_t seen[20];
	int differing = 0;

	for (int i = 0; i < 20; i++) {
		char arn[32];
		struct secret s;

		snprintf(arn, sizeof(arn), "arn:s%d", i);
		s = plain(arn);
		s.rotation.automatically_after_days = 1;
		s.rotation.changed_ms = ms_at(NOW_ISO);
		plan(&s, NOW_ISO);
		seen[i] = s.rotation.moment_ms;
		plan(&s, NOW_ISO);
		assert_int_equal(s.rotation.moment_ms, seen[i]);
		assert_in_range(seen[i] - s.rotation.window_start_ms, 0, 2 * HOUR_MS - 1);
		differing += seen[i] != seen[0];
	}
	assert_true(differing > 15);
}

TEST("6.7: scheduled starts are four hours apart; a window without room for that is skipped")
{
	struct secret s = plain("arn:s");

	s.rotation.schedule_expression = STR_LIT("cron(0 8 * * ? *)");
	s.rotation.duration = STR_LIT("2h");
	s.rotation.base_ms = s.rotation.changed_ms = ms_at("2026-03-01T10:00:00Z");
	s.rotation.last_start_ms = ms_at("2026-03-02T05:30:00Z");
	plan(&s, "2026-03-02T06:00:00Z");
	check_window(&s, "2026-03-02T08:00:00Z", "2026-03-02T10:00:00Z");
	assert_true(s.rotation.moment_ms >= ms_at("2026-03-02T09:30:00Z"));
	s.rotation.last_start_ms = ms_at("2026-03-02T06:30:00Z");
	plan(&s, "2026-03-02T06:40:00Z");
	check_window(&s, "2026-03-03T08:00:00Z", "2026-03-03T10:00:00Z");
}

TEST("3.8: a clock that jumps back opens no window twice")
{
	struct rig g;
	int64_t first;
	struct err e;

	rig_open(&g);
	rig_rules(&g, 0, "cron(0 8 * * ? *)", "2h");
	first = g.s->rotation.window_start_ms;
	g.w.cat.now_ms = g.s->rotation.moment_ms;
	CHECK_OK(rotation_window(&g.x, g.s, &e), &e);
	rig_settle(&g);
	run_through(&g);
	world_advance(&g.w, -3 * DAY_MS);
	CHECK_OK(plan_next(g.s, g.w.cat.now_ms, &e), &e);
	assert_int_equal(g.s->rotation.window_start_ms, first + DAY_MS);
	rig_close(&g);
}

TEST("6.6: an on-demand success inside an open window consumes it; a put by hand under cron does not")
{
	struct rig g;

	rig_open(&g);
	rig_rules(&g, 0, "cron(0 8 * * ? *)", NULL);
	world_at(&g.w, "2026-03-03T08:30:00Z");		/* open since 08:00 */
	person_puts(&g, "x");
	assert_int_equal(g.s->rotation.window_start_ms, ms_at("2026-03-03T08:00:00Z"));
	begin(&g, RUN_ROTATE, T);
	run_through(&g);
	assert_int_equal(g.s->rotation.window_start_ms, ms_at("2026-03-04T08:00:00Z"));
	rig_close(&g);
}

TEST("6.6: an on-demand success moves the next window of a rate")
{
	struct rig g;

	rig_open(&g);
	rig_rules(&g, 30, NULL, NULL);
	world_at(&g.w, "2026-03-10T12:00:00Z");
	begin(&g, RUN_ROTATE, T);
	run_through(&g);
	assert_int_equal(g.s->rotation.window_start_ms, ms_at("2026-04-09T00:00:00Z"));
	rig_close(&g);
}
