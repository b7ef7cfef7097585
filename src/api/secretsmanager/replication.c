/* SPDX-License-Identifier: Apache-2.0 */
#include "api/secretsmanager/replication.h"

#include "catalog/keys.h"
#include "catalog/stage.h"

#define IN_SYNC "InSync"
#define FAILED "Failed"
#define IN_PROGRESS "InProgress"

bool
replica_regions_check(struct op_ctx *ctx, const struct struct_list *regions,
    struct str primary_region, struct err *e)
{
	const struct replica_input *in = regions->v;

	(void)ctx;
	for (size_t i = 0; i < regions->n; i++) {
		if (in[i].region.p == NULL || str_eq(in[i].region, primary_region) ||
		    strcmp(partition_of(in[i].region), partition_of(primary_region)) != 0)
			return err_set(e, ERR_INVALID_PARAMETER, MSG_REPR);
	}
	return true;
}

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
add_entry(struct op_ctx *ctx, struct secret *s, struct str region)
{
	struct replica *v = arena_array(ctx->cat.arena, struct replica, s->replica_count + 1);
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
replica_arn(struct op_ctx *ctx, const struct secret *s, struct str region)
{
	const char *suffix = s->arn.p + s->arn.n - 6;
	char z[7] = "";

	memcpy(z, suffix, 6);
	return secret_arn(ctx->cat.arena, s->account, region, s->name, z);
}

static bool
copy_version(struct op_ctx *ctx, const struct secret *from, struct secret *to, struct version *v,
    struct err *e)
{
	struct value value = { .kind = VALUE_NONE };
	struct version *copy;
	int64_t now = ctx->cat.now_ms;
	bool ok;

	if (v->kind != VALUE_NONE && !version_value(&ctx->cat, from, v, &value, e))
		return false;
	ctx->cat.now_ms = v->created_ms;	/* the copy keeps the version's date */
	ok = version_add(&ctx->cat, to, v->version_id, &value, v->by_rotation, &copy, e);
	ctx->cat.now_ms = now;
	return ok;
}

/* Brings versions and metadata of the copy to what the primary has now. */
static bool
sync_copy(struct op_ctx *ctx, struct secret *s, struct secret *copy, struct err *e)
{
	struct version **mine, **theirs, *have;
	size_t n, m;

	if (!version_list(&ctx->cat, s, &mine, &n, e) ||
	    !version_list(&ctx->cat, copy, &theirs, &m, e))
		return false;
	for (size_t i = 0; i < m; i++) {
		if (!version_find(&ctx->cat, s, theirs[i]->version_id, &have, e))
			return false;
		if ((have == NULL || have->kind != theirs[i]->kind) &&
		    !version_remove(&ctx->cat, copy, theirs[i]->version_id, e))
			return false;
	}
	for (size_t i = 0; i < n; i++) {
		if (!version_find(&ctx->cat, copy, mine[i]->version_id, &have, e) ||
		    (have == NULL && !copy_version(ctx, s, copy, mine[i], e)))
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
	return secret_put(&ctx->cat, copy, e);
}

static bool
make_copy(struct op_ctx *ctx, struct secret *s, struct replica *entry, bool force, struct err *e)
{
	struct secret *there;
	struct err key_error;

	entry->status = STR_LIT(FAILED);
	if (!secret_find_name(&ctx->cat, s->account, entry->region, s->name, &there, e))
		return false;
	if (there != NULL && (!force || there->replica_count > 0)) {
		entry->status_message = str_of(arena_printf(ctx->cat.arena, "Replication failed: "
		    "Secret name " STR_FMT " already exists in region " STR_FMT ".",
		    STR_ARG(s->name), STR_ARG(entry->region)));
		return true;
	}
	if (!cmk_check(&ctx->cat, s->account, entry->region, entry->kms_key_id, &key_error)) {
		entry->status_message = STR_LIT("Replication failed: " MSG_KMS);
		return true;
	}
	if (there != NULL && !secret_remove(&ctx->cat, there, e))
		return false;
	there = secret_new(&ctx->cat, s->account, entry->region, s->name, e);
	if (there == NULL)
		return false;
	there->arn = replica_arn(ctx, s, entry->region);
	there->primary_region = s->region;
	there->kms_key_id = cmk_is_default(entry->kms_key_id) ? STR_LIT("") : entry->kms_key_id;
	entry->status = STR_LIT(IN_SYNC);
	entry->status_message = STR_LIT("Replication succeeded");
	return sync_copy(ctx, s, there, e);
}

/* The copy an entry speaks of, NULL when it is not (or no longer) ours. */
static bool
find_copy(struct op_ctx *ctx, const struct secret *s, const struct replica *entry,
    struct secret **out, struct err *e)
{
	*out = NULL;
	if (!str_is(entry->status, IN_SYNC))
		return true;
	if (!secret_find_name(&ctx->cat, s->account, entry->region, s->name, out, e))
		return false;
	if (*out != NULL && !str_eq((*out)->primary_region, s->region))
		*out = NULL;
	return true;
}

static bool
adopt_key(struct op_ctx *ctx, struct secret *s, struct replica *entry, struct str kms_key_id,
    struct err *e)
{
	struct secret *copy;

	entry->kms_key_id = kms_key_id;
	if (!find_copy(ctx, s, entry, &copy, e))
		return false;
	if (copy == NULL)
		return true;
	if (!secret_remove(&ctx->cat, copy, e))
		return false;
	return make_copy(ctx, s, entry, false, e);
}

bool
replicas_add(struct op_ctx *ctx, struct secret *s, const struct struct_list *regions, bool force,
    struct err *e)
{
	const struct replica_input *in = regions->v;

	for (size_t i = 0; i < regions->n; i++) {
		struct str key = in[i].kms_key_id.p == NULL ? STR_LIT("") : in[i].kms_key_id;
		struct replica *entry = find(s, in[i].region);

		if (entry != NULL && str_is(entry->status, IN_SYNC)) {
			if (!str_eq(entry->kms_key_id, key) && !adopt_key(ctx, s, entry, key, e))
				return false;
			continue;
		}
		if (entry == NULL)
			entry = add_entry(ctx, s, in[i].region);
		entry->kms_key_id = key;
		if (!make_copy(ctx, s, entry, force, e))
			return false;
	}
	return true;
}

bool
replicas_refresh(struct op_ctx *ctx, struct secret *s, struct err *e)
{
	for (size_t i = 0; i < s->replica_count; i++) {
		struct secret *copy;

		if (!find_copy(ctx, s, &s->replicas[i], &copy, e))
			return false;
		if (copy != NULL && !sync_copy(ctx, s, copy, e))
			return false;
	}
	return true;
}

bool
replica_drop(struct op_ctx *ctx, struct secret *s, struct str region, struct err *e)
{
	struct replica *entry = find(s, region);
	struct secret *copy;
	size_t kept = 0;

	if (entry == NULL)
		return true;
	if (!find_copy(ctx, s, entry, &copy, e))
		return false;
	if (copy != NULL && !secret_remove(&ctx->cat, copy, e))
		return false;
	for (size_t i = 0; i < s->replica_count; i++) {
		if (!str_eq(s->replicas[i].region, region))
			s->replicas[kept++] = s->replicas[i];
	}
	s->replica_count = kept;
	return true;
}

static void
write_entry(struct op_ctx *ctx, struct jsonw *out, const struct secret *s,
    const struct replica *r, bool in_progress)
{
	struct secret *copy = NULL;
	struct err ignored;

	if (!find_copy(ctx, s, r, &copy, &ignored))
		copy = NULL;
	jsonw_open(out);
	jsonw_kstr(out, "KmsKeyId", r->kms_key_id.n > 0 ? r->kms_key_id :
	    STR_LIT("alias/aws/secretsmanager"));
	if (copy != NULL && copy->accessed_day_ms != 0)
		jsonw_ktime(out, "LastAccessedDate", copy->accessed_day_ms);
	jsonw_kstr(out, "Region", r->region);
	jsonw_kstr(out, "Status", in_progress ? STR_LIT(IN_PROGRESS) : r->status);
	if (!in_progress && r->status_message.n > 0)
		jsonw_kstr(out, "StatusMessage", r->status_message);
	jsonw_close(out);
}

static bool
is_named(const struct struct_list *regions, struct str region)
{
	const struct replica_input *in = regions == NULL ? NULL : regions->v;

	for (size_t i = 0; regions != NULL && i < regions->n; i++) {
		if (str_eq(in[i].region, region))
			return true;
	}
	return false;
}

void
replicas_write_in_progress(struct op_ctx *ctx, struct jsonw *out, const struct secret *s,
    const struct struct_list *regions)
{
	jsonw_key(out, "ReplicationStatus");
	jsonw_open_list(out);
	for (size_t i = 0; i < s->replica_count; i++)
		write_entry(ctx, out, s, &s->replicas[i],
		    is_named(regions, s->replicas[i].region));
	jsonw_close_list(out);
}

void
replicas_write(struct op_ctx *ctx, struct jsonw *out, const struct secret *s)
{
	replicas_write_in_progress(ctx, out, s, NULL);
}

struct str
replicas_region_list(struct op_ctx *ctx, const struct secret *s)
{
	AUTO_BUF b = BUF_INIT;

	for (size_t i = 0; i < s->replica_count; i++)
		buf_printf(&b, "%s" STR_FMT, i == 0 ? "" : ", ", STR_ARG(s->replicas[i].region));
	return arena_str(ctx->cat.arena, buf_view(&b));
}
