/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets: names, ARNs, what a SecretId means (spec/api.md 3.1, 3.2), storing and removing. */
#include "catalog_fixture.h"

#define ARN(name) "arn:aws:secretsmanager:eu-west-1:123456789012:secret:" name

static const char *
repeat(char c, size_t n)
{
	static char text[600];

	memset(text, c, n);
	text[n] = '\0';
	return text;
}

TEST("a name has 1 to 512 letters, digits and -/_+=.@!")
{
	static const char *const good[] = { "a", "A9-/_+=.@!", "/", "prod/db-a1b2c3" };
	static const char *const bad[] = { "", "a b", "a:b", "a*b", "a\nb", "caf\xc3\xa9", "a,b",
		"a~b", "a$b", "a#b" };
	struct err e;

	for (size_t i = 0; i < COUNT(good); i++)
		CHECK_OK(secret_name_check(str_of(good[i]), &e), &e);
	CHECK_OK(secret_name_check(str_of(repeat('n', 512)), &e), &e);
	for (size_t i = 0; i < COUNT(bad); i++)
		CHECK_ERR(secret_name_check(str_of(bad[i]), &e), &e, ERR_VALIDATION);
	CHECK_ERR(secret_name_check(str_of(repeat('n', 513)), &e), &e, ERR_VALIDATION);
	CHECK_ERR(secret_name_check((struct str){ "a\0b", 3 }, &e), &e, ERR_VALIDATION);
}

TEST("regions look like regions")
{
	static const char *const good[] = { "eu-west-1", "us-gov-east-1", "xx-test-12", "a-1" };
	static const char *const bad[] = { "", "1", "eu", "eu-", "eu-west", "eu-west-1a", "-1", "EU-1",
		"eu--1", "eu-west-", "eu-west-1-" };

	for (size_t i = 0; i < COUNT(good); i++) {
		if (!region_is_valid(str_of(good[i])))
			fail_msg("'%s' was refused", good[i]);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (region_is_valid(str_of(bad[i])))
			fail_msg("'%s' was accepted", bad[i]);
	}
}

TEST("the partition follows from the region")
{
	assert_string_equal(partition_of(STR_LIT("eu-west-1")), "aws");
	assert_string_equal(partition_of(STR_LIT("cn-north-1")), "aws-cn");
	assert_string_equal(partition_of(STR_LIT("us-gov-west-1")), "aws-us-gov");
}

TEST("a SecretId is a name, a full ARN or an ARN without its suffix; others are refused")
{
	/* name and arn as they will be looked up; arn NULL: any ARN of that name */
	static const struct { const char *id, *name, *arn; enum err_code refused; } rows[] = {
		{ "db", "db", NULL, 0 },
		{ "prod/db-a1b2c3", "prod/db-a1b2c3", NULL, 0 },	/* a name may end like an ARN */
		{ ARN("db-a1b2c3"), "db", ARN("db-a1b2c3"), 0 },
		{ ARN("db"), "db", NULL, 0 },
		{ ARN("db-a1b2c3-a1b2c3"), "db-a1b2c3", ARN("db-a1b2c3-a1b2c3"), 0 },
		{ ARN("db-a1b2c"), "db-a1b2c", NULL, 0 },		/* five: no suffix */
		{ ARN("db-a1b2c_"), "db-a1b2c_", NULL, 0 },
		{ ARN("-a1b2c3"), "-a1b2c3", NULL, 0 },			/* nothing before it */
		{ "arn:aws:secretsmanager:eu-west-1:210987654321:secret:db", "db", NULL, 0 },
		{ "arn:aws:secretsmanager:us-east-1:123456789012:secret:db", 0, 0, ERR_NOT_FOUND },
		{ "arn:aws-cn:secretsmanager:eu-west-1:123456789012:secret:db", 0, 0, ERR_NOT_FOUND },
		{ "arn:aws:lambda:eu-west-1:123456789012:secret:db", 0, 0, ERR_VALIDATION },
		{ "arn:aws:secretsmanager:eu-west-1:123456789012:function:db", 0, 0, ERR_VALIDATION },
		{ "arn:aws:secretsmanager:eu-west-1:12345678901:secret:db", 0, 0, ERR_VALIDATION },
		{ "arn:aws:secretsmanager:eu-west-1:12345678901x:secret:db", 0, 0, ERR_VALIDATION },
		{ "arn:aws:secretsmanager:eu-west-1:123456789012:secret", 0, 0, ERR_VALIDATION },
		{ ARN(""), 0, 0, ERR_VALIDATION },
		{ ARN("d:b"), 0, 0, ERR_VALIDATION },
		{ "arn:", 0, 0, ERR_VALIDATION },
		{ "arn:::::secret:db", 0, 0, ERR_VALIDATION },
		{ "a b", 0, 0, ERR_VALIDATION },
		{ "", 0, 0, ERR_VALIDATION },
	};
	struct secret_ref ref;
	struct err e;

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].refused != 0) {
			CHECK_ERR(secret_ref_parse(str_of(rows[i].id), ACCOUNT, REGION, &ref, &e), &e,
			    rows[i].refused);
			continue;
		}
		CHECK_OK(secret_ref_parse(str_of(rows[i].id), ACCOUNT, REGION, &ref, &e), &e);
		CHECK_STR(ref.name, rows[i].name);
		assert_true(str_eq(ref.arn, str_of(rows[i].arn)));
		CHECK_STR(ref.region, "eu-west-1");
	}
}

TEST("an ARN's account is the one that is asked, a name's is the caller's")
{
	struct secret_ref ref;
	struct err e;

	CHECK_OK(secret_ref_parse(STR_LIT("arn:aws:secretsmanager:eu-west-1:210987654321:secret:db"),
	    ACCOUNT, REGION, &ref, &e), &e);
	CHECK_STR(ref.account, "210987654321");
	CHECK_OK(secret_ref_parse(STR_LIT("db"), ACCOUNT, REGION, &ref, &e), &e);
	CHECK_STR(ref.account, "123456789012");
}

/* ---- storing */

static struct secret *
find_as(struct world *w, struct str secret_id)
{
	struct secret_ref ref;
	struct secret *s;
	struct err e;

	CHECK_OK(secret_ref_parse(secret_id, ACCOUNT, REGION, &ref, &e), &e);
	CHECK_OK(secret_find(&w->cat, &ref, &s, &e), &e);
	return s;
}

TEST("a secret is found by name, by its ARN and by an ARN without suffix, never by another's")
{
	struct world w;
	struct secret *s;
	char wrong[128];

	world_open(&w);
	s = world_secret(&w, "prod/db");
	world_commit(&w);
	assert_int_equal(s->arn.n, strlen(ARN("prod/db-a1b2c3")));
	CHECK_STR(find_as(&w, STR_LIT("prod/db"))->arn, arena_strz(w.arena, s->arn));
	CHECK_STR(find_as(&w, s->arn)->name, "prod/db");
	CHECK_STR(find_as(&w, STR_LIT(ARN("prod/db")))->name, "prod/db");
	snprintf(wrong, sizeof(wrong), STR_FMT, STR_ARG(s->arn));
	wrong[s->arn.n - 1] = wrong[s->arn.n - 1] == 'a' ? 'b' : 'a';
	assert_null(find_as(&w, str_of(wrong)));
	assert_null(find_as(&w, STR_LIT("prod")));
	assert_null(find_as(&w, STR_LIT("PROD/db")));
	world_close(&w);
}

TEST("no look-up crosses accounts or regions")
{
	static const struct { const char *account, *region; } rows[] = {
		{ "210987654321", "eu-west-1" }, { "123456789012", "eu-west-2" } };
	struct world w;
	struct secret *s, *found;
	struct err e;

	world_open(&w);
	s = world_secret(&w, "db");
	for (size_t i = 0; i < COUNT(rows); i++) {
		CHECK_OK(secret_find_name(&w.cat, str_of(rows[i].account), str_of(rows[i].region),
		    STR_LIT("db"), &found, &e), &e);
		assert_null(found);
		CHECK_OK(secret_find_id(&w.cat, str_of(rows[i].account), str_of(rows[i].region), s->id,
		    &found, &e), &e);
		assert_null(found);
	}
	world_close(&w);
}

/* Every member that has a stored form, set to something. */
static void
furnish(struct world *w, struct secret *s)
{
	static struct tag tags[] = { { { "k", 1 }, { "v", 1 } }, { { "empty", 5 }, { "", 0 } } };
	static struct replica replicas[] = { { { "us-east-1", 9 }, { "", 0 }, { "InSync", 6 },
	    { "", 0 } } };
	struct rotation_config *r = &s->rotation;

	s->description = STR_LIT("what it is for");
	s->kms_key_id = STR_LIT("alias/aws/secretsmanager");
	s->type = STR_LIT("Other");
	s->resource_policy = STR_LIT("{}");
	s->changed_ms = 11;
	s->value_ms = 12;
	s->accessed_day_ms = 13;
	s->tags = (struct tags){ tags, 2 };
	s->ever_tagged = true;
	s->replicas = replicas;
	s->replica_count = 1;
	stage_promote(w->arena, s, STR_LIT("v1"));
	*r = (struct rotation_config){ .is_configured = true, .is_enabled = true,
		.lambda_arn = STR_LIT("arn:f"), .has_rules = true, .automatically_after_days = 3,
		.schedule_expression = STR_LIT("rate(3 days)"), .duration = STR_LIT("2h"),
		.changed_ms = 21, .base_ms = 22, .anchor_ms = 23, .consumed_ms = 24,
		.after_failure = true, .window_start_ms = 25, .window_end_ms = 26, .moment_ms = 27,
		.last_start_ms = 28, .last_rotated_ms = 29, .generation = 30, .active_run = 31,
		.last_run = 32, .last_test_error = STR_LIT("no"), .external_role_arn = STR_LIT("arn:r"),
		.external_metadata = { tags, 1 }, .run_when_value_arrives = true };
}

TEST("all that is known of a secret comes back from the store")
{
	struct world w;
	struct secret *s, *f;
	struct rotation_config *r;

	world_open(&w);
	s = world_secret(&w, "db");
	furnish(&w, s);
	world_put(&w, s);
	world_commit(&w);
	f = world_find(&w, "db");
	r = &f->rotation;
	CHECK_STR(f->description, "what it is for");
	CHECK_STR(f->kms_key_id, "alias/aws/secretsmanager");
	CHECK_STR(f->type, "Other");
	CHECK_STR(f->resource_policy, "{}");
	assert_true(f->created_ms == w.cat.now_ms && f->changed_ms == 11 && f->value_ms == 12 &&
	    f->accessed_day_ms == 13 && f->ever_tagged && f->tags.n == 2 && f->replica_count == 1);
	CHECK_STR(f->tags.v[1].key, "empty");
	CHECK_STR(f->tags.v[1].value, "");
	CHECK_STR(f->replicas[0].status, "InSync");
	CHECK_LABELS(&w, f, "v1:AWSCURRENT");
	assert_true(r->is_configured && r->is_enabled && r->has_rules && r->after_failure &&
	    r->run_when_value_arrives && r->automatically_after_days == 3);
	assert_true(r->changed_ms == 21 && r->base_ms == 22 && r->anchor_ms == 23 &&
	    r->consumed_ms == 24 && r->window_start_ms == 25 && r->window_end_ms == 26 &&
	    r->moment_ms == 27 && r->last_start_ms == 28 && r->last_rotated_ms == 29 &&
	    r->generation == 30 && r->active_run == 31 && r->last_run == 32);
	CHECK_STR(r->lambda_arn, "arn:f");
	CHECK_STR(r->schedule_expression, "rate(3 days)");
	CHECK_STR(r->duration, "2h");
	CHECK_STR(r->last_test_error, "no");
	CHECK_STR(r->external_role_arn, "arn:r");
	CHECK_STR(r->external_metadata.v[0].key, "k");
	world_close(&w);
}

TEST("a secret past its deletion time does not exist, and one before it does")
{
	struct world w;
	struct secret *s;

	world_open(&w);
	s = world_secret(&w, "db");
	s->deletion_ms = w.cat.now_ms + 7 * DAY_MS;
	world_put(&w, s);
	world_commit(&w);
	world_advance(&w, 7 * DAY_MS - 1);
	assert_true(secret_is_scheduled(world_find(&w, "db")));
	world_advance(&w, 1);
	assert_null(world_find(&w, "db"));
	world_close(&w);
}

TEST("LastChangedDate never goes back, even when the clock does")
{
	struct secret s = { .changed_ms = 100 };

	secret_touch(&s, 99);
	assert_int_equal(s.changed_ms, 100);
	secret_touch(&s, 101);
	assert_int_equal(s.changed_ms, 101);
}

/* ---- removing */

static size_t
count_keys(struct world *w)
{
	AUTO(scan) *scan = NULL;
	struct str key, value;
	struct err e;
	size_t n = 0;

	scan = scan_open(w->cat.txn, STR_LIT(""), STR_NULL, &e);
	CHECK_OK(scan != NULL, &e);
	while (scan_next(scan, &key, &value, &e))
		n++;
	return n;
}

TEST("removing a secret leaves none of its records behind and all of another's")
{
	struct step_log log = { .step = STEP_CREATE, .outcome = STR_LIT("ok") };
	struct world w;
	struct secret *s;
	struct run *run;
	struct err e;
	size_t before;

	world_open(&w);
	s = world_secret(&w, "other");
	world_version(&w, s, "v1", "kept");
	world_put(&w, s);
	before = count_keys(&w);
	s = world_secret(&w, "db");
	world_version(&w, s, "v1", "1");
	world_version(&w, s, "v2", NULL);
	run = run_new(&w.cat, s, RUN_ROTATE, STR_LIT("v2"), "api");
	CHECK_OK(step_log_add(&w.cat, s, run, &log, &e) && run_put(&w.cat, s, run, &e), &e);
	s->deletion_ms = w.cat.now_ms + DAY_MS;
	s->rotation.is_configured = true;
	s->rotation.moment_ms = w.cat.now_ms + HOUR_MS;
	world_put(&w, s);
	world_commit(&w);
	assert_true(count_keys(&w) >= before + 8);
	s = world_find(&w, "db");
	CHECK_OK(secret_remove(&w.cat, s, &e), &e);
	world_commit(&w);
	assert_int_equal(count_keys(&w), before);
	assert_null(world_find(&w, "db"));
	assert_non_null(world_find(&w, "other"));
	world_close(&w);
}

TEST("a name is free again once its secret is removed, and its ARN is another")
{
	struct world w;
	struct secret *s;
	struct str first;
	struct err e;

	world_open(&w);
	s = world_secret(&w, "db");
	first = s->arn;
	CHECK_OK(secret_remove(&w.cat, s, &e), &e);
	s = world_secret(&w, "db");
	assert_false(str_eq(first, s->arn));
	CHECK_STR(world_find(&w, "db")->arn, arena_strz(w.arena, s->arn));
	world_close(&w);
}

TEST("a record that was tampered with is refused, not believed")
{
	struct world w;
	struct secret *s;
	struct str key, stored;
	struct err e;
	char *copy;

	world_open(&w);
	s = world_secret(&w, "db");
	key = record_key(w.arena, KIND_SECRET, ACCOUNT, REGION,
	    (struct str){ (const char *)s->id, RECORD_ID_LEN });
	CHECK_OK(txn_get(w.cat.txn, key, &stored, &e), &e);
	copy = arena_strz(w.arena, stored);
	copy[stored.n / 2] ^= 1;
	CHECK_OK(txn_put(w.cat.txn, key, (struct str){ copy, stored.n }, &e), &e);
	assert_false(secret_find_name(&w.cat, ACCOUNT, REGION, STR_LIT("db"), &s, &e));
	assert_string_equal(err_type(e.code), "InternalServiceError");
	CHECK_OK(txn_put(w.cat.txn, key, STR_LIT("short"), &e), &e);
	CHECK_ERR(secret_find_name(&w.cat, ACCOUNT, REGION, STR_LIT("db"), &s, &e), &e, ERR_CORRUPT);
	world_close(&w);
}
