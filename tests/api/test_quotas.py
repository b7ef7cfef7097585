# SPDX-License-Identifier: Apache-2.0
"""Quotas and request rates (spec/api.md section 10, spec/security.md 7.4), each with what is still
allowed beside it."""
import pytest

import catalogue as c
from catalogue import Refusal, lex
from server import Server
from wire import assert_refused, token

QUOTA = lex("You've reached the quota for secrets in this Region.")
VERSIONS = lex("You've reached the limit of versions for this secret.")
RATE = Refusal("ThrottlingException", "Rate exceeded", key="message")


@pytest.fixture(scope="module")
def small():
    s = Server("--secrets-quota", "3", "--versions-hard-limit")
    yield s
    s.stop()


def test_one_secret_too_many_is_refused_until_another_is_gone(small):
    api = small.api("eu-west-1")
    tok = token()
    api.create("one", ClientRequestToken=tok)
    api.create("two")
    api.create("three")
    api.refused("CreateSecret", QUOTA, Name="four", SecretString="v",
                ClientRequestToken=token())
    assert api.create("one", ClientRequestToken=tok)["Name"] == "one", "a repeat makes nothing"
    api.refused("CreateSecret", c.exists("two"), Name="two", SecretString="v",
                ClientRequestToken=token())
    api.ok("DeleteSecret", SecretId="two")
    api.refused("CreateSecret", QUOTA, Name="four", SecretString="v",
                ClientRequestToken=token())     # it can still be restored
    api.ok("DeleteSecret", SecretId="three", ForceDeleteWithoutRecovery=True)
    api.create("four")


def test_the_quota_is_of_one_region(small):
    small.api("eu-west-2").create("one")


def test_the_quota_outlives_a_restart():
    s = Server("--secrets-quota", "1")
    try:
        s.api().create("one")
        s.process.terminate()
        s.process.wait(40)
        s.start("--secrets-quota", "1")
        s.api().refused("CreateSecret", QUOTA, Name="two", SecretString="v",
                        ClientRequestToken=token())
    finally:
        s.stop()


def test_version_101_is_refused_when_none_can_be_pruned(small):
    api = small.api("eu-west-3")
    api.create("many")
    for n in range(99):
        api.put("many", "v%d" % n)
    api.refused("PutSecretValue", VERSIONS, SecretId="many", SecretString="more",
                ClientRequestToken=token())
    assert api.value("many") == "v98"


def test_version_101_is_kept_without_that_setting(api, name):
    api.create(name)
    for n in range(100):
        api.put(name, "v%d" % n)
    assert api.value(name) == "v99"


@pytest.fixture(scope="module")
def throttled():
    s = Server("--throttle", "aws")
    yield s
    s.stop()


def count_until_refused(api, op, limit):
    for n in range(limit):
        reply = api.reply(op)
        if reply.status != 200:
            assert_refused(reply, RATE)
            return n
    pytest.fail("%d requests of %s went through" % (limit, op))


def test_above_its_rate_an_operation_is_refused_and_others_go_on(throttled):
    api = throttled.api("eu-west-1")
    assert count_until_refused(api, "GetRandomPassword", 3000) >= 50
    api.ok("ListSecrets")
    throttled.api("eu-west-2").ok("GetRandomPassword")


def test_a_wrong_signature_is_answered_before_the_rate_is_looked_at(throttled):
    api = throttled.api("eu-west-3")
    count_until_refused(api, "GetRandomPassword", 3000)
    reply = api.send(b"{}", "secretsmanager.GetRandomPassword", sign=False)
    assert reply.json["__type"] == "MissingAuthenticationTokenException"


def test_the_sdk_sees_throttling_as_its_exception(throttled):
    from botocore.exceptions import ClientError
    count_until_refused(throttled.api("eu-north-1"), "GetRandomPassword", 3000)
    sm = throttled.boto3("secretsmanager", "eu-north-1")
    with pytest.raises(ClientError) as caught:
        for _ in range(3000):
            sm.get_random_password()
    assert caught.value.response["Error"]["Code"] == "ThrottlingException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_without_the_option_nothing_is_refused(api):
    for _ in range(300):
        api.ok("GetRandomPassword")


@pytest.mark.parametrize("options", [("--throttle", "gcp"), ("--secrets-quota", "-1"),
                                     ("--secrets-quota", "many")])
def test_settings_that_mean_nothing_stop_the_server(options):
    with pytest.raises(AssertionError, match="throttle|secrets-quota"):
        Server(*options)
