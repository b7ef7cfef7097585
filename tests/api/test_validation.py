# SPDX-License-Identifier: Apache-2.0
"""Every limit of every member of every input shape, at the limit and one past it.

The shapes come from the public service model that botocore ships, brought up to date by NEWER
below: the differences between that model (2022) and the limits in force. An oracle of a few lines
says which clauses a value breaks; the server must answer exactly those, and none at the limit.
"""
import copy
import gzip
import json
import re
from pathlib import Path

import pytest

from catalogue import (clause, hidden, length_at_least, length_at_most, matches, null, one_of,
                       value_at_least, value_at_most)
from wire import encode, token

MODEL = Path("/usr/lib/python3/dist-packages/botocore/data/secretsmanager/2017-10-17")

# What changed after the model that Debian 12 ships: shape, member of the shape, then, now.
NEWER = [
    ("SecretStringType", "min", 0, 1),
    ("SecretBinaryType", "min", 0, 1),
    ("DescriptionType", "min", None, 0),
    ("DurationType", "pattern", "[0-9h]+", "[0-9]+h"),
    ("FiltersListType", "min", None, 0),
    ("FilterValueStringType", "pattern", r"^\!?[a-zA-Z0-9 :_@\/\+\=\.\-]*$",
     r"^\!?[a-zA-Z0-9 :_@\/\+\=\.\-\!]*$"),
    ("FilterNameStringType", "enum",
     ["description", "name", "tag-key", "tag-value", "primary-region", "all"],
     ["description", "name", "tag-key", "tag-value", "primary-region", "owning-service", "all"]),
]
NEW_SHAPES = {
    "MedeaTypeType": {"type": "string", "min": 0, "max": 256},
    "RotationTokenType": {"type": "string", "min": 36, "max": 256, "pattern": r"^[a-zA-Z0-9\-]+$",
                          "sensitive": True},
    "RoleARNType": {"type": "string", "min": 20, "max": 2048},
    "MetadataKey": {"type": "string", "min": 1, "max": 256},
    "MetadataValue": {"type": "string", "min": 1, "max": 2048},
    "MetadataItem": {"type": "structure", "members": {
        "Key": {"shape": "MetadataKey"}, "Value": {"shape": "MetadataValue"}}},
    "MetadataList": {"type": "list", "member": {"shape": "MetadataItem"}},
    "SortByType": {"type": "string",
                   "enum": ["created-date", "last-accessed-date", "last-changed-date", "name"]},
    "SecretIdListType": {"type": "list", "min": 1, "max": 20, "member": {"shape": "SecretIdType"}},
    "MaxResultsBatchType": {"type": "integer", "min": 1, "max": 20},
    "BatchGetSecretValueRequest": {"type": "structure", "members": {
        "SecretIdList": {"shape": "SecretIdListType"}, "Filters": {"shape": "FiltersListType"},
        "MaxResults": {"shape": "MaxResultsBatchType"}, "NextToken": {"shape": "NextTokenType"}}},
}
NEW_MEMBERS = [
    ("CreateSecretRequest", "Type", "MedeaTypeType"),
    ("UpdateSecretRequest", "Type", "MedeaTypeType"),
    ("PutSecretValueRequest", "RotationToken", "RotationTokenType"),
    ("RotateSecretRequest", "ExternalSecretRotationMetadata", "MetadataList"),
    ("RotateSecretRequest", "ExternalSecretRotationRoleArn", "RoleARNType"),
    ("ListSecretsRequest", "IncludePlannedDeletion", "BooleanType"),
    ("ListSecretsRequest", "SortBy", "SortByType"),
]
# A policy of 20 KiB is not repeated in the refusal.
HIDDEN = {"SecretStringType", "SecretBinaryType", "RotationTokenType", "NonEmptyResourcePolicyType"}


def load():
    plain = MODEL / "service-2.json"
    text = (plain.read_bytes() if plain.exists()
            else gzip.decompress((MODEL / "service-2.json.gz").read_bytes()))
    return json.loads(text)


def brought_up_to_date(model):
    model = copy.deepcopy(model)
    shapes = model["shapes"]
    for shape, member, _, now in NEWER:
        shapes[shape][member] = now
    for name, shape in NEW_SHAPES.items():
        shapes.setdefault(name, shape)
    for shape, member, kind in NEW_MEMBERS:
        shapes[shape]["members"].setdefault(member, {"shape": kind})
    model["operations"].setdefault(
        "BatchGetSecretValue", {"input": {"shape": "BatchGetSecretValueRequest"}, "errors": []})
    return model


RELEASED = load()
model = brought_up_to_date(RELEASED)
SHAPES = model["shapes"]


def test_the_table_of_differences_is_true():
    for shape, member, then, now in NEWER:
        assert RELEASED["shapes"][shape].get(member) in (then, now), shape


def test_the_model_has_the_23_operations():
    assert len(model["operations"]) == 23


# ---- the oracle: which clauses does a value break?

def length_of(kind, value):
    if kind == "SecretStringType":
        return len(value.encode())      # a quota in bytes; every other string counts characters
    return len(value)


def breaches(kind, value, path):
    """The constraint texts a value breaks, as (path, clause) below `path`."""
    shape = SHAPES[kind]
    found = []

    def broken(constraint):
        if kind in HIDDEN:
            found.append(hidden(path, constraint))
        else:
            found.append(clause(path, value, constraint))

    if shape["type"] in ("string", "blob", "list"):
        size = length_of(kind, value)
        if size > shape.get("max", size):
            broken(length_at_most(shape["max"]))
        if size < shape.get("min", 0):
            broken(length_at_least(shape["min"]))
    if shape["type"] in ("integer", "long"):
        if value > shape.get("max", value):
            broken(value_at_most(shape["max"]))
        if value < shape.get("min", value):
            broken(value_at_least(shape["min"]))
    if "pattern" in shape and not re.fullmatch(shape["pattern"], value):
        broken(matches(shape["pattern"]))
    if "enum" in shape and value not in shape["enum"]:
        broken(one_of(shape["enum"]))
    return found


# ---- values at a limit and past it

def fitting(kind, size):
    """A string or blob of this length that breaks no pattern of its shape, if there is one."""
    if SHAPES[kind]["type"] == "blob":
        return b"x" * size
    if kind == "RegionType":
        return "a" * (size - 2) + "-1" if size > 2 else "1" * size
    if kind == "DurationType":
        return "1" * (size - 1) + "h" if size else ""
    return "x" * size


def probes(kind):
    """Values of this shape worth sending."""
    shape = SHAPES[kind]
    if shape["type"] in ("string", "blob") and "enum" not in shape:
        sizes = {s for limit in (shape.get("min"), shape.get("max")) if limit is not None
                 for s in (limit - 1, limit, limit + 1) if s >= 0}
        values = [fitting(kind, s) for s in sorted(sizes)]
        if shape["type"] == "string" and "max" in shape and "pattern" not in shape:
            values += ["\U0001f511" * shape["max"]] if kind != "SecretStringType" else []
        if "pattern" in shape:
            values += ["%" * shape.get("min", 1), " " * shape.get("min", 1),
                       fitting(kind, shape.get("min") or 3) + "\n"]
        return values
    if shape["type"] in ("integer", "long"):
        limits = [shape[m] for m in ("min", "max") if m in shape]
        return sorted({v + d for v in limits for d in (-1, 0, 1)}
                      | set(limits and [-1, 2 ** 63 - 1]))
    if "enum" in shape:
        return shape["enum"] + ["", shape["enum"][0].upper(), "nothing of the kind"]
    return []


def members_of(kind, path=(), shown=""):
    """(how to reach it, path as answered, shape) of every member below a structure."""
    for name, ref in SHAPES[kind].get("members", {}).items():
        below = (shown + "." if shown else "") + name[0].lower() + name[1:]
        yield from one(ref["shape"], path + (name,), below)


def one(kind, path, shown):
    yield path, shown, kind
    shape = SHAPES[kind]
    if shape["type"] == "structure":
        yield from members_of(kind, path, shown)
    if shape["type"] == "list":
        yield from one(shape["member"]["shape"], path + (0,), shown + ".1.member")


BASE = {"SecretId": "nobody/has/this/name", "Name": "bad name", "VersionStage": "x",
        "ResourcePolicy": "{}", "Tags": [{"Key": "k", "Value": "v"}], "TagKeys": ["k"],
        "AddReplicaRegions": [{"Region": "eu-west-1"}], "RemoveReplicaRegions": ["eu-west-1"]}


def request_with(op, path, value):
    """A small well-formed request of `op`, refused after the shape check, with one member set."""
    shape = SHAPES[model["operations"][op]["input"]["shape"]]
    body = {m: copy.deepcopy(BASE[m]) for m in shape.get("required", [])}
    at = body
    for step, following in zip(path, path[1:]):
        empty = [] if isinstance(following, int) else {}
        if isinstance(step, int):
            at.append(empty) if len(at) <= step else None
            at[step] = at[step] if isinstance(at[step], type(empty)) else empty
        else:
            at.setdefault(step, empty)
        at = at[step]
    if isinstance(path[-1], int) and len(at) <= path[-1]:
        at.append(value)
    else:
        at[path[-1]] = value
    return body


def clauses_of(reply):
    """The clauses of a ValidationException about shapes; none for any other answer."""
    body = reply.json if reply.body else {}
    if body.get("__type") != "ValidationException":
        return []
    head = re.match(r"(\d+) validation errors? detected: ", body["message"])
    if head is None:
        return []
    found = re.split(r"; (?=Value (?:null|'|at '))", body["message"][head.end():])
    assert len(found) == int(head.group(1)), body
    return found


ROWS = [(op, path, shown, kind)
        for op in sorted(model["operations"])
        for path, shown, kind in members_of(model["operations"][op]["input"]["shape"])]


@pytest.mark.parametrize("op, path, shown, kind", ROWS, ids=["%s-%s" % (r[0], r[2]) for r in ROWS])
def test_limits(own_region, op, path, shown, kind):
    for value in probes(kind):
        reply = own_region.send(encode(request_with(op, path, value)), "secretsmanager." + op)
        assert sorted(clauses_of(reply)) == sorted(breaches(kind, value, shown)), (
            "length %s" % (len(value) if hasattr(value, "__len__") else value), reply)


LISTS = [r for r in ROWS if SHAPES[r[3]]["type"] == "list"
         and ("max" in SHAPES[r[3]] or SHAPES[r[3]].get("min"))]


def filled(kind, count):
    """A list of this many good elements."""
    element = SHAPES[kind]["member"]["shape"]
    good = {"Filter": lambda i: {"Key": "name", "Values": ["x"]},
            "ReplicaRegionType": lambda i: {"Region": "eu-west-%d" % (i + 1)},
            "RegionType": lambda i: "eu-west-%d" % (i + 1)}
    return [good.get(element, lambda i: "x%d" % i)(i) for i in range(count)]


@pytest.mark.parametrize("op, path, shown, kind", LISTS,
                         ids=["%s-%s" % (r[0], r[2]) for r in LISTS])
def test_list_sizes(own_region, op, path, shown, kind):
    """How a list is printed inside the quotes is not fixed; the rest of the clause is."""
    least, most = SHAPES[kind].get("min", 0), SHAPES[kind].get("max")
    sizes = [(least, None), (least - 1, length_at_least(least))]
    sizes += [(most, None), (most + 1, length_at_most(most))] if most else []
    for size, constraint in sizes:
        if size < 0:
            continue
        reply = own_region.send(encode(request_with(op, path, filled(kind, size))),
                                "secretsmanager." + op)
        found = clauses_of(reply)
        if constraint is None:
            assert found == [], (size, reply)
        else:
            [text] = found
            assert text.startswith("Value '") and text.endswith(
                "' at '%s' failed to satisfy constraint: %s" % (shown, constraint)), reply


REQUIRED = [(op, m) for op in sorted(model["operations"])
            for m in SHAPES[model["operations"][op]["input"]["shape"]].get("required", [])]


@pytest.mark.parametrize("op, member", REQUIRED, ids=["%s-%s" % r for r in REQUIRED])
def test_required_members(api, op, member):
    body = request_with(op, (member,), None)
    for request in (body, {k: v for k, v in body.items() if v is not None}):
        reply = api.send(encode(request), "secretsmanager." + op)
        assert clauses_of(reply) == [null(member[0].lower() + member[1:])], reply


def test_several_breaches_are_all_listed(api):
    reply = api.reply("CreateSecret", Name="", Description="d" * 2049, ClientRequestToken="short",
                      Tags=[{"Key": "k"}, {"Key": ""}])
    assert reply.json["message"].startswith("4 validation errors detected: ")
    assert sorted(clauses_of(reply)) == sorted([
        clause("name", "", length_at_least(1)),
        clause("description", "d" * 2049, length_at_most(2048)),
        clause("clientRequestToken", "short", length_at_least(32)),
        clause("tags.2.member.key", "", length_at_least(1))])


def test_a_missing_and_a_wrong_member_are_listed_together(api):
    reply = api.reply("UpdateSecretVersionStage", MoveToVersionId="short")
    assert sorted(clauses_of(reply)) == sorted([
        null("secretId"), null("versionStage"),
        clause("moveToVersionId", "short", length_at_least(32))])


WRONG = {"string": [7, True, [], {}], "blob": [7, True, [], {}], "integer": ["7", True, 7.5, []],
         "long": ["7", True, 7.5, []], "boolean": ["true", 1, [], {}], "list": ["x", 7, {}],
         "structure": ["x", 7, []]}


@pytest.mark.parametrize("op, path, shown, kind", ROWS, ids=["%s-%s" % (r[0], r[2]) for r in ROWS])
def test_types(api, op, path, shown, kind):
    for value in WRONG[SHAPES[kind]["type"]]:
        reply = api.send(encode(request_with(op, path, value)), "secretsmanager." + op)
        assert reply.json["__type"] == "SerializationException", (value, reply)


def test_version_ids_may_hold_any_characters(api, secret):
    """No pattern on ids and labels: only the length counts."""
    odd = "\u00fc %\n" * 8
    api.put(secret.arn, "x", ["\u00fc %\n"], version=odd)
    assert api.value(secret.arn, VersionId=odd, VersionStage="\u00fc %\n") == "x"
    assert token()
