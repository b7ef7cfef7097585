# SPDX-License-Identifier: Apache-2.0
"""Nothing acknowledged is lost: kill -9 of pawld under load, then every answer is held against it.

Each client works on secrets of its own and notes what it asked and what it was told. After the kill
the last thing a client asked, and never heard about, may have happened or not, but not by half; all
that was answered is there, byte for byte, and the audit trail has a record of each and is whole.
PAWL_SOAK_ROUNDS=N for more rounds, PAWL_SEED=N to repeat a run.
"""
import base64
import os
import random
import threading
import time
from collections import Counter

import http.client

from daemon import seed
from wire import Api, token

CLIENTS = 8
ROUNDS = int(os.environ.get("PAWL_SOAK_ROUNDS") or 4)
WRITES = 1000               # acknowledged, over all rounds, at least
DEAD = (OSError, http.client.HTTPException)


class Model:
    """What one secret must look like."""

    def __init__(self):
        self.values = {}            # version id -> str or bytes
        self.labels = {}            # label -> version id
        self.tags = {}
        self.description = None

    def copy(self):
        other = Model()
        other.values, other.labels = dict(self.values), dict(self.labels)
        other.tags, other.description = dict(self.tags), self.description
        return other

    def promote(self, version):
        current = self.labels.get("AWSCURRENT")
        if current != version:
            self.labels["AWSCURRENT"] = version
            if current is not None:
                self.labels["AWSPREVIOUS"] = current

    def put(self, version, value):
        self.values[version] = value
        self.promote(version)

    def stages(self):
        """As VersionIdsToStages."""
        found = {}
        for label, version in self.labels.items():
            found.setdefault(version, []).append(label)
        return {v: sorted(labels) for v, labels in found.items()}


class Client(threading.Thread):
    """Writes until the server is gone. `doubtful`: (name, model if done) of the unanswered one."""

    def __init__(self, number, api, chance, known):
        super().__init__(daemon=True)
        self.number, self.api, self.chance = number, api, chance
        self.known = known              # name -> Model, of this client alone
        self.acknowledged = []          # (event name, request id)
        self.doubtful = None
        self.wrong = None

    def run(self):
        while self.wrong is None:
            name, after, op, members = self._choose()
            try:
                reply = self.api.reply(op, **members)
            except DEAD:
                self.doubtful = (name, after)
                return
            if reply.status != 200:
                self.wrong = "%s %s: %r" % (op, members, reply)
                return
            self.acknowledged.append((op, reply.headers["x-amzn-RequestId"]))
            self.known[name] = after

    def _value(self):
        """(member, value): texts and bytes of all sizes up to the limit."""
        size = self.chance.choice((1, 20, 200, 3000, 65536))
        data = self.chance.randbytes(size)
        if self.chance.random() < 0.5:
            return {"SecretBinary": data}, data
        text = base64.b64encode(data).decode()[:size]
        return {"SecretString": text}, text

    def _choose(self):
        roll = self.chance.random()
        if not self.known or roll < 0.15:
            return self._create()
        name = self.chance.choice(list(self.known))
        after = self.known[name].copy()
        make = self.chance.choices((self._put, self._stage, self._tag, self._describe),
                                   (50, 20, 15, 15))[0]
        op, members = make(after)
        return name, after, op, dict(members, SecretId=name)

    def _create(self):
        name, version = "c%d/%s" % (self.number, token()), token()
        member, value = self._value()
        after = Model()
        after.put(version, value)
        return name, after, "CreateSecret", dict(member, Name=name, ClientRequestToken=version)

    def _put(self, model):
        member, value = self._value()
        version = token()
        if self.chance.random() < 0.3:      # beside the current one
            model.values[version] = value
            model.labels["mine"] = version
            member["VersionStages"] = ["mine"]
        else:
            model.put(version, value)
        return "PutSecretValue", dict(member, ClientRequestToken=version)

    def _stage(self, model):
        label = self.chance.choice(("AWSCURRENT", "mine", "other"))
        target = self.chance.choice(list(model.values))
        members = {"VersionStage": label, "MoveToVersionId": target}
        if label in model.labels:
            members["RemoveFromVersionId"] = model.labels[label]
        if label == "AWSCURRENT":
            model.promote(target)
        else:
            model.labels[label] = target
        return "UpdateSecretVersionStage", members

    def _tag(self, model):
        key = "k%d" % self.chance.randrange(4)
        if key in model.tags and self.chance.random() < 0.3:
            del model.tags[key]
            return "UntagResource", {"TagKeys": [key]}
        model.tags[key] = token()
        return "TagResource", {"Tags": [{"Key": key, "Value": model.tags[key]}]}

    def _describe(self, model):
        model.description = token()
        return "UpdateSecret", {"Description": model.description}


def differs(api, name, model):
    """What of the secret is not as the model says; None when nothing is."""
    status, shown = api.call("DescribeSecret", SecretId=name)
    if status != 200:
        return "it is not there: %s" % shown
    seen = Model()
    seen.labels = {label: v for v, labels in shown["VersionIdsToStages"].items() for label in labels}
    if seen.stages() != model.stages():
        return "labels are %s, not %s" % (seen.stages(), model.stages())
    if {t["Key"]: t["Value"] for t in shown.get("Tags", [])} != model.tags:
        return "tags are %s, not %s" % (shown.get("Tags"), model.tags)
    if shown.get("Description") != model.description:
        return "the description is %s" % shown.get("Description")
    for version, value in model.values.items():
        status, got = api.call("GetSecretValue", SecretId=name, VersionId=version)
        if status != 200:
            return "version %s: %s" % (version, got)
        stored = got.get("SecretString")
        if stored is None:
            stored = base64.b64decode(got["SecretBinary"])
        if stored != value:
            return "version %s has another value" % version
    listed = api.ok("ListSecretVersionIds", SecretId=name, IncludeDeprecated=True, MaxResults=100)
    extra = {v["VersionId"] for v in listed["Versions"]} - set(model.values)
    return "unknown versions: %s" % extra if extra else None


def resolve(client):
    """The unanswered request happened whole or not at all; from here on it is known which."""
    if client.doubtful is None:
        return "nothing in flight"
    name, after = client.doubtful
    before = client.known.get(name)
    if before is None:              # a CreateSecret
        status, _ = client.api.call("DescribeSecret", SecretId=name)
        if status != 200:
            return "absent"
    elif before.__dict__ == after.__dict__:     # a label moved to where it was
        return "no matter"
    elif differs(client.api, name, before) is None:
        return "absent"
    wrong = differs(client.api, name, after)
    assert wrong is None, "%s: half of the last request: %s" % (name, wrong)
    client.known[name] = after
    return "present"


def check_records(daemon, acknowledged):
    """Each acknowledged write has its record, once; what else is there was never answered."""
    seen = Counter((r["eventName"], r["requestID"]) for r in daemon.records()
                   if r["eventType"] == "AwsApiCall" and not r["readOnly"]
                   and r.get("errorCode") is None)
    for entry in acknowledged:
        assert seen[entry] == 1, "%s: %d records" % (entry, seen[entry])
    return sum(seen.values()) - len(acknowledged)


def test_acknowledged_writes_survive_kill_9(pawld, figures):
    chance = random.Random(seed_used := seed())
    daemon = pawld()
    known = [{} for _ in range(CLIENTS)]
    acknowledged, in_flight, rounds, silent = [], Counter(), 0, 0
    figures("seed %d, %d clients" % (seed_used, CLIENTS))
    while rounds < ROUNDS or len(acknowledged) < WRITES:
        clients = [Client(i, daemon.api(), random.Random(chance.random()), known[i])
                   for i in range(CLIENTS)]
        for client in clients:
            client.start()
        time.sleep(chance.uniform(0.2, 0.6))
        daemon.kill()
        for client in clients:
            client.join(30)
            assert not client.is_alive() and client.wrong is None, client.wrong
        daemon.restart()
        for client in clients:
            acknowledged += client.acknowledged
            in_flight[resolve(client)] += 1
        silent = check_records(daemon, acknowledged)
        assert in_flight["present"] <= silent <= in_flight["present"] + in_flight["no matter"], \
            "records and writes nobody was told of do not match"
        assert daemon.verify_audit() >= len(acknowledged)
        rounds += 1
        assert rounds < 10 * ROUNDS, "only %d writes in %d rounds" % (len(acknowledged), rounds)
    api = daemon.api()
    for models in known:            # at the end, all of it once more, byte for byte
        for name, model in models.items():
            wrong = differs(api, name, model)
            assert wrong is None, "%s: %s" % (name, wrong)
    versions = sum(len(m.values) for models in known for m in models.values())
    figures("%d acknowledged writes over %d kills: all there, with their records; in flight at the "
            "kill: %d present, %d absent; %d half-written audit records cut off; %d secrets with %d "
            "versions read back" % (
                len(acknowledged), rounds, in_flight["present"], in_flight["absent"],
                daemon.gaps(), sum(map(len, known)), versions))
