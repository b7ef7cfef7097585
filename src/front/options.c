/* SPDX-License-Identifier: Apache-2.0 */
#include "front/options.h"

#include <getopt.h>
#include <ini.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "catalog/limits.h"

enum kind { FLAG, TEXT, NUMBER, LEVEL };

struct setting {
	const char *name;
	enum kind kind;
	size_t at;
	const char *value;	/* what it takes, for --help */
	const char *help;
};
#define S(member) offsetof(struct options, member)

/* The table is the parser, the help and the configuration file's keys. */
static const struct setting settings[] = {
	{ "dev", FLAG, S(dev), NULL, "a throw-away server: temporary folder, keys printed, clock may be set" },
	{ "dev-key", TEXT, S(dev_key), "ID:SECRET", "with --dev: the administrator's access key" },
	{ "dev-any-key", FLAG, S(dev_any_key), NULL, "with --dev: any signature by any key is the administrator's" },
	{ "dev-crash-at", TEXT, S(dev_crash_at), "PLACE", "with --dev: die at this place of a rotation (tests)" },
	{ "data", TEXT, S(data), "DIR", "the data folder" },
	{ "listen", TEXT, S(listen), "ADDR:PORT", "where to listen (127.0.0.1:7295)" },
	{ "tls-cert", TEXT, S(tls_cert), "FILE", "certificate chain, PEM" },
	{ "tls-key", TEXT, S(tls_key), "FILE", "its private key, PEM" },
	{ "i-know-plaintext", FLAG, S(plaintext), NULL, "allow plain HTTP off loopback" },
	{ "store", TEXT, S(store), "ENGINE", "lmdb (default), or mem: nothing is kept" },
	{ "socket", TEXT, S(socket), "PATH", "the admin socket (DIR/pawl.sock)" },
	{ "key-file", TEXT, S(key_file), "FILE", "what unlocks the store (DIR/root.key)" },
	{ "account", TEXT, S(account), "ID",
	  "whose administrator --init and --dev make; else the one init was given" },
	{ "init", FLAG, S(init), NULL, "make store, root key and first access key, print it, exit" },
	{ "threads", NUMBER, S(threads), "N", "HTTP threads (one per core)" },
	{ "concurrency", NUMBER, S(concurrency), "N", "rotations under way at once (16)" },
	{ "skew-seconds", NUMBER, S(skew_seconds), "N", "how far a signature's time may be off (300)" },
	{ "throttle", TEXT, S(throttle), "WHOSE", "off (default), or aws: refuse above AWS's request rates" },
	{ "secrets-quota", NUMBER, S(secrets_quota), "N", "secrets in an account and region (500000; 0: no end)" },
	{ "versions-hard-limit", FLAG, S(versions_hard_limit), NULL,
	  "refuse the 101st version when none can be pruned" },
	{ "audit-reads", TEXT, S(audit_reads), "HOW", "write (default) or sync: flush the record of each read" },
	{ "audit-acknowledge-gap", FLAG, S(audit_acknowledge_gap), NULL,
	  "start although the audit trail does not fit; the gap is recorded" },
	{ "function-endpoint", TEXT, S(function_endpoint), "URL", "where functions reach us, if not at --listen" },
	{ "function-ca", TEXT, S(function_ca), "FILE", "what functions trust for it (--tls-cert)" },
	{ "libexec", TEXT, S(libexec), "DIR", "where rotators and runtimes lie" },
	{ "python", TEXT, S(python), "FILE", "interpreter of python runtimes (/usr/bin/python3)" },
	{ "node", TEXT, S(node), "FILE", "interpreter of nodejs runtimes (/usr/bin/node)" },
	{ "log-level", LEVEL, S(log_level), "LEVEL", "error, warn, info or debug" },
	{ "config", TEXT, S(config), "FILE", "read settings from FILE" },
	{ "help", FLAG, S(help), NULL, "print this" },
	{ "version", FLAG, S(version), NULL, "print the version" },
};
#define COUNT (sizeof(settings) / sizeof(settings[0]))

void
options_help(void)
{
	printf("usage: pawld [OPTION...]\n\n");
	for (size_t i = 0; i < COUNT; i++) {
		char left[48];

		snprintf(left, sizeof(left), "--%s%s%s", settings[i].name,
		    settings[i].value == NULL ? "" : " ",
		    settings[i].value == NULL ? "" : settings[i].value);
		printf("  %-28s %s\n", left, settings[i].help);
	}
	printf("\nTry: pawld --dev\n");
}

static bool
set_level(const char *text, enum log_level *out)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };

	for (int i = 0; i < 4; i++) {
		if (strcmp(text, names[i]) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

static bool
set(struct arena *a, struct options *o, const struct setting *s, const char *text, struct err *e)
{
	void *at = (char *)o + s->at;
	unsigned long long n;

	switch (s->kind) {
	case FLAG:
		*(bool *)at = text == NULL || strcmp(text, "yes") == 0 || strcmp(text, "true") == 0;
		return true;
	case TEXT:
		*(const char **)at = arena_strdup(a, text);
		return true;
	case NUMBER:
		if (!str_to_u64(str_of(text), 1000000, &n))
			return err_set(e, ERR_CONFIG, "%s: '%s' is not a number", s->name, text);
		*(int *)at = (int)n;
		return true;
	case LEVEL:
		if (!set_level(text, at))
			return err_set(e, ERR_CONFIG, "%s: '%s' is not error, warn, info or debug",
			    s->name, text);
		return true;
	}
	return true;
}

struct reading {
	struct arena *a;
	struct options *o;
	struct err *e;
	bool failed;
};

static int
on_key(void *arg, const char *section, const char *name, const char *value)
{
	struct reading *r = arg;

	(void)section;
	for (size_t i = 0; i < COUNT; i++) {
		if (strcmp(name, settings[i].name) != 0)
			continue;
		r->failed = r->failed || !set(r->a, r->o, &settings[i], value, r->e);
		return !r->failed;
	}
	r->failed = true;
	err_set(r->e, ERR_CONFIG, "unknown key '%s'", name);
	return 0;
}

static bool
read_file(struct arena *a, const char *path, struct options *o, struct err *e)
{
	struct reading r = { a, o, e, false };
	int line = ini_parse(path, on_key, &r);

	if (line == -1)
		return err_set(e, ERR_CONFIG, "%s: cannot be read", path);
	if (r.failed)
		return err_prefix(e, "%s:%d", path, line);
	return line == 0 || err_set(e, ERR_CONFIG, "%s:%d: not 'key = value'", path, line);
}

static bool
read_flags(struct arena *a, int argc, char **argv, struct options *o, struct err *e)
{
	struct option longs[COUNT + 1] = { { 0 } };
	int at, c;

	for (size_t i = 0; i < COUNT; i++)
		longs[i] = (struct option){ settings[i].name,
			settings[i].kind == FLAG ? no_argument : required_argument, NULL, 1 };
	optind = 1;
	opterr = 0;
	while ((c = getopt_long(argc, argv, "", longs, &at)) != -1) {
		if (c != 1)
			return err_set(e, ERR_CONFIG, "'%s': unknown option, or its value is missing; "
			    "see pawld --help", argv[optind - 1]);
		if (!set(a, o, &settings[at], optarg, e))
			return false;
	}
	return optind == argc || err_set(e, ERR_CONFIG, "'%s': unexpected argument; see pawld --help",
	    argv[optind]);
}

static bool
check(const struct options *o, struct err *e)
{
	if (!o->dev && (o->dev_key != NULL || o->dev_any_key || o->dev_crash_at != NULL))
		return err_set(e, ERR_CONFIG, "--dev-... options need --dev");
	if ((o->tls_cert == NULL) != (o->tls_key == NULL))
		return err_set(e, ERR_CONFIG, "--tls-cert and --tls-key belong together");
	if (strcmp(o->store, "lmdb") != 0 && strcmp(o->store, "mem") != 0)
		return err_set(e, ERR_CONFIG, "--store: '%s' is not lmdb or mem", o->store);
	if (strcmp(o->audit_reads, "write") != 0 && strcmp(o->audit_reads, "sync") != 0)
		return err_set(e, ERR_CONFIG, "--audit-reads: '%s' is not write or sync",
		    o->audit_reads);
	if (strcmp(o->throttle, "off") != 0 && strcmp(o->throttle, "aws") != 0)
		return err_set(e, ERR_CONFIG, "--throttle: '%s' is not aws or off", o->throttle);
	if (o->skew_seconds < 60 || o->skew_seconds > 900)
		return err_set(e, ERR_CONFIG, "--skew-seconds: must be 60 to 900");
	if (o->account == NULL)
		return true;
	if (strlen(o->account) != 12 || strspn(o->account, "0123456789") != 12)
		return err_set(e, ERR_CONFIG, "--account: '%s' is not twelve digits", o->account);
	return true;
}

bool
options_read(struct arena *a, int argc, char **argv, struct options *out, struct err *e)
{
	struct options flags = { 0 };

	*out = (struct options){ .listen = "127.0.0.1:7295", .store = "lmdb",
		.python = "/usr/bin/python3", .node = "/usr/bin/node",
		.audit_reads = "write", .throttle = "off", .skew_seconds = 300,
		.secrets_quota = LIMIT_SECRETS, .log_level = LOG_INFO };
	/* Once to find --config, then the file, then the flags over it. */
	if (!read_flags(a, argc, argv, &flags, e))
		return false;
	if (flags.config != NULL && !read_file(a, flags.config, out, e))
		return false;
	return read_flags(a, argc, argv, out, e) && (out->help || out->version || check(out, e));
}
