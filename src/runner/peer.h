/* SPDX-License-Identifier: Apache-2.0 */
/* peer.h - which user and which process hold the other end of a loopback TCP connection. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct peer_owner {
	uid_t uid;
	unsigned long inode;	/* of the socket */
};

/* Looks up the socket bound to 127.0.0.1:`port` and connected to 127.0.0.1:`to`. */
bool peer_find_owner(uint16_t port, uint16_t to, struct peer_owner *out);
/* Does a process of that session have the socket open? */
bool peer_is_in_session(unsigned long inode, pid_t session);
