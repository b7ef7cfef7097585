# SPDX-License-Identifier: Apache-2.0
"""The part of the Lambda API that registers, permits and runs functions (rotation.md 5.8)."""
import base64
import hashlib
import io
import json
import os
import re
import urllib.request
import zipfile

import pytest
from botocore.exceptions import ClientError

from rotating import ROLE, arn_of, function_source, make_function, zipped
from server import ACCOUNT, until
from wire import UUID, token

PLAIN = zipped(function_source("plain"))


@pytest.fixture
def fname():
    return "f-" + token()[:8]


@pytest.fixture
def function(lam, fname):
    make_function(lam, fname, function_source("plain"), permission=False)
    return fname


@pytest.fixture(scope="module")
def plain(lam):
    """One function for all that only invoke."""
    make_function(lam, "plain", function_source("plain"), permission=False,
                  environment={"COLOUR": "red", "EMPTY": ""})
    return "plain"


def create(lam, name, **members):
    members = {"Runtime": "python3.11", "Handler": "index.handler", "Role": ROLE,
               "Code": {"ZipFile": PLAIN}, **members}
    return lam.create_function(FunctionName=name, **members)


def refused(call, code, text=None, status=None, **members):
    """The error a stock client shows: type, text, HTTP status."""
    with pytest.raises(ClientError) as caught:
        call(**members)
    error = caught.value.response
    assert error["Error"]["Code"] == code, error
    if text is not None:
        assert error["Error"]["Message"] == text
    if status is not None:
        assert error["ResponseMetadata"]["HTTPStatusCode"] == status
    return error["Error"]["Message"]


def not_found(name, qualifier=""):
    return "Function not found: " + arn_of(name) + qualifier


def invoke(lam, name, event=None, **members):
    if event is not None:
        members["Payload"] = json.dumps(event).encode()
    answer = lam.invoke(FunctionName=name, **members)
    text = answer["Payload"].read()
    return answer, json.loads(text) if text else None


# ---- CreateFunction

def test_create_answers_with_the_whole_configuration(lam, fname):
    made = create(lam, fname, Description="d", Timeout=7, MemorySize=256,
                  Environment={"Variables": {"AB": "c"}})
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    digest = base64.b64encode(hashlib.sha256(PLAIN).digest()).decode()
    expected = {
        "FunctionName": fname, "FunctionArn": arn_of(fname), "Runtime": "python3.11", "Role": ROLE,
        "Handler": "index.handler", "CodeSize": len(PLAIN), "Description": "d", "Timeout": 7,
        "MemorySize": 256, "CodeSha256": digest, "Version": "$LATEST", "PackageType": "Zip",
        "TracingConfig": {"Mode": "PassThrough"}, "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512}, "Environment": {"Variables": {"AB": "c"}}}
    assert {k: made.get(k) for k in expected} == expected
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", made["LastModified"])
    assert UUID.fullmatch(made["RevisionId"])
    assert made["State"] in ("Pending", "Active")


def test_a_new_function_becomes_active(lam, fname):
    create(lam, fname)
    until("it is active", lambda: lam.get_function_configuration(
        FunctionName=fname)["State"] == "Active")
    assert lam.get_function_configuration(FunctionName=fname)["LastUpdateStatus"] == "Successful"


def test_defaults(lam, fname):
    made = create(lam, fname)
    assert (made["Description"], made["Timeout"], made["MemorySize"]) == ("", 3, 128)
    assert "Environment" not in made


def test_a_name_is_taken_once(lam, function):
    refused(create, "ResourceConflictException", "Function already exist: " + function, 409,
            lam=lam, name=function)


@pytest.mark.parametrize("members, code, text", [
    ({"Code": {"ZipFile": b"not a zip"}}, "InvalidParameterValueException",
     "Could not unzip uploaded file. Please check your file, then try to upload again."),
    ({"Code": {"ZipFile": PLAIN[:-30]}}, "InvalidParameterValueException",
     "Could not unzip uploaded file. Please check your file, then try to upload again."),
    ({"Code": {"S3Bucket": "bbb", "S3Key": "k"}}, "InvalidParameterValueException",
     "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified "
     "bucket does not exist"),
    ({"Runtime": "java17"}, "InvalidParameterValueException",
     "Runtime java17 is not available on this server."),
    ({"Role": "not-a-role"}, "ValidationException", None),
    ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "InvalidParameterValueException",
     "Lambda was unable to configure your environment variables because the environment variables "
     "you have provided contains reserved keys that are currently not supported for modification. "
     "Reserved keys used in this request: AWS_REGION"),
    ({"Environment": {"Variables": {"BIG": "x" * 5000}}}, "InvalidParameterValueException", None),
    ({"Timeout": 901}, "ValidationException", None),
    ({"MemorySize": 10241}, "ValidationException", None)])
def test_bad_creations_make_nothing(lam, fname, members, code, text):
    refused(create, code, text, 400, lam=lam, name=fname, **members)
    refused(lam.get_function, "ResourceNotFoundException", not_found(fname), 404,
            FunctionName=fname)


def test_names_of_built_in_functions_are_reserved(lam):
    refused(create, "ResourceConflictException", None, 409, lam=lam, name="pawl-rotate-mine")


def evil_zip(**entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for name, (text, mode) in entries.items():
            info = zipfile.ZipInfo(name.replace("__", "/"))
            info.external_attr = mode << 16
            z.writestr(info, text)
    return out.getvalue()


@pytest.mark.parametrize("entry", ["../escape.py", "/absolute.py", "a/../../escape.py"])
def test_a_zip_cannot_write_outside_its_folder(lam, fname, tmp_path, entry):
    """Refused when it is uploaded or when it is run; either way nothing runs."""
    package = evil_zip(**{"index.py": (function_source("plain"), 0o644), entry: ("x", 0o644)})
    try:
        create(lam, fname, Code={"ZipFile": package})
    except ClientError as e:
        assert e.response["Error"]["Code"] == "InvalidParameterValueException"
        return
    until("it is active", lambda: lam.get_function_configuration(
        FunctionName=fname)["State"] != "Pending")
    answer, _ = invoke(lam, fname, {"a": 1})
    assert answer.get("FunctionError") == "Unhandled"


# ---- reading

def test_get_function_by_every_form_of_name(lam, function):
    for form in (function, arn_of(function), "%s:function:%s" % (ACCOUNT, function),
                 function + ":$LATEST"):
        got = lam.get_function(FunctionName=form)
        assert got["Configuration"]["FunctionName"] == function
    assert got["Code"]["RepositoryType"] == "S3" and got["Code"]["Location"]


def test_get_function_configuration_is_the_configuration_of_get_function(lam, function):
    alone = lam.get_function_configuration(FunctionName=function)
    beside = lam.get_function(FunctionName=function)["Configuration"]
    del alone["ResponseMetadata"]
    assert alone == beside


def test_unknown_functions(lam, fname):
    for call in (lam.get_function, lam.get_function_configuration, lam.delete_function):
        refused(call, "ResourceNotFoundException", not_found(fname), 404, FunctionName=fname)
    refused(lam.update_function_code, "ResourceNotFoundException", None, 404, FunctionName=fname,
            ZipFile=PLAIN)
    refused(lam.update_function_configuration, "ResourceNotFoundException", None, 404,
            FunctionName=fname, Timeout=5)
    refused(lam.invoke, "ResourceNotFoundException", None, 404, FunctionName=fname)


def test_errors_as_bytes(api, fname):
    """Type in a header; the text spelled Message for a missing resource."""
    reply = api.send(b"", None, method="GET", path="/2015-03-31/functions/" + fname,
                     service="lambda")
    assert reply.status == 404
    assert reply.headers["x-amzn-ErrorType"] == "ResourceNotFoundException"
    assert reply.json == {"Type": "User", "Message": not_found(fname)}


def test_list_functions(server):
    lam = server.boto3("lambda", "xx-functions-1")
    assert lam.list_functions()["Functions"] == []
    names = ["a", "b", "c"]
    for n in names:
        create(lam, n)
    assert [f["FunctionName"] for f in lam.list_functions()["Functions"]] == names
    pages = lam.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})
    assert [f["FunctionName"] for p in pages for f in p["Functions"]] == names


def test_functions_belong_to_their_region(server, lam, function):
    there = server.boto3("lambda", "eu-west-1")
    refused(there.get_function, "ResourceNotFoundException", None, 404, FunctionName=function)


# ---- changing

def test_new_code_is_run_at_once(lam, function):
    assert invoke(lam, function, {"x": 1})[1] == {"x": 1}
    before = lam.get_function_configuration(FunctionName=function)
    package = zipped("def handler(event, context):\n    return 'new code'\n")
    lam.update_function_code(FunctionName=function, ZipFile=package)
    until("the update is done", lambda: lam.get_function_configuration(
        FunctionName=function)["LastUpdateStatus"] == "Successful")
    now = lam.get_function_configuration(FunctionName=function)
    assert now["CodeSha256"] != before["CodeSha256"] and now["RevisionId"] != before["RevisionId"]
    assert invoke(lam, function, {"x": 1})[1] == "new code"


def test_bad_code_changes_nothing(lam, function):
    refused(lam.update_function_code, "InvalidParameterValueException",
            "Could not unzip uploaded file. Please check your file, then try to upload again.", 400,
            FunctionName=function, ZipFile=b"not a zip")
    assert invoke(lam, function, {"x": 1})[1] == {"x": 1}


def test_a_dry_run_changes_nothing(lam, function):
    before = lam.get_function_configuration(FunctionName=function)["CodeSha256"]
    lam.update_function_code(FunctionName=function, DryRun=True, ZipFile=zipped("x = 1"))
    assert lam.get_function_configuration(FunctionName=function)["CodeSha256"] == before


def test_a_stale_revision_is_refused(lam, function):
    for call, members in ((lam.update_function_code, {"ZipFile": PLAIN}),
                          (lam.update_function_configuration, {"Timeout": 9})):
        refused(call, "PreconditionFailedException", None, 412, FunctionName=function,
                RevisionId=token(), **members)
    fresh = lam.get_function_configuration(FunctionName=function)["RevisionId"]
    lam.update_function_configuration(FunctionName=function, Timeout=9, RevisionId=fresh)


def test_configuration_is_replaced_member_by_member(lam, function):
    lam.update_function_configuration(FunctionName=function, Timeout=11,
                                      Environment={"Variables": {"COLOUR": "blue"}})
    until("the update is done", lambda: lam.get_function_configuration(
        FunctionName=function)["LastUpdateStatus"] == "Successful")
    now = lam.get_function_configuration(FunctionName=function)
    assert (now["Timeout"], now["MemorySize"], now["Handler"]) == (11, 128, "index.handler")
    assert invoke(lam, function, {"env": ["COLOUR"]})[1] == {"COLOUR": "blue"}


def test_delete(lam, function):
    answer = lam.delete_function(FunctionName=function)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    refused(lam.get_function, "ResourceNotFoundException", not_found(function), 404,
            FunctionName=function)
    create(lam, function)


# ---- permissions

def permit(lam, name, sid="s", **members):
    members = {"Action": "lambda:InvokeFunction", "Principal": "secretsmanager.amazonaws.com",
               **members}
    return lam.add_permission(FunctionName=name, StatementId=sid, **members)


def statement(name, sid="s", principal=None, **more):
    return {"Sid": sid, "Effect": "Allow",
            "Principal": principal or {"Service": "secretsmanager.amazonaws.com"},
            "Action": "lambda:InvokeFunction", "Resource": arn_of(name), **more}


def test_a_permission_is_answered_and_shown_as_a_policy(lam, function):
    answer = permit(lam, function)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert json.loads(answer["Statement"]) == statement(function)
    got = lam.get_policy(FunctionName=function)
    assert json.loads(got["Policy"]) == {"Version": "2012-10-17", "Id": "default",
                                         "Statement": [statement(function)]}
    assert UUID.fullmatch(got["RevisionId"])


def test_conditions_of_a_permission(lam, function):
    arn = "arn:aws:secretsmanager:us-east-1:%s:secret:*" % ACCOUNT
    answer = permit(lam, function, SourceAccount=ACCOUNT, SourceArn=arn)
    assert json.loads(answer["Statement"])["Condition"] == {
        "StringEquals": {"AWS:SourceAccount": ACCOUNT}, "ArnLike": {"AWS:SourceArn": arn}}


@pytest.mark.parametrize("principal, shown", [
    ("*", "*"), ("999999999999", {"AWS": "arn:aws:iam::999999999999:root"}),
    ("arn:aws:iam::123456789012:root", {"AWS": "arn:aws:iam::123456789012:root"}),
    ("s3.amazonaws.com", {"Service": "s3.amazonaws.com"})])
def test_principals_of_a_permission(lam, function, principal, shown):
    answer = permit(lam, function, Principal=principal)
    assert json.loads(answer["Statement"]) == statement(function, principal=shown)


def test_permissions_that_are_refused(lam, function, fname):
    permit(lam, function)
    refused(permit, "ResourceConflictException", "The statement id (s) provided already exists. "
            "Please provide a new statement id, or remove the existing statement.", 409,
            lam=lam, name=function)
    refused(permit, "InvalidParameterValueException", "The provided principal was invalid. Please "
            "check the principal and try again.", 400, lam=lam, name=function, sid="t",
            Principal="nobody")
    refused(permit, "InvalidParameterValueException",
            "We currently do not support adding policies for $LATEST.", 400, lam=lam, name=function,
            sid="u", Qualifier="$LATEST")
    assert len(json.loads(lam.get_policy(FunctionName=function)["Policy"])["Statement"]) == 1


def test_permissions_of_an_unknown_function(lam, fname):
    for call, members in ((permit, {"lam": lam, "name": fname}),
                          (lam.get_policy, {"FunctionName": fname}),
                          (lam.remove_permission, {"FunctionName": fname, "StatementId": "s"})):
        refused(call, "ResourceNotFoundException", None, 404, **members)


def test_no_policy_is_not_found(lam, function):
    refused(lam.get_policy, "ResourceNotFoundException",
            "The resource you requested does not exist.", 404, FunctionName=function)


def test_removing_permissions(lam, function):
    permit(lam, function, "one")
    permit(lam, function, "two")
    refused(lam.remove_permission, "ResourceNotFoundException",
            "Statement three is not found in resource policy.", 404, FunctionName=function,
            StatementId="three")
    answer = lam.remove_permission(FunctionName=function, StatementId="one")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    policy = json.loads(lam.get_policy(FunctionName=function)["Policy"])
    assert [s["Sid"] for s in policy["Statement"]] == ["two"]
    lam.remove_permission(FunctionName=function, StatementId="two")
    refused(lam.get_policy, "ResourceNotFoundException",
            "The resource you requested does not exist.", 404, FunctionName=function)


# ---- Invoke

@pytest.mark.parametrize("event", [
    {"a": [1, None, "\u00e9\U0001f511"]}, {}, [], "text", 7, True, None])
def test_a_request_is_answered_with_the_result(lam, plain, event):
    answer, result = invoke(lam, plain, event) if event is not None else invoke(lam, plain)
    assert answer["StatusCode"] == 200 and answer["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in answer
    assert result == (event if event is not None else {})


def test_an_event_is_accepted_without_an_answer(lam, plain):
    answer = lam.invoke(FunctionName=plain, InvocationType="Event", Payload=b"{}")
    assert answer["StatusCode"] == 202 and answer["Payload"].read() == b""


def test_a_dry_run_only_asks(lam, plain):
    answer = lam.invoke(FunctionName=plain, InvocationType="DryRun", Payload=b'{"exit": 3}')
    assert answer["StatusCode"] == 204 and answer["Payload"].read() == b""


def test_a_payload_that_is_no_json(lam, plain):
    text = refused(lam.invoke, "InvalidRequestContentException", None, 400, FunctionName=plain,
                   Payload=b"not json")
    assert text.startswith("Could not parse request body into json: ")


def test_an_unknown_function_names_the_version(lam, fname):
    refused(lam.invoke, "ResourceNotFoundException", not_found(fname, ":$LATEST"), 404,
            FunctionName=fname, Payload=b"{}")


def test_a_function_that_raises(lam, plain):
    answer, result = invoke(lam, plain, {"raise": "the reason"})
    assert answer["StatusCode"] == 200 and answer["FunctionError"] == "Unhandled"
    assert result["errorMessage"] == "the reason" and result["errorType"] == "ValueError"
    assert isinstance(result["stackTrace"], list) and UUID.fullmatch(result["requestId"])


@pytest.mark.parametrize("event, kind, tail", [
    ({"exit": 1}, "Runtime.ExitError", "Error: Runtime exited with error: exit status 1"),
    ({"exit": 0}, "Runtime.ExitError", "Error: Runtime exited without providing a reason")])
def test_a_function_that_dies(lam, plain, event, kind, tail):
    answer, result = invoke(lam, plain, event)
    assert answer["FunctionError"] == "Unhandled" and result["errorType"] == kind
    assert re.fullmatch("RequestId: [0-9a-f-]{36} " + re.escape(tail), result["errorMessage"])
    assert invoke(lam, plain, {"x": 1})[1] == {"x": 1}


def test_a_function_that_takes_too_long(lam, fname):
    make_function(lam, fname, function_source("plain"), permission=False, Timeout=1)
    answer, result = invoke(lam, fname, {"sleep": 30})
    assert answer["FunctionError"] == "Unhandled"
    assert result["errorType"] == "Sandbox.Timedout"
    assert re.fullmatch(r"RequestId: [0-9a-f-]{36} Error: Task timed out after 1\.00 seconds",
                        result["errorMessage"])
    assert invoke(lam, fname, {"x": 1})[1] == {"x": 1}


def test_a_result_that_is_no_json(lam, plain):
    answer, result = invoke(lam, plain, {"object": 1})
    assert answer["FunctionError"] == "Unhandled" and result["errorType"] == "Runtime.MarshalError"
    assert result["errorMessage"].startswith("Unable to marshal response: ")


def test_a_result_that_is_too_large(lam, plain):
    answer, result = invoke(lam, plain, {"large": 5 * 2 ** 20})
    assert "FunctionError" not in answer and len(result) == 5 * 2 ** 20
    answer, result = invoke(lam, plain, {"large": 7 * 2 ** 20})
    assert answer["FunctionError"] == "Unhandled"
    assert result["errorType"] == "Function.ResponseSizeTooLarge"


@pytest.mark.parametrize("handler, source, kind, text", [
    ("index", "x = 1", "Runtime.MalformedHandlerName",
     "Bad handler 'index': not enough values to unpack (expected 2, got 1)"),
    ("absent.handler", "x = 1", "Runtime.ImportModuleError", "Unable to import module 'absent': "),
    ("index.absent", "x = 1", "Runtime.HandlerNotFound",
     "Handler 'absent' missing on module 'index'"),
    ("index.handler", "def handler(:\n", "Runtime.UserCodeSyntaxError", ""),
    ("index.handler", "raise KeyError('at import')", None, "")])
def test_a_function_that_cannot_start(lam, fname, handler, source, kind, text):
    make_function(lam, fname, source, permission=False, Handler=handler)
    answer, result = invoke(lam, fname, {})
    assert answer["FunctionError"] == "Unhandled"
    assert kind is None or result["errorType"] == kind
    assert result["errorMessage"].startswith(text)


def test_what_a_function_is_told_about_itself(lam, plain):
    _, told = invoke(lam, plain, {"context": 1})
    assert UUID.fullmatch(told["id"])
    assert told["name"] == "plain" and told["arn"] == arn_of("plain")
    assert (told["memory"], told["version"]) == ("128", "$LATEST") or told["memory"] == 128
    assert 0 < told["left"] <= 60000


def test_the_environment_is_the_documented_one_and_nothing_of_the_servers(lam, plain):
    _, env = invoke(lam, plain, {"env": [
        "COLOUR", "EMPTY", "_HANDLER", "AWS_LAMBDA_FUNCTION_NAME", "AWS_REGION", "TZ",
        "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_EXECUTION_ENV",
        "AWS_DEFAULT_REGION"]})
    assert env == {"COLOUR": "red", "EMPTY": "", "_HANDLER": "index.handler",
                   "AWS_LAMBDA_FUNCTION_NAME": "plain", "AWS_REGION": "us-east-1", "TZ": ":UTC",
                   "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                   "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
                   "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11", "AWS_DEFAULT_REGION": "us-east-1"}
    _, names = invoke(lam, plain, {"environ": 1})
    assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} <= set(names)
    assert not {"USER", "SSH_AUTH_SOCK", "PYTEST_CURRENT_TEST", "PAWL_BUILD"} & set(names)


def test_a_function_cannot_read_the_servers_files(server, lam, plain):
    assert (server.data).is_dir()
    victims = [os.path.join(folder, f) for folder, _, files in os.walk(server.data) for f in files]
    assert victims
    for path in victims[:5] + ["/etc/shadow"]:
        answer, result = invoke(lam, plain, {"read": str(path)})
        assert answer.get("FunctionError") == "Unhandled", path
        assert result["errorType"] in ("PermissionError", "FileNotFoundError")


def test_a_warm_sandbox_is_used_again(lam, plain):
    pids = {invoke(lam, plain, {"pid": 1})[1][0] for _ in range(4)}
    assert len(pids) == 1


def test_the_log_tail(lam, plain):
    answer, _ = invoke(lam, plain, {"print": "a line of its own"}, LogType="Tail")
    log = base64.b64decode(answer["LogResult"]).decode()
    assert re.search(r"^START RequestId: [0-9a-f-]{36} Version: \$LATEST", log, re.M)
    assert "a line of its own\n" in log
    assert re.search(r"^END RequestId: ", log, re.M)
    assert re.search(r"^REPORT RequestId: [0-9a-f-]{36}\tDuration: [\d.]+ ms\t"
                     r"Billed Duration: \d+ ms\tMemory Size: 128 MB\t", log, re.M)
    assert "LogResult" not in invoke(lam, plain, {"a": 1})[0]


def test_a_node_function(lam, fname):
    package = zipped("exports.handler = async (event) => ({ node: event.x + 1 });\n", "index.js")
    make_function(lam, fname, b"", permission=False, Runtime="nodejs20.x",
                  Code={"ZipFile": package})
    answer, result = invoke(lam, fname, {"x": 1})
    assert result == {"node": 2} and "FunctionError" not in answer


def test_a_bootstrap_of_its_own(lam, fname):
    """runtime provided: any executable that speaks the Runtime API; here a shell script."""
    script = """#!/bin/sh
while :; do
    head=$(mktemp)
    event=$(curl -sS -D "$head" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next")
    id=$(grep -i '^Lambda-Runtime-Aws-Request-Id:' "$head" | tr -d '\\r' | cut -d' ' -f2)
    curl -sS -X POST -d "{\\"echo\\":$event}" \\
        "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response" >/dev/null
done
"""
    make_function(lam, fname, b"", permission=False, Runtime="provided.al2023", Handler="any",
                  Code={"ZipFile": zipped(script, "bootstrap")})
    answer, result = invoke(lam, fname, {"x": [1, 2]})
    assert result == {"echo": {"x": [1, 2]}} and "FunctionError" not in answer


# ---- the rest that stock tools ask for

def test_what_terraform_reads_after_every_create(lam, function):
    assert lam.get_function_code_signing_config(FunctionName=function)["ResponseMetadata"][
        "HTTPStatusCode"] == 200
    versions = lam.list_versions_by_function(FunctionName=function)["Versions"]
    assert [v["Version"] for v in versions] == ["$LATEST"]
    assert lam.list_tags(Resource=arn_of(function))["Tags"] == {}


def test_tags(lam, fname):
    create(lam, fname, Tags={"a": "1"})
    lam.tag_resource(Resource=arn_of(fname), Tags={"b": "2"})
    lam.untag_resource(Resource=arn_of(fname), TagKeys=["a"])
    assert lam.list_tags(Resource=arn_of(fname))["Tags"] == {"b": "2"}
    assert lam.get_function(FunctionName=fname)["Tags"] == {"b": "2"}


def test_an_unsigned_request_is_refused(server):
    url = server.url + "/2015-03-31/functions"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url, timeout=20)
    assert caught.value.code == 403
    assert caught.value.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"
