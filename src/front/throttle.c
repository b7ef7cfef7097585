/* SPDX-License-Identifier: Apache-2.0 */
#include "front/throttle.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "catalog/messages.h"

#define SETS 1024
#define WAYS 8
/* Tokens are counted in thousandths, so that a millisecond adds per_second of them, exactly. */
#define TOKEN INT64_C(1000)

/* The 2025 figures of the user guide (spec/security.md 7.4), where it gives none those of
 * spec/api.md section 10. The busiest come first. */
const struct throttle_rate throttle_aws[] = {
	{ "GetSecretValue", "read", 10000 },
	{ "DescribeSecret", "describe", 40000 },
	{ "BatchGetSecretValue", "batch", 100 },
	{ "ListSecrets", "list", 100 },
	{ "ListSecretVersionIds", "list-versions", 50 },
	{ "GetRandomPassword", "password", 50 },
	{ "CreateSecret", "create", 50 },
	{ "DeleteSecret", "delete", 50 },
	{ "RestoreSecret", "restore", 50 },
	{ "PutSecretValue", "write", 50 },
	{ "UpdateSecret", "write", 50 },
	{ "UpdateSecretVersionStage", "write", 50 },
	{ "ReplicateSecretToRegions", "write", 50 },
	{ "RemoveRegionsFromReplication", "write", 50 },
	{ "StopReplicationToReplica", "write", 50 },
	{ "RotateSecret", "rotate", 50 },
	{ "CancelRotateSecret", "rotate", 50 },
	{ "TagResource", "tag", 50 },
	{ "UntagResource", "tag", 50 },
	{ "PutResourcePolicy", "policy", 50 },
	{ "GetResourcePolicy", "policy", 50 },
	{ "DeleteResourcePolicy", "policy", 50 },
	{ "ValidateResourcePolicy", "policy", 50 },
	{ NULL, NULL, 0 }
};

struct bucket {
	uint64_t tenant;	/* hash of whose and of what; 0 = free */
	int64_t tokens;		/* thousandths */
	int64_t at_ms;		/* when they were counted */
};

struct throttle {
	const struct throttle_rate *rates;
	pthread_mutex_t lock;	/* guards the buckets */
	struct bucket sets[SETS][WAYS];
};

struct throttle *
throttle_new(const struct throttle_rate *rates)
{
	struct throttle *t = xcalloc(1, sizeof(*t));

	t->rates = rates;
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

void
throttle_free(struct throttle *t)
{
	if (t == NULL)
		return;
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static const struct throttle_rate *
rate_of(const struct throttle *t, struct str operation)
{
	for (const struct throttle_rate *r = t->rates; r->operation != NULL; r++) {
		if (str_is(operation, r->operation))
			return r;
	}
	return NULL;
}

/* FNV-1a; the zero behind each part keeps "ab","c" and "a","bc" apart. Accounts and regions have
 * been authenticated, so nobody shops for collisions. */
static uint64_t
mix(uint64_t h, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
	return h * UINT64_C(0x100000001b3);
}

static uint64_t
tenant_of(struct str account, struct str region, const char *class)
{
	uint64_t h = mix(mix(mix(UINT64_C(0xcbf29ce484222325), account), region), str_of(class));

	h ^= h >> 32;
	return h == 0 ? 1 : h;
}

/* The tenant's bucket, or the one in its set that is free or was unused for longest, filled. */
static struct bucket *
bucket_of(struct throttle *t, uint64_t tenant, int64_t full, int64_t now_ms)
{
	struct bucket *set = t->sets[tenant % SETS], *victim = &set[0];

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].tenant == tenant)
			return &set[i];
		if (victim->tenant != 0 &&
		    (set[i].tenant == 0 || set[i].at_ms < victim->at_ms))
			victim = &set[i];
	}
	*victim = (struct bucket){ tenant, full, now_ms };
	return victim;
}

static bool
take(struct bucket *b, const struct throttle_rate *r, int64_t now_ms)
{
	int64_t full = r->per_second * TOKEN, passed = now_ms - b->at_ms;

	if (passed > 0) {
		b->tokens = passed >= SECOND_MS || b->tokens + passed * r->per_second > full ?
		    full : b->tokens + passed * r->per_second;
		b->at_ms = now_ms;
	}
	if (b->tokens < TOKEN)
		return false;
	b->tokens -= TOKEN;
	return true;
}

bool
throttle_take(struct throttle *t, struct str account, struct str region, struct str operation,
    int64_t now_ms, struct err *e)
{
	const struct throttle_rate *r = t == NULL ? NULL : rate_of(t, operation);
	uint64_t tenant;
	bool ok;

	if (r == NULL)
		return true;
	tenant = tenant_of(account, region, r->class);
	pthread_mutex_lock(&t->lock);
	ok = take(bucket_of(t, tenant, r->per_second * TOKEN, now_ms), r, now_ms);
	pthread_mutex_unlock(&t->lock);
	return ok || err_set(e, ERR_THROTTLING, MSG_THROTTLE);
}
