# SPDX-License-Identifier: Apache-2.0
"""RotateSecret: the request and its refusals (what a rotation then does: test_rotation.py)."""
import pytest

from catalogue import (CRT_ROTATE, DEL, LAM0, LAM1, LAM_ARN, NAME, NF, REP, ROTB, V9, V10, V11, V12,
                       V13, V14, clause, invalid, length_at_most, matches, value_at_least,
                       value_at_most, v19)
from rotating import allow, arn_of, function_source, make_function, settled
from wire import token

DURATION = r"[0-9]+h"
MISSING = arn_of("there-is-no-such-function")


def rotation_members(shown):
    return {m for m in shown if m.startswith(("Rotation", "NextRotation", "LastRotated"))}


@pytest.fixture
def untouched(api, secret):
    """The secret, whose description must be the same afterwards."""
    before = api.describe(secret.arn)
    yield secret
    assert api.describe(secret.arn) == before


def test_a_missing_token_is_answered_before_the_lookup_and_as_a_parameter(api, name):
    api.refused("RotateSecret", CRT_ROTATE, SecretId=name)
    api.refused("RotateSecret", CRT_ROTATE, SecretId=name, RotationLambdaARN=MISSING)
    api.refused("RotateSecret", CRT_ROTATE, SecretId=name, SecretString="ignored here")


def test_unknown_and_bad_names(api, name):
    api.refused("RotateSecret", NF, SecretId=name, ClientRequestToken=token())
    api.refused("RotateSecret", NAME, SecretId="bad name", ClientRequestToken=token())


def test_a_scheduled_secret(api, scheduled):
    api.refused("RotateSecret", DEL, SecretId=scheduled.arn, ClientRequestToken=token())


def test_a_replica(replica):
    primary, there = replica
    there.refused("RotateSecret", REP, SecretId=primary.name, ClientRequestToken=token())


@pytest.mark.parametrize("members", [
    {}, {"RotationLambdaARN": ""}, {"RotationRules": {"AutomaticallyAfterDays": 1}},
    {"RotateImmediately": False}])
def test_no_function_anywhere(api, untouched, members):
    api.refused("RotateSecret", LAM0, SecretId=untouched.arn, ClientRequestToken=token(), **members)


def test_a_missing_function_is_access_denied_and_changes_nothing(api, untouched):
    api.refused("RotateSecret", LAM1, SecretId=untouched.arn, ClientRequestToken=token(),
                RotationLambdaARN=MISSING, RotationRules={"AutomaticallyAfterDays": 1})
    assert not rotation_members(api.describe(untouched.arn))
    api.refused("RotateSecret", LAM0, SecretId=untouched.arn, ClientRequestToken=token())


@pytest.mark.parametrize("arn", [
    "x", "arn:aws:lambda:us-east-1:123456789012", "arn:aws:s3:us-east-1:123456789012:function:f",
    "arn:aws:lambda:us-east-1:123456789012:layer:f",
    "arn:aws-cn:lambda:us-east-1:123456789012:function:f",
    "arn:aws:lambda:eu-west-1:123456789012:function:f",
    "arn:aws:lambda:us-east-1:999999999999:function:f"])
def test_arns_of_something_else_or_of_elsewhere(api, untouched, arn):
    api.refused("RotateSecret", LAM_ARN, SecretId=untouched.arn, ClientRequestToken=token(),
                RotationLambdaARN=arn)


def test_the_permission_decides_and_the_token_of_a_refusal_stays_free(api, lam, secret):
    """What Terraform relies on: the same request again, until the permission is there."""
    arn = make_function(lam, "permitted-later", function_source("plain"), permission=False)
    request = {"SecretId": secret.arn, "ClientRequestToken": token(), "RotationLambdaARN": arn,
               "RotationRules": {"AutomaticallyAfterDays": 30}, "RotateImmediately": False}
    before = api.describe(secret.arn)
    api.refused("RotateSecret", LAM1, **request)
    assert api.describe(secret.arn) == before
    allow(lam, "permitted-later")
    assert api.ok("RotateSecret", **request)["ARN"] == secret.arn
    assert api.describe(secret.arn)["RotationEnabled"] is True


@pytest.mark.parametrize("condition, is_allowed", [
    ({"SourceAccount": "123456789012"}, True), ({"SourceAccount": "999999999999"}, False),
    ({"SourceArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:t/*"}, True),
    ({"SourceArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:other-*"}, False)])
def test_the_permission_may_name_account_and_secret(api, lam, secret, condition, is_allowed):
    name = "conditional-" + token()[:8]
    arn = make_function(lam, name, function_source("plain"), permission=False)
    lam.add_permission(FunctionName=name, StatementId="s", Action="lambda:InvokeFunction",
                       Principal="secretsmanager.amazonaws.com", **condition)
    request = {"SecretId": secret.arn, "ClientRequestToken": token(), "RotationLambdaARN": arn,
               "RotateImmediately": False}
    if is_allowed:
        api.ok("RotateSecret", **request)
    else:
        api.refused("RotateSecret", LAM1, **request)


@pytest.mark.parametrize("principal", ["s3.amazonaws.com", "lambda.amazonaws.com", "999999999999"])
def test_a_permission_for_somebody_else_is_none(api, lam, untouched, principal):
    name = "for-%s" % principal.split(".")[0]
    arn = make_function(lam, name, function_source("plain"), permission=False)
    lam.add_permission(FunctionName=name, StatementId="s", Action="lambda:InvokeFunction",
                       Principal=principal)
    api.refused("RotateSecret", LAM1, SecretId=untouched.arn, ClientRequestToken=token(),
                RotationLambdaARN=arn)


def test_a_token_that_names_a_version_made_otherwise(api, untouched, puppet):
    api.refused("RotateSecret", v19(untouched.version, untouched.arn), SecretId=untouched.arn,
                ClientRequestToken=untouched.version, RotationLambdaARN=puppet)


# ---- rules

REJECTED = [
    ("rate(3 hours)", None, V10), ("rate(24 hours)", None, V10), ("rate(0 days)", None, V11),
    ("rate(1000 days)", None, V11), ("rate(30 minutes)", None, V9), ("rate(1 week)", None, V9),
    ("rate(5  days)", None, V9), ("Rate(5 days)", None, V9), ("rate(-1 days)", None, V9),
    ("cron(15 10 * * ? *)", None, V9), ("cron(00 10 * * ? *)", None, V9),
    ("cron(0 10 * * ? 2026)", None, V9), ("cron(0 10 * * * *)", None, V9),
    ("cron(0 10 ? * ? *)", None, V9), ("cron(0 10 1 * MON *)", None, V9),
    ("cron(0 * * * ? *)", None, V9), ("cron(0 0/3 * * ? *)", None, V9),
    ("cron(0 1,3 * * ? *)", None, V9), ("cron(0 24 * * ? *)", None, V9),
    ("cron(0 8 32 * ? *)", None, V9), ("cron(0 8 ? * SUN#6 *)", None, V9),
    ("cron(0 8 15W * ? *)", None, V9), ("cron(0 8 31 2 ? *)", None, V9),
    ("cron(0 8 ? * FRI-MON *)", None, V9), ("cron(0 10 * * ?)", None, V9),
    ("0 10 * * ? *", None, V9), ("rate(4 hours)", "5h", V13), ("rate(30 days)", "25h", V12),
    ("rate(30 days)", "0h", V12), ("cron(0 22 * * ? *)", "3h", V14),
    ("cron(0 0/8 * * ? *)", "9h", V14), ("cron(0 0/4 * * ? *)", "5h", V14),
]


@pytest.mark.parametrize("expression, duration, refusal", REJECTED)
def test_schedules_that_are_refused(api, untouched, puppet, expression, duration, refusal):
    rules = {"ScheduleExpression": expression}
    if duration:
        rules["Duration"] = duration
    api.refused("RotateSecret", refusal, SecretId=untouched.arn, ClientRequestToken=token(),
                RotationLambdaARN=puppet, RotationRules=rules)


@pytest.mark.parametrize("rules, refusal", [
    ({"AutomaticallyAfterDays": 30, "ScheduleExpression": "rate(30 days)"}, ROTB),
    ({"AutomaticallyAfterDays": 30, "Duration": "25h"}, V12),
    ({"AutomaticallyAfterDays": 30, "Duration": "0h"}, V12),
    ({"Duration": "3h"}, V9),
    ({"AutomaticallyAfterDays": 0},
     invalid(clause("rotationRules.automaticallyAfterDays", 0, value_at_least(1)))),
    ({"AutomaticallyAfterDays": 1001},
     invalid(clause("rotationRules.automaticallyAfterDays", 1001, value_at_most(1000)))),
    ({"AutomaticallyAfterDays": 1, "Duration": "2d"},
     invalid(clause("rotationRules.duration", "2d", matches(DURATION)))),
    ({"AutomaticallyAfterDays": 1, "Duration": "100h"},
     invalid(clause("rotationRules.duration", "100h", length_at_most(3))))])
def test_rules_that_are_refused(api, untouched, puppet, rules, refusal):
    api.refused("RotateSecret", refusal, SecretId=untouched.arn, ClientRequestToken=token(),
                RotationLambdaARN=puppet, RotationRules=rules)


@pytest.mark.parametrize("rules, shown", [
    ({"AutomaticallyAfterDays": 1}, None), ({"AutomaticallyAfterDays": 1000}, None),
    ({"AutomaticallyAfterDays": 7, "Duration": "3h"}, None),
    ({"ScheduleExpression": "rate(10 days)"},
     {"AutomaticallyAfterDays": 10, "ScheduleExpression": "rate(10 days)"}),
    ({"ScheduleExpression": "rate(4 hours)"},
     {"AutomaticallyAfterDays": 1, "ScheduleExpression": "rate(4 hours)"}),
    ({"ScheduleExpression": "cron(0 0 ? * 2 *)", "Duration": "2h"},
     {"AutomaticallyAfterDays": 7, "Duration": "2h", "ScheduleExpression": "cron(0 0 ? * 2 *)"}),
    ({"ScheduleExpression": "cron(0 0/7 * * ? *)"}, "any")])
def test_rules_are_echoed_as_given_with_the_days_computed_beside_an_expression(
        api, lam, secret, quiet, rules, shown):
    api.ok("RotateSecret", SecretId=secret.arn, ClientRequestToken=token(), RotationLambdaARN=quiet,
           RotationRules=rules, RotateImmediately=False)
    described = api.describe(secret.arn)
    assert described["RotationEnabled"] is True and described["RotationLambdaARN"] == quiet
    assert described["NextRotationDate"] == int(described["NextRotationDate"])
    if shown != "any":
        assert described["RotationRules"] == (shown or rules)
    settled(api, secret.arn)


def test_without_rules_rotation_is_on_and_nothing_is_planned(api, secret, quiet):
    api.ok("RotateSecret", SecretId=secret.arn, ClientRequestToken=token(), RotationLambdaARN=quiet,
           RotateImmediately=False)
    shown = api.describe(secret.arn)
    assert shown["RotationEnabled"] is True
    assert "RotationRules" not in shown and "NextRotationDate" not in shown


def test_rules_are_replaced_as_a_whole_and_kept_when_absent(api, secret, quiet):
    def rotate(**members):
        settled(api, secret.arn)
        api.ok("RotateSecret", SecretId=secret.arn, ClientRequestToken=token(),
               RotateImmediately=False, **members)
        return api.describe(secret.arn)["RotationRules"]

    days = {"AutomaticallyAfterDays": 7, "Duration": "3h"}
    assert rotate(RotationLambdaARN=quiet, RotationRules=days) == days
    assert rotate() == days
    assert rotate(RotationRules={}) == days
    assert rotate(RotationRules={"ScheduleExpression": "rate(2 days)"}) == {
        "AutomaticallyAfterDays": 2, "ScheduleExpression": "rate(2 days)"}
    assert rotate(RotationRules={"AutomaticallyAfterDays": 5}) == {"AutomaticallyAfterDays": 5}


def test_external_rotation_members_are_stored_and_echoed(api, name, quiet):
    api.create(name, Type="SalesforceClientSecret")
    metadata = [{"Key": "b", "Value": "1"}, {"Key": "a", "Value": "2"}]
    role = "arn:aws:iam::123456789012:role/external"
    api.ok("RotateSecret", SecretId=name, ClientRequestToken=token(), RotationLambdaARN=quiet,
           ExternalSecretRotationMetadata=metadata, ExternalSecretRotationRoleArn=role,
           RotateImmediately=False)
    shown = api.describe(name)
    assert shown["ExternalSecretRotationMetadata"] == metadata
    assert shown["ExternalSecretRotationRoleArn"] == role


@pytest.fixture(scope="module")
def quiet(lam):
    """A function that agrees with everything at once."""
    return make_function(lam, "quiet", function_source("plain"))
