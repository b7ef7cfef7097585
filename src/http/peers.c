/* SPDX-License-Identifier: Apache-2.0 */
#include "http/peers.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

struct address {
	uint8_t family;		/* 4, 6; 0 = not counted by address */
	uint8_t bytes[8];	/* IPv4, or the first half of IPv6 */
};

struct peer_slot {
	struct peer_slot *next;		/* in its bucket, or in the free list */
	struct address address;
	unsigned count;
};

struct peers {
	pthread_mutex_t lock;		/* guards everything below; leaf */
	unsigned count, total, per_address;
	size_t mask;			/* buckets - 1, a power of two */
	struct peer_slot **buckets;
	struct peer_slot *slots, *unused;	/* one slot per connection is enough */
};

struct peers *
peers_new(unsigned total, unsigned per_address)
{
	struct peers *p = xcalloc(1, sizeof(*p));
	size_t buckets = 64;

	while (buckets < total)
		buckets *= 2;
	pthread_mutex_init(&p->lock, NULL);
	p->total = total;
	p->per_address = per_address;
	p->mask = buckets - 1;
	p->buckets = xcalloc(buckets, sizeof(struct peer_slot *));
	p->slots = xcalloc(total, sizeof(struct peer_slot));
	for (unsigned i = 0; i < total; i++) {
		p->slots[i].next = p->unused;
		p->unused = &p->slots[i];
	}
	return p;
}

void
peers_free(struct peers *p)
{
	if (p == NULL)
		return;
	pthread_mutex_destroy(&p->lock);
	free(p->buckets);
	free(p->slots);
	free(p);
}

static struct address
address_of(const struct sockaddr *who)
{
	struct address a = { 0 };

	if (who != NULL && who->sa_family == AF_INET) {
		a.family = 4;
		memcpy(a.bytes, &((const struct sockaddr_in *)who)->sin_addr, 4);
	} else if (who != NULL && who->sa_family == AF_INET6) {
		a.family = 6;
		memcpy(a.bytes, &((const struct sockaddr_in6 *)who)->sin6_addr, 8);
	}
	return a;
}

/* The table has a bucket per connection, so that even chosen addresses form no long chains that
 * the per-address and total caps do not already bound. */
static struct peer_slot **
bucket_of(struct peers *p, const struct address *a)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < sizeof(a->bytes); i++)
		h = (h ^ a->bytes[i]) * UINT64_C(0x100000001b3);
	return &p->buckets[(h ^ h >> 32) & p->mask];
}

static struct peer_slot *
find(struct peers *p, const struct address *a)
{
	struct peer_slot *s = *bucket_of(p, a);

	while (s != NULL && memcmp(&s->address, a, sizeof(*a)) != 0)
		s = s->next;
	return s;
}

/* There is one: fewer than `total` connections are counted. */
static struct peer_slot *
add(struct peers *p, const struct address *a)
{
	struct peer_slot **bucket = bucket_of(p, a), *s = p->unused;

	p->unused = s->next;
	*s = (struct peer_slot){ .next = *bucket, .address = *a };
	*bucket = s;
	return s;
}

static enum peers_answer
enter_locked(struct peers *p, const struct address *a, struct peer_slot **out)
{
	struct peer_slot *s = find(p, a);

	if (s != NULL && a->family != 0 && s->count >= p->per_address)
		return PEERS_ADDRESS_FULL;
	if (p->count >= p->total)
		return PEERS_FULL;
	if (s == NULL)
		s = add(p, a);
	s->count++;
	p->count++;
	*out = s;
	return PEERS_OK;
}

enum peers_answer
peers_enter(struct peers *p, const struct sockaddr *who, struct peer_slot **out)
{
	struct address a = address_of(who);
	enum peers_answer answer;

	pthread_mutex_lock(&p->lock);
	answer = enter_locked(p, &a, out);
	pthread_mutex_unlock(&p->lock);
	return answer;
}

static void
unlink_slot(struct peers *p, struct peer_slot *slot)
{
	struct peer_slot **at = bucket_of(p, &slot->address);

	while (*at != slot)
		at = &(*at)->next;
	*at = slot->next;
	slot->next = p->unused;
	p->unused = slot;
}

void
peers_leave(struct peers *p, struct peer_slot *slot)
{
	pthread_mutex_lock(&p->lock);
	p->count--;
	if (--slot->count == 0)
		unlink_slot(p, slot);
	pthread_mutex_unlock(&p->lock);
}
