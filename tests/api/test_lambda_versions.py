# SPDX-License-Identifier: Apache-2.0
"""Published versions, concurrency, built-in functions and what is not built (rotation.md 5.8, 5.9)."""
import json

import pytest

from rotating import ROLE, arn_of, function_source, make_function, zipped
from server import ACCOUNT
from test_lambda import PLAIN, create, invoke, not_found, permit, refused
from wire import token

BUILTIN = "pawl-rotate-generic-single"


@pytest.fixture
def function(lam):
    name = "v-" + token()[:8]
    make_function(lam, name, function_source("plain"), permission=False)
    return name


def numbers(lam, name, **members):
    return [v["Version"] for v in lam.list_versions_by_function(FunctionName=name, **members)[
        "Versions"]]


def change(lam, name, text):
    lam.update_function_code(FunctionName=name,
                             ZipFile=zipped("def handler(e, c): return [%r, c.function_version]\n"
                                            % text))


# ---- published versions

def test_a_published_version_stays_what_it_was(lam, function):
    change(lam, function, "one")
    made = lam.publish_version(FunctionName=function, Description="first")
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert (made["Version"], made["Description"]) == ("1", "first")
    assert made["FunctionArn"] == arn_of(function) + ":1"
    change(lam, function, "two")
    assert invoke(lam, function, {})[1] == ["two", "$LATEST"]
    answer, result = invoke(lam, function, {}, Qualifier="1")
    assert result == ["one", "1"] and answer["ExecutedVersion"] == "1"
    assert invoke(lam, arn_of(function) + ":1", {})[1] == ["one", "1"]
    got = lam.get_function_configuration(FunctionName=function, Qualifier="1")
    assert got["CodeSha256"] == made["CodeSha256"] and got["Description"] == "first"


def test_nothing_new_makes_no_new_version(lam, function):
    first = lam.publish_version(FunctionName=function)
    again = lam.publish_version(FunctionName=function)
    assert again["Version"] == first["Version"] == "1"
    lam.update_function_configuration(FunctionName=function, Timeout=9)
    assert lam.publish_version(FunctionName=function)["Version"] == "2"
    lam.delete_function(FunctionName=function, Qualifier="2")
    assert lam.publish_version(FunctionName=function)["Version"] == "3"


def test_versions_are_listed_in_the_order_of_their_numbers(lam, function):
    for n in range(11):
        lam.update_function_configuration(FunctionName=function, Timeout=n + 1)
        lam.publish_version(FunctionName=function)
    expected = ["$LATEST"] + [str(n + 1) for n in range(11)]
    assert numbers(lam, function) == expected
    pages = lam.get_paginator("list_versions_by_function").paginate(
        FunctionName=function, PaginationConfig={"PageSize": 1})
    assert [v["Version"] for p in pages for v in p["Versions"]] == expected
    lam.delete_function(FunctionName=function, Qualifier="4")
    assert "4" not in numbers(lam, function)
    assert function in [f["FunctionName"] for f in lam.list_functions()["Functions"]]
    assert len([f for f in lam.list_functions()["Functions"] if f["FunctionName"] == function]) == 1


def test_publish_with_creation_and_with_new_code(lam):
    name = "p-" + token()[:8]
    made = create(lam, name, Publish=True)
    assert made["Version"] == "1" and made["FunctionArn"] == arn_of(name) + ":1"
    made = lam.update_function_code(FunctionName=name, ZipFile=zipped("x = 1"), Publish=True)
    assert made["Version"] == "2" and numbers(lam, name) == ["$LATEST", "1", "2"]


def test_deleting_a_function_deletes_its_versions(lam, function):
    lam.publish_version(FunctionName=function)
    lam.delete_function(FunctionName=function)
    refused(lam.get_function, "ResourceNotFoundException", not_found(function, ":1"), 404,
            FunctionName=function, Qualifier="1")
    create(lam, function)
    assert numbers(lam, function) == ["$LATEST"]
    assert lam.publish_version(FunctionName=function)["Version"] == "1"


def test_refusals_about_versions(lam, function):
    lam.publish_version(FunctionName=function)
    for qualifier in ("2", "01", "0", "alias"):
        refused(lam.get_function, "ResourceNotFoundException",
                not_found(function, ":" + qualifier), 404, FunctionName=function,
                Qualifier=qualifier)
    refused(lam.invoke, "ResourceNotFoundException", not_found(function, ":2"), 404,
            FunctionName=function, Qualifier="2", Payload=b"{}")
    refused(lam.update_function_configuration, "InvalidParameterValueException", None, 400,
            FunctionName=function + ":1", Timeout=5)
    refused(lam.get_function, "InvalidParameterValueException", None, 400,
            FunctionName=function + ":1", Qualifier="2")
    refused(lam.delete_function, "InvalidParameterValueException", None, 400,
            FunctionName=function, Qualifier="$LATEST")
    refused(lam.publish_version, "InvalidParameterValueException", None, 400,
            FunctionName=function, CodeSha256="x")
    refused(lam.publish_version, "PreconditionFailedException", None, 412, FunctionName=function,
            RevisionId=token())


def test_a_version_has_a_policy_of_its_own(lam, function):
    lam.publish_version(FunctionName=function)
    answer = permit(lam, function, Qualifier="1")
    assert json.loads(answer["Statement"])["Resource"] == arn_of(function) + ":1"
    refused(lam.get_policy, "ResourceNotFoundException", None, 404, FunctionName=function)
    assert lam.get_policy(FunctionName=function, Qualifier="1")["Policy"]
    lam.remove_permission(FunctionName=function, Qualifier="1", StatementId="s")
    refused(lam.get_policy, "ResourceNotFoundException", None, 404, FunctionName=function,
            Qualifier="1")


# ---- concurrency

def test_reserved_concurrency(lam, function):
    answer = lam.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=2)
    assert answer["ReservedConcurrentExecutions"] == 2
    assert lam.get_function_concurrency(FunctionName=function)[
        "ReservedConcurrentExecutions"] == 2
    assert lam.get_function(FunctionName=function)["Concurrency"] == {
        "ReservedConcurrentExecutions": 2}
    assert invoke(lam, function, {"x": 1})[1] == {"x": 1}
    answer = lam.delete_function_concurrency(FunctionName=function)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert "Concurrency" not in lam.get_function(FunctionName=function)


def test_no_concurrency_at_all_refuses_every_call(lam, function):
    lam.publish_version(FunctionName=function)
    lam.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    for qualifier in ("$LATEST", "1"):
        refused(lam.invoke, "TooManyRequestsException", None, 429, FunctionName=function,
                Qualifier=qualifier, Payload=b"{}")
    lam.delete_function_concurrency(FunctionName=function)
    assert invoke(lam, function, {"x": 1})[1] == {"x": 1}


# ---- built-in functions

def test_a_built_in_function_can_be_looked_at(lam):
    got = lam.get_function(FunctionName=BUILTIN)
    configuration = got["Configuration"]
    assert configuration["FunctionArn"] == arn_of(BUILTIN)
    assert (configuration["Runtime"], configuration["Handler"]) == ("provided.al2023", "builtin")
    assert configuration["State"] == "Active" and got["Code"]["Location"]
    [statement] = json.loads(lam.get_policy(FunctionName=BUILTIN)["Policy"])["Statement"]
    assert statement["Effect"] == "Allow" and statement["Resource"] == arn_of(BUILTIN)
    assert statement["Principal"] == {"Service": "secretsmanager.amazonaws.com"}
    assert numbers(lam, BUILTIN) == ["$LATEST"]


def test_a_built_in_function_cannot_be_changed(lam):
    text = "Function %s is built in." % BUILTIN
    for call, members in (
            (lam.update_function_code, {"ZipFile": PLAIN}),
            (lam.update_function_configuration, {"Timeout": 9}), (lam.delete_function, {}),
            (lam.add_permission, {"StatementId": "s", "Action": "lambda:InvokeFunction",
                                  "Principal": "*"}),
            (lam.remove_permission, {"StatementId": "builtin"}), (lam.publish_version, {}),
            (lam.put_function_concurrency, {"ReservedConcurrentExecutions": 1})):
        refused(call, "InvalidParameterValueException", text, 400, FunctionName=BUILTIN, **members)
    refused(lam.tag_resource, "InvalidParameterValueException", text, 400,
            Resource=arn_of(BUILTIN), Tags={"a": "b"})


# ---- names

def test_names_that_are_refused(lam, function):
    refused(lam.get_function, "ResourceNotFoundException",
            "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')", 404,
            FunctionName=arn_of(function, "eu-west-1"))
    refused(lam.get_function, "AccessDeniedException", None, 403,
            FunctionName="999999999999:function:" + function)
    refused(create, "ValidationException", None, 400, lam=lam, name="x" * 65)
    refused(create, "ValidationException", None, 400, lam=lam, name="with space")


# ---- honest refusals

@pytest.mark.parametrize("members, word", [
    ({"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}, "VpcConfig"),
    ({"Layers": ["arn:aws:lambda:us-east-1:%s:layer:l:1" % ACCOUNT]}, "Layers"),
    ({"SnapStart": {"ApplyOn": "PublishedVersions"}}, "SnapStart"),
    ({"LoggingConfig": {"LogFormat": "JSON"}}, "LogFormat JSON"),
    ({"KMSKeyArn": "arn:aws:kms:us-east-1:%s:key/k" % ACCOUNT}, "KMSKeyArn")])
def test_what_a_function_cannot_have_here(lam, members, word):
    if "LoggingConfig" in members and "LoggingConfig" not in lam.meta.service_model.operation_model(
            "CreateFunction").input_shape.members:
        pytest.skip("this botocore does not know LoggingConfig")
    refused(create, "InvalidParameterValueException", word + " is not supported by this server.",
            400, lam=lam, name="n-" + token()[:8], **members)


def test_empty_members_mean_none(lam):
    create(lam, "n-" + token()[:8], VpcConfig={"SubnetIds": [], "SecurityGroupIds": []}, Layers=[],
           SnapStart={"ApplyOn": "None"}, Environment={"Variables": {}},
           TracingConfig={"Mode": "Active"})


def test_an_environment_name_has_two_characters_and_begins_with_a_letter(lam):
    for name in ("A", "1AB", "A-B"):
        refused(create, "ValidationException", None, 400, lam=lam, name="e-" + token()[:8],
                Environment={"Variables": {name: "x"}})


def test_operations_that_are_not_built(lam, function):
    for call, name, members in (
            (lam.create_alias, "CreateAlias", {"Name": "a", "FunctionVersion": "1"}),
            (lam.list_aliases, "ListAliases", {}),
            (lam.create_function_url_config, "CreateFunctionUrlConfig", {"AuthType": "NONE"})):
        refused(call, "InvalidParameterValueException", name + " is not supported by this server.",
                400, FunctionName=function, **members)
    refused(lam.list_layers, "InvalidParameterValueException",
            "ListLayers is not supported by this server.", 400)


def test_account_settings(lam, function):
    got = lam.get_account_settings()
    assert got["AccountLimit"]["CodeSizeUnzipped"] == 262144000
    listed = [f for p in lam.get_paginator("list_functions").paginate() for f in p["Functions"]]
    assert got["AccountUsage"] == {"FunctionCount": len(listed),
                                   "TotalCodeSize": sum(f["CodeSize"] for f in listed)}


# ---- permissions that do not admit a rotation

def test_a_condition_that_a_rotation_never_meets_admits_none(server, lam, function):
    sm = server.boto3("secretsmanager")
    secret = sm.create_secret(Name="s-" + token()[:8], SecretString="x")["ARN"]
    permit(lam, function, "token", EventSourceToken="t")
    refused(sm.rotate_secret, "AccessDeniedException", None, 400, SecretId=secret,
            RotationLambdaARN=arn_of(function), RotateImmediately=False)
    permit(lam, function, "plain")
    sm.rotate_secret(SecretId=secret, RotationLambdaARN=arn_of(function),
                     RotateImmediately=False)
