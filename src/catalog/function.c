/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/function.h"

#include "base/codec.h"
#include "catalog/secret_record.h"
#include "store/records.pb-c.h"

bool
function_ref_parse(struct str text, struct str account, struct str region,
    struct function_ref *out)
{
	struct str f[8], rest = text;
	size_t n = 0;

	while (n < 8 && str_split(&rest, ':', &f[n]))
		n++;
	if (rest.p != NULL)
		return false;
	*out = (struct function_ref){ .account = account, .region = region };
	if (n <= 2) {				/* name[:qualifier] */
		out->name = f[0];
		out->qualifier = n == 2 ? f[1] : STR_NULL;
	} else if ((n == 3 || n == 4) && str_is(f[1], "function")) {	/* account:function:name */
		out->account = f[0];
		out->name = f[2];
		out->qualifier = n == 4 ? f[3] : STR_NULL;
	} else if (n >= 7 && str_is(f[0], "arn") && str_starts(f[1], "aws") &&
	    str_is(f[2], "lambda") && str_is(f[5], "function")) {
		out->region = f[3];
		out->account = f[4];
		out->name = f[6];
		out->qualifier = n == 8 ? f[7] : STR_NULL;
	} else {
		return false;
	}
	return out->name.n > 0;
}

struct str
function_arn(struct arena *a, struct str account, struct str region, struct str name)
{
	return str_of(arena_printf(a, "arn:%s:lambda:" STR_FMT ":" STR_FMT ":function:" STR_FMT,
	    partition_of(region), STR_ARG(region), STR_ARG(account), STR_ARG(name)));
}

char *
function_code_path(struct arena *a, const char *data, const uint8_t sha256[32])
{
	char hex[65] = "";

	hex_encode(sha256, 32, hex);
	return arena_printf(a, "%s/functions/%s.zip", data, hex);
}

/* "name", or "name:0000000012": published versions lie behind their function, by number. */
static struct str
key_of(struct arena *a, struct str account, struct str region, struct str name, int64_t version)
{
	struct str id = version == 0 ? name : str_of(arena_printf(a, STR_FMT ":%010lld",
	    STR_ARG(name), (long long)version));

	return record_key(a, KIND_FUNCTION, account, region, id);
}

static bool
is_key_of_version(struct str key, struct str prefix)
{
	return memchr(key.p + prefix.n, ':', key.n - prefix.n) != NULL;
}

static void
unpack_permissions(struct arena *a, const Pawl__Function *m, struct function *f)
{
	f->permission_count = m->n_permissions;
	f->permissions = arena_array(a, struct permission, m->n_permissions);
	for (size_t i = 0; i < m->n_permissions; i++) {
		const Pawl__Permission *p = m->permissions[i];

		f->permissions[i] = (struct permission){ pb_str(p->statement_id),
			pb_str(p->statement), pb_str(p->principal), pb_str(p->action),
			pb_str(p->source_arn), pb_str(p->source_account),
			p->has_other_condition };
	}
}

static struct function *
unpack(struct arena *a, struct str plain)
{
	ProtobufCAllocator alloc = record_allocator(a);
	const Pawl__Function *m = pawl__function__unpack(&alloc, plain.n,
	    (const uint8_t *)plain.p);
	struct function *f;

	if (m == NULL || m->code_sha256.len != 32)
		return NULL;
	f = arena_new_of(a, struct function);
	*f = (struct function){ .name = pb_str(m->name), .arn = pb_str(m->arn),
		.role = pb_str(m->role), .runtime = pb_str(m->runtime),
		.handler = pb_str(m->handler), .description = pb_str(m->description),
		.timeout_s = m->timeout_s, .memory_mb = m->memory_mb,
		.ephemeral_mb = m->ephemeral_mb,
		.environment = tags_unpack(a, m->environment, m->n_environment),
		.has_environment = m->has_environment, .tags = tags_unpack(a, m->tags, m->n_tags),
		.code_size = m->code_size, .modified_ms = m->modified_ms,
		.next_version = m->next_version, .version = m->version,
		.published_revision = pb_str(m->published_revision),
		.revision_id = pb_str(m->revision_id),
		.policy_revision_id = pb_str(m->policy_revision_id),
		.reserved_concurrency = m->reserved_concurrency,
		.tracing_mode = pb_str(m->tracing_mode) };
	memcpy(f->code_sha256, m->code_sha256.data, 32);
	unpack_permissions(a, m, f);
	f->architecture_count = m->n_architectures;
	f->architectures = arena_array(a, struct str, m->n_architectures);
	for (size_t i = 0; i < m->n_architectures; i++)
		f->architectures[i] = pb_str(m->architectures[i]);
	return f;
}

static void
pack_permissions(struct arena *a, const struct function *f, Pawl__Function *m)
{
	m->n_permissions = f->permission_count;
	m->permissions = arena_array(a, Pawl__Permission *, f->permission_count);
	for (size_t i = 0; i < f->permission_count; i++) {
		const struct permission *from = &f->permissions[i];
		Pawl__Permission *p = arena_new_of(a, Pawl__Permission);

		pawl__permission__init(p);
		p->statement_id = pb_bytes(from->statement_id);
		p->statement = pb_bytes(from->statement);
		p->principal = pb_bytes(from->principal);
		p->action = pb_bytes(from->action);
		p->source_arn = pb_bytes(from->source_arn);
		p->source_account = pb_bytes(from->source_account);
		p->has_other_condition = from->has_other_condition;
		m->permissions[i] = p;
	}
}

bool
function_put(struct catalog *c, const struct function *f, struct err *e)
{
	Pawl__Function m = PAWL__FUNCTION__INIT;

	m.name = pb_bytes(f->name);
	m.arn = pb_bytes(f->arn);
	m.role = pb_bytes(f->role);
	m.runtime = pb_bytes(f->runtime);
	m.handler = pb_bytes(f->handler);
	m.description = pb_bytes(f->description);
	m.timeout_s = f->timeout_s;
	m.memory_mb = f->memory_mb;
	m.ephemeral_mb = f->ephemeral_mb;
	m.n_environment = f->environment.n;
	m.environment = tags_pack(c->arena, &f->environment);
	m.has_environment = f->has_environment;
	m.n_tags = f->tags.n;
	m.tags = tags_pack(c->arena, &f->tags);
	m.code_sha256 = pb_bytes((struct str){ (const char *)f->code_sha256, 32 });
	m.code_size = f->code_size;
	m.modified_ms = f->modified_ms;
	m.next_version = f->next_version;
	m.version = f->version;
	m.published_revision = pb_bytes(f->published_revision);
	m.revision_id = pb_bytes(f->revision_id);
	m.policy_revision_id = pb_bytes(f->policy_revision_id);
	pack_permissions(c->arena, f, &m);
	m.reserved_concurrency = f->reserved_concurrency;
	m.n_architectures = f->architecture_count;
	m.architectures = arena_array(c->arena, ProtobufCBinaryData, f->architecture_count);
	for (size_t i = 0; i < f->architecture_count; i++)
		m.architectures[i] = pb_bytes(f->architectures[i]);
	m.tracing_mode = pb_bytes(f->tracing_mode);
	return record_put(c, key_of(c->arena, f->account, f->region, f->name, f->version),
	    record_pack(c->arena, &m.base), e);
}

bool
function_remove(struct catalog *c, const struct function *f, struct err *e)
{
	return txn_del(c->txn, key_of(c->arena, f->account, f->region, f->name, f->version), e);
}

/* "pawl-rotate-ENGINE-STRATEGY" for the engines and strategies that exist (5.9). */
static struct function *
builtin(struct catalog *c, struct str account, struct str region, struct str name)
{
	static const struct { const char *engine, *executable, *strategies; } known[] = {
		{ "postgres", "postgres", "single admin multi" },
		{ "mysql", "mysql", "single admin multi" },
		{ "mariadb", "mysql", "single admin multi" },
		{ "redis", "redis", "single admin multi" },
		{ "generic", "generic", "single" },
	};
	struct str rest = str_skip(name, sizeof(FUNCTION_BUILTIN_PREFIX) - 1), engine;
	struct function *f = NULL;

	if (!str_split(&rest, '-', &engine) || rest.p == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct str list = str_of(known[i].strategies), s;

		while (str_is(engine, known[i].engine) && str_split(&list, ' ', &s)) {
			if (!str_eq(s, rest))
				continue;
			f = arena_new_of(c->arena, struct function);
			f->builtin = str_of(known[i].executable);
		}
	}
	if (f == NULL)
		return NULL;
	f->name = arena_str(c->arena, name);
	f->arn = function_arn(c->arena, account, region, name);
	f->role = str_of(arena_printf(c->arena, "arn:aws:iam::" STR_FMT ":role/pawl-rotator",
	    STR_ARG(account)));
	f->runtime = STR_LIT("provided.al2023");
	f->handler = STR_LIT("builtin");
	f->description = STR_LIT("pawl's own rotation function");
	f->timeout_s = 60;
	f->memory_mb = 128;
	f->ephemeral_mb = 512;
	f->reserved_concurrency = -1;
	f->revision_id = STR_LIT("00000000-0000-4000-8000-000000000000");
	f->tracing_mode = STR_LIT("PassThrough");
	return f;
}

static bool
open_record(struct catalog *c, struct str plain, struct str account, struct str region,
    struct function **out, struct err *e)
{
	struct function *f = unpack(c->arena, plain);

	if (f == NULL)
		return err_corrupt(e, "a function's record does not parse");
	f->account = arena_str(c->arena, account);
	f->region = arena_str(c->arena, region);
	*out = f;
	return true;
}

static bool
find_version(struct catalog *c, struct str account, struct str region, struct str name,
    int64_t version, struct function **out, struct err *e)
{
	struct str plain;

	if (!record_get(c, key_of(c->arena, account, region, name, version), &plain, e))
		return false;
	return plain.p == NULL || open_record(c, plain, account, region, out, e);
}

bool
function_find(struct catalog *c, struct str account, struct str region, struct str name,
    struct function **out, struct err *e)
{
	*out = NULL;
	if (name.n == 0 || name.n > 140)
		return true;
	if (!str_starts(name, FUNCTION_BUILTIN_PREFIX))
		return find_version(c, account, region, name, 0, out, e);
	*out = builtin(c, account, region, name);
	if (*out != NULL) {
		(*out)->account = arena_str(c->arena, account);
		(*out)->region = arena_str(c->arena, region);
	}
	return true;
}

bool
function_resolve(struct catalog *c, const struct function_ref *ref, struct function **out,
    struct err *e)
{
	struct function *latest;
	unsigned long long n;

	if (!function_find(c, ref->account, ref->region, ref->name, &latest, e))
		return false;
	*out = latest;
	if (latest == NULL || ref->qualifier.p == NULL || str_is(ref->qualifier, "$LATEST"))
		return true;
	*out = NULL;
	if (latest->builtin.p != NULL || str_starts(ref->qualifier, "0") ||
	    !str_to_u64(ref->qualifier, 9999999999ULL, &n))
		return true;
	if (!find_version(c, ref->account, ref->region, ref->name, (int64_t)n, out, e))
		return false;
	if (*out != NULL)	/* concurrency is reserved for all versions together */
		(*out)->reserved_concurrency = latest->reserved_concurrency;
	return true;
}

struct listing_of {
	struct str account, region, prefix, after;
	bool versions;			/* those, or the functions themselves */
	size_t max;
};

static bool
list(struct catalog *c, const struct listing_of *l, struct function ***out, size_t *n,
    struct err *e)
{
	struct function **found = arena_array(c->arena, struct function *, l->max);
	struct str key, stored, plain;
	AUTO(scan) *s = scan_open(c->txn, l->prefix, l->after, e);

	*n = 0;
	*out = found;
	if (s == NULL)
		return false;
	err_clear(e);
	while (*n < l->max && scan_next(s, &key, &stored, e)) {
		if (!l->versions && is_key_of_version(key, l->prefix))
			continue;
		if (!record_open(c, key, stored, &plain, e) ||
		    !open_record(c, plain, l->account, l->region, &found[*n], e))
			return false;
		(*n)++;
	}
	return e->code == ERR_NONE;
}

bool
function_list(struct catalog *c, struct str account, struct str region, struct str after,
    size_t max, struct function ***out, size_t *n, struct err *e)
{
	struct listing_of l = { .account = account, .region = region, .max = max,
		.prefix = record_prefix(c->arena, KIND_FUNCTION, account, region),
		.after = after.p == NULL ? STR_NULL : key_of(c->arena, account, region, after, 0) };

	return list(c, &l, out, n, e);
}

bool
function_versions(struct catalog *c, const struct function *f, int64_t after, size_t max,
    struct function ***out, size_t *n, struct err *e)
{
	struct str id = str_of(arena_printf(c->arena, STR_FMT ":", STR_ARG(f->name)));
	struct listing_of l = { .account = f->account, .region = f->region, .max = max,
		.prefix = record_key(c->arena, KIND_FUNCTION, f->account, f->region, id),
		.after = after == 0 ? STR_NULL :
		key_of(c->arena, f->account, f->region, f->name, after), .versions = true };

	return list(c, &l, out, n, e);
}

bool
function_admits_rotation(const struct function *f, struct str secret_arn, struct str account)
{
	if (f->builtin.p != NULL)
		return true;
	for (size_t i = 0; i < f->permission_count; i++) {
		const struct permission *p = &f->permissions[i];

		if (!str_is(p->principal, "secretsmanager.amazonaws.com") &&
		    !str_is(p->principal, "*"))
			continue;
		if (!str_is(p->action, "lambda:InvokeFunction") && !str_is(p->action, "lambda:*") &&
		    !str_is(p->action, "*"))
			continue;
		if (p->has_other_condition)
			continue;
		if (p->source_account.n > 0 && !str_eq(p->source_account, account))
			continue;
		if (p->source_arn.n > 0 && !str_glob(p->source_arn, secret_arn))
			continue;
		return true;
	}
	return false;
}
