# SPDX-License-Identifier: Apache-2.0
"""ListSecrets: entries, order and pages (filters are in test_list_filters.py)."""
import pytest

from catalogue import (BAD_TOKEN, clause, invalid, length_at_least, one_of, value_at_least,
                       value_at_most)


def listed(api, **members):
    return [e["Name"] for e in api.ok("ListSecrets", **members)["SecretList"]]


def pages(api, size, **members):
    """Every page as a list of names."""
    seen, more = [], {}
    while True:
        body = api.ok("ListSecrets", MaxResults=size, **members, **more)
        seen.append([e["Name"] for e in body["SecretList"]])
        if "NextToken" not in body:
            return seen
        more = {"NextToken": body["NextToken"]}


@pytest.fixture
def seven(own_region):
    for n in "gcafbed":
        own_region.create(n)
    return own_region


def test_nothing_is_an_empty_list(own_region):
    assert own_region.ok("ListSecrets") == {"SecretList": []}


def test_an_entry_is_what_describe_shows_under_another_name(own_region):
    own_region.create("one", Description="d", Tags=[{"Key": "k", "Value": "v"}], Type="T")
    own_region.value("one")
    described = own_region.describe("one")
    described["SecretVersionsToStages"] = described.pop("VersionIdsToStages")
    assert own_region.ok("ListSecrets") == {"SecretList": [described]}


def test_a_bare_secret_shows_as_little_as_describe(own_region):
    own_region.create("bare", None)
    [entry] = own_region.ok("ListSecrets")["SecretList"]
    assert sorted(entry) == ["ARN", "CreatedDate", "LastChangedDate", "Name"]


def test_default_order_is_creation(seven):
    assert listed(seven) == list("gcafbed")
    assert listed(seven, SortOrder="desc") == list("debfacg")
    assert listed(seven, SortBy="created-date", SortOrder="asc") == list("gcafbed")


def test_order_by_name_is_byte_order(own_region):
    for n in ("b", "B", "_", "a", "0", "/"):
        own_region.create(n)
    assert listed(own_region, SortBy="name") == ["/", "0", "B", "_", "a", "b"]
    assert listed(own_region, SortBy="name", SortOrder="desc") == ["b", "a", "_", "B", "0", "/"]


def test_order_by_last_change(seven):
    seven.ok("UpdateSecret", SecretId="a", Description="changed")
    assert listed(seven, SortBy="last-changed-date")[-1] == "a"
    assert listed(seven, SortBy="last-changed-date", SortOrder="desc")[0] == "a"


def test_order_by_last_access_has_the_never_read_first(seven):
    seven.value("c")
    assert listed(seven, SortBy="last-accessed-date")[-1] == "c"
    assert listed(seven, SortBy="last-accessed-date", SortOrder="desc")[0] == "c"


@pytest.mark.parametrize("order", [
    {}, {"SortOrder": "desc"}, {"SortBy": "name"}, {"SortBy": "name", "SortOrder": "desc"},
    {"SortBy": "last-changed-date"}, {"SortBy": "last-accessed-date"}])
def test_pages_join_to_the_whole_list_in_every_order(seven, order):
    whole = listed(seven, **order)
    for size in (1, 2, 3, 7, 100):
        got = pages(seven, size, **order)
        assert sum(got, []) == whole
        assert all(len(p) == size for p in got[:-1]) and got[-1]


def test_exactly_as_many_as_asked_is_the_last_page(seven):
    assert "NextToken" not in seven.ok("ListSecrets", MaxResults=7)
    assert "NextToken" in seven.ok("ListSecrets", MaxResults=6)


def test_a_hundred_is_the_default_page(own_region):
    for i in range(101):
        own_region.create("s%03d" % i, None)
    body = own_region.ok("ListSecrets")
    assert len(body["SecretList"]) == 100
    rest = own_region.ok("ListSecrets", NextToken=body["NextToken"])
    assert [e["Name"] for e in rest["SecretList"]] == ["s100"] and "NextToken" not in rest


def test_inserts_and_deletes_between_pages_neither_skip_nor_repeat(seven):
    first = seven.ok("ListSecrets", SortBy="name", MaxResults=3)
    assert [e["Name"] for e in first["SecretList"]] == list("abc")
    seven.ok("DeleteSecret", SecretId="b", ForceDeleteWithoutRecovery=True)
    seven.create("aa")
    seven.create("dd")
    rest = listed(seven, SortBy="name", NextToken=first["NextToken"])
    assert rest == ["d", "dd", "e", "f", "g"]


def test_the_page_size_may_change_between_pages(seven):
    first = seven.ok("ListSecrets", MaxResults=2)
    assert listed(seven, MaxResults=5, NextToken=first["NextToken"]) == list("afbed")


@pytest.mark.parametrize("other", [
    {"SortBy": "name"}, {"SortOrder": "desc"}, {"IncludePlannedDeletion": True},
    {"Filters": [{"Key": "name", "Values": ["a"]}]}])
def test_a_token_is_for_the_same_question_only(seven, other):
    good = seven.ok("ListSecrets", MaxResults=2)["NextToken"]
    seven.refused("ListSecrets", BAD_TOKEN, NextToken=good, **other)


def test_bad_foreign_and_tampered_tokens(seven, own_region, api):
    good = seven.ok("ListSecrets", MaxResults=2)["NextToken"]
    assert len(good) <= 4096
    middle = len(good) // 2
    flipped = good[:middle] + ("A" if good[middle] != "A" else "B") + good[middle + 1:]
    for bad in ("nonsense", "x" * 4096, flipped, good[:-4]):
        seven.refused("ListSecrets", BAD_TOKEN, NextToken=bad)
    api.refused("ListSecrets", BAD_TOKEN, NextToken=good)       # another region's
    seven.refused("ListSecretVersionIds", BAD_TOKEN, SecretId="a", NextToken=good)
    seven.refused("ListSecrets", invalid(clause("nextToken", "", length_at_least(1))), NextToken="")


def test_scheduled_secrets_are_hidden_unless_asked_for(seven):
    gone = seven.ok("DeleteSecret", SecretId="a")["DeletionDate"]
    assert listed(seven) == list("gcfbed")
    assert listed(seven, IncludePlannedDeletion=False) == list("gcfbed")
    every = seven.ok("ListSecrets", IncludePlannedDeletion=True)["SecretList"]
    assert [e["Name"] for e in every] == list("gcafbed")
    assert [e.get("DeletedDate") for e in every] == [None, None, gone, None, None, None, None]


def test_only_the_region_of_the_call_is_listed(server, own_region, name):
    own_region.create(name)
    assert listed(server.api("xx-nothing-here-1")) == []


def test_replicas_are_listed_with_their_primary_region_and_no_status(replica):
    primary, there = replica
    body = there.ok("ListSecrets", Filters=[{"Key": "name", "Values": [primary.name]}])
    [entry] = body["SecretList"]
    assert entry["PrimaryRegion"] == "us-east-1" and "ReplicationStatus" not in entry


@pytest.mark.parametrize("members, breach", [
    ({"MaxResults": 0}, clause("maxResults", 0, value_at_least(1))),
    ({"MaxResults": 101}, clause("maxResults", 101, value_at_most(100))),
    ({"SortOrder": "up"}, clause("sortOrder", "up", one_of(["asc", "desc"]))),
    ({"SortBy": "size"}, clause("sortBy", "size", one_of(
        ["created-date", "last-accessed-date", "last-changed-date", "name"])))])
def test_members_out_of_range(api, members, breach):
    api.refused("ListSecrets", invalid(breach), **members)


def test_two_breaches_are_both_named(api):
    reply = api.reply("ListSecrets", MaxResults=0, SortOrder="up")
    text = reply.json["message"]
    assert text.startswith("2 validation errors detected: ")
    parts = text.split(": ", 1)[1].split("; ")
    assert sorted(parts) == sorted([clause("maxResults", 0, value_at_least(1)),
                                    clause("sortOrder", "up", one_of(["asc", "desc"]))])
