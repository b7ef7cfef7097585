# SPDX-License-Identifier: Apache-2.0
"""GetSecretValue: which version the selectors name, and what a read leaves behind."""
import time

import pytest

from catalogue import DEL, MIS, NAME, NF, clause, invalid, length_at_least, nfs, nfv
from wire import after, token

DAY = 86400


@pytest.fixture
def three(api, secret):
    """(v1, v2, v3): v1 without labels, v2 AWSPREVIOUS, v3 AWSCURRENT and mine."""
    v2 = api.put(secret.arn, "v2")
    v3 = api.put(secret.arn, "v3", ["AWSCURRENT", "mine"])
    return secret.version, v2, v3


def test_without_selectors_the_current_version_is_read(api, secret):
    body = api.ok("GetSecretValue", SecretId=secret.name)
    assert abs(body.pop("CreatedDate") - time.time()) < 60
    assert body == {"ARN": secret.arn, "Name": secret.name, "VersionId": secret.version,
                    "SecretString": "v1", "VersionStages": ["AWSCURRENT"]}


def test_a_version_without_labels_is_read_by_its_id_and_shows_no_stages(api, secret, three):
    body = api.ok("GetSecretValue", SecretId=secret.arn, VersionId=three[0])
    assert body["SecretString"] == "v1" and "VersionStages" not in body


@pytest.mark.parametrize("selector, value", [
    ({}, "v3"), ({"VersionStage": "AWSCURRENT"}, "v3"), ({"VersionStage": "AWSPREVIOUS"}, "v2"),
    ({"VersionStage": "mine"}, "v3")])
def test_a_label_selects(api, secret, three, selector, value):
    assert api.value(secret.arn, **selector) == value


@pytest.mark.parametrize("version, label, value", [(2, "mine", "v3"), (1, "AWSPREVIOUS", "v2")])
def test_id_and_label_that_agree(api, secret, three, version, label, value):
    assert api.value(secret.arn, VersionId=three[version], VersionStage=label) == value


@pytest.mark.parametrize("version, label", [(0, "AWSCURRENT"), (1, "AWSCURRENT"), (2, "nothing")])
def test_id_and_label_that_disagree(api, secret, three, version, label):
    api.refused("GetSecretValue", MIS, SecretId=secret.arn, VersionId=three[version],
                VersionStage=label)


@pytest.mark.parametrize("label", ["AWSPENDING", "awscurrent", "none such"])
def test_a_label_nobody_carries(api, secret, label):
    api.refused("GetSecretValue", nfs(label), SecretId=secret.arn, VersionStage=label)


def test_an_id_nobody_has(api, secret):
    other = token()
    api.refused("GetSecretValue", nfv(other), SecretId=secret.arn, VersionId=other)
    api.refused("GetSecretValue", nfv(other), SecretId=secret.arn, VersionId=other,
                VersionStage="AWSCURRENT")


def test_a_secret_without_value_names_the_label(api, empty):
    api.refused("GetSecretValue", nfs("AWSCURRENT"), SecretId=empty.arn)
    api.refused("GetSecretValue", nfs("AWSPREVIOUS"), SecretId=empty.arn,
                VersionStage="AWSPREVIOUS")


def test_the_version_keeps_its_own_date(api, secret):
    first = after(api.ok("GetSecretValue", SecretId=secret.arn)["CreatedDate"])
    api.put(secret.arn, "v2")
    again = api.ok("GetSecretValue", SecretId=secret.arn, VersionId=secret.version)
    assert again["CreatedDate"] == first
    assert api.ok("GetSecretValue", SecretId=secret.arn)["CreatedDate"] > first


def test_a_read_leaves_midnight_as_last_accessed_on_secret_and_version(api, secret):
    before = api.describe(secret.arn)
    assert "LastAccessedDate" not in before
    api.ok("GetSecretValue", SecretId=secret.arn)
    now = api.describe(secret.arn)
    assert now["LastAccessedDate"] % DAY == 0
    assert abs(time.time() - now["LastAccessedDate"]) <= DAY + 60
    assert now["LastChangedDate"] == before["LastChangedDate"]
    [version] = api.ok("ListSecretVersionIds", SecretId=secret.arn)["Versions"]
    assert version["LastAccessedDate"] == now["LastAccessedDate"]


def test_a_refused_read_leaves_nothing(api, secret):
    api.refused("GetSecretValue", nfs("nothing"), SecretId=secret.arn, VersionStage="nothing")
    assert "LastAccessedDate" not in api.describe(secret.arn)


def test_a_read_of_one_version_marks_only_that_version(api, secret, three):
    api.value(secret.arn, VersionId=three[0])
    listed = api.ok("ListSecretVersionIds", SecretId=secret.arn, IncludeDeprecated=True)["Versions"]
    assert [v["VersionId"] for v in listed if "LastAccessedDate" in v] == [three[0]]


# ---- which secret

def test_name_and_both_forms_of_arn_name_the_secret(api, secret):
    for form in (secret.name, secret.arn, secret.arn[:-7]):
        body = api.ok("GetSecretValue", SecretId=form)
        assert body["ARN"] == secret.arn and body["Name"] == secret.name


def test_the_name_with_suffix_is_another_name(api, secret):
    api.refused("GetSecretValue", NF, SecretId=secret.arn.split(":secret:")[1])


@pytest.mark.parametrize("tail, partial_is_found", [
    ("-a1b2c3", False), ("-a1b2", True), ("-a1b2c3-", True), ("-a1b2c", True), ("-a1b2c3d", True)])
def test_a_partial_arn_that_looks_whole_is_read_as_whole(own_region, tail, partial_is_found):
    made = own_region.create("x" + tail)
    partial = made["ARN"][:-7]
    if partial_is_found:
        assert own_region.value(partial) == "v1"
    else:
        own_region.refused("GetSecretValue", NF, SecretId=partial)
    assert own_region.value(made["ARN"]) == "v1"


def test_an_arn_with_another_suffix_is_not_found(api, secret):
    other = secret.arn[:-6] + ("zzzzzz" if secret.arn[-6:] != "zzzzzz" else "yyyyyy")
    api.refused("GetSecretValue", NF, SecretId=other)


def test_an_arn_of_another_region_is_not_found(api, secret):
    api.at("eu-west-1").refused("GetSecretValue", NF, SecretId=secret.arn)


@pytest.mark.parametrize("arn", [
    "arn:aws:secretsmanager:us-east-1:123456789012:x-AbCdEf",
    "arn:aws:lambda:us-east-1:123456789012:secret:x-AbCdEf",
    "arn:aws:secretsmanager:us-east-1:123456789012:function:x-AbCdEf",
    "arn:", "arn:aws:secretsmanager"])
def test_an_arn_of_something_else_is_no_name(api, arn):
    api.refused("GetSecretValue", NAME, SecretId=arn)


@pytest.mark.parametrize("bad", ["with space", "what?", "star*", "back\\slash", "]"])
def test_a_name_with_foreign_characters_is_refused_before_the_lookup(api, bad):
    api.refused("GetSecretValue", NAME, SecretId=bad)


def test_an_unknown_name_is_not_found(api, name):
    api.refused("GetSecretValue", NF, SecretId=name)


def test_an_empty_id_breaks_the_shape(api):
    api.refused("GetSecretValue", invalid(clause("secretId", "", length_at_least(1))), SecretId="")


def test_scheduled_secrets_are_not_read(api, scheduled):
    api.refused("GetSecretValue", DEL, SecretId=scheduled.arn)
    api.refused("GetSecretValue", DEL, SecretId=scheduled.arn, VersionId=scheduled.version)


def test_a_replica_is_read_under_its_own_arn(replica):
    primary, there = replica
    body = there.ok("GetSecretValue", SecretId=primary.name)
    assert body["SecretString"] == "v1" and body["VersionId"] == primary.version
    assert body["ARN"] == primary.arn.replace("us-east-1", "eu-west-1")
