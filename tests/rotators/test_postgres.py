# SPDX-License-Identifier: Apache-2.0
"""pawl-rotate-postgres-*: spec/rotation.md 8.1 and 8.2 against a real server."""
import json
import socket
import struct
import threading

import pg
import pytest

import servers
from conftest import HOSTILE, HOSTILE_PASSWORD, STEPS, refused


@pytest.fixture(scope='module')
def server(folder):
    server = servers.start_postgres(folder / 'pg', settings={'shared_preload_libraries': 'passwordcheck'})
    yield server
    server.stop()


@pytest.fixture
def role(server):
    """role('app', 'password') creates a role and forgets all of them afterwards."""
    made = []

    def make(name, password='current-password', more=''):
        made.append(name)
        server.query(f'CREATE ROLE {ident(name)} LOGIN {more} '
                     f'PASSWORD {literal(password)}')
        return name
    yield make
    names = [n for name in made for n in (name + '_clone', name)]
    for name in names:
        if server.query(f'SELECT 1 FROM pg_roles WHERE rolname = {literal(name)}'):
            server.query(f'DROP OWNED BY {ident(name)}')
            server.query(f'DROP ROLE {ident(name)}')


def ident(name):
    return '"' + name.replace('"', '""') + '"'


def literal(text):
    return "E'" + text.replace('\\', '\\\\').replace("'", "''") + "'"


def value(server, username='app', password='current-password', **more):
    # testGrace: a wrong password shall fail at once here.
    out = {'engine': 'postgres', 'host': server.host, 'port': server.port, 'username': username,
           'password': password, 'dbname': 'postgres', **more}
    out['pawl'] = {'testGrace': 0, **out.get('pawl', {})}
    return out


def logs_in(server, secret, stage='AWSCURRENT'):
    v = secret.json(stage)
    try:
        server.connect(v['username'], v['password'], v.get('dbname', 'postgres')).close()
        return True
    except pg.InternalError as e:
        assert 'password authentication failed' in str(e)
        return False


@pytest.fixture
def single(function):
    return function('pawl-rotate-postgres-single')


# ---- single

def test_the_new_password_logs_in_and_the_old_one_does_not(server, role, manager, single):
    secret = manager.add('app', value(server, role('app'), note='kept', port=str(server.port)))
    token = single.rotate(secret)
    assert secret.labels['AWSCURRENT'] == token
    assert logs_in(server, secret) and not logs_in(server, secret, 'AWSPREVIOUS')
    before, after = secret.json('AWSPREVIOUS'), secret.json()
    assert list(before) == list(after)
    assert {**before, 'password': ''} == {**after, 'password': ''}
    assert len(after['password']) == 32 and not set(after['password']) & set(':/@"\'\\')
    single.rotate(secret)
    assert logs_in(server, secret)


def test_the_server_never_sees_the_password(server, role, manager, single):
    secret = manager.add('app', value(server, role('app')))
    single.rotate(secret)
    log = server.log.read_text()        # log_statement is 'all' here
    assert 'ALTER ROLE "app" WITH PASSWORD \'SCRAM-SHA-256$4096:' in log
    assert secret.json()['password'] not in log


@pytest.mark.parametrize('name', HOSTILE)
def test_names_are_quoted(server, role, manager, single, name):
    secret = manager.add('hostile', value(server, role(name, HOSTILE_PASSWORD), HOSTILE_PASSWORD))
    single.rotate(secret)
    assert logs_in(server, secret) and not logs_in(server, secret, 'AWSPREVIOUS')


def test_every_step_may_be_repeated(server, role, manager, single):
    secret = manager.add('app', value(server, role('app')))
    token = secret.begin()
    for step in STEPS:
        for _ in range(3):
            single.step(step, secret, token)
    assert logs_in(server, secret) and manager.calls.count('PutSecretValue') == 1


def test_a_crash_between_any_two_steps_then_again_from_the_start(server, role, manager, single):
    secret = manager.add('app', value(server, role('app')))
    token = secret.begin()
    for done in range(1, 5):
        for step in STEPS[:done]:
            single.step(step, secret, token)
        single.crash()
    assert secret.labels['AWSCURRENT'] == token and logs_in(server, secret)


def test_a_dead_current_credential_is_overcome_with_the_previous_one(server, role, manager, single):
    secret = manager.add('app', value(server, role('app', 'previous-password'), 'previous-password'))
    secret.put('a' * 32, json.dumps(value(server, password='never-set')), ['AWSCURRENT'])
    single.rotate(secret)
    assert logs_in(server, secret)


def test_the_previous_credential_of_another_user_is_not_tried(server, role, manager, single):
    secret = manager.add('app', value(server, role('other')))
    secret.put('a' * 32, json.dumps(value(server, role('app'), 'never-set')), ['AWSCURRENT'])
    assert refused(single.rotate, secret).kind == 'CREDENTIAL_DEAD'


def test_all_credentials_dead_says_so_with_the_sqlstate(server, role, manager, single):
    secret = manager.add('app', value(server, role('app', 'unknown-password'), 'wrong-previous'))
    secret.put('a' * 32, json.dumps(value(server, password='wrong-current')), ['AWSCURRENT'])
    tried = server.log.read_text().count('password authentication failed for user "app"')
    failed = refused(single.rotate, secret)
    assert failed.kind == 'CREDENTIAL_DEAD'
    assert failed.message.startswith('Unable to log into database with previous, current, or pending secret '
                                     f'of secret arn {secret.arn}: ')
    assert '28P01' in failed.message and 'password authentication failed for user "app"' in failed.message
    # pending, current, previous: each once
    assert server.log.read_text().count('password authentication failed for user "app"') == tried + 3


@pytest.mark.parametrize('change, message', [
    ({'engine': 'mysql'}, "Database engine must be set to 'postgres' in order to use this rotation lambda"),
    ({'engine': None}, "Database engine must be set to 'postgres' in order to use this rotation lambda"),
    ({'host': None}, 'host key is missing from secret JSON'),
    ({'host': ''}, 'host key is missing from secret JSON'),
    ({'username': None}, 'username key is missing from secret JSON'),
    ({'username': 'a\0b'}, 'username in secret JSON holds a NUL character'),
    ({'password': 7}, 'password key is missing from secret JSON'),
    ({'port': 'http'}, 'port in secret JSON is not a number from 1 to 65535'),
    ({'port': 70000}, 'port in secret JSON is not a number from 1 to 65535'),
    ({'port': -1}, 'port in secret JSON is not a number from 1 to 65535'),
])
def test_an_unfit_value_is_refused_before_a_new_version_is_stored(server, manager, single, change, message):
    fields = {k: v for k, v in {**value(server), **change}.items() if v is not None}
    secret = manager.add('unfit', fields)
    failed = refused(single.step, 'createSecret', secret, secret.begin())
    assert (failed.kind, failed.message) == ('CONFIG', message)
    assert 'PutSecretValue' not in manager.calls


@pytest.mark.parametrize('change, message', [
    ({'username': 'other'}, 'Attempting to modify user other other than current user app'),
    ({'host': 'db.example'}, 'Attempting to modify user for host db.example other than current host 127.0.0.1'),
    ({'port': 1}, 'Attempting to modify user for port 1 other than current port {port}'),
])
def test_a_pending_value_for_elsewhere_is_refused_untouched(server, manager, single, change, message):
    secret = manager.add('swap', value(server))
    token = secret.begin()
    secret.put(token, json.dumps({**value(server), **change}), ['AWSPENDING'])
    failed = refused(single.step, 'setSecret', secret, token)
    assert (failed.kind, failed.message) == ('CONFIG', message.format(port=server.port))


def test_text_that_is_no_json_is_refused(server, manager, single):
    secret = manager.add('text', 'just-a-password')
    assert refused(single.rotate, secret).kind == 'CONFIG'


def test_a_server_that_is_down_is_transient_and_harms_nothing(server, role, manager, single):
    secret = manager.add('app', value(server, role('app')))
    token = single.rotate(secret, STEPS[:1])
    server.stop()
    try:
        failed = refused(single.step, 'setSecret', secret, token)
    finally:
        server.start()
    assert failed.kind == 'TRANSIENT' and 'Connection refused' in failed.message
    single.rotate(secret, token=token)
    assert logs_in(server, secret)


class RefusingServer:
    """Answers any login with one error, as a PostgreSQL server would in that state."""

    def __init__(self, sqlstate, text):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.host, self.port = self.listener.getsockname()
        fields = b''.join(k + v.encode() + b'\0' for k, v in
                          ((b'S', 'FATAL'), (b'V', 'FATAL'), (b'C', sqlstate), (b'M', text))) + b'\0'
        self.answer = b'E' + struct.pack('!I', len(fields) + 4) + fields
        self.logins = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                with self.listener.accept()[0] as conn:
                    conn.recv(1024)
                    self.logins += 1
                    conn.sendall(self.answer)
            except OSError:
                return


@pytest.mark.parametrize('sqlstate, text, kind, logins', [
    ('57P03', 'the database system is starting up', 'TRANSIENT', 1),
    ('57P03', 'the database system is shutting down', 'TRANSIENT', 1),
    ('53300', 'sorry, too many clients already', 'TRANSIENT', 1),
    ('08P01', 'server conn crashed?', 'TRANSIENT', 1),
    ('3D000', 'database "x" does not exist', 'CONFIG', 1),
    ('28000', 'no pg_hba.conf entry for host', 'CREDENTIAL_DEAD', 2),
    ('28P01', 'password authentication failed', 'CREDENTIAL_DEAD', 2),
    ('XX000', 'what', 'FUNCTION_ERROR', 1),
])
def test_only_an_authentication_error_leads_to_the_next_credential(
        manager, single, sqlstate, text, kind, logins):
    target = RefusingServer(sqlstate, text)
    secret = manager.add('app', value(target))
    failed = refused(single.rotate, secret)
    target.listener.close()
    assert failed.kind == kind and text in failed.message and sqlstate in failed.message
    assert target.logins == logins


def test_a_server_that_says_nothing_is_given_up_after_five_seconds(manager, single):
    with socket.create_server(('127.0.0.1', 0)) as silent:
        secret = manager.add('app', {'engine': 'postgres', 'host': '127.0.0.1', 'username': 'u',
                                     'password': 'current-password', 'port': silent.getsockname()[1]})
        failed = refused(single.rotate, secret)
    assert failed.kind == 'TRANSIENT' and 'within 5 s' in failed.message


def test_a_read_only_target_is_transient(server, role, manager, single):
    secret = manager.add('app', value(server, role('app')))
    server.query("ALTER ROLE app SET default_transaction_read_only = on")
    failed = refused(single.rotate, secret)
    assert failed.kind == 'TRANSIENT'
    assert failed.message == ('target is read-only (failover?): cannot execute ALTER ROLE in a read-only '
                              'transaction (SQLSTATE 25006)')
    assert logs_in(server, secret)


def test_a_role_with_another_default_role_changes_its_own_password(server, role, manager, single):
    secret = manager.add('app', value(server, role('app')))
    server.query('CREATE ROLE app_owner NOLOGIN')
    server.query('GRANT app_owner TO app')
    server.query('ALTER ROLE app SET role = app_owner')
    single.rotate(secret)
    assert logs_in(server, secret)
    server.query('DROP ROLE app_owner')


def test_a_password_the_policy_refuses(server, role, manager, single):
    # contrib/passwordcheck can judge clear text only, so the secret asks for that
    secret = manager.add('app', value(server, role('app'), pawl={
        'passwordMode': 'plain', 'password': {'length': 5}}))
    failed = refused(single.rotate, secret)
    assert failed.kind == 'POLICY_REJECTED'
    assert 'password is too short' in failed.message and '22023' in failed.message
    assert logs_in(server, secret)


def test_clear_text_goes_to_a_hook_only_where_nobody_listens(server, role, manager, single):
    secret = manager.add('app', value(server, role('app'), pawl={'passwordMode': 'plain'}))
    single.rotate(secret)
    assert logs_in(server, secret)


def test_a_wrong_pending_value_fails_the_test(server, role, manager, single):
    secret = manager.add('app', value(server, role('app')))
    token = single.rotate(secret, STEPS[:2])
    server.query("ALTER ROLE app PASSWORD 'changed-by-hand'")
    failed = refused(single.step, 'testSecret', secret, token)
    assert failed.kind == 'FUNCTION_ERROR'
    assert failed.message.startswith('Unable to log into database with pending secret of secret ARN '
                                     f'{secret.arn}: ')


def test_the_test_path_reads_only(server, role, manager, single):
    """RotateImmediately=false: the pending value is a copy of the current one (1.8)."""
    secret = manager.add('app', value(server, role('app')))
    token = secret.begin()
    secret.put(token, secret.value(), ['AWSPENDING'])
    single.step('testSecret', secret, token)
    assert logs_in(server, secret)


def test_a_unix_socket_is_a_local_target(server, role, manager, single):
    secret = manager.add('app', value(server, role('app'), host=str(server.folder)))
    single.rotate(secret)
    assert logs_in(server, secret)


def test_the_candidate_that_takes_writes_is_found(server, role, manager, single):
    down, up = f'127.0.0.1:{servers.free_port()}', f'127.0.0.1:{server.port}'
    secret = manager.add('app', value(server, role('app'), pawl={'hosts': [down, up]}))
    single.rotate(secret)
    assert logs_in(server, secret)
    server.query('ALTER SYSTEM SET default_transaction_read_only = on')
    server.query('SELECT pg_reload_conf()')
    try:
        failed = refused(single.rotate, secret)
    finally:
        reset = server.connect()
        reset.query('SET default_transaction_read_only = off')
        reset.query('ALTER SYSTEM RESET default_transaction_read_only')
        reset.query('SELECT pg_reload_conf()')
        reset.close()
    assert failed.kind == 'TRANSIENT' and 'read-only' in failed.message


@pytest.mark.parametrize('hosts', [[7], ['a,b:1'], [':1']])
def test_candidates_that_cannot_be_read(server, role, manager, single, hosts):
    secret = manager.add('app', value(server, role('app'), pawl={'hosts': hosts}))
    failed = refused(single.rotate, secret)
    assert (failed.kind, failed.message) == ('CONFIG', 'pawl.hosts is not a list of "host:port"')


def test_the_change_goes_past_the_pooler(role, server, manager, single):
    """adminHost is where passwords are changed, host is where clients, and the test, log in."""
    with socket.create_server(('127.0.0.2', server.port)) as pooler:
        pooler.settimeout(0.5)
        secret = manager.add('app', value(server, role('app'), host='127.0.0.2',
                                          pawl={'adminHost': '127.0.0.1'}))
        token = single.rotate(secret, STEPS[:2])
        with pytest.raises(TimeoutError):
            pooler.accept()
    server.connect('app', secret.json('AWSPENDING')['password']).close()
    failed = refused(single.step, 'testSecret', secret, token)
    assert failed.kind == 'TRANSIENT' and '127.0.0.2' in failed.message


# ---- TLS

@pytest.fixture(scope='module')
def tls_server(folder, tls):
    server = servers.start_postgres(folder / 'pg-tls', tls=tls)
    # Only TLS gets in.
    hba = server.data / 'pg_hba.conf'
    hba.write_text(hba.read_text().replace('host ', 'hostssl ').replace('host\t', 'hostssl\t'))
    server.query('SELECT pg_reload_conf()')
    server.query("CREATE ROLE app LOGIN PASSWORD 'current-password'")
    yield server
    server.stop()


@pytest.fixture
def tls_secret(tls_server, manager):
    def make(**more):
        tls_server.query("ALTER ROLE app PASSWORD 'current-password'")
        return manager.add('app', value(tls_server, **more))
    return make


def test_tls_with_the_servers_own_authority(tls_server, tls, function, tls_secret):
    secret = tls_secret(ssl=True)
    function('pawl-rotate-postgres-single', environment={'SSL_CERT_FILE': str(tls.ca)}).rotate(secret)
    assert logs_in(tls_server, secret)


def test_tls_with_pawls_authority(tls_server, tls, function, tls_secret):
    secret = tls_secret(ssl='true')
    function('pawl-rotate-postgres-single', ca=tls.ca).rotate(secret)
    assert logs_in(tls_server, secret)


@pytest.mark.parametrize('how', ['text', 'path'])
def test_tls_with_the_secrets_authority(tls_server, tls, single, tls_secret, how):
    ca = tls.ca.read_text() if how == 'text' else str(tls.ca)
    secret = tls_secret(ssl=True, pawl={'tls': {'ca': ca}})
    single.rotate(secret)
    assert logs_in(tls_server, secret)


def test_a_certificate_of_a_stranger_is_refused(tls_server, other_tls, single, tls_secret):
    secret = tls_secret(ssl=True, pawl={'tls': {'ca': str(other_tls.ca)}})
    failed = refused(single.rotate, secret)
    assert failed.kind == 'TRANSIENT' and 'certificate verify failed' in failed.message
    assert logs_in(tls_server, secret)


def test_a_certificate_for_another_name_is_refused_unless_named(tls_server, folder, tls, single, tls_secret):
    secret = tls_secret(ssl=True, pawl={'tls': {'ca': str(tls.ca), 'serverName': 'db.example'}})
    failed = refused(single.rotate, secret)
    assert failed.kind == 'TRANSIENT' and 'does not match host name "db.example"' in failed.message
    secret = tls_secret(ssl=True, pawl={'tls': {'ca': str(tls.ca), 'serverName': 'localhost'}})
    single.rotate(secret)
    assert logs_in(tls_server, secret)


def test_no_silent_downgrade(server, role, tls, manager, single):
    secret = manager.add('app', value(server, role('app'), ssl=True, pawl={'tls': {'ca': str(tls.ca)}}))
    failed = refused(single.rotate, secret)
    assert failed.kind == 'TRANSIENT' and 'server does not support SSL' in failed.message


def test_a_remote_host_without_an_ssl_member_is_spoken_to_by_tls_only(manager, single, monkeypatch):
    with socket.create_server(('127.0.0.1', 0)) as listener:
        seen = []

        def serve():
            with listener.accept()[0] as conn:
                seen.append(conn.recv(8))
                conn.sendall(b'N')
        threading.Thread(target=serve, daemon=True).start()
        # 127.0.0.1 by a name that is not known to be local
        secret = manager.add('app', {'engine': 'postgres', 'host': '0.0.0.0', 'username': 'u',
                                     'password': 'current-password', 'port': listener.getsockname()[1]})
        failed = refused(single.rotate, secret)
    assert seen == [struct.pack('!II', 8, 80877103)]        # SSLRequest, and nothing after it
    assert 'server does not support SSL' in failed.message and '"ssl": false' in failed.message


# ---- admin

@pytest.fixture
def admin(server, role, manager):
    role('boss', 'admin-password', 'CREATEROLE')
    return manager.add('admin', value(server, 'boss', 'admin-password'))


@pytest.fixture
def by_admin(function):
    return function('pawl-rotate-postgres-admin')


def test_the_admin_changes_the_users_password(server, role, manager, admin, by_admin):
    secret = manager.add('app', value(server, role('app'), masterarn=admin.arn))
    token = secret.begin()
    for step in STEPS:
        by_admin.step(step, secret, token)
        by_admin.step(step, secret, token)
    assert logs_in(server, secret) and not logs_in(server, secret, 'AWSPREVIOUS')
    assert 'by' not in secret.json()


def test_the_admin_is_not_used_for_a_dead_credential_unless_allowed(server, role, manager, admin, by_admin):
    dead = value(server, role('app'), 'wrong-password', masterarn=admin.arn)
    secret = manager.add('app', dead)
    failed = refused(by_admin.rotate, secret)
    assert failed.kind == 'CREDENTIAL_DEAD' and failed.message.startswith(
        f'Unable to log into database using current credentials for secret {secret.arn}: ')
    dead['pawl']['allowDeadCurrent'] = True
    secret = manager.add('app', dead)
    by_admin.rotate(secret)
    assert logs_in(server, secret)


def test_an_expired_role_is_reported_instead_of_a_wrong_password(server, role, manager, admin, by_admin):
    role('app', more="VALID UNTIL '2020-01-01'")
    secret = manager.add('app', value(server, masterarn=admin.arn, pawl={'allowDeadCurrent': True}))
    failed = refused(by_admin.rotate, secret)
    assert failed.kind == 'CONFIG' and 'VALID UNTIL' in failed.message


def test_an_admin_that_is_turned_away(server, role, manager, by_admin):
    bad = manager.add('bad-admin', value(server, 'boss', 'wrong-password'))
    secret = manager.add('app', value(server, role('app'), masterarn=bad.arn))
    failed = refused(by_admin.rotate, secret)
    assert failed.kind == 'CREDENTIAL_DEAD' and failed.message.startswith(
        f'Unable to log into database using credentials in master secret {bad.arn}: ')


def test_an_admin_without_the_right_is_told_which_one(server, role, manager, by_admin):
    weak = manager.add('weak', value(server, role('weak')))
    secret = manager.add('app', value(server, role('app'), masterarn=weak.arn))
    failed = refused(by_admin.rotate, secret)
    assert failed.kind == 'PERMISSION'
    assert 'changing the password of app: permission is missing' in failed.message
    assert '42501' in failed.message


@pytest.mark.parametrize('change, message', [
    ({'host': 'elsewhere.example'},
     'Current database host 127.0.0.1 is not the same host as/rds replica of master elsewhere.example'),
    ({'host': None}, 'Admin secret {arn} has no host; "trustMasterHost": true in the member "pawl" of the '
     "user's secret takes the user's"),
    ({'username': 'app'}, 'admin secret rotates itself; use strategy single'),
    ({'engine': 'mysql'}, "admin secret {arn} is for another engine than 'postgres'"),
    ({'password': None}, 'admin secret {arn}: password key is missing from secret JSON'),
])
def test_an_unfit_admin_secret_is_refused(server, manager, by_admin, change, message):
    fields = {k: v for k, v in {**value(server, 'boss'), **change}.items() if v is not None}
    unfit = manager.add('unfit', fields)
    secret = manager.add('app', value(server, masterarn=unfit.arn))
    failed = refused(by_admin.rotate, secret)
    assert (failed.kind, failed.message) == ('CONFIG', message.format(arn=unfit.arn))


def test_an_admin_secret_with_user_and_password_only(server, role, manager, admin, by_admin):
    bare = manager.add('bare', {'username': 'boss', 'password': 'admin-password'})
    secret = manager.add('app', value(server, role('app'), masterarn=bare.arn, pawl={'trustMasterHost': True}))
    by_admin.rotate(secret)
    assert logs_in(server, secret)


def test_another_name_of_the_same_host(server, role, manager, admin, by_admin):
    named = manager.add('named', value(server, 'boss', 'admin-password', host='LocalHost.'.rstrip('.')))
    secret = manager.add('app', value(server, role('app'), masterarn=named.arn,
                                      pawl={'masterHostAliases': ['localhost']}))
    by_admin.rotate(secret)
    assert logs_in(server, secret)


def test_a_swapped_master_secret_is_refused(server, manager, admin, by_admin):
    secret = manager.add('app', value(server, masterarn=admin.arn))
    token = secret.begin()
    secret.put(token, json.dumps(value(server, masterarn='arn:other')), ['AWSPENDING'])
    failed = refused(by_admin.step, 'setSecret', secret, token)
    assert failed.message == ('Attempting to use master secret arn:other other than current master secret '
                              + admin.arn)


def test_a_missing_master_secret(server, manager, by_admin):
    secret = manager.add('app', value(server))
    assert refused(by_admin.rotate, secret).message == 'masterarn key is missing from secret JSON'
    secret = manager.add('app', value(server, masterarn='arn:nothing'))
    assert 'admin secret arn:nothing cannot be read' in refused(by_admin.rotate, secret).message


# ---- multi

@pytest.fixture
def multi(function):
    return function('pawl-rotate-postgres-multi')


def test_base_to_clone_and_back(server, role, manager, admin, multi):
    role('app', more='CONNECTION LIMIT 7')
    server.query('CREATE TABLE things (n int)')
    server.query('GRANT SELECT ON things TO app')
    server.query("ALTER ROLE app SET search_path = \"$user\", public, \"od,d\"\"\"")
    server.query("ALTER ROLE app IN DATABASE postgres SET statement_timeout = '77s'")
    server.query("ALTER ROLE app SET log_statement = 'none'")    # only a superuser may copy this one
    secret = manager.add('app', value(server, masterarn=admin.arn))
    token = secret.begin()
    for step in STEPS:
        multi.step(step, secret, token)
        multi.step(step, secret, token)
    assert secret.json()['username'] == 'app_clone'
    assert logs_in(server, secret) and logs_in(server, secret, 'AWSPREVIOUS')
    clone = server.connect('app_clone', secret.json()['password'])
    clone.query('SELECT * FROM things')
    assert clone.query('SHOW search_path').getresult() == [('"$user", public, "od,d"""',)]
    assert clone.query('SHOW statement_timeout').getresult() == [('77s',)]
    clone.close()
    assert server.query("SELECT rolconnlimit FROM pg_roles WHERE rolname = 'app_clone'") == [(7,)]
    # what is granted later reaches the clone too
    server.query('CREATE TABLE later (n int); GRANT SELECT ON later TO app')
    first = secret.json()['password']
    multi.rotate(secret)
    assert secret.json()['username'] == 'app'
    assert logs_in(server, secret) and logs_in(server, secret, 'AWSPREVIOUS')
    assert secret.json('AWSPREVIOUS')['password'] == first
    multi.rotate(secret)
    assert secret.json()['username'] == 'app_clone' and secret.json()['password'] != first
    clone = server.connect('app_clone', secret.json()['password'])
    clone.query('SELECT * FROM later')
    clone.close()
    server.query('DROP TABLE things, later')


@pytest.mark.parametrize('name', HOSTILE)
def test_a_clone_of_any_name(server, role, manager, admin, multi, name):
    secret = manager.add('app', value(server, role(name, HOSTILE_PASSWORD), HOSTILE_PASSWORD,
                                      masterarn=admin.arn))
    for _ in range(2):
        multi.rotate(secret)
        assert logs_in(server, secret) and logs_in(server, secret, 'AWSPREVIOUS')


def test_a_name_too_long_to_clone(server, manager, multi):
    for name, too_long in (('u' * 57, False), ('u' * 58, True)):
        secret = manager.add('app', value(server, name, masterarn='arn:x'))
        token = secret.begin()
        if not too_long:
            multi.step('createSecret', secret, token)
            continue
        assert refused(multi.step, 'createSecret', secret, token).message == (
            'Unable to clone user, username length with _clone appended would exceed 63 characters')


def test_the_search_path_of_a_user_does_not_run_code_as_the_admin(server, role, manager, multi):
    """The admin's session must not fall for functions a user left in the way."""
    boss = manager.add('super', value(server, 'postgres', server.password))
    role('app')
    server.query('CREATE SCHEMA trap AUTHORIZATION app')
    server.query("ALTER ROLE app SET search_path = trap, pg_catalog")
    app = server.connect('app', 'current-password')
    app.query("CREATE FUNCTION trap.now() RETURNS timestamptz LANGUAGE plpgsql AS "
              "'BEGIN ALTER ROLE app SUPERUSER; RETURN clock_timestamp(); END'")
    app.close()
    secret = manager.add('app', value(server, masterarn=boss.arn))
    multi.rotate(secret)
    assert server.query("SELECT count(*) FROM pg_roles WHERE rolsuper") == [(1,)]
    server.query('DROP SCHEMA trap CASCADE')


def test_the_clone_never_inherits_power_unless_asked(server, role, manager, multi):
    boss = manager.add('super', value(server, 'postgres', server.password))
    secret = manager.add('app', value(server, role('app', more='CREATEDB CREATEROLE'), masterarn=boss.arn))
    multi.rotate(secret)
    look = "SELECT rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = 'app_clone'"
    assert server.query(look) == [(False, False)]
    secret = manager.add('app', value(server, masterarn=boss.arn, pawl={'cloneAttributes': True}))
    multi.rotate(secret)
    assert server.query(look) == [(True, True)]


def test_a_clone_that_must_exist_already(server, role, manager, admin, multi):
    secret = manager.add('app', value(server, role('app'), masterarn=admin.arn, pawl={'createClone': False}))
    failed = refused(multi.rotate, secret)
    assert (failed.kind, failed.message) == (
        'CONFIG', 'role app_clone does not exist and pawl.createClone is false')


def test_objects_of_both_users_belong_to_the_owner_role(server, role, manager, admin, multi):
    role('app')
    server.query('CREATE ROLE app_owner NOLOGIN')
    server.query('GRANT CREATE ON SCHEMA public TO app_owner')
    secret = manager.add('app', value(server, masterarn=admin.arn, pawl={'ownerRole': 'app_owner'}))
    for table in ('one', 'two', 'three'):
        multi.rotate(secret)
        now = secret.json()
        conn = server.connect(now['username'], now['password'])
        conn.query(f'CREATE TABLE {table} (n int)')
        for seen in ('one', 'two', 'three'):
            conn.query(f'SELECT * FROM {seen}')
            if seen == table:
                break
        conn.close()
    server.query('DROP TABLE one, two, three')
    server.query('REVOKE app_owner FROM app, app_clone')
    server.query('DROP OWNED BY app_owner')
    server.query('DROP ROLE app_owner')


def test_membership_the_wrong_way_round_is_named(server, role, manager, admin, multi):
    role('app')
    server.query("CREATE ROLE app_clone LOGIN PASSWORD 'some-password'; GRANT app_clone TO app")
    secret = manager.add('app', value(server, masterarn=admin.arn))
    failed = refused(multi.rotate, secret)
    assert 'GRANT "app" TO "app_clone"' in failed.message and '0LP01' in failed.message


def test_the_other_user_must_be_the_pending_one(server, role, manager, admin, multi):
    secret = manager.add('app', value(server, role('app'), masterarn=admin.arn))
    token = secret.begin()
    secret.put(token, json.dumps(value(server, 'postgres', masterarn=admin.arn)), ['AWSPENDING'])
    assert refused(multi.step, 'setSecret', secret, token).message == (
        'Attempting to modify user postgres other than current user or clone app')
    secret = manager.add('app', value(server, masterarn=admin.arn))
    token = secret.begin()
    secret.put(token, secret.value(), ['AWSPENDING'])
    assert refused(multi.step, 'setSecret', secret, token).kind == 'CONFIG'


def test_the_old_user_must_still_get_in_when_the_new_one_is_tested(server, role, manager, admin, multi):
    secret = manager.add('app', value(server, role('app'), masterarn=admin.arn))
    token = multi.rotate(secret, STEPS[:2])
    server.query("ALTER ROLE app PASSWORD 'changed-by-hand'")
    failed = refused(multi.step, 'testSecret', secret, token)
    assert failed.kind == 'CREDENTIAL_DEAD'
