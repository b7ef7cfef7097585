/* SPDX-License-Identifier: Apache-2.0 */
/*
 * records.c - fuzz target of the record decoders of src/catalog. Input: a byte that chooses the
 * record, then its plaintext, as it would come out of a sealed record that a faulty or newer pawld
 * had written. Nothing may crash; what is accepted is stored again, read again and stored again,
 * and the second and third form are the same bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/json.h"
#include "catalog/access_key.h"
#include "catalog/function.h"
#include "catalog/keys.h"
#include "catalog/run.h"
#include "catalog/secret_record.h"
#include "catalog/session.h"
#include "catalog/stage.h"
#include "catalog/version.h"
#include "crypto/digest.h"
#include "store/records.pb-c.h"
#include "store/txn.h"

#define ACCOUNT STR_LIT("123456789012")
#define REGION STR_LIT("eu-west-1")
#define KEY_ID "AKIAIOSFODNN7EXAMPLE"

struct world {
	struct txn txn;
	struct catalog cat;
};
static struct keyring *keyring;		/* made once: its keys do not matter */
static struct engine *engine;		/* always empty: every input's changes are dropped */

/* Not assert(): the oracle must hold in every build. */
static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* A refusal is that of a damaged store, and says so to the operator alone. */
static bool
damaged(const struct err *e)
{
	must(e->code == ERR_CORRUPT && e->detail[0] != '\0');
	return false;
}

static void
store(struct world *w, struct str key, struct str plain)
{
	struct err e;

	must(record_put(&w->cat, key, plain, &e));
}

static struct str
stored(struct world *w, struct str key)
{
	struct str plain;
	struct err e;

	must(record_get(&w->cat, key, &plain, &e) && plain.p != NULL);
	return plain;
}

/* ---- secrets and what lies under them */

static struct secret
some_secret(void)
{
	return (struct secret){ .account = ACCOUNT, .region = REGION, .name = STR_LIT("n"),
		.arn = STR_LIT("arn:aws:secretsmanager:eu-west-1:123456789012:secret:n-AbCdEf") };
}

static void
try_secret(struct world *w, struct str plain)
{
	struct arena *a = w->cat.arena;
	struct secret *s = secret_unpack(a, plain), *again;
	struct str packed;
	size_t labels = 0;

	if (s == NULL)
		return;
	packed = secret_pack(a, s);
	again = secret_unpack(a, packed);
	must(again != NULL && str_eq(secret_pack(a, again), packed));
	must(again->staged_count == s->staged_count && again->tags.n == s->tags.n);
	for (size_t i = 0; i < s->staged_count; i++)
		labels += s->staged[i].n;
	must(labels <= plain.n);
	(void)stage_holder(s, STR_LIT("AWSCURRENT"));
}

static struct str
version_key(struct world *w, const struct secret *s, struct str version_id)
{
	struct str id = { (const char *)s->id, RECORD_ID_LEN }, parts[] = { id, version_id };
	char tail[RECORD_ID_LEN + INDEX_LEN];

	memcpy(tail, s->id, RECORD_ID_LEN);
	keyring_index(keyring, parts, 2, (uint8_t *)tail + RECORD_ID_LEN);
	return record_key(w->cat.arena, KIND_VERSION, ACCOUNT, REGION,
	    (struct str){ tail, sizeof(tail) });
}

static void
try_version(struct world *w, struct str plain)
{
	struct secret s = some_secret();
	struct version *v, **list;
	struct value value;
	struct str first;
	struct err e;
	size_t n;

	store(w, version_key(w, &s, STR_LIT("v")), plain);
	if (!version_find(&w->cat, &s, STR_LIT("v"), &v, &e)) {
		(void)damaged(&e);
		return;
	}
	v->version_id = STR_LIT("v");
	must(version_put(&w->cat, &s, v, &e));
	first = stored(w, version_key(w, &s, STR_LIT("v")));
	must(version_find(&w->cat, &s, STR_LIT("v"), &v, &e));
	must(version_put(&w->cat, &s, v, &e));
	must(str_eq(stored(w, version_key(w, &s, STR_LIT("v"))), first));
	must(version_list(&w->cat, &s, &list, &n, &e) && n == 1);
	must(!version_value(&w->cat, &s, v, &value, &e));	/* nobody but us seals */
}

static struct str
run_key(struct world *w, const struct secret *s, char kind, uint64_t sequence)
{
	AUTO_BUF b = BUF_INIT;

	buf_add(&b, s->id, RECORD_ID_LEN);
	buf_u64be(&b, sequence);
	if (kind == KIND_STEP)
		buf_u32be(&b, 0);
	return record_key(w->cat.arena, kind, ACCOUNT, REGION, buf_view(&b));
}

static void
try_run(struct world *w, struct str plain)
{
	struct secret s = some_secret();
	struct str first;
	struct run *r;
	struct err e;

	store(w, run_key(w, &s, KIND_RUN, 1), plain);
	if (!run_find(&w->cat, &s, 1, &r, &e)) {
		(void)damaged(&e);
		return;
	}
	must(run_state_names[r->state] != NULL && run_step_names[r->step] != NULL);
	r->sequence = 1;
	must(run_put(&w->cat, &s, r, &e));
	first = stored(w, run_key(w, &s, KIND_RUN, 1));
	must(run_find(&w->cat, &s, 1, &r, &e) && run_put(&w->cat, &s, r, &e));
	must(str_eq(stored(w, run_key(w, &s, KIND_RUN, 1)), first));
}

static void
try_step_log(struct world *w, struct str plain)
{
	struct secret s = some_secret();
	struct run r = { .sequence = 1, .log_count = 1 };
	struct step_log *l;
	struct str first;
	struct err e;

	store(w, run_key(w, &s, KIND_STEP, 1), plain);
	if (!step_log_get(&w->cat, &s, &r, 0, &l, &e)) {
		(void)damaged(&e);
		return;
	}
	must(run_step_names[l->step] != NULL);
	must(step_log_close(&w->cat, &s, &r, l, &e));
	first = stored(w, run_key(w, &s, KIND_STEP, 1));
	must(step_log_get(&w->cat, &s, &r, 0, &l, &e));
	must(step_log_close(&w->cat, &s, &r, l, &e));
	must(str_eq(stored(w, run_key(w, &s, KIND_STEP, 1)), first));
}

/* ---- functions, keys, tokens */

static void
try_function(struct world *w, struct str plain)
{
	struct str key = record_key(w->cat.arena, KIND_FUNCTION, ACCOUNT, REGION, STR_LIT("f"));
	struct function *f;
	struct str first;
	struct err e;

	store(w, key, plain);
	if (!function_find(&w->cat, ACCOUNT, REGION, STR_LIT("f"), &f, &e)) {
		(void)damaged(&e);
		return;
	}
	(void)function_admits_rotation(f, some_secret().arn, ACCOUNT);
	f->name = STR_LIT("f");
	f->version = 0;
	must(function_put(&w->cat, f, &e));
	first = stored(w, key);
	must(function_find(&w->cat, ACCOUNT, REGION, STR_LIT("f"), &f, &e) && f != NULL);
	must(function_put(&w->cat, f, &e));
	must(str_eq(stored(w, key), first));
}

/* Its secret is sealed once more inside, which no input will guess: what parses is given one. */
static struct str
with_secret(struct world *w, struct str plain)
{
	ProtobufCAllocator alloc = record_allocator(w->cat.arena);
	Pawl__AccessKey *m = pawl__access_key__unpack(&alloc, plain.n, (const uint8_t *)plain.p);
	AUTO_BUF sealed = BUF_INIT;
	struct err e;

	if (m == NULL)
		return plain;
	must(keyring_iam_seal(keyring, pb_str(m->account), pb_str(m->access_key_id),
	    pb_str(m->user_id), STR_LIT("secret"), &sealed, &e));
	m->sealed_secret = pb_bytes(buf_view(&sealed));
	return record_pack(w->cat.arena, &m->base);
}

static void
try_access_key(struct world *w, struct str plain)
{
	struct str key = record_key(w->cat.arena, KIND_ACCESS, STR_LIT(""), STR_LIT(""),
	    STR_LIT(KEY_ID));
	struct access_key *k;
	struct err e;

	store(w, key, plain);
	if (!access_key_find(&w->cat, STR_LIT(KEY_ID), &k, &e))
		must(e.code != ERR_NONE);
	store(w, key, with_secret(w, plain));
	if (!access_key_find(&w->cat, STR_LIT(KEY_ID), &k, &e)) {
		must(e.code != ERR_NONE);
		return;
	}
	must(str_is(k->secret, "secret"));
	k->access_key_id = STR_LIT(KEY_ID);
	must(access_key_put(&w->cat, k, &e));
	must(access_key_find(&w->cat, STR_LIT(KEY_ID), &k, &e) && str_is(k->secret, "secret"));
}

static void
try_cmk(struct world *w, struct str plain)
{
	struct secret s = some_secret();
	uint8_t backing[BACKING_ID_LEN];
	struct str arn;
	struct err e;

	store(w, record_key(w->cat.arena, KIND_CMK, ACCOUNT, REGION,
	    STR_LIT("alias/aws/secretsmanager")), plain);
	must(!cmk_for_secret(&w->cat, &s, &arn, backing, &e));	/* nobody but us seals */
	must(e.code != ERR_NONE);
	if (!cmk_load(&w->cat, some_secret().arn, plain, &e))
		must(e.code != ERR_NONE);
}

static struct str
token_of(struct world *w, struct str claims)
{
	AUTO_BUF blob = BUF_INIT, text = BUF_INIT;
	struct err e;

	must(keyring_token_seal(keyring, STR_LIT(KEY_ID), claims, &blob, &e));
	base64_add(&text, blob.p, blob.n);
	return arena_str(w->cat.arena, buf_view(&text));
}

static void
check_same(const struct session *x, const struct session *y)
{
	must(str_eq(x->account, y->account) && str_eq(x->user_id, y->user_id) &&
	    str_eq(x->role_name, y->role_name) && str_eq(x->session_name, y->session_name) &&
	    str_eq(x->function_arn, y->function_arn) && x->issued_ms == y->issued_ms &&
	    x->expires_ms == y->expires_ms && x->secret_arn_count == y->secret_arn_count &&
	    x->readable_arn_count == y->readable_arn_count);
	for (size_t i = 0; i < x->secret_arn_count; i++)
		must(str_eq(x->secret_arns[i], y->secret_arns[i]));
	for (size_t i = 0; i < x->readable_arn_count; i++)
		must(str_eq(x->readable_arns[i], y->readable_arns[i]));
}

static void
try_token(struct world *w, struct str plain)
{
	struct arena *a = w->cat.arena;
	struct session_credentials made;
	struct session s, again;
	struct str secret;
	struct err e;

	/* as it comes from the wire */
	must(!session_open(keyring, a, STR_LIT(KEY_ID), plain, &s, &secret, &e));
	must(e.code == ERR_UNRECOGNIZED_CLIENT);
	if (!session_open(keyring, a, STR_LIT(KEY_ID), token_of(w, plain), &s, &secret, &e)) {
		must(e.code == ERR_UNRECOGNIZED_CLIENT);
		return;
	}
	must(secret.n == 40);
	must(session_issue(keyring, a, &s, &made, &e));
	if (!session_open(keyring, a, made.access_key_id, made.session_token, &again, &secret, &e))
		return;		/* written out in full it may pass a token's longest form */
	must(str_eq(secret, made.secret_access_key));
	check_same(&s, &again);
}

/* ---- one input */

static void
begin(struct world *w, struct arena *a)
{
	struct engine_txn *under;
	struct err e;

	under = engine_mem.begin(engine, true, &e);
	must(under != NULL);
	overlay_init(&w->txn.over, &engine_mem, under);
	w->txn.is_update = true;
	w->cat = (struct catalog){ .txn = &w->txn, .keys = keyring, .arena = a,
		.now_ms = INT64_C(1772446500000) };
}

static void
drop(struct world *w)
{
	engine_mem.abort(w->txn.over.under);
	overlay_done(&w->txn.over);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct store_config none = { .engine = "mem" };
	AUTO(secbuf) *unlock = secbuf_new(32);
	AUTO(arena) *a = arena_new();
	struct key_records records;
	struct err e;

	(void)argc, (void)argv;
	json_setup();
	must(crypto_setup(&e));
	keyring = keyring_create(a, unlock, &records, &e);
	engine = engine_mem.open(&none, &e);
	must(keyring != NULL && engine != NULL);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(struct world *w, struct str plain) = { try_secret, try_version,
		try_run, try_step_log, try_function, try_access_key, try_cmk, try_token };
	AUTO(arena) *a = arena_new();
	struct world w = { 0 };

	if (size == 0)
		return 0;
	begin(&w, a);
	tries[data[0] % (sizeof(tries) / sizeof(tries[0]))](&w,
	    (struct str){ (const char *)data + 1, size - 1 });
	drop(&w);
	return 0;
}
