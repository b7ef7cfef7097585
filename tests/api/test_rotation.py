# SPDX-License-Identifier: Apache-2.0
"""What a rotation does, seen from both ends: the function (a puppet on strings) and the API."""
import calendar
import json
import re
import time

import pytest

from catalogue import DEL, ROT, nfs, nfv, token_in_use, v19
from rotating import (Strings, allow, function_source, make_function, puppet_on, rotated,
                      settled)
from server import until
from wire import after, token

DAY = 86400


@pytest.fixture
def begin(api, secret, puppet):
    """Starts a rotation of `secret` and returns its token; the secret goes away afterwards."""
    def start(t=None, **members):
        t = t or token()
        members.setdefault("RotationLambdaARN", puppet)
        body = api.ok("RotateSecret", SecretId=secret.name, ClientRequestToken=t, **members)
        assert body == {"ARN": secret.arn, "Name": secret.name, "VersionId": t}
        return t

    yield start
    api.call("DeleteSecret", SecretId=secret.arn, ForceDeleteWithoutRecovery=True)


# ---- the run

def test_four_events_in_order_with_one_token(api, secret, strings, begin):
    t = begin()
    events = []
    for name in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        step = strings.next(secret.arn, name)
        events.append(step.event)
        if name == "createSecret":
            step.put("v2")
        if name == "finishSecret":
            step.promote()
        step.done()
    rotated(api, secret.arn)
    assert strings.none_waiting(secret.arn)
    for event in events:
        assert set(event) == {"Step", "SecretId", "ClientRequestToken", "RotationToken"}
        assert event["SecretId"] == secret.arn and event["ClientRequestToken"] == t
    tokens = {e["RotationToken"] for e in events}
    assert len(tokens) == 1 and re.fullmatch(r"[a-zA-Z0-9-]{36,256}", tokens.pop())


def test_each_step_is_an_invocation_of_its_own(secret, strings, begin):
    begin()
    ids = []
    for name in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        step = strings.next(secret.arn, name)
        ids.append(step.request_id)
        if name == "createSecret":
            step.put("v2")
        if name == "finishSecret":
            step.promote()
        step.done()
    assert len(set(ids)) == 4


def test_the_pending_version_is_there_before_the_first_step_and_is_empty(
        api, secret, strings, begin):
    t = begin()
    assert api.labels(secret.arn) == {secret.version: ["AWSCURRENT"], t: ["AWSPENDING"]}
    api.refused("GetSecretValue", nfs("AWSPENDING"), SecretId=secret.arn, VersionStage="AWSPENDING")
    api.refused("GetSecretValue", nfv(t), SecretId=secret.arn, VersionId=t)
    api.refused("GetSecretValue", nfv(t), SecretId=secret.arn, VersionId=t,
                VersionStage="AWSPENDING")
    step = strings.next(secret.arn, "createSecret")
    seen = step.ok("DescribeSecret")
    assert seen["VersionIdsToStages"][t] == ["AWSPENDING"] and seen["RotationEnabled"] is True
    miss = step.call("GetSecretValue", VersionId=t, VersionStage="AWSPENDING")
    assert (miss["error"], miss["message"]) == ("ResourceNotFoundException", nfv(t).text)
    step.fail()


def test_success_leaves_current_and_pending_on_the_new_version(api, secret, strings, begin):
    t = begin(RotationRules={"AutomaticallyAfterDays": 30})
    assert strings.play(secret.arn, "v2") == t
    shown = rotated(api, secret.arn)
    assert shown["VersionIdsToStages"] == {
        secret.version: ["AWSPREVIOUS"], t: ["AWSCURRENT", "AWSPENDING"]}
    assert api.value(secret.arn) == "v2"
    assert api.value(secret.arn, VersionStage="AWSPREVIOUS") == "v1"
    assert abs(shown["LastRotatedDate"] - time.time()) < 60
    midnight = shown["LastRotatedDate"] // DAY * DAY
    assert shown["NextRotationDate"] == midnight + 31 * DAY - 1


def test_a_function_may_take_pending_off(api, secret, strings, begin):
    t = begin()
    strings.next(secret.arn).done()
    strings.next(secret.arn).done()
    step = strings.next(secret.arn, "testSecret")
    step.put("v2")
    step.done()
    step = strings.next(secret.arn, "finishSecret")
    step.promote()
    step.ok("UpdateSecretVersionStage", VersionStage="AWSPENDING", RemoveFromVersionId=t)
    step.done()
    assert rotated(api, secret.arn)["VersionIdsToStages"] == {
        secret.version: ["AWSPREVIOUS"], t: ["AWSCURRENT"]}


def test_a_second_rotation_needs_neither_function_nor_rules(api, secret, strings, begin):
    rules = {"AutomaticallyAfterDays": 7}
    first = begin(RotationRules=rules)
    strings.play(secret.arn, "v2")
    date = rotated(api, secret.arn)["LastRotatedDate"]
    second = token()
    api.ok("RotateSecret", SecretId=secret.arn, ClientRequestToken=second)
    assert api.labels(secret.arn)[second] == ["AWSPENDING"]
    assert api.labels(secret.arn)[first] == ["AWSCURRENT"]
    strings.play(secret.arn, "v3")
    shown = rotated(api, secret.arn, date)
    assert shown["VersionIdsToStages"] == {
        first: ["AWSPREVIOUS"], second: ["AWSCURRENT", "AWSPENDING"]}
    assert shown["RotationRules"] == rules and api.value(secret.arn) == "v3"


def test_an_ordinary_function_rotates(api, secret, generic):
    t = token()
    api.ok("RotateSecret", SecretId=secret.arn, ClientRequestToken=t, RotationLambdaARN=generic)
    shown = rotated(api, secret.arn)
    assert shown["VersionIdsToStages"][t] == ["AWSCURRENT", "AWSPENDING"]
    assert re.fullmatch("[A-Za-z0-9]{32}", api.value(secret.arn))


def test_the_answer_does_not_wait_for_the_function(api, secret, strings, begin):
    begin()
    step = strings.next(secret.arn, "createSecret")      # still standing there
    assert api.value(secret.arn) == "v1"
    assert "LastRotatedDate" not in api.describe(secret.arn)
    step.fail()


def test_acceptance_moves_last_changed_date(api, secret, strings, begin):
    before = after(api.describe(secret.arn)["LastChangedDate"])
    begin()
    assert api.describe(secret.arn)["LastChangedDate"] > before
    strings.next(secret.arn).fail()


def test_filling_the_pending_version_is_repeatable_and_then_final(api, secret, strings, begin):
    t = begin()
    step = strings.next(secret.arn, "createSecret")
    assert step.put("v2")["VersionStages"] == ["AWSPENDING"]
    assert step.put("v2")["VersionId"] == t
    refused = step.call("PutSecretValue", ClientRequestToken=t, SecretString="v2b",
                        VersionStages=["AWSPENDING"])
    text = token_in_use(t, secret.arn)
    assert (refused["error"], refused["message"]) == (text.type, text.text)
    assert step.ok("GetSecretValue", VersionId=t, VersionStage="AWSPENDING")["SecretString"] == "v2"
    step.fail()


def test_a_function_may_do_everything_in_one_put(api, secret, strings, begin):
    """PutSecretValue(T, [AWSCURRENT]): the shortcut some functions take."""
    t = begin()
    step = strings.next(secret.arn, "createSecret")
    step.put("v2", "AWSCURRENT")
    step.done()
    for name in ("setSecret", "testSecret", "finishSecret"):
        strings.next(secret.arn, name).done()
    shown = rotated(api, secret.arn)
    assert shown["VersionIdsToStages"] == {secret.version: ["AWSPREVIOUS"], t: ["AWSCURRENT"]}


def test_the_results_of_a_function_do_not_matter(api, secret, strings, begin):
    t = begin()
    for name, result in (("createSecret", {"statusCode": 500}), ("setSecret", "no"),
                         ("testSecret", False), ("finishSecret", [])):
        step = strings.next(secret.arn, name)
        if name == "createSecret":
            step.put("v2")
        if name == "finishSecret":
            step.promote()
        step.done(result)
    assert t in rotated(api, secret.arn)["VersionIdsToStages"]


def test_a_secret_without_value_gets_its_first_from_the_function(api, empty, puppet, strings):
    t = token()
    api.ok("RotateSecret", SecretId=empty.arn, ClientRequestToken=t, RotationLambdaARN=puppet)
    assert api.labels(empty.arn) == {t: ["AWSPENDING"]}
    assert strings.play(empty.arn, "first") == t
    assert rotated(api, empty.arn)["VersionIdsToStages"] == {t: ["AWSCURRENT", "AWSPENDING"]}
    assert api.value(empty.arn) == "first"
    api.ok("DeleteSecret", SecretId=empty.arn, ForceDeleteWithoutRecovery=True)


# ---- the function's credentials

def test_a_function_reaches_its_own_secret_and_no_other(api, secret, name, strings, begin):
    other = api.create(name + "/other")["ARN"]
    begin()
    step = strings.next(secret.arn, "createSecret")
    assert step.ok("GetSecretValue")["SecretString"] == "v1"
    assert len(step.ok("GetRandomPassword")["RandomPassword"]) == 32
    for op in ("GetSecretValue", "DescribeSecret"):
        assert step.call(op, SecretId=other)["error"] == "AccessDeniedException"
    refused = step.call("PutSecretValue", SecretId=other, ClientRequestToken=token(),
                        SecretString="x")
    assert refused["error"] == "AccessDeniedException"
    assert step.call("DeleteSecret")["error"] == "AccessDeniedException"
    assert step.call("UpdateSecret", Description="x")["error"] == "AccessDeniedException"
    assert step.call("RotateSecret")["error"] == "AccessDeniedException"
    step.fail()
    assert api.value(other) == "v1"


def test_a_function_reaches_the_master_secret_its_value_names(api, name, puppet, strings):
    master = api.create(name + "/master", "the master")["ARN"]
    made = api.create(name, '{"masterarn":"%s"}' % master)
    api.ok("RotateSecret", SecretId=name, ClientRequestToken=token(), RotationLambdaARN=puppet)
    step = strings.next(made["ARN"], "createSecret")
    assert step.ok("GetSecretValue", SecretId=master)["SecretString"] == "the master"
    put = step.call("PutSecretValue", SecretId=master, ClientRequestToken=token(), SecretString="x")
    assert put["error"] == "AccessDeniedException"
    step.fail()
    api.ok("DeleteSecret", SecretId=made["ARN"], ForceDeleteWithoutRecovery=True)


def test_the_rotation_token_may_be_passed_on_and_must_be_the_right_one(api, secret, strings, begin):
    begin()
    step = strings.next(secret.arn, "createSecret")
    members = {"SecretId": secret.arn, "ClientRequestToken": step.token, "SecretString": "v2",
               "VersionStages": ["AWSPENDING"]}
    reply = api.reply("PutSecretValue", RotationToken=token(), **members)
    assert reply.json["__type"] == "AccessDeniedException"
    body = api.ok("PutSecretValue", RotationToken=step.event["RotationToken"], **members)
    assert body["VersionStages"] == ["AWSPENDING"]
    step.fail()


# ---- testing without rotating

def test_not_immediately_is_one_test_of_a_copy_of_current(api, secret, strings, puppet):
    t = token()
    rules = {"AutomaticallyAfterDays": 30}
    body = api.ok("RotateSecret", SecretId=secret.arn, ClientRequestToken=t, RotationRules=rules,
                  RotationLambdaARN=puppet, RotateImmediately=False)
    assert body["ARN"] == secret.arn and body.get("VersionId", t) == t
    step = strings.next(secret.arn, "testSecret")
    assert set(step.event) == {"Step", "SecretId", "ClientRequestToken", "RotationToken"}
    seen = step.ok("GetSecretValue", VersionId=t, VersionStage="AWSPENDING")
    assert seen["SecretString"] == "v1" and seen["VersionId"] != secret.version
    step.done()
    settled(api, secret.arn)
    shown = api.describe(secret.arn)
    assert shown["VersionIdsToStages"] == {secret.version: ["AWSCURRENT"]}
    assert shown["RotationEnabled"] is True and shown["RotationRules"] == rules
    assert "NextRotationDate" in shown and "LastRotatedDate" not in shown
    assert strings.none_waiting(secret.arn)


def test_a_failed_test_leaves_the_schedule_on(api, secret, strings, puppet):
    api.ok("RotateSecret", SecretId=secret.arn, ClientRequestToken=token(), RotateImmediately=False,
           RotationLambdaARN=puppet, RotationRules={"AutomaticallyAfterDays": 30})
    strings.next(secret.arn, "testSecret").fail()
    # One more try follows after ten seconds; another rotation is refused until it is over.
    api.refused("RotateSecret", ROT, SecretId=secret.arn, ClientRequestToken=token())
    assert api.describe(secret.arn)["RotationEnabled"] is True
    api.ok("DeleteSecret", SecretId=secret.arn, ForceDeleteWithoutRecovery=True)


def test_a_test_occupies_the_secret(api, secret, strings, puppet):
    api.ok("RotateSecret", SecretId=secret.arn, ClientRequestToken=token(),
           RotationLambdaARN=puppet, RotateImmediately=False)
    step = strings.next(secret.arn, "testSecret")
    api.refused("RotateSecret", ROT, SecretId=secret.arn, ClientRequestToken=token())
    step.done()
    settled(api, secret.arn)
    again = token()
    api.ok("RotateSecret", SecretId=secret.arn, ClientRequestToken=again)
    assert strings.play(secret.arn, "v2") == again
    rotated(api, secret.arn)


# ---- a second call while one is under way

def test_another_rotation_is_refused_and_its_settings_are_not_taken(
        api, secret, strings, begin, generic):
    rules = {"AutomaticallyAfterDays": 30}
    begin(RotationRules=rules)
    step = strings.next(secret.arn, "createSecret")
    before = api.describe(secret.arn)
    for members in ({}, {"RotationRules": {"AutomaticallyAfterDays": 1}},
                    {"RotateImmediately": False}, {"RotationLambdaARN": generic}):
        api.refused("RotateSecret", ROT, SecretId=secret.arn, ClientRequestToken=token(), **members)
    assert api.describe(secret.arn) == before
    step.fail()


def test_the_same_token_again_is_the_same_rotation(api, secret, strings, begin, puppet):
    t = begin()
    step = strings.next(secret.arn, "createSecret")
    begin(t, RotationRules={"AutomaticallyAfterDays": 1})       # parameters ignored
    assert "RotationRules" not in api.describe(secret.arn)
    step.put("v2")
    step.done()
    for name in ("setSecret", "testSecret"):
        strings.next(secret.arn, name).done()
    step = strings.next(secret.arn, "finishSecret")
    step.promote()
    step.done()
    date = rotated(api, secret.arn)["LastRotatedDate"]
    begin(t)                                                    # done already: nothing happens
    shown = api.describe(secret.arn)
    assert shown["LastRotatedDate"] == date
    assert shown["VersionIdsToStages"][t] == ["AWSCURRENT", "AWSPENDING"]
    assert strings.none_waiting(secret.arn)


def test_the_token_of_a_test_run_is_used_up_and_harmless(api, secret, strings, puppet):
    t = token()
    members = {"SecretId": secret.arn, "ClientRequestToken": t, "RotationLambdaARN": puppet}
    api.ok("RotateSecret", RotateImmediately=False, **members)
    strings.next(secret.arn, "testSecret").done()
    settled(api, secret.arn)
    api.ok("RotateSecret", **members)
    assert api.labels(secret.arn) == {secret.version: ["AWSCURRENT"]}


def test_tokens_of_other_versions_are_refused_once_rotation_is_configured(
        api, secret, strings, begin):
    begin()
    strings.play(secret.arn, "v2")
    rotated(api, secret.arn)
    api.refused("RotateSecret", v19(secret.version, secret.arn), SecretId=secret.arn,
                ClientRequestToken=secret.version)


# ---- pending versions that stand in the way

def test_pending_set_by_hand_blocks(api, secret, puppet):
    pending = api.put(secret.arn, "by hand", ["AWSPENDING"])
    before = api.describe(secret.arn)
    for members in ({}, {"RotateImmediately": False}):
        api.refused("RotateSecret", ROT, SecretId=secret.arn, ClientRequestToken=token(),
                    RotationLambdaARN=puppet, **members)
    assert api.describe(secret.arn) == before
    assert api.labels(secret.arn)[pending] == ["AWSPENDING"]


def test_pending_on_the_current_version_does_not_block(api, secret, strings, begin):
    api.move(secret.arn, "AWSPENDING", to=secret.version)
    t = begin()
    assert api.labels(secret.arn) == {secret.version: ["AWSCURRENT"], t: ["AWSPENDING"]}
    strings.play(secret.arn, "v2")
    rotated(api, secret.arn)


def test_pending_on_the_previous_version_blocks(api, secret, strings, begin):
    t = begin()
    strings.play(secret.arn, "v2")
    rotated(api, secret.arn)
    api.move(secret.arn, "AWSCURRENT", to=secret.version, source=t)
    assert api.labels(secret.arn)[t] == ["AWSPENDING", "AWSPREVIOUS"]
    api.refused("RotateSecret", ROT, SecretId=secret.arn, ClientRequestToken=token())
    api.move(secret.arn, "AWSPENDING", source=t)
    begin()
    strings.play(secret.arn, "v3")


def test_an_empty_pending_version_nobody_works_on_is_dropped(api, secret, strings, begin):
    """It carries no credential: the next rotation simply starts."""
    t = begin()
    step = strings.next(secret.arn, "createSecret")
    api.ok("CancelRotateSecret", SecretId=secret.arn)
    step.done()
    again = begin()
    assert api.labels(secret.arn) == {secret.version: ["AWSCURRENT"], again: ["AWSPENDING"]}
    assert t != again and strings.play(secret.arn, "v2") == again


# ---- failure

def test_a_function_that_raises_changes_nothing_for_readers(api, secret, strings, begin):
    t = begin(RotationRules={"AutomaticallyAfterDays": 30})
    step = strings.next(secret.arn, "createSecret")
    step.put("v2")
    step.done()
    strings.next(secret.arn, "setSecret").fail("the database is away")
    shown = api.describe(secret.arn)
    assert shown["VersionIdsToStages"] == {secret.version: ["AWSCURRENT"], t: ["AWSPENDING"]}
    assert shown["RotationEnabled"] is True and "LastRotatedDate" not in shown
    assert api.value(secret.arn) == "v1"
    api.refused("RotateSecret", ROT, SecretId=secret.arn, ClientRequestToken=token())


def test_a_failed_attempt_begins_again_with_the_same_token(travel):
    strings = Strings()
    puppet_on(travel, strings)
    api = travel.api()
    made = api.create("retried")
    arn, t = made["ARN"], token()
    api.ok("RotateSecret", SecretId=arn, ClientRequestToken=t,
           RotationLambdaARN="arn:aws:lambda:us-east-1:123456789012:function:puppet")
    step = strings.next(arn, "createSecret")
    step.put("v2")
    step.done()
    strings.next(arn, "setSecret").fail()
    for span in ("121s", "241s", "481s"):        # 100, 200, 400 s, a fifth more or less
        until("the failure is recorded", lambda: "RETRY" in travel.pawl("rotation", "show", arn))
        with travel.advancing(span):
            step = strings.next(arn, "createSecret")
            assert step.token == t
            pending = step.ok("GetSecretValue", VersionStage="AWSPENDING")
            assert pending["SecretString"] == "v2"
            if span != "481s":
                step.exit(1)            # dying is failing, too
                continue
            step.done()
            strings.next(arn, "setSecret").done()
            strings.next(arn, "testSecret").done()
            step = strings.next(arn, "finishSecret")
            step.promote()
            step.done()
    assert rotated(api, arn)["VersionIdsToStages"][t] == ["AWSCURRENT", "AWSPENDING"]
    strings.close()


@pytest.fixture
def failed(travel):
    """(server, ARN, token): a run whose function failed in setSecret until pawl gave up."""
    lam, api, t = travel.boto3("lambda"), travel.api(), token()
    function = make_function(lam, "generic", function_source("generic"), environment={
        "SECRETS_MANAGER_ENDPOINT": travel.url, "FAIL_AT": "setSecret"})
    arn = api.create("failing")["ARN"]
    api.ok("RotateSecret", SecretId=arn, ClientRequestToken=t, RotationLambdaARN=function)
    travel.advance_clock("9h")
    run = json.loads(travel.pawl("--json", "rotation", "show", arn))["Runs"][0]
    assert run["State"] == "FAILED" and run["Attempt"] >= 5, run
    shown = api.describe(arn)
    assert shown["VersionIdsToStages"][t] == ["AWSPENDING"] and shown["RotationEnabled"] is True
    assert "LastRotatedDate" not in shown and api.value(arn) == "v1"
    lam.update_function_configuration(FunctionName="generic", Environment={
        "Variables": {"SECRETS_MANAGER_ENDPOINT": travel.url}})
    return travel, arn, t


def test_a_failed_run_is_tried_again_with_its_token(failed):
    server, arn, t = failed
    api = server.api()
    pending = api.value(arn, VersionStage="AWSPENDING")
    body = api.ok("RotateSecret", SecretId=arn, ClientRequestToken=t)
    assert body["VersionId"] == t
    assert rotated(api, arn)["VersionIdsToStages"][t] == ["AWSCURRENT", "AWSPENDING"]
    assert api.value(arn) == pending        # the value the target may know already


def test_a_failed_run_blocks_another_token_and_is_tried_again_by_it(failed):
    server, arn, t = failed
    api = server.api()
    api.refused("RotateSecret", ROT, SecretId=arn, ClientRequestToken=token())
    assert rotated(api, arn)["VersionIdsToStages"][t] == ["AWSCURRENT", "AWSPENDING"]


def test_a_run_whose_function_forgets_to_promote_is_no_success(api, secret, strings, begin):
    t = begin()
    step = strings.next(secret.arn, "createSecret")
    step.put("v2")
    step.done()
    for name in ("setSecret", "testSecret", "finishSecret"):
        strings.next(secret.arn, name).done()
    api.refused("RotateSecret", ROT, SecretId=secret.arn, ClientRequestToken=token())
    shown = api.describe(secret.arn)
    assert "LastRotatedDate" not in shown and shown["VersionIdsToStages"][t] == ["AWSPENDING"]


def test_a_finish_that_fails_after_promoting_is_a_success(api, secret, strings, begin):
    t = begin()
    step = strings.next(secret.arn, "createSecret")
    step.put("v2")
    step.done()
    strings.next(secret.arn, "setSecret").done()
    strings.next(secret.arn, "testSecret").done()
    step = strings.next(secret.arn, "finishSecret")
    step.promote()
    step.fail("after the fact")
    assert rotated(api, secret.arn)["VersionIdsToStages"][t] == ["AWSCURRENT", "AWSPENDING"]


# ---- interference

def test_a_plain_put_abandons_the_run(api, secret, strings, begin):
    t = begin()
    step = strings.next(secret.arn, "createSecret")
    step.put("v2")
    manual = api.put(secret.arn, "by hand")
    step.done()
    assert api.labels(secret.arn) == {secret.version: ["AWSPREVIOUS"], manual: ["AWSCURRENT"]}
    assert api.value(secret.arn) == "by hand" and api.value(secret.arn, VersionId=t) == "v2"
    again = begin()
    assert strings.play(secret.arn, "v4") == again
    rotated(api, secret.arn)


def test_update_secret_with_a_value_abandons_the_run(api, secret, strings, begin):
    begin()
    step = strings.next(secret.arn, "createSecret")
    api.ok("UpdateSecret", SecretId=secret.arn, SecretString="by hand", ClientRequestToken=token())
    step.done()
    again = begin()
    assert strings.play(secret.arn, "v4") == again


def test_taking_the_label_abandons_the_run(api, secret, strings, begin):
    t = begin()
    step = strings.next(secret.arn, "createSecret")
    step.put("v2")
    api.move(secret.arn, "AWSPENDING", source=t)
    step.done()
    again = begin()
    assert strings.play(secret.arn, "v3") == again


def test_moving_pending_to_another_value_abandons_the_run_and_blocks_the_next(
        api, secret, strings, begin):
    begin()
    step = strings.next(secret.arn, "createSecret")
    api.put(secret.arn, "by hand", ["AWSPENDING"])
    step.done()
    api.refused("RotateSecret", ROT, SecretId=secret.arn, ClientRequestToken=token())


def test_promoting_by_hand_completes_the_run(api, secret, strings, begin):
    t = begin()
    step = strings.next(secret.arn, "createSecret")
    step.put("v2")
    api.move(secret.arn, "AWSCURRENT", to=t, source=secret.version)
    step.done()
    assert rotated(api, secret.arn)["VersionIdsToStages"] == {
        secret.version: ["AWSPREVIOUS"], t: ["AWSCURRENT", "AWSPENDING"]}
    again = begin()
    assert strings.play(secret.arn, "v3") == again


def test_edits_of_description_tags_and_policy_do_not_disturb(api, secret, strings, begin):
    t = begin()
    step = strings.next(secret.arn, "createSecret")
    api.ok("UpdateSecret", SecretId=secret.arn, Description="while it runs")
    api.call("TagResource", SecretId=secret.arn, Tags=[{"Key": "k", "Value": "v"}])
    step.put("v2", "AWSPENDING", "custom")
    step.done()
    strings.next(secret.arn, "setSecret").done()
    strings.next(secret.arn, "testSecret").done()
    step = strings.next(secret.arn, "finishSecret")
    step.promote()
    step.done()
    assert rotated(api, secret.arn)["VersionIdsToStages"][t] == [
        "AWSCURRENT", "AWSPENDING", "custom"]


def test_deleting_stops_the_run(api, secret, strings, begin):
    t = begin()
    step = strings.next(secret.arn, "createSecret")
    api.ok("DeleteSecret", SecretId=secret.arn)
    refused = step.call("PutSecretValue", ClientRequestToken=t, SecretString="v2",
                        VersionStages=["AWSPENDING"])
    assert refused["message"] == DEL.text
    step.done()
    api.ok("RestoreSecret", SecretId=secret.arn)
    shown = api.describe(secret.arn)
    assert shown["RotationEnabled"] is True
    assert shown["VersionIdsToStages"] == {secret.version: ["AWSCURRENT"], t: ["AWSPENDING"]}


def test_replicas_follow_a_rotation(api, replica, strings, puppet):
    primary, there = replica
    t = token()
    api.ok("RotateSecret", SecretId=primary.arn, ClientRequestToken=t, RotationLambdaARN=puppet)
    strings.play(primary.arn, "v2")
    rotated(api, primary.arn)
    assert there.value(primary.name) == "v2"
    assert there.describe(primary.name)["RotationEnabled"] is True


# ---- schedules

@pytest.fixture
def scheduled_puppet(travel):
    """(server, strings, function ARN) of a server with a clock of its own, at noon on 1 March."""
    travel.set_clock("2026-03-01T12:00:00Z")
    strings = Strings()
    yield travel, strings, puppet_on(travel, strings)
    strings.close()


def utc(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def test_a_schedule_fires_when_its_day_comes_and_again_a_month_later(scheduled_puppet):
    server, strings, puppet = scheduled_puppet
    api = server.api()
    arn = api.create("monthly")["ARN"]
    api.ok("RotateSecret", SecretId=arn, ClientRequestToken=token(), RotationLambdaARN=puppet,
           RotationRules={"AutomaticallyAfterDays": 30}, RotateImmediately=False)
    strings.next(arn, "testSecret").done()
    settled(api, arn)
    assert api.describe(arn)["NextRotationDate"] == utc("2026-03-31T23:59:59Z")
    server.advance_clock("29d")
    assert "LastRotatedDate" not in api.describe(arn) and strings.none_waiting(arn)
    with server.advancing("1d"):
        first = strings.play(arn, "scheduled once")
    shown = api.describe(arn)
    assert utc("2026-03-31T00:00:00Z") <= shown["LastRotatedDate"] < utc("2026-03-31T02:01:00Z")
    assert shown["NextRotationDate"] == utc("2026-04-30T23:59:59Z")
    assert api.value(arn) == "scheduled once"
    with server.advancing("30d"):
        second = strings.play(arn, "scheduled twice")
    assert first != second
    shown = api.describe(arn)
    assert shown["VersionIdsToStages"] == {
        first: ["AWSPREVIOUS"], second: ["AWSCURRENT", "AWSPENDING"]}


def test_a_cancelled_schedule_does_not_fire(scheduled_puppet):
    server, strings, puppet = scheduled_puppet
    api = server.api()
    arns = [api.create(n)["ARN"] for n in ("cancelled", "kept")]
    for arn in arns:
        api.ok("RotateSecret", SecretId=arn, ClientRequestToken=token(), RotationLambdaARN=puppet,
               RotationRules={"AutomaticallyAfterDays": 1}, RotateImmediately=False)
        strings.next(arn, "testSecret").done()
        settled(api, arn)
    api.ok("CancelRotateSecret", SecretId=arns[0])
    with server.advancing("1d"):
        strings.play(arns[1], "rotated")
    assert "LastRotatedDate" in api.describe(arns[1])
    assert strings.none_waiting(arns[0]) and api.value(arns[0]) == "v1"


def test_a_put_counts_as_a_rotation_for_the_day_count(scheduled_puppet):
    server, strings, puppet = scheduled_puppet
    api = server.api()
    arn = api.create("daily")["ARN"]
    api.ok("RotateSecret", SecretId=arn, ClientRequestToken=token(), RotationLambdaARN=puppet,
           RotationRules={"AutomaticallyAfterDays": 10}, RotateImmediately=False)
    strings.next(arn, "testSecret").done()
    settled(api, arn)
    assert api.describe(arn)["NextRotationDate"] == utc("2026-03-11T23:59:59Z")
    server.advance_clock("5d")
    api.put(arn, "by hand")
    shown = api.describe(arn)
    assert shown["NextRotationDate"] == utc("2026-03-16T23:59:59Z")
    assert "LastRotatedDate" not in shown


def test_a_year_of_rotations_in_moments(scheduled_puppet):
    """What a clock that can be turned is for: an ordinary function, twelve months, no waiting."""
    server, strings, _ = scheduled_puppet
    arn = make_function(server.boto3("lambda"), "generic", function_source("generic"),
                        environment={"SECRETS_MANAGER_ENDPOINT": server.url})
    api = server.api()
    api.create("yearly")
    api.ok("RotateSecret", SecretId="yearly", ClientRequestToken=token(), RotationLambdaARN=arn,
           RotationRules={"ScheduleExpression": "rate(30 days)"})
    shown = rotated(api, "yearly")
    seen = {api.value("yearly")}
    for _ in range(12):
        server.advance_clock("30d")
        now = api.describe("yearly")
        assert 29 * DAY < now["LastRotatedDate"] - shown["LastRotatedDate"] < 31 * DAY
        shown = now
        seen.add(api.value("yearly"))
    assert len(seen) == 13


def test_one_long_turn_of_the_clock_fires_every_window_in_it(scheduled_puppet):
    server, strings, puppet = scheduled_puppet
    api = server.api()
    arn = api.create("weekly")["ARN"]
    api.ok("RotateSecret", SecretId=arn, ClientRequestToken=token(), RotationLambdaARN=puppet,
           RotationRules={"ScheduleExpression": "cron(0 8 ? * SUN *)"}, RotateImmediately=False)
    strings.next(arn, "testSecret").done()
    settled(api, arn)
    tokens = []
    with server.advancing("28d"):       # Sundays: 8, 15, 22 and 29 March
        for i in range(4):
            tokens.append(strings.play(arn, "week %d" % i))
    assert len(set(tokens)) == 4 and strings.none_waiting(arn)
    shown = api.describe(arn)
    assert utc("2026-03-29T08:00:00Z") <= shown["LastRotatedDate"] < utc("2026-03-29T10:01:00Z")
    assert shown["VersionIdsToStages"] == {
        tokens[2]: ["AWSPREVIOUS"], tokens[3]: ["AWSCURRENT", "AWSPENDING"]}
    assert shown["NextRotationDate"] == utc("2026-04-05T23:59:59Z")


# Rules and the window that follows an event (rotation.md 6.11): rule, event, NextRotationDate.
WINDOWS = [
    ("30", None, "2026-01-22T06:42:22Z", "2026-02-21T23:59:59Z"),
    ("1", None, "2024-02-29T00:00:00Z", "2024-03-01T23:59:59Z"),
    ("365", None, "2023-03-01T12:00:00Z", "2024-02-29T23:59:59Z"),
    ("1000", None, "2025-01-31T05:00:00Z", "2027-10-28T23:59:59Z"),
    ("7", "3h", "2025-12-29T10:00:00Z", "2026-01-05T02:59:59Z"),
    ("30", "24h", "2025-01-31T10:00:00Z", "2025-03-02T23:59:59Z"),
    ("rate(10 days)", "6h", "2024-02-20T08:15:00Z", "2024-03-01T05:59:59Z"),
    ("rate(999 days)", None, "2025-06-15T00:00:00Z", "2028-03-10T23:59:59Z"),
    ("rate(4 hours)", None, "2025-03-30T01:17:00Z", "2025-03-30T05:59:59Z"),
    ("rate(23 hours)", "3h", "2025-10-25T23:30:00Z", "2025-10-26T23:59:59Z"),
    ("cron(0 /8 * * ? *)", None, "2025-07-01T00:00:00Z", "2025-07-01T08:59:59Z"),
    ("cron(0 2/10 * * ? *)", None, "2025-07-01T12:30:00Z", "2025-07-01T22:59:59Z"),
    ("cron(0 0 ? * 2 *)", None, "2023-10-16T07:18:02Z", "2023-10-23T23:59:59Z"),
    ("cron(0 8 31 * ? *)", None, "2025-01-31T08:00:00Z", "2025-03-31T23:59:59Z"),
    ("cron(0 17 L * ? *)", None, "2024-02-01T00:00:00Z", "2024-02-29T23:59:59Z"),
    ("cron(0 0 29 2 ? *)", None, "2024-02-29T00:05:00Z", "2028-02-29T23:59:59Z"),
    ("cron(0 1 ? 1/3 SUN#1 *)", None, "2025-01-05T02:00:00Z", "2025-04-06T23:59:59Z"),
    ("cron(0 0 ? * FRI#5 *)", None, "2025-01-31T12:00:00Z", "2025-05-30T23:59:59Z"),
    ("cron(0 3 SUNL * ? *)", None, "2025-08-30T04:00:00Z", "2025-08-31T23:59:59Z"),
    ("cron(0 6 ? * 6L *)", None, "2024-02-01T00:00:00Z", "2024-02-23T23:59:59Z"),
    ("cron(0 16 1,15 * ? *)", "2h", "2025-02-15T17:00:00Z", "2025-03-01T17:59:59Z"),
    ("cron(0 10 ? FEB,MAY,AUG,NOV TUE#2 *)", None, "2025-02-11T10:30:00Z", "2025-05-13T23:59:59Z"),
    ("cron(0 2 ? JAN-MAR mon *)", None, "2025-03-31T02:01:00Z", "2026-01-05T23:59:59Z"),
]


def test_next_rotation_date_is_the_last_second_of_the_next_window(travel):
    """One secret per row, made at the row's moment on a clock that only goes forward."""
    quiet = make_function(travel.boto3("lambda"), "quiet", function_source("plain"))
    api = travel.api()
    for rule, duration, event, expected in sorted(WINDOWS, key=lambda r: r[2]):
        travel.set_clock(event)
        name = "w/" + token()
        api.create(name)
        rules = ({"AutomaticallyAfterDays": int(rule)} if rule.isdigit()
                 else {"ScheduleExpression": rule})
        if duration:
            rules["Duration"] = duration
        api.ok("RotateSecret", SecretId=name, ClientRequestToken=token(), RotationLambdaARN=quiet,
               RotationRules=rules, RotateImmediately=False)
        assert api.describe(name)["NextRotationDate"] == utc(expected), rule
        api.ok("DeleteSecret", SecretId=name, ForceDeleteWithoutRecovery=True)


# ---- many at once

def last_run(server, secret_id):
    """State of the newest run, as the operator sees it."""
    return json.loads(server.pawl("--json", "rotation", "show", secret_id))["Runs"][0]["State"]


def test_more_secrets_than_sandboxes_are_all_tested(server, lam, api, name):
    """Waiting for a sandbox is no failure, and ends when one is free."""
    arn = make_function(lam, "crowded-" + token()[:8], function_source("plain"))
    names = ["%s/%d" % (name, i) for i in range(12)]
    for n in names:
        api.create(n)
        api.ok("RotateSecret", SecretId=n, ClientRequestToken=token(), RotationLambdaARN=arn,
               RotateImmediately=False)
    for n in names:
        settled(api, n)
    assert {n: last_run(server, n) for n in names} == {n: "TEST_SUCCEEDED" for n in names}


def test_more_secrets_than_sandboxes_are_all_rotated(server, api, generic, name):
    names = ["%s/%d" % (name, i) for i in range(10)]
    for n in names:
        api.create(n)
        api.ok("RotateSecret", SecretId=n, ClientRequestToken=token(), RotationLambdaARN=generic)
    for n in names:
        rotated(api, n)
    assert {n: last_run(server, n) for n in names} == {n: "SUCCEEDED" for n in names}


# ---- functions that come with pawl

BUILT_IN = "arn:aws:lambda:us-east-1:123456789012:function:pawl-rotate-generic-single"


def test_a_built_in_function_needs_no_permission_and_no_code(api, name):
    """The generic one writes a new password into JSON and leaves the rest as it is."""
    api.create(name, '{"username":"u","password":"old","host":"h"}')
    api.ok("RotateSecret", SecretId=name, ClientRequestToken=token(), RotationLambdaARN=BUILT_IN)
    rotated(api, name)
    value = json.loads(api.value(name))
    assert (value["username"], value["host"]) == ("u", "h") and value["password"] != "old"
    assert json.loads(api.value(name, VersionStage="AWSPREVIOUS"))["password"] == "old"


def test_a_built_in_function_is_shown_and_not_to_be_changed(lam):
    shown = lam.get_function(FunctionName=BUILT_IN)["Configuration"]
    assert (shown["Runtime"], shown["Handler"]) == ("provided.al2023", "builtin")
    for call, members in ((lam.delete_function, {}), (allow, None),
                          (lam.update_function_configuration, {"Timeout": 9})):
        with pytest.raises(lam.exceptions.InvalidParameterValueException) as caught:
            if members is None:
                allow(lam, "pawl-rotate-generic-single")
            else:
                call(FunctionName="pawl-rotate-generic-single", **members)
        assert caught.value.response["Error"]["Message"] == (
            "Function pawl-rotate-generic-single is built in.")
