/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include "test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct { int64_t s; const char *iso, *basic, *http; } instants[] = {
	{ 0, "1970-01-01T00:00:00Z", "19700101T000000Z", "Thu, 01 Jan 1970 00:00:00 GMT" },
	{ 951782400, "2000-02-29T00:00:00Z", "20000229T000000Z", "Tue, 29 Feb 2000 00:00:00 GMT" },
	{ 1772366400, "2026-03-01T12:00:00Z", "20260301T120000Z", "Sun, 01 Mar 2026 12:00:00 GMT" },
	{ 1835395199, "2028-02-28T23:59:59Z", "20280228T235959Z", "Mon, 28 Feb 2028 23:59:59 GMT" },
	{ 4107542400, "2100-03-01T00:00:00Z", "21000301T000000Z", "Mon, 01 Mar 2100 00:00:00 GMT" },
	{ INT64_C(253402300799), "9999-12-31T23:59:59Z", "99991231T235959Z",
	  "Fri, 31 Dec 9999 23:59:59 GMT" },
};

TEST("an instant has one text in each form, and the text gives it back")
{
	for (size_t i = 0; i < COUNT(instants); i++) {
		char iso[21], basic[17], http[30];
		int64_t s = -1;

		time_format_iso(instants[i].s, iso);
		time_format_basic(instants[i].s, basic);
		time_format_http(instants[i].s, http);
		assert_string_equal(iso, instants[i].iso);
		assert_string_equal(basic, instants[i].basic);
		assert_string_equal(http, instants[i].http);
		assert_true(time_parse_iso(str_of(iso), &s) && s == instants[i].s);
		assert_true(time_parse_basic(str_of(basic), &s) && s == instants[i].s);
		assert_true(time_parse_http(str_of(http), &s) && s == instants[i].s);
	}
}

TEST("instants outside the years 1970 to 9999 are printed as the nearest inside")
{
	char iso[21];

	time_format_iso(-1, iso);
	assert_string_equal(iso, "1970-01-01T00:00:00Z");
	time_format_iso(INT64_MAX, iso);
	assert_string_equal(iso, "9999-12-31T23:59:59Z");
}

TEST("basic form: exactly YYYYMMDD'T'HHMMSS'Z' with every field in range")
{
	static const char *const refused[] = { "", "20260301T120000", "20260301T120000z",
		"20260301t120000Z", "2026030T1120000Z", "20260001T000000Z", "20261301T000000Z",
		"20260100T000000Z", "20260132T000000Z", "20260229T000000Z", "20260301T240000Z",
		"20260301T126000Z", "20260301T120060Z", "20260301T120000Z ", " 20260301T120000Z",
		"+0260301T120000Z", "2026-03-01T12:00:00Z", "20260301T12000\xc3\xa4Z" };
	int64_t s = 77;

	for (size_t i = 0; i < COUNT(refused); i++)
		assert_false(time_parse_basic(str_of(refused[i]), &s));
	assert_false(time_parse_basic(STR_NULL, &s));
	assert_int_equal(s, 77);
	assert_true(time_parse_basic(STR_LIT("20280229T000000Z"), &s));
}

static const struct { const char *text; int64_t s; } iso_rows[] = {
	{ "2026-03-01", 1772323200 }, { "2026-03-01T12:00:00.999Z", 1772366400 },
	{ "2026-03-01T12:00:00+02:00", 1772359200 }, { "2026-03-01T12:00:00-0530", 1772386200 },
	{ "2026-03-01T12:00Z", 1772366400 },
};

TEST("ISO form: a date alone, fractions, and offsets east and west")
{
	for (size_t i = 0; i < COUNT(iso_rows); i++) {
		int64_t s = 0;

		assert_true(time_parse_iso(str_of(iso_rows[i].text), &s));
		assert_int_equal(s, iso_rows[i].s);
	}
}

TEST("ISO form: no zone, a bare offset sign, trailing bytes and wrong fields are refused")
{
	static const char *const refused[] = { "", "2026", "2026-03", "2026-3-1", "2026-02-30",
		"2026-03-01T", "2026-03-01T12:00:00", "2026-03-01T12:00:00+",
		"2026-03-01T12:00:00+2", "2026-03-01T12:00:00+15:00", "2026-03-01T12:00:00+01:60",
		"2026-03-01T12:00:00Zx", "2026-03-01 12:00:00Z", "2026-03-01T24:00:00Z",
		"2026-03-01T12:00:61Z", "2026-03-01T12:00:00.5.5Z",
		"2026-03-01T12:00:", "2026-03-01T12:00:00.Z" };
	int64_t s;

	for (size_t i = 0; i < COUNT(refused); i++) {
		if (time_parse_iso(str_of(refused[i]), &s))
			fail_msg("'%s' was taken", refused[i]);
	}
}

TEST("RFC 1123 form: every part must fit")
{
	static const char *const refused[] = { "", "Sun, 01 Mar 2026 12:00:00 UTC",
		"Sun, 1 Mar 2026 12:00:00 GMT", "Sun, 01 mar 2026 12:00:00 GMT",
		"Sun, 01 Foo 2026 12:00:00 GMT", "Sun, 31 Feb 2026 12:00:00 GMT",
		"Sunday, 01-Mar-26 12:00:00 GMT", "Sun  01 Mar 2026 12:00:00 GMT",
		"Sun, 01 Mar 2026 25:00:00 GMT", "Sun, 01 Mar 2026 12:00:00 GMTx",
		"Sun, 01 Mar", "Sun, 01 Mar 2026 12:00:00 GM" };
	int64_t s;

	for (size_t i = 0; i < COUNT(refused); i++)
		assert_false(time_parse_http(str_of(refused[i]), &s));
}

TEST("days and civil dates agree over four centuries and before 1970")
{
	int64_t day = days_from_civil(1599, 12, 31);

	for (int64_t year = 1600; year < 2400; year++) {
		for (int month = 1; month <= 12; month++) {
			for (int d = 1; d <= days_in_month(year, month); d++) {
				struct civil c;

				assert_int_equal(days_from_civil(year, month, d), ++day);
				c = civil_from_seconds(day * 86400 + 86399);
				assert_true(c.year == year && c.month == month && c.day == d &&
				    c.hour == 23 && c.minute == 59 && c.second == 59);
				assert_int_equal(seconds_from_civil(&c), day * 86400 + 86399);
			}
		}
	}
}

TEST("weekdays: 1970-01-01 was a Thursday, the day before a Wednesday")
{
	assert_int_equal(weekday_from_days(0), 4);
	assert_int_equal(weekday_from_days(-1), 3);
	assert_int_equal(weekday_from_days(3), 0);
	assert_int_equal(weekday_from_days(-11), 0);
}

TEST("leap years: every fourth, not the hundredth, but the four hundredth")
{
	assert_int_equal(days_in_month(2024, 2), 29);
	assert_int_equal(days_in_month(2026, 2), 28);
	assert_int_equal(days_in_month(2100, 2), 28);
	assert_int_equal(days_in_month(2000, 2), 29);
	assert_int_equal(days_in_month(2026, 12), 31);
	assert_int_equal(days_in_month(2026, 4), 30);
}

TEST("a frozen clock stands still; a set clock runs on from there")
{
	struct clock c = { 0 };
	int64_t now;

	clock_freeze_ms(&c, 1234567);
	assert_int_equal(clock_now_ms(&c), 1234567);
	assert_int_equal(clock_now_ms(&c), 1234567);
	clock_set_ms(&c, INT64_C(4102444800000));
	now = clock_now_ms(&c);
	assert_true(now >= INT64_C(4102444800000) && now < INT64_C(4102444800000) + HOUR_MS);
	assert_true(monotonic_ms() > 0);
}
