/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peers.h - how many connections there are, in all and from each address (security.md 7.4).
 * IPv6 counts by /64: one host has that many addresses at no cost.
 * Memory: fixed at the start. Threads: any; one lock inside.
 */
#pragma once
#include <sys/socket.h>

struct peers;
struct peer_slot;

enum peers_answer { PEERS_OK, PEERS_FULL, PEERS_ADDRESS_FULL };

struct peers *peers_new(unsigned total, unsigned per_address);
void peers_free(struct peers *p);
/* Counts one connection in; `who` NULL (a socket file) counts in the total only. *out is what
 * peers_leave needs; untouched unless PEERS_OK. */
enum peers_answer peers_enter(struct peers *p, const struct sockaddr *who, struct peer_slot **out);
void peers_leave(struct peers *p, struct peer_slot *slot);
