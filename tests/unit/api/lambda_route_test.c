/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "api/lambda/route.h"
#include "api/lambda/table.h"
#include "base/cleanup.h"

/* The operations of the API model, as its http traits name them. Two pairs differ only in their
 * query; ListLayers and GetProvisionedConcurrencyConfig stand for both of theirs. */
static const struct { const char *name, *method, *path; } model[] = {
	{ "AddLayerVersionPermission", "POST", "/2018-10-31/layers/x/versions/x/policy" },
	{ "AddPermission", "POST", "/2015-03-31/functions/x/policy" },
	{ "CheckpointDurableExecution", "POST", "/2025-12-01/durable-executions/x/checkpoint" },
	{ "CreateAlias", "POST", "/2015-03-31/functions/x/aliases" },
	{ "CreateCapacityProvider", "POST", "/2025-11-30/capacity-providers" },
	{ "CreateCodeSigningConfig", "POST", "/2020-04-22/code-signing-configs" },
	{ "CreateEventSourceMapping", "POST", "/2015-03-31/event-source-mappings" },
	{ "CreateFunction", "POST", "/2015-03-31/functions" },
	{ "CreateFunctionUrlConfig", "POST", "/2021-10-31/functions/x/url" },
	{ "DeleteAlias", "DELETE", "/2015-03-31/functions/x/aliases/x" },
	{ "DeleteCapacityProvider", "DELETE", "/2025-11-30/capacity-providers/x" },
	{ "DeleteCodeSigningConfig", "DELETE", "/2020-04-22/code-signing-configs/x" },
	{ "DeleteEventSourceMapping", "DELETE", "/2015-03-31/event-source-mappings/x" },
	{ "DeleteFunction", "DELETE", "/2015-03-31/functions/x" },
	{ "DeleteFunctionCodeSigningConfig", "DELETE",
	  "/2020-06-30/functions/x/code-signing-config" },
	{ "DeleteFunctionConcurrency", "DELETE", "/2017-10-31/functions/x/concurrency" },
	{ "DeleteFunctionEventInvokeConfig", "DELETE",
	  "/2019-09-25/functions/x/event-invoke-config" },
	{ "DeleteFunctionUrlConfig", "DELETE", "/2021-10-31/functions/x/url" },
	{ "DeleteLayerVersion", "DELETE", "/2018-10-31/layers/x/versions/x" },
	{ "DeleteProvisionedConcurrencyConfig", "DELETE",
	  "/2019-09-30/functions/x/provisioned-concurrency" },
	{ "GetAccountSettings", "GET", "/2016-08-19/account-settings" },
	{ "GetAlias", "GET", "/2015-03-31/functions/x/aliases/x" },
	{ "GetCapacityProvider", "GET", "/2025-11-30/capacity-providers/x" },
	{ "GetCodeSigningConfig", "GET", "/2020-04-22/code-signing-configs/x" },
	{ "GetDurableExecution", "GET", "/2025-12-01/durable-executions/x" },
	{ "GetDurableExecutionHistory", "GET", "/2025-12-01/durable-executions/x/history" },
	{ "GetDurableExecutionState", "GET", "/2025-12-01/durable-executions/x/state" },
	{ "GetEventSourceMapping", "GET", "/2015-03-31/event-source-mappings/x" },
	{ "GetFunction", "GET", "/2015-03-31/functions/x" },
	{ "GetFunctionCodeSigningConfig", "GET", "/2020-06-30/functions/x/code-signing-config" },
	{ "GetFunctionConcurrency", "GET", "/2019-09-30/functions/x/concurrency" },
	{ "GetFunctionConfiguration", "GET", "/2015-03-31/functions/x/configuration" },
	{ "GetFunctionEventInvokeConfig", "GET", "/2019-09-25/functions/x/event-invoke-config" },
	{ "GetFunctionRecursionConfig", "GET", "/2024-08-31/functions/x/recursion-config" },
	{ "GetFunctionScalingConfig", "GET", "/2025-11-30/functions/x/function-scaling-config" },
	{ "GetFunctionUrlConfig", "GET", "/2021-10-31/functions/x/url" },
	{ "GetLayerVersion", "GET", "/2018-10-31/layers/x/versions/x" },
	{ "GetLayerVersionPolicy", "GET", "/2018-10-31/layers/x/versions/x/policy" },
	{ "GetPolicy", "GET", "/2015-03-31/functions/x/policy" },
	{ "GetProvisionedConcurrencyConfig", "GET",
	  "/2019-09-30/functions/x/provisioned-concurrency" },
	{ "GetRuntimeManagementConfig", "GET",
	  "/2021-07-20/functions/x/runtime-management-config" },
	{ "Invoke", "POST", "/2015-03-31/functions/x/invocations" },
	{ "InvokeAsync", "POST", "/2014-11-13/functions/x/invoke-async" },
	{ "InvokeWithResponseStream", "POST",
	  "/2021-11-15/functions/x/response-streaming-invocations" },
	{ "ListAliases", "GET", "/2015-03-31/functions/x/aliases" },
	{ "ListCapacityProviders", "GET", "/2025-11-30/capacity-providers" },
	{ "ListCodeSigningConfigs", "GET", "/2020-04-22/code-signing-configs" },
	{ "ListDurableExecutionsByFunction", "GET", "/2025-12-01/functions/x/durable-executions" },
	{ "ListEventSourceMappings", "GET", "/2015-03-31/event-source-mappings" },
	{ "ListFunctionEventInvokeConfigs", "GET",
	  "/2019-09-25/functions/x/event-invoke-config/list" },
	{ "ListFunctionUrlConfigs", "GET", "/2021-10-31/functions/x/urls" },
	{ "ListFunctionVersionsByCapacityProvider", "GET",
	  "/2025-11-30/capacity-providers/x/function-versions" },
	{ "ListFunctions", "GET", "/2015-03-31/functions" },
	{ "ListFunctionsByCodeSigningConfig", "GET",
	  "/2020-04-22/code-signing-configs/x/functions" },
	{ "ListLayerVersions", "GET", "/2018-10-31/layers/x/versions" },
	{ "ListLayers", "GET", "/2018-10-31/layers" },
	{ "ListTags", "GET", "/2017-03-31/tags/x" },
	{ "ListVersionsByFunction", "GET", "/2015-03-31/functions/x/versions" },
	{ "PublishLayerVersion", "POST", "/2018-10-31/layers/x/versions" },
	{ "PublishVersion", "POST", "/2015-03-31/functions/x/versions" },
	{ "PutFunctionCodeSigningConfig", "PUT", "/2020-06-30/functions/x/code-signing-config" },
	{ "PutFunctionConcurrency", "PUT", "/2017-10-31/functions/x/concurrency" },
	{ "PutFunctionEventInvokeConfig", "PUT", "/2019-09-25/functions/x/event-invoke-config" },
	{ "PutFunctionRecursionConfig", "PUT", "/2024-08-31/functions/x/recursion-config" },
	{ "PutFunctionScalingConfig", "PUT", "/2025-11-30/functions/x/function-scaling-config" },
	{ "PutProvisionedConcurrencyConfig", "PUT",
	  "/2019-09-30/functions/x/provisioned-concurrency" },
	{ "PutRuntimeManagementConfig", "PUT",
	  "/2021-07-20/functions/x/runtime-management-config" },
	{ "RemoveLayerVersionPermission", "DELETE", "/2018-10-31/layers/x/versions/x/policy/x" },
	{ "RemovePermission", "DELETE", "/2015-03-31/functions/x/policy/x" },
	{ "SendDurableExecutionCallbackFailure", "POST",
	  "/2025-12-01/durable-execution-callbacks/x/fail" },
	{ "SendDurableExecutionCallbackHeartbeat", "POST",
	  "/2025-12-01/durable-execution-callbacks/x/heartbeat" },
	{ "SendDurableExecutionCallbackSuccess", "POST",
	  "/2025-12-01/durable-execution-callbacks/x/succeed" },
	{ "StopDurableExecution", "POST", "/2025-12-01/durable-executions/x/stop" },
	{ "TagResource", "POST", "/2017-03-31/tags/x" },
	{ "UntagResource", "DELETE", "/2017-03-31/tags/x" },
	{ "UpdateAlias", "PUT", "/2015-03-31/functions/x/aliases/x" },
	{ "UpdateCapacityProvider", "PUT", "/2025-11-30/capacity-providers/x" },
	{ "UpdateCodeSigningConfig", "PUT", "/2020-04-22/code-signing-configs/x" },
	{ "UpdateEventSourceMapping", "PUT", "/2015-03-31/event-source-mappings/x" },
	{ "UpdateFunctionCode", "PUT", "/2015-03-31/functions/x/code" },
	{ "UpdateFunctionConfiguration", "PUT", "/2015-03-31/functions/x/configuration" },
	{ "UpdateFunctionEventInvokeConfig", "POST",
	  "/2019-09-25/functions/x/event-invoke-config" },
	{ "UpdateFunctionUrlConfig", "PUT", "/2021-10-31/functions/x/url" },
};

TEST("every operation of the model is found by its method and path, and under its own name")
{
	AUTO(arena) *a = arena_new();
	struct str name, rest;

	for (size_t i = 0; i < sizeof(model) / sizeof(model[0]); i++) {
		const struct op *op = lambda_route(a, str_of(model[i].method),
		    str_of(model[i].path), &name, &rest);

		if (op == NULL)
			fail_msg("%s has no row", model[i].name);
		else
			assert_string_equal(op->name, model[i].name);
	}
}

TEST("an operation that is not built says so by name")
{
	AUTO(arena) *a = arena_new();
	struct str name, rest;
	struct err e;
	const struct op *op = lambda_route(a, STR_LIT("GET"), STR_LIT("/2018-10-31/layers"), &name,
	    &rest);

	assert_non_null(op);
	CHECK_ERR(op->check(NULL, NULL, &e), &e, ERR_LAMBDA_PARAMETER);
	assert_string_equal(e.msg, "ListLayers is not supported by this server.");
}

TEST("the variable parts of a path are handed on decoded")
{
	static const struct { const char *method, *path, *name, *rest; } rows[] = {
		{ "GET", "/2015-03-31/functions/f", "f", NULL },
		{ "GET", "/2015-03-31/functions/f%3A%24LATEST/policy", "f:$LATEST", NULL },
		{ "DELETE", "/2015-03-31/functions/f/policy/s-1", "f", "s-1" },
		{ "GET", "/2017-03-31/tags/arn%3aaws%3Alambda:eu-west-1:1:function:f",
		  "arn:aws:lambda:eu-west-1:1:function:f", NULL },
		{ "GET", "/2015-03-31/functions/a+b", "a+b", NULL },
		{ "GET", "/2015-03-31/functions/a%2Fb", "a/b", NULL },
	};
	AUTO(arena) *a = arena_new();
	struct str name, rest;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_non_null(lambda_route(a, str_of(rows[i].method), str_of(rows[i].path), &name,
		    &rest));
		CHECK_STR(name, rows[i].name);
		if (rows[i].rest == NULL)
			assert_null(rest.p);
		else
			CHECK_STR(rest, rows[i].rest);
	}
}

TEST("a trailing slash, as older SDKs send it, is no part of the path")
{
	AUTO(arena) *a = arena_new();
	struct str name, rest;
	const struct op *op = lambda_route(a, STR_LIT("GET"), STR_LIT("/2015-03-31/functions/"),
	    &name, &rest);

	assert_non_null(op);
	assert_string_equal(op->name, "ListFunctions");
}

TEST("other methods and paths have no row")
{
	static const struct { const char *method, *path; } rows[] = {
		{ "PATCH", "/2015-03-31/functions" }, { "get", "/2015-03-31/functions" },
		{ "PUT", "/2015-03-31/functions/f" }, { "GET", "/2015-03-31/functions//policy" },
		{ "GET", "/2015-03-31/functions/f/policy/s/t" }, { "GET", "/2015-03-30/functions" },
		{ "GET", "/2015-03-31/functionsx" }, { "GET", "/" }, { "GET", "" },
		{ "GET", "/2015-03-31/functions/f%" }, { "GET", "/2015-03-31/functions/f%3" },
		{ "GET", "/2015-03-31/functions/f%zz" }, { "GET", "/2015-03-31/functions/f%00" },
	};
	AUTO(arena) *a = arena_new();
	struct str name, rest;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (lambda_route(a, str_of(rows[i].method), str_of(rows[i].path), &name,
		    &rest) != NULL)
			fail_msg("%s %s was routed", rows[i].method, rows[i].path);
	}
}

TEST("a query's values are decoded, absent ones are absent and not empty")
{
	AUTO(arena) *a = arena_new();
	struct str q = STR_LIT("Qualifier=%24LATEST&Empty=&Flag&Value=x+y&Bad=%4&Qualifier=2");

	CHECK_STR(query_value(a, q, "Qualifier"), "$LATEST");
	CHECK_STR(query_value(a, q, "Empty"), "");
	CHECK_STR(query_value(a, q, "Flag"), "");
	CHECK_STR(query_value(a, q, "Value"), "x y");
	assert_null(query_value(a, q, "Bad").p);
	assert_null(query_value(a, q, "Absent").p);
	assert_null(query_value(a, STR_LIT(""), "Absent").p);
}

TEST("a name that is repeated is found each time")
{
	AUTO(arena) *a = arena_new();
	struct str q = STR_LIT("tagKeys=a&tagKeys=b%20c"), key;

	assert_true(query_next(a, &q, "tagKeys", &key));
	CHECK_STR(key, "a");
	assert_true(query_next(a, &q, "tagKeys", &key));
	CHECK_STR(key, "b c");
	assert_false(query_next(a, &q, "tagKeys", &key));
}
