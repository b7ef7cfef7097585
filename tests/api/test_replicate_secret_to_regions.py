# SPDX-License-Identifier: Apache-2.0
"""ReplicateSecretToRegions: copies under the same name and suffix in other regions."""
import pytest

from catalogue import DEL, NAME, NF, REP, REPR, invalid, null, clause, length_at_most, matches
from wire import token

DEFAULT_KEY = "alias/aws/secretsmanager"


def regions(*names):
    return [{"Region": r} for r in names]


def replicate(api, id_, *names, **members):
    return api.ok("ReplicateSecretToRegions", SecretId=id_, AddReplicaRegions=regions(*names),
                  **members)


def status(api, id_):
    return {e["Region"]: (e["Status"], e.get("StatusMessage"))
            for e in api.describe(id_)["ReplicationStatus"]}


IN_SYNC = ("InSync", "Replication succeeded")


def taken(name, region):
    return ("Failed", "Replication failed: Secret name %s already exists in region %s."
            % (name, region))


def test_the_answer_is_in_progress_and_the_next_look_in_sync(api, secret):
    body = replicate(api, secret.name, "eu-west-1", "ap-south-1")
    assert body == {"ARN": secret.arn, "ReplicationStatus": [
        {"Region": r, "KmsKeyId": DEFAULT_KEY, "Status": "InProgress"}
        for r in ("ap-south-1", "eu-west-1")]}
    assert status(api, secret.arn) == {"ap-south-1": IN_SYNC, "eu-west-1": IN_SYNC}


def test_the_copy_has_name_suffix_versions_labels_tags_and_description(api, secret):
    v2 = api.put(secret.arn, "v2", ["AWSCURRENT", "mine"])
    api.ok("UpdateSecret", SecretId=secret.arn, Description="d", Type="T")
    api.ok("TagResource", SecretId=secret.arn, Tags=[{"Key": "k", "Value": "v"}])
    replicate(api, secret.arn, "eu-west-1")
    there, here = api.at("eu-west-1"), api.describe(secret.arn)
    copy = there.describe(secret.name)
    assert copy["ARN"] == secret.arn.replace("us-east-1", "eu-west-1")
    for member in ("Name", "VersionIdsToStages", "Tags", "Description", "Type", "PrimaryRegion"):
        assert copy[member] == here[member], member
    assert there.value(secret.name) == "v2"
    assert there.value(copy["ARN"], VersionId=secret.version) == "v1"
    dates = [a.ok("GetSecretValue", SecretId=secret.name, VersionId=v2)["CreatedDate"]
             for a in (api, there)]
    assert dates[0] == dates[1]


def test_binary_values_are_copied(api, name):
    api.create(name, b"\x00\xff", AddReplicaRegions=regions("eu-west-1"))
    assert api.at("eu-west-1").value(name) == b"\x00\xff"


def test_last_accessed_date_is_the_regions_own(api, replica):
    primary, there = replica
    there.value(primary.name)
    assert "LastAccessedDate" in there.describe(primary.name)
    here = api.describe(primary.arn)
    assert "LastAccessedDate" not in here
    assert "LastAccessedDate" in here["ReplicationStatus"][0]


def test_a_region_twice_is_once_and_a_region_in_sync_stays(api, secret):
    body = replicate(api, secret.arn, "eu-west-1", "eu-west-1")
    assert len(body["ReplicationStatus"]) == 1
    replicate(api, secret.arn, "eu-west-1")
    assert status(api, secret.arn) == {"eu-west-1": IN_SYNC}
    assert api.at("eu-west-1").value(secret.name) == "v1"


def test_regions_add_up(api, secret):
    replicate(api, secret.arn, "eu-west-1")
    body = replicate(api, secret.arn, "ap-south-1")
    assert [e["Region"] for e in body["ReplicationStatus"]] == ["ap-south-1", "eu-west-1"]


@pytest.mark.parametrize("bad", [
    regions("us-east-1"), regions("eu-west-1", "us-east-1"), [{}], regions("cn-north-1"),
    regions("us-gov-west-1")])
def test_bad_regions_change_nothing(api, secret, bad):
    api.refused("ReplicateSecretToRegions", REPR, SecretId=secret.arn, AddReplicaRegions=bad)
    assert "ReplicationStatus" not in api.describe(secret.arn)
    api.at("eu-west-1").refused("DescribeSecret", NF, SecretId=secret.name)


def test_a_name_taken_there_fails_the_entry_and_harms_nothing(api, secret):
    there = api.at("eu-west-1")
    own = there.create(secret.name, "theirs")["ARN"]
    assert replicate(api, secret.arn, "eu-west-1")["ReplicationStatus"][0]["Region"] == "eu-west-1"
    assert status(api, secret.arn) == {"eu-west-1": taken(secret.name, "eu-west-1")}
    assert there.describe(secret.name)["ARN"] == own and there.value(own) == "theirs"


def test_a_scheduled_secret_there_fails_the_entry_too(api, secret):
    there = api.at("eu-west-1")
    there.create(secret.name)
    there.ok("DeleteSecret", SecretId=secret.name)
    replicate(api, secret.arn, "eu-west-1")
    assert status(api, secret.arn) == {"eu-west-1": taken(secret.name, "eu-west-1")}


def test_a_failed_entry_is_tried_again(api, secret):
    there = api.at("eu-west-1")
    there.create(secret.name)
    replicate(api, secret.arn, "eu-west-1")
    there.ok("DeleteSecret", SecretId=secret.name, ForceDeleteWithoutRecovery=True)
    replicate(api, secret.arn, "eu-west-1")
    assert status(api, secret.arn) == {"eu-west-1": IN_SYNC}
    assert there.value(secret.name) == "v1"


def test_force_replaces_what_is_there(api, secret):
    there = api.at("eu-west-1")
    there.create(secret.name, "theirs")
    replicate(api, secret.arn, "eu-west-1", ForceOverwriteReplicaSecret=True)
    assert status(api, secret.arn) == {"eu-west-1": IN_SYNC}
    assert there.value(secret.name) == "v1"
    assert there.describe(secret.name)["ARN"] == secret.arn.replace("us-east-1", "eu-west-1")


def test_force_does_not_replace_a_primary_with_replicas(api, secret):
    there = api.at("eu-west-1")
    there.create(secret.name, "theirs", AddReplicaRegions=regions("ap-south-1"))
    replicate(api, secret.arn, "eu-west-1", ForceOverwriteReplicaSecret=True)
    assert status(api, secret.arn)["eu-west-1"][0] == "Failed"
    assert there.value(secret.name) == "theirs"


def test_an_unusable_key_fails_the_entry(api, secret):
    api.ok("ReplicateSecretToRegions", SecretId=secret.arn, AddReplicaRegions=[
        {"Region": "eu-west-1", "KmsKeyId": "alias/there-is-no-such-key"}])
    assert status(api, secret.arn)["eu-west-1"][0] == "Failed"
    api.at("eu-west-1").refused("GetSecretValue", NF, SecretId=secret.name)


def test_later_changes_flow(api, replica):
    primary, there = replica
    v2 = api.put(primary.arn, "v2")
    api.move(primary.arn, "mine", to=v2)
    assert there.labels(primary.name) == api.labels(primary.arn)
    api.move(primary.arn, "AWSCURRENT", to=primary.version, source=v2)
    assert there.value(primary.name) == "v1"


def test_shape(api, secret):
    api.refused("ReplicateSecretToRegions", invalid(null("addReplicaRegions")), SecretId=secret.arn)
    reply = api.reply("ReplicateSecretToRegions", SecretId=secret.arn, AddReplicaRegions=[])
    assert reply.json["__type"] == "ValidationException"
    api.refused("ReplicateSecretToRegions",
                invalid(clause("addReplicaRegions.1.member.region", "Europe",
                               matches(r"^([a-z]+-)+\d+$"))),
                SecretId=secret.arn, AddReplicaRegions=regions("Europe"))
    api.refused("ReplicateSecretToRegions",
                invalid(clause("addReplicaRegions.1.member.kmsKeyId", "k" * 2049,
                               length_at_most(2048))),
                SecretId=secret.arn,
                AddReplicaRegions=[{"Region": "eu-west-1", "KmsKeyId": "k" * 2049}])


def test_unknown_bad_and_scheduled(api, name, scheduled):
    add = regions("eu-west-1")
    api.refused("ReplicateSecretToRegions", NF, SecretId=name + "/none", AddReplicaRegions=add)
    api.refused("ReplicateSecretToRegions", NAME, SecretId="bad name", AddReplicaRegions=add)
    api.refused("ReplicateSecretToRegions", DEL, SecretId=scheduled.arn, AddReplicaRegions=add)


def test_a_replica_is_not_replicated(replica):
    primary, there = replica
    there.refused("ReplicateSecretToRegions", REP, SecretId=primary.name,
                  AddReplicaRegions=regions("ap-south-1"))


def test_a_secret_without_value_is_replicated(api, empty):
    replicate(api, empty.arn, "eu-west-1")
    there = api.at("eu-west-1")
    assert "VersionIdsToStages" not in there.describe(empty.name)
    api.ok("PutSecretValue", SecretId=empty.arn, SecretString="x", ClientRequestToken=token())
    assert there.value(empty.name) == "x"
