# SPDX-License-Identifier: Apache-2.0
"""Every operation and every error its page documents, each provoked once.

The rows that were provoked, and the reasons for those that cannot be, are written to
build/errors-table.md: the page a reader checks against the API reference.
"""
import pytest

from catalogue import (BAD_TOKEN, BATCH_BOTH, CRT_ROTATE, DEL, DELC, LABELS, LAM0, NAME, NF,
                       NOT_REPLICA, POLB, POLS, PW1, REP, REPR, TAGS_TWICE, WIN, BOTH, FILTER_KEY,
                       MIS, CUR, exists, token_in_use)
from server import BUILD
from test_validation import model
from wire import token

OPERATIONS = sorted(model["operations"])
POLICY = ('{"Version":"2012-10-17","Statement":[{"Effect":"%s","Principal":"*",'
          '"Action":"secretsmanager:%s","Resource":"*"}]}')

# Errors of the model that pawl never sends, and why.
NEVER = {
    "InternalServiceError": "a fault of the server; not to be provoked from outside",
    "PreconditionNotMetException": "trigger unknown; never sent",
    "EncryptionFailure": "an unusable key answers AccessDeniedException",
    "DecryptionFailure": "stored bytes that do not open; not to be provoked from outside",
}
NEVER_HERE = {
    ("CreateSecret", "LimitExceededException"): "quota of secrets; off by default",
    ("CreateSecret", "ResourceNotFoundException"): "declared by the model; never sent",
    ("CreateSecret", "MalformedPolicyDocumentException"): "declared by the model; never sent",
    ("UpdateSecret", "MalformedPolicyDocumentException"): "declared by the model; never sent",
    ("GetResourcePolicy", "InvalidParameterException"): "no rule of this operation answers it",
    ("DescribeSecret", "InvalidParameterException"): "no rule of this operation answers it",
    ("GetSecretValue", "InvalidParameterException"): "no rule of this operation answers it",
    ("ListSecretVersionIds", "InvalidParameterException"): "no rule of this operation answers it",
    ("GetRandomPassword", "InvalidRequestException"): "no rule of this operation answers it",
    ("ValidateResourcePolicy", "InvalidParameterException"): "no rule of this operation answers it",
    ("BatchGetSecretValue", "InternalServiceError"): NEVER["InternalServiceError"],
}
BATCH_ERRORS = ["DecryptionFailure", "InternalServiceError", "InvalidNextTokenException",
                "InvalidParameterException", "InvalidRequestException", "ResourceNotFoundException"]
for error in ("InvalidRequestException", "ResourceNotFoundException"):
    NEVER_HERE[("BatchGetSecretValue", error)] = "an entry of Errors, not the call"


class World:
    """The secrets a row may need, made once."""

    def __init__(self, api):
        self.api = api
        self.there = api.at("eu-west-1")
        mark = "errors/" + token()[:8]
        self.none = mark + "/none"
        self.live = api.create(mark + "/live")
        self.scheduled = api.create(mark + "/scheduled")["ARN"]
        api.ok("DeleteSecret", SecretId=self.scheduled)
        self.primary = api.create(mark + "/primary", AddReplicaRegions=[{"Region": "eu-west-1"}])
        self.crowded = api.create(mark + "/crowded")["ARN"]
        api.put(self.crowded, "x", ["l%02d" % i for i in range(19)])
        self.denied = api.create(mark + "/denied")["ARN"]


@pytest.fixture(scope="module")
def world(server):
    return World(server.api())


VALUE = {"SecretString": "other", "ClientRequestToken": "t" * 32}
GOOD = POLICY % ("Deny", "CancelRotateSecret")
# A well-formed request of each operation on a secret; what is missing is only the SecretId.
REQUESTS = {
    "BatchGetSecretValue": {}, "CancelRotateSecret": {}, "CreateSecret": VALUE,
    "DeleteResourcePolicy": {}, "DeleteSecret": {}, "DescribeSecret": {}, "GetRandomPassword": {},
    "GetResourcePolicy": {}, "GetSecretValue": {}, "ListSecretVersionIds": {}, "ListSecrets": {},
    "PutResourcePolicy": {"ResourcePolicy": GOOD}, "PutSecretValue": VALUE,
    "RemoveRegionsFromReplication": {"RemoveReplicaRegions": ["eu-west-1"]},
    "ReplicateSecretToRegions": {"AddReplicaRegions": [{"Region": "eu-west-1"}]},
    "RestoreSecret": {}, "RotateSecret": {"ClientRequestToken": "t" * 32},
    "StopReplicationToReplica": {}, "TagResource": {"Tags": [{"Key": "k", "Value": "v"}]},
    "UntagResource": {"TagKeys": ["k"]}, "UpdateSecret": {"Description": "d"},
    "UpdateSecretVersionStage": {"VersionStage": "l", "MoveToVersionId": "v" * 32},
    "ValidateResourcePolicy": {"ResourcePolicy": GOOD},
}


def special(w):
    """(operation, error) -> (caller, members, refusal) where the general way does not do."""
    api, live = w.api, w.live
    of_live = {"SecretId": live["ARN"]}
    used = dict(VALUE, ClientRequestToken=live["VersionId"])
    in_use = token_in_use(live["VersionId"], live["ARN"])
    both = dict(VALUE, SecretBinary=b"x")
    return {
        ("BatchGetSecretValue", "InvalidParameterException"): (api, {}, BATCH_BOTH),
        ("BatchGetSecretValue", "InvalidNextTokenException"): (
            api, {"Filters": [{"Key": "name", "Values": ["x"]}], "NextToken": "x"}, BAD_TOKEN),
        ("CancelRotateSecret", "InvalidRequestException"): (api, of_live, LAM0),
        ("CreateSecret", "InvalidParameterException"): (api, dict(both, Name=w.none), BOTH),
        ("CreateSecret", "InvalidRequestException"): (
            api, dict(VALUE, Name=w.scheduled.split(":secret:")[1][:-7]), DELC),
        ("CreateSecret", "ResourceExistsException"): (
            api, dict(VALUE, Name=live["Name"]), exists(live["Name"])),
        ("DeleteSecret", "InvalidParameterException"): (
            api, dict(of_live, RecoveryWindowInDays=1), WIN),
        ("DeleteSecret", "InvalidRequestException"): (api, {"SecretId": w.scheduled}, None),
        ("GetRandomPassword", "InvalidParameterException"): (api, {"PasswordLength": 1}, PW1),
        ("GetSecretValue", "InvalidRequestException"): (
            api, dict(of_live, VersionId=live["VersionId"], VersionStage="x"), MIS),
        ("ListSecrets", "InvalidParameterException"): (
            api, {"Filters": [{"Values": ["x"]}]}, FILTER_KEY),
        ("ListSecrets", "InvalidNextTokenException"): (api, {"NextToken": "x"}, BAD_TOKEN),
        ("ListSecretVersionIds", "InvalidNextTokenException"): (
            api, dict(of_live, NextToken="x"), BAD_TOKEN),
        ("PutResourcePolicy", "MalformedPolicyDocumentException"): (
            api, dict(of_live, ResourcePolicy="x"), POLS),
        ("PutResourcePolicy", "PublicPolicyException"): (
            api, dict(of_live, BlockPublicPolicy=True,
                      ResourcePolicy=POLICY % ("Allow", "GetSecretValue")), POLB),
        ("PutSecretValue", "InvalidParameterException"): (api, dict(both, **of_live), BOTH),
        ("PutSecretValue", "LimitExceededException"): (
            api, dict(VALUE, SecretId=w.crowded, VersionStages=["more"]), LABELS),
        ("PutSecretValue", "ResourceExistsException"): (api, dict(used, **of_live), in_use),
        ("ReplicateSecretToRegions", "InvalidParameterException"): (
            api, dict(of_live, AddReplicaRegions=[{"Region": "us-east-1"}]), REPR),
        ("RotateSecret", "InvalidParameterException"): (api, of_live, CRT_ROTATE),
        ("RestoreSecret", "InvalidRequestException"): (
            None, None, "no state of a secret makes it answer this"),
        ("StopReplicationToReplica", "InvalidParameterException"): (api, of_live, NOT_REPLICA),
        ("TagResource", "InvalidParameterException"): (
            api, dict(of_live, Tags=[{"Key": "k"}, {"Key": "k"}]), TAGS_TWICE),
        ("UpdateSecret", "InvalidParameterException"): (api, dict(both, **of_live), BOTH),
        ("UpdateSecret", "LimitExceededException"): (api, dict(VALUE, SecretId=w.crowded), LABELS),
        ("UpdateSecret", "ResourceExistsException"): (api, dict(used, **of_live), in_use),
        ("UpdateSecretVersionStage", "InvalidParameterException"): (
            api, dict(of_live, VersionStage="AWSCURRENT", RemoveFromVersionId=live["VersionId"]),
            CUR),
        ("UpdateSecretVersionStage", "LimitExceededException"): (
            api, {"SecretId": w.crowded, "VersionStage": "more",
                  "MoveToVersionId": next(iter(api.labels(w.crowded)))}, LABELS),
        ("ValidateResourcePolicy", "MalformedPolicyDocumentException"): (
            api, {"ResourcePolicy": "x"}, POLS),
    }


def general(w, op, error):
    """The ways most operations share: no such secret, scheduled, a replica."""
    request = REQUESTS[op]
    takes_id = "SecretId" in model["shapes"][model["operations"][op]["input"]["shape"]]["members"]
    if not takes_id:
        return None
    if error == "ResourceNotFoundException":
        return w.api, dict(request, SecretId=w.none), NF
    if error == "InvalidRequestException":
        return w.api, dict(request, SecretId=w.scheduled), DEL
    if error == "InvalidParameterException":
        return w.there, dict(request, SecretId=w.primary["Name"]), REP
    return None


def common(w, op, error):
    """Errors that every operation may answer."""
    shape = model["shapes"][model["operations"][op]["input"]["shape"]]["members"]
    member = next(m for m in ("SecretId", "Name", "NextToken", "ExcludeCharacters") if m in shape)
    if error == "SerializationException":
        return w.api, {member: 7}, None
    if error == "ValidationException":
        if member in ("SecretId", "Name"):
            return w.api, dict(REQUESTS[op], **{member: "bad name"}), NAME
        return w.api, {member: "x" * 4097}, None
    return None


def documented(op):
    listed = [e["shape"] for e in model["operations"][op].get("errors", [])]
    return listed or BATCH_ERRORS


def test_every_documented_error_is_provoked_once(world):
    rows, failures = [], []
    ways = special(world)
    for op in OPERATIONS:
        for error in sorted(documented(op)) + ["ValidationException", "SerializationException"]:
            reason = NEVER.get(error) or NEVER_HERE.get((op, error))
            way = ways.get((op, error)) or general(world, op, error) or common(world, op, error)
            if way is not None and way[0] is None:
                reason, way = way[2], None
            if reason:
                rows.append((op, error, "", reason))
                continue
            if way is None:
                failures.append("%s: nothing provokes %s" % (op, error))
                continue
            caller, members, refusal = way
            reply = caller.reply(op, **members)
            body = reply.json if reply.body else {}
            text = body.get("Message", body.get("message", ""))
            if body.get("__type") != error or (refusal and text != refusal.text):
                failures.append("%s %s: %r" % (op, error, reply))
            rows.append((op, error, reply.status, text))
    write_table(rows)
    assert not failures, "\n".join(failures)


def shown(text):
    """One line of a table; long values of a test do not help a reader."""
    text = text if len(text) < 300 else text[:120] + " ... " + text[-120:]
    return text.replace("|", "\\|").replace("\n", " ")


def write_table(rows):
    lines = ["# Errors by operation", "",
             "Written by tests/api/test_errors_table.py: each was provoked, or the reason why not.",
             "", "| operation | error | HTTP | text, or why it is not sent |", "|---|---|---|---|"]
    lines += ["| %s | %s | %s | %s |" % (op, error, status, shown(text))
              for op, error, status, text in rows]
    BUILD.mkdir(exist_ok=True)
    (BUILD / "errors-table.md").write_text("\n".join(lines) + "\n")


SECRET_OPERATIONS = [op for op in OPERATIONS if "SecretId" in
                     model["shapes"][model["operations"][op]["input"]["shape"]]["members"]]
PROTECTED = [op for op in SECRET_OPERATIONS
             if op not in ("PutResourcePolicy", "DeleteResourcePolicy")]


@pytest.mark.parametrize("op", PROTECTED)
def test_access_denied(world, op):
    """By an explicit deny in the secret's own policy, the one way open without IAM users."""
    api = world.api
    api.ok("PutResourcePolicy", SecretId=world.denied, ResourcePolicy=POLICY % ("Deny", op))
    try:
        reply = api.reply(op, **dict(REQUESTS[op], SecretId=world.denied))
        assert reply.status == 400 and reply.json["__type"] == "AccessDeniedException", reply
        assert reply.json["Message"].endswith(
            " is not authorized to perform: secretsmanager:%s on resource: %s with an explicit "
            "deny in a resource-based policy" % (op, world.denied))
    finally:
        api.ok("DeleteResourcePolicy", SecretId=world.denied)


def test_the_table_covers_every_operation():
    assert set(REQUESTS) == set(OPERATIONS)
