# SPDX-License-Identifier: Apache-2.0
"""CancelRotateSecret: rotation off, settings kept, labels left alone."""
import pytest

from catalogue import DEL, LAM0, NAME, NF, REP, ROT
from wire import after, token

RULES = {"AutomaticallyAfterDays": 30}


@pytest.fixture
def started(api, secret, puppet, strings):
    """(secret, token): a rotation that stands in createSecret."""
    t = token()
    api.ok("RotateSecret", SecretId=secret.arn, ClientRequestToken=t, RotationLambdaARN=puppet,
           RotationRules=RULES)
    yield secret, t
    api.call("DeleteSecret", SecretId=secret.arn, ForceDeleteWithoutRecovery=True)


def test_settings_stay_and_the_date_goes(api, strings, started):
    secret, _ = started
    step = strings.next(secret.arn, "createSecret")
    before = after(api.describe(secret.arn)["LastChangedDate"])
    api.ok("CancelRotateSecret", SecretId=secret.name)
    step.done()
    shown = api.describe(secret.arn)
    assert shown["RotationEnabled"] is False
    assert shown["RotationRules"] == RULES and "RotationLambdaARN" in shown
    assert "NextRotationDate" not in shown and shown["LastChangedDate"] > before


def test_a_rotation_under_way_is_named_and_its_labels_stay(api, strings, started):
    secret, t = started
    step = strings.next(secret.arn, "createSecret")
    body = api.ok("CancelRotateSecret", SecretId=secret.arn)
    assert body == {"ARN": secret.arn, "Name": secret.name, "VersionId": t}
    step.done()
    assert api.labels(secret.arn) == {secret.version: ["AWSCURRENT"], t: ["AWSPENDING"]}


def test_no_further_step_starts(api, strings, started):
    """The order of events on one connection proves it: the next step would have come before."""
    secret, t = started
    step = strings.next(secret.arn, "createSecret")
    api.ok("CancelRotateSecret", SecretId=secret.arn)
    step.done()
    api.move(secret.arn, "AWSPENDING", source=t)
    again = token()
    api.ok("RotateSecret", SecretId=secret.arn, ClientRequestToken=again)
    assert strings.play(secret.arn, "v2") == again


def test_pending_left_by_a_cancel_blocks_the_next_rotation(api, strings, started):
    secret, _ = started
    step = strings.next(secret.arn, "createSecret")
    step.put("half done")
    api.ok("CancelRotateSecret", SecretId=secret.arn)
    step.done()
    api.refused("RotateSecret", ROT, SecretId=secret.arn, ClientRequestToken=token())
    assert api.describe(secret.arn)["RotationEnabled"] is False


def test_without_a_rotation_under_way_no_version_is_named(api, strings, started):
    secret, t = started
    strings.play(secret.arn, "v2")
    body = api.ok("CancelRotateSecret", SecretId=secret.arn)
    assert body["ARN"] == secret.arn and body.get("VersionId", t) == t


def test_already_off_succeeds(api, strings, started):
    secret, _ = started
    step = strings.next(secret.arn)
    api.ok("CancelRotateSecret", SecretId=secret.arn)
    step.done()
    assert api.ok("CancelRotateSecret", SecretId=secret.arn) == {
        "ARN": secret.arn, "Name": secret.name}


def test_never_configured_is_refused(api, secret):
    api.refused("CancelRotateSecret", LAM0, SecretId=secret.arn)


def test_unknown_bad_and_scheduled(api, name, scheduled):
    api.refused("CancelRotateSecret", NF, SecretId=name + "/none")
    api.refused("CancelRotateSecret", NAME, SecretId="bad name")
    api.refused("CancelRotateSecret", DEL, SecretId=scheduled.arn)


def test_a_replica_refuses(replica):
    primary, there = replica
    there.refused("CancelRotateSecret", REP, SecretId=primary.name)
