# SPDX-License-Identifier: Apache-2.0
"""RemoveRegionsFromReplication: copies vanish at once."""
from catalogue import DEL, NAME, NF, REP, clause, invalid, matches, null

BOTH_REGIONS = [{"Region": "eu-west-1"}, {"Region": "ap-south-1"}]


def test_the_copy_is_gone_and_the_rest_remains(api, name):
    made = api.create(name, AddReplicaRegions=BOTH_REGIONS)
    body = api.ok("RemoveRegionsFromReplication", SecretId=name, RemoveReplicaRegions=["eu-west-1"])
    assert body["ARN"] == made["ARN"]
    assert [e["Region"] for e in body["ReplicationStatus"]] == ["ap-south-1"]
    api.at("eu-west-1").refused("DescribeSecret", NF, SecretId=name)
    assert api.at("ap-south-1").value(name) == "v1"


def test_the_last_one_leaves_an_empty_list_and_describe_without(api, replica):
    primary, there = replica
    body = api.ok("RemoveRegionsFromReplication", SecretId=primary.arn,
                  RemoveReplicaRegions=["eu-west-1"])
    assert body == {"ARN": primary.arn, "ReplicationStatus": []}
    assert "ReplicationStatus" not in api.describe(primary.arn)
    there.refused("GetSecretValue", NF, SecretId=primary.name)
    there.create(primary.name)      # the name is free at once


def test_unknown_regions_are_ignored(api, replica):
    primary, there = replica
    body = api.ok("RemoveRegionsFromReplication", SecretId=primary.arn,
                  RemoveReplicaRegions=["sa-east-1", "us-east-1"])
    assert [e["Region"] for e in body["ReplicationStatus"]] == ["eu-west-1"]
    assert api.value(primary.arn) == "v1"


def test_dropping_a_failed_entry_spares_the_unrelated_secret(api, secret):
    there = api.at("eu-west-1")
    there.create(secret.name, "theirs")
    api.ok("ReplicateSecretToRegions", SecretId=secret.arn,
           AddReplicaRegions=[{"Region": "eu-west-1"}])
    api.ok("RemoveRegionsFromReplication", SecretId=secret.arn, RemoveReplicaRegions=["eu-west-1"])
    assert there.value(secret.name) == "theirs"
    assert "ReplicationStatus" not in api.describe(secret.arn)


def test_shape(api, secret):
    api.refused("RemoveRegionsFromReplication", invalid(null("removeReplicaRegions")),
                SecretId=secret.arn)
    api.refused("RemoveRegionsFromReplication",
                invalid(clause("removeReplicaRegions.1.member", "Europe",
                               matches(r"^([a-z]+-)+\d+$"))),
                SecretId=secret.arn, RemoveReplicaRegions=["Europe"])


def test_unknown_bad_scheduled_and_replica(api, name, scheduled):
    remove = {"RemoveReplicaRegions": ["eu-west-1"]}
    api.refused("RemoveRegionsFromReplication", NF, SecretId=name + "/none", **remove)
    api.refused("RemoveRegionsFromReplication", NAME, SecretId="bad name", **remove)
    api.refused("RemoveRegionsFromReplication", DEL, SecretId=scheduled.arn, **remove)


def test_a_replica_refuses(replica):
    primary, there = replica
    there.refused("RemoveRegionsFromReplication", REP, SecretId=primary.name,
                  RemoveReplicaRegions=["eu-west-1"])
