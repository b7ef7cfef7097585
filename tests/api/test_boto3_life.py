# SPDX-License-Identifier: Apache-2.0
"""A secret's whole life through boto3: exception classes, dates, blobs, paginators, tokens."""
import datetime
import json

import pytest

from catalogue import DEL, NAME, NF, exists
from rotating import rotated
from server import ACCOUNT
from wire import UUID


def seen(caught):
    """(class name, code, text, HTTP status) as a caller of boto3 meets them."""
    error = caught.value.response
    assert UUID.fullmatch(error["ResponseMetadata"]["RequestId"])
    return (type(caught.value).__name__, error["Error"]["Code"], error["Error"]["Message"],
            error["ResponseMetadata"]["HTTPStatusCode"])


def test_a_whole_life(api, sm, name, generic):
    made = sm.create_secret(Name=name, SecretString="v1", Description="d")
    first = made["VersionId"]
    assert UUID.fullmatch(first)            # the SDK's own token
    assert made["ARN"].startswith("arn:aws:secretsmanager:us-east-1:%s:secret:" % ACCOUNT)

    got = sm.get_secret_value(SecretId=name)
    now = datetime.datetime.now(datetime.timezone.utc)
    assert got["SecretString"] == "v1" and abs((now - got["CreatedDate"]).total_seconds()) < 60

    second = sm.put_secret_value(SecretId=name, SecretBinary=b"\x00\xff")["VersionId"]
    assert sm.get_secret_value(SecretId=name)["SecretBinary"] == b"\x00\xff"
    assert sm.describe_secret(SecretId=name)["VersionIdsToStages"] == {
        first: ["AWSPREVIOUS"], second: ["AWSCURRENT"]}
    sm.update_secret_version_stage(SecretId=name, VersionStage="AWSCURRENT", MoveToVersionId=first,
                                   RemoveFromVersionId=second)
    assert sm.get_secret_value(SecretId=name)["SecretString"] == "v1"

    third = sm.update_secret(SecretId=name, SecretString="v3", Description="new")["VersionId"]
    versions = sm.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)["Versions"]
    assert [v["VersionId"] for v in versions] == [first, second, third]

    assert sm.tag_resource(SecretId=name, Tags=[{"Key": "k", "Value": "v"}])["ResponseMetadata"][
        "HTTPStatusCode"] == 200
    sm.untag_resource(SecretId=name, TagKeys=["k"])
    assert sm.describe_secret(SecretId=name)["Tags"] == []

    policy = json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::%s:root" % ACCOUNT},
        "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]})
    sm.put_resource_policy(SecretId=name, ResourcePolicy=policy, BlockPublicPolicy=True)
    assert sm.get_resource_policy(SecretId=name)["ResourcePolicy"] == policy
    sm.delete_resource_policy(SecretId=name)
    assert sm.validate_resource_policy(ResourcePolicy=policy)["PolicyValidationPassed"] is True

    token = sm.rotate_secret(SecretId=name, RotationLambdaARN=generic,
                             RotationRules={"AutomaticallyAfterDays": 30})["VersionId"]
    rotated(api, name)
    shown = sm.describe_secret(SecretId=name)
    assert shown["VersionIdsToStages"][token] == ["AWSCURRENT", "AWSPENDING"]
    assert shown["RotationEnabled"] is True and shown["LastRotatedDate"].tzinfo
    sm.cancel_rotate_secret(SecretId=name)
    assert sm.describe_secret(SecretId=name)["RotationEnabled"] is False

    status = sm.replicate_secret_to_regions(
        SecretId=name, AddReplicaRegions=[{"Region": "eu-west-1"}])["ReplicationStatus"]
    assert status[0]["Status"] == "InProgress"
    assert sm.remove_regions_from_replication(
        SecretId=name, RemoveReplicaRegions=["eu-west-1"])["ReplicationStatus"] == []

    date = sm.delete_secret(SecretId=name, RecoveryWindowInDays=7)["DeletionDate"]
    assert datetime.timedelta(days=6, hours=23) < date - now < datetime.timedelta(days=7, hours=1)
    with pytest.raises(sm.exceptions.InvalidRequestException) as caught:
        sm.get_secret_value(SecretId=name)
    assert seen(caught) == ("InvalidRequestException", DEL.type, DEL.text, 400)
    sm.restore_secret(SecretId=name)
    sm.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    with pytest.raises(sm.exceptions.ResourceNotFoundException) as caught:
        sm.describe_secret(SecretId=name)
    assert seen(caught) == ("ResourceNotFoundException", NF.type, NF.text, 400)


def test_modelled_errors_have_a_class_and_their_message(sm, secret):
    with pytest.raises(sm.exceptions.ResourceExistsException) as caught:
        sm.create_secret(Name=secret.name, SecretString="x")
    text = exists(secret.name).text
    assert seen(caught)[2] == text and caught.value.response["Message"] == text
    assert str(caught.value) == (
        "An error occurred (ResourceExistsException) when calling the CreateSecret operation: "
        + text)


def test_shape_errors_are_generic(sm):
    with pytest.raises(sm.exceptions.ClientError) as caught:
        sm.describe_secret(SecretId="bad name")
    assert seen(caught) == ("ClientError", NAME.type, NAME.text, 400)


def test_paginators(sm, own_region, server):
    for i in range(5):
        own_region.create("p%d" % i)
    there = server.boto3("secretsmanager", own_region.region)
    pages = there.get_paginator("list_secrets").paginate(PaginationConfig={"PageSize": 2})
    assert [s["Name"] for p in pages for s in p["SecretList"]] == ["p0", "p1", "p2", "p3", "p4"]


def test_a_missing_secret_is_told_from_a_missing_version(sm, secret):
    """What rotation functions rely on: one exception class for all three."""
    for members in ({"SecretId": secret.name + "/none"},
                    {"SecretId": secret.arn, "VersionId": "x" * 32},
                    {"SecretId": secret.arn, "VersionStage": "AWSPENDING"}):
        with pytest.raises(sm.exceptions.ResourceNotFoundException):
            sm.get_secret_value(**members)
