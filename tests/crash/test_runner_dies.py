# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the function runner: pawld goes on, a new runner comes, every rotation ends.

A call the runner had when it died ends as unavailable, which is retried after 5 s and is not
counted (INVOKE_TRANSIENT); the clock is turned so that nobody waits for that.
PAWL_SEED=N to repeat a run.
"""
import json
import os
import random
import signal
import time

import pytest

from daemon import seed
from rotating import function_source, make_function
from server import ACCOUNT, REGION, until

GENERIC = "arn:aws:lambda:%s:%s:function:pawl-rotate-generic-single" % (REGION, ACCOUNT)
KILLS = 10


def status(daemon):
    return json.loads(daemon.pawl("--json", "status"))


def kill_runner(daemon):
    """Kills the runner there is; returns when the next one is there."""
    before = status(daemon)
    os.kill(until("a runner", lambda: status(daemon)["RunnerPid"]), signal.SIGKILL)
    until("another runner", lambda: status(daemon)["RunnerRestarts"] > before["RunnerRestarts"]
          and status(daemon)["Runner"] == "running")


def settle(daemon, name, token, seconds=30):
    """Waits for the run's end, turning the clock when it waits to try again."""
    deadline = time.monotonic() + seconds
    while True:
        run = daemon.last_run(name)
        assert run["VersionId"] == token
        if run["State"] == "SUCCEEDED":
            return run
        if run["State"] not in ("QUEUED", "STEPPING", "RETRY_WAIT") \
                or time.monotonic() > deadline:
            pytest.fail(daemon.pawl("rotation", "show", name, "--runs", "2", "--logs"))
        if run["State"] == "RETRY_WAIT":
            daemon.advance_clock("1m")
        else:
            time.sleep(0.01)


@pytest.mark.parametrize("kind", ["generic", "python"])
def test_rotations_end_whenever_the_runner_is_killed(kind, pawld, figures):
    chance = random.Random(seed_used := seed())
    daemon = pawld()
    sm = daemon.boto3("secretsmanager")
    arn = GENERIC
    if kind == "python":
        arn = make_function(daemon.boto3("lambda"), "rotate", function_source("generic"))
    sm.create_secret(Name="s", SecretString=json.dumps({"password": "first"}))
    started = time.monotonic()
    token = sm.rotate_secret(SecretId="s", RotationLambdaARN=arn)["VersionId"]
    settle(daemon, "s", token)
    usual = time.monotonic() - started
    cut_off = 0
    for _ in range(KILLS):
        token = sm.rotate_secret(SecretId="s")["VersionId"]
        time.sleep(chance.uniform(0, usual))
        kill_runner(daemon)
        run = settle(daemon, "s", token)
        cut_off += any(s["Outcome"] != "ok" for s in run["Steps"])
        assert run["Attempt"] == 1, "a death of the runner is no attempt of the function's"
        assert "AWSCURRENT" in sm.describe_secret(SecretId="s")["VersionIdsToStages"][token]
    assert status(daemon)["RunnerRestarts"] == KILLS
    assert daemon.process.poll() is None
    daemon.verify_audit()
    figures("%d kills, seed %d, a rotation takes %.2f s, %d with a step cut off"
            % (KILLS, seed_used, usual, cut_off))
