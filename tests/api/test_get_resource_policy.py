# SPDX-License-Identifier: Apache-2.0
"""GetResourcePolicy: the policy as it was stored, or nothing."""
from catalogue import DEL, NAME, NF
from test_put_resource_policy import GOOD


def test_without_a_policy_the_member_is_absent(api, secret):
    body = api.ok("GetResourcePolicy", SecretId=secret.name)
    assert body == {"ARN": secret.arn, "Name": secret.name}


def test_with_a_policy(api, secret):
    api.ok("PutResourcePolicy", SecretId=secret.arn, ResourcePolicy=GOOD)
    body = api.ok("GetResourcePolicy", SecretId=secret.arn)
    assert body == {"ARN": secret.arn, "Name": secret.name, "ResourcePolicy": GOOD}


def test_reading_changes_nothing(api, secret):
    before = api.describe(secret.arn)
    api.ok("GetResourcePolicy", SecretId=secret.arn)
    assert api.describe(secret.arn) == before


def test_unknown_bad_and_scheduled(api, name, scheduled):
    api.refused("GetResourcePolicy", NF, SecretId=name + "/none")
    api.refused("GetResourcePolicy", NAME, SecretId="bad name")
    api.refused("GetResourcePolicy", DEL, SecretId=scheduled.arn)


def test_a_replica_shows_the_policy_of_its_primary(api, replica):
    primary, there = replica
    assert "ResourcePolicy" not in there.ok("GetResourcePolicy", SecretId=primary.name)
    api.ok("PutResourcePolicy", SecretId=primary.arn, ResourcePolicy=GOOD)
    assert there.ok("GetResourcePolicy", SecretId=primary.name)["ResourcePolicy"] == GOOD
