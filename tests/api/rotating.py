# SPDX-License-Identifier: Apache-2.0
"""Functions for tests: registering them with a stock client, and pulling the puppet's strings."""
import io
import json
import queue
import socket
import threading
import zipfile
from collections import defaultdict
from pathlib import Path

from server import ACCOUNT, REGION, until

FUNCTIONS = Path(__file__).parent / "functions"
ROLE = "arn:aws:iam::%s:role/rotation" % ACCOUNT


def zipped(source, name="index.py"):
    """A zip with one file, as an operator would upload it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
        entry.external_attr = 0o755 << 16
        z.writestr(entry, source)
    return out.getvalue()


def function_source(name):
    return (FUNCTIONS / (name + ".py")).read_bytes()


def arn_of(name, region=REGION):
    return "arn:aws:lambda:%s:%s:function:%s" % (region, ACCOUNT, name)


def make_function(lam, name, source, permission=True, environment=None, **members):
    """create_function, wait until Active, add_permission; returns the ARN."""
    members = {"Runtime": "python3.11", "Handler": "index.handler", "Role": ROLE, "Timeout": 60,
               "Code": {"ZipFile": zipped(source)}, **members}
    if environment:
        members["Environment"] = {"Variables": environment}
    arn = lam.create_function(FunctionName=name, **members)["FunctionArn"]
    until("the function is active", lambda: lam.get_function_configuration(
        FunctionName=name)["State"] == "Active")
    if permission:
        allow(lam, name)
    return arn


def allow(lam, name):
    lam.add_permission(FunctionName=name, StatementId="rotation", Action="lambda:InvokeFunction",
                       Principal="secretsmanager.amazonaws.com")


class Step:
    """One event, waiting in the function for orders."""

    def __init__(self, connection, hello):
        self.wire = connection.makefile("rwb")
        self.connection = connection
        self.event = hello["event"]
        self.request_id = hello["request_id"]
        self.name = self.event.get("Step")
        self.token = self.event.get("ClientRequestToken")

    def _say(self, order):
        self.wire.write(json.dumps(order).encode() + b"\n")
        self.wire.flush()

    def call(self, op, **members):
        """The function calls Secrets Manager with its own credentials."""
        if op != "GetRandomPassword":
            members.setdefault("SecretId", self.event["SecretId"])
        self._say({"call": op, "with": members})
        return json.loads(self.wire.readline())

    def ok(self, op, **members):
        answer = self.call(op, **members)
        assert "ok" in answer, answer
        return answer["ok"]

    def put(self, value, *stages):
        return self.ok("PutSecretValue", ClientRequestToken=self.token, SecretString=value,
                       VersionStages=list(stages or ["AWSPENDING"]))

    def promote(self):
        versions = self.ok("DescribeSecret")["VersionIdsToStages"]
        holders = [v for v, stages in versions.items() if "AWSCURRENT" in stages]
        source = {"RemoveFromVersionId": holders[0]} if holders else {}
        return self.ok("UpdateSecretVersionStage", VersionStage="AWSCURRENT",
                       MoveToVersionId=self.token, **source)

    def done(self, value=None):
        self._end({"return": value})

    def fail(self, text="told to fail"):
        self._end({"raise": text})

    def exit(self, status=1):
        self._end({"exit": status})

    def _end(self, order):
        try:
            self._say(order)
        except OSError:
            pass            # the sandbox is gone already: a test's own doing
        self.close()

    def close(self):
        self.wire.close()
        self.connection.close()


class Strings:
    """Where puppets report. Steps wait here per secret until a test asks for them."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self._steps = defaultdict(queue.Queue)
        self._lock = threading.Lock()           # guards _steps
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._greet, args=(connection,), daemon=True).start()

    def _greet(self, connection):
        connection.settimeout(60)
        wire = connection.makefile("rb", buffering=0)
        line = b""
        while not line.endswith(b"\n"):
            part = wire.readline()
            if not part:
                return
            line += part
        step = Step(connection, json.loads(line))
        self.steps(step.event["SecretId"]).put(step)

    def steps(self, arn):
        with self._lock:
            return self._steps[arn]

    def next(self, arn, name=None, seconds=20):
        """The next step of this secret's rotation; it stays open until answered."""
        try:
            step = self.steps(arn).get(timeout=seconds)
        except queue.Empty:
            raise AssertionError("no %s within %d s" % (name or "step", seconds)) from None
        assert name is None or step.name == name, "%s instead of %s" % (step.name, name)
        return step

    def none_waiting(self, arn):
        return self.steps(arn).empty()

    def play(self, arn, value):
        """All four steps as a good function does them; returns the token."""
        step = self.next(arn, "createSecret")
        step.put(value)
        step.done()
        self.next(arn, "setSecret").done()
        self.next(arn, "testSecret").done()
        step = self.next(arn, "finishSecret")
        step.promote()
        step.done()
        return step.token

    def close(self):
        self.listener.close()


def puppet_on(server, strings, name="puppet"):
    return make_function(server.boto3("lambda"), name, function_source("puppet"), environment={
        "SECRETS_MANAGER_ENDPOINT": server.url, "TEST_AT": strings.address})


def rotated(api, secret_id, before=None):
    """Waits until LastRotatedDate is there and other than `before`; returns the description."""
    def look():
        shown = api.describe(secret_id)
        return shown if shown.get("LastRotatedDate") not in (None, before) else None
    return until("LastRotatedDate of " + secret_id, look)


def settled(api, arn):
    """Waits until no version holds AWSPENDING alone: the rotation or test under way has ended."""
    until("AWSPENDING is settled", lambda: not any(
        s == ["AWSPENDING"] for s in api.labels(arn).values()))
