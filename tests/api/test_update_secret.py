# SPDX-License-Identifier: Apache-2.0
"""UpdateSecret: edits of what surrounds the value, and a new value when one is given."""
import pytest

from catalogue import BOTH, CRT, DEL, KMS, LABELS, NAME, NF, REP, token_in_use
from wire import after, token


def test_with_nothing_but_the_id_it_succeeds_and_makes_no_version(api, secret):
    body = api.ok("UpdateSecret", SecretId=secret.name)
    assert body == {"ARN": secret.arn, "Name": secret.name}
    assert api.labels(secret.arn) == {secret.version: ["AWSCURRENT"]}


def test_description_is_replaced_kept_and_cleared(api, secret):
    api.ok("UpdateSecret", SecretId=secret.arn, Description="one")
    assert api.describe(secret.arn)["Description"] == "one"
    api.ok("UpdateSecret", SecretId=secret.arn, Type="T")
    assert api.describe(secret.arn)["Description"] == "one"
    api.ok("UpdateSecret", SecretId=secret.arn, Description="")
    assert "Description" not in api.describe(secret.arn)


def test_type_is_replaced_and_cleared(api, secret):
    api.ok("UpdateSecret", SecretId=secret.arn, Type="One")
    assert api.describe(secret.arn)["Type"] == "One"
    api.ok("UpdateSecret", SecretId=secret.arn, Type="")
    assert "Type" not in api.describe(secret.arn)


def test_a_value_makes_a_version_as_put_secret_value_does(api, secret):
    version = token()
    body = api.ok("UpdateSecret", SecretId=secret.arn, SecretString="v2",
                  ClientRequestToken=version)
    assert body == {"ARN": secret.arn, "Name": secret.name, "VersionId": version}
    assert api.labels(secret.arn) == {version: ["AWSCURRENT"], secret.version: ["AWSPREVIOUS"]}


def test_an_equal_value_under_a_new_token_is_a_new_version(api, secret):
    api.ok("UpdateSecret", SecretId=secret.arn, SecretString="v1", ClientRequestToken=token())
    assert len(api.labels(secret.arn)) == 2


def test_binary_and_metadata_together(api, secret):
    api.ok("UpdateSecret", SecretId=secret.arn, SecretBinary=b"\x01", Description="d",
           ClientRequestToken=token())
    assert api.value(secret.arn) == b"\x01" and api.describe(secret.arn)["Description"] == "d"


@pytest.mark.parametrize("members", [{}, {"Description": "x"}, {"SecretString": "x"}])
def test_every_update_moves_last_changed_date(api, secret, members):
    before = after(api.describe(secret.arn)["LastChangedDate"])
    if "SecretString" in members:
        members = dict(members, ClientRequestToken=token())
    api.ok("UpdateSecret", SecretId=secret.arn, **members)
    assert api.describe(secret.arn)["LastChangedDate"] > before


def test_the_default_key_makes_no_version_and_is_not_shown(api, secret):
    api.ok("UpdateSecret", SecretId=secret.arn, KmsKeyId="")
    api.ok("UpdateSecret", SecretId=secret.arn, KmsKeyId="alias/aws/secretsmanager")
    assert "KmsKeyId" not in api.describe(secret.arn)
    assert api.labels(secret.arn) == {secret.version: ["AWSCURRENT"]}
    assert api.value(secret.arn) == "v1"


def test_an_unusable_key_changes_nothing(api, secret):
    api.refused("UpdateSecret", KMS, SecretId=secret.arn, KmsKeyId="alias/there-is-no-such-key",
                Description="not stored")
    shown = api.describe(secret.arn)
    assert "KmsKeyId" not in shown and "Description" not in shown
    assert api.value(secret.arn) == "v1"


def test_a_repeat_with_the_same_value_still_applies_the_description(api, secret):
    body = api.ok("UpdateSecret", SecretId=secret.arn, SecretString="v1", Description="applied",
                  ClientRequestToken=secret.version)
    assert body["VersionId"] == secret.version
    assert api.describe(secret.arn)["Description"] == "applied"
    assert api.labels(secret.arn) == {secret.version: ["AWSCURRENT"]}


def test_a_used_token_with_another_value_changes_nothing(api, secret):
    api.refused("UpdateSecret", token_in_use(secret.version, secret.arn), SecretId=secret.arn,
                SecretString="v2", Description="not stored", ClientRequestToken=secret.version)
    assert api.value(secret.arn) == "v1" and "Description" not in api.describe(secret.arn)


def test_refusals_before_the_lookup(api, name):
    api.refused("UpdateSecret", CRT, SecretId=name, SecretString="x")
    api.refused("UpdateSecret", BOTH, SecretId=name, SecretString="x", SecretBinary=b"x",
                ClientRequestToken=token())
    api.refused("UpdateSecret", NAME, SecretId="bad name")


def test_unknown_and_scheduled(api, name, scheduled):
    api.refused("UpdateSecret", NF, SecretId=name + "/none", Description="x")
    api.refused("UpdateSecret", DEL, SecretId=scheduled.arn, Description="x")
    api.refused("UpdateSecret", DEL, SecretId=scheduled.arn, SecretString="x",
                ClientRequestToken=token())


def test_too_many_labels(api, secret):
    api.put(secret.arn, "x", ["a%02d" % i for i in range(19)])
    api.refused("UpdateSecret", LABELS, SecretId=secret.arn, SecretString="z",
                ClientRequestToken=token())
    assert api.value(secret.arn) == "v1"


def test_a_replica_refuses_and_follows(api, replica):
    primary, there = replica
    there.refused("UpdateSecret", REP, SecretId=primary.name, Description="x")
    api.ok("UpdateSecret", SecretId=primary.arn, Description="both", SecretString="v2",
           ClientRequestToken=token())
    assert there.describe(primary.name)["Description"] == "both"
    assert there.value(primary.name) == "v2"
