/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/version.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "catalog/keys.h"
#include "catalog/limits.h"
#include "catalog/messages.h"
#include "catalog/stage.h"
#include "crypto/digest.h"
#include "store/records.pb-c.h"

static struct str
version_key(struct catalog *c, const struct secret *s, struct str version_id)
{
	struct str id = { (const char *)s->id, RECORD_ID_LEN };
	struct str parts[] = { id, version_id };
	char tail[RECORD_ID_LEN + INDEX_LEN];

	memcpy(tail, s->id, RECORD_ID_LEN);
	keyring_index(c->keys, parts, 2, (uint8_t *)tail + RECORD_ID_LEN);
	return record_key(c->arena, KIND_VERSION, s->account, s->region,
	    (struct str){ tail, sizeof(tail) });
}

static struct version *
version_unpack(struct arena *a, struct str plain)
{
	ProtobufCAllocator alloc = record_allocator(a);
	const Pawl__Version *m = pawl__version__unpack(&alloc, plain.n, (const uint8_t *)plain.p);
	struct version *v;

	if (m == NULL || m->kind > VALUE_BINARY)
		return NULL;
	v = arena_new_of(a, struct version);
	v->version_id = pb_str(m->version_id);
	v->created_ms = m->created_ms;
	v->kind = (enum value_kind)m->kind;
	v->kms_key_count = m->n_kms_key_ids;
	v->kms_key_ids = arena_array(a, struct str, m->n_kms_key_ids);
	for (size_t i = 0; i < m->n_kms_key_ids; i++)
		v->kms_key_ids[i] = pb_str(m->kms_key_ids[i]);
	v->accessed_day_ms = m->accessed_day_ms;
	v->cmk_arn = pb_str(m->cmk_arn);
	v->data_key = pb_str(m->data_key);
	v->value = pb_str(m->value);
	v->by_rotation = m->by_rotation;
	return v;
}

bool
version_put(struct catalog *c, const struct secret *s, const struct version *v, struct err *e)
{
	Pawl__Version m = PAWL__VERSION__INIT;

	m.version_id = pb_bytes(v->version_id);
	m.created_ms = v->created_ms;
	m.kind = v->kind;
	m.n_kms_key_ids = v->kms_key_count;
	m.kms_key_ids = arena_array(c->arena, ProtobufCBinaryData, v->kms_key_count);
	for (size_t i = 0; i < v->kms_key_count; i++)
		m.kms_key_ids[i] = pb_bytes(v->kms_key_ids[i]);
	m.accessed_day_ms = v->accessed_day_ms;
	m.cmk_arn = pb_bytes(v->cmk_arn);
	m.data_key = pb_bytes(v->data_key);
	m.value = pb_bytes(v->value);
	m.by_rotation = v->by_rotation;
	return record_put(c, version_key(c, s, v->version_id), record_pack(c->arena, &m.base), e);
}

bool
version_find(struct catalog *c, const struct secret *s, struct str version_id,
    struct version **out, struct err *e)
{
	struct str plain;

	*out = NULL;
	if (!record_get(c, version_key(c, s, version_id), &plain, e))
		return false;
	if (plain.p == NULL)
		return true;
	*out = version_unpack(c->arena, plain);
	return *out != NULL || err_corrupt(e, "a version's record does not parse");
}

static struct value_binding
binding_of(const struct secret *s, const struct version *v)
{
	return (struct value_binding){ .account = s->account, .region = s->region,
		.secret_arn = s->arn, .version_id = v->version_id, .cmk_arn = v->cmk_arn,
		.kind = v->kind, .created_ms = v->created_ms };
}

static bool
seal(struct catalog *c, const struct secret *s, struct version *v, const struct value *value,
    struct err *e)
{
	AUTO_BUF data_key = BUF_INIT, sealed = BUF_INIT;
	uint8_t backing[BACKING_ID_LEN];
	struct value_binding b;

	v->kind = value->kind;
	if (!cmk_for_secret(c, s, &v->cmk_arn, backing, e))
		return false;
	b = binding_of(s, v);
	if (!keyring_value_seal(c->keys, &b, backing, value->bytes, &data_key, &sealed, e))
		return false;
	v->data_key = arena_str(c->arena, buf_view(&data_key));
	v->value = arena_str(c->arena, buf_view(&sealed));
	v->kms_key_ids = arena_array(c->arena, struct str, 1);
	v->kms_key_ids[0] = s->kms_key_id.n == 0 ? STR_LIT("DefaultEncryptionKey") : s->kms_key_id;
	v->kms_key_count = 1;
	return true;
}

static int
by_age(const void *a, const void *b)
{
	const struct version *x = *(struct version *const *)a, *y = *(struct version *const *)b;

	if (x->created_ms != y->created_ms)
		return x->created_ms < y->created_ms ? -1 : 1;
	return str_cmp(x->version_id, y->version_id);
}

bool
version_list(struct catalog *c, const struct secret *s, struct version ***out, size_t *n,
    struct err *e)
{
	struct str prefix = record_key(c->arena, KIND_VERSION, s->account, s->region,
	    (struct str){ (const char *)s->id, RECORD_ID_LEN });
	AUTO(scan) *scan = scan_open(c->txn, prefix, STR_NULL, e);
	struct version **list = arena_array(c->arena, struct version *, LIMIT_VERSIONS_HARD + 1);
	struct str key, stored, plain;

	*n = 0;
	if (scan == NULL)
		return false;
	err_clear(e);
	while (scan_next(scan, &key, &stored, e)) {
		struct version *v;

		if (!record_open(c, key, stored, &plain, e))
			return false;
		v = version_unpack(c->arena, plain);
		if (v == NULL || *n > LIMIT_VERSIONS_HARD)
			return err_corrupt(e, "a version's record does not parse");
		list[(*n)++] = v;
	}
	if (e->code != ERR_NONE)
		return false;
	qsort(list, *n, sizeof(struct version *), by_age);
	*out = list;
	return true;
}

bool
version_remove(struct catalog *c, struct secret *s, struct str version_id, struct err *e)
{
	s->version_count -= s->version_count > 0;
	return txn_del(c->txn, version_key(c, s, version_id), e);
}

/* The oldest unlabelled versions older than a day go while there are more than a hundred. */
static bool
prune(struct catalog *c, struct secret *s, struct err *e)
{
	struct version **list;
	size_t n;

	if (s->version_count < LIMIT_VERSIONS_KEPT)
		return true;
	if (!version_list(c, s, &list, &n, e))
		return false;
	s->version_count = (uint32_t)n;
	for (size_t i = 0; i < n && s->version_count >= LIMIT_VERSIONS_KEPT; i++) {
		if (stage_find(s, list[i]->version_id) != NULL ||
		    list[i]->created_ms > c->now_ms - LIMIT_PRUNE_AGE_MS)
			continue;
		if (!version_remove(c, s, list[i]->version_id, e))
			return false;
	}
	if (s->version_count >= (c->versions_limit != 0 ? c->versions_limit : LIMIT_VERSIONS_HARD))
		return err_set(e, ERR_LIMIT, MSG_VERSIONS);
	return true;
}

bool
version_add(struct catalog *c, struct secret *s, struct str version_id, const struct value *value,
    bool by_rotation, struct version **out, struct err *e)
{
	struct version *v = arena_new_of(c->arena, struct version);

	if (!prune(c, s, e))
		return false;
	v->version_id = arena_str(c->arena, version_id);
	v->created_ms = c->now_ms;
	v->by_rotation = by_rotation;
	if (value->kind != VALUE_NONE && !seal(c, s, v, value, e))
		return false;
	s->version_count++;
	*out = v;
	return version_put(c, s, v, e);
}

bool
version_fill(struct catalog *c, struct secret *s, struct version *v, const struct value *value,
    struct err *e)
{
	return seal(c, s, v, value, e) && version_put(c, s, v, e);
}

bool
version_value(struct catalog *c, const struct secret *s, const struct version *v,
    struct value *out, struct err *e)
{
	struct value_binding b = binding_of(s, v);

	out->kind = v->kind;
	return cmk_load(c, v->cmk_arn, v->data_key, e) &&
	    keyring_value_open(c->keys, &b, v->data_key, v->value, c->arena, &out->bytes, e);
}

bool
version_reseal(struct catalog *c, const struct secret *s, struct version *v, struct err *e)
{
	struct value value;
	struct str *old = v->kms_key_ids;
	size_t old_count = v->kms_key_count;

	if (v->kind == VALUE_NONE)
		return true;
	if (!version_value(c, s, v, &value, e) || !seal(c, s, v, &value, e))
		return false;
	if (old_count == 1 && !str_eq(old[0], v->kms_key_ids[0])) {
		struct str *both = arena_array(c->arena, struct str, 2);

		both[0] = old[0];
		both[1] = v->kms_key_ids[0];
		v->kms_key_ids = both;
		v->kms_key_count = 2;
	}
	return version_put(c, s, v, e);
}

bool
version_has_value(struct catalog *c, const struct secret *s, const struct version *v,
    const struct value *value, bool *same, struct err *e)
{
	struct value mine;

	*same = false;
	if (v->kind != value->kind)
		return true;
	if (!version_value(c, s, v, &mine, e))
		return false;
	*same = mine.bytes.n == value->bytes.n &&
	    bytes_equal_ct(mine.bytes.p, value->bytes.p, mine.bytes.n);
	return true;
}
