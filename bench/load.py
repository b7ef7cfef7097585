#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""load: fills a server with secrets, through the API and quickly.

  bench/load.py PORT KEY_ID SECRET COUNT [REGION]

Signs by itself with the standard library, keeps many connections open and gives each one request
at a time, so that the server's group commit has something to group. Secret number N is name(N) with
description(N) and tags(N); its value is "v".
"""
import datetime
import hashlib
import hmac
import json
import socket
import sys
import time

CONNECTIONS = 128
WORDS = ("amber", "basalt", "cedar", "delta", "ember", "fjord", "garnet")


def name(n):
    """Neither in the order of creation nor of any date, and the same every time."""
    return "load/%s/%06d" % (hashlib.md5(b"%d" % n).hexdigest()[:6], n)


def description(n):
    return "secret %s number%d" % (WORDS[n % len(WORDS)], n)


def tags(n):
    return [{"Key": "team", "Value": "team%02d" % (n % 50)}] if n % 2 == 0 else []


def body(n):
    return json.dumps({"Name": name(n), "Description": description(n), "Tags": tags(n),
                       "SecretString": "v",
                       "ClientRequestToken": "%032d" % n}).encode()


class Signer:
    def __init__(self, host, key_id, secret, region):
        self.host, self.key_id, self.secret, self.region = host, key_id, secret, region
        self.key_day = self.key = None

    def signing_key(self, day):
        if day != self.key_day:
            key = ("AWS4" + self.secret).encode()
            for part in (day, self.region, "secretsmanager", "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self.key_day, self.key = day, key
        return self.key

    def request(self, operation, content):
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        scope = "%s/%s/secretsmanager/aws4_request" % (now[:8], self.region)
        target = "secretsmanager." + operation
        canonical = ("POST\n/\n\nhost:%s\nx-amz-date:%s\nx-amz-target:%s\n\n"
                     "host;x-amz-date;x-amz-target\n%s"
                     % (self.host, now, target, hashlib.sha256(content).hexdigest()))
        to_sign = "AWS4-HMAC-SHA256\n%s\n%s\n%s" % (
            now, scope, hashlib.sha256(canonical.encode()).hexdigest())
        signature = hmac.digest(self.signing_key(now[:8]), to_sign.encode(), "sha256").hex()
        return ("POST / HTTP/1.1\r\nHost: %s\r\nX-Amz-Date: %s\r\nX-Amz-Target: %s\r\n"
                "Content-Type: application/x-amz-json-1.1\r\nContent-Length: %d\r\n"
                "Authorization: AWS4-HMAC-SHA256 Credential=%s/%s, "
                "SignedHeaders=host;x-amz-date;x-amz-target, Signature=%s\r\n\r\n"
                % (self.host, now, target, len(content), self.key_id, scope,
                   signature)).encode() + content


def read_answer(connection):
    """Status and body of one answer; nothing follows it on the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += more(connection)
    head, _, content = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(content) < length:
        content += more(connection)
    return int(head.split(b" ", 2)[1]), content


def more(connection):
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("the server closed a connection")
    return data


def load(port, key_id, secret, count, region="us-east-1", first=0):
    """Makes secrets first .. first + count - 1."""
    signer = Signer("127.0.0.1:%d" % port, key_id, secret, region)
    connections = []
    try:
        # A connection serves 10,000 requests at most; that many rounds are not reached below
        # a million secrets.
        for _ in range(min(CONNECTIONS, count)):
            connections.append(socket.create_connection(("127.0.0.1", port), 60))
        n = first
        while n < first + count:
            busy = connections[:first + count - n]
            for connection in busy:
                connection.sendall(signer.request("CreateSecret", body(n)))
                n += 1
            for connection in busy:
                status, content = read_answer(connection)
                if status != 200:
                    raise RuntimeError("%d %s" % (status, content.decode()))
    finally:
        for connection in connections:
            connection.close()


def main(port, key_id, secret, count, region="us-east-1"):
    started = time.monotonic()
    load(int(port), key_id, secret, int(count), region)
    seconds = time.monotonic() - started
    print("%s secrets in %.1f s, %.0f a second" % (count, seconds, int(count) / seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
