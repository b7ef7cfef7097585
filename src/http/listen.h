/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listen.h - "127.0.0.1:7295", "[::1]:0" or "unix:/path" as bound sockets.
 * Addresses are numeric: what a daemon listens on must not depend on a resolver.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/err.h"

struct listen_address {
	union {
		struct sockaddr any;
		struct sockaddr_storage inet;
		struct sockaddr_un unix_path;
	} addr;
	socklen_t len;
	bool is_unix;
};

MUST_CHECK bool listen_parse(const char *text, struct listen_address *out, struct err *e);
/*
 * Fails when another process listens there already (SO_REUSEPORT alone would let the two share
 * the port in silence), and removes a socket file that nobody listens on any more.
 */
MUST_CHECK bool listen_check_free(const struct listen_address *a, struct err *e);
/*
 * A bound, non-blocking socket, or -1. Internet sockets have SO_REUSEPORT, so each loop binds its
 * own; *a gets the port the kernel chose for ":0". A socket file is made with mode 0600.
 */
MUST_CHECK int listen_bind(struct listen_address *a, struct err *e);
uint16_t listen_port(const struct listen_address *a);	/* 0 for a socket file */
