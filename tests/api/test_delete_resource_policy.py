# SPDX-License-Identifier: Apache-2.0
"""DeleteResourcePolicy: takes the policy off; there need not be one."""
from catalogue import DEL, NAME, NF, REP
from test_put_resource_policy import GOOD
from wire import after


def test_the_policy_is_gone(api, secret):
    api.ok("PutResourcePolicy", SecretId=secret.arn, ResourcePolicy=GOOD)
    body = api.ok("DeleteResourcePolicy", SecretId=secret.name)
    assert body == {"ARN": secret.arn, "Name": secret.name}
    assert "ResourcePolicy" not in api.ok("GetResourcePolicy", SecretId=secret.arn)


def test_without_a_policy_it_succeeds(api, secret):
    assert api.ok("DeleteResourcePolicy", SecretId=secret.arn)["ARN"] == secret.arn


def test_it_moves_last_changed_date(api, secret):
    api.ok("PutResourcePolicy", SecretId=secret.arn, ResourcePolicy=GOOD)
    before = after(api.describe(secret.arn)["LastChangedDate"])
    api.ok("DeleteResourcePolicy", SecretId=secret.arn)
    assert api.describe(secret.arn)["LastChangedDate"] > before


def test_unknown_bad_and_scheduled(api, name, scheduled):
    api.refused("DeleteResourcePolicy", NF, SecretId=name + "/none")
    api.refused("DeleteResourcePolicy", NAME, SecretId="bad name")
    api.refused("DeleteResourcePolicy", DEL, SecretId=scheduled.arn)


def test_a_replica_refuses_and_follows(api, replica):
    primary, there = replica
    api.ok("PutResourcePolicy", SecretId=primary.arn, ResourcePolicy=GOOD)
    there.refused("DeleteResourcePolicy", REP, SecretId=primary.name)
    api.ok("DeleteResourcePolicy", SecretId=primary.arn)
    assert "ResourcePolicy" not in there.ok("GetResourcePolicy", SecretId=primary.name)
