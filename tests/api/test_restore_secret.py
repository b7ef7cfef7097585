# SPDX-License-Identifier: Apache-2.0
"""RestoreSecret: cancels a scheduled deletion."""
from catalogue import NAME, NF, REP
from wire import after


def test_everything_is_as_before(api, secret):
    api.ok("UpdateSecret", SecretId=secret.arn, Description="d")
    api.ok("TagResource", SecretId=secret.arn, Tags=[{"Key": "k", "Value": "v"}])
    before = api.describe(secret.arn)
    api.ok("DeleteSecret", SecretId=secret.arn)
    assert api.ok("RestoreSecret", SecretId=secret.name) == {"ARN": secret.arn, "Name": secret.name}
    now = api.describe(secret.arn)
    assert now.pop("LastChangedDate") >= before.pop("LastChangedDate")
    assert now == before
    assert api.value(secret.arn) == "v1"


def test_it_moves_last_changed_date(api, scheduled):
    before = after(api.describe(scheduled.arn)["LastChangedDate"])
    api.ok("RestoreSecret", SecretId=scheduled.arn)
    assert api.describe(scheduled.arn)["LastChangedDate"] > before


def test_a_live_secret_is_left_as_it_is(api, secret):
    before = api.describe(secret.arn)
    assert api.ok("RestoreSecret", SecretId=secret.arn) == {"ARN": secret.arn, "Name": secret.name}
    assert api.describe(secret.arn) == before


def test_it_can_be_scheduled_again(api, scheduled):
    api.ok("RestoreSecret", SecretId=scheduled.arn)
    api.ok("DeleteSecret", SecretId=scheduled.arn, RecoveryWindowInDays=7)
    assert "DeletedDate" in api.describe(scheduled.arn)


def test_unknown_and_bad_names(api, name):
    api.refused("RestoreSecret", NF, SecretId=name)
    api.refused("RestoreSecret", NAME, SecretId="bad name")


def test_a_replica_refuses(replica):
    primary, there = replica
    there.refused("RestoreSecret", REP, SecretId=primary.name)
