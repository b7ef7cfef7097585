/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/replica.h"

#include "catalog/keys.h"
#include "catalog/limits.h"
#include "catalog/messages.h"
#include "catalog/stage.h"
#include "catalog/version.h"

static struct replica *
find(const struct secret *s, struct str region)
{
	for (size_t i = 0; i < s->replica_count; i++) {
		if (str_eq(s->replicas[i].region, region))
			return &s->replicas[i];
	}
	return NULL;
}

/* In order of the regions' names. */
static struct replica *
add_entry(struct catalog *c, struct secret *s, struct str region)
{
	struct replica *v = arena_array(c->arena, struct replica, s->replica_count + 1);
	size_t at = 0;

	while (at < s->replica_count && str_cmp(s->replicas[at].region, region) < 0)
		at++;
	for (size_t i = 0; i < at; i++)
		v[i] = s->replicas[i];
	for (size_t i = at; i < s->replica_count; i++)
		v[i + 1] = s->replicas[i];
	v[at] = (struct replica){ .region = region };
	s->replicas = v;
	s->replica_count++;
	return &v[at];
}

/* Same name and suffix, another region. */
static struct str
replica_arn(struct catalog *c, const struct secret *s, struct str region)
{
	const char *suffix = s->arn.p + s->arn.n - 6;
	char z[7] = "";

	memcpy(z, suffix, 6);
	return secret_arn(c->arena, s->account, region, s->name, z);
}

static bool
copy_version(struct catalog *c, const struct secret *from, struct secret *to, struct version *v,
    struct err *e)
{
	struct value value = { .kind = VALUE_NONE };
	struct version *copy;
	int64_t now = c->now_ms;
	bool ok;

	if (v->kind != VALUE_NONE && !version_value(c, from, v, &value, e))
		return false;
	c->now_ms = v->created_ms;	/* the copy keeps the version's date */
	ok = version_add(c, to, v->version_id, &value, v->by_rotation, &copy, e);
	c->now_ms = now;
	return ok;
}

/* Brings versions and metadata of the copy to what the primary has now. */
static bool
sync_copy(struct catalog *c, struct secret *s, struct secret *copy, struct err *e)
{
	struct version **mine, **theirs, *have;
	size_t n, m;

	if (!version_list(c, s, &mine, &n, e) ||
	    !version_list(c, copy, &theirs, &m, e))
		return false;
	for (size_t i = 0; i < m; i++) {
		if (!version_find(c, s, theirs[i]->version_id, &have, e))
			return false;
		if ((have == NULL || have->kind != theirs[i]->kind) &&
		    !version_remove(c, copy, theirs[i]->version_id, e))
			return false;
	}
	for (size_t i = 0; i < n; i++) {
		if (!version_find(c, copy, mine[i]->version_id, &have, e) ||
		    (have == NULL && !copy_version(c, s, copy, mine[i], e)))
			return false;
	}
	copy->staged = s->staged;
	copy->staged_count = s->staged_count;
	copy->description = s->description;
	copy->type = s->type;
	copy->resource_policy = s->resource_policy;
	copy->tags = s->tags;
	copy->ever_tagged = s->ever_tagged;
	copy->changed_ms = s->changed_ms;
	copy->value_ms = s->value_ms;
	copy->rotation = s->rotation;		/* shown, never run */
	copy->rotation.moment_ms = 0;
	copy->rotation.active_run = copy->rotation.last_run = 0;
	return secret_put(c, copy, e);
}

static bool
make_copy(struct catalog *c, struct secret *s, struct replica *entry, bool force, struct err *e)
{
	struct secret *there;
	struct err key_error;

	entry->status = STR_LIT(REPLICA_FAILED);
	if (!secret_find_name(c, s->account, entry->region, s->name, &there, e))
		return false;
	if (there != NULL && (!force || there->replica_count > 0)) {
		entry->status_message = str_of(arena_printf(c->arena, "Replication failed: "
		    "Secret name " STR_FMT " already exists in region " STR_FMT ".",
		    STR_ARG(s->name), STR_ARG(entry->region)));
		return true;
	}
	if (!cmk_check(c, s->account, entry->region, entry->kms_key_id, &key_error)) {
		entry->status_message = STR_LIT("Replication failed: " MSG_KMS);
		return true;
	}
	if (there != NULL && !secret_remove(c, there, e))
		return false;
	there = secret_new(c, s->account, entry->region, s->name, e);
	if (there == NULL)
		return false;
	there->arn = replica_arn(c, s, entry->region);
	there->primary_region = s->region;
	there->kms_key_id = cmk_is_default(entry->kms_key_id) ? STR_LIT("") : entry->kms_key_id;
	entry->status = STR_LIT(REPLICA_IN_SYNC);
	entry->status_message = STR_LIT("Replication succeeded");
	return sync_copy(c, s, there, e);
}

bool
replica_find_copy(struct catalog *c, const struct secret *s, const struct replica *entry,
    struct secret **out, struct err *e)
{
	*out = NULL;
	if (!str_is(entry->status, REPLICA_IN_SYNC))
		return true;
	if (!secret_find_name(c, s->account, entry->region, s->name, out, e))
		return false;
	if (*out != NULL && !str_eq((*out)->primary_region, s->region))
		*out = NULL;
	return true;
}

static bool
adopt_key(struct catalog *c, struct secret *s, struct replica *entry, struct str kms_key_id,
    struct err *e)
{
	struct secret *copy;

	entry->kms_key_id = kms_key_id;
	if (!replica_find_copy(c, s, entry, &copy, e))
		return false;
	if (copy == NULL)
		return true;
	if (!secret_remove(c, copy, e))
		return false;
	return make_copy(c, s, entry, false, e);
}

bool
replicas_add(struct catalog *c, struct secret *s, const struct replica *wanted, size_t n,
    bool force, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct str key = wanted[i].kms_key_id.p == NULL ? STR_LIT("") : wanted[i].kms_key_id;
		struct replica *entry = find(s, wanted[i].region);

		if (entry != NULL && str_is(entry->status, REPLICA_IN_SYNC)) {
			if (!str_eq(entry->kms_key_id, key) && !adopt_key(c, s, entry, key, e))
				return false;
			continue;
		}
		if (entry == NULL && s->replica_count >= LIMIT_REPLICAS)
			return err_set(e, ERR_INVALID_PARAMETER, MSG_REPLICAS);
		if (entry == NULL)
			entry = add_entry(c, s, wanted[i].region);
		entry->kms_key_id = key;
		if (!make_copy(c, s, entry, force, e))
			return false;
	}
	return true;
}

bool
replicas_refresh(struct catalog *c, struct secret *s, struct err *e)
{
	for (size_t i = 0; i < s->replica_count; i++) {
		struct secret *copy;

		if (!replica_find_copy(c, s, &s->replicas[i], &copy, e))
			return false;
		if (copy != NULL && !sync_copy(c, s, copy, e))
			return false;
	}
	return true;
}

bool
replica_drop(struct catalog *c, struct secret *s, struct str region, struct err *e)
{
	struct replica *entry = find(s, region);
	struct secret *copy;
	size_t kept = 0;

	if (entry == NULL)
		return true;
	if (!replica_find_copy(c, s, entry, &copy, e))
		return false;
	if (copy != NULL && !secret_remove(c, copy, e))
		return false;
	for (size_t i = 0; i < s->replica_count; i++) {
		if (!str_eq(s->replicas[i].region, region))
			s->replicas[kept++] = s->replicas[i];
	}
	s->replica_count = kept;
	return true;
}
