# SPDX-License-Identifier: Apache-2.0
"""TagResource: adds tags or overwrites their values."""
import pytest

from catalogue import (DEL, NAME, NF, REP, TAGS_51, TAGS_AWS, TAGS_KEY, TAGS_TWICE, clause,
                       invalid, length_at_least, length_at_most, null)
from wire import JSON_TYPE, after


def tags(*pairs):
    return [{"Key": k, "Value": v} for k, v in pairs]


def tag(api, secret, *pairs):
    assert api.call("TagResource", SecretId=secret.arn, Tags=tags(*pairs)) == (200, None)


def shown(api, secret):
    return [(t["Key"], t["Value"]) for t in api.describe(secret.arn)["Tags"]]


def test_the_answer_has_no_body_at_all(api, secret):
    reply = api.reply("TagResource", SecretId=secret.name, Tags=tags(("k", "v")))
    assert reply.status == 200 and reply.body == b""
    assert reply.headers["Content-Length"] == "0"
    assert reply.headers["Content-Type"] == JSON_TYPE


def test_tags_are_added_behind_and_an_overwritten_one_keeps_its_place(api, secret):
    tag(api, secret, ("b", "1"), ("a", "2"))
    tag(api, secret, ("c", "3"), ("b", "4"))
    assert shown(api, secret) == [("b", "4"), ("a", "2"), ("c", "3")]


def test_keys_differ_by_case_and_values_may_be_empty(api, secret):
    tag(api, secret, ("k", ""), ("K", "x"))
    assert shown(api, secret) == [("k", ""), ("K", "x")]


def test_a_tag_without_value_has_the_empty_value(api, secret):
    api.call("TagResource", SecretId=secret.arn, Tags=[{"Key": "k"}])
    assert shown(api, secret) == [("k", "")]


def test_any_characters_are_kept(api, secret):
    tag(api, secret, ("sp ace", "\u00fc\U0001f511"), ("+-=._:/@", "a\u0000b"))
    assert shown(api, secret) == [("sp ace", "\u00fc\U0001f511"), ("+-=._:/@", "a\u0000b")]


def test_fifty_are_the_most_and_overwriting_is_not_adding(api, secret):
    tag(api, secret, *((str(i), "v") for i in range(50)))
    api.refused("TagResource", TAGS_51, SecretId=secret.arn, Tags=tags(("51", "v")))
    tag(api, secret, ("0", "new"))
    assert len(shown(api, secret)) == 50 and shown(api, secret)[0] == ("0", "new")


@pytest.mark.parametrize("bad, refusal", [
    (tags(("aws:k", "v")), TAGS_AWS), (tags(("k", "aws:v")), TAGS_AWS),
    (tags(("k", "1"), ("k", "1")), TAGS_TWICE), ([{"Value": "v"}], TAGS_KEY)])
def test_bad_tags_change_nothing(api, secret, bad, refusal):
    api.refused("TagResource", refusal, SecretId=secret.arn, Tags=tags(("good", "v")) + bad)
    assert "Tags" not in api.describe(secret.arn)


def test_lengths(api, secret):
    tag(api, secret, ("k" * 128, "v" * 256))
    api.refused("TagResource", invalid(clause("tags.2.member.key", "k" * 129, length_at_most(128))),
                SecretId=secret.arn, Tags=tags(("x", "y"), ("k" * 129, "v")))
    api.refused("TagResource",
                invalid(clause("tags.1.member.value", "v" * 257, length_at_most(256))),
                SecretId=secret.arn, Tags=tags(("k", "v" * 257)))
    api.refused("TagResource", invalid(clause("tags.1.member.key", "", length_at_least(1))),
                SecretId=secret.arn, Tags=tags(("", "v")))


def test_tags_are_required(api, secret):
    api.refused("TagResource", invalid(null("tags")), SecretId=secret.arn)


def test_it_moves_last_changed_date(api, secret):
    before = after(api.describe(secret.arn)["LastChangedDate"])
    tag(api, secret, ("k", "v"))
    assert api.describe(secret.arn)["LastChangedDate"] > before


def test_unknown_bad_and_scheduled(api, name, scheduled):
    one = tags(("k", "v"))
    api.refused("TagResource", NF, SecretId=name + "/none", Tags=one)
    api.refused("TagResource", NAME, SecretId="bad name", Tags=one)
    api.refused("TagResource", DEL, SecretId=scheduled.arn, Tags=one)


def test_a_replica_refuses_and_follows(api, replica):
    primary, there = replica
    there.refused("TagResource", REP, SecretId=primary.name, Tags=tags(("k", "v")))
    tag(api, primary, ("k", "v"))
    assert there.describe(primary.name)["Tags"] == tags(("k", "v"))
