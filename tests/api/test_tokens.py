# SPDX-License-Identifier: Apache-2.0
"""ClientRequestToken: what a repeat means for the three operations that make versions."""
import pytest

from catalogue import CRT, clause, exists, invalid, length_at_least, length_at_most, token_in_use
from wire import token

OPERATIONS = ["CreateSecret", "PutSecretValue", "UpdateSecret"]


def request(op, secret, **members):
    members["Name" if op == "CreateSecret" else "SecretId"] = secret.name
    return members


def state(api, secret):
    shown = api.describe(secret.arn)
    versions = api.ok("ListSecretVersionIds", SecretId=secret.arn, IncludeDeprecated=True)
    return shown, versions


@pytest.mark.parametrize("op", OPERATIONS)
def test_absent_with_a_value(api, secret, op):
    api.refused(op, CRT, **request(op, secret, SecretString="x"))
    api.refused(op, CRT, **request(op, secret, SecretBinary=b"x"))
    api.refused(op, CRT, **request(op, secret, SecretString="x", ClientRequestToken=None))


@pytest.mark.parametrize("op", OPERATIONS)
def test_absent_is_answered_before_the_secret_is_looked_up(api, name, op):
    members = {"Name" if op == "CreateSecret" else "SecretId": name, "SecretString": "x"}
    api.refused(op, CRT, **members)


def test_absent_without_a_value(api, secret, name):
    assert api.ok("CreateSecret", Name=name + "/new")
    assert api.ok("UpdateSecret", SecretId=secret.arn, Description="d")


def test_a_fresh_token(api, secret):
    api.refused("CreateSecret", exists(secret.name), Name=secret.name, SecretString="v1",
                ClientRequestToken=token())
    v2, v3 = token(), token()
    assert api.put(secret.arn, "v1", version=v2) == v2
    body = api.ok("UpdateSecret", SecretId=secret.arn, SecretString="v1", ClientRequestToken=v3)
    assert body["VersionId"] == v3
    assert api.labels(secret.arn) == {v3: ["AWSCURRENT"], v2: ["AWSPREVIOUS"]}


@pytest.mark.parametrize("value", ["v1", b"v1"], ids=["string", "binary"])
@pytest.mark.parametrize("op", OPERATIONS)
def test_an_existing_version_with_the_same_value_succeeds_and_changes_nothing(
        api, name, op, value):
    made = api.create(name, value)
    before = state(api, type("S", (), {"arn": made["ARN"]}))
    member = "SecretString" if value == "v1" else "SecretBinary"
    key = "Name" if op == "CreateSecret" else "SecretId"
    body = api.ok(op, ClientRequestToken=made["VersionId"], **{key: name, member: value})
    assert (body["ARN"], body["Name"], body["VersionId"]) == (
        made["ARN"], name, made["VersionId"])
    shown, versions = state(api, type("S", (), {"arn": made["ARN"]}))
    if op == "UpdateSecret":        # an update without change still counts as one
        shown["LastChangedDate"] = before[0]["LastChangedDate"]
    assert (shown, versions) == before


@pytest.mark.parametrize("op", OPERATIONS)
def test_an_existing_version_with_another_value(api, secret, op):
    before = state(api, secret)
    refusal = token_in_use(secret.version, secret.arn)
    for value in ({"SecretString": "v2"}, {"SecretString": "v1 "}, {"SecretBinary": b"v1"}):
        api.refused(op, refusal, **request(op, secret, ClientRequestToken=secret.version, **value))
    assert state(api, secret) == before


def test_an_older_version_counts_too(api, secret):
    """v1 has lost every label; its token is still taken."""
    v2, v3 = api.put(secret.arn, "v2"), api.put(secret.arn, "v3")
    api.refused("PutSecretValue", token_in_use(secret.version, secret.arn), SecretId=secret.arn,
                SecretString="v3", ClientRequestToken=secret.version)
    body = api.ok("PutSecretValue", SecretId=secret.arn, SecretString="v1",
                  ClientRequestToken=secret.version)
    assert body["VersionId"] == secret.version and body.get("VersionStages", []) == []
    body = api.ok("PutSecretValue", SecretId=secret.arn, SecretString="v2", ClientRequestToken=v2)
    assert body["VersionStages"] == ["AWSPREVIOUS"]
    assert api.labels(secret.arn) == {v2: ["AWSPREVIOUS"], v3: ["AWSCURRENT"]}


def test_a_repeat_does_not_apply_the_rest_of_the_request(api, secret):
    api.put(secret.arn, "v2")
    before = state(api, secret)
    body = api.ok("PutSecretValue", SecretId=secret.arn, SecretString="v1",
                  ClientRequestToken=secret.version, VersionStages=["AWSCURRENT", "new"])
    assert body.get("VersionStages", []) == ["AWSPREVIOUS"]
    api.ok("CreateSecret", Name=secret.name, SecretString="v1", ClientRequestToken=secret.version,
           Description="not applied", Tags=[{"Key": "k", "Value": "v"}])
    assert state(api, secret) == before


def test_tokens_belong_to_one_secret(api, secret, name):
    made = api.create(name + "/other", "else", ClientRequestToken=secret.version)
    assert made["VersionId"] == secret.version
    assert api.value(secret.arn) == "v1"


@pytest.mark.parametrize("form", [
    "terraform-20260301000000000000000001", "x" * 32, "\u00fc" * 64,
    "UPPER-lower-UPPER-lower-UPPER-12", "sp ace" * 6, "a\u0000b" * 12])
def test_a_token_is_any_string_of_32_to_64_and_kept_verbatim(api, secret, form):
    assert api.put(secret.arn, "x", version=form) == form
    assert api.value(secret.arn, VersionId=form) == "x"
    assert api.labels(secret.arn)[form] == ["AWSCURRENT"]


def test_tokens_differ_by_case(api, secret):
    api.put(secret.arn, "lower", version="a" * 32)
    api.put(secret.arn, "upper", version="A" * 32)
    assert api.value(secret.arn, VersionId="a" * 32) == "lower"


@pytest.mark.parametrize("op", OPERATIONS + ["RotateSecret"])
@pytest.mark.parametrize("bad, breach", [
    ("x" * 31, length_at_least(32)), ("x" * 65, length_at_most(64)), ("", length_at_least(32))])
def test_tokens_of_the_wrong_length(api, secret, op, bad, breach):
    members = {} if op == "RotateSecret" else {"SecretString": "x"}
    api.refused(op, invalid(clause("clientRequestToken", bad, breach)),
                **request(op, secret, ClientRequestToken=bad, **members))
