# SPDX-License-Identifier: Apache-2.0
"""DeleteSecret: a recovery window, or at once."""
import re
import time

import pytest

from catalogue import DEL, DELC, DELD, NAME, NF, REP, WIN, WINF, repd
from wire import token

DAY = 86400


@pytest.mark.parametrize("members, days", [
    ({}, 30), ({"RecoveryWindowInDays": 7}, 7), ({"RecoveryWindowInDays": 30}, 30),
    ({"RecoveryWindowInDays": 12, "ForceDeleteWithoutRecovery": False}, 12),
    ({"ForceDeleteWithoutRecovery": False}, 30)])
def test_the_window_counts_from_now(api, secret, members, days):
    body = api.ok("DeleteSecret", SecretId=secret.name, **members)
    assert abs(body["DeletionDate"] - time.time() - days * DAY) < 60
    assert body == {"ARN": secret.arn, "Name": secret.name, "DeletionDate": body["DeletionDate"]}
    assert api.describe(secret.arn)["DeletedDate"] == body["DeletionDate"]


@pytest.mark.parametrize("days", [-1, 0, 1, 6, 31, 365, 2 ** 40])
def test_a_window_out_of_range_is_refused_even_for_unknown_secrets(api, name, secret, days):
    for id_ in (secret.arn, name + "/none"):
        api.refused("DeleteSecret", WIN, SecretId=id_, RecoveryWindowInDays=days)
    assert "DeletedDate" not in api.describe(secret.arn)


def test_force_and_window_exclude_each_other(api, name, secret):
    for id_ in (secret.arn, name + "/none"):
        api.refused("DeleteSecret", WINF, SecretId=id_, RecoveryWindowInDays=7,
                    ForceDeleteWithoutRecovery=True)
    assert api.value(secret.arn) == "v1"


def test_force_removes_at_once(api, secret):
    body = api.ok("DeleteSecret", SecretId=secret.name, ForceDeleteWithoutRecovery=True)
    assert body["ARN"] == secret.arn and abs(body["DeletionDate"] - time.time()) < 60
    api.refused("DescribeSecret", NF, SecretId=secret.name)
    api.refused("GetSecretValue", NF, SecretId=secret.arn)
    api.refused("RestoreSecret", NF, SecretId=secret.arn)


def test_force_removes_a_scheduled_secret(api, scheduled):
    api.ok("DeleteSecret", SecretId=scheduled.arn, ForceDeleteWithoutRecovery=True)
    api.refused("DescribeSecret", NF, SecretId=scheduled.arn)


def test_force_succeeds_for_an_unknown_name(api, name):
    body = api.ok("DeleteSecret", SecretId=name, ForceDeleteWithoutRecovery=True)
    assert body["Name"] == name and abs(body["DeletionDate"] - time.time()) < 60
    assert re.fullmatch(r"arn:aws:secretsmanager:us-east-1:\d{12}:secret:%s-[A-Za-z0-9]{6}"
                        % re.escape(name), body["ARN"])
    api.refused("DescribeSecret", NF, SecretId=name)


def test_force_succeeds_for_an_unknown_arn(api, name):
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:%s-AbCdEf" % name
    body = api.ok("DeleteSecret", SecretId=arn, ForceDeleteWithoutRecovery=True)
    assert body["ARN"] == arn


def test_force_does_not_forgive_a_bad_name(api):
    api.refused("DeleteSecret", NAME, SecretId="bad name", ForceDeleteWithoutRecovery=True)


def test_an_unknown_secret_without_force_is_not_found(api, name):
    api.refused("DeleteSecret", NF, SecretId=name)
    api.refused("DeleteSecret", NF, SecretId=name, ForceDeleteWithoutRecovery=False)


def test_a_second_delete_is_refused_and_the_first_date_stands(api, secret):
    first = api.ok("DeleteSecret", SecretId=secret.arn, RecoveryWindowInDays=9)["DeletionDate"]
    api.refused("DeleteSecret", DELD, SecretId=secret.arn, RecoveryWindowInDays=20)
    assert api.describe(secret.arn)["DeletedDate"] == first


def test_the_name_stays_taken_until_restored(api, scheduled):
    api.refused("CreateSecret", DELC, Name=scheduled.name)
    api.ok("RestoreSecret", SecretId=scheduled.name)
    assert api.value(scheduled.name) == "v1"


def test_value_labels_and_tags_survive_the_window(api, secret):
    v2 = api.put(secret.arn, "v2")
    api.ok("TagResource", SecretId=secret.arn, Tags=[{"Key": "k", "Value": "v"}])
    before = api.describe(secret.arn)
    api.ok("DeleteSecret", SecretId=secret.arn)
    during = api.describe(secret.arn)
    assert during["VersionIdsToStages"] == before["VersionIdsToStages"]
    assert during["Tags"] == before["Tags"]
    api.ok("RestoreSecret", SecretId=secret.arn)
    assert api.value(secret.arn, VersionId=v2) == "v2"


@pytest.mark.parametrize("op, members", [
    ("GetSecretValue", {}), ("GetResourcePolicy", {}), ("DeleteResourcePolicy", {}),
    ("PutSecretValue", {"SecretString": "x", "ClientRequestToken": "t" * 32}),
    ("UpdateSecret", {"Description": "x"}),
    ("UpdateSecretVersionStage", {"VersionStage": "x", "MoveToVersionId": "v" * 32}),
    ("RotateSecret", {"ClientRequestToken": "t" * 32}), ("CancelRotateSecret", {}),
    ("TagResource", {"Tags": [{"Key": "k", "Value": "v"}]}), ("UntagResource", {"TagKeys": ["k"]}),
    ("PutResourcePolicy", {"ResourcePolicy": '{"Version":"2012-10-17","Statement":[{"Effect":'
                           '"Allow","Principal":"*","Action":"*","Resource":"*"}]}'}),
    ("ReplicateSecretToRegions", {"AddReplicaRegions": [{"Region": "eu-west-1"}]}),
    ("RemoveRegionsFromReplication", {"RemoveReplicaRegions": ["eu-west-1"]}),
    ("StopReplicationToReplica", {})])
def test_what_a_scheduled_secret_refuses(api, scheduled, op, members):
    api.refused(op, DEL, SecretId=scheduled.arn, **members)


@pytest.mark.parametrize("op", ["DescribeSecret", "ListSecretVersionIds", "RestoreSecret"])
def test_what_a_scheduled_secret_allows(api, scheduled, op):
    assert api.ok(op, SecretId=scheduled.arn)["ARN"] == scheduled.arn


def test_a_primary_with_replicas_is_not_deleted(api, name):
    made = api.create(name, AddReplicaRegions=[{"Region": "eu-west-1"}, {"Region": "ap-south-1"}])
    refusal = repd(made["ARN"], "ap-south-1", "eu-west-1")
    api.refused("DeleteSecret", refusal, SecretId=name)
    api.refused("DeleteSecret", refusal, SecretId=name, ForceDeleteWithoutRecovery=True)
    api.ok("RemoveRegionsFromReplication", SecretId=name,
           RemoveReplicaRegions=["eu-west-1", "ap-south-1"])
    api.ok("DeleteSecret", SecretId=name)


def test_a_failed_replica_entry_counts_too(api, name):
    api.at("eu-west-1").create(name)
    made = api.create(name, AddReplicaRegions=[{"Region": "eu-west-1"}])
    assert api.describe(name)["ReplicationStatus"][0]["Status"] == "Failed"
    api.refused("DeleteSecret", repd(made["ARN"], "eu-west-1"), SecretId=name)


def test_a_replica_is_not_deleted(replica):
    primary, there = replica
    there.refused("DeleteSecret", REP, SecretId=primary.name)
    there.refused("DeleteSecret", REP, SecretId=primary.name, ForceDeleteWithoutRecovery=True)
    assert there.value(primary.name) == "v1"


def test_after_the_window_everything_is_gone(travel, name):
    api = travel.api()
    api.create(name)
    api.ok("DeleteSecret", SecretId=name, RecoveryWindowInDays=7)
    travel.advance_clock("6d")
    assert "DeletedDate" in api.describe(name)
    travel.advance_clock("25h")
    api.refused("DescribeSecret", NF, SecretId=name)
    api.refused("RestoreSecret", NF, SecretId=name)
    listed = api.ok("ListSecrets", IncludePlannedDeletion=True,
                    Filters=[{"Key": "name", "Values": [name]}])
    assert listed["SecretList"] == []
    api.ok("CreateSecret", Name=name, SecretString="again", ClientRequestToken=token())
    assert api.value(name) == "again"
