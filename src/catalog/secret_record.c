/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/secret_record.h"

Pawl__Tag **
tags_pack(struct arena *a, const struct tags *t)
{
	Pawl__Tag **v = arena_array(a, Pawl__Tag *, t->n);

	for (size_t i = 0; i < t->n; i++) {
		v[i] = arena_new_of(a, Pawl__Tag);
		pawl__tag__init(v[i]);
		v[i]->key = pb_bytes(t->v[i].key);
		v[i]->value = pb_bytes(t->v[i].value);
	}
	return v;
}

struct tags
tags_unpack(struct arena *a, Pawl__Tag **v, size_t n)
{
	struct tags t = { arena_array(a, struct tag, n), n };

	for (size_t i = 0; i < n; i++)
		t.v[i] = (struct tag){ pb_str(v[i]->key), pb_str(v[i]->value) };
	return t;
}

static Pawl__Rotation *
pack_rotation(struct arena *a, const struct rotation_config *r)
{
	Pawl__Rotation *m = arena_new_of(a, Pawl__Rotation);

	pawl__rotation__init(m);
	m->enabled = r->is_enabled;
	m->lambda_arn = pb_bytes(r->lambda_arn);
	m->has_rules = r->has_rules;
	m->automatically_after_days = r->automatically_after_days;
	m->schedule_expression = pb_bytes(r->schedule_expression);
	m->duration = pb_bytes(r->duration);
	m->changed_ms = r->changed_ms;
	m->base_ms = r->base_ms;
	m->anchor_ms = r->anchor_ms;
	m->consumed_ms = r->consumed_ms;
	m->after_failure = r->after_failure;
	m->window_start_ms = r->window_start_ms;
	m->window_end_ms = r->window_end_ms;
	m->moment_ms = r->moment_ms;
	m->last_start_ms = r->last_start_ms;
	m->last_rotated_ms = r->last_rotated_ms;
	m->generation = r->generation;
	m->active_run = r->active_run;
	m->last_run = r->last_run;
	m->last_test_error = pb_bytes(r->last_test_error);
	m->n_external_metadata = r->external_metadata.n;
	m->external_metadata = tags_pack(a, &r->external_metadata);
	m->external_role_arn = pb_bytes(r->external_role_arn);
	m->run_when_value_arrives = r->run_when_value_arrives;
	return m;
}

static void
unpack_rotation(struct arena *a, const Pawl__Rotation *m, struct rotation_config *r)
{
	r->is_configured = true;
	r->is_enabled = m->enabled;
	r->lambda_arn = pb_str(m->lambda_arn);
	r->has_rules = m->has_rules;
	r->automatically_after_days = m->automatically_after_days;
	r->schedule_expression = pb_str(m->schedule_expression);
	r->duration = pb_str(m->duration);
	r->changed_ms = m->changed_ms;
	r->base_ms = m->base_ms;
	r->anchor_ms = m->anchor_ms;
	r->consumed_ms = m->consumed_ms;
	r->after_failure = m->after_failure;
	r->window_start_ms = m->window_start_ms;
	r->window_end_ms = m->window_end_ms;
	r->moment_ms = m->moment_ms;
	r->last_start_ms = m->last_start_ms;
	r->last_rotated_ms = m->last_rotated_ms;
	r->generation = m->generation;
	r->active_run = m->active_run;
	r->last_run = m->last_run;
	r->last_test_error = pb_str(m->last_test_error);
	r->external_metadata = tags_unpack(a, m->external_metadata, m->n_external_metadata);
	r->external_role_arn = pb_str(m->external_role_arn);
	r->run_when_value_arrives = m->run_when_value_arrives;
}

static Pawl__StagedVersion **
pack_staged(struct arena *a, const struct secret *s)
{
	Pawl__StagedVersion **v = arena_array(a, Pawl__StagedVersion *, s->staged_count);

	for (size_t i = 0; i < s->staged_count; i++) {
		const struct staged *from = &s->staged[i];

		v[i] = arena_new_of(a, Pawl__StagedVersion);
		pawl__staged_version__init(v[i]);
		v[i]->version_id = pb_bytes(from->version_id);
		v[i]->n_labels = from->n;
		v[i]->labels = arena_array(a, ProtobufCBinaryData, from->n);
		for (size_t k = 0; k < from->n; k++)
			v[i]->labels[k] = pb_bytes(from->labels[k]);
	}
	return v;
}

static void
unpack_staged(struct arena *a, const Pawl__Secret *m, struct secret *s)
{
	s->staged_count = m->n_staged;
	s->staged = arena_array(a, struct staged, m->n_staged);
	for (size_t i = 0; i < m->n_staged; i++) {
		struct staged *to = &s->staged[i];

		to->version_id = pb_str(m->staged[i]->version_id);
		to->n = m->staged[i]->n_labels;
		to->labels = arena_array(a, struct str, to->n);
		for (size_t k = 0; k < to->n; k++)
			to->labels[k] = pb_str(m->staged[i]->labels[k]);
	}
}

static Pawl__Replica **
pack_replicas(struct arena *a, const struct secret *s)
{
	Pawl__Replica **v = arena_array(a, Pawl__Replica *, s->replica_count);

	for (size_t i = 0; i < s->replica_count; i++) {
		v[i] = arena_new_of(a, Pawl__Replica);
		pawl__replica__init(v[i]);
		v[i]->region = pb_bytes(s->replicas[i].region);
		v[i]->kms_key_id = pb_bytes(s->replicas[i].kms_key_id);
		v[i]->status = pb_bytes(s->replicas[i].status);
		v[i]->status_message = pb_bytes(s->replicas[i].status_message);
	}
	return v;
}

static void
unpack_replicas(struct arena *a, const Pawl__Secret *m, struct secret *s)
{
	s->replica_count = m->n_replicas;
	s->replicas = arena_array(a, struct replica, m->n_replicas);
	for (size_t i = 0; i < m->n_replicas; i++) {
		s->replicas[i] = (struct replica){ pb_str(m->replicas[i]->region),
			pb_str(m->replicas[i]->kms_key_id), pb_str(m->replicas[i]->status),
			pb_str(m->replicas[i]->status_message) };
	}
}

struct str
secret_pack(struct arena *a, const struct secret *s)
{
	Pawl__Secret m = PAWL__SECRET__INIT;

	m.name = pb_bytes(s->name);
	m.arn = pb_bytes(s->arn);
	m.description = pb_bytes(s->description);
	m.kms_key_id = pb_bytes(s->kms_key_id);
	m.type = pb_bytes(s->type);
	m.created_ms = s->created_ms;
	m.changed_ms = s->changed_ms;
	m.value_ms = s->value_ms;
	m.accessed_day_ms = s->accessed_day_ms;
	m.deletion_ms = s->deletion_ms;
	m.n_tags = s->tags.n;
	m.tags = tags_pack(a, &s->tags);
	m.ever_tagged = s->ever_tagged;
	m.n_staged = s->staged_count;
	m.staged = pack_staged(a, s);
	m.version_count = s->version_count;
	if (s->rotation.is_configured)
		m.rotation = pack_rotation(a, &s->rotation);
	m.resource_policy = pb_bytes(s->resource_policy);
	m.primary_region = pb_bytes(s->primary_region);
	m.n_replicas = s->replica_count;
	m.replicas = pack_replicas(a, s);
	return record_pack(a, &m.base);
}

struct secret *
secret_unpack(struct arena *a, struct str plain)
{
	ProtobufCAllocator alloc = record_allocator(a);
	const Pawl__Secret *m = pawl__secret__unpack(&alloc, plain.n, (const uint8_t *)plain.p);
	struct secret *s;

	if (m == NULL)
		return NULL;
	s = arena_new_of(a, struct secret);
	s->name = pb_str(m->name);
	s->arn = pb_str(m->arn);
	s->description = pb_str(m->description);
	s->kms_key_id = pb_str(m->kms_key_id);
	s->type = pb_str(m->type);
	s->created_ms = m->created_ms;
	s->changed_ms = m->changed_ms;
	s->value_ms = m->value_ms;
	s->accessed_day_ms = m->accessed_day_ms;
	s->deletion_ms = s->stored_deletion_ms = m->deletion_ms;
	s->tags = tags_unpack(a, m->tags, m->n_tags);
	s->ever_tagged = m->ever_tagged;
	unpack_staged(a, m, s);
	s->version_count = m->version_count;
	if (m->rotation != NULL)
		unpack_rotation(a, m->rotation, &s->rotation);
	s->stored_moment_ms = s->rotation.moment_ms;
	s->resource_policy = pb_str(m->resource_policy);
	s->primary_region = pb_str(m->primary_region);
	unpack_replicas(a, m, s);
	return s;
}
