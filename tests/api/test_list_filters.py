# SPDX-License-Identifier: Apache-2.0
"""ListSecrets filters: every row of the matching rules, against one fixed set of secrets."""
import pytest

from catalogue import FILTER_KEY, clause, filter_values, invalid, length_at_most, matches, one_of
from wire import encode

VALUE_PATTERN = r"^\!?[a-zA-Z0-9 :_@\/\+\=\.\-\!]*$"
KEYS = ["description", "name", "tag-key", "tag-value", "primary-region", "owning-service", "all"]


def tags(**pairs):
    return [{"Key": k, "Value": v} for k, v in pairs.items()]


SECRETS = {
    "prod/AppBeta/x": {}, "prod_AppBeta_x": {}, "prod+AppBeta+x": {}, "prod=AppBeta=x": {},
    "prod.AppBeta.x": {}, "prod@AppBeta@x": {}, "prod-AppBeta-x": {},
    "uat/COMPANY/x": {}, "uat/COMPANYthings/x": {},
    "SecretOne1": {}, "SecretTwo2": {}, "Thirdsecret3": {}, "SecretFTag3fa9c1": {},
    "d/1": {"Description": "a secret"}, "d/2": {"Description": "an secret"},
    "d/3": {"Description": "asecret"}, "d/4": {"Description": "thesecret"},
    "d/5": {"Description": "one two"}, "d/6": {"Description": "one and two"},
    "d/7": {"Description": "one"}, "d/8": {"Description": "two"},
    "d/9": {"Description": "DescTwo"}, "d/db": {"Description": "credsDatabase#892"},
    "t/1": {"Tags": tags(env="prod", team="blue")}, "t/2": {"Tags": tags(env="test")},
    "t/3": {"Tags": tags(Env="prod", environment="x")}, "t/4": {"Tags": tags(team="green prod")},
    "split": {"Description": "alpha", "Tags": tags(beta="gamma")},
}


@pytest.fixture(scope="module")
def listing(server):
    api = server.api("xx-filters-1")
    for name, members in SECRETS.items():
        api.create(name, None, **members)
    api.create("replicated", None, AddReplicaRegions=[{"Region": "xx-filters-2"}])
    return api


def found(api, *filters):
    """`filters` are (key, value, value...); returns the names in creation order."""
    body = api.ok("ListSecrets", Filters=[{"Key": k, "Values": list(v)} for k, *v in filters])
    assert "NextToken" not in body
    return [e["Name"] for e in body["SecretList"]]


def names(text):
    return text.split()


ALL = list(SECRETS) + ["replicated"]
BETAS = ALL[:7]


def all_but(text):
    return [n for n in ALL if n not in names(text)]


ROWS = [
    # names: prefix of the whole name, case-sensitive
    (("name", "uat/"), "uat/COMPANY/x uat/COMPANYthings/x"), (("name", "UAT/"), ""),
    (("name", "COMPANY"), ""), (("name", "prod_"), "prod_AppBeta_x"),
    (("name", "d/1"), "d/1"), (("name", "d 1"), ""), (("name", "SecretOne1"), "SecretOne1"),
    (("name", "SecretOne11"), ""), (("name", "d/7", "d/8", "nothing"), "d/7 d/8"),
    # tags: prefix of any key, of any value
    (("tag-key", "env"), "t/1 t/2 t/3"), (("tag-key", "Env"), "t/3"), (("tag-key", "nv"), ""),
    (("tag-key", "envi"), "t/3"), (("tag-value", "prod"), "t/1 t/3"), (("tag-value", "Prod"), ""),
    (("tag-value", "green p"), "t/4"), (("tag-value", "prod", "test"), "t/1 t/2 t/3"),
    # descriptions: words, in any case
    (("description", "a"), "d/1 d/2 d/3 d/6 split"), (("description", "a secret"), "d/1 d/2"),
    (("description", "secret"), "d/1 d/2"), (("description", "SECRET"), "d/1 d/2"),
    (("description", "one two"), "d/5 d/6"), (("description", "two one"), "d/5 d/6"),
    (("description", "o t"), "d/5 d/6"), (("description", "d t"), "d/9"),
    (("description", "two"), "d/5 d/6 d/8 d/9"), (("description", "ret"), ""),
    (("description", "creds"), "d/db"), (("description", "database"), "d/db"),
    (("description", "892"), "d/db"), (("description", "+"), ""), (("description", "prod"), ""),
    # all: words within one attribute
    (("all", "AppBeta"), " ".join(BETAS)), (("all", "Beta"), " ".join(BETAS) + " split"),
    (("all", "company"), "uat/COMPANY/x"), (("all", "Ythings"), "uat/COMPANYthings/x"),
    (("all", "things"), ""), (("all", "N"), ""), (("all", "pany"), ""), (("all", "ret"), ""),
    (("all", "+"), ""), (("all", "sec"), "SecretOne1 SecretTwo2 SecretFTag3fa9c1 d/1 d/2"),
    (("all", "3fa"), "SecretFTag3fa9c1"), (("all", "9c"), "SecretFTag3fa9c1"),
    (("all", "fa"), ""), (("all", "ftag"), ""), (("all", "f tag"), "SecretFTag3fa9c1"),
    (("all", "alpha"), "split"), (("all", "gamma"), "split"), (("all", "alpha gamma"), ""),
    (("all", "blue"), "t/1"), (("all", "env"), "t/1 t/2 t/3"),
    # regions and services
    (("primary-region", "xx-"), "replicated"), (("primary-region", "xx-filters-1"), "replicated"),
    (("primary-region", "XX-"), ""), (("primary-region", "us-east-1"), ""),
    (("owning-service", "rds"), ""),
    # the empty value
    (("name", ""), " ".join(ALL)), (("description", ""), ""), (("all", ""), ""),
    (("tag-key", ""), "t/1 t/2 t/3 t/4 split"),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda r: " ".join(r[0]))
def test_match(listing, row):
    query, expected = row
    assert found(listing, query) == names(expected)


NEGATED = [
    (("name", "!d/"), [n for n in ALL if not n.startswith("d/")]),
    (("name", "!"), []),
    (("description", "!a"), all_but("d/1 d/2 d/3 d/6 split")),
    (("description", "!one two"), all_but("d/5 d/6")),
    (("tag-key", "!env"), all_but("t/1 t/2 t/3")),
    (("tag-value", "!prod"), all_but("t/1 t/3")),
    (("primary-region", "!xx-"), all_but("replicated")),
    (("owning-service", "!rds"), ALL),
    (("name", "!d/", "d/1"), [n for n in ALL if not n.startswith("d/") or n == "d/1"]),
]


@pytest.mark.parametrize("row", NEGATED, ids=lambda r: " ".join(r[0]))
def test_negation(listing, row):
    query, expected = row
    assert found(listing, query) == expected


def test_only_the_first_exclamation_mark_is_an_operator(own_region):
    own_region.create("!x", None)
    own_region.create("x", None)
    assert found(own_region, ("name", "!!x")) == ["x"]
    assert found(own_region, ("name", "!x")) == ["!x"]


def test_filters_join_by_and_even_with_the_same_key(listing):
    assert found(listing, ("name", "t/"), ("tag-key", "env")) == ["t/1", "t/2", "t/3"]
    assert found(listing, ("name", "d/"), ("description", "one"), ("description", "two")) == [
        "d/5", "d/6"]
    assert found(listing, ("description", "!a"), ("description", "!secret"), ("name", "d/")) == [
        "d/4", "d/5", "d/7", "d/8", "d/9", "d/db"]


def test_tag_filters_need_not_meet_in_one_tag(listing):
    assert found(listing, ("tag-key", "env"), ("tag-value", "blue")) == ["t/1"]


def test_no_filters_are_no_condition(listing):
    body = listing.ok("ListSecrets", Filters=[])
    assert [e["Name"] for e in body["SecretList"]] == ALL


def test_filters_and_pages(listing):
    query = {"Filters": [{"Key": "name", "Values": ["d/"]}], "SortBy": "name", "SortOrder": "desc"}
    seen, more = [], {}
    while True:
        body = listing.ok("ListSecrets", MaxResults=4, **query, **more)
        seen += [e["Name"] for e in body["SecretList"]]
        if "NextToken" not in body:
            break
        more = {"NextToken": body["NextToken"]}
    assert seen == ["d/db", "d/9", "d/8", "d/7", "d/6", "d/5", "d/4", "d/3", "d/2", "d/1"]


@pytest.mark.parametrize("bad, refusal", [
    ({"Values": ["x"]}, FILTER_KEY), ({"Key": "name"}, filter_values("name")),
    ({"Key": "colour", "Values": ["x"]},
     invalid(clause("filters.1.member.key", "colour", one_of(KEYS)))),
    ({"Key": "name", "Values": ["a*"]},
     invalid(clause("filters.1.member.values.1.member", "a*", matches(VALUE_PATTERN)))),
    ({"Key": "name", "Values": ["ok", "\u00fc"]},
     invalid(clause("filters.1.member.values.2.member", "\u00fc", matches(VALUE_PATTERN)))),
    ({"Key": "name", "Values": ["x" * 513]},
     invalid(clause("filters.1.member.values.1.member", "x" * 513, length_at_most(512))))])
def test_bad_filters(api, bad, refusal):
    api.refused("ListSecrets", refusal, Filters=[bad])


def test_bad_filters_are_refused_by_batch_alike(api):
    api.refused("BatchGetSecretValue", FILTER_KEY, Filters=[{"Values": ["x"]}])
    api.refused("BatchGetSecretValue", filter_values("all"), Filters=[{"Key": "all"}])


@pytest.mark.parametrize("filters, path", [
    ([{"Key": "name", "Values": ["x"]}] * 11, "filters"),
    ([{"Key": "name", "Values": ["x"] * 11}], "filters.1.member.values"),
    ([{"Key": "name", "Values": []}], "filters.1.member.values")])
def test_list_sizes(api, filters, path):
    reply = api.send(encode({"Filters": filters}))
    assert reply.status == 400 and reply.json["__type"] == "ValidationException"
    assert " at '%s' failed to satisfy constraint: Member must have length" % path in (
        reply.json["message"])


def test_ten_filters_of_ten_values_are_the_most(listing):
    ten = [{"Key": "name", "Values": ["d/%d" % i for i in range(10)]}] * 10
    body = listing.ok("ListSecrets", Filters=ten)
    assert [e["Name"] for e in body["SecretList"]] == ["d/%d" % i for i in range(1, 10)]
