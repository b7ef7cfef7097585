# SPDX-License-Identifier: Apache-2.0
"""Two thousand secrets in a region; tests/soak/test_hundred_thousand.py has fifty times as many."""
import pytest

import many
from server import KEY_ID, SECRET_KEY

COUNT = 2000


@pytest.fixture(scope="module")
def crowd(server):
    api = server.api("xx-many-1")
    many.load.load(server.port, KEY_ID, SECRET_KEY, COUNT, api.region)
    return api


@pytest.mark.parametrize("by,order", many.ORDERS)
def test_every_order_pages_through_all_of_them(crowd, by, order):
    many.check_order(crowd, COUNT, by, order)


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_by_name_they_are_the_ones_that_were_made(crowd, order):
    many.check_first_pages(crowd, COUNT, "name", order, 5)


def test_filters_find_exactly_what_they_say(crowd):
    many.check_filters(crowd, COUNT)


@pytest.mark.parametrize("by,order", [("created-date", "asc"), ("name", "desc")])
def test_what_comes_and_goes_between_pages_neither_skips_nor_repeats(server, by, order):
    api = server.api("xx-many-%s" % ("2" if order == "asc" else "3"))
    many.load.load(server.port, KEY_ID, SECRET_KEY, 300, api.region)
    seen = []
    for number, page in enumerate(many.pages(api, SortBy=by, SortOrder=order, MaxResults=50)):
        seen += [s["Name"] for s in page]
        if number == 1:
            api.ok("DeleteSecret", SecretId=seen[3], ForceDeleteWithoutRecovery=True)
            api.create("zz-late" if order == "asc" else "aa-late")
    assert len(set(seen)) == len(seen)
    assert {many.load.name(n) for n in range(300)} <= set(seen)
