# SPDX-License-Identifier: Apache-2.0
"""UpdateSecretVersionStage: moving, adding and removing one label. H is its holder before."""
import pytest

from catalogue import (CUR, DEL, LABELS, NAME, NF, NO_IDS, REP, clause, invalid, length_at_least,
                       nfv, null, rmv, rmw)
from wire import after, token


@pytest.fixture
def two(api, secret):
    """(v1, v2): v1 AWSPREVIOUS and old, v2 AWSCURRENT and new."""
    api.move(secret.arn, "old", to=secret.version)
    v2 = api.put(secret.arn, "v2", ["AWSCURRENT", "new"])
    return secret.version, v2


def stage(secret, label, to=None, source=None):
    members = {"SecretId": secret.arn, "VersionStage": label, "MoveToVersionId": to,
               "RemoveFromVersionId": source}
    return {k: v for k, v in members.items() if v is not None}


def test_a_free_label_is_attached(api, secret, two):
    v1, v2 = two
    body = api.ok("UpdateSecretVersionStage", **stage(secret, "fresh", to=v1))
    assert body == {"ARN": secret.arn, "Name": secret.name}
    assert api.labels(secret.arn)[v1] == ["AWSPREVIOUS", "fresh", "old"]


def test_a_label_moves_when_its_holder_is_named(api, secret, two):
    v1, v2 = two
    api.move(secret.arn, "old", to=v2, source=v1)
    assert api.labels(secret.arn) == {v1: ["AWSPREVIOUS"], v2: ["AWSCURRENT", "new", "old"]}


@pytest.mark.parametrize("label", ["AWSCURRENT", "new"])
def test_a_label_does_not_move_when_its_holder_is_not_named(api, secret, two, label):
    v1, v2 = two
    before = api.labels(secret.arn)
    api.refused("UpdateSecretVersionStage", rmv(label, v2), **stage(secret, label, to=v1))
    assert api.labels(secret.arn) == before


@pytest.mark.parametrize("label", ["AWSCURRENT", "new"])
def test_naming_another_version_than_the_holder_is_refused(api, secret, two, label):
    v1, v2 = two
    v3 = api.put(secret.arn, "v3", ["third"])
    before = api.labels(secret.arn)
    api.refused("UpdateSecretVersionStage", rmw(label), **stage(secret, label, to=v3, source=v1))
    assert api.labels(secret.arn) == before


def test_naming_a_holder_of_a_label_nobody_has_is_refused(api, secret, two):
    v1, v2 = two
    api.refused("UpdateSecretVersionStage", rmw("free"), **stage(secret, "free", to=v1, source=v2))


def test_a_label_already_there_stays(api, secret, two):
    v1, v2 = two
    before = api.labels(secret.arn)
    api.move(secret.arn, "new", to=v2)
    api.move(secret.arn, "new", to=v2, source=v2)
    api.move(secret.arn, "AWSCURRENT", to=v2)
    api.move(secret.arn, "AWSCURRENT", to=v2, source=v2)
    assert api.labels(secret.arn) == before


def test_moving_awscurrent_leaves_awsprevious_behind_and_custom_labels_where_they_were(
        api, secret, two):
    v1, v2 = two
    api.move(secret.arn, "AWSCURRENT", to=v1, source=v2)
    assert api.labels(secret.arn) == {v1: ["AWSCURRENT", "old"], v2: ["AWSPREVIOUS", "new"]}
    assert api.value(secret.arn) == "v1"


def test_moving_another_label_leaves_awsprevious_alone(api, secret, two):
    v1, v2 = two
    v3 = api.put(secret.arn, "v3", ["third"])
    api.move(secret.arn, "new", to=v3, source=v2)
    assert api.labels(secret.arn) == {
        v1: ["AWSPREVIOUS", "old"], v2: ["AWSCURRENT"], v3: ["new", "third"]}


def test_a_label_is_removed_and_the_version_stays_readable(api, secret, two):
    v3 = api.put(secret.arn, "v3", ["only"])
    api.move(secret.arn, "only", source=v3)
    assert v3 not in api.labels(secret.arn)
    assert api.value(secret.arn, VersionId=v3) == "v3"


def test_removing_from_a_version_without_the_label_is_refused(api, secret, two):
    v1, v2 = two
    api.refused("UpdateSecretVersionStage", rmw("new"), **stage(secret, "new", source=v1))
    api.refused("UpdateSecretVersionStage", rmw("free"), **stage(secret, "free", source=v1))


def test_awscurrent_is_never_removed(api, secret, two):
    api.refused("UpdateSecretVersionStage", CUR, **stage(secret, "AWSCURRENT", source=two[1]))
    assert api.value(secret.arn) == "v2"


def test_awspending_and_awsprevious_may_be_removed(api, secret, two):
    v1, v2 = two
    v3 = api.put(secret.arn, "v3", ["AWSPENDING"])
    api.move(secret.arn, "AWSPENDING", source=v3)
    api.move(secret.arn, "AWSPREVIOUS", source=v1)
    assert api.labels(secret.arn) == {v1: ["old"], v2: ["AWSCURRENT", "new"]}


def test_neither_version_is_refused(api, secret):
    api.refused("UpdateSecretVersionStage", NO_IDS, **stage(secret, "AWSCURRENT"))


def test_unknown_versions_are_not_found(api, secret):
    other = token()
    api.refused("UpdateSecretVersionStage", nfv(other), **stage(secret, "x", to=other))
    api.refused("UpdateSecretVersionStage", nfv(other), **stage(secret, "x", source=other))
    api.refused("UpdateSecretVersionStage", nfv(other),
                **stage(secret, "AWSCURRENT", to=other, source=secret.version))
    assert api.labels(secret.arn) == {secret.version: ["AWSCURRENT"]}


def test_the_twenty_first_label_is_refused(api, secret):
    for i in range(19):
        api.move(secret.arn, "l%02d" % i, to=secret.version)
    api.refused("UpdateSecretVersionStage", LABELS, **stage(secret, "one more", to=secret.version))
    v2 = api.put(secret.arn, "x", ["l00"])
    assert api.labels(secret.arn)[v2] == ["l00"]
    api.move(secret.arn, "l00", to=secret.version, source=v2)


def test_it_moves_last_changed_date(api, secret):
    before = after(api.describe(secret.arn)["LastChangedDate"])
    api.move(secret.arn, "x", to=secret.version)
    assert api.describe(secret.arn)["LastChangedDate"] > before


def test_the_label_is_required(api, secret):
    api.refused("UpdateSecretVersionStage", invalid(null("versionStage")), SecretId=secret.arn)
    api.refused("UpdateSecretVersionStage", invalid(clause("versionStage", "", length_at_least(1))),
                SecretId=secret.arn, VersionStage="", MoveToVersionId=secret.version)


def test_unknown_bad_and_scheduled(api, name, scheduled):
    members = {"VersionStage": "x", "MoveToVersionId": scheduled.version}
    api.refused("UpdateSecretVersionStage", NF, SecretId=name + "/none", **members)
    api.refused("UpdateSecretVersionStage", NAME, SecretId="bad name", **members)
    api.refused("UpdateSecretVersionStage", DEL, SecretId=scheduled.arn, **members)


def test_a_replica_refuses_and_follows(api, replica):
    primary, there = replica
    there.refused("UpdateSecretVersionStage", REP, SecretId=primary.name, VersionStage="x",
                  MoveToVersionId=primary.version)
    api.move(primary.arn, "x", to=primary.version)
    assert there.labels(primary.name) == {primary.version: ["AWSCURRENT", "x"]}
