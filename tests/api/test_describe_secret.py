# SPDX-License-Identifier: Apache-2.0
"""DescribeSecret: everything but the value, and nothing that has no value."""
from catalogue import NAME, NF


def test_only_members_with_a_value_are_shown(api, empty):
    body = api.describe(empty.name)
    assert body == {"ARN": empty.arn, "Name": empty.name, "CreatedDate": body["CreatedDate"],
                    "LastChangedDate": body["CreatedDate"]}


def test_labelled_versions_are_shown_with_sorted_labels(api, secret):
    api.put(secret.arn, "v2")
    v3 = api.put(secret.arn, "v3", ["zeta", "AWSCURRENT", "alpha", "Beta"])
    shown = api.describe(secret.arn)["VersionIdsToStages"]
    assert shown[v3] == ["AWSCURRENT", "Beta", "alpha", "zeta"]
    assert secret.version not in shown and len(shown) == 2


def test_a_scheduled_secret_is_described_with_its_date(api, secret):
    before = api.describe(secret.arn)
    deleted = api.ok("DeleteSecret", SecretId=secret.arn)
    now = api.describe(secret.arn)
    assert now["DeletedDate"] == deleted["DeletionDate"]
    assert now["VersionIdsToStages"] == before["VersionIdsToStages"]


def test_tags_stay_as_an_empty_list_after_the_last_is_gone(api, secret):
    assert "Tags" not in api.describe(secret.arn)
    api.ok("TagResource", SecretId=secret.arn, Tags=[{"Key": "k", "Value": "v"}])
    assert api.describe(secret.arn)["Tags"] == [{"Key": "k", "Value": "v"}]
    api.ok("UntagResource", SecretId=secret.arn, TagKeys=["k"])
    assert api.describe(secret.arn)["Tags"] == []


def test_primary_region_appears_with_replication(api, replica):
    primary, there = replica
    body = api.describe(primary.arn)
    assert body["PrimaryRegion"] == "us-east-1"
    assert body["ReplicationStatus"] == [
        {"Region": "eu-west-1", "KmsKeyId": "alias/aws/secretsmanager", "Status": "InSync",
         "StatusMessage": "Replication succeeded"}]
    copy = there.describe(primary.name)
    assert copy["PrimaryRegion"] == "us-east-1" and "ReplicationStatus" not in copy


def test_members_are_written_in_alphabetical_order(api, secret):
    api.ok("UpdateSecret", SecretId=secret.arn, Description="d")
    text = api.reply("DescribeSecret", SecretId=secret.arn).body.decode()
    at = [text.index('"%s":' % m) for m in
          ("ARN", "CreatedDate", "Description", "LastChangedDate", "Name", "VersionIdsToStages")]
    assert at == sorted(at) and " " not in text


def test_describing_changes_nothing(api, secret):
    assert api.describe(secret.arn) == api.describe(secret.arn)


def test_unknown_and_bad_names(api, name):
    api.refused("DescribeSecret", NF, SecretId=name)
    api.refused("DescribeSecret", NAME, SecretId="bad name")
