# SPDX-License-Identifier: Apache-2.0
"""Many callers at once: what must hold whatever the order in which they are served."""
import threading
from collections import Counter

from catalogue import exists
from wire import token

CALLERS = 8


def at_once(server, work, callers=CALLERS):
    """Runs work(caller's own client, number) in as many threads; returns the results by number."""
    results = [None] * callers
    gate = threading.Barrier(callers)

    def run(i):
        api = server.api()
        gate.wait()
        results[i] = work(api, i)
        api.close()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(callers)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return results


def test_one_of_many_creates_wins(server, api, name):
    def create(caller, i):
        return caller.reply("CreateSecret", Name=name, SecretString=str(i),
                            ClientRequestToken=token())

    replies = at_once(server, create)
    [won] = [r for r in replies if r.status == 200]
    for reply in replies:
        if reply is not won:
            assert reply.json == {"__type": "ResourceExistsException",
                                  "Message": exists(name).text}
    assert api.labels(name) == {won.json["VersionId"]: ["AWSCURRENT"]}


def test_the_same_create_many_times_is_one_secret(server, api, name):
    t = token()
    replies = at_once(server, lambda caller, i: caller.reply(
        "CreateSecret", Name=name, SecretString="x", ClientRequestToken=t))
    assert {r.status for r in replies} == {200}
    assert len({r.json["ARN"] for r in replies}) == 1
    assert api.labels(name) == {t: ["AWSCURRENT"]}


def test_the_same_put_with_different_values_is_one_version(server, api, secret):
    t = token()
    replies = at_once(server, lambda caller, i: caller.reply(
        "PutSecretValue", SecretId=secret.arn, SecretString=str(i), ClientRequestToken=t))
    assert Counter(r.status for r in replies) == {200: 1, 400: CALLERS - 1}
    assert {r.json["__type"] for r in replies if r.status == 400} == {"ResourceExistsException"}
    won = [r.status for r in replies].index(200)
    assert api.value(secret.arn) == str(won)


def test_parallel_puts_leave_one_current_and_one_previous(server, api, secret):
    rounds = 10
    made = at_once(server, lambda caller, i: [
        caller.put(secret.arn, "%d of %d" % (n, i)) for n in range(rounds)])
    versions = {v for several in made for v in several}
    assert len(versions) == CALLERS * rounds
    labels = api.labels(secret.arn)
    assert sorted(sum(labels.values(), [])) == ["AWSCURRENT", "AWSPREVIOUS"]
    assert set(labels) <= versions
    listed = api.ok("ListSecretVersionIds", SecretId=secret.arn, IncludeDeprecated=True,
                    MaxResults=100)["Versions"]
    assert {v["VersionId"] for v in listed} == versions | {secret.version}


def test_a_label_is_never_on_two_versions(server, api, secret):
    """Everybody moves one label to a version of their own, naming the holder they last saw."""
    def fight(caller, i):
        mine, moved = caller.put(secret.arn, str(i), ["mine %d" % i]), 0
        while moved < 5:
            holders = [v for v, s in caller.labels(secret.arn).items() if "ball" in s]
            reply = caller.reply("UpdateSecretVersionStage", SecretId=secret.arn,
                                 VersionStage="ball", MoveToVersionId=mine,
                                 **({"RemoveFromVersionId": holders[0]} if holders else {}))
            assert reply.status == 200 or reply.json["__type"] == "InvalidParameterException"
            assert len(holders) <= 1
            moved += reply.status == 200
        return moved

    assert at_once(server, fight, 4) == [5] * 4
    holders = [v for v, s in api.labels(secret.arn).items() if "ball" in s]
    assert len(holders) == 1


def test_readers_see_a_whole_version_at_every_moment(server, secret):
    stop = threading.Event()

    def work(caller, i):
        if i == 0:
            for n in range(60):
                caller.put(secret.arn, "%d" % n * 2000)
            return stop.set()
        seen = 0
        while not stop.is_set():
            got = caller.ok("GetSecretValue", SecretId=secret.arn)
            assert got["VersionStages"] == ["AWSCURRENT"] and got["SecretString"]
            assert got["SecretString"] == "v1" or len(got["SecretString"]) in (2000, 4000)
            seen += 1
        return seen

    results = at_once(server, work, 4)
    assert all(results[1:])


def test_a_reader_sees_its_own_write(server):
    """Through another connection, at once: what rotation functions depend on."""
    def work(caller, i):
        other = caller.at(caller.region)
        made = caller.create("own-write/%s" % token())
        for n in range(10):
            value = "%d %d" % (i, n)
            caller.put(made["ARN"], value)
            assert other.value(made["Name"]) == value
        other.close()
        return True

    assert all(at_once(server, work))


def test_create_and_delete_of_one_name(server, api, name):
    """Every answer fits some order; in the end the name is free or taken, never half of it."""
    def work(caller, i):
        for _ in range(10):
            if i % 2:
                caller.call("CreateSecret", Name=name, SecretString="x", ClientRequestToken=token())
            else:
                status, body = caller.call("DeleteSecret", SecretId=name,
                                           ForceDeleteWithoutRecovery=True)
                assert status == 200, body
        return True

    assert all(at_once(server, work))
    api.ok("DeleteSecret", SecretId=name, ForceDeleteWithoutRecovery=True)
    made = api.create(name, "after all")
    assert api.value(made["ARN"]) == "after all"
    assert api.labels(name) == {made["VersionId"]: ["AWSCURRENT"]}
