# SPDX-License-Identifier: Apache-2.0
"""The semantics of AWS's caching client for Python (aws-secretsmanager-caching): an item asks
DescribeSecret which version carries a stage, then GetSecretValue for that very version; both are
kept, the first for a refresh interval, the second for as long as the version stays cached. A
failure is remembered and asked again with growing delays. The clock is the test's."""
import pytest
from botocore.exceptions import ClientError

from wire import token

INTERVAL = 3600


class Clock:
    now = 0.0


class Item:
    """One secret's part of the cache, after SecretCacheItem and SecretCacheVersion."""

    def __init__(self, client, clock, secret_id, interval=INTERVAL):
        self.client, self.clock, self.secret_id, self.interval = client, clock, secret_id, interval
        self.description = self.failure = None
        self.next_refresh = self.next_retry = 0
        self.failures = 0
        self.versions = {}
        self.calls = []

    def _call(self, operation, **members):
        self.calls.append(operation)
        return getattr(self.client, operation)(SecretId=self.secret_id, **members)

    def _refresh(self):
        if self.failure is not None and self.clock.now < self.next_retry:
            return
        if self.failure is None and self.clock.now < self.next_refresh:
            return
        try:
            self.description = self._call("describe_secret")
            self.failure, self.failures = None, 0
            self.next_refresh = self.clock.now + self.interval
        except ClientError as failure:
            self.failure = failure
            self.failures += 1
            self.next_retry = self.clock.now + min(2 ** self.failures, self.interval)

    def _version_of(self, stage):
        found = [v for v, stages in self.description["VersionIdsToStages"].items()
                 if stage in stages]
        return found[0] if found else None

    def get(self, stage="AWSCURRENT"):
        self._refresh()
        if self.description is None:
            raise self.failure
        version = self._version_of(stage)
        if version is None:
            return None
        if version not in self.versions:
            self.versions[version] = self._call("get_secret_value", VersionId=version)
        return self.versions[version]

    def refresh_now(self):
        self.next_refresh = self.next_retry = 0
        self._refresh()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def item(sm, clock, secret):
    return Item(sm, clock, secret.arn)


def take(item):
    calls, item.calls = item.calls, []
    return calls


def test_the_first_read_asks_twice_and_the_next_ones_not_at_all(item):
    assert item.get()["SecretString"] == "v1"
    assert take(item) == ["describe_secret", "get_secret_value"]
    for _ in range(10):
        assert item.get()["SecretString"] == "v1"
    assert take(item) == []


def test_a_new_value_is_seen_after_the_interval_and_not_before(api, item, clock):
    item.get()
    api.put(item.secret_id, "v2")
    clock.now = INTERVAL - 1
    assert item.get()["SecretString"] == "v1"
    clock.now = INTERVAL
    take(item)
    assert item.get()["SecretString"] == "v2"
    assert take(item) == ["describe_secret", "get_secret_value"]


def test_an_unchanged_secret_costs_one_description_an_interval(item, clock):
    item.get()
    take(item)
    for hour in range(1, 4):
        clock.now = hour * INTERVAL
        assert item.get()["SecretString"] == "v1"
    assert take(item) == ["describe_secret"] * 3


def test_a_value_kept_by_version_is_what_that_version_holds_for_ever(sm, api, item, secret):
    first = item.get()
    api.put(secret.arn, "v2")
    again = sm.get_secret_value(SecretId=secret.arn, VersionId=first["VersionId"])
    assert again["SecretString"] == first["SecretString"] == "v1"
    assert again["VersionStages"] == ["AWSPREVIOUS"]


def test_stages_are_cached_side_by_side(api, item, secret):
    api.put(secret.arn, "v2")
    api.put(secret.arn, "v3", ["AWSPENDING"])
    assert item.get()["SecretString"] == "v2"
    assert item.get("AWSPREVIOUS")["SecretString"] == "v1"
    assert item.get("AWSPENDING")["SecretString"] == "v3"
    assert item.get("NOBODY") is None
    assert take(item) == ["describe_secret"] + ["get_secret_value"] * 3


def test_after_a_rotation_a_forced_refresh_gives_the_new_value(api, item, secret):
    """What the library's users do when a login fails: refresh at once, then read."""
    assert item.get()["SecretString"] == "v1"
    pending = api.put(secret.arn, "rotated", ["AWSPENDING"])
    item.refresh_now()
    assert item.get()["SecretString"] == "v1", "a pending value is nobody's yet"
    api.move(secret.arn, "AWSCURRENT", to=pending, source=secret.version)
    item.refresh_now()
    assert item.get()["SecretString"] == "rotated"
    assert item.get("AWSPREVIOUS")["SecretString"] == "v1"
    assert take(item).count("get_secret_value") == 2, "what is kept by version is not read twice"


def test_a_moved_label_leads_back_to_a_version_that_is_cached_already(api, item, secret, clock):
    item.get()
    second = api.put(secret.arn, "v2")
    item.refresh_now()
    item.get()
    api.move(secret.arn, "AWSCURRENT", to=secret.version, source=second)
    take(item)
    item.refresh_now()
    assert item.get()["SecretString"] == "v1"
    assert take(item) == ["describe_secret"]


def test_a_binary_secret_comes_as_the_same_bytes(sm, api, clock, name):
    api.create(name, b"\x00\xff")
    assert Item(sm, clock, name).get()["SecretBinary"] == b"\x00\xff"


def test_a_missing_secret_is_asked_for_again_only_after_a_growing_delay(sm, clock, name, api):
    item = Item(sm, clock, name)
    for _ in range(3):
        with pytest.raises(sm.exceptions.ResourceNotFoundException):
            item.get()
    assert take(item) == ["describe_secret"]
    api.create(name, "late", ClientRequestToken=token())
    clock.now = 2
    assert item.get()["SecretString"] == "late"


def test_what_is_cached_outlives_a_deletion_until_it_is_refreshed(sm, api, item, secret, clock):
    item.get()
    api.ok("DeleteSecret", SecretId=secret.arn)
    assert item.get()["SecretString"] == "v1"
    api.ok("RestoreSecret", SecretId=secret.arn)
    clock.now = INTERVAL
    assert item.get()["SecretString"] == "v1"
