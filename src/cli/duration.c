/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/duration.h"

#include "base/clock.h"

#define MAX_MS (INT64_C(3652500) * DAY_MS)

static const struct {
	char letter;
	const char *name;
	int64_t ms;
} units[] = {
	{ 'd', "d", DAY_MS }, { 'h', "h", HOUR_MS }, { 'm', "min", MINUTE_MS },
	{ 's', "s", SECOND_MS },
};
#define UNITS (sizeof(units) / sizeof(units[0]))

static bool
refuse(struct str s, struct err *e)
{
	return err_set(e, ERR_CONFIG, "'" STR_FMT "' is no duration: write 30d, 12h, 90m, 45s or "
	    "1d12h", STR_ARG(s));
}

/* The unit of that letter, from `from` on: units stand in descending order, each once. */
static size_t
find_unit(char letter, size_t from)
{
	while (from < UNITS && units[from].letter != letter)
		from++;
	return from;
}

bool
duration_parse(struct str s, int64_t *out_ms, struct err *e)
{
	struct str rest = s;
	int64_t total = 0;
	size_t unit = 0;

	while (rest.n > 0) {
		size_t digits = 0;
		unsigned long long v;

		while (digits < rest.n && rest.p[digits] >= '0' && rest.p[digits] <= '9')
			digits++;
		if (digits == rest.n || digits == 0)
			return refuse(s, e);
		unit = find_unit(rest.p[digits], unit);
		if (unit == UNITS ||
		    !str_to_u64((struct str){ rest.p, digits },
		    (unsigned long long)(MAX_MS / units[unit].ms), &v))
			return refuse(s, e);
		total += (int64_t)v * units[unit++].ms;
		rest = str_skip(rest, digits + 1);
	}
	if (total == 0 || total > MAX_MS)
		return refuse(s, e);
	*out_ms = total;
	return true;
}

char *
duration_text(struct arena *a, int64_t ms)
{
	size_t i = 0;
	long long big, small;

	if (ms < 0)
		ms = 0;
	if (ms < SECOND_MS)
		return arena_printf(a, "%lld ms", (long long)ms);
	if (ms < 10 * SECOND_MS)
		return arena_printf(a, "%lld.%lld s", (long long)(ms / 1000),
		    (long long)(ms % 1000 / 100));
	while (ms < units[i].ms)
		i++;
	big = ms / units[i].ms;
	small = i + 1 < UNITS ? ms % units[i].ms / units[i + 1].ms : 0;
	if (small == 0)
		return arena_printf(a, "%lld %s", big, units[i].name);
	return arena_printf(a, "%lld %s %lld %s", big, units[i].name, small, units[i + 1].name);
}
