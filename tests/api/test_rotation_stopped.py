# SPDX-License-Identifier: Apache-2.0
"""Reserved concurrency 0 is how an owner stops a function: rotations wait, uncounted."""
import json

from rotating import function_source, make_function
from server import Server, until


def last_run(server, name):
    return json.loads(server.pawl("--json", "rotation", "show", name))["Runs"][0]


def test_rotations_wait_while_their_function_is_stopped():
    server = Server()
    try:
        lam, sm = server.boto3("lambda"), server.boto3("secretsmanager")
        arn = make_function(lam, "rotate", function_source("generic"))
        lam.put_function_concurrency(FunctionName="rotate", ReservedConcurrentExecutions=0)
        sm.create_secret(Name="s", SecretString="first")
        token = sm.rotate_secret(SecretId="s", RotationLambdaARN=arn)["VersionId"]
        until("it waits", lambda: last_run(server, "s")["State"] == "RETRY_WAIT")
        run = last_run(server, "s")
        assert run["Steps"][-1]["Outcome"] == "throttled" and run["Attempt"] <= 1
        assert sm.get_secret_value(SecretId="s")["SecretString"] == "first"
        lam.delete_function_concurrency(FunctionName="rotate")
        server.advance_clock("1m")
        until("it ends", lambda: last_run(server, "s")["State"] == "SUCCEEDED")
        assert sm.get_secret_value(SecretId="s")["VersionId"] == token
    finally:
        server.stop()
