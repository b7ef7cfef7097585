# SPDX-License-Identifier: Apache-2.0
"""The built-in rotators against real servers. PAWL_BUILD names the build folder."""
import json
import os
import pathlib
import subprocess
import sys
import uuid

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'harness')]

import doubles
import servers

STEPS = ('createSecret', 'setSecret', 'testSecret', 'finishSecret')
BUILD = pathlib.Path(os.environ.get('PAWL_BUILD', HERE.parent.parent / 'build')).resolve()

# Every name a database accepts must come through quoted; a password may hold anything.
HOSTILE = ['we"ird; DROP ROLE postgres--', "o'brien\\", 'Ünï©ødé 名前', 'Upper Case', '$user', "'; --",
           'a` TO `b`@`%']
HOSTILE_PASSWORD = 'p\'a"s\\s $1 %s {x} ü'


class StepFailed(Exception):
    """The function reported an error; kind is its errorType."""

    def __init__(self, answer):
        super().__init__(f"{answer['errorType']}: {answer['errorMessage']}")
        self.kind, self.message = answer['errorType'], answer['errorMessage']


def refused(call, *args):
    """What the step said when it failed, as it must."""
    with pytest.raises(StepFailed) as failed:
        call(*args)
    return failed.value


class Function:
    """One process of a rotator. A crashed one is started anew at the next step."""

    def __init__(self, name, manager, ca=None, environment=None):
        executable = {'mariadb': 'mysql'}.get(name.split('-')[2], name.split('-')[2])
        self.executable = BUILD / 'rotators' / executable
        self.name, self.manager, self.ca = name, manager, ca
        self.environment = environment or {}
        self.api, self.process, self.output = doubles.RuntimeApi(), None, b''

    def start(self):
        environment = {
            'AWS_LAMBDA_RUNTIME_API': self.api.address, 'AWS_LAMBDA_FUNCTION_NAME': self.name,
            '_HANDLER': 'builtin', 'SECRETS_MANAGER_ENDPOINT': self.manager.url,
            'AWS_REGION': doubles.REGION, 'AWS_ACCESS_KEY_ID': doubles.KEY_ID,
            'AWS_SECRET_ACCESS_KEY': doubles.KEY, 'AWS_SESSION_TOKEN': doubles.TOKEN,
            'ASAN_OPTIONS': 'detect_leaks=1', **self.environment}
        if self.ca:
            environment['AWS_CA_BUNDLE'] = str(self.ca)
        self.process = subprocess.Popen([self.executable], env=environment, cwd='/',
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)

    def crash(self):
        if self.process:
            self.process.kill()
            self._collect()
            self.api.close()            # as in pawl, every process has a listener of its own
            self.api = doubles.RuntimeApi()

    def _collect(self):
        self.output += self.process.communicate()[0]
        self.process = None

    def step(self, step, secret, token, limit_s=40):
        if self.process is None:
            self.start()
        self.api.events.put(json.dumps({
            'Step': step, 'SecretId': secret.arn, 'ClientRequestToken': token,
            'RotationToken': self.manager.rotation_token or str(uuid.uuid4())}).encode())
        kind, answer = self.api.results.get(timeout=limit_s)
        if kind == 'error':
            raise StepFailed(answer)
        assert answer is None

    def rotate(self, secret, steps=STEPS, token=None):
        token = token or secret.begin()
        for step in steps:
            self.step(step, secret, token)
        return token

    def close(self):
        self.api.close()
        if self.process:
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
            self._collect()
        # No password may ever be shown, and nothing a sanitizer found.
        text = self.output.decode(errors='replace')
        for secret in self.manager.secrets.values():
            for value in secret.values.values():
                for shown in passwords_in(value):
                    assert shown not in text
        assert 'Sanitizer' not in text and 'runtime error' not in text, text


def passwords_in(value):
    try:
        value = json.loads(value)
    except ValueError:
        return [value]
    found = value.get('password') if isinstance(value, dict) else None
    return [found] if isinstance(found, str) and len(found) >= 6 else []


@pytest.fixture
def manager():
    double = doubles.SecretsManager()
    yield double
    double.close()


@pytest.fixture
def function(manager):
    """function('pawl-rotate-postgres-single') -> a Function, closed after the test."""
    made = []

    def make(name, **more):
        made.append(Function(name, more.pop('manager', manager), **more))
        return made[-1]
    yield make
    for f in made:
        f.close()


@pytest.fixture(scope='session')
def folder():
    with servers.workspace('pawl-rotators-') as path:
        yield path


@pytest.fixture(scope='session')
def tls(folder):
    return servers.make_tls(folder / 'tls')


@pytest.fixture(scope='session')
def other_tls(folder):
    return servers.make_tls(folder / 'other-tls')
