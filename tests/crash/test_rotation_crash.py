# SPDX-License-Identifier: Apache-2.0
"""Rotations of a real PostgreSQL user survive kill -9 of pawld at every place and at any moment.

What must hold, always: the database takes AWSCURRENT or the pending value, both of which are in the
store; after a restart the same token is carried to its end, once; then the new password logs in and
the old one does not. PAWL_SOAK_KILLS=N for more kills than the default, PAWL_SEED=N to repeat a run.
"""
import itertools
import json
import os
import random
import signal
import time
import uuid

import botocore.exceptions
import pg
import pytest

from daemon import ROTATOR, is_alive, seed
from server import until

KILLS = int(os.environ.get("PAWL_SOAK_KILLS") or 10)
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
PLACES = ["queued"] + ["%s.%s" % p for p in itertools.product(
    STEPS, ("invoked", "called", "returned", "recorded"))]
_numbers = itertools.count(1)


class Account:
    """A database user, and the secret that holds its password."""

    def __init__(self, postgres, daemon):
        self.postgres, self.daemon = postgres, daemon
        self.user = "app%d" % next(_numbers)
        self.first = "first-" + uuid.uuid4().hex
        postgres.query("CREATE ROLE %s LOGIN PASSWORD '%s'" % (self.user, self.first))
        self.name = "db/" + self.user
        value = {"engine": "postgres", "host": postgres.host, "port": postgres.port,
                 "username": self.user, "password": self.first, "dbname": "postgres"}
        made = self.sm.create_secret(Name=self.name, SecretString=json.dumps(value))
        self.arn, self.current = made["ARN"], made["VersionId"]

    @property
    def sm(self):
        return self.daemon.boto3("secretsmanager")

    def logs_in(self, password):
        try:
            self.postgres.connect(self.user, password).close()
            return True
        except pg.Error as e:
            assert "password authentication failed" in str(e)
            return False

    def rotate(self):
        """The token that is rotated in; the daemon may be dead before it could say so."""
        token = str(uuid.uuid4())
        try:
            self.sm.rotate_secret(SecretId=self.name, ClientRequestToken=token,
                                  RotationLambdaARN=ROTATOR)
        except (botocore.exceptions.ConnectionClosedError, botocore.exceptions.ReadTimeoutError,
                botocore.exceptions.EndpointConnectionError):
            pass
        return token

    def labels(self):
        return self.sm.describe_secret(SecretId=self.name)["VersionIdsToStages"]

    def password(self, **which):
        """None while there is no value."""
        try:
            got = self.sm.get_secret_value(SecretId=self.name, **which)
        except self.sm.exceptions.ResourceNotFoundException:
            return None
        return json.loads(got["SecretString"])["password"]

    def story(self):
        return self.daemon.pawl("rotation", "show", self.name, "--runs", "2", "--logs")

    def was_accepted(self, token):
        return token in self.labels()

    def settle(self, token, seconds=20):
        """Waits for the run's end; a wait of its own is cut short by turning the clock."""
        deadline = time.monotonic() + seconds
        turned = 0
        while True:
            run = self.daemon.last_run(self.name)
            assert run["VersionId"] == token
            if run["State"] == "SUCCEEDED":
                return run, turned
            if run["State"] not in ("QUEUED", "STEPPING", "RETRY_WAIT"):
                pytest.fail(self.story())
            if time.monotonic() > deadline:
                pytest.fail("not within %d s:\n%s" % (seconds, self.story()))
            if run["State"] == "RETRY_WAIT":
                self.daemon.advance_clock("10m")
                turned += 1
            else:
                time.sleep(0.01)


def check_ended_well(account, token, old, before):
    """After any number of crashes: T is current, it alone logs in, and there was one success."""
    labels = account.labels()
    assert labels[token] == ["AWSCURRENT", "AWSPENDING"] and labels[before] == ["AWSPREVIOUS"]
    new = account.password()
    assert new == account.password(VersionId=token) and new != old
    assert account.password(VersionStage="AWSPREVIOUS") == old
    assert account.logs_in(new) and not account.logs_in(old)
    events = account.daemon.events(account.arn, token)
    assert events.count("RotationSucceeded") == 1, events
    assert events.count("RotationStarted") == 1, events
    return new


def check_reachable(account, token, old):
    """Some stored value logs in, whatever had happened when the lights went out."""
    candidates = [account.password(), account.password(VersionId=token), old]
    assert any(account.logs_in(p) for p in candidates if p is not None)


def crashed_step(place):
    """The step that the log must call crashed: INVOKED was on disk, its result was not."""
    step, _, where = place.partition(".")
    if step == "queued":
        return None
    if where != "recorded":
        return step
    at = STEPS.index(step) + 1          # the commit of a result invokes the next step
    return STEPS[at] if at < len(STEPS) else None


@pytest.mark.parametrize("place", PLACES)
def test_a_rotation_survives_death_at(place, postgres, pawld):
    daemon = pawld()
    account = Account(postgres, daemon)
    daemon.kill()
    daemon.restart("--dev-crash-at", place)
    token = account.rotate()
    daemon.wait_killed()
    old_works = account.logs_in(account.first)

    daemon.restart()
    if not old_works:           # the target moved on: what it took must have been stored before
        pending = account.password(VersionId=token)
        assert pending is not None and account.logs_in(pending)
    assert account.was_accepted(token)
    run, turned = account.settle(token)
    assert turned == 0, "a crash is tried again at once, not after a wait"
    check_ended_well(account, token, account.first, account.current)
    assert run["Attempt"] == 1, "a crash of pawld is no attempt of the function's"
    crashed = [s["Step"] for s in run["Steps"] if s["Outcome"] == "crashed"]
    assert crashed == [s for s in [crashed_step(place)] if s]
    assert {s["Outcome"] for s in run["Steps"]} <= {"ok", "crashed"}
    shown = daemon.pawl("rotation", "show", account.name)
    assert "SUCCEEDED" in shown and token in shown and ("crashed" in shown) == bool(crashed)
    daemon.verify_audit()


def test_two_deaths_in_one_rotation(postgres, pawld):
    """The recovery itself dies, at the latest possible moment of each step."""
    daemon = pawld()
    account = Account(postgres, daemon)
    token = None
    for place in ("createSecret.recorded", "setSecret.returned", "testSecret.returned",
                  "finishSecret.invoked"):
        daemon.kill()
        daemon.restart("--dev-crash-at", place)
        token = token or account.rotate()
        daemon.wait_killed()
        daemon.restart_into_death("--dev-crash-at", "queued")
    daemon.restart()
    account.settle(token)
    check_ended_well(account, token, account.first, account.current)
    daemon.verify_audit()


def test_kill_9_at_any_moment(postgres, pawld, figures):
    chance = random.Random(seed_used := seed())
    daemon = pawld()
    account = Account(postgres, daemon)
    old, before = account.first, account.current
    killed, rotated, crashed, kills_of_restarts, slowest = 0, 0, 0, 0, 0.0
    started = time.monotonic()
    token = account.rotate()
    account.settle(token)
    usual = time.monotonic() - started
    old, before = check_ended_well(account, token, old, before), token
    figures("%d kills, seed %d, a rotation takes %.2f s" % (KILLS, seed_used, usual))
    while killed < KILLS:
        token = account.rotate()
        time.sleep(chance.uniform(0, usual))
        daemon.kill()
        killed += 1
        while chance.random() < 0.3:                    # and once more while it gets up
            daemon.restart()
            time.sleep(chance.uniform(0, 0.1))
            daemon.kill()
            kills_of_restarts += 1
        started = time.monotonic()
        daemon.restart()
        check_reachable(account, token, old)
        assert account.was_accepted(token), "it was answered before the kill"
        run, _ = account.settle(token)
        slowest = max(slowest, time.monotonic() - started)
        crashed += any(s["Outcome"] == "crashed" for s in run["Steps"])
        old, before = check_ended_well(account, token, old, before), token
        rotated += 1
    assert daemon.verify_audit() > rotated
    figures("%d rotations completed after %d + %d kills, %d with a step cut off, %d half-written "
            "audit records cut off; from start to completed %.2f s at most" % (
                rotated, killed, kills_of_restarts, crashed, daemon.gaps(), slowest))


def test_nothing_that_pawld_started_outlives_it(postgres, pawld):
    """A function left over would go on with its credentials beside the next attempt."""
    daemon = pawld()
    account = Account(postgres, daemon)
    token = account.rotate()
    account.settle(token)
    family = daemon.family()
    assert len(family) >= 3, "the keeper, the runner and a warm function"
    daemon.kill()
    until("all of it is gone", lambda: not any(map(is_alive, family)), 5)
    daemon.restart()


def test_a_restart_does_not_wait_for_the_old_runner_to_end(postgres, pawld):
    """Nobody promises that the old runner has cleaned up before a new pawld is started."""
    daemon = pawld()
    account = Account(postgres, daemon)
    account.settle(account.rotate())
    old = daemon.runner()
    os.kill(old, signal.SIGSTOP)
    daemon.process.kill()
    daemon.process.wait()
    daemon.restart()
    os.kill(old, signal.SIGCONT)
    until("the old runner is gone", lambda: old not in daemon.left_over())
    account.settle(account.rotate())


def begin(account, moment):
    """Nothing, or a rotation with a step under way; its token."""
    if moment == "idle":
        return None
    token = account.rotate()
    until("a step is under way",
          lambda: account.daemon.last_run(account.name)["State"] == "STEPPING")
    return token


@pytest.mark.parametrize("moment", ["idle", "rotating"])
def test_the_runner_dies(moment, postgres, pawld):
    """pawld goes on with another runner; the function is not blamed."""
    daemon = pawld()
    account = Account(postgres, daemon)
    token = begin(account, moment)
    os.kill(daemon.runner(), signal.SIGKILL)
    token = token or account.rotate()
    check_reachable(account, token, account.first)
    run, _ = account.settle(token)
    check_ended_well(account, token, account.first, account.current)
    assert run["Attempt"] == 1 and daemon.process.poll() is None
    daemon.verify_audit()


@pytest.mark.parametrize("moment", ["idle", "rotating"])
def test_the_keeper_of_runners_dies(moment, postgres, pawld):
    """pawld cannot go on alone and ends with an error, so that a supervisor starts all anew."""
    daemon = pawld()
    account = Account(postgres, daemon)
    token = begin(account, moment)
    os.kill(daemon.keeper(), signal.SIGKILL)
    assert daemon.process.wait(20) == 1
    assert "the keeper of function runners ended" in daemon.log_tail()
    until("the runner ends too", lambda: not daemon.left_over(), 5)
    daemon.restart()
    token = token or account.rotate()
    check_reachable(account, token, account.first)
    account.settle(token)
    check_ended_well(account, token, account.first, account.current)
    daemon.verify_audit()


@pytest.mark.parametrize("step", STEPS)
def test_a_function_dies(step, postgres, pawld):
    """Not pawld's own end: a failed attempt, told with its step, and the next one succeeds."""
    daemon = pawld()
    account = Account(postgres, daemon)
    token = account.rotate()
    until(step, lambda: any(s["Step"] == step for s in daemon.last_run(account.name)["Steps"]))
    spared = daemon.keeper(), daemon.runner()
    for pid, _ in daemon.family():
        if pid not in spared:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    run, _ = account.settle(token)
    failed = [s for s in run["Steps"] if s["Outcome"] != "ok"]
    assert all(s["Outcome"] == "function_error" and s["ErrorMessage"] for s in failed), failed
    finished = run["Steps"][-1]["Outcome"] != "ok"      # died after it had moved AWSCURRENT
    assert run["Attempt"] == 1 + len(failed) - finished
    check_ended_well(account, token, account.first, account.current)
