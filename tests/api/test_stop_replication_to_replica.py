# SPDX-License-Identifier: Apache-2.0
"""StopReplicationToReplica: a replica becomes a secret of its own."""
from catalogue import DEL, NAME, NF, NOT_REPLICA


def test_it_is_writable_and_no_longer_follows(api, replica):
    primary, there = replica
    arn = primary.arn.replace("us-east-1", "eu-west-1")
    assert there.ok("StopReplicationToReplica", SecretId=primary.name) == {"ARN": arn}
    shown = there.describe(primary.name)
    assert shown["ARN"] == arn and "PrimaryRegion" not in shown
    assert "ReplicationStatus" not in api.describe(primary.arn)
    api.put(primary.arn, "v2")
    assert there.value(arn) == "v1"
    there.put(arn, "own")
    assert api.value(primary.arn) == "v2"


def test_both_may_then_be_deleted(api, replica):
    primary, there = replica
    arn = primary.arn.replace("us-east-1", "eu-west-1")
    there.ok("StopReplicationToReplica", SecretId=arn)
    api.ok("DeleteSecret", SecretId=primary.arn, ForceDeleteWithoutRecovery=True)
    assert there.value(arn) == "v1"
    there.ok("DeleteSecret", SecretId=arn)


def test_a_secret_that_is_no_replica(api, secret, name):
    api.refused("StopReplicationToReplica", NOT_REPLICA, SecretId=secret.arn)
    made = api.create(name + "/p", AddReplicaRegions=[{"Region": "eu-west-1"}])
    api.refused("StopReplicationToReplica", NOT_REPLICA, SecretId=made["ARN"])


def test_the_primary_is_not_found_from_the_replicas_region(api, replica):
    primary, there = replica
    there.refused("StopReplicationToReplica", NF, SecretId=primary.arn)


def test_unknown_bad_and_scheduled(api, name, scheduled):
    api.refused("StopReplicationToReplica", NF, SecretId=name + "/none")
    api.refused("StopReplicationToReplica", NAME, SecretId="bad name")
    api.refused("StopReplicationToReplica", DEL, SecretId=scheduled.arn)
