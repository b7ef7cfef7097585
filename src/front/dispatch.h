/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dispatch.h - what every request goes through, in order: route, authenticate, decode, check,
 * look up, authorize, run, audit, reply (spec/api.md 1.2).
 *
 * Reads run to the end on the loop thread that read them from the socket, on a snapshot. Writes run
 * on the committer and are answered after their flush. Network parsing and key custody meet in this
 * folder and nowhere else.
 */
#pragma once
#include "api/server.h"
#include "http/server.h"

/* http_config.on_request; arg is the struct server. */
void dispatch_request(struct http_request *r, void *arg);
/* Larger bodies for targets that need them: Lambda code and Invoke. */
size_t dispatch_body_cap(void *arg, struct str method, struct str target);
