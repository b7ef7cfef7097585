# SPDX-License-Identifier: Apache-2.0
"""More than a hundred versions: old ones without labels go, young or labelled ones stay."""


def every_version(api, secret_id):
    seen, more = [], {}
    while True:
        body = api.ok("ListSecretVersionIds", SecretId=secret_id, IncludeDeprecated=True, **more)
        seen += [v["VersionId"] for v in body["Versions"]]
        if "NextToken" not in body:
            return seen
        more = {"NextToken": body["NextToken"]}


def test_old_unlabelled_versions_are_pruned_down_to_a_hundred(travel):
    api = travel.api()
    made = api.create("pruned", "0")
    ids = [made["VersionId"]] + [api.put("pruned", str(i)) for i in range(1, 104)]
    api.move("pruned", "keep", to=ids[0])
    assert every_version(api, "pruned") == ids          # all of them young
    travel.advance_clock("25h")
    last = api.put("pruned", "last")
    left = every_version(api, "pruned")
    assert len(left) == 100
    assert left == [ids[0]] + ids[6:] + [last]          # the labelled one and the newest
    assert api.value("pruned", VersionId=ids[0]) == "0"
    assert api.call("GetSecretValue", SecretId="pruned", VersionId=ids[1])[0] == 400


def test_up_to_a_hundred_nothing_goes(travel):
    api = travel.api()
    made = api.create("kept", "0")
    ids = [made["VersionId"]] + [api.put("kept", str(i)) for i in range(1, 99)]
    travel.advance_clock("48h")
    ids.append(api.put("kept", "last"))
    assert every_version(api, "kept") == ids and len(ids) == 100
