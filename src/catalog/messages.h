/* SPDX-License-Identifier: Apache-2.0 */
/*
 * messages.h - AWS's error texts, byte for byte (spec/api.md 1.7; the ids there are the names
 * here). Clients match on substrings of them: do not reword.
 */
#pragma once

#define MSG_NF "Secrets Manager can't find the specified secret."
#define MSG_NFS "Secrets Manager can't find the specified secret value for staging label: " STR_FMT
#define MSG_NFV "Secrets Manager can't find the specified secret value for VersionId: " STR_FMT
#define MSG_NAME "Invalid name. Must be a valid name containing alphanumeric characters, or any " \
	"of the following: -/_+=.@!"
#define MSG_DEL "You can't perform this operation on the secret because it was marked for deletion."
#define MSG_DELC "You can't create this secret because a secret with this name is already " \
	"scheduled for deletion."
#define MSG_EX "The operation failed because the secret " STR_FMT " already exists."
#define MSG_TOK "You can't use ClientRequestToken " STR_FMT " because that value is already in " \
	"use for a version of secret " STR_FMT "."
#define MSG_CRT "You must provide a ClientRequestToken value. We recommend a UUID-type value."
#define MSG_BOTH "You can't specify both a binary secret value and a string secret value in the " \
	"same secret."
#define MSG_NONE "You must provide either SecretString or SecretBinary."
#define MSG_MIS "You provided a VersionStage that is not associated to the provided VersionId."
#define MSG_RMV "The parameter RemoveFromVersionId can't be empty. Staging label " STR_FMT \
	" is currently attached to version " STR_FMT ", so you must explicitly reference that " \
	"version in RemoveFromVersionId."
#define MSG_RMW "When you move staging label " STR_FMT ", if you specify RemoveFromVersionId, it " \
	"must be set to the version that currently has the staging label " STR_FMT "."
#define MSG_CUR "You can only move staging label AWSCURRENT to a different secret version. It " \
	"can't be completely removed."
#define MSG_IDS "You must provide MoveToVersionId, RemoveFromVersionId, or both."
#define MSG_WIN "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."
#define MSG_WINF "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
#define MSG_DELD "You can't perform this operation on the secret because it was already " \
	"scheduled for deletion."
#define MSG_REP "Operation not permitted on a replica secret. Call must be made in primary " \
	"secret's region."
#define MSG_REPD "You can't delete secret " STR_FMT " that still has replica regions [" STR_FMT "]."
#define MSG_REPR "Invalid replica region."
#define MSG_LAM0 "No Lambda rotation function ARN is associated with this secret."
#define MSG_LAM1 "Secrets Manager cannot invoke the specified Lambda function. Ensure that the " \
	"function policy grants access to the principal secretsmanager.amazonaws.com."
#define MSG_LAMARN "Invalid rotation Lambda ARN. Ensure the ARN matches format " \
	"arn:aws:lambda:<region>:<account>:function:<functionName>."
#define MSG_ROT "A previous rotation isn't complete. That rotation will be reattempted."
#define MSG_KMS "Access to KMS is not allowed"
#define MSG_XACC "You can't access a secret from a different AWS account if you encrypt the " \
	"secret with the default KMS service key."
#define MSG_PW1 "Password length is too short based on the required types."
#define MSG_PW2 "All characters of the desired type have been excluded"
#define MSG_PW3 "All characters have been excluded from selection"
#define MSG_LABELS "You can't attach more than 20 staging labels to a secret."
#define MSG_VERSIONS "You've reached the limit of versions for this secret."
#define MSG_REPLICAS "You can't replicate a secret to more than 100 regions."
#define MSG_TAGS "You can't attach more than 50 tags to a secret."
#define MSG_TAG_AWS "Tag keys and values that start with aws: are reserved."
#define MSG_TAG_TWICE "The request contains duplicate tag keys."
#define MSG_TAG_KEY "A tag must have a key."
#define MSG_QUOTA "You've reached the quota for secrets in this Region."
#define MSG_THROTTLE "Rate exceeded"
#define MSG_TOKEN_PAGE "The NextToken value is invalid."
