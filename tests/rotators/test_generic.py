# SPDX-License-Identifier: Apache-2.0
"""pawl-rotate-generic-single: the steps, the guard and the secret's text, without any target."""
import json
import re
import uuid

import pytest

import doubles
from conftest import STEPS, StepFailed


@pytest.fixture
def generic(function):
    return function('pawl-rotate-generic-single')


def test_a_plain_value_becomes_a_new_random_value(manager, generic):
    secret = manager.add('plain', 'old-value')
    token = generic.rotate(secret)
    assert secret.labels['AWSCURRENT'] == token
    assert secret.value('AWSPREVIOUS') == 'old-value'
    assert len(secret.value()) == 32 and not set(secret.value()) & set('/@"\'\\')


def test_all_but_the_password_keeps_every_byte(manager, generic):
    text = ('\n{ "port" : "05432",  "password":\t"old-password" ,"n":1.50, "u":"\\u00e9\\/\u00e9",'
            '"nested":{"password":"kept"}, "list":[1,{"password":"kept"}] }\n')
    secret = manager.add('bytes', text)
    generic.rotate(secret)
    before, after = text.split('"old-password"')
    assert secret.value().startswith(before) and secret.value().endswith(after)
    assert json.loads(secret.value())['password'] != 'old-password'


def test_a_name_spelled_with_escapes_is_the_same_name(manager, generic):
    secret = manager.add('escaped', '{"pass\\u0077ord":"old-password"}')
    generic.rotate(secret)
    assert list(secret.json()) == ['password'] and secret.json()['password'] != 'old-password'
    assert secret.value().startswith('{"pass\\u0077ord":"')


@pytest.mark.parametrize('text, message', [
    ('{"a":1}', 'password key is missing from secret JSON'),
    ('{"password":"a","password":"b"}', "the secret's value is not valid JSON, or names a member twice"),
    ('{"password":', "the secret's value is not valid JSON, or names a member twice"),
    ('{"password":"x","pawl":{"generate":"md5"}}',
     'pawl.generate is not uuid, hexN or base64-N with N from 16 to 512'),
    ('{"password":"x","pawl":{"password":{"length":0}}}',
     'pawl.password.length is not a number from 1 to 4096'),
    ('{"password":"x","pawl":{"test":"https://x"}}', 'pawl.test is not available'),
    ('{"password":"x","pawl":{"update":{"host":"x"}}}', "pawl.update: 'host' cannot be rewritten"),
    ('{"password":"x","pawl":{"update":{"url":"{nothing}"}}}',
     "pawl.update: the secret has no text or number 'nothing'"),
    ('{"password":"x","pawl":{"update":{"url":"{password"}}}', "pawl.update: '{' without '}'"),
])
def test_a_value_that_cannot_be_rotated_is_refused_as_config(manager, generic, text, message):
    secret = manager.add('bad', text)
    token = secret.begin()
    with pytest.raises(StepFailed) as failed:
        generic.step('createSecret', secret, token)
    assert (failed.value.kind, failed.value.message) == ('CONFIG', message)
    assert token not in secret.values


@pytest.mark.parametrize('kind, pattern', [
    ('hex32', '[0-9a-f]{64}'), ('base64-32', '[A-Za-z0-9+/]{43}='),
    ('uuid', '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}')])
def test_keys_may_be_generated_instead_of_passwords(manager, generic, kind, pattern):
    secret = manager.add('key', {'password': 'old', 'pawl': {'generate': kind}})
    generic.rotate(secret)
    assert re.fullmatch(pattern, secret.json()['password'])


def test_the_secret_may_choose_its_own_password_rule(manager, generic):
    secret = manager.add('rule', {'password': 'old', 'pawl': {'password': {
        'length': 50, 'excludePunctuation': True, 'exclude': 'abcdefghij'}}})
    generic.rotate(secret)
    assert re.fullmatch('[A-Zk-z0-9]{50}', secret.json()['password'])


def test_dependent_members_are_rewritten(manager, generic):
    secret = manager.add('update', {
        'username': 'a/b', 'password': 'old', 'port': 5432, 'url': 'postgres://old', 'pawl': {'update': {
            'url': 'postgres://{username:urlencode}:{password:urlencode}@h:{port}/x', 'copy': '{password}'}}})
    generic.rotate(secret)
    now = secret.json()
    assert now['url'].startswith('postgres://a%2Fb:') and now['url'].endswith('@h:5432/x')
    assert now['copy'] == now['password'] != 'old'
    assert list(now)[-1] == 'copy'


def test_every_step_may_be_repeated_with_the_same_token(manager, generic):
    secret = manager.add('repeat', 'old')
    token = secret.begin()
    for step in STEPS:
        for _ in range(3):
            generic.step(step, secret, token)
    first = secret.value()
    for step in STEPS:              # and once more when all is done
        generic.step(step, secret, token)
    assert secret.value() == first and manager.calls.count('PutSecretValue') == 1
    assert manager.calls.count('UpdateSecretVersionStage') == 1


def test_a_crash_between_any_two_steps_keeps_the_pending_value(manager, generic):
    secret = manager.add('crash', 'old')
    token, seen = secret.begin(), None
    for done in range(1, 5):
        for step in STEPS[:done]:
            generic.step(step, secret, token)
        generic.crash()
        seen = seen or secret.values[token]
        assert secret.values[token] == seen
    assert secret.labels['AWSCURRENT'] == token


def test_the_rotation_token_is_passed_through(manager, generic):
    manager.rotation_token = 'e2b4c1d0-7c55-4d2f-8f0e-0b7f6e2f1a34'
    secret = manager.add('token', 'old')
    generic.rotate(secret)


def test_a_secret_without_a_value_has_nothing_to_rotate_from(manager, generic):
    secret = manager.add('empty')
    token = secret.begin()
    with pytest.raises(StepFailed) as failed:
        generic.step('createSecret', secret, token)
    assert failed.value.kind == 'NO_CURRENT_VALUE'


def test_the_guard_of_every_step(manager, generic):
    secret = manager.add('guard', 'old')
    token = str(uuid.uuid4())
    for step in STEPS:
        with pytest.raises(StepFailed) as failed:
            generic.step(step, secret, token)
        assert failed.value.message == \
            f'Secret version {token} has no stage for rotation of secret {secret.arn}.'
    secret.labels['custom'] = token
    with pytest.raises(StepFailed) as failed:
        generic.step('setSecret', secret, token)
    assert failed.value.message == \
        f'Secret version {token} not set as AWSPENDING for rotation of secret {secret.arn}.'
    secret.begin(token)
    with pytest.raises(StepFailed) as failed:
        generic.step('create_secret', secret, token)
    assert failed.value.message == f'Invalid step parameter create_secret for secret {secret.arn}'
    secret.rotation_enabled = False
    with pytest.raises(StepFailed) as failed:
        generic.step('createSecret', secret, token)
    assert failed.value.message == f'Secret {secret.arn} is not enabled for rotation'


@pytest.mark.parametrize('failure, kind', [
    (503, 'TRANSIENT'), (500, 'TRANSIENT'),
    (doubles.Refused('ThrottlingException', 'Rate exceeded'), 'TRANSIENT'),
    (doubles.Refused('AccessDeniedException', 'no'), 'PERMISSION'),
    (doubles.Refused('x#ResourceNotFoundException', 'gone'), 'FUNCTION_ERROR')])
def test_what_secrets_manager_refuses_is_classified(manager, generic, failure, kind):
    secret = manager.add('refused', 'old')
    token = secret.begin()
    manager.fail_next = [failure]
    with pytest.raises(StepFailed) as failed:
        generic.step('createSecret', secret, token)
    assert failed.value.kind == kind
    generic.step('createSecret', secret, token)


def test_secrets_manager_away_is_transient(manager, generic):
    secret = manager.add('away', 'old')
    generic.start()
    manager.close()
    with pytest.raises(StepFailed) as failed:
        generic.step('createSecret', secret, secret.begin())
    assert failed.value.kind == 'TRANSIENT'


def test_a_tls_endpoint_is_verified_with_the_given_bundle(function, tls, other_tls):
    double = doubles.SecretsManager(tls)
    secret = double.add('tls', 'old')
    function('pawl-rotate-generic-single', manager=double, ca=tls.ca).rotate(secret)
    assert secret.value() != 'old'
    with pytest.raises(StepFailed) as failed:
        function('pawl-rotate-generic-single', manager=double, ca=other_tls.ca).rotate(secret)
    assert failed.value.kind == 'TRANSIENT' and 'certificate' in failed.value.message
    double.close()


@pytest.mark.parametrize('name, message', [
    ('pawl-rotate-generic-fast', "function 'pawl-rotate-generic-fast': its name must end in -single, "
     '-admin or -multi'),
    ('pawl-rotate-generic-multi', 'generic rotation has only the strategy single')])
def test_a_function_that_cannot_start_says_so(function, name, message):
    f = function(name)
    f.start()
    assert f.process.wait(5) == 1
    assert f.api.init_error['errorMessage'] == message
