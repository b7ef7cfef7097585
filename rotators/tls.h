/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.h - how a target's connection is protected (spec/rotation.md 8.1.8).
 *
 * ssl true: TLS, chain and host name verified. false: plain. Absent or unreadable: as true, never a
 * silent downgrade; except that a target on this very machine (loopback, Unix socket) is then
 * spoken to in plain text, since nobody can stand in between and such servers rarely have a
 * certificate.
 */
#pragma once
#include "rotators/account.h"

/* `options` is the member "pawl" or NULL: pawl.tls{ca, clientCert, clientKey, serverName,
 * minVersion}; ca, clientCert and clientKey are PEM text or a path. Files made here die with the
 * arena. */
MUST_CHECK bool tls_choose(struct arena *a, const json_t *doc, const char *host,
    const json_t *options, struct tls_choice *out, struct err *e);
/* One line for the log: "TLS, verified" ... */
const char *tls_describe(const struct tls_choice *t);
