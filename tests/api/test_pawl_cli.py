# SPDX-License-Identifier: Apache-2.0
"""The command line: every command, what it prints for people and programs, and what it refuses.

Repairs are those of spec/rotation.md 2.6; rotation history is 3.2 and 9.1.
"""
import http.client
import json
import os
import re
import shlex
import shutil
import socket
import stat
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest
from rotating import arn_of, puppet_on
from server import ACCOUNT, BUILD, KEY_ID, SECRET_KEY, free_port, until
from wire import token

OK, FAILED, USAGE = 0, 1, 2
DAY = 86400


def run(*words, data=None, env=None, cwd=None):
    """`pawl`, with nothing of the caller's environment that would point it elsewhere."""
    clean = {k: v for k, v in os.environ.items() if k not in ("PAWL_DATA", "STATE_DIRECTORY")}
    clean.update(env or {})
    where = [] if data is None else ["--data", str(data)]
    return subprocess.run([str(BUILD / "pawl"), *where, *map(str, words)], env=clean, cwd=cwd,
                          capture_output=True, text=True, timeout=120)


def refused(status, text, *words, **how):
    done = run(*words, **how)
    assert (done.returncode, done.stdout) == (status, ""), done
    assert done.stderr.startswith("pawl: ") and text in done.stderr, done.stderr


def audited(server, name):
    """The records of one event, as the audit file has them."""
    records = map(json.loads, (server.data / "audit" / "audit.log").read_text().splitlines())
    return [r for r in records if r["eventName"] == name]


def answered(server, *words):
    """The command's answer to --json."""
    return json.loads(server.pawl("--json", *words))


def builtin(region="us-east-1"):
    return arn_of("pawl-rotate-generic-single", region)


def show(server, secret, *more):
    return answered(server, "rotation", "show", secret, *more)


class Rotating:
    """A secret whose function does what the test says, on a server whose clock it may turn."""

    def __init__(self, server, strings, name):
        self.server, self.strings = server, strings
        self.api = server.api()
        self.function = puppet_on(server, strings)
        self.name = name
        made = self.api.create(name)
        self.arn, self.first = made["ARN"], made["VersionId"]

    def begin(self, **members):
        """RotateSecret; returns the new version's id."""
        members.setdefault("RotationLambdaARN", self.function)
        members.setdefault("ClientRequestToken", token())
        return self.api.ok("RotateSecret", SecretId=self.arn, **members)["VersionId"]

    def step(self, name=None):
        return self.strings.next(self.arn, name)

    def fail(self, name="createSecret", text="told to fail"):
        self.step(name).fail(text)

    def state(self):
        runs = show(self.server, self.name)["Runs"]
        return runs[0]["State"] if runs else None

    def await_state(self, state):
        until("the run is " + state, lambda: self.state() == state)

    def play_pending(self):
        """The four steps of another try, whose value is there already."""
        step = None
        for name in ("createSecret", "setSecret", "testSecret"):
            step = self.step(name)
            step.done()
        step = self.step("finishSecret")
        step.promote()
        step.done()
        self.await_state("SUCCEEDED")
        return step.token

    def labels(self):
        """Label -> version id."""
        return {label: version for version, labels in self.api.labels(self.arn).items()
                for label in labels}

    def half_done(self):
        """A run that has stored its value, and failed in setSecret."""
        version = self.begin()
        step = self.step("createSecret")
        step.put("new")
        step.done()
        self.fail("setSecret")
        self.await_state("RETRY_WAIT")
        return version


@pytest.fixture
def rotating(travel, strings, name):
    return Rotating(travel, strings, name)


@pytest.fixture(scope="module")
def production():
    """A server without --dev, on a folder that `pawl init` made."""
    folder = Path(tempfile.mkdtemp(prefix="pawl-cli-"))
    data = folder / "data"
    made = run("init", data=data)
    assert made.returncode == OK, made.stderr
    log = open(folder / "log", "wb")
    port = free_port()
    process = subprocess.Popen([BUILD / "pawld", "--listen", "127.0.0.1:%d" % port, "--data", data],
                               stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    until("pawld answers", lambda: run("status", data=data).returncode == OK)
    yield data
    process.terminate()
    assert process.wait(40) == 0, (folder / "log").read_text()
    shutil.rmtree(folder)


# ---- the frame: help, usage, which daemon

def test_help_names_every_command_and_each_explains_itself():
    overview = run("help")
    assert overview.returncode == OK
    commands = re.findall(r"^  (\w+)  +\S", overview.stdout, re.M)
    assert commands == ["init", "status", "rotation", "schedule", "audit", "clock", "dev",
                        "version", "help"]
    for command in commands:
        told = run("help", command)
        assert told.returncode == OK and told.stdout.startswith("usage: pawl " + command), told
        assert run(command, "--help").stdout == told.stdout
    assert run("--help").stdout == overview.stdout


def test_version_is_the_one_of_the_source():
    version = (Path(__file__).parents[2] / "VERSION").read_text().strip()
    assert run("version").stdout == "pawl %s\n" % version
    assert json.loads(run("version", "--json").stdout) == {"Version": version}


def test_without_a_command_the_overview_goes_to_stderr():
    done = run()
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert done.stderr.startswith("usage: pawl ")


@pytest.mark.parametrize("words, text", [
    (["frobnicate"], "there is no command 'frobnicate'; see 'pawl help'"),
    (["help", "frobnicate"], "there is no command 'frobnicate'"),
    (["--frobnicate"], "there is no option --frobnicate"),
    (["--data"], "--data needs a value"),
    (["status", "--frobnicate"], "there is no option --frobnicate here; see 'pawl help status'"),
    (["status", "extra"], "status takes no 'extra'"),
    (["version", "extra"], "version takes no 'extra'"),
    (["init", "extra"], "init takes no 'extra'"),
    (["rotation"], "list, show or repair?"),
    (["rotation", "frobnicate"], "there is no 'rotation frobnicate'"),
    (["rotation", "list", "extra"], "list takes no 'extra'"),
    (["rotation", "show"], "show which secret?"),
    (["rotation", "show", "a", "b"], "show which secret?"),
    (["rotation", "show", "a", "--runs", "201"], "--runs must be a whole number from 0 to 200"),
    (["rotation", "show", "a", "--runs", "x"], "--runs must be a whole number from 0 to 200"),
    (["rotation", "retry"], "retry which secret?"),
    (["rotation", "promote", "a", "b"], "promote which secret?"),
    (["clock", "turn"], "want show, set TIME or advance SPAN"),
    (["clock", "set"], "want show, set TIME or advance SPAN"),
    (["clock", "set", "tomorrow"], "'tomorrow' is no time"),
    (["clock", "set", "1969-12-31T23:59:59Z"], "is before 1970"),
    (["clock", "advance", "3 days"], "'3 days' is no duration"),
    (["clock", "advance", "12h1d"], "'12h1d' is no duration"),
    (["clock", "advance", "0s"], "'0s' is no duration"),
    (["dev"], "want reset"),
    (["dev", "drop"], "want reset"),
    (["audit"], "want verify"),
    (["schedule"], "want explain"),
    (["schedule", "explain"], "Give an expression or --days"),
    (["schedule", "explain", "rate(10", "days)"], "put it in quotes"),
    (["schedule", "explain", "--days", "-1"], "--days must be a whole number"),
    (["schedule", "explain", "rate(10 days)", "--count", "0"], "--count must be a whole number"),
    (["schedule", "explain", "rate(10 days)", "--from", "soon"], "'soon' is no time"),
])
def test_words_that_make_no_sense_are_refused_before_anything_happens(words, text, tmp_path):
    refused(USAGE, text, *words, data=None if words[0].startswith("--") else tmp_path)


def test_the_folder_is_the_option_before_the_variables(server):
    elsewhere = {"PAWL_DATA": "/nowhere", "STATE_DIRECTORY": "/nowhere"}
    assert run("status", data=server.data, env=elsewhere).returncode == OK
    assert run("status", env={"PAWL_DATA": str(server.data),
                              "STATE_DIRECTORY": "/nowhere"}).returncode == OK
    assert run("status", env={"STATE_DIRECTORY": str(server.data)}).returncode == OK
    assert run("--socket", server.data / "pawl.sock", "status").returncode == OK
    assert run("status", "--socket", server.data / "pawl.sock").returncode == OK
    refused(FAILED, "/home-of-nobody/.local/share/pawl/pawl.sock", "status",
            env={"HOME": "/home-of-nobody"})


def test_a_folder_without_a_daemon_is_told_apart_from_a_dead_one(tmp_path):
    refused(FAILED, "No such file or directory; is pawld running on this folder?", "status",
            data=tmp_path)
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(tmp_path / "pawl.sock"))
    refused(FAILED, "nobody answers", "status", data=tmp_path)
    refused(FAILED, "too long a path", "status", data=tmp_path / ("x" * 120))


# ---- init

def test_init_makes_a_folder_once(tmp_path):
    made = run("init", "--account", "210987654321", data=tmp_path / "new")
    assert made.returncode == OK, made.stderr
    key = json.loads(made.stdout)
    assert key["Account"] == "210987654321"
    assert re.fullmatch("AKIA[A-Z2-7]{16}", key["AccessKeyId"])
    assert len(key["SecretAccessKey"]) == 40
    assert stat.S_IMODE((tmp_path / "new" / "root.key").stat().st_mode) & 0o077 == 0
    again = run("init", data=tmp_path / "new")
    assert (again.returncode, again.stdout) == (FAILED, "")
    assert "is initialised already" in again.stderr


def test_init_puts_the_root_key_where_it_is_told(tmp_path):
    done = run("init", "--key-file", tmp_path / "elsewhere.key", "--engine", "lmdb",
               data=tmp_path / "data")
    assert done.returncode == OK, done.stderr
    assert (tmp_path / "elsewhere.key").exists()
    assert not (tmp_path / "data" / "root.key").exists()


def test_init_hands_on_what_pawld_refuses(tmp_path):
    done = run("init", "--account", "12", data=tmp_path)
    assert done.returncode != OK and "twelve digits" in done.stderr
    done = run("init", "--engine", "paper", data=tmp_path)
    assert done.returncode != OK and "paper" in done.stderr


# ---- status

def test_status_says_what_the_daemon_is_and_how_it_is(server):
    v = answered(server, "status")
    assert v["Account"] == ACCOUNT
    assert v["Endpoint"] == server.url
    assert v["Dev"] is True
    assert v["Pid"] == server.process.pid
    assert v["Runner"] == "running" and v["Audit"] == "ok"
    assert isinstance(v["MemoryLocked"], bool)
    assert v["UptimeMs"] >= 0 and v["Rotations"]["Active"] >= 0
    text = server.pawl("status")
    assert re.search(r"^pawld +%s \(dev\), pid %d, up " % (re.escape(v["Version"]), v["Pid"]), text)
    assert re.search(r"^endpoint +%s$" % re.escape(server.url), text, re.M)


def test_status_of_a_dev_server_shows_a_turned_clock(travel):
    assert "clock" not in travel.pawl("status")
    travel.set_clock("2031-01-01")
    assert re.search(r"^clock +2031-01-01T00:00:0\dZ, \d+ d \d+ h ahead of the system's$",
                     travel.pawl("status"), re.M)


def test_status_names_the_next_rotation(rotating):
    assert "NextDue" not in answered(rotating.server, "status")["Rotations"]
    rotating.begin(RotateImmediately=True, RotationRules={"AutomaticallyAfterDays": 10})
    rotating.strings.play(rotating.arn, "new")
    rotating.await_state("SUCCEEDED")
    until("nothing is under way",
          lambda: answered(rotating.server, "status")["Rotations"]["Active"] == 0)
    v = answered(rotating.server, "status")
    assert 9 * DAY < v["Rotations"]["NextDue"] - v["Now"] < 12 * DAY


# ---- schedule

def test_schedule_explain_shows_windows_and_the_largest_gap():
    done = run("schedule", "explain", "cron(0 16 1,15 * ? *)", "--duration", "2h", "--count", "3",
               "--from", "2025-02-15T17:00:00Z")
    assert done.stdout == (
        "Sat 2025-03-01T16:00:00Z - 2025-03-01T18:00:00Z  NextRotationDate 2025-03-01T17:59:59Z\n"
        "Sat 2025-03-15T16:00:00Z - 2025-03-15T18:00:00Z  NextRotationDate 2025-03-15T17:59:59Z\n"
        "Tue 2025-04-01T16:00:00Z - 2025-04-01T18:00:00Z  NextRotationDate 2025-04-01T17:59:59Z\n"
        "largest gap between starts in the next 4 years: 17 days\n")


def test_schedule_explain_takes_days_and_has_five_windows_unless_told():
    done = run("schedule", "explain", "--days", "30", "--from", "2026-01-22T06:42:22Z")
    lines = done.stdout.splitlines()
    assert len(lines) == 6
    assert lines[0].startswith("Sat 2026-02-21T00:00:00Z - 2026-02-22T00:00:00Z")


def test_schedule_explain_for_programs():
    done = run("--json", "schedule", "explain", "rate(4 hours)", "--duration", "1h", "--count", "2",
               "--from", "2026-01-01T00:00:00Z")
    windows = json.loads(done.stdout)["Windows"]
    assert len(windows) == 2
    assert windows[1]["Start"] - windows[0]["Start"] == 4 * 3600
    assert all(w["NextRotationDate"] == w["End"] - 1 == w["Start"] + 3599 for w in windows)


@pytest.mark.parametrize("words, aws, ours", [
    (["cron(0 25 * * ? *)"], "Invalid schedule expression.", "hours, character 8"),
    (["rate(3 hours)"], "Rate in hour should be least 4 and less than 24.", ""),
    (["rate(10 days)", "--days", "10"], "You cannot specify both", ""),
    (["rate(10 days)", "--duration", "25h"], "Duration must be at least 1 hour", ""),
    (["--days", "1001"], "Member must have value less than or equal to 1000", ""),
    ([""], "Member must have length greater than or equal to 1", ""),
])
def test_schedule_explain_refuses_what_secrets_manager_refuses(words, aws, ours):
    refused(FAILED, aws, "schedule", "explain", *words)
    refused(FAILED, ours, "--json", "schedule", "explain", *words)


# ---- rotation list and show

def test_rotation_list_is_empty_without_rotation(travel):
    assert travel.pawl("rotation", "list") == "no secret has rotation\n"
    assert answered(travel, "rotation", "list") == {"Rotations": []}
    travel.api().create("plain")
    assert answered(travel, "rotation", "list") == {"Rotations": []}


def test_rotation_list_shows_schedule_dates_and_the_last_run(rotating):
    rotating.begin(RotationRules={"ScheduleExpression": "rate(10 days)", "Duration": "2h"})
    rotating.strings.play(rotating.arn, "new")
    rotating.await_state("SUCCEEDED")
    row, = answered(rotating.server, "rotation", "list")["Rotations"]
    described = rotating.api.describe(rotating.arn)
    assert (row["Name"], row["ARN"], row["Region"]) == (rotating.name, rotating.arn, "us-east-1")
    assert row["RotationEnabled"] is True
    assert row["RotationRules"] == {"Duration": "2h", "ScheduleExpression": "rate(10 days)"}
    assert row["LastRotatedDate"] == pytest.approx(described["LastRotatedDate"])
    assert row["NextRotationDate"] == pytest.approx(described["NextRotationDate"])
    assert row["LastRun"]["State"] == "SUCCEEDED"
    head, line = rotating.server.pawl("rotation", "list").splitlines()
    assert head.split("  ")[0] == "NAME"
    assert re.split("  +", line)[:4] == [rotating.name, "us-east-1", "on", "rate(10 days), 2h"]
    assert line.endswith("SUCCEEDED")


def test_rotation_list_shows_the_last_error_on_one_short_line(rotating):
    rotating.begin()
    rotating.fail(text="bad\x1b[31m\nnews " + "x" * 300)
    rotating.await_state("RETRY_WAIT")
    head, line = rotating.server.pawl("rotation", "list").splitlines()
    assert "RETRY_WAIT" in line and "createSecret: " in line and line.endswith("...")
    assert "\x1b" not in line and len(line) < 300


def test_rotation_list_crosses_regions_and_accounts_are_apart(rotating, name):
    rotating.begin(RotateImmediately=False)
    rotating.strings.next(rotating.arn, "testSecret").done()
    far = rotating.api.at("eu-west-1")
    made = far.create(name + "-far")
    far.ok("RotateSecret", SecretId=made["ARN"], ClientRequestToken=token(),
           RotateImmediately=False, RotationLambdaARN=builtin("eu-west-1"))
    server = rotating.server
    names = [(r["Region"], r["Name"]) for r in answered(server, "rotation", "list")["Rotations"]]
    assert names == [("eu-west-1", name + "-far"), ("us-east-1", name)]
    only = answered(server, "rotation", "list", "--region", "us-east-1")["Rotations"]
    assert [r["Name"] for r in only] == [name]
    assert answered(server, "--account", "999999999999", "rotation", "list") == {"Rotations": []}


def test_rotation_list_comes_in_pages_and_misses_none(travel):
    api = travel.api()
    for i in range(1005):
        api.create("page/%04d" % i)
    for i in (0, 999, 1000, 1004):
        api.ok("RotateSecret", SecretId="page/%04d" % i, ClientRequestToken=token(),
               RotationLambdaARN=builtin(), RotateImmediately=False,
               RotationRules={"AutomaticallyAfterDays": 10})
    rows = answered(travel, "rotation", "list")["Rotations"]
    assert [r["Name"] for r in rows] == ["page/0000", "page/0999", "page/1000", "page/1004"]


def test_rotation_show_tells_every_step_of_a_success(rotating):
    version = rotating.begin(RotationRules={"AutomaticallyAfterDays": 7})
    rotating.strings.play(rotating.arn, "new")
    rotating.await_state("SUCCEEDED")
    v = show(rotating.server, rotating.arn)
    assert v["Name"] == rotating.name and v["RotationLambdaARN"] == rotating.function
    assert v["Window"]["Start"] <= v["Window"]["PlannedStart"] < v["Window"]["End"]
    assert v["NextRotationDate"] == v["Window"]["End"] - 1
    assert v["VersionIdsToStages"][version] == ["AWSCURRENT", "AWSPENDING"]
    assert "Stuck" not in v
    once, = v["Runs"]
    assert (once["VersionId"], once["Kind"], once["Trigger"], once["Attempt"]) == (
        version, "rotate", "api", 1)
    assert [(s["Step"], s["Outcome"]) for s in once["Steps"]] == [
        ("createSecret", "ok"), ("setSecret", "ok"), ("testSecret", "ok"), ("finishSecret", "ok")]
    assert len({s["RequestId"] for s in once["Steps"]}) == 4
    assert all(s["EndedDate"] >= s["StartedDate"] for s in once["Steps"])
    assert all("START RequestId" in s["LogTail"] for s in once["Steps"])
    text = rotating.server.pawl("rotation", "show", rotating.name)
    assert re.search(r"try 1  createSecret  +ok  +[\d.]+ m?s  +request [0-9a-f-]{36}$", text, re.M)
    assert "did not become current" not in text and "START RequestId" not in text
    assert "| START RequestId" in rotating.server.pawl("rotation", "show", rotating.name, "--logs")


def test_rotation_show_counts_runs(rotating):
    for value in ("one", "two"):
        rotating.begin()
        rotating.strings.play(rotating.arn, value)
        rotating.await_state("SUCCEEDED")
    assert [r["Sequence"] for r in show(rotating.server, rotating.name)["Runs"]] == [2, 1]
    assert [r["Sequence"] for r in show(rotating.server, rotating.name, "--runs", "1")["Runs"]] == [2]
    assert show(rotating.server, rotating.name, "--runs", "0")["Runs"] == []


def test_rotation_show_of_a_stuck_secret_ends_with_the_exact_repairs(rotating):
    rotating.begin()
    rotating.strings.play(rotating.arn, "second")
    rotating.await_state("SUCCEEDED")
    second = rotating.api.labels(rotating.arn)
    current = next(v for v, labels in second.items() if "AWSCURRENT" in labels)
    version = rotating.half_done()
    v = show(rotating.server, rotating.name)
    once = v["Runs"][0]
    assert once["State"] == "RETRY_WAIT" and once["TargetMayHaveChanged"] is True
    assert once["Error"]["Step"] == "setSecret" and "told to fail" in once["Error"]["Message"]
    assert once["NextAttemptDate"] > once["Steps"][-1]["EndedDate"] + 70
    assert v["Stuck"]["VersionId"] == version and v["Stuck"]["TargetMayHaveChanged"] is True
    text = rotating.server.pawl("rotation", "show", rotating.name)
    base = ("aws secretsmanager update-secret-version-stage --region us-east-1 --secret-id '%s' "
            % rotating.name)
    for repair in [
            "--version-stage AWSPENDING --remove-from-version-id '%s'" % version,
            "--version-stage AWSCURRENT --move-to-version-id '%s' --remove-from-version-id '%s'"
            % (version, current),
            "--version-stage AWSCURRENT --move-to-version-id '%s' --remove-from-version-id '%s'"
            % (rotating.first, current)]:
        assert "    or: " + base + repair + "\n" in text
    for command in ("retry", "clear-pending", "promote", "rollback"):
        assert "    pawl rotation %s '%s' --region us-east-1\n" % (command, rotating.name) in text
    assert "the target may use it already" in text


def test_rotation_show_offers_only_commands_that_are_safe_to_paste(rotating):
    awkward = "it's a token; touch /tmp/pwned; '$(id)' `id`"
    rotating.begin(ClientRequestToken=awkward)
    rotating.fail()
    rotating.await_state("RETRY_WAIT")
    repair = next(r for r in show(rotating.server, rotating.name)["Stuck"]["Repair"] if "Aws" in r)
    assert shlex.split(repair["Aws"])[-1] == awkward
    assert shlex.split(repair["Pawl"])[3] == rotating.name


def test_rotation_show_keeps_terminals_safe(rotating):
    rotating.begin()
    rotating.fail(text="\x1b]0;owned\x07 \x9b31m caf\u00e9")
    rotating.await_state("RETRY_WAIT")
    text = rotating.server.pawl("rotation", "show", rotating.name, "--logs")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
    assert r"\x1b]0;owned\x07" in text


def test_rotation_show_of_a_secret_that_never_rotated(server, secret):
    v = show(server, secret.name)
    assert v["RotationConfigured"] is False and v["Runs"] == []
    assert "never configured" in server.pawl("rotation", "show", secret.name)


def test_rotation_show_refuses_what_is_not_there(server, name):
    for words in ([name], ["arn:aws:secretsmanager:us-east-1:%s:secret:%s-AbCdEf" % (ACCOUNT, name)],
                  [name, "--region", "eu-west-1"]):
        refused(FAILED, "there is no secret '%s'" % words[0], "rotation", "show", *words,
                data=server.data)
    refused(FAILED, "there is no secret", "--account", "999999999999", "rotation", "show", name,
            data=server.data)
    refused(FAILED, "Invalid name", "rotation", "show", "no name!#", data=server.data)


def test_a_name_in_two_regions_needs_the_region(server, api, name):
    api.create(name)
    api.at("eu-central-1").create(name)
    refused(FAILED, "exists in eu-central-1 and in us-east-1: say which with --region",
            "rotation", "show", name, data=server.data)
    assert show(server, name, "--region", "eu-central-1")["Region"] == "eu-central-1"


def test_a_deleted_secret_says_so(rotating):
    rotating.begin(RotationRules={"AutomaticallyAfterDays": 7})
    rotating.strings.play(rotating.arn, "new")
    rotating.await_state("SUCCEEDED")
    rotating.api.ok("DeleteSecret", SecretId=rotating.arn)
    assert "deleted" in rotating.server.pawl("rotation", "list")
    assert show(rotating.server, rotating.name)["DeletedDate"] > 0


# ---- repair

def test_retry_does_not_wait_for_the_next_attempt(rotating):
    version = rotating.half_done()
    assert rotating.strings.none_waiting(rotating.arn)
    assert rotating.server.pawl("rotation", "retry", rotating.name) == (
        "%s: version %s is tried again now\n" % (rotating.name, version))
    assert rotating.play_pending() == version
    assert rotating.labels()["AWSCURRENT"] == version
    once, = show(rotating.server, rotating.name)["Runs"]
    assert once["Attempt"] == 2 and once["Trigger"] == "cli"


def test_retry_takes_up_a_failed_run_with_the_same_version(rotating):
    version = rotating.half_done()
    lam = rotating.server.boto3("lambda")
    lam.delete_function(FunctionName="puppet")
    rotating.server.pawl("rotation", "retry", rotating.name)
    rotating.await_state("FAILED")
    v = show(rotating.server, rotating.name)
    assert v["Runs"][0]["Error"]["Class"] == "INVOKE_PERMANENT"
    assert v["Stuck"]["VersionId"] == version
    puppet_on(rotating.server, rotating.strings)
    rotating.server.pawl("rotation", "retry", rotating.arn)
    assert rotating.play_pending() == version
    assert show(rotating.server, rotating.name)["Runs"][0]["Attempt"] == 1


def test_retry_counts_for_more_than_a_window_that_has_closed(rotating):
    rotating.begin(RotationRules={"ScheduleExpression": "rate(10 days)", "Duration": "1h"})
    rotating.strings.play(rotating.arn, "first")
    rotating.await_state("SUCCEEDED")
    turned = threading.Thread(target=rotating.server.advance_clock, args=("11d",))
    turned.start()
    while turned.is_alive():
        try:
            rotating.strings.next(rotating.arn, seconds=1).fail()
        except AssertionError:
            pass
    turned.join()
    assert rotating.state() == "FAILED"
    rotating.server.pawl("rotation", "retry", rotating.name)
    rotating.strings.play(rotating.arn, "second")
    rotating.await_state("SUCCEEDED")


def test_retry_refuses_where_there_is_nothing_to_retry(rotating, secret, server):
    refused(FAILED, "was never rotated", "rotation", "retry", secret.name, data=server.data)
    rotating.begin()
    step = rotating.step("createSecret")
    refused(FAILED, "a rotation of '%s' is under way" % rotating.name, "rotation", "retry",
            rotating.name, data=rotating.server.data)
    step.put("new")
    step.done()
    for name in ("setSecret", "testSecret"):
        rotating.step(name).done()
    step = rotating.step("finishSecret")
    step.promote()
    step.done()
    rotating.await_state("SUCCEEDED")
    refused(FAILED, "ended as SUCCEEDED: there is nothing to retry; 'aws secretsmanager "
            "rotate-secret' starts a new one", "rotation", "retry", rotating.name,
            data=rotating.server.data)
    rotating.half_done()
    rotating.api.ok("CancelRotateSecret", SecretId=rotating.arn)
    refused(FAILED, "is off; 'aws secretsmanager rotate-secret' turns it on", "rotation", "retry",
            rotating.name, data=rotating.server.data)


def test_clear_pending_gives_the_version_up_and_the_next_rotation_begins(rotating):
    version = rotating.half_done()
    rotating.server.pawl("rotation", "clear-pending", rotating.name)
    assert "AWSPENDING" not in rotating.labels()
    assert rotating.state() == "ABANDONED"
    assert "Stuck" not in show(rotating.server, rotating.name)
    refused(FAILED, "no version of '%s' has AWSPENDING" % rotating.name, "rotation",
            "clear-pending", rotating.name, data=rotating.server.data)
    refused(FAILED, "ended as ABANDONED", "rotation", "retry", rotating.name,
            data=rotating.server.data)
    assert rotating.begin() != version
    rotating.strings.play(rotating.arn, "newer")
    rotating.await_state("SUCCEEDED")
    record, = audited(rotating.server, "ClearPending")
    assert record["userIdentity"]["type"] == "Root"
    assert record["requestParameters"] == {"secretId": rotating.arn}
    assert record["additionalEventData"] == {"uid": os.geteuid()}


def test_clear_pending_takes_an_empty_placeholder_along(rotating):
    version = rotating.begin()
    rotating.fail()
    rotating.await_state("RETRY_WAIT")
    rotating.server.pawl("rotation", "clear-pending", rotating.name)
    listed = rotating.api.ok("ListSecretVersionIds", SecretId=rotating.arn, IncludeDeprecated=True)
    assert version not in [v["VersionId"] for v in listed["Versions"]]


def test_promote_makes_the_pending_version_current_and_ends_the_run(rotating):
    version = rotating.half_done()
    rotating.server.pawl("rotation", "promote", rotating.name)
    labels = rotating.labels()
    assert labels["AWSCURRENT"] == version and labels["AWSPREVIOUS"] == rotating.first
    assert rotating.api.value(rotating.arn) == "new"
    once, = show(rotating.server, rotating.name)["Runs"]
    assert once["State"] == "SUCCEEDED"
    assert once["PromotedBy"] == "arn:aws:iam::%s:root" % ACCOUNT
    assert "made current by arn:aws:iam::" in rotating.server.pawl("rotation", "show",
                                                                   rotating.name)
    refused(FAILED, "is current already", "rotation", "promote", rotating.name,
            data=rotating.server.data)
    assert len(audited(rotating.server, "PromotePending")) == 1


def test_promote_refuses_a_version_without_a_value(rotating):
    version = rotating.begin()
    rotating.fail()
    rotating.await_state("RETRY_WAIT")
    assert "rotation promote" not in rotating.server.pawl("rotation", "show", rotating.name)
    refused(FAILED, "version %s of '%s' has no value" % (version, rotating.name), "rotation",
            "promote", rotating.name, data=rotating.server.data)
    assert rotating.labels()["AWSCURRENT"] == rotating.first
    assert audited(rotating.server, "PromotePending") == []


def test_rollback_makes_the_previous_version_current_again(rotating):
    rotating.begin()
    second = rotating.strings.play(rotating.arn, "second")
    rotating.await_state("SUCCEEDED")
    rotating.server.pawl("rotation", "rollback", rotating.arn)
    labels = rotating.labels()
    assert labels["AWSCURRENT"] == rotating.first and labels["AWSPREVIOUS"] == second
    assert rotating.api.value(rotating.arn) == "v1"
    assert len(audited(rotating.server, "RollbackSecret")) == 1


def test_rollback_refuses_a_secret_without_a_previous_version(server, secret):
    refused(FAILED, "no version of '%s' has AWSPREVIOUS" % secret.name, "rotation", "rollback",
            secret.name, data=server.data)


def test_replicas_follow_a_repair_and_are_not_repaired_themselves(server, api, replica):
    secret, far = replica
    api.put(secret.arn, "v2")
    until("the replica has the new value", lambda: far.value(secret.name) == "v2")
    server.pawl("rotation", "rollback", secret.name, "--region", "us-east-1")
    assert far.value(secret.name) == "v1"
    refused(FAILED, "Operation not permitted on a replica secret", "rotation", "rollback",
            secret.name, "--region", "eu-west-1", data=server.data)


@pytest.mark.parametrize("command", ["retry", "clear-pending", "promote", "rollback"])
def test_repairs_refuse_a_deleted_secret_and_a_missing_one(server, scheduled, command):
    refused(FAILED, "marked for deletion", "rotation", command, scheduled.name, data=server.data)
    refused(FAILED, "there is no secret", "rotation", command, scheduled.name + "x",
            data=server.data)


# ---- clock

def test_clock_shows_sets_and_returns(travel):
    shown = answered(travel, "clock")
    assert shown["OffsetMs"] == 0
    assert answered(travel, "clock", "show")["Now"] >= shown["Now"]
    assert travel.pawl("clock", "set", "2040-02-29T12:00:00Z").startswith("2040-02-29T12:00:0")
    assert travel.api().create("late")["ARN"]
    assert 2214129600 <= travel.api().describe("late")["CreatedDate"] < 2214129660
    assert travel.pawl("clock", "set", "2020-01-01").startswith("2020-01-01T00:00:0")
    assert "behind the system's clock" in travel.pawl("clock")
    travel.pawl("clock", "set", "now")
    assert answered(travel, "clock")["OffsetMs"] == 0
    assert len(audited(travel, "SetClock")) == 3


def test_clock_runs_on_from_where_it_was_set(travel):
    travel.pawl("clock", "set", "2040-01-01")
    first = answered(travel, "clock")["Now"]
    until("time goes on", lambda: answered(travel, "clock")["Now"] > first)


def test_clock_advance_adds_spans(travel):
    travel.pawl("clock", "set", "2030-01-01")
    for span, expected in [("30d", "2030-01-31T00:00"), ("12h", "2030-01-31T12:00"),
                           ("90m", "2030-01-31T13:30"), ("1d2h30m", "2030-02-01T16:00")]:
        assert travel.pawl("clock", "advance", span).startswith(expected)
    record = audited(travel, "AdvanceClock")[0]
    assert record["requestParameters"] == {"milliseconds": 30 * DAY * 1000}


def test_clock_advance_lets_windows_and_retries_happen_in_order(rotating):
    rotating.begin(RotateImmediately=False,
                   RotationRules={"ScheduleExpression": "rate(1 days)", "Duration": "24h"})
    rotating.strings.next(rotating.arn, "testSecret").done()
    rotating.await_state("TEST_SUCCEEDED")
    turned = threading.Thread(target=rotating.server.advance_clock, args=("2d",))
    turned.start()
    for _ in range(2):
        rotating.fail()
    until("the third try comes while the clock is turned", lambda: not rotating.strings.none_waiting(
        rotating.arn))
    assert turned.is_alive()
    rotating.strings.play(rotating.arn, "value")
    while turned.is_alive():
        try:
            rotating.strings.next(rotating.arn, "createSecret", seconds=1).fail()
        except AssertionError:
            pass
    runs = show(rotating.server, rotating.name, "--runs", "200")["Runs"]
    done = next(r for r in runs if r["State"] == "SUCCEEDED")
    assert done["Attempt"] == 3 and done["Trigger"] == "schedule"
    starts = [s["StartedDate"] for s in done["Steps"] if s["Step"] == "createSecret"]
    assert 80 <= starts[1] - starts[0] <= 121 and 160 <= starts[2] - starts[1] <= 241


def test_clock_is_not_turned_twice_at_once_and_a_stop_does_not_wait_for_it(rotating):
    rotating.begin()
    step = rotating.step("createSecret")
    turned = subprocess.Popen([BUILD / "pawl", "--data", rotating.server.data, "clock", "advance",
                               "1d"], stderr=subprocess.PIPE, text=True)
    until("the clock is being turned",
          lambda: answered(rotating.server, "status").get("BusyWith") == "clock/advance")
    for words in (["clock", "advance", "1h"], ["clock", "set", "now"], ["dev", "reset"],
                  ["audit", "verify"]):
        refused(FAILED, "pawld is busy with an earlier 'clock/advance'", *words,
                data=rotating.server.data)
    assert answered(rotating.server, "status")["Rotations"]["Active"] == 1
    rotating.server.process.terminate()
    assert rotating.server.process.wait(10) == 0
    assert turned.wait(10) == FAILED
    assert turned.stderr.read().startswith("pawl: ")
    step.close()


def test_clock_ends_with_the_year_9999(travel):
    refused(FAILED, "the clock ends with the year 9999", "clock", "advance", "3000000d",
            data=travel.data)
    travel.pawl("clock", "set", "9999-12-31T23:59:58Z")
    refused(FAILED, "the clock ends with the year 9999", "clock", "advance", "10s",
            data=travel.data)


# ---- dev reset

def test_dev_reset_leaves_keys_and_the_audit_trail(travel, strings):
    api, lam = travel.api(), travel.boto3("lambda")
    for i in range(400):
        api.create("many/%d" % i)
    rotating = Rotating(travel, strings, "app/db")
    api.at("eu-west-1").create("far")
    rotating.begin(RotationRules={"AutomaticallyAfterDays": 10})
    strings.play(rotating.arn, "new")
    rotating.await_state("SUCCEEDED")
    travel.advance_clock("1d")
    before = answered(travel, "audit", "verify")["Records"]
    assert "records removed" in travel.pawl("dev", "reset")
    assert api.ok("ListSecrets")["SecretList"] == []
    assert api.at("eu-west-1").ok("ListSecrets")["SecretList"] == []
    assert lam.list_functions()["Functions"] == []
    assert list((travel.data / "functions").iterdir()) == []
    v = answered(travel, "status")
    assert "NextDue" not in v["Rotations"] and v["ClockOffsetMs"] == 0
    assert answered(travel, "audit", "verify")["Records"] > before
    again = Rotating(travel, strings, "app/db")
    assert again.arn != rotating.arn
    again.begin()
    strings.play(again.arn, "newer")
    again.await_state("SUCCEEDED")
    assert len(show(travel, "app/db")["Runs"]) == 1


def test_dev_reset_waits_for_rotations_under_way(rotating):
    rotating.begin()
    step = rotating.step("createSecret")
    reset = subprocess.Popen([BUILD / "pawl", "--data", rotating.server.data, "dev", "reset"],
                             stdout=subprocess.PIPE, text=True)
    until("the reset waits",
          lambda: answered(rotating.server, "status").get("BusyWith") == "dev/reset")
    assert rotating.api.describe(rotating.arn)["Name"] == rotating.name
    step.fail()
    assert reset.wait(20) == OK
    assert rotating.api.ok("ListSecrets")["SecretList"] == []


# ---- audit

def test_audit_verify_counts_the_records(travel):
    before = answered(travel, "audit", "verify")["Records"]
    travel.api().create("one")
    assert answered(travel, "audit", "verify")["Records"] == before + 1
    assert re.fullmatch(r"%d records in %s/audit, nothing missing or changed\n"
                        % (before + 1, re.escape(str(travel.data))), travel.pawl("audit", "verify"))


def test_audit_verify_names_the_record_that_was_changed(travel):
    for i in range(5):
        travel.api().create("audited/%d" % i)
    log = travel.data / "audit" / "audit.log"
    lines = log.read_bytes().splitlines(keepends=True)
    with open(log, "r+b") as f:
        f.seek(sum(map(len, lines[:2])) + lines[2].index(b"audited/"))
        f.write(b"AUDITED")
    refused(FAILED, "audit.log", "audit", "verify", data=travel.data)
    refused(FAILED, "3", "audit", "verify", data=travel.data)


# ---- a production server

def test_production_has_a_status_and_no_turnable_clock(production):
    v = json.loads(run("--json", "status", data=production).stdout)
    assert v["Dev"] is False
    for words in (["clock"], ["clock", "show"], ["clock", "set", "2030-01-01"],
                  ["clock", "set", "now"], ["clock", "advance", "1d"], ["dev", "reset"]):
        refused(FAILED, "this is a production server", *words, data=production)
    assert json.loads(run("--json", "status", data=production).stdout)["ClockOffsetMs"] == 0


def test_production_verifies_its_audit_trail(production):
    assert run("audit", "verify", data=production).returncode == OK


def test_init_refuses_the_folder_of_a_running_server(production):
    done = run("init", data=production)
    assert (done.returncode, done.stdout) == (FAILED, "") and done.stderr != ""


# ---- the socket itself

class Socket(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


@pytest.mark.parametrize("method, path, body, status, text", [
    ("GET", "/status", None, 400, "only POST"),
    ("POST", "/nothing", "{}", 404, "this pawld has no '/nothing'"),
    ("POST", "/status", "", 400, ""),
    ("POST", "/status", "{", 400, ""),
    ("POST", "/status", "[]", 400, "need a JSON object"),
    ("POST", "/rotation/show", "{}", 400, "Secret is missing"),
    ("POST", "/rotation/show", '{"Secret": 1}', 400, "Secret is missing"),
    ("POST", "/rotation/show", '{"Secret": "a", "Secret": "b"}', 400, ""),
    ("POST", "/rotation/show", '{"Secret": "arn:aws"}', 400, "Invalid name"),
    ("POST", "/rotation/show", '{"Secret": "a\\u0000b"}', 400, "Invalid name"),
    ("POST", "/rotation/list", '{"From": {}}', 400, "From is not"),
    ("POST", "/rotation/list", '{"From": {"Region": "us-east-1", "After": "00"}}', 400, "From"),
    ("POST", "/rotation/list", '{"From": 3}', 400, "From is not"),
    ("POST", "/rotation/list", '{"From": {"Region": "a\\u0000b", "After": "%s"}}' % ("0" * 32),
     400, "From is not"),
    ("POST", "/rotation/list", '{"Account": "12345678901\\u0000"}', 400, "twelve digits"),
    ("POST", "/rotation/list", '{"Account": "12"}', 400, "twelve digits"),
    ("POST", "/rotation/list", '{"Region": "us-east-1\\u0000x"}', 400, "is no region"),
    ("POST", "/rotation/show", '{"Region": "", "Secret": "a"}', 400, "is no region"),
    ("POST", "/clock/set", '{"Ms": "1"}', 400, "Ms must be a whole number"),
    ("POST", "/clock/set", '{"Ms": -1}', 400, "Ms must be a whole number"),
    ("POST", "/clock/advance", "{}", 400, "the clock ends"),
    ("POST", "/clock/advance", '{"Ms": 9223372036854775807}', 400, "the clock ends"),
    ("POST", "/clock/advance", '{"Ms": 0}', 400, "Ms must be a whole number"),
    ("POST", "/clock/advance", '{"Ms": 9223372036854775808}', 400, ""),
])
def test_malformed_requests_are_refused(server, method, path, body, status, text):
    c = Socket(server.data / "pawl.sock")
    c.request(method, path, body)
    answer = c.getresponse()
    assert answer.status == status
    assert text in json.loads(answer.read())["Message"]
    c.close()


def test_a_large_request_is_refused(server):
    c = Socket(server.data / "pawl.sock")
    c.putrequest("POST", "/status")
    c.putheader("Content-Length", str(65 * 1024))
    c.endheaders()
    assert c.getresponse().status == 413
    c.close()


def test_the_socket_is_for_the_owner(server):
    mode = (server.data / "pawl.sock").stat().st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="needs two users")
def test_other_users_are_refused_even_when_the_socket_lets_them_in(travel):
    def as_nobody():
        return subprocess.run([BUILD / "pawl", "--data", travel.data, "status"], user=65534,
                              group=65534, capture_output=True, text=True)
    done = as_nobody()
    assert (done.returncode, done.stdout) == (FAILED, "")
    assert "only root and the user that runs pawld may use it" in done.stderr
    travel.folder.chmod(0o755)
    travel.data.chmod(0o755)
    (travel.data / "pawl.sock").chmod(0o666)
    done = as_nobody()
    assert (done.returncode, done.stdout) == (FAILED, "")
    assert "only root and the user that runs pawld (uid 0) may use this socket" in done.stderr
    assert KEY_ID not in done.stderr and SECRET_KEY not in done.stderr


def test_the_socket_goes_with_the_server(travel):
    travel.process.terminate()
    assert travel.process.wait(20) == 0
    assert not (travel.data / "pawl.sock").exists()
