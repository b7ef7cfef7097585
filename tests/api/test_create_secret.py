# SPDX-License-Identifier: Apache-2.0
"""CreateSecret: a name, perhaps a first version, perhaps copies elsewhere."""
import re
import time

import pytest

from catalogue import (BOTH, CRT, DELC, KMS, NAME, NF, REPR, TAGS_51, TAGS_AWS, TAGS_KEY,
                       TAGS_TWICE, exists, length_at_most, clause, invalid, nfs)
from server import ACCOUNT
from wire import encode, token


def test_a_string_becomes_the_first_version_and_carries_awscurrent(api, name):
    version = token()
    made = api.ok("CreateSecret", Name=name, SecretString="s3cret", ClientRequestToken=version)
    assert made == {"ARN": made["ARN"], "Name": name, "VersionId": version}
    assert api.labels(name) == {version: ["AWSCURRENT"]}
    assert api.value(name) == "s3cret"


def test_binary_becomes_the_first_version(api, name):
    made = api.create(name, b"\x00\xff\x10")
    body = api.ok("GetSecretValue", SecretId=name)
    assert body["SecretBinary"] == "AP8Q" and "SecretString" not in body
    assert body["VersionId"] == made["VersionId"]


def test_the_arn_is_the_name_and_six_random_letters_or_digits(api, name):
    made = api.create(name)
    head = "arn:aws:secretsmanager:us-east-1:%s:secret:%s-" % (ACCOUNT, name)
    assert made["ARN"].startswith(head)
    assert re.fullmatch("[A-Za-z0-9]{6}", made["ARN"][len(head):])


def test_suffixes_use_both_cases_and_digits_and_do_not_repeat(api, name):
    suffixes = [api.create("%s/%d" % (name, i), None)["ARN"][-6:] for i in range(40)]
    assert len(set(suffixes)) == 40
    text = "".join(suffixes)
    assert re.search("[a-z]", text) and re.search("[A-Z]", text) and re.search("[0-9]", text)


@pytest.mark.parametrize("region, partition", [
    ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eu-central-1", "aws")])
def test_the_partition_follows_the_region(api, name, region, partition):
    made = api.at(region).create(name)
    assert made["ARN"].startswith("arn:%s:secretsmanager:%s:" % (partition, region))


def test_without_a_value_there_is_no_version(api, name):
    made = api.ok("CreateSecret", Name=name, ClientRequestToken=token())
    assert made == {"ARN": made["ARN"], "Name": name}
    assert "VersionIdsToStages" not in api.describe(name)
    assert api.ok("ListSecretVersionIds", SecretId=name)["Versions"] == []
    api.refused("GetSecretValue", nfs("AWSCURRENT"), SecretId=name)


def test_without_a_value_the_token_may_be_absent(api, name):
    assert api.ok("CreateSecret", Name=name)["Name"] == name


@pytest.mark.parametrize("value", [{"SecretString": "x"}, {"SecretBinary": b"x"}])
def test_a_value_needs_a_token(api, name, value):
    api.refused("CreateSecret", CRT, Name=name, **value)
    api.refused("DescribeSecret", NF, SecretId=name)


def test_string_and_binary_together_are_refused(api, name):
    api.refused("CreateSecret", BOTH, Name=name, SecretString="x", SecretBinary=b"x",
                ClientRequestToken=token())
    api.refused("DescribeSecret", NF, SecretId=name)


# ---- names

@pytest.mark.parametrize("good", [
    "/leading/slash", "trailing/", "a-b/c_d+e=f.g@h!i", "UPPER", "lower", "0", "rds!cluster-1",
    "ends-like-a-suffix-a1b2c3", "-", "."])
def test_names_may_hold(own_region, good):
    made = own_region.create(good)
    assert made["Name"] == good
    assert own_region.describe(good)["Name"] == good


@pytest.mark.parametrize("bad", [
    "with space", "star*", "what?", "bracket]", "back\\slash", "colon:", "semi;colon", "tab\t",
    "nul\x00", "new\nline", "h\u00e9", "\U0001f511", "percent%", "hash#", "comma,", "'"])
def test_names_may_not_hold(api, bad):
    api.refused("CreateSecret", NAME, Name=bad, SecretString="x", ClientRequestToken=token())


def test_names_differ_by_case(own_region):
    assert own_region.create("Case")["ARN"] != own_region.create("case")["ARN"]


def test_a_name_of_512_characters_is_the_longest(own_region):
    assert own_region.create("n" * 512)["Name"] == "n" * 512
    own_region.refused("CreateSecret", invalid(clause("name", "n" * 513, length_at_most(512))),
                       Name="n" * 513, SecretString="x", ClientRequestToken=token())


# ---- repeats (the whole token matrix is in test_tokens.py)

def test_a_taken_name_is_refused_with_its_name(api, secret):
    api.refused("CreateSecret", exists(secret.name), Name=secret.name, SecretString="v1",
                ClientRequestToken=token())
    assert api.labels(secret.arn) == {secret.version: ["AWSCURRENT"]}


def test_any_repeat_on_a_secret_without_versions_is_refused(api, empty):
    api.refused("CreateSecret", exists(empty.name), Name=empty.name, ClientRequestToken=token())
    api.refused("CreateSecret", exists(empty.name), Name=empty.name, SecretString="x",
                ClientRequestToken=token())


def test_the_same_name_is_free_in_another_region(api, secret):
    there = api.at("eu-central-1").create(secret.name)
    assert there["ARN"] != secret.arn and ":eu-central-1:" in there["ARN"]


def test_a_scheduled_secret_keeps_its_name(api, scheduled):
    api.refused("CreateSecret", DELC, Name=scheduled.name, SecretString="x",
                ClientRequestToken=token())


def test_a_forced_delete_frees_the_name_at_once_under_a_new_arn(api, secret):
    api.ok("DeleteSecret", SecretId=secret.arn, ForceDeleteWithoutRecovery=True)
    again = api.create(secret.name)
    assert again["ARN"] != secret.arn
    api.refused("DescribeSecret", NF, SecretId=secret.arn)


# ---- what is stored beside the value

def test_dates_are_now_and_equal_with_three_decimals(api, name):
    before = time.time()
    api.create(name)
    text = api.reply("DescribeSecret", SecretId=name).body.decode()
    created = re.search(r'"CreatedDate":(\d+\.\d{3})[,}]', text).group(1)
    assert re.search(r'"LastChangedDate":(\d+\.\d{3})[,}]', text).group(1) == created
    assert before - 1 <= float(created) <= time.time() + 1


def test_a_new_secret_shows_no_rotation_no_tags_no_key(api, name):
    api.create(name)
    assert sorted(api.describe(name)) == [
        "ARN", "CreatedDate", "LastChangedDate", "Name", "VersionIdsToStages"]


def test_description_is_kept_and_an_empty_one_is_none(api, name):
    api.create(name, Description="what it is for")
    assert api.describe(name)["Description"] == "what it is for"
    api.create(name + "/empty", Description="")
    assert "Description" not in api.describe(name + "/empty")


@pytest.mark.parametrize("key", ["", "alias/aws/secretsmanager"])
def test_the_default_key_is_not_shown(api, name, key):
    api.create(name, KmsKeyId=key)
    assert "KmsKeyId" not in api.describe(name)


def test_an_unusable_key_is_refused_and_nothing_is_made(api, name):
    api.refused("CreateSecret", KMS, Name=name, SecretString="x", ClientRequestToken=token(),
                KmsKeyId="alias/there-is-no-such-key")
    api.refused("DescribeSecret", NF, SecretId=name)


def test_type_is_echoed_and_an_empty_one_is_none(api, name):
    api.create(name, Type="SalesforceClientSecret")
    assert api.describe(name)["Type"] == "SalesforceClientSecret"
    api.create(name + "/empty", Type="")
    assert "Type" not in api.describe(name + "/empty")


def test_tags_are_kept_in_order(api, name):
    tags = [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": ""}, {"Key": "A", "Value": "x"}]
    api.create(name, Tags=tags)
    assert api.describe(name)["Tags"] == tags


def test_a_tag_without_value_has_the_empty_value(api, name):
    api.create(name, Tags=[{"Key": "only"}])
    assert api.describe(name)["Tags"] == [{"Key": "only", "Value": ""}]


def test_an_empty_tag_list_is_never_tagged(api, name):
    api.create(name, Tags=[])
    assert "Tags" not in api.describe(name)


def tag_list(count):
    return [{"Key": "k%d" % i, "Value": "v"} for i in range(count)]


def test_fifty_tags_are_the_most(api, name):
    api.create(name, Tags=tag_list(50))
    assert len(api.describe(name)["Tags"]) == 50
    api.refused("CreateSecret", TAGS_51, Name=name + "/51", Tags=tag_list(51))
    api.refused("DescribeSecret", NF, SecretId=name + "/51")


@pytest.mark.parametrize("tags, refusal", [
    ([{"Key": "aws:x", "Value": "v"}], TAGS_AWS),
    ([{"Key": "k", "Value": "aws:v"}], TAGS_AWS),
    ([{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}], TAGS_TWICE),
    ([{"Value": "v"}], TAGS_KEY)])
def test_bad_tags_are_refused_and_nothing_is_made(api, name, tags, refusal):
    api.refused("CreateSecret", refusal, Name=name, Tags=tags)
    api.refused("DescribeSecret", NF, SecretId=name)


# ---- replicas (the rest is in test_replicate_secret_to_regions.py)

def test_replica_regions_are_answered_in_progress_then_in_sync(api, name):
    made = api.create(name, AddReplicaRegions=[{"Region": "eu-west-1"}, {"Region": "ap-south-1"}])
    default = "alias/aws/secretsmanager"
    assert made["ReplicationStatus"] == [
        {"Region": r, "KmsKeyId": default, "Status": "InProgress"}
        for r in ("ap-south-1", "eu-west-1")]
    assert [e["Status"] for e in api.describe(name)["ReplicationStatus"]] == ["InSync", "InSync"]
    assert api.at("ap-south-1").value(name) == "v1"


def test_a_bad_replica_region_means_nothing_was_made(api, name):
    api.refused("CreateSecret", REPR, Name=name, SecretString="x", ClientRequestToken=token(),
                AddReplicaRegions=[{"Region": "eu-west-1"}, {"Region": "us-east-1"}])
    api.refused("DescribeSecret", NF, SecretId=name)
    api.at("eu-west-1").refused("DescribeSecret", NF, SecretId=name)


def test_a_replica_takes_the_name_in_its_region(replica):
    primary, there = replica
    there.refused("CreateSecret", exists(primary.name), Name=primary.name, SecretString="x",
                  ClientRequestToken=token())


# ---- order of checks

def test_checks_come_in_order(api, scheduled):
    """Missing token, then name, then both values, then region, then the name that is taken."""
    members = {"Name": "bad name", "SecretString": "x", "SecretBinary": b"x",
               "AddReplicaRegions": [{"Region": "us-east-1"}]}
    api.refused("CreateSecret", CRT, **members)
    members["ClientRequestToken"] = token()
    api.refused("CreateSecret", NAME, **members)
    members["Name"] = scheduled.name
    api.refused("CreateSecret", BOTH, **members)
    del members["SecretBinary"]
    api.refused("CreateSecret", REPR, **members)
    del members["AddReplicaRegions"]
    api.refused("CreateSecret", DELC, **members)


def test_shape_comes_before_everything(api):
    reply = api.send(encode({"Name": "bad name", "SecretString": "x", "Description": "d" * 2049}),
                     "secretsmanager.CreateSecret")
    assert reply.json["__type"] == "ValidationException"
    assert "'description'" in reply.json["message"]
