# SPDX-License-Identifier: Apache-2.0
"""JSON 1.1 over HTTP: what a request must look like, and what every answer looks like."""
import datetime
import email.utils
import http.client
import json
import socket

import pytest

from catalogue import (CRT, NAME, NF, TOO_LARGE, UNKNOWN_OPERATION, UNPARSABLE, cannot_convert,
                       clause, invalid, length_at_most, serialization)
from wire import JSON_TYPE, UUID, Api, assert_refused, encode, token

DESCRIBE = "secretsmanager.DescribeSecret"


def describe(api, secret, **how):
    return api.send(encode({"SecretId": secret.arn}), DESCRIBE, **how)


# ---- requests

@pytest.mark.parametrize("kind", [
    JSON_TYPE, "application/json", "text/plain", "application/x-amz-json-1.1; charset=utf-8", "x"])
def test_any_content_type_will_do(api, secret, kind):
    assert describe(api, secret, headers={"Content-Type": kind}).status == 200


def test_no_content_type_will_do(api, secret):
    body = encode({"SecretId": secret.arn})
    head = api.signed(body, {"X-Amz-Target": DESCRIBE})
    assert "Content-Type" not in head
    assert api.send(body, None, headers=head, sign=False).status == 200


def test_the_query_string_is_ignored(api, secret):
    assert describe(api, secret, path="/?a=b&Action=x").status == 200


def test_an_empty_body_is_an_empty_object(api):
    assert_refused(api.send(b"", DESCRIBE), invalid(
        "Value null at 'secretId' failed to satisfy constraint: Member must not be null"))
    assert api.send(b"", "secretsmanager.GetRandomPassword").status == 200


@pytest.mark.parametrize("target", [
    "secretsmanager.NoSuchOperation", "secretsmanager.describeSecret",
    "SecretsManager.DescribeSecret", "secretsmanager.", "DescribeSecret", "",
    "other.DescribeSecret", "secretsmanager.DescribeSecretX", "secretsmanager.DescribeSecre"])
def test_an_unknown_target(api, target):
    assert_refused(api.send(b"{}", target), UNKNOWN_OPERATION)


def test_no_target(api):
    assert_refused(api.send(b"{}", None), UNKNOWN_OPERATION)


@pytest.mark.parametrize("method, path", [
    ("GET", "/"), ("PUT", "/"), ("DELETE", "/"), ("POST", "/x"), ("POST", "/secretsmanager")])
def test_another_method_or_path(api, method, path):
    assert_refused(api.send(b"{}", DESCRIBE, method=method, path=path), UNKNOWN_OPERATION)


def test_an_unknown_target_beats_a_bad_signature(api):
    assert_refused(api.send(b"{}", "secretsmanager.Nope", sign=False), UNKNOWN_OPERATION)
    reply = api.send(b"{}", DESCRIBE, sign=False)
    assert reply.json == {"__type": "MissingAuthenticationTokenException",
                          "message": "Request is missing Authentication Token"}


def test_a_bad_signature_beats_bad_json(api):
    head = api.signed(b"{}", {"X-Amz-Target": DESCRIBE})
    reply = api.send(b"not json", None, headers=head, sign=False)
    assert reply.status == 400 and reply.json == {
        "__type": "InvalidSignatureException",
        "message": "The request signature we calculated does not match the signature you provided. "
                   "Check your AWS Secret Access Key and signing method. Consult the service "
                   "documentation for details."}


def test_an_unknown_key(server):
    stranger = Api(server.port, "AKIDNOBODY2345672345", "x" * 40)
    reply = stranger.reply("ListSecrets")
    assert reply.status == 400 and reply.json == {
        "__type": "UnrecognizedClientException",
        "message": "The security token included in the request is invalid."}


def test_the_service_in_the_scope_must_be_ours(api):
    reply = api.send(b"{}", "secretsmanager.ListSecrets", service="s3")
    assert reply.status == 400 and reply.json["__type"] == "InvalidSignatureException"
    assert reply.json["message"].startswith(
        "Credential should be scoped to correct service: 'secretsmanager'. ")


def test_a_chunked_body(api, secret):
    body = encode({"SecretId": secret.arn})
    head = api.signed(body, {"X-Amz-Target": DESCRIBE, "Content-Type": JSON_TYPE})
    head.pop("Content-Length", None)
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=20)
    connection.request("POST", "/", iter([body[:5], body[5:]]), head, encode_chunked=True)
    answer = connection.getresponse()
    assert answer.status == 200 and json.loads(answer.read())["ARN"] == secret.arn
    connection.close()


def test_expect_100_continue_is_answered_before_the_body(api, secret):
    body = encode({"SecretId": secret.arn})
    head = api.signed(body, {"X-Amz-Target": DESCRIBE, "Content-Type": JSON_TYPE})
    lines = ["POST / HTTP/1.1", "Host: " + api.host, "Content-Length: %d" % len(body),
             "Expect: 100-continue", "Connection: close"]
    lines += ["%s: %s" % h for h in head.items() if h[0].lower() not in ("host", "content-length")]
    with socket.create_connection(("127.0.0.1", api.port), timeout=20) as s:
        s.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        assert s.recv(4096).startswith(b"HTTP/1.1 100 ")
        s.sendall(body)
        answer = b""
        while part := s.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 200 ") and secret.arn.encode() in answer


def test_a_body_of_one_mebibyte_and_one_byte_more(api, secret):
    body = encode({"SecretId": secret.arn})
    fits = body + b" " * (2 ** 20 - len(body))
    assert api.send(fits, DESCRIBE).status == 200
    try:
        reply = api.send(fits + b" ", DESCRIBE)
    except ConnectionError:     # closed while we were still sending: asked again below, smaller
        reply = None
    if reply is not None:
        assert_refused(reply, TOO_LARGE)
        assert reply.headers["Connection"] == "close"


def test_too_large_is_answered_from_the_length_alone(api):
    with socket.create_connection(("127.0.0.1", api.port), timeout=20) as s:
        s.sendall(("POST / HTTP/1.1\r\nHost: %s\r\nX-Amz-Target: %s\r\nContent-Length: %d\r\n\r\n"
                   % (api.host, DESCRIBE, 2 ** 20 + 1)).encode())
        answer = b""
        while part := s.recv(65536):    # ends because the server closes
            answer += part
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["__type"] == TOO_LARGE.type


def test_the_region_is_the_one_in_the_credential_scope(api, secret):
    api.at("eu-west-1").refused("DescribeSecret", NF, SecretId=secret.name)


# ---- the JSON of requests

@pytest.mark.parametrize("body", [
    b"not json", b"{", b'{"SecretId":', b'{"SecretId":"x"', b'{"SecretId":"x"}}', b'{} {}', b"{}x",
    b"[]", b'"x"', b"7", b"null", b"true", b"{'SecretId':'x'}", b'{"SecretId":"x",}',
    b'{SecretId:"x"}',
    b'{"SecretId":01}', b'\xef\xbb\xbf{}', b'{"SecretId":"\xff"}', b"\x00", b'{}\x00', b'{"a":NaN}',
    b"{" + b'"a":{' * 500, b'{"a":1e999}', b'{"SecretId" "x"}', b'// x\n{}'])
def test_what_is_not_one_json_object(api, body):
    reply = api.send(body, DESCRIBE)
    assert reply.status == 400 and reply.json["__type"] == "SerializationException"


def test_the_text_for_bodies_that_do_not_parse(api):
    assert_refused(api.send(b"not json", DESCRIBE), UNPARSABLE)
    assert_refused(api.send(b"[]", DESCRIBE), UNPARSABLE)


def test_white_space_around_it_is_fine(api, secret):
    body = b" \r\n\t" + encode({"SecretId": secret.arn}) + b" \n"
    assert api.send(body, DESCRIBE).status == 200


def test_unknown_members_are_ignored(api, secret):
    assert api.ok("DescribeSecret", SecretId=secret.arn, Colour="red", Nested={"a": [1, {}]},
                  secretId=7)
    api.refused("PutSecretValue", CRT, SecretId=secret.arn, SecretString="x", Description="ignored")


def test_member_names_are_exact(api, secret):
    api.refused("DescribeSecret", invalid(
        "Value null at 'secretId' failed to satisfy constraint: Member must not be null"),
        secretId=secret.arn)


def test_null_is_absent(api, secret, name):
    api.refused("DescribeSecret", invalid(
        "Value null at 'secretId' failed to satisfy constraint: Member must not be null"),
        SecretId=None)
    api.ok("GetSecretValue", SecretId=secret.arn, VersionId=None, VersionStage=None)
    api.ok("CreateSecret", Name=name + "/n", SecretString="x", SecretBinary=None, Tags=None,
           ClientRequestToken=token(), Description=None, AddReplicaRegions=None)


def test_the_last_of_repeated_members_wins(api, secret):
    body = '{"SecretId":"nobody","SecretId":%s}' % json.dumps(secret.arn)
    assert api.send(body.encode(), DESCRIBE).json["ARN"] == secret.arn
    body = '{"SecretId":%s,"SecretId":"nobody"}' % json.dumps(secret.arn)
    assert_refused(api.send(body.encode(), DESCRIBE), NF)


@pytest.mark.parametrize("literal, found", [
    ("7", "NUMBER_VALUE"), ("7.5", "NUMBER_VALUE"), ("true", "TRUE_VALUE"),
    ("false", "FALSE_VALUE"), ("{}", "START_OBJECT"), ("[]", "START_ARRAY")])
def test_what_is_not_a_string(api, literal, found):
    assert_refused(api.send(('{"SecretId":%s}' % literal).encode(), DESCRIBE),
                   cannot_convert(found, "String"))


@pytest.mark.parametrize("literal, found", [
    ('"32"', "STRING_VALUE"), ("true", "TRUE_VALUE"), ("false", "FALSE_VALUE"),
    ("{}", "START_OBJECT"), ("[]", "START_ARRAY")])
@pytest.mark.parametrize("op, member, wanted", [
    ("GetRandomPassword", "PasswordLength", "Long"), ("ListSecrets", "MaxResults", "Integer")])
def test_what_is_not_a_number(api, op, member, wanted, literal, found):
    body = ('{"%s":%s}' % (member, literal)).encode()
    assert_refused(api.send(body, "secretsmanager." + op), cannot_convert(found, wanted))


@pytest.mark.parametrize("literal", ["7.5", "7.0", "1e1", "99999999999999999999", "1e400"])
def test_numbers_that_are_not_whole_or_too_long(api, literal):
    body = ('{"PasswordLength":%s}' % literal).encode()
    reply = api.send(body, "secretsmanager.GetRandomPassword")
    assert reply.status == 400 and reply.json["__type"] == "SerializationException"


@pytest.mark.parametrize("literal, found", [
    ('"true"', "STRING_VALUE"), ("1", "NUMBER_VALUE"), ("{}", "START_OBJECT"),
    ("[]", "START_ARRAY")])
def test_what_is_not_a_boolean(api, literal, found):
    body = ('{"ExcludeNumbers":%s}' % literal).encode()
    assert_refused(api.send(body, "secretsmanager.GetRandomPassword"),
                   cannot_convert(found, "Boolean"))


@pytest.mark.parametrize("op, member, values", [
    ("TagResource", "Tags", ["x", 7, True, {}, ["x"], [7], [["x"]]]),
    ("UntagResource", "TagKeys", ["x", 7, {}, [7], [{}], [["x"]]]),
    ("RotateSecret", "RotationRules", ["x", 7, [], {"AutomaticallyAfterDays": "1"}]),
    ("ListSecrets", "Filters", [{}, "x", ["x"], [{"Key": 7}], [{"Key": "name", "Values": "x"}]])])
def test_lists_and_structures(api, op, member, values):
    for value in values:
        reply = api.reply(op, SecretId="nobody", **{member: value})
        assert reply.status == 400 and reply.json["__type"] == "SerializationException", value


def test_null_inside_a_list_is_refused_one_way_or_the_other(api):
    reply = api.send(encode({"SecretIdList": [None]}), "secretsmanager.BatchGetSecretValue")
    assert reply.status == 400
    assert reply.json["__type"] in ("SerializationException", "ValidationException")


def test_types_come_before_shapes_and_shapes_before_names(api):
    reply = api.reply("CreateSecret", Name="n" * 513, Description=7)
    assert reply.json["__type"] == "SerializationException"
    api.refused("CreateSecret", invalid(clause("description", "d" * 2049, length_at_most(2048))),
                Name="bad name", Description="d" * 2049)
    api.refused("CreateSecret", NAME, Name="bad name")


# ---- answers

def all_replies(api, secret):
    """One of each kind."""
    return [describe(api, secret), api.reply("DescribeSecret", SecretId="nobody"),
            api.reply("TagResource", SecretId=secret.arn, Tags=[{"Key": "k", "Value": "v"}]),
            api.reply("DescribeSecret"), api.send(b"not json", DESCRIBE),
            api.send(b"{}", "secretsmanager.Nope"), api.send(b"{}", DESCRIBE, sign=False)]


def test_every_answer_has_a_fresh_request_id_a_type_a_length_and_a_date(api, secret):
    replies = all_replies(api, secret)
    for reply in replies:
        assert UUID.fullmatch(reply.headers["x-amzn-RequestId"]), reply
        assert reply.headers["Content-Type"] == JSON_TYPE, reply
        assert int(reply.headers["Content-Length"]) == len(reply.body)
        date = email.utils.parsedate_to_datetime(reply.headers["Date"])
        now = datetime.datetime.now(datetime.timezone.utc)
        assert abs((now - date).total_seconds()) < 60
    ids = [r.headers["x-amzn-RequestId"] for r in replies]
    assert len(set(ids)) == len(ids)


def test_no_answer_carries_headers_that_change_how_sdks_read_errors(api, secret):
    for reply in all_replies(api, secret):
        assert "x-amzn-errortype" not in reply.headers
        assert "x-amzn-query-error" not in reply.headers


def test_header_names_are_spelled_as_aws_spells_them(api, secret):
    names = [n for n, _ in describe(api, secret).headers.items()]
    assert "x-amzn-RequestId" in names and "Content-Type" in names


def test_errors_have_one_text_member_and_bare_names(api, secret):
    for reply in all_replies(api, secret)[1:]:
        if reply.status == 200 or reply.status == 404:
            continue
        body = reply.json
        assert len(body) == 2 and ("Message" in body) != ("message" in body)
        assert "#" not in body["__type"] and ":" not in body["__type"]


def test_modelled_errors_say_message_with_a_capital_and_framework_errors_without(api):
    assert api.reply("DescribeSecret", SecretId="nobody").body == (
        b'{"__type":"ResourceNotFoundException","Message":"' + NF.text.encode() + b'"}')
    assert "message" in api.reply("DescribeSecret", SecretId="bad name").json
    assert "message" in api.reply("DescribeSecret").json


def test_success_is_compact_sorted_and_without_null(api, secret):
    replies = [describe(api, secret), api.reply("GetSecretValue", SecretId=secret.arn),
               api.reply("ListSecretVersionIds", SecretId=secret.arn),
               api.reply("ListSecrets", MaxResults=1), api.reply("GetRandomPassword")]
    for reply in replies:
        text = reply.body.decode()

        def pairs_in_order(pairs):
            names = [k for k, _ in pairs]
            assert names == sorted(names) and None not in [v for _, v in pairs], text
            return dict(pairs)

        json.loads(text, object_pairs_hook=pairs_in_order)
        assert reply.status == 200 and not text.startswith("{ ") and '": ' not in text[:20]


def test_times_are_plain_decimals_with_three_digits(api, secret):
    for op in ("DescribeSecret", "GetSecretValue"):
        text = api.reply(op, SecretId=secret.arn).body.decode()
        number = text.split('"CreatedDate":')[1].split(",")[0].rstrip("}")
        whole, fraction = number.split(".")
        assert whole.isdigit() and len(fraction) == 3 and fraction.isdigit()


def test_a_connection_serves_many_requests(api, secret):
    api.reply("ListSecrets", MaxResults=1)
    connection = api._connection
    for _ in range(20):
        describe(api, secret)
        api.refused("DescribeSecret", NF, SecretId="nobody")
    assert api._connection is connection


def test_requests_sent_ahead_are_answered_in_order(api, secret):
    one = encode({"SecretId": secret.arn})
    two = encode({"SecretId": "nobody"})
    stream = b""
    for body in (one, two, one):
        head = api.signed(body, {"X-Amz-Target": DESCRIBE, "Content-Type": JSON_TYPE})
        lines = ["POST / HTTP/1.1", "Host: " + api.host, "Content-Length: %d" % len(body)]
        lines += ["%s: %s" % h for h in head.items()
                  if h[0].lower() not in ("host", "content-length")]
        stream += ("\r\n".join(lines) + "\r\n\r\n").encode() + body
    with socket.create_connection(("127.0.0.1", api.port), timeout=20) as s:
        s.sendall(stream)
        got = s.makefile("rb")
        statuses = []
        for _ in range(3):
            statuses.append(int(got.readline().split()[1]))
            head = http.client.parse_headers(got)
            got.read(int(head["Content-Length"]))
    assert statuses == [200, 400, 200]


def test_serialization_errors_are_spelled_like_this(api):
    assert serialization().type == "SerializationException"
    assert set(api.send(b"x", DESCRIBE).json) == {"__type", "Message"}
