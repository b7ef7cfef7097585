# SPDX-License-Identifier: Apache-2.0
"""Requests as bytes: a signer and a client that send whatever a test asks for.

SDKs fill in tokens, check types and minimum lengths and hide bodies; this client does none of that,
so that a test can see how the server answers what no SDK would send.
"""
import base64
import http.client
import json
import re
import time
import uuid

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

JSON_TYPE = "application/x-amz-json-1.1"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def token():
    """A fresh ClientRequestToken."""
    return str(uuid.uuid4())


def after(instant):
    """Returns in a later millisecond than `instant`, so that dates can be compared strictly."""
    while int(time.time() * 1000) <= int(instant * 1000):
        pass
    return instant


class Reply:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers          # http.client.HTTPMessage: names are case-insensitive
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return "%d %s" % (self.status, self.body[:600].decode("utf-8", "replace"))


def encode(members):
    """The JSON body; bytes become base64, as blobs do on the wire."""
    return json.dumps(members, default=lambda b: base64.b64encode(b).decode()).encode()


class Api:
    """One caller in one region; its connection is kept open, and replaced when it was closed."""

    def __init__(self, port, key_id, secret, region="us-east-1", session_token=None):
        self.port, self.region = port, region
        self.host = "127.0.0.1:%d" % port
        self.credentials = Credentials(key_id, secret, session_token)
        self._connection = None

    def at(self, region):
        c = self.credentials
        return Api(self.port, c.access_key, c.secret_key, region, c.token)

    def signed(self, body, headers, method="POST", path="/", service="secretsmanager"):
        """`headers` plus what SigV4 adds to them."""
        request = AWSRequest(method, "http://" + self.host + path, dict(headers), body)
        SigV4Auth(self.credentials, service, self.region).add_auth(request)
        return dict(request.headers.items())

    def send(self, body=b"{}", target="secretsmanager.ListSecrets", headers=None, method="POST",
             path="/", sign=True, service="secretsmanager"):
        head = {"Content-Type": JSON_TYPE}
        if target is not None:
            head["X-Amz-Target"] = target
        head.update(headers or {})
        if sign:
            head = self.signed(body, head, method, path, service)
        return self._exchange(method, path, body, head)

    def _exchange(self, method, path, body, headers):
        for attempt in (1, 2):
            fresh = self._connection is None
            if fresh:
                self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                self._connection.request(method, path, body, headers)
                answer = self._connection.getresponse()
                reply = Reply(answer.status, answer.headers, answer.read())
            except (ConnectionError, http.client.BadStatusLine):
                self.close()
                if fresh or attempt == 2:
                    raise
                continue
            if answer.will_close:
                self.close()
            return reply

    def close(self):
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    # ---- Secrets Manager

    def reply(self, op, **members):
        return self.send(encode(members), "secretsmanager." + op)

    def call(self, op, **members):
        """(status, parsed body); an empty body is None."""
        reply = self.reply(op, **members)
        return reply.status, reply.json if reply.body else None

    def ok(self, op, **members):
        status, body = self.call(op, **members)
        assert status == 200, "%s: %s %s" % (op, status, body)
        return body

    def refused(self, op, refusal, **members):
        reply = self.reply(op, **members)
        assert_refused(reply, refusal)

    # ---- steps that many tests take

    def create(self, name, value="v1", **members):
        """CreateSecret; returns its answer. value=None makes a secret without versions.

        What is made next has a later date: lists in order of creation are lists in order of calls.
        """
        if value is not None:
            kind = "SecretBinary" if isinstance(value, bytes) else "SecretString"
            members.setdefault(kind, value)
        members.setdefault("ClientRequestToken", token())
        made = self.ok("CreateSecret", Name=name, **members)
        after(time.time())
        return made

    def put(self, secret_id, value, stages=None, version=None):
        """PutSecretValue; returns the version id. The next version has a later date."""
        members = {"SecretBinary" if isinstance(value, bytes) else "SecretString": value}
        if stages is not None:
            members["VersionStages"] = stages
        made = self.ok("PutSecretValue", SecretId=secret_id,
                       ClientRequestToken=version or token(), **members)
        after(time.time())
        return made["VersionId"]

    def move(self, secret_id, label, to=None, source=None):
        members = {"MoveToVersionId": to, "RemoveFromVersionId": source}
        return self.ok("UpdateSecretVersionStage", SecretId=secret_id, VersionStage=label,
                       **{k: v for k, v in members.items() if v is not None})

    def describe(self, secret_id):
        return self.ok("DescribeSecret", SecretId=secret_id)

    def labels(self, secret_id):
        """Version id -> labels, as DescribeSecret shows them."""
        return self.describe(secret_id).get("VersionIdsToStages", {})

    def value(self, secret_id, **selectors):
        body = self.ok("GetSecretValue", SecretId=secret_id, **selectors)
        if "SecretString" in body:
            return body["SecretString"]
        return base64.b64decode(body["SecretBinary"])


def assert_refused(reply, refusal):
    """Status, __type, the spelling of the text member, and the text byte for byte."""
    assert reply.status == refusal.status, reply
    body = reply.json
    assert body.get("__type") == refusal.type, reply
    if refusal.text is None:
        return
    assert body == {"__type": refusal.type, refusal.key: refusal.text}
