# SPDX-License-Identifier: Apache-2.0
"""UntagResource: removes tags by key."""
import pytest

from catalogue import DEL, NAME, NF, REP, clause, invalid, length_at_least, length_at_most, null
from wire import JSON_TYPE, after


@pytest.fixture
def tagged(api, name):
    api.create(name, Tags=[{"Key": k, "Value": "v"} for k in ("a", "b", "c")])
    return name


def keys(api, id_):
    return [t["Key"] for t in api.describe(id_)["Tags"]]


def test_the_answer_has_no_body_at_all(api, tagged):
    reply = api.reply("UntagResource", SecretId=tagged, TagKeys=["b"])
    assert reply.status == 200 and reply.body == b""
    assert reply.headers["Content-Length"] == "0"
    assert reply.headers["Content-Type"] == JSON_TYPE
    assert keys(api, tagged) == ["a", "c"]


def test_unknown_and_repeated_keys_are_ignored(api, tagged):
    assert api.call("UntagResource", SecretId=tagged, TagKeys=["nope", "A", "a", "a"])[0] == 200
    assert keys(api, tagged) == ["b", "c"]


def test_the_last_one_leaves_an_empty_list(api, tagged):
    api.call("UntagResource", SecretId=tagged, TagKeys=["a", "b", "c"])
    assert api.describe(tagged)["Tags"] == []


def test_a_secret_never_tagged_stays_so(api, secret):
    api.call("UntagResource", SecretId=secret.arn, TagKeys=["x"])
    assert "Tags" not in api.describe(secret.arn)


def test_a_removed_key_comes_back_at_the_end(api, tagged):
    api.call("UntagResource", SecretId=tagged, TagKeys=["a"])
    api.call("TagResource", SecretId=tagged, Tags=[{"Key": "a", "Value": "w"}])
    assert keys(api, tagged) == ["b", "c", "a"]


def test_it_moves_last_changed_date(api, tagged):
    before = after(api.describe(tagged)["LastChangedDate"])
    api.call("UntagResource", SecretId=tagged, TagKeys=["a"])
    assert api.describe(tagged)["LastChangedDate"] > before


def test_shape(api, tagged):
    api.refused("UntagResource", invalid(null("tagKeys")), SecretId=tagged)
    api.refused("UntagResource", invalid(clause("tagKeys.1.member", "", length_at_least(1))),
                SecretId=tagged, TagKeys=[""])
    api.refused("UntagResource",
                invalid(clause("tagKeys.2.member", "k" * 129, length_at_most(128))),
                SecretId=tagged, TagKeys=["a", "k" * 129])
    assert keys(api, tagged) == ["a", "b", "c"]


def test_unknown_bad_and_scheduled(api, name, scheduled):
    api.refused("UntagResource", NF, SecretId=name + "/none", TagKeys=["k"])
    api.refused("UntagResource", NAME, SecretId="bad name", TagKeys=["k"])
    api.refused("UntagResource", DEL, SecretId=scheduled.arn, TagKeys=["k"])


def test_a_replica_refuses_and_follows(api, replica):
    primary, there = replica
    api.call("TagResource", SecretId=primary.arn, Tags=[{"Key": "k", "Value": "v"}])
    there.refused("UntagResource", REP, SecretId=primary.name, TagKeys=["k"])
    api.call("UntagResource", SecretId=primary.arn, TagKeys=["k"])
    assert there.describe(primary.name)["Tags"] == []
