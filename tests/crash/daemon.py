# SPDX-License-Identifier: Apache-2.0
"""A pawld that is killed and started again on the same folder and port, and what it left behind."""
import json
import os
import random
import signal
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE.parent / "api"), str(HERE.parent / "harness")]

from server import ACCOUNT, REGION, Server, until  # noqa: E402

ROTATOR = "arn:aws:lambda:%s:%s:function:pawl-rotate-postgres-single" % (REGION, ACCOUNT)


def seed():
    """The seed of this run: PAWL_SEED, or a fresh one; printed, so that a failure can be repeated."""
    return int(os.environ.get("PAWL_SEED") or random.SystemRandom().randrange(1 << 32))


def _parents():
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue        # ended meanwhile
            # "pid (name) state ppid ... starttime": the name may hold anything
            fields = stat[stat.rindex(")") + 2:].split()
            found[int(entry.name)] = (int(fields[1]), fields[19])
    return found


def is_alive(process):
    """`process` is (pid, start time), so that a pid used again is not taken for it."""
    try:
        stat = Path("/proc/%d/stat" % process[0]).read_text()
    except OSError:
        return False
    fields = stat[stat.rindex(")") + 2:].split()
    return fields[19] == process[1] and fields[0] not in "ZX"


class Daemon(Server):
    """start(), kill(), start() ...; stop() at the end."""

    def family(self):
        """The runner and all it started: (pid, start time) of each."""
        parents = _parents()
        found, wanted = [], {self.process.pid}
        grown = True
        while grown:
            more = {pid for pid, (parent, _) in parents.items() if parent in wanted} - wanted
            grown = bool(more)
            wanted |= more
        for pid in wanted - {self.process.pid}:
            found.append((pid, parents[pid][1]))
        return found

    def keeper(self):
        """The pid of the keeper of runners, the daemon's only child."""
        return next(pid for pid, (parent, _) in _parents().items() if parent == self.process.pid)

    def runner(self):
        """The pid of the function runner there is."""
        return until("a runner", lambda: json.loads(self.pawl("--json", "status"))["RunnerPid"])

    def left_over(self):
        """Processes of this folder's pawld that are still there: all but what a function became."""
        mark = b"--data\0%s\0" % bytes(self.data)
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and mark in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                pass            # ended meanwhile
        return found

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.wait_killed()

    def wait_killed(self, seconds=20):
        """Until it is dead and, as a supervisor would, until all it had started is."""
        status = self.process.wait(seconds)
        assert status == -signal.SIGKILL, "pawld ended with %d:\n%s" % (status, self.log_tail())
        until("the runner ends too", lambda: not self.left_over(), 5)

    def restart(self, *options):
        """After a kill."""
        assert self.process.poll() is not None
        self.start(*options)

    def restart_into_death(self, *options):
        """With an option that kills it, perhaps before it could answer anybody."""
        try:
            self.restart(*options)
        except AssertionError:
            pass
        self.wait_killed()

    # -- what it knows
    def show(self, secret_id):
        """`pawl rotation show`, as JSON."""
        return json.loads(self.pawl("--json", "rotation", "show", secret_id))

    def last_run(self, secret_id):
        return self.show(secret_id)["Runs"][0]

    def records(self):
        """All audit records, oldest first. The first file is the oldest."""
        folder = self.data / "audit"
        files = sorted(folder.glob("audit.log.*"), key=lambda p: int(p.suffix[1:]))
        for path in files + [folder / "audit.log"]:
            with open(path, "rb") as lines:
                for line in lines:
                    yield json.loads(line)

    def events(self, arn, token):
        """Names of the service events of one rotation run, in order."""
        wanted = "Rotation-%s-%s" % (arn, token)
        return [r["eventName"] for r in self.records() if r.get("requestID") == wanted]

    def gaps(self):
        """How often a restart cut off records that were half written, and so never acknowledged."""
        found = [r["additionalEventData"] for r in self.records()
                 if r["eventName"] == "PawlAuditGap"]
        for gap in found:
            assert gap["chainWithoutRecords"] == 0 and not gap["isAcknowledged"], gap
        return len(found)

    def verify_audit(self):
        """The number of records; fails when the trail is not whole."""
        return json.loads(self.pawl("--json", "audit", "verify"))["Records"]
