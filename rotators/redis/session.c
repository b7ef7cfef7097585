/* SPDX-License-Identifier: Apache-2.0 */
#include "rotators/redis/session.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
#include "rotators/fault.h"

#define NODES_MAX 1000

struct node {
	const char *host;
	int port;
};

struct nodes {
	struct node list[NODES_MAX];
	size_t n;
	bool not_told;		/* NOPERM */
};

static void
add_node(struct nodes *nodes, const char *host, int port)
{
	if (nodes->n < NODES_MAX && *host != '\0' && port > 0)
		nodes->list[nodes->n++] = (struct node){ host, port };
}

/* "host:port", an IPv6 host without brackets as CLUSTER NODES writes it. */
static bool
add_address(struct arena *a, struct nodes *nodes, struct str text)
{
	const char *colon = text.n == 0 ? NULL : memrchr(text.p, ':', text.n);
	unsigned long long port;
	struct str host;

	if (colon == NULL || memchr(text.p, '\0', text.n) != NULL)
		return false;
	host = (struct str){ text.p, (size_t)(colon - text.p) };
	if (!str_to_u64(str_skip(text, host.n + 1), 65535, &port))
		return false;
	add_node(nodes, arena_strz(a, host), (int)port);
	return true;
}

static bool
nodes_from_secret(struct arena *a, const json_t *list, struct nodes *nodes, struct err *e)
{
	const json_t *item;
	size_t i;

	json_array_foreach((json_t *)list, i, item) {
		if (!add_address(a, nodes, json_str(item)))
			return fault_set(
			    e, FAULT_CONFIG, "pawl.nodes is not a list of \"host:port\"");
	}
	return true;
}

/* Lines of `id host:port@bus[,name] flags ...`; nodes without an address or marked failed are
 * somebody else's business, and come back with their own ACL file. */
static bool
nodes_of_cluster(struct arena *a, struct link *seed, struct nodes *nodes, struct err *e)
{
	AUTO_REPLY *r = link_ask(seed, LINK_WORDS("CLUSTER", "NODES"), e);
	struct str rest, line, id, at, address, flags;

	if (r == NULL)
		return false;
	nodes->not_told = reply_is_error(r, "NOPERM");
	if (nodes->not_told)
		return true;
	if (r->type != REDIS_REPLY_STRING)
		return fault_set(e, FAULT_CONFIG, "%s: CLUSTER NODES: %s", link_name(seed),
		    r->type == REDIS_REPLY_ERROR ? r->str : "no text");
	rest = (struct str){ r->str, r->len };
	while (str_split(&rest, '\n', &line)) {
		if (!str_split(&line, ' ', &id) || !str_split(&line, ' ', &at) ||
		    !str_split(&line, ' ', &flags))
			continue;
		if (memmem(flags.p, flags.n, "noaddr", 6) != NULL ||
		    memmem(flags.p, flags.n, "myself", 6))
			continue;
		if (!str_split(&at, '@', &address) || !add_address(a, nodes, address))
			return fault_set(e, FAULT_FUNCTION,
			    "%s: CLUSTER NODES names a node without an address", link_name(seed));
	}
	return true;
}

/* ["master", offset, [[host, port, offset] ...]] */
static bool
nodes_of_role(struct arena *a, struct link *seed, struct nodes *nodes, struct err *e)
{
	AUTO_REPLY *r = link_ask(seed, LINK_WORDS("ROLE"), e);

	if (r == NULL)
		return false;
	nodes->not_told = r->type == REDIS_REPLY_ERROR;
	if (r->type != REDIS_REPLY_ARRAY || r->elements < 3 || r->element[0]->str == NULL)
		return true;
	if (strcmp(r->element[0]->str, "slave") == 0)
		return fault_set(
		    e, FAULT_TRANSIENT, "%s is a replica (failover?)", link_name(seed));
	if (r->element[2]->type != REDIS_REPLY_ARRAY)
		return true;
	for (size_t i = 0; i < r->element[2]->elements; i++) {
		const redisReply *one = r->element[2]->element[i];

		if (one->type == REDIS_REPLY_ARRAY && one->elements >= 2 &&
		    one->element[0]->str != NULL && one->element[1]->str != NULL)
			add_node(nodes, arena_strdup(a, one->element[0]->str),
			    atoi(one->element[1]->str));
	}
	return true;
}

static bool
find_nodes(struct arena *a, const struct account *who, struct link *seed, struct nodes *nodes,
    struct err *e)
{
	const json_t *list = json_object_get(who->options, "nodes");

	if (json_object_get(who->options, "sentinel") != NULL)
		return fault_set(e, FAULT_CONFIG,
		    "pawl.sentinel is not available; list the nodes in pawl.nodes");
	if (list != NULL)
		return nodes_from_secret(a, list, nodes, e);
	if (!account_flag(who, "cluster"))
		return nodes_of_role(a, seed, nodes, e);
	return nodes_of_cluster(a, seed, nodes, e);
}

static enum login
open_node(struct arena *a, const struct account *who, const struct node *node, struct session *s,
    struct err *e)
{
	struct link *l;
	enum login got;

	if (strcmp(node->host, who->host) == 0 && node->port == who->port)
		return LOGIN_OK;
	got = link_open(a, who, node->host, node->port, &l, e);
	if (got == LOGIN_OK) {
		s->links[s->n++] = l;
		return LOGIN_OK;
	}
	if (got == LOGIN_FAILED && account_flag(who, "allowMissingNodes")) {
		log_warn("node left out: %s", e->msg);
		return LOGIN_OK;
	}
	return got;
}

static enum login
open_nodes(struct arena *a, const struct account *who, struct session *s, struct err *e)
{
	struct nodes *nodes = arena_new_of(a, struct nodes);
	enum login got = LOGIN_OK;

	if (!find_nodes(a, who, s->links[0], nodes, e))
		return LOGIN_FAILED;
	s->may_miss_nodes = nodes->not_told;
	for (size_t i = 0; i < nodes->n && got == LOGIN_OK; i++)
		got = open_node(a, who, &nodes->list[i], s, e);
	return got;
}

enum login
session_open(struct arena *a, const struct account *who, struct session **out, struct err *e)
{
	struct session *s = xcalloc(1, sizeof(*s));
	enum login got;

	s->links = xcalloc(NODES_MAX + 1, sizeof(*s->links));
	got = link_open(a, who, who->host, who->port, &s->links[0], e);
	if (got == LOGIN_OK) {
		s->n = 1;
		got = open_nodes(a, who, s, e);
	}
	if (got != LOGIN_OK) {
		session_close(s);
		return got;
	}
	*out = s;
	return LOGIN_OK;
}

void
session_close(struct session *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		link_close(s->links[i]);
	free(s->links);
	free(s);
}
