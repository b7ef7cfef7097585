# SPDX-License-Identifier: Apache-2.0
"""SIGTERM: the daemon ends soon and cleanly, whatever is under way."""
import signal
import socket
import subprocess
import threading

import pytest

from rotating import Strings, function_source, make_function, puppet_on
from server import Server
from wire import encode, token

SOON = 10       # seconds; a supervisor waits ninety before it kills


@pytest.fixture
def own():
    s = Server()
    yield s
    s.stop()        # asserts that it ended with 0


def end(server):
    server.process.send_signal(signal.SIGTERM)
    try:
        assert server.process.wait(SOON) == 0, server.log_tail()
    except subprocess.TimeoutExpired:
        server.process.kill()
        pytest.fail("still there %d s after SIGTERM:\n%s" % (SOON, server.log_tail()))


def test_idle(own):
    end(own)


@pytest.mark.parametrize("attempt", range(4))
def test_rotations_just_begun(own, attempt):
    """The moment between recording a step and calling its function is short: several attempts."""
    quiet = make_function(own.boto3("lambda"), "quiet", function_source("plain"))
    api = own.api()
    for i in range(3):
        api.create("s%d" % i)
        api.ok("RotateSecret", SecretId="s%d" % i, ClientRequestToken=token(),
               RotationLambdaARN=quiet)
    end(own)


def test_a_function_that_does_not_return(own):
    strings = Strings()
    puppet = puppet_on(own, strings)
    api = own.api()
    arn = api.create("held")["ARN"]
    api.ok("RotateSecret", SecretId=arn, ClientRequestToken=token(), RotationLambdaARN=puppet)
    strings.next(arn, "createSecret")
    end(own)
    strings.close()


def test_connections_that_say_nothing_and_half_a_request(own):
    idle = socket.create_connection(("127.0.0.1", own.port))
    half = socket.create_connection(("127.0.0.1", own.port))
    half.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    end(own)
    idle.close()
    half.close()


def test_under_load_what_was_answered_is_kept(own):
    """Each write that was acknowledged is there after the next start."""
    acknowledged, stop = [], threading.Event()

    def write(i):
        api = own.api()
        for n in range(10000):
            name = "w%d/%d" % (i, n)
            try:
                reply = api.send(encode({"Name": name, "SecretString": "x",
                                         "ClientRequestToken": token()}),
                                 "secretsmanager.CreateSecret")
            except OSError:
                return
            if reply.status == 200:
                acknowledged.append(name)
            if len(acknowledged) > 100:
                stop.set()

    writers = [threading.Thread(target=write, args=(i,)) for i in range(4)]
    for w in writers:
        w.start()
    assert stop.wait(20)
    end(own)
    for w in writers:
        w.join()
    if own.store == "mem":
        return
    own.start()
    api = own.api()
    assert all(api.value(name) == "x" for name in acknowledged)
