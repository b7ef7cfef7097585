# SPDX-License-Identifier: Apache-2.0
"""ValidateResourcePolicy: the same checks as PutResourcePolicy, and nothing stored."""
import pytest

from catalogue import DEL, NAME, NF, hidden, invalid, length_at_least, length_at_most, null
from test_put_resource_policy import BAD_ROWS, BROAD_ROWS, GOOD, GOOD_ROWS, PUBLIC, policy

PUBLIC_ENTRY = {"CheckName": "PUBLIC_ACCESS",
                "ErrorMessage": "This resource policy grants broad access to your secret."}
LOCKOUT_ENTRY = {"CheckName": "LOCKOUT",
                 "ErrorMessage": "Your requested changes will not allow you to manage this secret "
                                 "in the future."}
PASSED = {"PolicyValidationPassed": True, "ValidationErrors": []}


def test_a_good_policy_passes_with_an_empty_list(api, secret):
    assert api.ok("ValidateResourcePolicy", ResourcePolicy=GOOD) == PASSED
    assert api.ok("ValidateResourcePolicy", ResourcePolicy=GOOD, SecretId=secret.arn) == PASSED


def test_nothing_is_stored(api, secret):
    before = api.describe(secret.arn)
    api.ok("ValidateResourcePolicy", ResourcePolicy=GOOD, SecretId=secret.arn)
    assert "ResourcePolicy" not in api.ok("GetResourcePolicy", SecretId=secret.arn)
    assert api.describe(secret.arn) == before


@pytest.mark.parametrize("row", GOOD_ROWS)
def test_what_put_accepts_is_well_formed(api, row):
    body = api.ok("ValidateResourcePolicy", ResourcePolicy=GOOD_ROWS[row])
    assert "PolicyValidationPassed" in body


@pytest.mark.parametrize("row", BAD_ROWS)
def test_what_put_refuses_is_refused_alike(api, row):
    text, refusal = BAD_ROWS[row]
    api.refused("ValidateResourcePolicy", refusal, ResourcePolicy=text)


@pytest.mark.parametrize("text, is_broad", BROAD_ROWS)
def test_broad_access_is_an_entry(api, text, is_broad):
    expected = {"PolicyValidationPassed": False, "ValidationErrors": [PUBLIC_ENTRY]}
    body = api.ok("ValidateResourcePolicy", ResourcePolicy=text)
    assert body == (expected if is_broad else PASSED)


@pytest.mark.parametrize("action", [
    "secretsmanager:PutResourcePolicy", "secretsmanager:DeleteResourcePolicy", "secretsmanager:*"])
def test_a_deny_of_policy_changes_is_an_entry(api, action):
    text = policy(Effect="Deny", Principal="*", Action=action)
    assert api.ok("ValidateResourcePolicy", ResourcePolicy=text) == {
        "PolicyValidationPassed": False, "ValidationErrors": [LOCKOUT_ENTRY]}


def test_shape(api):
    api.refused("ValidateResourcePolicy", invalid(null("resourcePolicy")))
    api.refused("ValidateResourcePolicy", invalid(hidden("resourcePolicy", length_at_least(1))),
                ResourcePolicy="")
    long = GOOD + " " * 20480
    api.refused("ValidateResourcePolicy",
                invalid(hidden("resourcePolicy", length_at_most(20480))), ResourcePolicy=long)


def test_unknown_bad_and_scheduled(api, name, scheduled):
    api.refused("ValidateResourcePolicy", NF, SecretId=name + "/none", ResourcePolicy=GOOD)
    api.refused("ValidateResourcePolicy", NAME, SecretId="bad name", ResourcePolicy=GOOD)
    api.refused("ValidateResourcePolicy", DEL, SecretId=scheduled.arn, ResourcePolicy=GOOD)


def test_a_replica_may_be_asked(replica):
    primary, there = replica
    body = there.ok("ValidateResourcePolicy", SecretId=primary.name, ResourcePolicy=PUBLIC)
    assert body["PolicyValidationPassed"] is False
