# SPDX-License-Identifier: Apache-2.0
"""Real database servers for tests: each in a folder of its own, on 127.0.0.1, ended by its pid.

    with servers.workspace() as folder:
        pg = servers.start_postgres(folder / 'pg')      # port: a free one unless given
        pg.connect()                                    # as the superuser, PyGreSQL
        pg.stop()                                       # also at exit of the interpreter

Every server object has: folder, host, port, superuser, password, pid, stop(), restart(), is_up().
Durability is switched off: what is in here is never worth keeping.
As root the servers run as the package's own user (postgres, mysql, redis), because PostgreSQL
refuses root; workspace() makes a folder they can reach.
"""
import atexit
import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

HOST = '127.0.0.1'
START_LIMIT_S = 30
STOP_LIMIT_S = 15
PASSWORD = 'superuser-password'


class ServerError(RuntimeError):
    pass


@contextlib.contextmanager
def workspace(prefix='pawl-servers-'):
    """A folder other users may traverse, removed with all it holds. Its path is short enough
    for the 107 bytes of a Unix socket's address."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port():
    with socket.socket() as s:
        s.bind((HOST, 0))
        return s.getsockname()[1]


def _program(name, *folders):
    for folder in folders:
        path = pathlib.Path(folder) / name
        if path.exists():
            return str(path)
    found = shutil.which(name)
    if found is None:
        raise ServerError(f'{name} is not installed')
    return found


def _postgres_folder():
    found = sorted(pathlib.Path('/usr/lib/postgresql').glob('*/bin'), key=lambda p: int(p.parent.name))
    if not found:
        raise ServerError('postgresql is not installed')
    return found[-1]


class Server:
    """A child process in its own folder. The subclass says how to start and what a login is."""
    user = 'nobody'             # whom root becomes
    stop_signal = signal.SIGTERM

    def __init__(self, folder, port=None):
        self.folder = pathlib.Path(folder)
        self.host = HOST
        self.port = port or free_port()
        self.process = None
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / 'server.log'
        self._own(self.folder)

    # -- running as somebody else
    def _as_user(self):
        if os.geteuid() != 0:
            return {}
        who = pwd.getpwnam(self.user)
        return {'user': who.pw_uid, 'group': who.pw_gid, 'extra_groups': []}

    def _own(self, path):
        if os.geteuid() == 0:
            who = pwd.getpwnam(self.user)
            os.chown(path, who.pw_uid, who.pw_gid)

    def _run(self, args):
        done = subprocess.run(args, cwd=self.folder, env=self._env(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **self._as_user())
        if done.returncode != 0:
            raise ServerError(f'{args[0]}: {done.stdout.decode(errors="replace")}')

    def _env(self):
        return {'PATH': os.environ.get('PATH', '/usr/bin:/bin'), 'LC_ALL': 'C.UTF-8',
                'HOME': str(self.folder), 'TZ': 'UTC'}

    # -- life
    @property
    def pid(self):
        return self.process.pid if self.process else None

    def start(self):
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen(
                self._command(), cwd=self.folder, env=self._env(), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True, **self._as_user())
        atexit.register(self.stop)
        self._wait_until_up()
        return self

    def _wait_until_up(self):
        limit = time.monotonic() + START_LIMIT_S
        while time.monotonic() < limit:
            if self.process.poll() is not None:
                raise ServerError(f'{type(self).__name__} ended:\n{self.log_tail()}')
            if self.is_up():
                return
            time.sleep(0.02)
        self.stop()
        raise ServerError(f'{type(self).__name__} did not start:\n{self.log_tail()}')

    def stop(self):
        process, self.process = self.process, None
        atexit.unregister(self.stop)
        if process is None or process.poll() is not None:
            return
        process.send_signal(self.stop_signal)
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def restart(self):
        self.stop()
        return self.start()

    def log_tail(self, n=3000):
        return self.log.read_text(errors='replace')[-n:] if self.log.exists() else ''


class Postgres(Server):
    user = 'postgres'
    stop_signal = signal.SIGINT         # fast shutdown: no waiting for clients
    superuser = 'postgres'

    def __init__(self, folder, port=None, tls=None, settings=None):
        super().__init__(folder, port)
        self.password = PASSWORD
        self.data = self.folder / 'data'
        self.settings = {
            'port': self.port, 'listen_addresses': HOST, 'unix_socket_directories': self.folder,
            'fsync': 'off', 'synchronous_commit': 'off', 'full_page_writes': 'off',
            'shared_buffers': '16MB', 'max_connections': '50', 'log_statement': 'all',
            'shared_preload_libraries': '', **(settings or {})}
        if tls:
            self.settings.update(self._tls(tls))

    def _tls(self, tls):
        return {'ssl': 'on', 'ssl_cert_file': _private_copy(self, tls.certificate),
                'ssl_key_file': _private_copy(self, tls.key)}

    def initialise(self):
        if self.data.exists():
            return self
        pwfile = self.folder / 'pwfile'
        pwfile.write_text(self.password + '\n')
        self._own(pwfile)
        self._run([str(_postgres_folder() / 'initdb'), '-D', str(self.data), '-U', self.superuser,
                   '--pwfile', str(pwfile), '-A', 'scram-sha-256', '-E', 'UTF8',
                   '--locale=C.UTF-8', '--no-sync', '--no-instructions'])
        pwfile.unlink()
        return self

    def _command(self):
        args = [str(_postgres_folder() / 'postgres'), '-D', str(self.data)]
        for name, value in self.settings.items():
            args += ['-c', f'{name}={value}']
        return args

    @property
    def dsn(self):
        """For libpq and its children (psycopg, psql)."""
        return (f'host={self.host} port={self.port} dbname=postgres user={self.superuser} '
                f'password={self.password}')

    def connect(self, user=None, password=None, dbname='postgres'):
        """PyGreSQL's classic connection: .query(sql). Raises pg.InternalError when refused."""
        import pg
        return pg.connect(dbname=dbname, host=self.host, port=self.port,
                          user=user or self.superuser,
                          passwd=self.password if password is None else password)

    def query(self, sql, dbname='postgres'):
        """Runs as the superuser; rows as tuples, or None for a statement without."""
        conn = self.connect(dbname=dbname)
        try:
            done = conn.query(sql)
            return done.getresult() if hasattr(done, 'getresult') else None
        finally:
            conn.close()

    def is_up(self):
        import pg
        try:
            self.connect().close()
            return True
        except pg.Error:
            return False


class MariaDB(Server):
    user = 'mysql'
    superuser = 'root'

    def __init__(self, folder, port=None, tls=None, settings=None):
        super().__init__(folder, port)
        self.password = PASSWORD
        self.data = self.folder / 'data'
        self.socket = self.folder / 'mysqld.sock'
        self.settings = dict(settings or {})
        if tls:
            self.settings.update({'ssl-ca': _private_copy(self, tls.ca),
                                  'ssl-cert': _private_copy(self, tls.certificate),
                                  'ssl-key': _private_copy(self, tls.key)})

    def initialise(self):
        if self.data.exists():
            return self
        self._run([_program('mariadb-install-db'), '--no-defaults', f'--datadir={self.data}',
                   '--auth-root-authentication-method=normal', '--skip-test-db',
                   '--innodb-flush-log-at-trx-commit=0', '--innodb-doublewrite=0'])
        return self

    def _init_file(self):
        path = self.folder / 'init.sql'
        path.write_text(f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{self.password}';\n"
                        f"CREATE USER IF NOT EXISTS 'root'@'127.0.0.1' IDENTIFIED BY '{self.password}';\n"
                        "GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n")
        self._own(path)
        return path

    def _command(self):
        settings = {'datadir': self.data, 'socket': self.socket, 'port': self.port,
                    'bind-address': HOST, 'pid-file': self.folder / 'mysqld.pid',
                    'init-file': self._init_file(), 'innodb-flush-log-at-trx-commit': 0,
                    'innodb-buffer-pool-size': '16M', 'performance-schema': 'OFF',
                    **self.settings}
        return [_program('mariadbd', '/usr/sbin'), '--no-defaults'] + [
            f'--{name}={value}' for name, value in settings.items()]

    def connect(self, user=None, password=None, database=None, **more):
        """pymysql; raises pymysql.err.OperationalError when refused."""
        import pymysql
        password = self.password if password is None else password
        return pymysql.connect(host=self.host, port=self.port, user=user or self.superuser,
                               password=password.encode(),      # of a str it would make Latin-1
                               database=database, autocommit=True, connect_timeout=5, **more)

    def query(self, sql, args=None):
        with contextlib.closing(self.connect()) as conn, conn.cursor() as cursor:
            cursor.execute(sql, args)
            return cursor.fetchall()

    def is_up(self):
        import pymysql
        try:
            self.connect().close()
            return True
        except pymysql.err.Error:
            return False


class RedisReply(Exception):
    """An error the server answered: -ERR ..."""


class RedisClient:
    """Just enough of RESP2 for tests: client('ACL', 'WHOAMI')."""

    def __init__(self, host, port, tls_ca=None):
        self.sock = socket.create_connection((host, port), 5)
        if tls_ca:
            context = ssl.create_default_context(cafile=str(tls_ca))
            self.sock = context.wrap_socket(self.sock, server_hostname=host)
        self.file = self.sock.makefile('rb')

    def __call__(self, *words):
        words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        self.sock.sendall(b'*%d\r\n' % len(words)
                          + b''.join(b'$%d\r\n%s\r\n' % (len(w), w) for w in words))
        return self._reply()

    def _reply(self):
        line = self.file.readline()
        if not line:
            raise ConnectionError('closed')
        kind, rest = line[:1], line[1:].rstrip(b'\r\n').decode()
        if kind == b'+':
            return rest
        if kind == b'-':
            raise RedisReply(rest)
        if kind == b':':
            return int(rest)
        n = int(rest)
        if n < 0:
            return None
        if kind == b'$':
            return self.file.read(n + 2)[:-2].decode()
        return [self._reply() for _ in range(n)]

    def close(self):
        self.file.close()
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Redis(Server):
    user = 'redis'
    superuser = 'default'

    def __init__(self, folder, port=None, tls=None, settings=None, aclfile=True):
        super().__init__(folder, port)
        self.password = PASSWORD
        self.tls = tls
        self.config = self.folder / 'redis.conf'
        self.settings = dict(settings or {})
        if aclfile and not (self.folder / 'users.acl').exists():
            acl = self.folder / 'users.acl'
            acl.write_text(f'user default on ~* &* +@all >{self.password}\n')
            self._own(acl)
        self.aclfile = aclfile

    def initialise(self):
        lines = {'bind': HOST, 'dir': self.folder, 'save': '""', 'appendonly': 'no',
                 'daemonize': 'no', 'port': 0 if self.tls else self.port, **self.settings}
        if self.tls:
            lines.update({'tls-port': self.port, 'tls-auth-clients': 'no',
                          'tls-ca-cert-file': _private_copy(self, self.tls.ca),
                          'tls-cert-file': _private_copy(self, self.tls.certificate),
                          'tls-key-file': _private_copy(self, self.tls.key)})
        if self.aclfile:
            lines['aclfile'] = self.folder / 'users.acl'
        else:
            lines['requirepass'] = self.password
        if not self.config.exists():
            self.config.write_text(''.join(f'{k} {v}\n' for k, v in lines.items()))
            self._own(self.config)
        return self

    def _command(self):
        return [_program('redis-server'), str(self.config)]

    def connect(self, user=None, password=None):
        """A RedisClient that has authenticated; RedisReply when refused."""
        client = RedisClient(self.host, self.port, self.tls.ca if self.tls else None)
        try:
            client('AUTH', user or self.superuser,
                   self.password if password is None else password)
        except RedisReply:
            client.close()
            raise
        return client

    def is_up(self):
        try:
            with RedisClient(self.host, self.port, self.tls.ca if self.tls else None) as client:
                client('PING')
        except RedisReply as e:
            return str(e).startswith('NOAUTH')
        except OSError:
            return False
        return True


# ---- certificates
class Tls:
    """Paths of one server certificate and of the authority that signed it."""

    def __init__(self, ca, certificate, key):
        self.ca, self.certificate, self.key = ca, certificate, key


def make_tls(folder, name='localhost', address=HOST):
    """A new authority and a certificate it signed for `name` (and `address`, unless None)."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    ca, ca_key = folder / 'ca.pem', folder / 'ca.key'
    cert, key, request = folder / 'server.pem', folder / 'server.key', folder / 'server.csr'
    names = f'subjectAltName=DNS:{name}' + (f',IP:{address}' if address else '')
    extensions = folder / 'extensions'
    extensions.write_text(f'{names}\nbasicConstraints=CA:FALSE\n')
    curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    for args in (
            ['req', '-x509', *curve, '-keyout', ca_key, '-out', ca, '-days', '30', '-subj', '/CN=test CA'],
            ['req', '-new', *curve, '-keyout', key, '-out', request, '-subj', f'/CN={name}'],
            ['x509', '-req', '-in', request, '-CA', ca, '-CAkey', ca_key, '-CAcreateserial',
             '-days', '30', '-extfile', extensions, '-out', cert]):
        done = subprocess.run(['openssl', *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise ServerError(done.stdout.decode())
    return Tls(ca, cert, key)


def _private_copy(server, path):
    """Servers insist that a key belongs to them and is theirs alone."""
    path = pathlib.Path(path)
    copy = server.folder / f'tls-{path.name}'
    shutil.copyfile(path, copy)
    copy.chmod(0o600)
    server._own(copy)
    return copy


# ---- what other suites call
def start_postgres(folder, port=None, **more):
    return Postgres(folder, port, **more).initialise().start()


def start_mariadb(folder, port=None, **more):
    return MariaDB(folder, port, **more).initialise().start()


def start_redis(folder, port=None, **more):
    return Redis(folder, port, **more).initialise().start()
