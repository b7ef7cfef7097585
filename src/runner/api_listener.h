/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_listener.h - the sockets of one sandbox's Runtime API: a listener on 127.0.0.1 and the few
 * connections the sandbox makes to it.
 *
 * Only processes of the sandbox may connect: any other process of this machine could otherwise
 * take its events and answer for it. The kernel's table of TCP sockets tells the user who holds the
 * other end; where sandboxes share a user, the holder must also be in the sandbox's session.
 * Threads: the runner's loop.
 */
#pragma once
#include <sys/types.h>
#include <uv.h>

#include "base/err.h"
#include "runner/runtime_api.h"

struct api_listener;
/* The listener borrows the api. */
struct api_listener *api_listener_new(uv_loop_t *loop, struct runtime_api *api, struct err *e);
uint16_t api_listener_port(const struct api_listener *l);
/* Who may connect; before this nobody may. `session` 0 means that the user alone decides. */
void api_listener_admit(struct api_listener *l, uid_t uid, pid_t session);
/* Connections that are still open, or were not looked at yet. */
size_t api_listener_open(const struct api_listener *l);
/* Closes everything; `closed` runs later, once, and then the listener is gone. */
void api_listener_close(struct api_listener *l, void (*closed)(void *arg), void *arg);
