/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account.h - who logs in where: a secret's value as the built-in rotators read it
 * (spec/rotation.md 8.1.3), and how its connection is protected (8.1.8).
 *
 * Texts are NUL-terminated and hold no NUL, because client libraries take C strings.
 * Memory: everything lives in the arena the account was read for.
 */
#pragma once
#include <jansson.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "rotators/secretjson.h"

struct tls_choice {
	bool on;		/* chain and host name verified; there is no weaker kind */
	const char *ca_file;	/* set when on */
	const char *cert_file, *key_file, *server_name, *min_version;	/* or NULL */
};

struct account {
	struct secretjson json;
	const char *host, *username, *password;
	const char *dbname, *masterarn;		/* or NULL */
	int port;
	const json_t *options;			/* the member "pawl"; may be NULL */
	struct tls_choice tls;
};

struct account_rule {
	const char *const *engines;	/* accepted values, the first is named in the refusal */
	int port;			/* when the secret names none */
	const char *username;		/* when the secret names none; NULL: it must */
	const char *foreign_key; /* a member that only another service's secrets have, or NULL */
	bool needs_master;
};

/* FAULT_CONFIG with the templates' texts (spec/rotation.md 4.7). */
MUST_CHECK bool account_read(struct arena *a, struct str value, const struct account_rule *rule,
    struct account *out, struct err *e);
/* The admin secret of `user`: like account_read, but the engine may be absent, and host, port and
 * TLS come from `user` where the rules of spec/rotation.md 8.1.5 allow. */
MUST_CHECK bool account_read_admin(struct arena *a, struct str value,
    const struct account_rule *rule, const struct account *user, struct account *out,
    struct err *e);

/* pawl.NAME: true or "true". */
bool account_flag(const struct account *s, const char *name);
/* pawl.NAME as text or number, else NULL or `otherwise`. */
const char *account_option(const struct account *s, const char *name);
int account_number(const struct account *s, const char *name, int otherwise);
/* Names of this very machine, and Unix socket paths: nothing in between can listen. */
bool host_is_local(const char *host);
/* Any case, one trailing dot ignored. */
bool host_equal(const char *a, const char *b);
