/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - one user's connections to every node of a Redis or Valkey installation. ACLs are not
 * replicated, so what is changed must be changed on each (spec/rotation.md 8.5).
 *
 * The nodes: pawl.nodes when given; with pawl.cluster those of CLUSTER NODES; else the replicas
 * that ROLE names. A user who may not ask gets the secret's own host alone.
 */
#pragma once
#include "rotators/redis/link.h"

struct session {
	struct link **links;	/* [0] is the secret's own host */
	size_t n;
	bool may_miss_nodes;	/* the user was not permitted to ask for them */
};

/* Rejected when any node rejects; failed when a node cannot be reached, unless
 * pawl.allowMissingNodes. */
enum login session_open(
    struct arena *a, const struct account *who, struct session **out, struct err *e);
void session_close(struct session *s);
