/* SPDX-License-Identifier: Apache-2.0 */
/* pawl schedule - what a rotation rule means, without a server. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "cli/args.h"
#include "cli/output.h"
#include "sched/schedule.h"

#define WINDOWS_DEFAULT 5
#define WINDOWS_MAX 1000

const char cmd_schedule_help[] =
    "usage: pawl schedule explain EXPRESSION [--duration Nh] [--count N] [--from TIME]\n"
    "       pawl schedule explain --days N [--duration Nh] [--count N] [--from TIME]\n"
    "\n"
    "Prints the next windows (5 unless --count says otherwise) that a rotation rule opens, as if\n"
    "every rotation succeeded, and the largest gap between two of them. EXPRESSION is what\n"
    "ScheduleExpression takes: 'rate(10 days)', 'cron(0 16 1,15 * ? *)'. Needs no server.\n"
    "A rule that Secrets Manager refuses is refused with field and character, exit status 1.\n";

struct explain {
	const char *days, *duration, *count, *from;
};

static bool
read_rules(const struct cli *c, const struct explain *x, int argc, char **argv,
    struct schedule_rules *out)
{
	unsigned days = 0;

	if (!args_number(c, "days", x->days, 0, 1000000, &days))
		return false;
	*out = (struct schedule_rules){ .automatically_after_days = days,
		.schedule_expression = argc > 1 ? str_of(argv[1]) : STR_NULL,
		.duration = x->duration == NULL ? STR_NULL : str_of(x->duration) };
	return true;
}

static bool
read_from(const struct cli *c, const char *text, int64_t *out_s)
{
	*out_s = (int64_t)time(NULL);
	if (text == NULL || time_parse_iso(str_of(text), out_s))
		return true;
	cli_usage(c, "--from: '%s' is no time: write 2026-03-01T08:00:00Z", text);
	return false;
}

static int
refuse(const struct schedule_rules *r, const struct err *e)
{
	char complaint[512];

	schedule_complaint(r, complaint, sizeof(complaint));
	if (complaint[0] == '\0')
		return cli_fail("%s", e->msg);
	return cli_fail("%s\n  %s", e->msg, complaint);
}

static void
write_window(struct jsonw *w, const struct window *window)
{
	jsonw_open(w);
	jsonw_ktime(w, "End", window->end_s * 1000);
	jsonw_ktime(w, "NextRotationDate", window_last_second(window) * 1000);
	jsonw_ktime(w, "Start", window->start_s * 1000);
	jsonw_close(w);
}

static bool
write_windows(const struct schedule_rules *r, int64_t now_s, unsigned count, struct buf *out,
    struct err *e)
{
	struct jsonw w = jsonw_on(out);
	struct schedule s;

	if (!schedule_parse(r, &s, e))
		return false;
	jsonw_open(&w);
	jsonw_key(&w, "Windows");
	jsonw_open_list(&w);
	for (unsigned i = 0; i < count; i++) {
		struct window window = schedule_window_after(&s, now_s);

		write_window(&w, &window);
		now_s = window.start_s;
	}
	jsonw_close_list(&w);
	jsonw_close(&w);
	buf_c(out, '\n');
	return true;
}

static int
explain(const struct cli *c, const struct schedule_rules *r, int64_t now_s, unsigned count)
{
	AUTO_BUF out = BUF_INIT;
	struct err e;
	bool ok = c->json ? write_windows(r, now_s, count, &out, &e) :
	    schedule_explain(r, now_s, (int)count, &out, &e);

	if (!ok)
		return refuse(r, &e);
	print_buf(&out);
	return CLI_OK;
}

int
cmd_schedule(struct cli *c, int argc, char **argv)
{
	struct explain x = { 0 };
	const struct flag own[] = { { "days", &x.days, NULL }, { "duration", &x.duration, NULL },
		{ "count", &x.count, NULL }, { "from", &x.from, NULL } };
	unsigned count = WINDOWS_DEFAULT;
	struct schedule_rules rules;
	int64_t from_s;

	if (!args_parse(c, &argc, &argv, own, sizeof(own) / sizeof(own[0])))
		return CLI_USAGE;
	if (argc < 1 || strcmp(argv[0], "explain") != 0)
		return cli_usage(c, "schedule: want explain");
	if (argc > 2)
		return cli_usage(c, "an expression is one word: put it in quotes");
	if (argc == 1 && x.days == NULL)
		return cli_usage(c, "explain what? Give an expression or --days");
	if (!args_number(c, "count", x.count, 1, WINDOWS_MAX, &count) ||
	    !read_rules(c, &x, argc, argv, &rules) || !read_from(c, x.from, &from_s))
		return CLI_USAGE;
	return explain(c, &rules, from_s, count);
}
