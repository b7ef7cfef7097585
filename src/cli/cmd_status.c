/* SPDX-License-Identifier: Apache-2.0 */
/* pawl status - what the daemon is and how it is. */
#include "cli/args.h"
#include "cli/daemon.h"
#include "cli/duration.h"
#include "cli/output.h"

const char cmd_status_help[] =
    "usage: pawl status [--data DIR | --socket PATH] [--json]\n"
    "\n"
    "Asks the running daemon for its version, its data, what it listens on, the rotations\n"
    "under way and the next one due, and whether function runner, audit trail and memory\n"
    "locking are as they should be.\n";

static const char *
flag_text(const json_t *v, const char *key, const char *yes, const char *no)
{
	return json_is_true(json_object_get(v, key)) ? yes : no;
}

static void
add_rotations(struct table *t, struct arena *a, const json_t *v)
{
	const json_t *r = json_object_get(v, "Rotations");
	int64_t next = member_ms(r, "NextDue"), now = member_ms(v, "Now");

	table_add(t, "rotations");
	table_add(t, "%lld under way",
	    (long long)json_integer_value(json_object_get(r, "Active")));
	table_add(t, "next due");
	if (next == 0)
		table_add(t, "nothing");
	else if (next <= now)
		table_add(t, "now");
	else
		table_add(t, "%s, in %s", time_text(a, next), duration_text(a, next - now));
}

static void
add_clock(struct table *t, struct arena *a, const json_t *v)
{
	int64_t offset = json_integer_value(json_object_get(v, "ClockOffsetMs"));

	if (offset == 0)
		return;
	table_add(t, "clock");
	table_add(t, "%s, %s %s the system's", time_text(a, member_ms(v, "Now")),
	    duration_text(a, offset < 0 ? -offset : offset), offset < 0 ? "behind" : "ahead of");
}

static void
print_status(struct arena *a, const json_t *v)
{
	AUTO_BUF out = BUF_INIT;
	struct table t;

	table_init(&t, a, "", NULL, 2);
	table_add(&t, "pawld");
	table_add(&t, "%s%s, pid %lld, up %s", member_text(a, v, "Version"),
	    flag_text(v, "Dev", " (dev)", ""),
	    (long long)json_integer_value(json_object_get(v, "Pid")),
	    duration_text(a, json_integer_value(json_object_get(v, "UptimeMs"))));
	table_add(&t, "endpoint");
	table_add(&t, "%s", member_text(a, v, "Endpoint"));
	table_add(&t, "account");
	table_add(&t, "%s", member_text(a, v, "Account"));
	table_add(&t, "data");
	table_add(&t, "%s", member_text(a, v, "Data"));
	if (json_member_str(v, "Engine").n > 0) {
		table_add(&t, "store");
		table_add(&t, "%s", member_text(a, v, "Engine"));
	}
	add_rotations(&t, a, v);
	table_add(&t, "runner");
	table_add(&t, "%s", member_text(a, v, "Runner"));
	table_add(&t, "audit");
	table_add(&t, "%s", member_text(a, v, "Audit"));
	table_add(&t, "memory");
	table_add(&t, "%s", flag_text(v, "MemoryLocked", "locked",
	    "not locked: keys could reach swap (RLIMIT_MEMLOCK)"));
	add_clock(&t, a, v);
	if (json_member_str(v, "BusyWith").n > 0) {
		table_add(&t, "busy with");
		table_add(&t, "%s", member_text(a, v, "BusyWith"));
	}
	table_write(&t, &out);
	print_buf(&out);
}

int
cmd_status(struct cli *c, int argc, char **argv)
{
	json_t *v;

	if (!args_parse(c, &argc, &argv, NULL, 0))
		return CLI_USAGE;
	if (argc > 0)
		return cli_usage(c, "status takes no '%s'", argv[0]);
	v = daemon_ask(c, "/status", NULL);
	if (v == NULL)
		return CLI_FAILED;
	if (c->json)
		print_json(v);
	else
		print_status(c->arena, v);
	return CLI_OK;
}
