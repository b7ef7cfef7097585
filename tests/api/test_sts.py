# SPDX-License-Identifier: Apache-2.0
"""GetCallerIdentity: the first thing every tool asks, through SDK, command line and raw."""
import json
import re
import subprocess
from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError

from server import ACCOUNT, KEY_ID, Server
from wire import Api

NS = "{https://sts.amazonaws.com/doc/2011-06-15/}"
QUERY = b"Action=GetCallerIdentity&Version=2011-06-15"
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


def ask(api, body=QUERY, **how):
    how.setdefault("service", "sts")
    return api.send(body, None, headers=FORM, **how)


def error_of(reply):
    assert reply.headers["Content-Type"].startswith("text/xml")
    error = ElementTree.fromstring(reply.body).find(NS + "Error")
    return reply.status, error.find(NS + "Code").text, error.find(NS + "Message").text


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_boto3(server, region):
    who = server.boto3("sts", region).get_caller_identity()
    assert who["Account"] == ACCOUNT and who["UserId"]
    assert re.fullmatch(r"arn:aws:iam::%s:(root|user/.+)" % ACCOUNT, who["Arn"])


def test_command_line(server):
    done = subprocess.run(["/usr/bin/aws", "--endpoint-url", server.url, "sts",
                           "get-caller-identity"], env=server.environment(), capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["Account"] == ACCOUNT


def test_bytes(api):
    reply = ask(api)
    assert reply.status == 200 and reply.headers["Content-Type"].startswith("text/xml")
    root = ElementTree.fromstring(reply.body)
    assert root.tag == NS + "GetCallerIdentityResponse"
    assert root.find(NS + "GetCallerIdentityResult").find(NS + "Account").text == ACCOUNT
    assert root.find(NS + "ResponseMetadata").find(NS + "RequestId").text == (
        reply.headers["x-amzn-RequestId"])


def test_a_wrong_secret(server):
    wrong = Api(server.port, KEY_ID, "x" * 40)
    status, code, text = error_of(ask(wrong))
    assert (status, code) == (403, "SignatureDoesNotMatch")
    assert text.startswith("The request signature we calculated does not match")


def test_an_unknown_key(server):
    stranger = Api(server.port, "AKIDNOBODY2345672345", "x" * 40)
    assert error_of(ask(stranger)) == (
        403, "InvalidClientTokenId", "The security token included in the request is invalid.")


def test_no_signature(api):
    assert error_of(ask(api, sign=False)) == (
        403, "MissingAuthenticationToken", "Request is missing Authentication Token")


def test_an_unknown_action(api):
    status, code, text = error_of(ask(api, b"Action=Nonsense&Version=2011-06-15"))
    assert (status, code) == (400, "InvalidAction")
    assert text == "Could not find operation Nonsense for version 2011-06-15"


def test_a_signature_for_another_service(api):
    status, code, text = error_of(ask(api, service="secretsmanager"))
    assert (status, code) == (403, "SignatureDoesNotMatch")
    assert text.startswith("Credential should be scoped to correct service: 'sts'. ")


def test_boto3_names_the_error(server):
    import boto3
    bad = boto3.client("sts", endpoint_url=server.url, region_name="us-east-1",
                       aws_access_key_id=KEY_ID, aws_secret_access_key="x" * 40)
    with pytest.raises(ClientError) as caught:
        bad.get_caller_identity()
    assert caught.value.response["Error"]["Code"] == "SignatureDoesNotMatch"


def test_any_key_is_the_administrators_only_when_asked_for(name):
    """pawld --dev --dev-any-key, for suites written against emulators: no signature will do, too."""
    lenient = Server("--dev-any-key")
    try:
        anybody = Api(lenient.port, "AKIDNOBODY2345672345", "whatever")
        assert anybody.create(name)["Name"] == name
        assert ask(anybody).status == 200
        assert anybody.at("eu-west-1").call("DescribeSecret", SecretId=name)[0] == 400
        assert ask(anybody, sign=False).status == 200
    finally:
        lenient.stop()
