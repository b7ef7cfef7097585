# SPDX-License-Identifier: Apache-2.0
"""The calls Terraform's AWS provider makes, in its order and with its tokens, and what it checks.

Each resource is a handful of functions named after the provider's own: create, read, update,
import (a read by id alone) and delete. What `read` returns is the state; a plan is empty when a
second read returns the same. The provider treats a DeletedDate or a missing secret as gone.
"""
import itertools
import json

import pytest
from botocore.exceptions import ClientError

from catalogue import CUR, LAM1, POLP
from rotating import allow, function_source, make_function, rotated
from server import ACCOUNT
from wire import assert_refused

_serial = itertools.count(20260301000000000001)


def unique_id():
    """terraform- and 26 characters: 36 in all, and no UUID."""
    return "terraform-%026d" % next(_serial)


def code_of(call, **members):
    try:
        call(**members)
    except ClientError as e:
        return e.response["Error"]["Code"]
    return None


# ---- aws_secretsmanager_secret

def secret_create(sm, name, tags=(), replicas=(), **members):
    if replicas:
        members["AddReplicaRegions"] = [{"Region": r} for r in replicas]
    made = sm.create_secret(ClientRequestToken=unique_id(), Description="",
                            ForceOverwriteReplicaSecret=False, Name=name,
                            Tags=[{"Key": k, "Value": v} for k, v in tags], **members)
    return made["ARN"]


def secret_read(sm, arn):
    """The state, or None when the resource is gone."""
    try:
        shown = sm.describe_secret(SecretId=arn)
    except sm.exceptions.ResourceNotFoundException:
        return None
    if "DeletedDate" in shown:
        return None
    policy = sm.get_resource_policy(SecretId=arn)
    return {"arn": shown["ARN"], "name": shown["Name"], "description": shown.get("Description", ""),
            "kms_key_id": shown.get("KmsKeyId", ""), "policy": policy.get("ResourcePolicy", ""),
            "tags": {t["Key"]: t["Value"] for t in shown.get("Tags", [])},
            "replica": {r["Region"]: r["Status"] for r in shown.get("ReplicationStatus", [])}}


def test_secret_create_read_update_import_destroy(sm, name):
    arn = secret_create(sm, name, tags=[("env", "test")])
    state = secret_read(sm, arn)
    assert state == {"arn": arn, "name": name, "description": "", "kms_key_id": "", "policy": "",
                     "tags": {"env": "test"}, "replica": {}}
    assert secret_read(sm, arn) == state                        # the plan is empty

    sm.update_secret(ClientRequestToken=unique_id(), Description="changed", SecretId=arn)
    sm.untag_resource(SecretId=arn, TagKeys=["env"])
    sm.tag_resource(SecretId=arn, Tags=[{"Key": "team", "Value": "blue"}])
    state = secret_read(sm, arn)
    assert state["description"] == "changed" and state["tags"] == {"team": "blue"}

    sm.update_secret(ClientRequestToken=unique_id(), Description="", SecretId=arn)
    assert secret_read(sm, arn)["description"] == ""

    sm.delete_secret(SecretId=arn, RecoveryWindowInDays=30)
    assert secret_read(sm, arn) is None


def test_secret_destroy_at_once_and_create_again(sm, name):
    """recovery_window_in_days = 0 and the same name in the next apply."""
    arn = secret_create(sm, name)
    sm.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    assert secret_read(sm, arn) is None
    again = secret_create(sm, name)
    assert again != arn and secret_read(sm, again)["arn"] == again


def test_secret_create_is_retried_while_the_name_is_scheduled(sm, name):
    """The provider looks for a piece of the text, not only for the type."""
    arn = secret_create(sm, name)
    sm.delete_secret(SecretId=arn, RecoveryWindowInDays=7)
    with pytest.raises(sm.exceptions.InvalidRequestException) as caught:
        secret_create(sm, name)
    assert "scheduled for deletion" in str(caught.value)
    sm.restore_secret(SecretId=arn)
    assert secret_read(sm, arn)["name"] == name


def test_secret_with_replicas(sm, name):
    arn = secret_create(sm, name, replicas=["eu-west-1"])
    assert secret_read(sm, arn)["replica"] == {"eu-west-1": "InSync"}
    sm.remove_regions_from_replication(SecretId=arn, RemoveReplicaRegions=["eu-west-1"])
    sm.replicate_secret_to_regions(SecretId=arn, ForceOverwriteReplicaSecret=False,
                                   AddReplicaRegions=[{"Region": "ap-south-1"}])
    assert secret_read(sm, arn)["replica"] == {"ap-south-1": "InSync"}
    sm.remove_regions_from_replication(SecretId=arn, RemoveReplicaRegions=["ap-south-1"])
    sm.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    assert secret_read(sm, arn) is None


def test_secret_deleted_behind_terraforms_back(sm, name):
    arn = secret_create(sm, name)
    sm.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    assert secret_read(sm, arn) is None
    assert code_of(sm.delete_secret, SecretId=arn, RecoveryWindowInDays=30) == (
        "ResourceNotFoundException")


# ---- aws_secretsmanager_secret_version

def version_create(sm, arn, value, stages=None):
    more = {"VersionStages": stages} if stages else {}
    return sm.put_secret_value(ClientRequestToken=unique_id(), SecretId=arn, SecretString=value,
                               **more)["VersionId"]


def version_read(sm, arn, version):
    try:
        got = sm.get_secret_value(SecretId=arn, VersionId=version)
    except (sm.exceptions.ResourceNotFoundException, sm.exceptions.InvalidRequestException):
        return None
    return {"arn": got["ARN"], "value": got.get("SecretString"), "version_id": got["VersionId"],
            "stages": sorted(got.get("VersionStages", []))}


def version_update(sm, arn, version, add=(), remove=()):
    listed = False
    for stage in add:
        source = {}
        if stage == "AWSCURRENT":
            pages = sm.list_secret_version_ids(SecretId=arn)["Versions"]
            source["RemoveFromVersionId"] = next(
                v["VersionId"] for v in pages if stage in v.get("VersionStages", []))
            listed = True
        sm.update_secret_version_stage(SecretId=arn, VersionStage=stage, MoveToVersionId=version,
                                       **source)
    for stage in remove:
        if stage == "AWSCURRENT" or (listed and stage == "AWSPREVIOUS"):
            continue
        sm.update_secret_version_stage(SecretId=arn, VersionStage=stage,
                                       RemoveFromVersionId=version)


def version_delete(sm, arn, version, stages):
    for stage in stages:
        if stage != "AWSCURRENT":
            sm.update_secret_version_stage(SecretId=arn, VersionStage=stage,
                                           RemoveFromVersionId=version)
    left = version_read(sm, arn, version)
    return left is None or left["stages"] in ([], ["AWSCURRENT"], ["AWSPREVIOUS"])


def test_version_create_read_import_destroy(sm, name):
    arn = secret_create(sm, name)
    version = version_create(sm, arn, "one")
    assert version.startswith("terraform-")
    state = version_read(sm, arn, version)
    assert state == {"arn": arn, "value": "one", "version_id": version, "stages": ["AWSCURRENT"]}
    assert version_read(sm, arn, version) == state
    assert version_delete(sm, arn, version, state["stages"])
    sm.delete_secret(SecretId=arn, RecoveryWindowInDays=7)
    assert version_read(sm, arn, version) is None               # InvalidRequest counts as gone


def test_version_stages_are_added_moved_and_removed(sm, name):
    arn = secret_create(sm, name)
    first = version_create(sm, arn, "one", ["AWSCURRENT", "one", "two"])
    version_update(sm, arn, first, add=["three"], remove=["two"])
    assert version_read(sm, arn, first)["stages"] == ["AWSCURRENT", "one", "three"]
    second = version_create(sm, arn, "two", ["next"])
    version_update(sm, arn, second, add=["AWSCURRENT"])
    assert version_read(sm, arn, second)["stages"] == ["AWSCURRENT", "next"]
    assert version_read(sm, arn, first)["stages"] == ["AWSPREVIOUS", "one", "three"]
    version_update(sm, arn, first, add=["AWSCURRENT"], remove=["AWSPREVIOUS"])
    assert version_read(sm, arn, first)["stages"] == ["AWSCURRENT", "one", "three"]
    assert version_delete(sm, arn, second, ["AWSPREVIOUS", "next"])


def test_version_replaced_by_a_new_one(sm, name):
    """A changed secret_string: the new version is made, then the old one's labels are taken."""
    arn = secret_create(sm, name)
    old = version_create(sm, arn, "old")
    new = version_create(sm, arn, "new")
    assert version_delete(sm, arn, old, ["AWSPREVIOUS"])
    assert version_read(sm, arn, new)["stages"] == ["AWSCURRENT"]
    assert version_read(sm, arn, old)["stages"] == []


def test_version_that_holds_awscurrent_cannot_lose_it(api, sm, name):
    arn = secret_create(sm, name)
    version = version_create(sm, arn, "one")
    assert_refused(api.reply("UpdateSecretVersionStage", SecretId=arn, VersionStage="AWSCURRENT",
                             RemoveFromVersionId=version), CUR)


def test_version_read_after_the_secret_is_gone(sm, name):
    arn = secret_create(sm, name)
    version = version_create(sm, arn, "one")
    sm.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    assert version_read(sm, arn, version) is None


# ---- aws_secretsmanager_secret_policy

POLICY = json.dumps({"Statement": [{
    "Action": "secretsmanager:GetSecretValue", "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::%s:root" % ACCOUNT}, "Resource": "*",
    "Sid": "EnableAllPermissions"}], "Version": "2012-10-17"}, separators=(",", ":"))


def test_policy_create_read_update_destroy(sm, name):
    arn = secret_create(sm, name)
    assert sm.put_resource_policy(ResourcePolicy=POLICY, SecretId=arn)["ARN"] == arn
    assert json.loads(sm.get_resource_policy(SecretId=arn)["ResourcePolicy"]) == json.loads(POLICY)
    sm.put_resource_policy(ResourcePolicy=POLICY, SecretId=arn, BlockPublicPolicy=True)
    assert secret_read(sm, arn)["policy"] == POLICY
    sm.delete_resource_policy(SecretId=arn)
    assert "ResourcePolicy" not in sm.get_resource_policy(SecretId=arn)
    sm.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    assert code_of(sm.delete_resource_policy, SecretId=arn) == "ResourceNotFoundException"


def test_policy_with_a_principal_that_does_not_exist_yet(sm, name):
    """Terraform retries on this very piece of text while a new role spreads."""
    arn = secret_create(sm, name)
    bad = POLICY.replace(":root", ":role/not-there-yet")
    with pytest.raises(sm.exceptions.MalformedPolicyDocumentException) as caught:
        sm.put_resource_policy(ResourcePolicy=bad, SecretId=arn)
    assert caught.value.response["Error"]["Message"] == POLP.text
    assert "This resource policy contains an unsupported principal" in POLP.text


# ---- aws_secretsmanager_secret_rotation

def rotation_read(sm, arn):
    shown = sm.describe_secret(SecretId=arn)
    if not shown.get("RotationEnabled", False):
        return {"rotation_enabled": False}
    rules = dict(shown.get("RotationRules", {}))
    if "ScheduleExpression" in rules:
        rules.pop("AutomaticallyAfterDays", None)               # computed; the provider drops it
    return {"rotation_enabled": True, "rotation_lambda_arn": shown["RotationLambdaARN"],
            "rotation_rules": rules}


def rotation_put(sm, arn, function, rules, immediately=True, token=None):
    return sm.rotate_secret(ClientRequestToken=token or unique_id(), RotateImmediately=immediately,
                            RotationRules=rules, SecretId=arn, RotationLambdaARN=function)


def test_rotation_create_read_update_destroy(api, sm, name, generic):
    arn = secret_create(sm, name)
    version_create(sm, arn, "one")
    assert rotation_read(sm, arn) == {"rotation_enabled": False}
    days = {"AutomaticallyAfterDays": 7}
    assert rotation_put(sm, arn, generic, days)["ARN"] == arn
    state = {"rotation_enabled": True, "rotation_lambda_arn": generic, "rotation_rules": days}
    assert rotation_read(sm, arn) == state == rotation_read(sm, arn)
    date = rotated(api, arn)["LastRotatedDate"]

    schedule = {"ScheduleExpression": "rate(10 days)", "Duration": "3h"}
    rotation_put(sm, arn, generic, schedule)
    assert rotation_read(sm, arn)["rotation_rules"] == schedule
    rotated(api, arn, date)
    sm.cancel_rotate_secret(SecretId=arn)
    assert rotation_read(sm, arn) == {"rotation_enabled": False}
    sm.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


def test_rotation_is_retried_with_one_token_until_the_permission_is_there(api, sm, lam, name):
    arn = secret_create(sm, name)
    version_create(sm, arn, "one")
    function = make_function(lam, "terraform-made", function_source("generic"), permission=False)
    token = unique_id()
    for _ in range(3):
        with pytest.raises(sm.exceptions.ClientError) as caught:
            rotation_put(sm, arn, function, {"AutomaticallyAfterDays": 7}, False, token)
        assert caught.value.response["Error"]["Code"] == LAM1.type
        assert rotation_read(sm, arn) == {"rotation_enabled": False}
    allow(lam, "terraform-made")
    rotation_put(sm, arn, function, {"AutomaticallyAfterDays": 7}, False, token)
    assert rotation_read(sm, arn)["rotation_enabled"] is True


def test_the_functions_life_as_terraform_sees_it(lam):
    """aws_lambda_function and aws_lambda_permission: create, the reads after it, destroy."""
    name = "terraform-lambda"
    make_function(lam, name, function_source("plain"), permission=False)
    got = lam.get_function(FunctionName=name)
    assert got["Code"] and got["Configuration"]["LastUpdateStatus"] == "Successful"
    assert lam.list_versions_by_function(FunctionName=name)["Versions"][-1]["Version"] == "$LATEST"
    lam.get_function_code_signing_config(FunctionName=name)
    allow(lam, name)
    [statement] = json.loads(lam.get_policy(FunctionName=name)["Policy"])["Statement"]
    assert statement["Sid"] == "rotation"
    lam.remove_permission(FunctionName=name, StatementId="rotation")
    assert code_of(lam.get_policy, FunctionName=name) == "ResourceNotFoundException"
    lam.delete_function(FunctionName=name)
    assert code_of(lam.get_function, FunctionName=name) == "ResourceNotFoundException"
