# SPDX-License-Identifier: Apache-2.0
"""pawl-rotate-redis-*: spec/rotation.md 8.5 against real servers, alone, with replicas, in a cluster."""
import hashlib
import json
import time

import pytest

import servers
from conftest import STEPS, refused


@pytest.fixture(scope='module')
def server(folder):
    server = servers.start_redis(folder / 'redis')
    yield server
    server.stop()


@pytest.fixture
def user(server):
    made = []

    def make(name, rule='~app:* &* +@read +@write +ping', password='current-password', where=None):
        for s in where or [server]:
            made.append((s, name))
            with s.connect() as boss:
                boss('ACL', 'SETUSER', name, 'on', f'>{password}', *rule.split(' '))
        return name
    yield make
    for s, name in made:
        with s.connect() as boss:
            boss('ACL', 'DELUSER', name, name + '_clone')


def value(server, username='app', password='current-password', **more):
    out = {'engine': 'redis', 'host': server.host, 'port': server.port, 'username': username,
           'password': password, **more}
    out['pawl'] = {'testGrace': 0, **out.get('pawl', {})}
    return out


def logs_in(server, secret, stage='AWSCURRENT'):
    v = secret.json(stage)
    try:
        server.connect(v['username'], v['password']).close()
        return True
    except servers.RedisReply as e:
        assert str(e).startswith('WRONGPASS')
        return False


def rule_of(server, name):
    """What the user may do. sanitize-payload is how a user made anew starts; it permits nothing."""
    with server.connect() as boss:
        line = next(x for x in boss('ACL', 'LIST') if x.startswith(f'user {name} '))
    return [w for w in line.split(' ')[2:] if not w.startswith('#') and w != 'sanitize-payload']


@pytest.fixture
def admin(server, manager):
    return manager.add('admin', value(server, 'default', server.password))


@pytest.fixture
def single(function):
    return function('pawl-rotate-redis-single')


@pytest.fixture
def by_admin(function):
    return function('pawl-rotate-redis-admin')


@pytest.fixture
def multi(function):
    return function('pawl-rotate-redis-multi')


def test_two_passwords_are_good_and_the_third_is_dropped(server, user, manager, admin, by_admin):
    secret = manager.add('app', value(server, user('app'), masterarn=admin.arn, note={'kept': True}))
    token = secret.begin()
    for step in STEPS:
        by_admin.step(step, secret, token)
        by_admin.step(step, secret, token)
    oldest = secret.json('AWSPREVIOUS')['password']
    assert logs_in(server, secret) and logs_in(server, secret, 'AWSPREVIOUS')
    assert {**secret.json(), 'password': 0} == {**secret.json('AWSPREVIOUS'), 'password': 0}
    by_admin.rotate(secret)
    assert logs_in(server, secret) and logs_in(server, secret, 'AWSPREVIOUS')
    with pytest.raises(servers.RedisReply, match='WRONGPASS'):
        server.connect('app', oldest)
    assert not set(secret.json()['password']) & set('/@"\'\\ #<>!')


def test_a_change_outlives_a_restart(server, user, manager, admin, by_admin):
    secret = manager.add('app', value(server, user('app'), masterarn=admin.arn))
    by_admin.rotate(secret)
    server.restart()
    assert logs_in(server, secret)


def test_a_user_who_may_change_users_changes_itself(server, user, manager, single):
    secret = manager.add('app', value(server, user('app', '~* &* +@all')))
    single.rotate(secret)
    assert logs_in(server, secret)


def test_a_user_who_may_not_is_sent_to_the_admin(server, user, manager, single):
    secret = manager.add('app', value(server, user('app')))
    failed = refused(single.rotate, secret)
    assert failed.kind == 'PERMISSION'
    assert failed.message.startswith('user app may not change users; use strategy admin: ')
    assert logs_in(server, secret)


def test_a_user_who_may_not_even_ping_passes_the_test(server, user, manager, admin, by_admin):
    secret = manager.add('app', value(server, user('app', '~x +get'), masterarn=admin.arn))
    by_admin.rotate(secret)
    assert logs_in(server, secret)


@pytest.mark.parametrize('name', ['we"ird', "o'brien\\", 'Ünï©ødé', '$user', '~*', '>x', '#'])
def test_names_that_look_like_rules(server, user, manager, admin, multi, name):
    secret = manager.add('app', value(server, user(name), masterarn=admin.arn))
    for _ in range(2):
        multi.rotate(secret)
        assert logs_in(server, secret) and logs_in(server, secret, 'AWSPREVIOUS')


def test_dead_credentials(server, user, manager, admin, by_admin, single):
    user('app', password='unknown-password')
    failed = refused(by_admin.rotate, manager.add('app', value(server, masterarn=admin.arn)))
    assert failed.kind == 'CREDENTIAL_DEAD' and 'WRONGPASS' in failed.message
    failed = refused(single.rotate, manager.add('app', value(server)))
    assert failed.kind == 'CREDENTIAL_DEAD' and 'WRONGPASS' in failed.message
    secret = manager.add('app', value(server, masterarn=admin.arn, pawl={'allowDeadCurrent': True}))
    by_admin.rotate(secret)
    assert logs_in(server, secret)


@pytest.mark.parametrize('change, message', [
    ({'engine': 'mysql'}, "Database engine must be set to 'redis' in order to use this rotation lambda"),
    ({'user_arn': 'arn:x'}, 'a secret with user_arn belongs to a service that changes its users itself; '
     'this rotator cannot'),
    ({'host': None}, 'host key is missing from secret JSON'),
])
def test_an_unfit_value_is_refused(server, manager, single, change, message):
    fields = {k: v for k, v in {**value(server), **change}.items() if v is not None}
    failed = refused(single.rotate, manager.add('unfit', fields))
    assert (failed.kind, failed.message) == ('CONFIG', message)


def test_a_server_that_is_down_is_transient(server, user, manager, admin, by_admin):
    secret = manager.add('app', value(server, user('app'), masterarn=admin.arn))
    token = by_admin.rotate(secret, STEPS[:1])
    server.stop()
    try:
        failed = refused(by_admin.step, 'setSecret', secret, token)
    finally:
        server.start()
    assert failed.kind == 'TRANSIENT' and 'Connection refused' in failed.message


def test_without_a_user_name_it_is_default(folder, manager, single):
    server = servers.start_redis(folder / 'redis-default')
    v = value(server, password=server.password)
    del v['username']
    secret = manager.add('app', v)
    single.rotate(secret)
    assert 'username' not in secret.json()
    server.connect('default', secret.json()['password']).close()
    server.stop()


def test_requirepass_holds_one_password(folder, manager, single):
    server = servers.start_redis(folder / 'redis-requirepass', aclfile=False)
    secret = manager.add('app', value(server, 'default', server.password))
    single.rotate(secret)
    assert logs_in(server, secret) and not logs_in(server, secret, 'AWSPREVIOUS')
    server.restart()        # CONFIG REWRITE kept it
    assert logs_in(server, secret)
    server.stop()


# ---- multi

def test_base_to_clone_and_back(server, user, manager, admin, multi):
    rule = '~app:* %R~shared:* resetchannels &news:* -@all +@read +set -getdel (~other:* +get)'
    secret = manager.add('app', value(server, user('app', rule), masterarn=admin.arn))
    token = secret.begin()
    for step in STEPS:
        multi.step(step, secret, token)
        multi.step(step, secret, token)
    assert secret.json()['username'] == 'app_clone'
    assert logs_in(server, secret) and logs_in(server, secret, 'AWSPREVIOUS')
    assert rule_of(server, 'app_clone') == rule_of(server, 'app')
    first = secret.json()['password']
    multi.rotate(secret)
    assert secret.json()['username'] == 'app'
    assert logs_in(server, secret) and logs_in(server, secret, 'AWSPREVIOUS')
    with server.connect() as boss:
        boss('ACL', 'SETUSER', 'app', '+del')       # granted later: reaches the clone
    multi.rotate(secret)
    assert rule_of(server, 'app_clone') == rule_of(server, 'app')
    assert secret.json()['password'] != first and logs_in(server, secret)


# ---- TLS

def test_tls_is_verified(folder, tls, other_tls, manager, single):
    server = servers.start_redis(folder / 'redis-tls', tls=tls)
    with server.connect() as boss:
        boss('ACL', 'SETUSER', 'app', 'on', '>current-password', '~*', '+@all')
    secret = manager.add('app', value(server, ssl=True, pawl={'tls': {'ca': str(other_tls.ca)}}))
    failed = refused(single.rotate, secret)
    assert failed.kind == 'TRANSIENT' and 'certificate' in failed.message
    secret = manager.add('app', value(server, ssl=True, pawl={'tls': {
        'ca': tls.ca.read_text(), 'serverName': 'db.example'}}))
    failed = refused(single.rotate, secret)
    assert failed.kind == 'TRANSIENT' and 'ostname mismatch' in failed.message
    for server_name in ({}, {'serverName': 'localhost'}):
        secret = manager.add('app', value(server, ssl=True, pawl={'tls': {
            'ca': tls.ca.read_text(), **server_name}}))
        single.rotate(secret)
        assert logs_in(server, secret)
        with server.connect() as boss:
            boss('ACL', 'SETUSER', 'app', '>current-password')
    server.stop()


def test_no_silent_downgrade(server, user, tls, manager, single):
    secret = manager.add('app', value(server, user('app'), ssl=True, pawl={'tls': {'ca': str(tls.ca)}}))
    failed = refused(single.rotate, secret)
    assert failed.kind == 'TRANSIENT' and 'TLS' in failed.message


# ---- several nodes

def eventually(what):
    limit = time.monotonic() + 10
    while not what():
        assert time.monotonic() < limit
        time.sleep(0.05)


@pytest.fixture(scope='module')
def pair(folder):
    """A primary and its replica, each with an ACL file of its own."""
    primary = servers.start_redis(folder / 'redis-primary')
    replica = servers.start_redis(folder / 'redis-replica', settings={
        'replicaof': f'{primary.host} {primary.port}', 'masterauth': primary.password,
        'masteruser': 'default'})
    with primary.connect() as boss:
        eventually(lambda: boss('ROLE')[2])
    yield [primary, replica]
    replica.stop()
    primary.stop()


def test_replicas_are_found_and_changed_too(pair, user, manager, by_admin):
    admin = manager.add('admin', value(pair[0], 'default', pair[0].password))
    secret = manager.add('app', value(pair[0], user('app', where=pair), masterarn=admin.arn))
    for _ in range(2):
        by_admin.rotate(secret)
        assert all(logs_in(node, secret) and logs_in(node, secret, 'AWSPREVIOUS') for node in pair)


def test_a_replica_is_not_the_place_to_change(pair, user, manager, by_admin):
    admin = manager.add('admin', value(pair[1], 'default', pair[1].password))
    secret = manager.add('app', value(pair[1], user('app', '~* +@all', where=pair), masterarn=admin.arn))
    failed = refused(by_admin.rotate, secret)
    assert failed.kind == 'TRANSIENT' and 'is a replica (failover?)' in failed.message


def test_a_change_cut_short_between_nodes_is_completed(pair, user, manager, by_admin):
    admin = manager.add('admin', value(pair[0], 'default', pair[0].password))
    secret = manager.add('app', value(pair[0], user('app', where=pair), masterarn=admin.arn))
    token = by_admin.rotate(secret, STEPS[:1])
    pending = hashlib.sha256(secret.json('AWSPENDING')['password'].encode()).hexdigest()
    with pair[1].connect() as boss:             # the secret's own host comes last
        boss('ACL', 'SETUSER', 'app', f'#{pending}')
    by_admin.rotate(secret, token=token)
    assert all(logs_in(node, secret) for node in pair)


def test_a_node_that_is_away_fails_the_attempt_unless_allowed(server, user, manager, admin, by_admin):
    nodes = [f'127.0.0.1:{servers.free_port()}', f'{server.host}:{server.port}']
    secret = manager.add('app', value(server, user('app'), masterarn=admin.arn, pawl={'nodes': nodes}))
    failed = refused(by_admin.rotate, secret)
    assert failed.kind == 'TRANSIENT' and nodes[0] in failed.message
    secret = manager.add('app', value(server, masterarn=admin.arn, pawl={
        'nodes': nodes, 'allowMissingNodes': True}))
    by_admin.rotate(secret)
    assert logs_in(server, secret)


@pytest.mark.parametrize('option, message', [
    ({'nodes': ['nonsense']}, 'pawl.nodes is not a list of "host:port"'),
    ({'nodes': [7]}, 'pawl.nodes is not a list of "host:port"'),
    ({'sentinel': {}}, 'pawl.sentinel is not available; list the nodes in pawl.nodes')])
def test_options_that_cannot_be_followed(server, user, manager, admin, by_admin, option, message):
    secret = manager.add('app', value(server, user('app'), masterarn=admin.arn, pawl=option))
    failed = refused(by_admin.rotate, secret)
    assert (failed.kind, failed.message) == ('CONFIG', message)


@pytest.fixture(scope='module')
def cluster(folder):
    buses = [servers.free_port() for _ in range(3)]
    nodes = [servers.start_redis(folder / f'cluster-{bus}', settings={
        'cluster-enabled': 'yes', 'cluster-port': bus}) for bus in buses]
    with nodes[0].connect() as boss:
        for node, bus in zip(nodes[1:], buses[1:]):
            boss('CLUSTER', 'MEET', node.host, node.port, bus)
        eventually(lambda: len(boss('CLUSTER', 'NODES').split('\n')) == 4
                   and 'handshake' not in boss('CLUSTER', 'NODES'))
    yield nodes
    for node in nodes:
        node.stop()


def test_every_node_of_a_cluster(cluster, user, manager, by_admin):
    admin = manager.add('admin', value(cluster[0], 'default', cluster[0].password))
    user('app', where=cluster)
    secret = manager.add('app', value(cluster[0], masterarn=admin.arn, pawl={'cluster': True}))
    by_admin.rotate(secret)
    assert all(logs_in(node, secret) and logs_in(node, secret, 'AWSPREVIOUS') for node in cluster)


def test_an_admin_who_may_not_list_a_clusters_nodes_changes_none(cluster, user, manager, by_admin):
    user('weak', '~* +acl', where=cluster)
    admin = manager.add('admin', value(cluster[0], 'weak'))
    user('app', where=cluster)
    secret = manager.add('app', value(cluster[0], masterarn=admin.arn, pawl={'cluster': True}))
    failed = refused(by_admin.rotate, secret)
    assert (failed.kind, failed.message) == (
        'PERMISSION', 'permission is missing: CLUSTER NODES, to find every node')


def test_a_single_server_is_no_cluster(server, user, manager, admin, by_admin):
    secret = manager.add('app', value(server, user('app', '~* +@all'), masterarn=admin.arn,
                                      pawl={'cluster': True}))
    failed = refused(by_admin.rotate, secret)
    assert failed.kind == 'CONFIG' and 'cluster support disabled' in failed.message
