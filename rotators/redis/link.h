/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.h - one connection to one Redis or Valkey node: hiredis writes and reads the protocol
 * (RESP2), the socket and its TLS are ours, because the library in Debian 12 knows no TLS. 5 s to
 * connect, 15 s for an answer.
 */
#pragma once
#include <hiredis/hiredis.h>

#include "base/cleanup.h"
#include "rotators/rotation.h"

struct link;

/* Connects and authenticates as `who`, at host:port (`who`'s own or another node's). */
enum login link_open(struct arena *a, const struct account *who, const char *host, int port,
    struct link **out, struct err *e);
void link_close(struct link *l);
/* "host:port" for messages; lives as long as the link. */
const char *link_name(const struct link *l);

/* The words end with NULL. The caller frees the reply, which may be of type ERROR; NULL only when
 * the connection failed. */
MUST_CHECK redisReply *link_ask(struct link *l, const char *const *words, struct err *e);
#define LINK_WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })
/* An answer of type ERROR is a failure too. */
MUST_CHECK redisReply *link_need(struct link *l, const char *const *words, struct err *e);
MUST_CHECK bool link_run(struct link *l, const char *const *words, struct err *e);
/* True for an error reply that begins with that word, as in "NOPERM this user ...". */
bool reply_is_error(const redisReply *r, const char *word);
/* The value of one configuration key, "" when empty, unknown or not to be read. */
const char *link_config(struct link *l, struct arena *a, const char *key);

static inline void
auto_reply(redisReply **r)
{
	if (*r != NULL)
		freeReplyObject(*r);
}
#define AUTO_REPLY __attribute__((cleanup(auto_reply))) redisReply
