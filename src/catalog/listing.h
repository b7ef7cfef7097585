/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listing.h - a page of an account's secrets in some order.
 *
 * The mark of the last entry is its sort key and its id, so that inserts and deletes between pages
 * neither skip nor repeat. LISTING_CREATED ascending reads what it gives; the others read all.
 */
#pragma once
#include "catalog/secret.h"

enum listing_order { LISTING_CREATED, LISTING_NAME, LISTING_CHANGED, LISTING_ACCESSED };

struct listing {
	struct str account, region;
	enum listing_order order;
	bool descending;
	bool (*wanted)(void *arg, const struct secret *s);
	void *arg;
	size_t max;
	struct str after;		/* a mark given earlier, or STR_NULL */
	/* the answer */
	struct secret **page;
	size_t n;
	bool more;
	struct str last;		/* mark of the last entry */
};
MUST_CHECK bool listing_page(struct catalog *c, struct listing *l, struct err *e);
