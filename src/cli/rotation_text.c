/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rotation_text.h"

#include "cli/duration.h"

#define ERROR_WIDTH 60		/* of a list's last column */

static long long
number(const json_t *v, const char *key)
{
	return json_integer_value(json_object_get(v, key));
}

static bool
has(const json_t *v, const char *key)
{
	return json_object_get(v, key) != NULL;
}

/* "cron(0 8 1 * ? *), 2h", "every 30 days", "on demand" */
static char *
schedule_text(struct arena *a, const json_t *v)
{
	const json_t *rules = json_object_get(v, "RotationRules");
	long long days = number(rules, "AutomaticallyAfterDays");
	char *expression = member_text(a, rules, "ScheduleExpression");
	char *duration = member_text(a, rules, "Duration");
	char *when = expression;

	if (rules == NULL)
		return arena_strdup(a, "on demand");
	if (expression[0] == '\0')
		when = arena_printf(a, "every %lld day%s", days, days == 1 ? "" : "s");
	return duration[0] == '\0' ? when : arena_printf(a, "%s, %s", when, duration);
}

/* "setSecret: Exception: told to fail" */
static char *
error_text(struct arena *a, const json_t *run)
{
	const json_t *e = json_object_get(run, "Error");
	char *type = member_text(a, e, "Type"), *message = member_text(a, e, "Message");

	if (e == NULL)
		return arena_strdup(a, "");
	return arena_printf(a, "%s: %s%s%s", member_text(a, e, "Step"),
	    type[0] != '\0' ? type : member_text(a, e, "Class"),
	    message[0] == '\0' ? "" : ": ", message);
}

/* "RETRY_WAIT", or the step that is being taken. */
static char *
state_text(struct arena *a, const json_t *run)
{
	struct str state = json_member_str(run, "State");

	if (run == NULL)
		return arena_strdup(a, "-");
	if (str_is(state, "STEPPING"))
		return member_text(a, run, "Step");
	return printable(a, state);
}

/* What an ended run complains about; a success has overcome its errors. */
static bool
is_success(const json_t *run)
{
	struct str state = json_member_str(run, "State");

	return str_is(state, "SUCCEEDED") || str_is(state, "TEST_SUCCEEDED");
}

/* ---- list */

void
rotation_write_list(struct arena *a, const json_t *rows, struct buf *out)
{
	static const char *const heads[] = { "NAME", "REGION", "ROTATION", "SCHEDULE",
		"LAST ROTATED", "NEXT ROTATION", "LAST RUN", "ERROR" };
	struct table t;
	const json_t *v;
	size_t i;

	if (json_array_size(rows) == 0) {
		buf_z(out, "no secret has rotation\n");
		return;
	}
	table_init(&t, a, "", heads, sizeof(heads) / sizeof(heads[0]));
	json_array_foreach(rows, i, v) {
		const json_t *run = json_object_get(v, "LastRun");

		table_add(&t, "%s", member_text(a, v, "Name"));
		table_add(&t, "%s", member_text(a, v, "Region"));
		table_add(&t, "%s", has(v, "DeletedDate") ? "deleted" :
		    json_is_true(json_object_get(v, "RotationEnabled")) ? "on" : "off");
		table_add(&t, "%s", schedule_text(a, v));
		table_add(&t, "%s", time_text(a, member_ms(v, "LastRotatedDate")));
		table_add(&t, "%s", time_text(a, member_ms(v, "NextRotationDate")));
		table_add(&t, "%s", state_text(a, run));
		table_add(&t, "%s", is_success(run) ? "" : shortened(a, error_text(a, run),
		    ERROR_WIDTH));
	}
	table_write(&t, out);
}

/* ---- one secret: settings */

static void
add_time(struct table *t, struct arena *a, const json_t *v, const char *name, const char *key)
{
	if (!has(v, key))
		return;
	table_add(t, "%s", name);
	table_add(t, "%s", time_text(a, member_ms(v, key)));
}

static void
add_window(struct table *t, struct arena *a, const json_t *v)
{
	const json_t *w = json_object_get(v, "Window");

	if (w == NULL)
		return;
	table_add(t, "window");
	table_add(t, "%s - %s%s%s", time_text(a, member_ms(w, "Start")),
	    time_text(a, member_ms(w, "End")), has(w, "PlannedStart") ? ", start planned for " : "",
	    has(w, "PlannedStart") ? time_text(a, member_ms(w, "PlannedStart")) : "");
}

static void
add_labels(struct table *t, struct arena *a, const json_t *v)
{
	const char *version;
	json_t *labels;

	json_object_foreach(json_object_get(v, "VersionIdsToStages"), version, labels) {
		AUTO_BUF names = BUF_INIT;
		const json_t *label;
		size_t i;

		json_array_foreach(labels, i, label) {
			buf_z(&names, i == 0 ? "" : " ");
			buf_str(&names, json_str(label));
		}
		table_add(t, "version");
		table_add(t, "%s  %s", version, printable(a, buf_view(&names)));
	}
}

static void
write_settings(struct arena *a, const json_t *v, struct buf *out)
{
	bool is_configured = json_is_true(json_object_get(v, "RotationConfigured"));
	struct table t;

	table_init(&t, a, "  ", NULL, 2);
	table_add(&t, "ARN");
	table_add(&t, "%s", member_text(a, v, "ARN"));
	add_time(&t, a, v, "deletion", "DeletedDate");
	table_add(&t, "rotation");
	table_add(&t, "%s", json_is_true(json_object_get(v, "RotationEnabled")) ? "on" :
	    is_configured ? "off" : "never configured");
	if (has(v, "RotationLambdaARN")) {
		table_add(&t, "function");
		table_add(&t, "%s", member_text(a, v, "RotationLambdaARN"));
	}
	if (is_configured) {
		table_add(&t, "schedule");
		table_add(&t, "%s", schedule_text(a, v));
	}
	add_time(&t, a, v, "next rotation", "NextRotationDate");
	add_window(&t, a, v);
	add_time(&t, a, v, "last rotated", "LastRotatedDate");
	add_time(&t, a, v, "last new value", "LastValueChangedDate");
	if (has(v, "LastTestError")) {
		table_add(&t, "last test failed");
		table_add(&t, "%s", member_text(a, v, "LastTestError"));
	}
	add_labels(&t, a, v);
	buf_printf(out, "%s (%s)\n", member_text(a, v, "Name"), member_text(a, v, "Region"));
	table_write(&t, out);
}

/* ---- one secret: runs */

static void
note_log(struct table *t, const json_t *step)
{
	struct str rest = json_member_str(step, "LogTail"), line;

	while (str_split(&rest, '\n', &line)) {
		if (line.n > 0)
			table_note(t, "| " STR_FMT, STR_ARG(line));
	}
}

static void
add_step(struct table *t, struct arena *a, const json_t *step)
{
	int64_t started = member_ms(step, "StartedDate"), ended = member_ms(step, "EndedDate");
	char *type = member_text(a, step, "ErrorType");
	char *message = member_text(a, step, "ErrorMessage");

	table_add(t, "%s", time_text(a, started));
	table_add(t, "try %lld", number(step, "Attempt"));
	table_add(t, "%s", member_text(a, step, "Step"));
	table_add(t, "%s", member_text(a, step, "Outcome"));
	table_add(t, "%s", ended == 0 ? "" : duration_text(a, ended - started));
	table_add(t, "request %s", member_text(a, step, "RequestId"));
	if (type[0] != '\0' || message[0] != '\0')
		table_note(t, "%s%s%s", type, type[0] != '\0' && message[0] != '\0' ? ": " : "",
		    message);
	note_log(t, step);
}

static void
write_end(struct arena *a, const json_t *run, struct buf *out)
{
	if (has(run, "FinishedDate"))
		buf_printf(out, "    ended %s\n", time_text(a, member_ms(run, "FinishedDate")));
	if (has(run, "NextAttemptDate"))
		buf_printf(out, "    next try %s\n",
		    time_text(a, member_ms(run, "NextAttemptDate")));
	if (has(run, "PromotedBy"))
		buf_printf(out, "    made current by %s\n", member_text(a, run, "PromotedBy"));
	if (has(run, "Error") && !is_success(run)) {
		const json_t *e = json_object_get(run, "Error");

		buf_printf(out, "    last error (%s) %s\n", member_text(a, e, "Class"),
		    error_text(a, run));
	}
}

static void
write_run(struct arena *a, const json_t *run, struct buf *out)
{
	const json_t *steps = json_object_get(run, "Steps"), *step;
	struct table t;
	size_t i;

	buf_printf(out, "\n  %s %lld: %s, %s%s, version %s\n", member_text(a, run, "Kind"),
	    number(run, "Sequence"), state_text(a, run),
	    str_is(json_member_str(run, "Trigger"), "") ? "" : "asked for by ",
	    member_text(a, run, "Trigger"), member_text(a, run, "VersionId"));
	buf_printf(out, "    began %s\n", time_text(a, member_ms(run, "CreatedDate")));
	table_init(&t, a, "    ", NULL, 6);
	json_array_foreach(steps, i, step) {
		add_step(&t, a, step);
	}
	table_write(&t, out);
	write_end(a, run, out);
}

static void
write_runs(struct arena *a, const json_t *v, struct buf *out)
{
	const json_t *runs = json_object_get(v, "Runs"), *run;
	size_t i;

	if (json_array_size(runs) == 0)
		return;
	buf_z(out, "\nruns, newest first\n");
	json_array_foreach(runs, i, run) {
		write_run(a, run, out);
	}
}

/* ---- one secret: stuck */

static void
write_repair(struct arena *a, const json_t *r, struct buf *out)
{
	buf_printf(out, "\n  %s:\n    %s\n", member_text(a, r, "Purpose"),
	    member_text(a, r, "Pawl"));
	if (has(r, "Aws"))
		buf_printf(out, "    or: %s\n", member_text(a, r, "Aws"));
}

static void
write_stuck(struct arena *a, const json_t *v, struct buf *out)
{
	const json_t *stuck = json_object_get(v, "Stuck"), *r;
	size_t i;

	if (stuck == NULL)
		return;
	buf_printf(out, "\nversion %s has AWSPENDING and did not become current.\n",
	    member_text(a, stuck, "VersionId"));
	if (json_is_true(json_object_get(stuck, "TargetMayHaveChanged")))
		buf_z(out, "setSecret was called with it: the target may use it already. Try it "
		    "there first.\n");
	json_array_foreach(json_object_get(stuck, "Repair"), i, r) {
		write_repair(a, r, out);
	}
}

void
rotation_write_one(struct arena *a, const json_t *v, struct buf *out)
{
	write_settings(a, v, out);
	write_runs(a, v, out);
	write_stuck(a, v, out);
}

void
rotation_print_list(struct arena *a, const json_t *rows)
{
	AUTO_BUF out = BUF_INIT;

	rotation_write_list(a, rows, &out);
	print_buf(&out);
}

void
rotation_print_one(struct arena *a, const json_t *v)
{
	AUTO_BUF out = BUF_INIT;

	rotation_write_one(a, v, &out);
	print_buf(&out);
}
