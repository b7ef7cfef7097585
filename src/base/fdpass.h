/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fdpass.h - one descriptor and a number over a socketpair of SOCK_SEQPACKET, so that a message is
 * whole or not there.
 *
 * Threads: as the socket. Memory: the receiver owns the descriptor, which is close-on-exec; the
 * sender keeps its own.
 */
#pragma once
#include <stdint.h>

#include "base/err.h"

MUST_CHECK bool fdpass_send(int socket, int fd, int32_t number, struct err *e);
/* Waits. False without `e->sys` when the other side has closed, or sent anything else. */
MUST_CHECK bool fdpass_receive(int socket, int *out_fd, int32_t *out_number, struct err *e);
