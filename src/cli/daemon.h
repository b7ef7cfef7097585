/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon.h - asking the daemon on its admin socket (front/admin.h).
 */
#pragma once
#include "base/cleanup.h"
#include "base/json.h"
#include "cli/cli.h"

/* --data, else $PAWL_DATA, else $STATE_DIRECTORY, else ~/.local/share/pawl. */
const char *data_folder(const struct cli *c);

/* Sends the request (NULL: an empty one) and gives the answer, which lives in the arena. Complains
 * on stderr and returns NULL when there is none, or when it is a refusal. */
json_t *daemon_ask(struct cli *c, const char *path, const struct buf *request);
/* Opens a request's object, with Account and Region when they were given. Close it with
 * jsonw_close. */
struct jsonw request_open(const struct cli *c, struct buf *b);
