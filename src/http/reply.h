/* SPDX-License-Identifier: Apache-2.0 */
/* reply.h - from a struct http_reply to bytes in the socket; private to src/http. */
#pragma once
#include "http/conn.h"

/*
 * Sends the reply of a request that is back from its handler. The connection is then in
 * CONN_IDLE, CONN_WRITE (the socket is full), or CONN_CLOSED; bytes waiting in `in` are the
 * caller's to go on with.
 */
void reply_send(struct conn *c, struct str head, struct str body, bool close);
/* Answers what never became a request, and lingers: closing at once would reset the connection
 * and take the answer with it while the peer is still sending. */
void reply_refuse(struct conn *c, int status);
void reply_continue(struct conn *c);	/* "100 Continue" */
/* Sends what the TLS session has produced. */
void reply_flush_tls(struct conn *c);
