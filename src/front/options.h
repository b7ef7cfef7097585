/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - pawld's settings: command line over configuration file over defaults. Every key of
 * the file is also a flag of the same name; no key is needed to start.
 */
#pragma once
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"

struct options {
	bool dev, dev_any_key, init, help, version, plaintext, versions_hard_limit,
	    audit_acknowledge_gap;
	const char *config, *data, *listen, *store, *tls_cert, *tls_key, *account, *key_file,
	    *dev_key, *dev_crash_at, *libexec, *python, *node, *audit_reads, *socket,
	    *function_endpoint, *function_ca,
	    *throttle;
	int threads, concurrency, skew_seconds, secrets_quota;
	enum log_level log_level;
};

/* ERR_CONFIG with a line for the operator. Texts live in the arena. */
MUST_CHECK bool options_read(struct arena *a, int argc, char **argv, struct options *out,
    struct err *e);
void options_help(void);
