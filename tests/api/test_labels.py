# SPDX-License-Identifier: Apache-2.0
"""Where labels go: whole traces, step by step, as recorded from AWS.

A step is ("put", stages or None) for the next version, or ("move", label, from, to); versions are
numbered in creation order, the first being made by CreateSecret. After each step every version's
labels are compared; a version not named has none.
"""
import pytest

from wire import token

SHORT = {"CURRENT": "AWSCURRENT", "PREVIOUS": "AWSPREVIOUS", "PENDING": "AWSPENDING"}

TRACES = {
    "pending, promoted, then a plain put": [
        (("put", ["AWSPENDING"]), {1: "CURRENT", 2: "PENDING"}),
        (("move", "AWSCURRENT", 1, 2), {1: "PREVIOUS", 2: "CURRENT PENDING"}),
        (("put", None), {2: "PREVIOUS", 3: "CURRENT"}),
    ],
    "custom labels stay when current moves": [
        (("put", ["AWSSOMETHING", "AWSPENDING", "PUT1"]),
         {1: "CURRENT", 2: "PENDING AWSSOMETHING PUT1"}),
        (("move", "AWSCURRENT", 1, 2), {1: "PREVIOUS", 2: "CURRENT PENDING AWSSOMETHING PUT1"}),
        (("put", ["AWSPENDING", "PUT2"]),
         {1: "PREVIOUS", 2: "CURRENT AWSSOMETHING PUT1", 3: "PENDING PUT2"}),
        (("move", "AWSCURRENT", 2, 3),
         {2: "PREVIOUS AWSSOMETHING PUT1", 3: "CURRENT PENDING PUT2"}),
    ],
    "awscurrent among the stages": [
        (("put", ["AWSCURRENT", "PUT0"]), {1: "PREVIOUS", 2: "CURRENT PUT0"}),
        (("put", ["AWSPENDING", "PUT1"]), {1: "PREVIOUS", 2: "CURRENT PUT0", 3: "PENDING PUT1"}),
        (("move", "AWSCURRENT", 2, 3), {2: "PREVIOUS PUT0", 3: "CURRENT PENDING PUT1"}),
        (("put", ["AWSPENDING", "PUT2"]),
         {2: "PREVIOUS PUT0", 3: "CURRENT PUT1", 4: "PENDING PUT2"}),
        (("move", "AWSCURRENT", 3, 4), {2: "PUT0", 3: "PREVIOUS PUT1", 4: "CURRENT PENDING PUT2"}),
    ],
    "custom labels only": [
        (("put", ["one", "two", "three"]), {1: "CURRENT", 2: "one two three"}),
        (("put", ["one", "two", "four"]), {1: "CURRENT", 2: "three", 3: "four one two"}),
    ],
    "plain puts": [
        (("put", None), {1: "PREVIOUS", 2: "CURRENT"}),
        (("put", None), {2: "PREVIOUS", 3: "CURRENT"}),
        (("put", ["AWSCURRENT"]), {3: "PREVIOUS", 4: "CURRENT"}),
    ],
    "pending on a third version goes with a plain put": [
        (("put", None), {1: "PREVIOUS", 2: "CURRENT"}),
        (("put", ["AWSPENDING", "mine"]), {1: "PREVIOUS", 2: "CURRENT", 3: "PENDING mine"}),
        (("put", None), {2: "PREVIOUS", 3: "mine", 4: "CURRENT"}),
    ],
    "pending is not dropped by other labels": [
        (("put", ["AWSPENDING"]), {1: "CURRENT", 2: "PENDING"}),
        (("put", ["other"]), {1: "CURRENT", 2: "PENDING", 3: "other"}),
    ],
    "custom labels stay on the outgoing version of a plain put": [
        (("put", ["AWSCURRENT", "mine"]), {1: "PREVIOUS", 2: "CURRENT mine"}),
        (("put", None), {2: "PREVIOUS mine", 3: "CURRENT"}),
    ],
    "rolling back swaps current and previous": [
        (("put", None), {1: "PREVIOUS", 2: "CURRENT"}),
        (("move", "AWSCURRENT", 2, 1), {1: "CURRENT", 2: "PREVIOUS"}),
        (("move", "AWSCURRENT", 1, 2), {1: "PREVIOUS", 2: "CURRENT"}),
    ],
    "current moves past previous": [
        (("put", None), {1: "PREVIOUS", 2: "CURRENT"}),
        (("put", ["x"]), {1: "PREVIOUS", 2: "CURRENT", 3: "x"}),
        (("move", "AWSCURRENT", 2, 3), {2: "PREVIOUS", 3: "CURRENT x"}),
    ],
    "finishing a rotation by hand": [
        (("put", ["AWSPENDING"]), {1: "CURRENT", 2: "PENDING"}),
        (("move", "AWSCURRENT", 1, 2), {1: "PREVIOUS", 2: "CURRENT PENDING"}),
        (("move", "AWSPENDING", 2, None), {1: "PREVIOUS", 2: "CURRENT"}),
    ],
}


def has_plain_put(trace):
    return ("put", None) in [step for step, _ in TRACES[trace]]


ROWS = [(t, False) for t in TRACES] + [(t, True) for t in TRACES if has_plain_put(t)]


@pytest.mark.parametrize("trace, update", ROWS,
                         ids=[t + (", by update" if u else "") for t, u in ROWS])
def test_trace(api, secret, trace, update):
    """Once as written, once with UpdateSecret in place of each put without stages."""
    ids = {None: None, 1: secret.version}
    for step, expected in TRACES[trace]:
        if step[0] == "move":
            api.move(secret.arn, step[1], source=ids[step[2]], to=ids[step[3]])
        elif update and step[1] is None:
            ids[len(ids)] = api.ok("UpdateSecret", SecretId=secret.arn, SecretString="x",
                                   ClientRequestToken=token())["VersionId"]
        else:
            ids[len(ids)] = api.put(secret.arn, "x", step[1])
        wanted = {ids[v]: sorted(SHORT.get(w, w) for w in text.split())
                  for v, text in expected.items()}
        assert api.labels(secret.arn) == wanted, step


def test_every_version_stays_readable_whatever_its_labels(api, secret):
    ids = [secret.version] + [api.put(secret.arn, "v%d" % i) for i in range(2, 6)]
    assert [api.value(secret.arn, VersionId=v) for v in ids] == ["v1", "v2", "v3", "v4", "v5"]


@pytest.mark.parametrize("label", [
    "a", "AWS", "AWSCURRENT ", "awscurrent", "\u00fc", "\U0001f511", "sp ace", "x" * 256,
    "a\u0000b"])
def test_a_label_is_any_string_compared_byte_by_byte(api, secret, label):
    version = api.put(secret.arn, "x", [label])
    assert api.labels(secret.arn) == {secret.version: ["AWSCURRENT"], version: [label]}
    assert api.value(secret.arn, VersionStage=label) == "x"
