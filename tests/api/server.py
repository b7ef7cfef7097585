# SPDX-License-Identifier: Apache-2.0
"""A pawld of the tests' own: a free port, a folder that goes away, and its log on failure."""
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import boto3
from botocore.config import Config

from wire import Api

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("PAWL_BUILD", "build")
STORE = os.environ.get("PAWL_STORE", "lmdb")
ACCOUNT = "123456789012"
KEY_ID = "AKIDEXAMPLE234567ABC"
SECRET_KEY = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY42"
REGION = "us-east-1"


def until(what, attempt, seconds=20):
    """Polls `attempt` until it returns something true; the deadline names `what` never came."""
    deadline = time.monotonic() + seconds
    while True:
        result = attempt()
        if result:
            return result
        assert time.monotonic() < deadline, "not within %d s: %s" % (seconds, what)
        time.sleep(0.01)


def end_with_parent():
    """In the child: SIGTERM when the test run dies, so that no daemon is left behind."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, *options):
        self.folder = Path(tempfile.mkdtemp(prefix="pawl-api-"))
        self.data = self.folder / "data"
        self.log = self.folder / "pawld.log"
        self.store = STORE
        self.port = free_port()
        self.url = "http://127.0.0.1:%d" % self.port
        self.start(*options)

    def start(self, *options):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [BUILD / "pawld", "--dev", "--listen", "127.0.0.1:%d" % self.port,
                 "--data", self.data, "--dev-key", "%s:%s" % (KEY_ID, SECRET_KEY),
                 "--store", self.store, *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=end_with_parent)
        until("pawld answers", self._answers)

    def _answers(self):
        assert self.process.poll() is None, "pawld ended:\n" + self.log_tail()
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def log_tail(self, size=4000):
        return self.log.read_bytes()[-size:].decode("utf-8", "replace")

    def stop(self):
        """Ends the daemon as an operator would; anything but a clean exit is a failure."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        tail = self.log_tail()
        shutil.rmtree(self.folder, ignore_errors=True)
        assert status == 0, "pawld ended with %d:\n%s" % (status, tail)
        assert not re.search(r"ERROR: \w+Sanitizer|runtime error:", tail), tail

    def api(self, region=REGION):
        return Api(self.port, KEY_ID, SECRET_KEY, region)

    def boto3(self, service, region=REGION, **options):
        """A stock SDK client that neither retries nor waits long."""
        return boto3.client(
            service, endpoint_url=self.url, region_name=region, aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET_KEY,
            config=Config(retries={"max_attempts": 0}, read_timeout=60, **options))

    def environment(self, **more):
        """What a person would export to point stock tools at this server."""
        env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PAWL"))}
        env.update(AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET_KEY, AWS_REGION=REGION,
                   AWS_DEFAULT_REGION=REGION, AWS_ENDPOINT_URL=self.url, AWS_PAGER="",
                   AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null",
                   AWS_EC2_METADATA_DISABLED="true", **more)
        return env

    def pawl(self, *words):
        """The command line on the admin socket; returns what it prints."""
        done = subprocess.run([BUILD / "pawl", "--data", self.data, *words],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, "pawl %s: %s" % (" ".join(map(str, words)), done.stderr)
        return done.stdout

    def set_clock(self, when):
        self.pawl("clock", "set", when)

    def advance_clock(self, span):
        """Lets time pass; returns when everything due in it has ended."""
        self.pawl("clock", "advance", span)

    @contextmanager
    def advancing(self, span):
        """The same while the test plays a part in what falls due; ends when all of it has."""
        with subprocess.Popen([BUILD / "pawl", "--data", self.data, "clock", "advance", span],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as turn:
            try:
                yield
                status = turn.wait(30)
            finally:
                turn.kill()
            assert status == 0, turn.stderr.read()
