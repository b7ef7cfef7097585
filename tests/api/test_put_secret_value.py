# SPDX-License-Identifier: Apache-2.0
"""PutSecretValue: a new version, and where its labels go (traces are in test_labels.py)."""
import pytest

from catalogue import (BOTH, CRT, DEL, LABELS, NAME, NF, NONE, REP, token_in_use)
from wire import after, token


def test_a_new_version_becomes_current_and_the_old_one_previous(api, secret):
    version = token()
    body = api.ok("PutSecretValue", SecretId=secret.name, SecretString="v2",
                  ClientRequestToken=version)
    assert body == {"ARN": secret.arn, "Name": secret.name, "VersionId": version,
                    "VersionStages": ["AWSCURRENT"]}
    assert api.labels(secret.arn) == {version: ["AWSCURRENT"], secret.version: ["AWSPREVIOUS"]}
    assert api.value(secret.arn) == "v2"
    assert api.value(secret.arn, VersionStage="AWSPREVIOUS") == "v1"


def test_kinds_may_change_from_version_to_version(api, secret):
    api.put(secret.arn, b"\x00\x01")
    assert api.value(secret.arn) == b"\x00\x01"
    assert api.value(secret.arn, VersionStage="AWSPREVIOUS") == "v1"


def test_the_answer_lists_the_labels_in_byte_order(api, secret):
    body = api.ok("PutSecretValue", SecretId=secret.arn, SecretString="x",
                  ClientRequestToken=token(), VersionStages=["b", "AWSPENDING", "a"])
    assert body["VersionStages"] == ["AWSPENDING", "a", "b"]


def test_the_very_first_version_gets_awscurrent_beside_what_was_asked(api, empty):
    version = api.put(empty.arn, "first", ["mine"])
    assert api.labels(empty.arn) == {version: ["AWSCURRENT", "mine"]}
    assert api.value(empty.arn) == "first"


def test_repeated_labels_are_one(api, secret):
    version = api.put(secret.arn, "x", ["one", "one", "two"])
    assert api.labels(secret.arn)[version] == ["one", "two"]


def test_awsprevious_given_alone_is_attached(api, secret):
    version = api.put(secret.arn, "x", ["AWSPREVIOUS"])
    assert api.labels(secret.arn) == {secret.version: ["AWSCURRENT"], version: ["AWSPREVIOUS"]}


def test_awsprevious_given_with_awscurrent_goes_to_the_outgoing_version(api, secret):
    version = api.put(secret.arn, "x", ["AWSCURRENT", "AWSPREVIOUS"])
    assert api.labels(secret.arn) == {secret.version: ["AWSPREVIOUS"], version: ["AWSCURRENT"]}


def test_it_moves_last_changed_date(api, secret):
    before = api.describe(secret.arn)
    after(before["LastChangedDate"])
    api.put(secret.arn, "v2")
    now = api.describe(secret.arn)
    assert now["LastChangedDate"] > before["LastChangedDate"]
    assert now["CreatedDate"] == before["CreatedDate"]


@pytest.mark.parametrize("value", [{"SecretString": "x"}, {"SecretBinary": b"x"}, {}])
def test_a_missing_token_is_answered_before_the_lookup(api, name, value):
    """With no value at all either refusal may come first."""
    reply = api.reply("PutSecretValue", SecretId=name, **value)
    answers = [CRT.text] if value else [CRT.text, NONE.text]
    assert reply.status == 400 and reply.json["__type"] == CRT.type
    assert reply.json["Message"] in answers


def test_one_value_is_needed_and_only_one(api, secret):
    api.refused("PutSecretValue", NONE, SecretId=secret.arn, ClientRequestToken=token())
    api.refused("PutSecretValue", BOTH, SecretId=secret.arn, ClientRequestToken=token(),
                SecretString="x", SecretBinary=b"x")
    assert api.labels(secret.arn) == {secret.version: ["AWSCURRENT"]}


def test_unknown_bad_and_scheduled(api, name, scheduled):
    value = {"SecretString": "x", "ClientRequestToken": token()}
    api.refused("PutSecretValue", NF, SecretId=name + "/none", **value)
    api.refused("PutSecretValue", NAME, SecretId="bad name", **value)
    api.refused("PutSecretValue", DEL, SecretId=scheduled.arn, **value)
    api.ok("RestoreSecret", SecretId=scheduled.arn)
    assert api.value(scheduled.arn) == "v1"


def test_a_used_token_with_another_value_is_refused(api, secret):
    api.refused("PutSecretValue", token_in_use(secret.version, secret.arn), SecretId=secret.arn,
                SecretString="other", ClientRequestToken=secret.version)
    assert api.value(secret.arn) == "v1"


def test_checks_come_in_order(api, secret, scheduled):
    """Token, values, lookup, scheduled, used token."""
    api.refused("PutSecretValue", CRT, SecretId="bad name", SecretString="x", SecretBinary=b"x")
    members = {"SecretString": "x", "SecretBinary": b"x", "ClientRequestToken": secret.version}
    api.refused("PutSecretValue", BOTH, SecretId="nobody/has/this", **members)
    del members["SecretBinary"]
    api.refused("PutSecretValue", DEL, SecretId=scheduled.arn, **members)


def test_twenty_labels_over_all_versions_and_no_more(api, secret):
    api.put(secret.arn, "x", ["a%02d" % i for i in range(10)])
    api.put(secret.arn, "y", ["b%02d" % i for i in range(9)])
    before = api.labels(secret.arn)
    assert sum(map(len, before.values())) == 20
    api.refused("PutSecretValue", LABELS, SecretId=secret.arn, SecretString="z",
                ClientRequestToken=token(), VersionStages=["c"])
    assert api.labels(secret.arn) == before
    api.put(secret.arn, "z", ["a00", "b00"])        # moves, adds none


def test_the_change_of_current_may_need_the_twenty_first_label(api, secret):
    """Nineteen labels and AWSCURRENT: a plain put would add AWSPREVIOUS."""
    api.put(secret.arn, "x", ["a%02d" % i for i in range(19)])
    api.refused("PutSecretValue", LABELS, SecretId=secret.arn, SecretString="z",
                ClientRequestToken=token())
    assert api.value(secret.arn) == "v1"


def test_the_hundred_and_first_version_is_kept_while_all_are_young(api, secret):
    """Pruning spares versions younger than a day, so a busy test loop is never refused."""
    for i in range(105):
        api.put(secret.arn, str(i))
    assert api.value(secret.arn, VersionId=secret.version) == "v1"


def test_a_rotation_token_outside_a_rotation_is_no_permission(api, secret):
    reply = api.reply("PutSecretValue", SecretId=secret.arn, SecretString="x",
                      ClientRequestToken=token(), RotationToken=token())
    assert reply.status == 400 and reply.json["__type"] == "AccessDeniedException"
    assert api.value(secret.arn) == "v1"


def test_a_replica_refuses_and_follows_its_primary(api, replica):
    primary, there = replica
    there.refused("PutSecretValue", REP, SecretId=primary.name, SecretString="x",
                  ClientRequestToken=token())
    v2 = api.put(primary.arn, "v2")
    assert there.value(primary.name) == "v2"
    assert there.labels(primary.name) == {v2: ["AWSCURRENT"], primary.version: ["AWSPREVIOUS"]}
