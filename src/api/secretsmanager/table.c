/* SPDX-License-Identifier: Apache-2.0 */
/*
 * START HERE: the operations of AWS Secrets Manager, a row each. The row says what the operation
 * is about, whether it reads or writes, in which states of a secret it works (spec/api.md 3.3) and
 * what its audit record shows; the file named after it holds its input fields and its rule.
 * src/front/dispatch.c takes a request through these in order.
 */
#include "api/secretsmanager/table.h"

#include "api/secretsmanager/ops.h"
#include "api/secretsmanager/replication.h"
#include "api/server.h"
#include "rotate/rotation.h"

#define IDENTITY (OP_AUDIT_ARN | OP_AUDIT_NAME)

const struct op secretsmanager_ops[] = {
	{ "BatchGetSecretValue", OP_NOTHING, OP_READ, OP_REVEALS | OP_REPLICA_OK,
	  batch_get_secret_value_fields, batch_get_secret_value_check, batch_get_secret_value },
	{ "CancelRotateSecret", OP_SECRET, OP_WRITE, IDENTITY | OP_AUDIT_VERSION,
	  cancel_rotate_secret_fields, NULL, cancel_rotate_secret },
	{ "CreateSecret", OP_NEW_SECRET, OP_WRITE, IDENTITY | OP_AUDIT_VERSION,
	  create_secret_fields, create_secret_check, create_secret },
	{ "DeleteResourcePolicy", OP_SECRET, OP_WRITE, IDENTITY,
	  delete_resource_policy_fields, NULL, delete_resource_policy },
	{ "DeleteSecret", OP_SECRET, OP_WRITE, IDENTITY | OP_MISSING_OK | OP_SCHEDULED_OK,
	  delete_secret_fields, delete_secret_check, delete_secret },
	{ "DescribeSecret", OP_SECRET, OP_READ, OP_SCHEDULED_OK | OP_REPLICA_OK,
	  describe_secret_fields, NULL, describe_secret },
	{ "GetRandomPassword", OP_NOTHING, OP_READ, OP_REVEALS,
	  get_random_password_fields, NULL, get_random_password },
	{ "GetResourcePolicy", OP_SECRET, OP_READ, OP_REPLICA_OK,
	  get_resource_policy_fields, NULL, get_resource_policy },
	{ "GetSecretValue", OP_SECRET, OP_READ, OP_REVEALS | OP_REPLICA_OK,
	  get_secret_value_fields, NULL, get_secret_value },
	{ "ListSecretVersionIds", OP_SECRET, OP_READ, OP_SCHEDULED_OK | OP_REPLICA_OK,
	  list_secret_version_ids_fields, NULL, list_secret_version_ids },
	{ "ListSecrets", OP_NOTHING, OP_READ, 0,
	  list_secrets_fields, list_secrets_check, list_secrets },
	{ "PutResourcePolicy", OP_SECRET, OP_WRITE, IDENTITY,
	  put_resource_policy_fields, NULL, put_resource_policy },
	{ "PutSecretValue", OP_SECRET, OP_WRITE, OP_AUDIT_ARN | OP_LABELS,
	  put_secret_value_fields, put_secret_value_check, put_secret_value,
	  put_secret_value_capability },
	{ "RemoveRegionsFromReplication", OP_SECRET, OP_WRITE, OP_AUDIT_ARN,
	  remove_regions_from_replication_fields, NULL, remove_regions_from_replication },
	{ "ReplicateSecretToRegions", OP_SECRET, OP_WRITE, OP_AUDIT_ARN,
	  replicate_secret_to_regions_fields, replicate_secret_to_regions_check,
	  replicate_secret_to_regions },
	{ "RestoreSecret", OP_SECRET, OP_WRITE, IDENTITY | OP_SCHEDULED_OK,
	  restore_secret_fields, NULL, restore_secret },
	{ "RotateSecret", OP_SECRET, OP_WRITE, IDENTITY | OP_AUDIT_VERSION,
	  rotate_secret_fields, rotate_secret_check, rotate_secret },
	{ "StopReplicationToReplica", OP_SECRET, OP_WRITE, OP_AUDIT_ARN | OP_REPLICA_OK,
	  stop_replication_to_replica_fields, NULL, stop_replication_to_replica },
	{ "TagResource", OP_SECRET, OP_WRITE, OP_EMPTY_BODY,
	  tag_resource_fields, tag_resource_check, tag_resource },
	{ "UntagResource", OP_SECRET, OP_WRITE, OP_EMPTY_BODY,
	  untag_resource_fields, NULL, untag_resource },
	{ "UpdateSecret", OP_SECRET, OP_WRITE, IDENTITY | OP_AUDIT_VERSION | OP_LABELS,
	  update_secret_fields, update_secret_check, update_secret },
	{ "UpdateSecretVersionStage", OP_SECRET, OP_WRITE, IDENTITY | OP_LABELS,
	  update_secret_version_stage_fields, update_secret_version_stage_check,
	  update_secret_version_stage },
	{ "ValidateResourcePolicy", OP_SECRET, OP_READ, OP_MISSING_OK | OP_REPLICA_OK,
	  validate_resource_policy_fields, NULL, validate_resource_policy },
};

/* What every change of a secret has in common: a rotation in flight looks at the labels again, the
 * secret is stored, and its copies in other regions follow. */
static bool
finish(struct op_ctx *ctx, const struct op *op, struct err *e)
{
	struct rotation_ctx x = { &ctx->cat, ctx->server->audit };
	struct secret *s = ctx->touched;

	if (s == NULL || ctx->is_gone)
		return true;
	if ((op->flags & OP_LABELS) && !rotation_noticed(&x, s, ctx->new_current, ctx->caller->arn,
	    ctx->caller->function_arn, e))
		return false;
	return secret_put(&ctx->cat, s, e) && replicas_refresh(&ctx->cat, s, e);
}

const struct service secretsmanager_service = {
	.name = "secretsmanager",
	.event_source = "secretsmanager.amazonaws.com",
	.target_prefix = "secretsmanager.",
	.ops = secretsmanager_ops,
	.op_count = sizeof(secretsmanager_ops) / sizeof(secretsmanager_ops[0]),
	.finish = finish,
};
