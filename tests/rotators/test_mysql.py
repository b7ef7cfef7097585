# SPDX-License-Identifier: Apache-2.0
"""pawl-rotate-mariadb-* against a real MariaDB, and pawl-rotate-mysql-* against a server that speaks
MySQL's protocol and records what it is told: Debian ships no MySQL server (spec/rotation.md 8.3)."""
import json
import socket
import struct
import threading

import pymysql
import pytest

import servers
from conftest import HOSTILE, HOSTILE_PASSWORD, STEPS, refused


@pytest.fixture(scope='module')
def server(folder):
    server = servers.start_mariadb(folder / 'maria', settings={
        'plugin-load-add': 'auth_ed25519', 'general-log': 1,
        'general-log-file': folder / 'maria' / 'general.log'})
    server.query('CREATE DATABASE shop')
    yield server
    server.stop()


@pytest.fixture
def user(server):
    made = []

    def make(name, password='current-password', host='%', how='BY', more=''):
        made.append(name)
        secret = 'PASSWORD(%s)' if 'USING' in how else '%s'
        server.query(f'CREATE USER %s@%s IDENTIFIED {how} {secret} {more}', (name, host, password))
        return name
    yield make
    for name in {n for name in made for n in (name, name + '_clone')}:
        for (host,) in server.query('SELECT Host FROM mysql.user WHERE User = %s', (name,)):
            server.query('DROP USER %s@%s', (name, host))


def value(server, username='app', password='current-password', **more):
    out = {'engine': 'mariadb', 'host': server.host, 'port': server.port, 'username': username,
           'password': password, **more}
    out['pawl'] = {'testGrace': 0, **out.get('pawl', {})}
    return out


def logs_in(server, secret, stage='AWSCURRENT'):
    v = secret.json(stage)
    try:
        server.connect(v['username'], v['password']).close()
        return True
    except pymysql.err.OperationalError as e:
        assert e.args[0] == 1045
        return False


@pytest.fixture
def single(function):
    return function('pawl-rotate-mariadb-single')


def test_the_new_password_logs_in_and_the_old_one_does_not(server, user, manager, single):
    secret = manager.add('app', value(server, user('app'), note=[1, 2.50]))
    token = secret.begin()
    for step in STEPS:
        single.step(step, secret, token)
        single.step(step, secret, token)
    assert logs_in(server, secret) and not logs_in(server, secret, 'AWSPREVIOUS')
    assert {**secret.json(), 'password': 0} == {**secret.json('AWSPREVIOUS'), 'password': 0}


def test_a_password_hashed_here_stays_out_of_the_servers_log(server, user, manager, single):
    secret = manager.add('app', value(server, user('app'), pawl={'prehash': True}))
    single.rotate(secret)
    assert logs_in(server, secret)
    log = (server.folder / 'general.log').read_text()
    assert 'SET PASSWORD = \'*' in log and secret.json()['password'] not in log


@pytest.mark.parametrize('name', HOSTILE)
def test_names_and_passwords_are_quoted(server, user, manager, single, name):
    secret = manager.add('hostile', value(server, user(name, HOSTILE_PASSWORD), HOSTILE_PASSWORD))
    single.rotate(secret)
    assert logs_in(server, secret) and not logs_in(server, secret, 'AWSPREVIOUS')


@pytest.mark.parametrize('mode', ['NO_BACKSLASH_ESCAPES', 'ANSI_QUOTES'])
def test_whatever_quotes_mean_to_the_server(server, user, manager, function, admin, mode):
    server.query(f"SET GLOBAL sql_mode = '{mode}'")
    try:
        secret = manager.add('app', value(server, user("o'br\\ien"), masterarn=admin.arn, pawl={
            'password': {'exclude': '"', 'length': 60}}))
        function('pawl-rotate-mariadb-single').rotate(secret)
        assert logs_in(server, secret)
        function('pawl-rotate-mariadb-multi').rotate(secret)
        assert logs_in(server, secret) and logs_in(server, secret, 'AWSPREVIOUS')
    finally:
        server.query("SET GLOBAL sql_mode = DEFAULT")


def test_an_ed25519_account_keeps_its_plugin(server, user, manager, single):
    secret = manager.add('app', value(server, user('app', how='VIA ed25519 USING')))
    single.rotate(secret)
    assert server.query("SELECT plugin FROM mysql.user WHERE User = 'app'") == (('ed25519',),)
    token = secret.begin()
    secret.put(token, secret.value(), ['AWSPENDING'])
    single.step('testSecret', secret, token)        # pymysql cannot log in this way


def test_a_dead_current_credential_is_overcome_with_the_previous_one(server, user, manager, single):
    secret = manager.add('app', value(server, user('app', 'previous-password'), 'previous-password'))
    secret.put('a' * 32, json.dumps(value(server, password='never-set')), ['AWSCURRENT'])
    single.rotate(secret)
    assert logs_in(server, secret)


def test_all_credentials_dead(server, user, manager, single):
    secret = manager.add('app', value(server, user('app', 'unknown-password')))
    failed = refused(single.rotate, secret)
    assert failed.kind == 'CREDENTIAL_DEAD'
    assert 'Access denied' in failed.message and 'error 1045' in failed.message


@pytest.mark.parametrize('change, message', [
    ({'engine': 'postgres'}, "Database engine must be set to 'mariadb' in order to use this rotation lambda"),
    ({'password': None}, 'password key is missing from secret JSON'),
])
def test_an_unfit_value_is_refused(server, manager, single, change, message):
    fields = {k: v for k, v in {**value(server), **change}.items() if v is not None}
    failed = refused(single.rotate, manager.add('unfit', fields))
    assert (failed.kind, failed.message) == ('CONFIG', message)


def test_a_server_that_is_down_is_transient(server, manager, single):
    secret = manager.add('app', value(server))
    secret_value = json.loads(secret.value())
    secret_value['port'] = servers.free_port()
    secret = manager.add('app', secret_value)
    failed = refused(single.rotate, secret)
    assert failed.kind == 'TRANSIENT' and 'error 2002' in failed.message


def test_a_missing_database_is_config(server, user, manager, single):
    secret = manager.add('app', value(server, user('app'), dbname='nothing'))
    server.query("GRANT ALL ON *.* TO app")
    failed = refused(single.rotate, secret)
    assert failed.kind == 'CONFIG' and 'nothing' in failed.message


def test_a_read_only_target_is_transient_even_for_the_powerful(server, user, manager, single):
    secret = manager.add('app', value(server, user('app')))
    server.query("GRANT ALL ON *.* TO app")
    server.query('SET GLOBAL read_only = 1')
    try:
        failed = refused(single.rotate, secret)
    finally:
        server.query('SET GLOBAL read_only = 0')
    assert failed.kind == 'TRANSIENT' and 'read-only' in failed.message
    assert logs_in(server, secret)


def test_an_expired_password_is_replaced(server, user, manager, single):
    secret = manager.add('app', value(server, user('app')))
    server.query("ALTER USER app PASSWORD EXPIRE")
    single.rotate(secret)
    assert logs_in(server, secret)


def test_a_locked_account_is_reported(server, user, manager, single):
    secret = manager.add('app', value(server, user('app', more='ACCOUNT LOCK')))
    failed = refused(single.rotate, secret)
    assert failed.kind == 'CREDENTIAL_DEAD' and 'locked' in failed.message


def test_a_policy_refusal(server, user, manager, single):
    server.query("INSTALL SONAME 'simple_password_check'")
    try:
        secret = manager.add('app', value(server, user('app', 'Current-passw0rd'), 'Current-passw0rd',
                                          pawl={'password': {'excludeNumbers': True}}))
        failed = refused(single.rotate, secret)
    finally:
        server.query("UNINSTALL SONAME 'simple_password_check'")
    assert failed.kind == 'POLICY_REJECTED' and 'error 1819' in failed.message
    assert logs_in(server, secret)


def test_a_unix_socket_is_a_local_target(server, user, manager, single):
    secret = manager.add('app', value(server, user('app'), host=str(server.socket)))
    single.rotate(secret)
    assert logs_in(server, secret)


# ---- TLS

@pytest.fixture(scope='module')
def tls_server(folder, tls):
    server = servers.start_mariadb(folder / 'maria-tls', tls=tls)
    server.query("CREATE USER app IDENTIFIED BY 'current-password' REQUIRE SSL")
    yield server
    server.stop()


def test_tls_is_verified(tls_server, tls, other_tls, manager, single):
    tls_server.query("SET PASSWORD FOR app = PASSWORD('current-password')")
    secret = manager.add('app', value(tls_server, ssl=True, pawl={'tls': {'ca': str(other_tls.ca)}}))
    failed = refused(single.rotate, secret)
    assert failed.kind == 'TRANSIENT' and 'certificate' in failed.message
    secret = manager.add('app', value(tls_server, ssl=True, pawl={'tls': {'ca': tls.ca.read_text()}}))
    single.rotate(secret)
    v = secret.json()
    tls_server.connect('app', v['password'], ssl={'ca': str(tls.ca)}).close()


def test_no_silent_downgrade(server, user, tls, manager, single):
    secret = manager.add('app', value(server, user('app'), ssl=True, pawl={'tls': {'ca': str(tls.ca)}}))
    failed = refused(single.rotate, secret)
    assert failed.kind == 'TRANSIENT' and 'SSL' in failed.message


# ---- admin

@pytest.fixture
def admin(server, user, manager):
    user('boss', 'admin-password')
    server.query('GRANT ALL PRIVILEGES ON *.* TO boss WITH GRANT OPTION')
    return manager.add('admin', value(server, 'boss', 'admin-password'))


@pytest.fixture
def by_admin(function):
    return function('pawl-rotate-mariadb-admin')


def test_the_admin_changes_the_password_at_every_host(server, user, manager, admin, by_admin):
    user('app')
    user('app', host='127.0.0.1')
    user('app', host='10.%', how='VIA ed25519 USING')
    before = dict(server.query("SELECT Host, authentication_string FROM mysql.user WHERE User = 'app'"))
    secret = manager.add('app', value(server, masterarn=admin.arn))
    token = secret.begin()
    for step in STEPS:
        by_admin.step(step, secret, token)
        by_admin.step(step, secret, token)
    after = dict(server.query("SELECT Host, authentication_string FROM mysql.user WHERE User = 'app'"))
    assert set(after) == {'%', '127.0.0.1', '10.%'}
    assert all(before[host] != after[host] for host in after)
    assert dict(server.query("SELECT Host, plugin FROM mysql.user WHERE User = 'app'"))['10.%'] == 'ed25519'
    assert logs_in(server, secret) and not logs_in(server, secret, 'AWSPREVIOUS')


def test_an_admin_without_the_right_is_told_so(server, user, manager, by_admin):
    weak = manager.add('weak', value(server, user('weak')))
    secret = manager.add('app', value(server, user('app'), masterarn=weak.arn))
    failed = refused(by_admin.rotate, secret)
    assert failed.kind == 'PERMISSION' and 'mysql.user' in failed.message and '1142' in failed.message


# ---- multi

@pytest.fixture
def multi(function):
    return function('pawl-rotate-mariadb-multi')


def grants(server, name, host='%'):
    return sorted(g.split(' TO `')[0].split(' FOR `')[0] + (' +' if 'WITH GRANT' in g else '')
                  for (g,) in server.query('SHOW GRANTS FOR %s@%s', (name, host)) if 'USAGE' not in g)


def test_base_to_clone_and_back(server, user, manager, admin, multi):
    user('app', more="REQUIRE NONE WITH MAX_USER_CONNECTIONS 9")
    user('app', host='127.0.0.1')
    server.query("GRANT SELECT, INSERT ON `shop`.* TO app WITH GRANT OPTION")
    server.query("CREATE TABLE IF NOT EXISTS shop.things (n int, m int)")
    server.query("GRANT UPDATE (m) ON shop.things TO app")
    server.query("GRANT SELECT ON shop.* TO 'app'@'127.0.0.1'")
    server.query("CREATE ROLE IF NOT EXISTS buyers")
    server.query("GRANT buyers TO app")
    server.query("GRANT buyers TO boss WITH ADMIN OPTION")
    server.query("SET DEFAULT ROLE buyers FOR app")
    secret = manager.add('app', value(server, masterarn=admin.arn))
    token = secret.begin()
    for step in STEPS:
        multi.step(step, secret, token)
        multi.step(step, secret, token)
    assert secret.json()['username'] == 'app_clone'
    assert logs_in(server, secret) and logs_in(server, secret, 'AWSPREVIOUS')
    for host in ('%', '127.0.0.1'):
        assert grants(server, 'app_clone', host) == grants(server, 'app', host) != []
    assert server.query("SELECT max_user_connections FROM mysql.user WHERE User = 'app_clone' "
                        "AND Host = '%'") == ((9,),)
    server.query("GRANT DELETE ON shop.* TO app")
    multi.rotate(secret)
    assert secret.json()['username'] == 'app'
    assert logs_in(server, secret) and logs_in(server, secret, 'AWSPREVIOUS')
    multi.rotate(secret)
    assert secret.json()['username'] == 'app_clone' and logs_in(server, secret)
    assert grants(server, 'app_clone') == grants(server, 'app')
    server.query("DROP ROLE buyers")


def test_a_role_the_admin_may_not_pass_on_is_named(server, user, manager, admin, multi):
    user('app')
    server.query("CREATE ROLE secretive")
    server.query("GRANT secretive TO app")
    failed = refused(multi.rotate, manager.add('app', value(server, masterarn=admin.arn)))
    server.query("DROP ROLE secretive")
    assert failed.kind == 'FUNCTION_ERROR'
    assert 'the admin user could not do `GRANT `secretive`` for app_clone' in failed.message


@pytest.mark.parametrize('name', HOSTILE)
def test_a_clone_of_any_name(server, user, manager, admin, multi, name):
    user(name, HOSTILE_PASSWORD)
    server.query('GRANT SELECT ON shop.* TO %s@%s', (name, '%'))
    secret = manager.add('app', value(server, name, HOSTILE_PASSWORD, masterarn=admin.arn))
    for _ in range(2):
        multi.rotate(secret)
        assert logs_in(server, secret) and logs_in(server, secret, 'AWSPREVIOUS')
    assert grants(server, name + '_clone') == grants(server, name) != []


def test_a_database_named_like_a_grantee_grants_nothing_else(server, user, manager, admin, multi):
    user('app')
    tricky = 'x` TO `app`@`%'
    quoted = '`' + tricky.replace('`', '``') + '`'
    server.query(f'CREATE DATABASE {quoted.replace("%", "%%")}', ())
    server.query(f'GRANT SELECT ON {quoted.replace("%", "%%")}.* TO app', ())
    secret = manager.add('app', value(server, masterarn=admin.arn))
    multi.rotate(secret)
    assert logs_in(server, secret)
    assert server.query("SELECT Db FROM mysql.db WHERE User = 'app_clone'") == ((tricky,),)
    server.query(f'DROP DATABASE {quoted.replace("%", "%%")}', ())


def test_required_tls_is_copied_before_the_clone_can_be_used(server, user, manager, admin, multi):
    user('app', more="REQUIRE ISSUER '/CN=it''s me' AND CIPHER 'x'")
    secret = manager.add('app', value(server, masterarn=admin.arn))
    token = multi.rotate(secret, STEPS[:1])
    # the base user itself cannot log in without such a certificate
    assert refused(multi.step, 'setSecret', secret, token).kind == 'CREDENTIAL_DEAD'


def test_strict_grants_take_away_what_the_base_user_lost(server, user, manager, admin, multi):
    user('app')
    server.query("GRANT SELECT, DELETE ON shop.* TO app")
    for strict, left in ((False, 'GRANT SELECT, DELETE'), (True, 'GRANT SELECT')):
        secret = manager.add('app', value(server, masterarn=admin.arn, pawl={'strictGrants': strict}))
        server.query("SET PASSWORD FOR app = PASSWORD('current-password')")
        multi.rotate(secret)
        server.query("REVOKE DELETE ON shop.* FROM app")
        secret = manager.add('app', value(server, masterarn=admin.arn, pawl={'strictGrants': strict}))
        multi.rotate(secret)
        assert grants(server, 'app_clone') == [f'{left} ON `shop`.*']
        server.query("GRANT DELETE ON shop.* TO app")


def test_a_crash_before_the_password_is_repeated_whole(server, user, manager, admin, multi):
    """Account statements commit one by one; until the password is set the clone is not taken for done."""
    user('app')
    server.query('GRANT SELECT ON shop.* TO app')
    server.query("CREATE USER app_clone IDENTIFIED BY 'made-by-an-attempt-that-died'")
    secret = manager.add('app', value(server, masterarn=admin.arn))
    multi.rotate(secret)
    assert logs_in(server, secret) and grants(server, 'app_clone') == grants(server, 'app') != []


def test_a_name_too_long_to_clone(server, manager, function):
    for engine, limit in (('mysql', 32), ('mariadb', 80)):
        f = function(f'pawl-rotate-{engine}-multi')
        secret = manager.add('app', value(server, 'u' * (limit - 5), engine=engine, masterarn='arn:x'))
        assert refused(f.rotate, secret).message == (
            f'Unable to clone user, username length with _clone appended would exceed {limit} characters')
        secret = manager.add('app', value(server, 'u' * (limit - 6), engine=engine, masterarn='arn:x'))
        f.rotate(secret, STEPS[:1])


# ---- MySQL's own statements

class MySqlDouble:
    """Accepts the logins it is told to, answers each statement with the first rule that fits."""

    def __init__(self, version='8.0.36', rules=(), logins=('current-password',)):
        self.version, self.rules, self.statements = version, list(rules), []
        self.accept = set(logins)
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.host, self.port = self.listener.getsockname()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                conn = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._talk, args=(conn,), daemon=True).start()

    def _send(self, conn, sequence, body):
        conn.sendall(struct.pack('<I', len(body))[:3] + bytes([sequence]) + body)

    def _read(self, conn):
        head = conn.recv(4, socket.MSG_WAITALL)
        if len(head) < 4:
            raise ConnectionError
        return head[3], conn.recv(int.from_bytes(head[:3], 'little'), socket.MSG_WAITALL)

    def _talk(self, conn):
        salt = b'abcdefghijklmnopqrst'
        capabilities = 0x0008_A208 | 0x1 | 0x200    # protocol 41, secure connection, plugin auth
        with conn:
            try:
                self._send(conn, 0, b'\x0a' + self.version.encode() + b'\0' + struct.pack('<I', 1) + salt[:8]
                           + b'\0' + struct.pack('<H', capabilities & 0xffff) + b'\x2d' + struct.pack('<H', 2)
                           + struct.pack('<H', capabilities >> 16) + bytes([21]) + bytes(10) + salt[8:] + b'\0'
                           + b'mysql_native_password\0')
                sequence, login = self._read(conn)
                if not self._good(login, salt):
                    return self._error(conn, sequence + 1, 1045, 'Access denied')
                self._ok(conn, sequence + 1)
                while True:
                    _, body = self._read(conn)
                    if body[:1] == b'\x01':
                        return
                    self._answer(conn, body[1:].decode())
            except (ConnectionError, OSError):
                pass

    def _good(self, login, salt):
        rest = login[32:]
        rest = rest[rest.index(b'\0') + 1:]
        scramble = rest[1:1 + rest[0]]
        return any(pymysql._auth.scramble_native_password(p.encode(), salt) == scramble for p in self.accept)

    def _ok(self, conn, sequence):
        self._send(conn, sequence, b'\0\0\0\x02\0\0\0')

    def _error(self, conn, sequence, code, text):
        self._send(conn, sequence, b'\xff' + struct.pack('<H', code) + b'#HY000' + text.encode())

    def _rows(self, conn, rows):
        def text(s):
            return bytes([len(s)]) + s
        width = len(rows[0]) if rows else 1
        self._send(conn, 1, bytes([width]))
        for i in range(width):
            self._send(conn, 2 + i, text(b'def') + text(b'') * 3 + text(b'c') * 2 + b'\x0c'
                       + struct.pack('<HIBHB', 45, 255, 253, 0, 0) + b'\0\0')
        self._send(conn, 2 + width, b'\xfe\0\0\x02\0')
        for i, row in enumerate(rows):
            self._send(conn, 3 + width + i, b''.join(text(c.encode()) for c in row))
        self._send(conn, 3 + width + len(rows), b'\xfe\0\0\x02\0')

    def _answer(self, conn, sql):
        self.statements.append(sql)
        for start, answer in self.rules:
            if start in sql:
                break
        else:
            answer = [['0']] if sql.startswith('SELECT') else None
        if isinstance(answer, int):
            return self._error(conn, 1, answer, f'refused {answer}')
        if answer is not None:
            return self._rows(conn, answer)
        if 'IDENTIFIED BY' in sql or 'SET PASSWORD' in sql:
            self.accept.add(sql.split("'")[-2] if 'REPLACE' not in sql and 'RETAIN' not in sql
                            else sql.split("'")[1] if 'USER()' in sql else sql.split("'")[5])
        self._ok(conn, 1)

    def changes(self, secret):
        return [s.replace(secret.json('AWSPENDING')['password'], 'NEW') for s in self.statements
                if not s.startswith('SELECT')]


def of_mysql(double, **more):
    return value(double, engine='mysql', pawl={'password': {'excludePunctuation': True}}, **more)


@pytest.mark.parametrize('version, rules, expect', [
    ('8.0.36', [], ["ALTER USER USER() IDENTIFIED BY 'NEW' RETAIN CURRENT PASSWORD"]),
    ('9.1.0', [('RETAIN', 1227)], ["ALTER USER USER() IDENTIFIED BY 'NEW' RETAIN CURRENT PASSWORD",
                                   "ALTER USER USER() IDENTIFIED BY 'NEW'"]),
    ('8.0.36', [('REPLACE', None), ('RETAIN', 3892)], [
        "ALTER USER USER() IDENTIFIED BY 'NEW' RETAIN CURRENT PASSWORD",
        "ALTER USER USER() IDENTIFIED BY 'NEW' REPLACE 'current-password' RETAIN CURRENT PASSWORD"]),
    ('5.7.44', [], ["ALTER USER USER() IDENTIFIED BY 'NEW'"]),
    ('5.6.51', [], ["SET PASSWORD = PASSWORD('NEW')"]),
])
def test_mysql_statements_by_version(manager, function, version, rules, expect):
    double = MySqlDouble(version, rules)
    secret = manager.add('app', of_mysql(double))
    function('pawl-rotate-mysql-single').rotate(secret)
    assert double.changes(secret) == expect


@pytest.mark.parametrize('code, kind', [
    (1819, 'POLICY_REJECTED'), (3638, 'POLICY_REJECTED'), (1290, 'TRANSIENT'), (1836, 'TRANSIENT'),
    (1142, 'PERMISSION'), (1205, 'TRANSIENT'), (1064, 'FUNCTION_ERROR')])
def test_mysql_errors_are_classified(manager, function, code, kind):
    double = MySqlDouble(rules=[('ALTER USER', code)])
    failed = refused(function('pawl-rotate-mysql-single').rotate, manager.add('app', of_mysql(double)))
    assert failed.kind == kind and f'error {code}' in failed.message
    assert (f'refused {code}' in failed.message) == (code != 1064)


def test_mysql_clone_keeps_plugin_limits_roles_and_partial_revokes(manager, function):
    base = ['%', 'mysql_native_password', 'ANY', '', '', '', '1', '2', '3', '4']
    double = MySqlDouble(rules=[
        ("FROM mysql.user WHERE User = 'app' ", [base]),
        ("FROM mysql.user WHERE User = 'app_clone'", []),
        ('mysql.default_roles', [['reader', '%']]),
        ('SHOW GRANTS', [['GRANT USAGE ON *.* TO `app`@`%`'],
                         ['GRANT SELECT ON `s`.* TO `app`@`%` WITH GRANT OPTION'],
                         ['REVOKE SELECT ON `s2`.* FROM `app`@`%`'],
                         ['GRANT `reader`@`%` TO `app`@`%` WITH ADMIN OPTION'],
                         ["GRANT PROXY ON ``@`` TO `app`@`%`"]])],
        logins=('current-password', 'admin-password'))
    # once made, the clone has a row of its own
    real = double._answer

    def answer(conn, sql):
        if sql.startswith('CREATE USER'):
            double.rules.insert(0, ("User = 'app_clone'", [base]))
        real(conn, sql)
    double._answer = answer
    admin = manager.add('admin', {**of_mysql(double), 'username': 'boss', 'password': 'admin-password'})
    secret = manager.add('app', of_mysql(double, masterarn=admin.arn))
    function('pawl-rotate-mysql-multi').rotate(secret)
    made = double.changes(secret)
    assert made[1].startswith("CREATE USER 'app_clone'@'%' IDENTIFIED WITH mysql_native_password BY '")
    assert [made[0], *made[2:]] == [
        "SET SESSION sql_mode = ''",
        "ALTER USER 'app_clone'@'%' REQUIRE SSL WITH MAX_QUERIES_PER_HOUR 1 MAX_UPDATES_PER_HOUR 2 "
        'MAX_CONNECTIONS_PER_HOUR 3 MAX_USER_CONNECTIONS 4',
        "SHOW GRANTS FOR 'app'@'%'",
        "GRANT USAGE ON *.* TO 'app_clone'@'%'",
        "GRANT SELECT ON `s`.* TO 'app_clone'@'%' WITH GRANT OPTION",
        "REVOKE SELECT ON `s2`.* FROM 'app_clone'@'%'",
        "GRANT `reader`@`%` TO 'app_clone'@'%' WITH ADMIN OPTION",
        "ALTER USER 'app_clone'@'%' DEFAULT ROLE 'reader'@'%'",
        "ALTER USER 'app_clone'@'%' IDENTIFIED BY 'NEW' RETAIN CURRENT PASSWORD"]
