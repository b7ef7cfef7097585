/* SPDX-License-Identifier: Apache-2.0 */
/* Rates (spec/security.md 7.4) on a clock that only the test moves. */
#include "front/throttle.h"

#include <pthread.h>
#include <stdio.h>

#include "api/secretsmanager/table.h"
#include "test.h"

#define ACCOUNT STR_LIT("123456789012")
#define OTHER_ACCOUNT STR_LIT("210987654321")
#define REGION STR_LIT("eu-west-1")
#define OTHER_REGION STR_LIT("eu-west-2")
#define START 1000000

static const struct throttle_rate five[] = {
	{ "GetSecretValue", "read", 5 },
	{ "DescribeSecret", "read", 5 },
	{ "ListSecrets", "list", 1 },
	{ NULL, NULL, 0 }
};

static bool
take(struct throttle *t, struct str account, struct str region, const char *operation, int64_t ms)
{
	struct err e;

	return throttle_take(t, account, region, str_of(operation), ms, &e);
}

/* How many of `tries` get through at one instant. */
static int
burst(struct throttle *t, const char *operation, int64_t ms, int tries)
{
	int n = 0;

	while (tries-- > 0)
		n += take(t, ACCOUNT, REGION, operation, ms);
	return n;
}

TEST("a bucket holds one second's worth, and the next request is refused in AWS's words")
{
	struct throttle *t = throttle_new(five);
	struct err e;

	assert_int_equal(burst(t, "GetSecretValue", START, 5), 5);
	CHECK_ERR(throttle_take(t, ACCOUNT, REGION, STR_LIT("GetSecretValue"), START, &e), &e,
	    ERR_THROTTLING);
	assert_string_equal(e.msg, "Rate exceeded");
	assert_int_equal(err_status(e.code), 400);
	throttle_free(t);
}

TEST("tokens come back evenly, and never more than a bucket holds")
{
	static const struct { int64_t after_ms; int pass; } rows[] = {
		{ 0, 0 }, { 199, 0 }, { 200, 1 }, { 399, 1 }, { 400, 2 }, { 999, 4 }, { 1000, 5 },
		{ 3600000, 5 }, { INT64_MAX - START, 5 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct throttle *t = throttle_new(five);

		assert_int_equal(burst(t, "GetSecretValue", START, 100), 5);
		assert_int_equal(burst(t, "GetSecretValue", START + rows[i].after_ms, 100),
		    rows[i].pass);
		throttle_free(t);
	}
}

TEST("many small steps of time give as much as one large one")
{
	struct throttle *t = throttle_new(five);
	int n = 0;

	assert_int_equal(burst(t, "GetSecretValue", START, 100), 5);
	for (int64_t ms = 1; ms <= 10000; ms++)
		n += take(t, ACCOUNT, REGION, "GetSecretValue", START + ms);
	assert_int_equal(n, 50);
	throttle_free(t);
}

TEST("a clock that goes back neither gives nor takes")
{
	struct throttle *t = throttle_new(five);

	assert_int_equal(burst(t, "GetSecretValue", START, 3), 3);
	assert_int_equal(burst(t, "GetSecretValue", START - 60000, 100), 2);
	assert_int_equal(burst(t, "GetSecretValue", START, 100), 0);
	assert_int_equal(burst(t, "GetSecretValue", START + 200, 100), 1);
	throttle_free(t);
}

TEST("operations of one class share a bucket; classes, accounts and regions do not")
{
	struct throttle *t = throttle_new(five);

	assert_int_equal(burst(t, "GetSecretValue", START, 3), 3);
	assert_int_equal(burst(t, "DescribeSecret", START, 100), 2);
	assert_int_equal(burst(t, "ListSecrets", START, 100), 1);
	assert_true(take(t, OTHER_ACCOUNT, REGION, "GetSecretValue", START));
	assert_true(take(t, ACCOUNT, OTHER_REGION, "GetSecretValue", START));
	assert_false(take(t, ACCOUNT, REGION, "GetSecretValue", START));
	throttle_free(t);
}

TEST("an operation without a rate is never refused, nor is anything when throttling is off")
{
	struct throttle *t = throttle_new(five);

	assert_int_equal(burst(t, "AssumeRole", START, 1000), 1000);
	assert_int_equal(burst(NULL, "GetSecretValue", START, 1000), 1000);
	throttle_free(t);
	throttle_free(NULL);
}

TEST("a hundred thousand tenants cost no more memory, and the one who keeps calling stays limited")
{
	struct throttle *t = throttle_new(five);

	assert_int_equal(burst(t, "GetSecretValue", START, 100), 5);
	for (int i = 0; i < 100000; i++) {
		char account[16];

		snprintf(account, sizeof(account), "%012d", i);
		assert_true(take(t, str_of(account), REGION, "GetSecretValue", START + i / 1000));
	}
	assert_int_equal(burst(t, "GetSecretValue", START + 200, 100) > 0, 1);
	assert_int_equal(burst(t, "GetSecretValue", START + 200, 100), 0);
	throttle_free(t);
}

struct crowd { struct throttle *t; int passed; };

static void *
call_often(void *arg)
{
	struct crowd *c = arg;

	c->passed = burst(c->t, "GetSecretValue", START, 1000);
	return NULL;
}

TEST("threads together get what one would")
{
	struct throttle *t = throttle_new(throttle_aws);
	struct crowd crowd[12];
	pthread_t threads[12];
	int n = 0;

	for (size_t i = 0; i < 12; i++) {
		crowd[i] = (struct crowd){ t, 0 };
		assert_int_equal(pthread_create(&threads[i], NULL, call_often, &crowd[i]), 0);
	}
	for (size_t i = 0; i < 12; i++) {
		pthread_join(threads[i], NULL);
		n += crowd[i].passed;
	}
	assert_int_equal(n, 10000);
	throttle_free(t);
}

TEST("AWS's figures name every operation once, and classes agree with themselves")
{
	size_t rows = 0;

	for (const struct throttle_rate *r = throttle_aws; r->operation != NULL; r++, rows++) {
		for (const struct throttle_rate *s = throttle_aws; s->operation != NULL; s++) {
			if (s != r && strcmp(s->operation, r->operation) == 0)
				fail_msg("%s has two rows", r->operation);
			if (strcmp(s->class, r->class) == 0)
				assert_int_equal(s->per_second, r->per_second);
		}
	}
	assert_int_equal(rows, secretsmanager_service.op_count);
	for (size_t i = 0; i < secretsmanager_service.op_count; i++) {
		const struct throttle_rate *r = throttle_aws;

		while (r->operation != NULL &&
		    strcmp(r->operation, secretsmanager_ops[i].name) != 0)
			r++;
		if (r->operation == NULL)
			fail_msg("%s has no rate", secretsmanager_ops[i].name);
	}
}
