/* SPDX-License-Identifier: Apache-2.0 */
/* sigv4_requests.h - the parts of a cases.json that the unit tests use as well. */
#pragma once
#include "auth/verify.h"
#include "base/json.h"

/* `arg` of both is the document's "server". */
bool requests_region_ok(void *arg, struct str region);
bool requests_lookup(void *arg, struct str access_key_id, struct str token, struct sigv4_key *out,
    struct err *e);
struct sigv4_request requests_parse(struct arena *a, const json_t *request);
const char *requests_service(const struct sigv4_request *r);
struct sigv4_expect requests_expect(json_t *server, const char *service);
