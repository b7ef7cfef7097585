# SPDX-License-Identifier: Apache-2.0
"""What must hold of ListSecrets however many secrets there are; bench/load.py makes them."""
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))
import load  # noqa: E402

ORDERS = [(by, order) for by in ("created-date", "name", "last-changed-date", "last-accessed-date")
          for order in ("asc", "desc")]


def pages(api, max_pages=None, **question):
    """Each page's entries; as many pages as there are, or max_pages."""
    token = {}
    while max_pages is None or max_pages > 0:
        body = api.ok("ListSecrets", **question, **token)
        yield body["SecretList"]
        if "NextToken" not in body:
            return
        token = {"NextToken": body["NextToken"]}
        max_pages = None if max_pages is None else max_pages - 1


def names(api, **question):
    return [s["Name"] for page in pages(api, **question) for s in page]


def sort_key(by):
    return {"name": lambda s: s["Name"], "created-date": lambda s: s["CreatedDate"],
            "last-changed-date": lambda s: (s["LastChangedDate"], s["ARN"]),
            "last-accessed-date": lambda s: (s.get("LastAccessedDate", 0), s["ARN"])}[by]


def check_order(api, count, by, order, max_pages=None):
    """All there are, each once, in order, in full pages; gives seconds of the slowest page."""
    entries, slowest, began = [], 0, time.monotonic()
    for page in pages(api, max_pages, SortBy=by, SortOrder=order, MaxResults=100):
        slowest = max(slowest, time.monotonic() - began)
        assert len(page) == min(100, count - len(entries))
        entries += page
        began = time.monotonic()
    expected = count if max_pages is None else min(count, 100 * max_pages)
    assert len({s["ARN"] for s in entries}) == len(entries) == expected
    keys = [sort_key(by)(s) for s in entries]
    assert keys == sorted(keys, reverse=order == "desc")
    return slowest


def check_first_pages(api, count, by, order, pages_wanted):
    """As above for the first pages only, and by name against what was made."""
    slowest = check_order(api, count, by, order, pages_wanted)
    if by == "name":
        made = sorted((load.name(n) for n in range(count)), reverse=order == "desc")
        listed = [s["Name"] for page in pages(api, pages_wanted, SortBy=by, SortOrder=order)
                  for s in page]
        assert listed == made[:len(listed)]
    return slowest


# What a filter says, and the numbers of the secrets that it must find.
FILTERS = [
    ([("name", "load/00")], lambda n: load.name(n).startswith("load/00")),
    ([("name", "!load")], lambda n: False),
    ([("tag-value", "team42")], lambda n: n % 2 == 0 and n % 50 == 42),
    ([("tag-key", "team"), ("description", "cedar")], lambda n: n % 2 == 0 and n % 7 == 2),
    ([("tag-key", "!team"), ("description", "!amber")], lambda n: n % 2 == 1 and n % 7 != 0),
    ([("description", "number 1234")],
     lambda n: str(n).startswith("1234")),
    ([("all", "garn team07")], lambda n: False),    # never in one attribute
    ([("all", "TEAM 08")], lambda n: n % 2 == 0 and n % 50 == 8),
]


def check_filters(api, count):
    for filters, holds in FILTERS:
        question = [{"Key": key, "Values": [value]} for key, value in filters]
        assert names(api, Filters=question) == [load.name(n) for n in creation_order(api, count)
                                                if holds(n)], filters


_order = {}


def creation_order(api, count):
    """Numbers in the order of creation: many connections make it differ from 0, 1, 2."""
    where = (api.port, api.region)
    if where not in _order:
        _order[where] = [int(name.rsplit("/", 1)[1]) for name in names(api)]
    assert sorted(_order[where]) == list(range(count))
    return _order[where]
