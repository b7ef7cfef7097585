# SPDX-License-Identifier: Apache-2.0
"""A hundred thousand secrets: ListSecrets pages through all of them in every order, and filters
stay correct. What a page costs is printed (pytest -s), never judged: docs/divergences.md says it.

Pages by created-date ascending cost what they show; in any other order each reads every secret of
the region, so all pages are walked only in the first, and the first ones in the others.
PAWL_SOAK_SECRETS makes it another number.
"""
import os
import sys
import time
from pathlib import Path

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "api"))
import many  # noqa: E402
from server import KEY_ID, SECRET_KEY, Server  # noqa: E402

COUNT = int(os.environ.get("PAWL_SOAK_SECRETS", "100000"))
FIRST_PAGES = 5


@pytest.fixture(scope="module")
def api():
    server = Server()
    began = time.monotonic()
    many.load.load(server.port, KEY_ID, SECRET_KEY, COUNT)
    print("\n%d secrets made in %.1f s" % (COUNT, time.monotonic() - began))
    yield server.api()
    server.stop()


def test_the_default_order_pages_through_all_of_them(api):
    slowest = many.check_order(api, COUNT, "created-date", "asc")
    print("\ncreated-date asc: slowest of all pages %.0f ms" % (slowest * 1000))


@pytest.mark.parametrize("by,order", many.ORDERS)
def test_every_order_begins_right(api, by, order):
    slowest = many.check_first_pages(api, COUNT, by, order, FIRST_PAGES)
    print("\n%s %s: slowest page %.0f ms" % (by, order, slowest * 1000))


def test_filters_find_exactly_what_they_say(api):
    began = time.monotonic()
    many.check_filters(api, COUNT)
    print("\n%d filters to their end: %.1f s" % (len(many.FILTERS), time.monotonic() - began))


def test_a_read_by_name_costs_what_it_did(api):
    began = time.monotonic()
    assert api.value(many.load.name(COUNT // 2)) == "v"
    print("\nGetSecretValue: %.1f ms" % ((time.monotonic() - began) * 1000))
