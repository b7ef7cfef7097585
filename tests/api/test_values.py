# SPDX-License-Identifier: Apache-2.0
"""Values come back as they went in: every plane, every byte, up to the last."""
import base64
import json

import pytest

from catalogue import hidden, invalid, length_at_least, length_at_most, serialization
from wire import encode, token

LIMIT = 65536


def put_raw(api, secret, literal, member="SecretString"):
    """PutSecretValue with the member's JSON written by hand."""
    body = ('{"SecretId":%s,"ClientRequestToken":"%s","%s":%s}'
            % (json.dumps(secret.arn), token(), member, literal)).encode("utf-8", "surrogatepass")
    return api.send(body, "secretsmanager.PutSecretValue")


def planes():
    """A string that has characters of all seventeen planes, the edges of each included."""
    text = []
    for plane in range(17):
        base = plane << 16
        points = [base + 0x20, base + 0x41, base + 0xD7FF, base + 0xE000, base + 0xFFFD,
                  base + 0xFFFE, base + 0xFFFF]
        text += [chr(p) for p in points]
    return "".join(text)


STRINGS = {
    "one character": "x", "a space": " ", "a nul": "\x00", "nul inside": "a\x00b\x00",
    "controls": "".join(map(chr, range(32))) + "\x7f\x80\x9f", "quotes": "\"\\/'`",
    "lines": "a\nb\r\nc\u2028d\u2029e", "planes": planes(), "combining": "e\u0301 \u00e9 \ufb01",
    "direction": "\u202eabc\u202c\u200f", "byte order mark": "\ufeffx", "emoji": "\U0001f469\u200d"
    "\U0001f692", "json": '{"a": 1,\n "b":"\\u0000",  "c":[ ] }', "html": "<a href=\"x\">&amp;</a>",
    "replacement": "\ufffd", "spaces around": "  x  ", "percent": "%s%n%00",
}


@pytest.mark.parametrize("row", STRINGS)
def test_strings(api, secret, row):
    text = STRINGS[row]
    api.put(secret.arn, text)
    assert api.value(secret.arn) == text


@pytest.mark.parametrize("row", STRINGS)
def test_strings_written_as_utf8_instead_of_escapes(api, secret, row):
    literal = json.dumps(STRINGS[row], ensure_ascii=False)
    assert put_raw(api, secret, literal).status == 200
    assert api.value(secret.arn) == STRINGS[row]


def test_the_answer_escapes_only_what_it_must(api, secret):
    api.put(secret.arn, "\u00e9\U0001f511/\"\\\x01")
    raw = api.reply("GetSecretValue", SecretId=secret.arn).body.decode()
    assert '"SecretString":"\u00e9\U0001f511/\\"\\\\\\u0001"' in raw


@pytest.mark.parametrize("fill", ["x", "\u00e9", "\u20ac", "\U0001f511", "\x00", "\n"])
def test_a_string_is_counted_in_bytes(api, secret, fill):
    width = len(fill.encode())
    most = fill * (LIMIT // width) + "x" * (LIMIT % width)
    api.put(secret.arn, most)
    assert api.value(secret.arn) == most
    api.refused("PutSecretValue", invalid(hidden("secretString", length_at_most(LIMIT))),
                SecretId=secret.arn, SecretString=most + "x", ClientRequestToken=token())
    assert api.value(secret.arn) == most


def test_the_longest_string_at_six_bytes_a_character(api, secret):
    literal = '"%s"' % ("\\u0041" * LIMIT)
    assert put_raw(api, secret, literal).status == 200
    assert api.value(secret.arn) == "A" * LIMIT


@pytest.mark.parametrize("value", [
    b"\x00", b"\x00" * 1000, bytes(range(256)), b"\xff\xfe", b"text", b"x" * LIMIT],
    ids=["nul", "nuls", "every byte", "no utf-8", "text", "longest"])
def test_binary(api, secret, value):
    api.put(secret.arn, value)
    body = api.ok("GetSecretValue", SecretId=secret.arn)
    assert body["SecretBinary"] == base64.b64encode(value).decode()
    assert "SecretString" not in body


@pytest.mark.parametrize("size", range(1, 8))
def test_binary_of_every_remainder(api, secret, size):
    api.put(secret.arn, bytes(range(size)))
    assert api.value(secret.arn) == bytes(range(size))


def test_binary_one_byte_too_long(api, secret):
    api.refused("PutSecretValue", invalid(hidden("secretBinary", length_at_most(LIMIT))),
                SecretId=secret.arn, SecretBinary=b"x" * (LIMIT + 1), ClientRequestToken=token())
    assert api.value(secret.arn) == "v1"


@pytest.mark.parametrize("member, empty", [("SecretString", ""), ("SecretBinary", "")])
def test_an_empty_value_is_too_short(api, secret, member, empty):
    path = member[0].lower() + member[1:]
    for op, extra in (("PutSecretValue", {"SecretId": secret.arn}),
                      ("UpdateSecret", {"SecretId": secret.arn}), ("CreateSecret", {"Name": "x"})):
        api.refused(op, invalid(hidden(path, length_at_least(1))), ClientRequestToken=token(),
                    **{member: empty}, **extra)


@pytest.mark.parametrize("literal", [
    '"Zm9v\\n"', '"Zm9vYg"', '"Zm9vYg="', '"Zm9v Zm9v"', '"Zm9-"', '"Zm9_"', '"Z"', '"===="',
    '"Zm9vYg==Zm9v"', '"\\u0000"', "7", "true", "[]", "{}"])
def test_binary_that_is_not_base64(api, secret, literal):
    reply = put_raw(api, secret, literal, "SecretBinary")
    assert reply.status == 400 and reply.json["__type"] == "SerializationException"
    assert api.value(secret.arn) == "v1"


@pytest.mark.parametrize("literal", [
    '"\\ud800"', '"\\udc00"', '"\\ud800x"', '"\\udc00\\ud800"', '"\\ud83d\\ud83d"', '"\\x41"',
    '"\\u12"', '"a\nb"', '"\ud800"', "'x'", '"x'])
def test_strings_that_are_not_json(api, secret, literal):
    reply = put_raw(api, secret, literal)
    assert reply.status == 400 and reply.json["__type"] == serialization().type
    assert api.value(secret.arn) == "v1"


@pytest.mark.parametrize("raw", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
                                 b"\xe2\x82", b"\x80", b"\xf8\x88\x80\x80\x80"])
def test_bytes_that_are_not_utf8(api, secret, raw):
    body = b'{"SecretId":"%s","ClientRequestToken":"%s","SecretString":"%s"}' % (
        secret.arn.encode(), token().encode(), raw)
    reply = api.send(body, "secretsmanager.PutSecretValue")
    assert reply.status == 400 and reply.json["__type"] == "SerializationException"


def test_a_refusal_never_repeats_the_value(api, secret):
    mark = "do-not-echo-this-value"
    for body in ({"SecretString": mark * 4000}, {"SecretString": [mark]},
                 {"SecretString": mark, "SecretBinary": b"x"}, {"SecretBinary": mark + "!"},
                 {"SecretString": mark, "Description": 7}):
        reply = api.send(encode(dict(body, SecretId=secret.arn, ClientRequestToken=token())),
                         "secretsmanager.UpdateSecret")
        assert reply.status == 400 and mark.encode() not in reply.body


@pytest.mark.parametrize("text", ["nul \x00 inside", planes(), "\U0001f511" * 2048, "\x00" * 2048])
def test_descriptions_and_tag_values(api, name, text):
    api.create(name, Description=text, Tags=[{"Key": "k", "Value": text[:256]}])
    shown = api.describe(name)
    assert shown["Description"] == text and shown["Tags"][0]["Value"] == text[:256]
