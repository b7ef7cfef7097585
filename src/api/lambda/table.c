/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of the Lambda API that register functions with stock tools and run them
 * (spec/rotation.md 5.8), a row each: how a request names it, what it is about, and its rule in the
 * file named after it. Below them those that are not built, so that a client learns their name
 * instead of a bare 404.
 */
#include "api/lambda/table.h"

#include "api/lambda/ops.h"
#include "api/lambda/route.h"

/* Two pairs of the model differ only in their query (?find=LayerVersion, ?List=ALL); ListLayers and
 * GetProvisionedConcurrencyConfig stand for both of theirs. */
#define NOT_BUILT(X) \
	X(AddLayerVersionPermission, "POST", "/2018-10-31/layers/{}/versions/{}/policy") \
	X(CheckpointDurableExecution, "POST", "/2025-12-01/durable-executions/{}/checkpoint") \
	X(CreateAlias, "POST", "/2015-03-31/functions/{}/aliases") \
	X(CreateCapacityProvider, "POST", "/2025-11-30/capacity-providers") \
	X(CreateCodeSigningConfig, "POST", "/2020-04-22/code-signing-configs") \
	X(CreateEventSourceMapping, "POST", "/2015-03-31/event-source-mappings") \
	X(CreateFunctionUrlConfig, "POST", "/2021-10-31/functions/{}/url") \
	X(DeleteAlias, "DELETE", "/2015-03-31/functions/{}/aliases/{}") \
	X(DeleteCapacityProvider, "DELETE", "/2025-11-30/capacity-providers/{}") \
	X(DeleteCodeSigningConfig, "DELETE", "/2020-04-22/code-signing-configs/{}") \
	X(DeleteEventSourceMapping, "DELETE", "/2015-03-31/event-source-mappings/{}") \
	X(DeleteFunctionCodeSigningConfig, "DELETE", \
	  "/2020-06-30/functions/{}/code-signing-config") \
	X(DeleteFunctionEventInvokeConfig, "DELETE", \
	  "/2019-09-25/functions/{}/event-invoke-config") \
	X(DeleteFunctionUrlConfig, "DELETE", "/2021-10-31/functions/{}/url") \
	X(DeleteLayerVersion, "DELETE", "/2018-10-31/layers/{}/versions/{}") \
	X(DeleteProvisionedConcurrencyConfig, "DELETE", \
	  "/2019-09-30/functions/{}/provisioned-concurrency") \
	X(GetAlias, "GET", "/2015-03-31/functions/{}/aliases/{}") \
	X(GetCapacityProvider, "GET", "/2025-11-30/capacity-providers/{}") \
	X(GetCodeSigningConfig, "GET", "/2020-04-22/code-signing-configs/{}") \
	X(GetDurableExecution, "GET", "/2025-12-01/durable-executions/{}") \
	X(GetDurableExecutionHistory, "GET", "/2025-12-01/durable-executions/{}/history") \
	X(GetDurableExecutionState, "GET", "/2025-12-01/durable-executions/{}/state") \
	X(GetEventSourceMapping, "GET", "/2015-03-31/event-source-mappings/{}") \
	X(GetFunctionEventInvokeConfig, "GET", "/2019-09-25/functions/{}/event-invoke-config") \
	X(GetFunctionRecursionConfig, "GET", "/2024-08-31/functions/{}/recursion-config") \
	X(GetFunctionScalingConfig, "GET", "/2025-11-30/functions/{}/function-scaling-config") \
	X(GetFunctionUrlConfig, "GET", "/2021-10-31/functions/{}/url") \
	X(GetLayerVersion, "GET", "/2018-10-31/layers/{}/versions/{}") \
	X(GetLayerVersionPolicy, "GET", "/2018-10-31/layers/{}/versions/{}/policy") \
	X(GetProvisionedConcurrencyConfig, "GET", \
	  "/2019-09-30/functions/{}/provisioned-concurrency") \
	X(GetRuntimeManagementConfig, "GET", "/2021-07-20/functions/{}/runtime-management-config") \
	X(InvokeAsync, "POST", "/2014-11-13/functions/{}/invoke-async") \
	X(InvokeWithResponseStream, "POST", \
	  "/2021-11-15/functions/{}/response-streaming-invocations") \
	X(ListAliases, "GET", "/2015-03-31/functions/{}/aliases") \
	X(ListCapacityProviders, "GET", "/2025-11-30/capacity-providers") \
	X(ListCodeSigningConfigs, "GET", "/2020-04-22/code-signing-configs") \
	X(ListDurableExecutionsByFunction, "GET", "/2025-12-01/functions/{}/durable-executions") \
	X(ListEventSourceMappings, "GET", "/2015-03-31/event-source-mappings") \
	X(ListFunctionEventInvokeConfigs, "GET", \
	  "/2019-09-25/functions/{}/event-invoke-config/list") \
	X(ListFunctionUrlConfigs, "GET", "/2021-10-31/functions/{}/urls") \
	X(ListFunctionVersionsByCapacityProvider, "GET", \
	  "/2025-11-30/capacity-providers/{}/function-versions") \
	X(ListFunctionsByCodeSigningConfig, "GET", \
	  "/2020-04-22/code-signing-configs/{}/functions") \
	X(ListLayerVersions, "GET", "/2018-10-31/layers/{}/versions") \
	X(ListLayers, "GET", "/2018-10-31/layers") \
	X(PublishLayerVersion, "POST", "/2018-10-31/layers/{}/versions") \
	X(PutFunctionCodeSigningConfig, "PUT", "/2020-06-30/functions/{}/code-signing-config") \
	X(PutFunctionEventInvokeConfig, "PUT", "/2019-09-25/functions/{}/event-invoke-config") \
	X(PutFunctionRecursionConfig, "PUT", "/2024-08-31/functions/{}/recursion-config") \
	X(PutFunctionScalingConfig, "PUT", "/2025-11-30/functions/{}/function-scaling-config") \
	X(PutProvisionedConcurrencyConfig, "PUT", \
	  "/2019-09-30/functions/{}/provisioned-concurrency") \
	X(PutRuntimeManagementConfig, "PUT", "/2021-07-20/functions/{}/runtime-management-config") \
	X(RemoveLayerVersionPermission, "DELETE", "/2018-10-31/layers/{}/versions/{}/policy/{}") \
	X(SendDurableExecutionCallbackFailure, "POST", \
	  "/2025-12-01/durable-execution-callbacks/{}/fail") \
	X(SendDurableExecutionCallbackHeartbeat, "POST", \
	  "/2025-12-01/durable-execution-callbacks/{}/heartbeat") \
	X(SendDurableExecutionCallbackSuccess, "POST", \
	  "/2025-12-01/durable-execution-callbacks/{}/succeed") \
	X(StopDurableExecution, "POST", "/2025-12-01/durable-executions/{}/stop") \
	X(UpdateAlias, "PUT", "/2015-03-31/functions/{}/aliases/{}") \
	X(UpdateCapacityProvider, "PUT", "/2025-11-30/capacity-providers/{}") \
	X(UpdateCodeSigningConfig, "PUT", "/2020-04-22/code-signing-configs/{}") \
	X(UpdateEventSourceMapping, "PUT", "/2015-03-31/event-source-mappings/{}") \
	X(UpdateFunctionEventInvokeConfig, "POST", "/2019-09-25/functions/{}/event-invoke-config") \
	X(UpdateFunctionUrlConfig, "PUT", "/2021-10-31/functions/{}/url")
/* Refuses before permission is asked: the answer is the same for everyone. */
#define REFUSAL(name, method, path) \
	static bool \
	refuse_##name(struct op_ctx *ctx, const void *input, struct err *e) \
	{ \
		(void)ctx; \
		(void)input; \
		return err_set(e, ERR_LAMBDA_PARAMETER, \
		    #name " is not supported by this server."); \
	}
NOT_BUILT(REFUSAL)

#define FUNCTIONS "/2015-03-31/functions"
#define FUNCTION FUNCTIONS "/{}"

static const struct row {
	const char *method, *path;	/* "{}" stands for one part, see route.h */
	struct op op;
} rows[] = {
	{ "POST", FUNCTIONS, { "CreateFunction", OP_FUNCTION, OP_WRITE, 0,
	  create_function_fields, create_function_check, create_function } },
	{ "GET", FUNCTIONS, { "ListFunctions", OP_NOTHING, OP_READ, 0,
	  NULL, NULL, list_functions } },
	{ "GET", FUNCTION, { "GetFunction", OP_FUNCTION, OP_READ, 0,
	  NULL, NULL, get_function } },
	{ "DELETE", FUNCTION, { "DeleteFunction", OP_FUNCTION, OP_WRITE, OP_EMPTY_BODY,
	  NULL, NULL, delete_function } },
	{ "GET", FUNCTION "/configuration", { "GetFunctionConfiguration", OP_FUNCTION, OP_READ, 0,
	  NULL, NULL, get_function_configuration } },
	{ "PUT", FUNCTION "/configuration", { "UpdateFunctionConfiguration", OP_FUNCTION, OP_WRITE,
	  0, update_function_configuration_fields, update_function_configuration_check,
	  update_function_configuration } },
	{ "PUT", FUNCTION "/code", { "UpdateFunctionCode", OP_FUNCTION, OP_WRITE, 0,
	  update_function_code_fields, update_function_code_check, update_function_code } },
	{ "POST", FUNCTION "/invocations", { "Invoke", OP_FUNCTION, OP_WRITE, 0,
	  NULL, NULL, .start = invoke } },
	{ "POST", FUNCTION "/policy", { "AddPermission", OP_FUNCTION, OP_WRITE, 0,
	  add_permission_fields, NULL, add_permission } },
	{ "GET", FUNCTION "/policy", { "GetPolicy", OP_FUNCTION, OP_READ, 0,
	  NULL, NULL, get_policy } },
	{ "DELETE", FUNCTION "/policy/{}", { "RemovePermission", OP_FUNCTION, OP_WRITE,
	  OP_EMPTY_BODY, NULL, NULL, remove_permission } },
	{ "POST", FUNCTION "/versions", { "PublishVersion", OP_FUNCTION, OP_WRITE, 0,
	  publish_version_fields, NULL, publish_version } },
	{ "GET", FUNCTION "/versions", { "ListVersionsByFunction", OP_FUNCTION, OP_READ, 0,
	  NULL, NULL, list_versions_by_function } },
	{ "PUT", "/2017-10-31/functions/{}/concurrency", { "PutFunctionConcurrency", OP_FUNCTION,
	  OP_WRITE, 0, put_function_concurrency_fields, NULL, put_function_concurrency } },
	{ "DELETE", "/2017-10-31/functions/{}/concurrency", { "DeleteFunctionConcurrency",
	  OP_FUNCTION, OP_WRITE, OP_EMPTY_BODY, NULL, NULL, delete_function_concurrency } },
	{ "GET", "/2019-09-30/functions/{}/concurrency", { "GetFunctionConcurrency", OP_FUNCTION,
	  OP_READ, 0, NULL, NULL, get_function_concurrency } },
	{ "GET", "/2017-03-31/tags/{}", { "ListTags", OP_FUNCTION, OP_READ, 0,
	  NULL, NULL, list_function_tags } },
	{ "POST", "/2017-03-31/tags/{}", { "TagResource", OP_FUNCTION, OP_WRITE, OP_EMPTY_BODY,
	  tag_function_fields, tag_function_check, tag_function } },
	{ "DELETE", "/2017-03-31/tags/{}", { "UntagResource", OP_FUNCTION, OP_WRITE, OP_EMPTY_BODY,
	  NULL, NULL, untag_function } },
	{ "GET", "/2020-06-30/functions/{}/code-signing-config", { "GetFunctionCodeSigningConfig",
	  OP_FUNCTION, OP_READ, 0, NULL, NULL, get_function_code_signing_config } },
	{ "GET", "/2016-08-19/account-settings", { "GetAccountSettings", OP_NOTHING, OP_READ, 0,
	  NULL, NULL, get_account_settings } },
#define NOT_BUILT_ROW(name, method, path) \
	{ method, path, { #name, OP_NOTHING, OP_READ, 0, NULL, refuse_##name, NULL } },
	NOT_BUILT(NOT_BUILT_ROW)
};

const struct service lambda_service = {
	.name = "lambda", .event_source = "lambda.amazonaws.com",	/* rows: by lambda_route */
};

const struct op *
lambda_route(struct arena *a, struct str method, struct str path, struct str *name,
    struct str *rest)
{
	struct str vars[ROUTE_VARS];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!str_is(method, rows[i].method) ||
		    !route_match(a, rows[i].path, path, vars))
			continue;
		*name = vars[0];
		*rest = vars[1];
		return &rows[i].op;
	}
	return NULL;
}
