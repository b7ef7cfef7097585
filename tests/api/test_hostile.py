# SPDX-License-Identifier: Apache-2.0
"""Requests nobody sends by mistake, as rows: each ends in a refusal or a closed connection, never in
a fault of the server, and whoever comes next is answered in time."""
import hashlib
import json
import re
import socket
import time
from xml.etree import ElementTree

import pytest

from wire import JSON_TYPE, token

PATIENCE = 8            # seconds for any answer; sanitizers are slow
MIB = 1 << 20
POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})


class Hostile:
    """Sends bytes as they are and reads until the server closes."""

    def __init__(self, server):
        self.server = server
        self.api = server.api()

    def exchange(self, data):
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=PATIENCE) as s:
            answer = b""
            try:
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
                while True:
                    part = s.recv(1 << 16)
                    if not part:
                        return answer
                    answer += part
            except (BrokenPipeError, ConnectionResetError):
                return answer

    def signed(self, body, target, method="POST", path="/", service="secretsmanager", **headers):
        head = {"Content-Type": JSON_TYPE}
        if target is not None:
            head["X-Amz-Target"] = target
        head = self.api.signed(body, head, method, path, service)
        head.update({"Host": self.api.host, "Connection": "close", "Content-Length": len(body)})
        head.update(headers)
        lines = ["%s %s HTTP/1.1" % (method, path)]
        lines += ["%s: %s" % (k, v) for k, v in head.items()]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body

    def refuses(self, data):
        started = time.monotonic()
        answer = self.exchange(data)
        if answer:
            status = int(answer.split(b" ", 2)[1])
            assert 400 <= status < 500, answer[:600]
            head, _, body = answer.partition(b"\r\n\r\n")
            if re.search(rb"(?i)content-type: application/(x-amz-)?json", head) and body:
                json.JSONDecoder().raw_decode(body.decode("utf-8"))
            if re.search(rb"(?i)content-type: text/xml", head):
                ElementTree.fromstring(body)
            assert len(body) < 4 * MIB
        assert self.server.process.poll() is None, self.server.log_tail()
        self.api.ok("GetRandomPassword", PasswordLength=8)
        assert time.monotonic() - started < PATIENCE


@pytest.fixture(scope="module")
def hostile(server):
    return Hostile(server)


def body_of(**members):
    return json.dumps(members).encode()


# ---- what is no HTTP, or not quite

def post(*lines, body=b""):
    head = [b"POST / HTTP/1.1", b"Host: x", *lines]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


RAW = {
    "nothing but line ends": b"\r\n" * 1000,
    "zeros": b"\0" * 4096,
    "a TLS hello": bytes.fromhex("160301020001000001fc0303") + b"\x5a" * 508,
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/1.0 without a host": b"POST / HTTP/1.0\r\n\r\n",
    "HTTP/9.9": b"POST / HTTP/9.9\r\nHost: x\r\n\r\n",
    "lower-case protocol": b"POST / http/1.1\r\nHost: x\r\n\r\n",
    "no method": b" / HTTP/1.1\r\nHost: x\r\n\r\n",
    "no target": b"POST HTTP/1.1\r\nHost: x\r\n\r\n",
    "unknown method": b"STEAL / HTTP/1.1\r\nHost: x\r\n\r\n",
    "CONNECT": b"CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    "absolute target": b"POST http://169.254.169.254/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "asterisk target": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "a NUL in the target": b"POST /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a high byte in the target": b"POST /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    "a tab in the request line": b"POST\t/\tHTTP/1.1\r\nHost: x\r\n\r\n",
    "dots in the path": b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    "a target of 17 KiB": b"GET /" + b"a" * 17000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a header of 17 KiB": post(b"X: " + b"a" * 17000),
    "200 headers": post(*[b"X-%d: y" % i for i in range(200)]),
    "a header without a colon": post(b"no colon here"),
    "a header without a name": post(b": value"),
    "a space before the colon": post(b"Content-Length : 0"),
    "a folded header": post(b"X: a", b" b"),
    "a NUL in a header": post(b"X: a\0b"),
    "a bare CR in a header": post(b"X: a\rb"),
    "bare LF": b"POST / HTTP/1.1\nHost: x\n\n",
    "no host": b"POST / HTTP/1.1\r\n\r\n",
    "two hosts": post(b"Host: y"),
    "two lengths": post(b"Content-Length: 2", b"Content-Length: 3", body=b"{}"),
    "length and chunks": post(b"Content-Length: 2", b"Transfer-Encoding: chunked", body=b"{}"),
    "a negative length": post(b"Content-Length: -1"),
    "a length with a sign": post(b"Content-Length: +2", body=b"{}"),
    "a length in hexadecimal": post(b"Content-Length: 0x2", body=b"{}"),
    "a length list": post(b"Content-Length: 2, 2", body=b"{}"),
    "a length beyond 64 bits": post(b"Content-Length: 99999999999999999999"),
    "a length of 64 bits": post(b"Content-Length: 18446744073709551615"),
    "a length over the cap": post(b"Content-Length: 1048577"),
    "an empty length": post(b"Content-Length: "),
    "a body that ends early": post(b"Content-Length: 100", body=b"{}"),
    "an unknown coding": post(b"Transfer-Encoding: gzip", body=b"{}"),
    "chunked twice": post(b"Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n"),
    "chunked, then something": post(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"),
    "xchunked": post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    "a chunk size that is none": post(b"Transfer-Encoding: chunked", body=b"zz\r\n\r\n"),
    "a negative chunk": post(b"Transfer-Encoding: chunked", body=b"-1\r\n\r\n"),
    "a chunk beyond 64 bits": post(b"Transfer-Encoding: chunked", body=b"1" + b"0" * 16 + b"\r\n"),
    "a chunk without its line end": post(b"Transfer-Encoding: chunked", body=b"2\r\n{}xx0\r\n\r\n"),
    "chunks over the cap": post(b"Transfer-Encoding: chunked",
                                body=(b"10000\r\n" + b"a" * 65536 + b"\r\n") * 17),
    "a chunk extension without end": post(b"Transfer-Encoding: chunked",
                                          body=b"2;" + b"a" * 70000),
    "trailers without end": post(b"Transfer-Encoding: chunked", body=b"0\r\n" + b"X: y\r\n" * 9000),
    "an unknown expectation": post(b"Expect: miracles", b"Content-Length: 2", body=b"{}"),
    "an upgrade": post(b"Connection: Upgrade", b"Upgrade: h2c", b"HTTP2-Settings: AAA"),
    "100 requests at once, one of them bad": post(b"Content-Length: 2", body=b"{}") * 100 + b"\0",
    "the metadata service": b"GET /latest/meta-data/ HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n",
}


@pytest.mark.parametrize("row", sorted(RAW))
def test_bytes(hostile, row):
    hostile.refuses(RAW[row])


# ---- signatures

SCOPE = "AKIDEXAMPLE234567ABC/20260101/us-east-1/secretsmanager/aws4_request"
GOOD = "AWS4-HMAC-SHA256 Credential=%s, SignedHeaders=host;x-amz-date, Signature=%s"
AUTHORIZATION = [
    "", " ", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential",
    "AWS4-HMAC-SHA256 Credential=", "AWS4-HMAC-SHA256 Credential=////",
    "AWS4-HMAC-SHA256 Credential=" + "/" * 9000, "Basic YWRtaW46YWRtaW4=", "Bearer x",
    "AWS4-ECDSA-P256-SHA256 Credential=%s, SignedHeaders=host, Signature=00" % SCOPE,
    "AWS AKIDEXAMPLE234567ABC:frJIUN8DYpKDtOLCwo//yllqDzg=",
    GOOD % (SCOPE, ""), GOOD % (SCOPE, "0" * 64), GOOD % (SCOPE, "0" * 63), GOOD % (SCOPE, "g" * 64),
    GOOD % (SCOPE, "0" * 9000), GOOD % (SCOPE, "A" * 64),
    GOOD % (SCOPE.replace("us-east-1", "*"), "0" * 64),
    GOOD % (SCOPE.replace("us-east-1", ""), "0" * 64),
    GOOD % (SCOPE.replace("us-east-1", "us-east-1" * 100), "0" * 64),
    GOOD % (SCOPE.replace("20260101", "99999999"), "0" * 64),
    GOOD % (SCOPE.replace("secretsmanager", "sts"), "0" * 64),
    GOOD % (SCOPE.replace("aws4_request", "aws5_request"), "0" * 64),
    GOOD % (SCOPE + "/more", "0" * 64), GOOD % ("x" * 4000 + SCOPE, "0" * 64),
    GOOD % ("../../etc/passwd/20260101/us-east-1/secretsmanager/aws4_request", "0" * 64),
    GOOD % (SCOPE, "0" * 64) + ", Signature=" + "1" * 64,
    GOOD.replace("host;x-amz-date", "") % (SCOPE, "0" * 64),
    GOOD.replace("host;x-amz-date", ";" * 9000) % (SCOPE, "0" * 64),
    GOOD.replace("host;x-amz-date", "x-amz-date") % (SCOPE, "0" * 64),
    GOOD.replace("host;x-amz-date", "host;host;x-amz-date") % (SCOPE, "0" * 64),
    GOOD.replace("host;x-amz-date", "authorization;host") % (SCOPE, "0" * 64),
    GOOD.replace(",", "\xff") % (SCOPE, "0" * 64),
]
DATES = ["", "now", "20260101", "20260101T000000", "99991231T235959Z", "00000000T000000Z",
         "20260230T000000Z", "-0260101T000000Z", "20260101T000000Z" * 100, "2" * 9000]
SESSION_TOKENS = ["", " ", "x", "AAAA", "A" * 9000, "=" * 100, "\xff\xfe",
                  "FwoGZXIvYXdzEBYaDHhBTEXAMPLE", "UFdMMQEM" + "A" * 400]


@pytest.mark.parametrize("row", range(len(AUTHORIZATION)))
def test_authorization(hostile, row):
    hostile.refuses(hostile.signed(b"{}", "secretsmanager.ListSecrets",
                                   Authorization=AUTHORIZATION[row]))


@pytest.mark.parametrize("row", range(len(DATES)))
def test_dates(hostile, row):
    hostile.refuses(hostile.signed(b"{}", "secretsmanager.ListSecrets",
                                   **{"X-Amz-Date": DATES[row]}))


@pytest.mark.parametrize("row", range(len(SESSION_TOKENS)))
def test_session_tokens(hostile, row):
    hostile.refuses(hostile.signed(b"{}", "secretsmanager.ListSecrets",
                                   **{"X-Amz-Security-Token": SESSION_TOKENS[row]}))


def test_a_body_hash_of_another_body(hostile):
    hostile.refuses(hostile.signed(
        b"{}", "secretsmanager.ListSecrets",
        **{"X-Amz-Content-SHA256": hashlib.sha256(b"{ }").hexdigest()}))


# ---- bodies that are no JSON object, rightly signed

BODIES = {
    "a number": b"1", "a string": b'"x"', "a list": b"[]", "null": b"null", "true": b"true",
    "white space": b" \r\n\t", "a NUL": b"\0", "1 MiB of NULs": b"\0" * MIB,
    "1 MiB of open lists": b"[" * MIB, "1 MiB of open objects": b'{"a":' * (MIB // 5),
    "nested 40 deep": b'{"Name":' * 40 + b"1" + b"}" * 40,
    "nested lists in a member": b'{"Tags":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "closers only": b"}" * 1000, "1 MiB of quotes": b'"' * MIB, "1 MiB of backslashes": b"\\" * MIB,
    "cut in a key": b'{"Na', "cut in a value": b'{"Name":"x', "cut in an escape": b'{"Name":"\\u00',
    "no colon": b'{"Name" "x"}', "no comma": b'{"Name":"x" "Type":"y"}',
    "a comma too many": b'{"Name":"x",}', "two documents": b"{}{}", "something behind": b"{} x",
    "single quotes": b"{'Name':'x'}", "a comment": b"{/* */}", "NaN": b'{"Name":NaN}',
    "Infinity": b'{"Name":-Infinity}', "hexadecimal": b'{"Name":0x10}', "leading zero": b'{"Name":01}',
    "a bare control character": b'{"Name":"a\x01b"}', "a bare line end": b'{"Name":"a\nb"}',
    "an unknown escape": b'{"Name":"\\x41"}', "a BOM": b"\xef\xbb\xbf{}",
    "UTF-16": '{"Name":"x"}'.encode("utf-16"), "UTF-32": '{"Name":"x"}'.encode("utf-32"),
    "Latin-1": b'{"Name":"\xe9"}', "overlong": b'{"Name":"\xc0\xaf"}',
    "overlong NUL": b'{"Name":"\xc0\x80"}', "a surrogate in UTF-8": b'{"Name":"\xed\xa0\x80"}',
    "beyond U+10FFFF": b'{"Name":"\xf4\x90\x80\x80"}', "a cut code point": b'{"Name":"\xe2\x82"}',
    "a lone continuation": b'{"Name":"\x80"}', "a lone high surrogate": b'{"Name":"\\ud800"}',
    "a lone low surrogate": b'{"Name":"\\udc00"}', "surrogates reversed": b'{"Name":"\\udc00\\ud800"}',
    "a surrogate and a letter": b'{"Name":"\\ud800x"}', "invalid UTF-8 in a key": b'{"\xff":1}',
    "a NUL in the name": b'{"Name":"a\\u0000b"}', "a name of NULs": b'{"Name":"' + b"\\u0000" * 512 + b'"}',
    "1 MiB name": b'{"Name":"' + b"a" * (MIB - 11) + b'"}',
    "1 MiB of digits": b'{"Name":' + b"9" * (MIB - 10) + b"}",
    "an exponent beyond reason": b'{"Name":1e999999999}',
    "an exponent of a megabyte": b'{"Name":1e' + b"9" * 100000 + b"}",
    "100,000 keys": b"{" + b",".join(b'"k%d":0' % i for i in range(80000)) + b',"Name":7}',
    "100,000 times one key": b"{" + b'"Name":"x",' * 90000 + b'"Name":7}',
    "form data": b"Name=x&SecretString=y", "XML": b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a/>",
}


@pytest.mark.parametrize("row", sorted(BODIES))
def test_bodies(hostile, row):
    hostile.refuses(hostile.signed(BODIES[row], "secretsmanager.CreateSecret"))


# ---- every member of every operation with what it cannot be

STRING, BLOB, BOOL, INT, LIST, MAP = "string", "blob", "bool", "int", "list", "map"
ID = {"SecretId": STRING}
TOKEN = {"ClientRequestToken": STRING}
VALUE = {"SecretString": STRING, "SecretBinary": BLOB}
PAGE = {"MaxResults": INT, "NextToken": STRING}
MEMBERS = {
    "BatchGetSecretValue": {"SecretIdList": LIST, "Filters": LIST, **PAGE},
    "CancelRotateSecret": ID,
    "CreateSecret": {"Name": STRING, "Description": STRING, "KmsKeyId": STRING, "Tags": LIST,
                     "AddReplicaRegions": LIST, "ForceOverwriteReplicaSecret": BOOL,
                     "Type": STRING, **VALUE, **TOKEN},
    "DeleteResourcePolicy": ID,
    "DeleteSecret": {"RecoveryWindowInDays": INT, "ForceDeleteWithoutRecovery": BOOL, **ID},
    "DescribeSecret": ID,
    "GetRandomPassword": {"PasswordLength": INT, "ExcludeCharacters": STRING,
                          "ExcludeNumbers": BOOL, "ExcludePunctuation": BOOL,
                          "ExcludeUppercase": BOOL, "ExcludeLowercase": BOOL,
                          "IncludeSpace": BOOL, "RequireEachIncludedType": BOOL},
    "GetResourcePolicy": ID,
    "GetSecretValue": {"VersionId": STRING, "VersionStage": STRING, **ID},
    "ListSecretVersionIds": {"IncludeDeprecated": BOOL, **PAGE, **ID},
    "ListSecrets": {"IncludePlannedDeletion": BOOL, "Filters": LIST, "SortOrder": STRING, **PAGE},
    "PutResourcePolicy": {"ResourcePolicy": STRING, "BlockPublicPolicy": BOOL, **ID},
    "PutSecretValue": {"VersionStages": LIST, "RotationToken": STRING, **ID, **VALUE, **TOKEN},
    "RemoveRegionsFromReplication": {"RemoveReplicaRegions": LIST, **ID},
    "ReplicateSecretToRegions": {"AddReplicaRegions": LIST, "ForceOverwriteReplicaSecret": BOOL,
                                 **ID},
    "RestoreSecret": ID,
    "RotateSecret": {"RotationLambdaARN": STRING, "RotationRules": MAP, "RotateImmediately": BOOL,
                     "ExternalSecretRotationMetadata": LIST,
                     "ExternalSecretRotationRoleArn": STRING, **ID, **TOKEN},
    "StopReplicationToReplica": ID,
    "TagResource": {"Tags": LIST, **ID},
    "UntagResource": {"TagKeys": LIST, **ID},
    "UpdateSecret": {"Description": STRING, "KmsKeyId": STRING, "Type": STRING, **ID, **VALUE,
                     **TOKEN},
    "UpdateSecretVersionStage": {"VersionStage": STRING, "RemoveFromVersionId": STRING,
                                 "MoveToVersionId": STRING, **ID},
    "ValidateResourcePolicy": {"ResourcePolicy": STRING, **ID},
}
WRONG = {
    STRING: ["1", "[]", "{}", "true", '["x"]', "1e400"],
    BLOB: ["1", "[]", '"="', '"AA"', '"A A="', '"\\u0000"', '"QUJD\\n"'],
    BOOL: ['"true"', "0", "[]", "{}"],
    INT: ['"7"', "7.5", "1e3", "[]", "true", "9223372036854775808", "-9223372036854775809"],
    LIST: ['"x"', "{}", "1", "true", "[1]", "[[]]", "[true]"],
    MAP: ['"x"', "[]", "1", "true"],
}
TYPES = [(op, member, value) for op, members in sorted(MEMBERS.items())
         for member, kind in sorted(members.items()) for value in WRONG[kind]]


@pytest.mark.parametrize("op", sorted(MEMBERS))
def test_types(hostile, secret, op):
    """The whole request is right but for the one member; a first good spelling of it hides nothing."""
    fine = json.dumps({"SecretId": secret.name, "Name": secret.name + "_"})[1:-1]
    for _, member, value in (row for row in TYPES if row[0] == op):
        for body in ('{%s,"%s":%s}' % (fine, member, value),
                     '{%s,"%s":null,"%s":%s}' % (fine, member, member, value)):
            hostile.refuses(hostile.signed(body.encode(), "secretsmanager." + op))


# ---- SecretIds

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"
SECRET_IDS = [
    "", " ", "a b", "a\0b", "\0", "*", "?", "a*", "../../etc/passwd\0", "a\\b", "a'b", 'a"b', "a;b",
    "${aws:username}", "%s%n%x", "a\nb", "a\r\nb", "\u202e", "é", "\U0001f511", "\ud7ff", "a" * 513,
    "a" * 2048, "a" * 2049, "a" * 100000, "/" * 513, "arn:", "arn::::::", "arn:aws", "arn:" + ":" * 2000,
    "arn:aws:secretsmanager:us-east-1:123456789012:secret", ARN, ARN + "*", ARN + "?" * 6,
    ARN + "a:b", ARN + "a" * 513, ARN + "-abcdef", ARN + "a-ABC\0EF", ARN + "x-abcdef" * 200,
    ARN.replace("aws", "AWS", 1), ARN.replace("aws", "") + "x", ARN.replace("aws", "aws-cn", 1) + "x",
    ARN.replace("us-east-1", "") + "x", ARN.replace("us-east-1", "*") + "x",
    ARN.replace("us-east-1", "us-east-2") + "x", ARN.replace("us-east-1", "a" * 1500) + "x",
    ARN.replace("123456789012", "") + "x", ARN.replace("123456789012", "*") + "x",
    ARN.replace("123456789012", "000000000000") + "x", ARN.replace("123456789012", "1" * 13) + "x",
    ARN.replace("123456789012", "-23456789012") + "x", ARN.replace("secret:", "Secret:") + "x",
    ARN.replace("secretsmanager", "lambda") + "x", ARN.replace("secretsmanager", "ssm") + "x",
    "arn:aws:iam::123456789012:root", " " + ARN + "x", ARN + "x ", "ARN:AWS:" + ARN[8:] + "x",
]


@pytest.mark.parametrize("row", range(len(SECRET_IDS)))
def test_secret_ids(hostile, row):
    secret_id = SECRET_IDS[row]
    for op, more in [("GetSecretValue", {}), ("DescribeSecret", {}), ("RestoreSecret", {}),
                     ("PutSecretValue", {"SecretString": "x", "ClientRequestToken": token()}),
                     ("TagResource", {"Tags": []}), ("RotateSecret", {"ClientRequestToken": token()})]:
        hostile.refuses(hostile.signed(body_of(SecretId=secret_id, **more), "secretsmanager." + op))
    reply = hostile.api.reply("BatchGetSecretValue", SecretIdList=[secret_id])
    assert reply.status in (200, 400), reply
    assert reply.status == 400 or reply.json["SecretValues"] == []


# ---- much of everything

def many(n, item):
    return [item(i) for i in range(n)]


LISTS = [
    ("TagResource", {"Tags": many(50000, lambda i: {"Key": "k%d" % i})}),
    ("TagResource", {"Tags": many(80000, lambda i: {"Key": ""})}),
    ("TagResource", {"Tags": many(80000, lambda i: {})}),
    ("TagResource", {"Tags": many(51, lambda i: {"Key": "k%d" % i})}),
    ("CreateSecret", {"Tags": many(50000, lambda i: {"Key": "k%d" % i})}),
    ("UntagResource", {"TagKeys": many(250000, lambda i: "")}),
    ("UntagResource", {"TagKeys": many(7000, lambda i: "k" * 129)}),
    ("CreateSecret", {"AddReplicaRegions": many(40000, lambda i: {"Region": "a-%d" % i})}),
    ("CreateSecret", {"AddReplicaRegions": many(101, lambda i: {"Region": "a-%d" % i})}),
    ("ReplicateSecretToRegions", {"AddReplicaRegions": many(40000, lambda i: {"Region": "a-%d" % i})}),
    ("ReplicateSecretToRegions", {"AddReplicaRegions": many(80000, lambda i: {})}),
    ("ReplicateSecretToRegions", {"AddReplicaRegions": []}),
    ("RemoveRegionsFromReplication", {"RemoveReplicaRegions": many(200000, lambda i: "")}),
    ("RemoveRegionsFromReplication", {"RemoveReplicaRegions": many(7000, lambda i: "-" * 128)}),
    ("BatchGetSecretValue", {"SecretIdList": many(100000, lambda i: "s%d" % i)}),
    ("BatchGetSecretValue", {"SecretIdList": many(200000, lambda i: "")}),
    ("BatchGetSecretValue", {"Filters": many(25000, lambda i: {"Key": "all", "Values": ["x"]})}),
    ("BatchGetSecretValue", {"SecretIdList": ["x"], "Filters": []}),
    ("ListSecrets", {"Filters": [{"Key": "all", "Values": many(200000, lambda i: "x")}]}),
    ("ListSecrets", {"Filters": many(11, lambda i: {"Key": "name", "Values": ["x"]})}),
    ("ListSecrets", {"Filters": [{"Key": "name\0", "Values": ["x"]}]}),
    ("ListSecrets", {"Filters": [{"Key": "x" * 100000, "Values": ["x"]}]}),
    ("ListSecrets", {"NextToken": "A" * 4097}),
    ("ListSecrets", {"NextToken": "A" * 4096}),
    ("ListSecrets", {"NextToken": "UFdMMQEM" + "A" * 400}),
    ("ListSecrets", {"NextToken": "\0"}),
    ("ListSecrets", {"MaxResults": -1}),
    ("ListSecrets", {"MaxResults": 9223372036854775807}),
    ("ListSecrets", {"SortOrder": "asc\0"}),
    ("PutSecretValue", {"SecretString": "x", "VersionStages": many(100000, lambda i: "s%d" % i)}),
    ("PutSecretValue", {"SecretString": "x", "VersionStages": many(21, lambda i: "s%d" % i)}),
    ("PutSecretValue", {"SecretString": "x", "VersionStages": many(20, lambda i: "s%d" % i)}),
    ("PutSecretValue", {"SecretString": "x", "VersionStages": ["s" * 257]}),
    ("PutSecretValue", {"SecretString": "x", "VersionStages": [""]}),
    ("PutSecretValue", {"SecretString": "x" * 65537}),
    ("PutSecretValue", {"SecretString": "\u20ac" * 21846}),
    ("PutSecretValue", {"SecretString": "x" * 1000000}),
    ("PutSecretValue", {"SecretString": ""}),
    ("PutSecretValue", {"SecretBinary": "QUFB" * 21846}),
    ("PutSecretValue", {"SecretString": "x", "SecretBinary": "QUFB"}),
    ("PutSecretValue", {"SecretString": "x", "RotationToken": "a" * 36}),
    ("PutSecretValue", {"SecretString": "x", "RotationToken": "\0" * 36}),
    ("PutSecretValue", {"SecretString": "x", "ClientRequestToken": "x" * 31}),
    ("PutSecretValue", {"SecretString": "x", "ClientRequestToken": "x" * 100000}),
    ("UpdateSecret", {"Description": "d" * 2049}),
    ("UpdateSecret", {"Description": "\u20ac" * 300000}),
    ("UpdateSecret", {"KmsKeyId": "k" * 2048}),
    ("UpdateSecret", {"Type": "t" * 257}),
    ("UpdateSecretVersionStage", {"VersionStage": "s" * 100000, "MoveToVersionId": "v" * 32}),
    ("UpdateSecretVersionStage", {"VersionStage": "AWSCURRENT", "MoveToVersionId": "\0" * 32}),
    ("GetSecretValue", {"VersionId": "../" * 11}),
    ("GetSecretValue", {"VersionStage": "\0"}),
    ("GetSecretValue", {"VersionStage": "awscurrent"}),
    ("PutResourcePolicy", {"ResourcePolicy": "[" * 20480}),
    ("PutResourcePolicy", {"ResourcePolicy": '{"Statement":' * 1500}),
    ("PutResourcePolicy", {"ResourcePolicy": "x" * 1000000}),
    ("PutResourcePolicy", {"ResourcePolicy": POLICY}),
    ("PutResourcePolicy", {"ResourcePolicy": "\0" + POLICY}),
    ("PutResourcePolicy", {"ResourcePolicy": json.dumps({"Statement": [{}] * 6000})}),
    ("ValidateResourcePolicy", {"ResourcePolicy": "{" * 20480}),
    ("RotateSecret", {"RotationRules": {"ScheduleExpression": "cron(" + "*" * 251 + ")"}}),
    ("RotateSecret", {"RotationRules": {"ScheduleExpression": "cron(" + "0/1," * 50 + "0 * * * ? *)"}}),
    ("RotateSecret", {"RotationRules": {"ScheduleExpression": "rate(99999999999999999999 days)"}}),
    ("RotateSecret", {"RotationRules": {"ScheduleExpression": "rate(1\0 days)"}}),
    ("RotateSecret", {"RotationRules": {"AutomaticallyAfterDays": -9223372036854775808}}),
    ("RotateSecret", {"RotationRules": {"AutomaticallyAfterDays": 1, "Duration": "99999999h"}}),
    ("RotateSecret", {"RotationLambdaARN": "arn:aws:lambda:us-east-1:123456789012:function:" + "f" * 2000}),
    ("RotateSecret", {"RotationLambdaARN": "/etc/passwd\0"}),
    ("RotateSecret", {"ExternalSecretRotationMetadata": many(40000, lambda i: {"Key": "", "Value": ""})}),
    ("DeleteSecret", {"RecoveryWindowInDays": 9223372036854775807}),
    ("DeleteSecret", {"RecoveryWindowInDays": -9223372036854775808}),
    ("GetRandomPassword", {"PasswordLength": 9223372036854775807}),
    ("GetRandomPassword", {"PasswordLength": 0}),
    ("GetRandomPassword", {"PasswordLength": 4096, "ExcludeCharacters": "\0" * 4097}),
    ("GetRandomPassword", {"ExcludeCharacters": "x" * 1000000}),
]
NO_SECRET_ID = ("BatchGetSecretValue", "ListSecrets", "GetRandomPassword")


@pytest.mark.parametrize("row", range(len(LISTS)))
def test_too_much(hostile, secret, row):
    """... and what was refused has changed nothing."""
    op, members = LISTS[row]
    before = hostile.api.describe(secret.arn)
    members = {"ClientRequestToken": token(), **members}
    if op == "CreateSecret":
        members["Name"] = secret.name + "_"
    elif op not in NO_SECRET_ID:
        members["SecretId"] = secret.name
    body = json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
    assert len(body) <= MIB
    hostile.refuses(hostile.signed(body, "secretsmanager." + op))
    assert hostile.api.describe(secret.arn) == before
    if op == "CreateSecret":
        assert hostile.api.call("DescribeSecret", SecretId=secret.name + "_")[0] == 400


# ---- the neighbours

F = "/2015-03-31/functions"
ARN_F = "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3A"
REST = [
    ("GET", F + "/" + "a" * 200, b""), ("GET", F + "/..%2f..%2fetc%2fpasswd", b""),
    ("GET", F + "/%00", b""), ("GET", F + "/%", b""), ("GET", F + "/%zz", b""),
    ("GET", F + "/%ff%fe", b""), ("GET", F + "//", b""), ("GET", F + "/a/b/c/d/e", b""),
    ("GET", F + "/" + ARN_F, b""), ("GET", F + "/" + ARN_F + "x%3A%3A%3A", b""),
    ("GET", F + "/" + ARN_F.replace("123456789012", "210987654321") + "x", b""),
    ("GET", F + "/x?Qualifier=" + "9" * 200, b""), ("GET", F + "/x?Qualifier=%00", b""),
    ("GET", F + "?MaxItems=99999999999999999999", b""), ("GET", F + "?MaxItems=-1", b""),
    ("GET", F + "?Marker=%00%00", b""), ("GET", F + "?Marker=" + "A" * 5000, b""),
    ("DELETE", F + "/none", b""), ("PUT", F + "/none/code", b"{}"),
    ("PUT", F + "/none/configuration", b"[" * 100000), ("POST", F + "/none/invocations", b"\xff"),
    ("POST", F + "/none/policy", b"{}"), ("POST", F, b""), ("POST", F, b"[]"), ("POST", F, b"{"),
    ("POST", F, body_of(FunctionName="a" * 1000)),
    ("POST", F, body_of(FunctionName="f", Runtime="python3.11", Role="r", Handler="h.h",
                        Code={"ZipFile": "AAAA"})),
    ("POST", F, body_of(FunctionName="f", Runtime="python3.11", Handler="h.h", Code={"ZipFile": "UEsFBg=="},
                        Role="arn:aws:iam::123456789012:role/r")),
    ("POST", F, body_of(FunctionName="../f", Runtime="python3.11", Handler="h.h", Code={"ZipFile": "UEsFBg=="},
                        Role="arn:aws:iam::123456789012:role/r")),
    ("POST", F, body_of(FunctionName="f", Runtime="bash", Handler="h.h", Code={"ZipFile": "UEsFBg=="},
                        Role="arn:aws:iam::123456789012:role/r")),
    ("POST", F, body_of(FunctionName="f", Runtime="python3.11", Handler="h.h", Code={"ZipFile": "A" * 2000000},
                        Role="arn:aws:iam::123456789012:role/r")),
    ("GET", "/2017-03-31/tags/x", b""), ("GET", "/2999-01-01/x", b""), ("GET", "/20", b""),
    ("PATCH", F + "/x", b""),
]


@pytest.mark.parametrize("row", range(len(REST)))
def test_functions(hostile, row):
    method, path, body = REST[row]
    try:
        data = hostile.signed(body, None, method, path, "lambda")
    except ValueError:          # the signer itself refuses to spell it
        data = hostile.signed(body, None, method, F + "/x", "lambda").replace(
            (F + "/x").encode(), path.encode(), 1)
    hostile.refuses(data)


QUERIES = [b"Action=", b"Action=x&Version=2011-06-15", b"Action=GetCallerIdentity",
           b"Action=GetCallerIdentity&Version=" + b"9" * 10000, b"Action=%00&Version=2011-06-15",
           b"Action=<x>&Version=]]>", b"Action=\xff\xfe&Version=2011-06-15",
           b"Action=\0&Version=2011-06-15", b"Action=AssumeRole&Version=2011-06-15",
           b"Action=" + b"A" * 1000000, b"&" * 1000000 + b"Action=x", b"=" * 1000000,
           b"Action=\xed\xa0\x80&Version=2011-06-15"]


@pytest.mark.parametrize("row", range(len(QUERIES)))
def test_sts(hostile, row):
    hostile.refuses(hostile.signed(QUERIES[row], None, service="sts"))


def test_large_bodies_of_strangers_have_a_cap_together(hostile):
    """Uploads of functions may be 72 MiB, and nobody has signed anything yet."""
    head = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 70000000\r\n\r\n{" % F.encode()
    waiting = []
    try:
        for _ in range(5):
            waiting.append(socket.create_connection(("127.0.0.1", hostile.server.port)))
            waiting[-1].sendall(head)
            waiting[-1].settimeout(0.5)
        refused = 0
        for s in waiting:
            try:
                refused += s.recv(100).startswith(b"HTTP/1.1 503 ")
            except socket.timeout:
                pass
        assert refused == 2
    finally:
        for s in waiting:
            s.close()
    hostile.refuses(head)


def test_there_are_enough_rows():
    assert sum(map(len, (RAW, AUTHORIZATION, DATES, SESSION_TOKENS, BODIES, TYPES, SECRET_IDS, LISTS,
                         REST, QUERIES))) > 600
