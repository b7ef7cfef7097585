# SPDX-License-Identifier: Apache-2.0
"""PutResourcePolicy: a policy on the secret itself, with the checks AWS makes of it."""
import json

import pytest

from catalogue import (DEL, NAME, NF, POLB, POLP, POLS, POLV, REP, hidden, invalid,
                       length_at_least, length_at_most, null)
from server import ACCOUNT
from wire import after

ROOT = "arn:aws:iam::%s:root" % ACCOUNT


def policy(**changes):
    """One good statement; a member set to None is left out."""
    statement = {"Effect": "Allow", "Principal": {"AWS": ROOT},
                 "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    statement.update(changes)
    return document([{k: v for k, v in statement.items() if v is not None}])


def document(statement, **top):
    body = {"Version": "2012-10-17", "Statement": statement}
    body.update(top)
    return json.dumps({k: v for k, v in body.items() if v is not None})


GOOD = policy()
PUBLIC = policy(Principal="*")


def test_it_is_stored_as_given_and_the_next_one_replaces_it(api, secret):
    text = " " + GOOD.replace(": ", ":  ") + "\n"
    body = api.ok("PutResourcePolicy", SecretId=secret.name, ResourcePolicy=text)
    assert body == {"ARN": secret.arn, "Name": secret.name}
    assert api.ok("GetResourcePolicy", SecretId=secret.arn)["ResourcePolicy"] == text
    api.ok("PutResourcePolicy", SecretId=secret.arn, ResourcePolicy=PUBLIC)
    assert api.ok("GetResourcePolicy", SecretId=secret.arn)["ResourcePolicy"] == PUBLIC


GOOD_ROWS = {
    "account": policy(Principal={"AWS": ACCOUNT}), "root": GOOD, "everyone": PUBLIC,
    "everyone in aws": policy(Principal={"AWS": "*"}),
    "service": policy(Principal={"Service": "lambda.amazonaws.com"}),
    "several": policy(Principal={"AWS": [ROOT, ACCOUNT]}),
    "deny with not principal": policy(Effect="Deny", Principal=None, NotPrincipal={"AWS": ROOT}),
    "not action": policy(Action=None, NotAction="secretsmanager:DeleteSecret"),
    "not resource": policy(Resource=None, NotResource="arn:aws:secretsmanager:*:*:secret:x-??????"),
    "list of actions": policy(Action=["secretsmanager:Get*", "secretsmanager:DescribeSecret"]),
    "one statement, no list": document(json.loads(GOOD)["Statement"][0]),
    "old version": document(json.loads(GOOD)["Statement"], Version="2008-10-17"),
    "no version": document(json.loads(GOOD)["Statement"], Version=None),
    "id and sid": document([dict(json.loads(GOOD)["Statement"][0], Sid="One")], Id="x"),
    "condition": policy(Condition={"StringEquals": {"aws:SourceVpc": ["vpc-1", "vpc-2"]}}),
}


@pytest.mark.parametrize("row", GOOD_ROWS)
def test_good_policies(api, secret, row):
    api.ok("PutResourcePolicy", SecretId=secret.arn, ResourcePolicy=GOOD_ROWS[row])
    assert api.ok("GetResourcePolicy", SecretId=secret.arn)["ResourcePolicy"] == GOOD_ROWS[row]
    api.ok("DeleteResourcePolicy", SecretId=secret.arn)


BAD_ROWS = {
    "not json": ("not json", POLS), "an array": ("[]", POLS), "a string": ('"x"', POLS),
    "trailing bytes": (GOOD + " x", POLS), "truncated": (GOOD[:-1], POLS),
    "a key twice": ('{"Version":"2012-10-17",' + GOOD[1:], POLS),
    "no statement": ('{"Version":"2012-10-17"}', POLS),
    "unknown version": (document(json.loads(GOOD)["Statement"], Version="2019-10-19"), POLS),
    "unknown top element": (document(json.loads(GOOD)["Statement"], Extra=1), POLS),
    "unknown element": (policy(Extra="x"), POLS), "effect": (policy(Effect="AllowSomething"), POLS),
    "no effect": (policy(Effect=None), POLS), "no principal": (policy(Principal=None), POLS),
    "both principals": (policy(NotPrincipal={"AWS": ROOT}), POLS),
    "both actions": (policy(NotAction="secretsmanager:GetSecretValue"), POLS),
    "no action": (policy(Action=None), POLS), "no resource": (policy(Resource=None), POLS),
    "both resources": (policy(NotResource="*"), POLS),
    "a principal that is a word": (policy(Principal="me"), POLS),
    "a number as action": (policy(Action=7), POLS),
    "unknown operator": (policy(Condition={"StringAlmost": {"aws:x": "y"}}), POLS),
    "a principal that is no arn": (policy(Principal={"AWS": "me"}), POLP),
    "a user that does not exist":
        (policy(Principal={"AWS": "arn:aws:iam::%s:user/nobody" % ACCOUNT}), POLP),
    "a wildcard in an arn": (policy(Principal={"AWS": "arn:aws:iam::%s:user/*" % ACCOUNT}), POLP),
    "not a service": (policy(Principal={"Service": "lambda.example.org"}), POLV),
}


@pytest.mark.parametrize("row", BAD_ROWS)
def test_bad_policies_change_nothing(api, secret, row):
    text, refusal = BAD_ROWS[row]
    api.ok("PutResourcePolicy", SecretId=secret.arn, ResourcePolicy=GOOD)
    api.refused("PutResourcePolicy", refusal, SecretId=secret.arn, ResourcePolicy=text)
    assert api.ok("GetResourcePolicy", SecretId=secret.arn)["ResourcePolicy"] == GOOD


VPC = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
BROAD_ROWS = [
    (PUBLIC, True), (policy(Principal={"AWS": "*"}), True),
    (policy(Principal={"AWS": [ROOT, "*"]}), True), (GOOD, False),
    (policy(Principal="*", Effect="Deny", Action="secretsmanager:ReplicateSecretToRegions"), False),
    (policy(Principal="*", Condition=VPC), False),
    (policy(Principal="*", Condition={"StringEqualsIfExists": VPC["StringEquals"]}), True),
    (policy(Principal="*", Condition={"StringNotEquals": VPC["StringEquals"]}), True),
    (policy(Principal="*", Condition={"StringLike": {"aws:SourceVpc": "*"}}), True),
    (policy(Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-12345"}}), False)]


@pytest.mark.parametrize("text, is_broad", BROAD_ROWS)
def test_broad_access_is_refused_only_on_request(api, secret, text, is_broad):
    if is_broad:
        api.refused("PutResourcePolicy", POLB, SecretId=secret.arn, ResourcePolicy=text,
                    BlockPublicPolicy=True)
        assert "ResourcePolicy" not in api.ok("GetResourcePolicy", SecretId=secret.arn)
    else:
        api.ok("PutResourcePolicy", SecretId=secret.arn, ResourcePolicy=text,
               BlockPublicPolicy=True)
    api.ok("PutResourcePolicy", SecretId=secret.arn, ResourcePolicy=text, BlockPublicPolicy=False)


def test_size(api, secret):
    fits = GOOD + " " * (20480 - len(GOOD))
    api.ok("PutResourcePolicy", SecretId=secret.arn, ResourcePolicy=fits)
    api.refused("PutResourcePolicy", invalid(hidden("resourcePolicy", length_at_most(20480))),
                SecretId=secret.arn, ResourcePolicy=fits + " ")
    api.refused("PutResourcePolicy", invalid(hidden("resourcePolicy", length_at_least(1))),
                SecretId=secret.arn, ResourcePolicy="")
    api.refused("PutResourcePolicy", invalid(null("resourcePolicy")), SecretId=secret.arn)


def test_it_moves_last_changed_date(api, secret):
    before = after(api.describe(secret.arn)["LastChangedDate"])
    api.ok("PutResourcePolicy", SecretId=secret.arn, ResourcePolicy=GOOD)
    assert api.describe(secret.arn)["LastChangedDate"] > before


def test_a_deny_is_obeyed_and_named(api, secret):
    """The policy is not only stored: it decides, even against its own account."""
    deny = policy(Effect="Deny", Principal="*", Action="secretsmanager:GetSecretValue")
    api.ok("PutResourcePolicy", SecretId=secret.arn, ResourcePolicy=deny)
    reply = api.reply("GetSecretValue", SecretId=secret.name)
    assert reply.status == 400 and reply.json["__type"] == "AccessDeniedException"
    text = reply.json["Message"]
    assert text.startswith("User: arn:aws:")
    assert text.endswith(
        " is not authorized to perform: secretsmanager:GetSecretValue on resource: %s"
        " with an explicit deny in a resource-based policy" % secret.name)
    api.ok("DeleteResourcePolicy", SecretId=secret.arn)
    assert api.value(secret.arn) == "v1"


def test_unknown_bad_and_scheduled(api, name, scheduled):
    api.refused("PutResourcePolicy", NF, SecretId=name + "/none", ResourcePolicy=GOOD)
    api.refused("PutResourcePolicy", NAME, SecretId="bad name", ResourcePolicy=GOOD)
    api.refused("PutResourcePolicy", DEL, SecretId=scheduled.arn, ResourcePolicy=GOOD)


def test_a_replica_refuses_and_follows(api, replica):
    primary, there = replica
    there.refused("PutResourcePolicy", REP, SecretId=primary.name, ResourcePolicy=GOOD)
    api.ok("PutResourcePolicy", SecretId=primary.arn, ResourcePolicy=GOOD)
    assert there.ok("GetResourcePolicy", SecretId=primary.name)["ResourcePolicy"] == GOOD


@pytest.mark.parametrize("family", ["aws:ResourceTag", "secretsmanager:ResourceTag"])
@pytest.mark.parametrize("i", [0, 41, 49])
def test_a_deny_sees_every_one_of_fifty_tags(api, name, family, i):
    made = api.create(name, Tags=[{"Key": "k%d" % k, "Value": "v"} for k in range(50)])
    api.ok("PutResourcePolicy", SecretId=name, ResourcePolicy=json.dumps({
        "Version": "2012-10-17", "Statement": [{
            "Effect": "Deny", "Principal": "*", "Action": "secretsmanager:GetSecretValue",
            "Resource": "*", "Condition": {"StringEquals": {"%s/k%d" % (family, i): "v"}}}]}))
    status, body = api.call("GetSecretValue", SecretId=made["ARN"])
    assert (status, body["__type"]) == (400, "AccessDeniedException")
