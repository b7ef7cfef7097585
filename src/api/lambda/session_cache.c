/* SPDX-License-Identifier: Apache-2.0 */
#include "api/lambda/session_cache.h"

#include <pthread.h>

#include "base/clock.h"

#define ENTRIES 64

struct entry {
	struct arena *arena;		/* holds the texts; NULL: free */
	struct str arn, revision, access_key_id, secret_access_key, session_token;
	int64_t until_ms;		/* monotonic; not handed out after it */
};

static struct {
	pthread_mutex_t lock;		/* guards the rest; leaf: take no other under it */
	struct entry entries[ENTRIES];
	unsigned next;			/* overwritten when all are taken */
} cache = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* The entry of this ARN as invoked, or the one to give up for it. */
static struct entry *
find(struct str arn)
{
	for (unsigned i = 0; i < ENTRIES; i++) {
		struct entry *en = &cache.entries[i];

		if (en->arena != NULL && str_eq(en->arn, arn))
			return en;
	}
	return &cache.entries[cache.next++ % ENTRIES];
}

static void
keep(struct entry *en, const struct function *f, const struct func_call *call)
{
	arena_free(en->arena);
	en->arena = arena_new();
	en->arn = arena_str(en->arena, call->spec.arn);
	en->revision = arena_str(en->arena, f->revision_id);
	en->access_key_id = arena_str(en->arena, call->access_key_id);
	en->secret_access_key = arena_str(en->arena, call->secret_access_key);
	en->session_token = arena_str(en->arena, call->session_token);
	/* They live for four timeouts and a minute (rotator_prepare_call): what is left is
	 * always enough for one call. */
	en->until_ms = monotonic_ms() + 3 * (int64_t)f->timeout_s * SECOND_MS;
}

void
session_cache_share(const struct function *f, struct func_call *call)
{
	struct entry *en;

	pthread_mutex_lock(&cache.lock);
	en = find(call->spec.arn);
	if (en->arena == NULL || !str_eq(en->arn, call->spec.arn) ||
	    !str_eq(en->revision, f->revision_id) || en->until_ms < monotonic_ms()) {
		keep(en, f, call);
	} else {
		call->access_key_id = arena_str(call->arena, en->access_key_id);
		call->secret_access_key = arena_str(call->arena, en->secret_access_key);
		call->session_token = arena_str(call->arena, en->session_token);
	}
	pthread_mutex_unlock(&cache.lock);
}
