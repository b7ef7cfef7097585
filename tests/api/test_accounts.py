# SPDX-License-Identifier: Apache-2.0
"""Two accounts on one server: what one has, the other neither reads, changes nor hears of."""
import json

import pytest

from server import Server
from wire import Api, token

OTHER = "210987654321"
OTHER_KEY = ("AKIDOTHER234567ABCDE", "otherSecretKeyOtherSecretKeyOtherSecre42")
XACC = "You can't access a secret from a different AWS account if you encrypt the secret with " \
       "the default KMS service key."
GRANT = json.dumps({"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::%s:root" % OTHER},
    "Action": "secretsmanager:*", "Resource": "*"}]})
REGIONS = [{"Region": "eu-west-1"}]

# Every operation on a secret: its members beside SecretId.
OPERATIONS = {
    "CancelRotateSecret": {},
    "DeleteResourcePolicy": {},
    "DeleteSecret": {"RecoveryWindowInDays": 7},
    "DescribeSecret": {},
    "GetResourcePolicy": {},
    "GetSecretValue": {},
    "ListSecretVersionIds": {"IncludeDeprecated": True},
    "PutResourcePolicy": {"ResourcePolicy": GRANT},
    "PutSecretValue": {"SecretString": "x", "ClientRequestToken": token()},
    "RemoveRegionsFromReplication": {"RemoveReplicaRegions": ["eu-west-1"]},
    "ReplicateSecretToRegions": {"AddReplicaRegions": REGIONS},
    "RestoreSecret": {},
    "RotateSecret": {"ClientRequestToken": token()},
    "StopReplicationToReplica": {},
    "TagResource": {"Tags": [{"Key": "a", "Value": "b"}]},
    "UntagResource": {"TagKeys": ["a"]},
    "UpdateSecret": {"SecretString": "x", "ClientRequestToken": token()},
    "UpdateSecretVersionStage": {"VersionStage": "AWSCURRENT", "MoveToVersionId": token()},
    "ValidateResourcePolicy": {"ResourcePolicy": GRANT},
}
VALUES = ["GetSecretValue", "PutSecretValue", "UpdateSecret", "UpdateSecretVersionStage"]


@pytest.fixture(scope="module")
def both():
    """A server that knows a key of each of two accounts; callers of the first and of the other."""
    s = Server("--dev-key", "%s:%s" % OTHER_KEY, "--account", OTHER)
    s.process.terminate()
    assert s.process.wait(40) == 0
    s.start("--account", "123456789012")
    yield s.api(), Api(s.port, *OTHER_KEY)
    s.stop()


@pytest.fixture
def mine(both, name):
    """A secret of the first account, as its CreateSecret answered."""
    return both[0].create(name, "the first account's value")


def spellings(made):
    """(what is there, what is not): every way to say a secret of the first account."""
    arn = made["ARN"]
    partial = arn[:-7]
    return [arn, partial], [arn[:-6] + "abcdef", partial + "_", partial + "_-abcdef"]


@pytest.mark.parametrize("op", sorted(OPERATIONS))
def test_a_stranger_cannot_tell_what_exists(both, mine, op):
    there, absent = spellings(mine)
    answers = set()
    for secret_id in there + absent:
        reply = both[1].reply(op, SecretId=secret_id, **OPERATIONS[op])
        assert reply.json["__type"] == "AccessDeniedException", reply
        assert mine["ARN"][-6:] not in reply.json["Message"] or mine["ARN"][-6:] in secret_id
        answers.add(reply.json["Message"].replace(" " + secret_id + " ", " IT "))
    assert len(answers) == 1
    assert both[0].value(mine["ARN"]) == "the first account's value"


@pytest.mark.parametrize("op", sorted(OPERATIONS))
def test_a_name_is_looked_up_in_the_callers_own_account(both, mine, op):
    """The other account hears of the first one's names what it hears of names nobody uses."""
    taken, free = (both[1].reply(op, SecretId=n, **OPERATIONS[op])
                   for n in (mine["Name"], mine["Name"] + "_"))
    assert (taken.status, taken.body) == (free.status, free.body)


def test_items_of_a_batch_tell_no_more_than_calls(both, mine):
    there, absent = spellings(mine)
    for secret_id in there + absent:
        alone = both[1].reply("GetSecretValue", SecretId=secret_id).json
        item = both[1].ok("BatchGetSecretValue", SecretIdList=[secret_id])
        assert item == {"SecretValues": [], "Errors": [{
            "ErrorCode": alone["__type"], "Message": alone["Message"], "SecretId": secret_id}]}


def test_one_name_in_two_accounts(both, mine):
    theirs = both[1].create(mine["Name"], "the other's value")
    assert theirs["ARN"] != mine["ARN"]
    assert [a.value(mine["Name"]) for a in both] == [
        "the first account's value", "the other's value"]


@pytest.mark.parametrize("op", VALUES)
def test_values_under_the_default_key_stay_in_their_account(both, mine, op):
    both[0].ok("PutResourcePolicy", SecretId=mine["ARN"], ResourcePolicy=GRANT)
    assert both[1].describe(mine["ARN"])["Name"] == mine["Name"]
    status, body = both[1].call(op, SecretId=mine["ARN"], **OPERATIONS[op])
    assert (status, body) == (400, {"__type": "InvalidRequestException", "Message": XACC})


def test_values_under_the_default_key_do_not_leave_in_a_batch(both, mine):
    both[0].ok("PutResourcePolicy", SecretId=mine["ARN"], ResourcePolicy=GRANT)
    own = both[1].create(mine["Name"] + "_own", "own")
    for secret_id in (mine["ARN"], mine["ARN"][:-7]):
        body = both[1].ok("BatchGetSecretValue", SecretIdList=[secret_id, own["Name"]])
        assert [v["SecretString"] for v in body["SecretValues"]] == ["own"]
        assert body["Errors"] == [{"ErrorCode": "InvalidRequestException", "Message": XACC,
                                   "SecretId": secret_id}]


def test_lists_stop_at_the_wall(both, mine):
    both[0].ok("PutResourcePolicy", SecretId=mine["ARN"], ResourcePolicy=GRANT)
    by_name = [{"Key": "name", "Values": [mine["Name"]]}]
    assert both[1].ok("ListSecrets", Filters=by_name) == {"SecretList": []}
    assert both[1].ok("BatchGetSecretValue", Filters=by_name) == {
        "Errors": [], "SecretValues": []}


def test_page_tokens_are_good_for_one_account_and_one_question(both, name):
    for i in range(2):
        both[0].create("%s/%d" % (name, i))
    question = {"Filters": [{"Key": "name", "Values": [name]}], "MaxResults": 1}
    page = both[0].ok("ListSecrets", **question)["NextToken"]
    elsewhere = dict(question, NextToken=page)
    for caller, op, members in [
            (both[1], "ListSecrets", elsewhere),
            (both[0].at("eu-west-1"), "ListSecrets", elsewhere),
            (both[0], "BatchGetSecretValue", elsewhere),
            (both[0], "ListSecrets", dict(elsewhere, SortOrder="desc")),
            (both[0], "ListSecrets", dict(elsewhere, SortBy="name")),
            (both[0], "ListSecrets", dict(elsewhere, Filters=[{"Key": "all", "Values": ["x"]}])),
            (both[0], "ListSecretVersionIds", {"SecretId": name + "/0", "NextToken": page})]:
        status, body = caller.call(op, **members)
        assert (status, body["__type"]) == (400, "InvalidNextTokenException"), (op, members)
    assert len(both[0].ok("ListSecrets", **elsewhere)["SecretList"]) == 1
