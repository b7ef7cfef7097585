# SPDX-License-Identifier: Apache-2.0
"""ListSecretVersionIds: labelled versions, all of them on request, in pages."""
import pytest

from catalogue import BAD_TOKEN, NAME, NF, clause, invalid, value_at_least, value_at_most


@pytest.fixture
def five(api, secret):
    """Five versions in creation order; the last two carry AWSPREVIOUS and AWSCURRENT."""
    return [secret.version] + [api.put(secret.arn, "v%d" % i) for i in range(2, 6)]


def listed(api, secret, **members):
    return api.ok("ListSecretVersionIds", SecretId=secret.arn, **members)


def test_a_version_shows_what_it_has(api, secret):
    body = listed(api, secret)
    [entry] = body["Versions"]
    created = api.ok("GetSecretValue", SecretId=secret.arn)["CreatedDate"]
    assert body == {"ARN": secret.arn, "Name": secret.name, "Versions": [entry]}
    assert entry == {"VersionId": secret.version, "VersionStages": ["AWSCURRENT"],
                     "CreatedDate": created, "KmsKeyIds": ["DefaultEncryptionKey"]}


def test_versions_without_labels_come_only_on_request_and_show_no_stages(api, secret, five):
    assert [v["VersionId"] for v in listed(api, secret)["Versions"]] == five[3:]
    everything = listed(api, secret, IncludeDeprecated=True)["Versions"]
    assert [v["VersionId"] for v in everything] == five
    assert ["VersionStages" in v for v in everything] == [False, False, False, True, True]


def test_a_secret_without_value_has_an_empty_list(api, empty):
    assert listed(api, empty) == {"ARN": empty.arn, "Name": empty.name, "Versions": []}


@pytest.mark.parametrize("size", [1, 2, 4])
def test_pages_join_to_the_whole_list(api, secret, five, size):
    seen, more = [], {}
    while True:
        body = listed(api, secret, IncludeDeprecated=True, MaxResults=size, **more)
        seen += [v["VersionId"] for v in body["Versions"]]
        if "NextToken" not in body:
            break
        assert len(body["Versions"]) == size
        more = {"NextToken": body["NextToken"]}
    assert seen == five


def test_exactly_as_many_as_asked_is_the_last_page(api, secret, five):
    assert "NextToken" not in listed(api, secret, MaxResults=2)
    assert "NextToken" not in listed(api, secret, IncludeDeprecated=True, MaxResults=5)
    assert "NextToken" in listed(api, secret, IncludeDeprecated=True, MaxResults=4)


def test_bad_foreign_and_tampered_tokens(api, secret, five, name):
    good = listed(api, secret, MaxResults=1)["NextToken"]
    other = api.create(name + "/other")["ARN"]
    tampered = good[:-2] + ("AA" if good[-2:] != "AA" else "BB")
    for id_, next_ in ((secret.arn, "nonsense"), (secret.arn, tampered), (other, good)):
        api.refused("ListSecretVersionIds", BAD_TOKEN, SecretId=id_, NextToken=next_)
    api.refused("ListSecretVersionIds", BAD_TOKEN, SecretId=secret.arn, NextToken=good,
                IncludeDeprecated=True)
    api.refused("ListSecrets", BAD_TOKEN, NextToken=good)


def test_max_results_is_one_to_a_hundred(api, secret):
    assert len(listed(api, secret, MaxResults=100)["Versions"]) == 1
    api.refused("ListSecretVersionIds", invalid(clause("maxResults", 0, value_at_least(1))),
                SecretId=secret.arn, MaxResults=0)
    api.refused("ListSecretVersionIds", invalid(clause("maxResults", 101, value_at_most(100))),
                SecretId=secret.arn, MaxResults=101)


def test_a_scheduled_secret_is_listed(api, scheduled):
    assert [v["VersionId"] for v in listed(api, scheduled)["Versions"]] == [scheduled.version]


def test_a_replica_is_listed(replica):
    primary, there = replica
    body = there.ok("ListSecretVersionIds", SecretId=primary.name)
    assert [v["VersionId"] for v in body["Versions"]] == [primary.version]


def test_unknown_and_bad_names(api, name):
    api.refused("ListSecretVersionIds", NF, SecretId=name)
    api.refused("ListSecretVersionIds", NAME, SecretId="bad name")
