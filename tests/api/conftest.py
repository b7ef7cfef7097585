# SPDX-License-Identifier: Apache-2.0
"""One server for the whole run; every test works on names, or in a region, of its own."""
import itertools
import re
import sys
import uuid
from collections import namedtuple

import pytest

sys.dont_write_bytecode = True
from rotating import Strings, function_source, make_function, puppet_on  # noqa: E402
from server import Server  # noqa: E402

Secret = namedtuple("Secret", "name arn version")
_regions = itertools.count(1)


def pytest_make_parametrize_id(val):
    """Rows hold values of 65,536 bytes; their test names should not."""
    if isinstance(val, (str, bytes)) and len(val) > 40:
        return "%s... of %d" % (ascii(val[:8]).strip("'"), len(val))
    return None


@pytest.fixture(scope="session")
def server():
    s = Server()
    yield s
    s.stop()


@pytest.fixture(scope="session")
def api(server):
    """Raw signed requests in us-east-1."""
    return server.api()


@pytest.fixture(scope="session")
def sm(server):
    """The stock SDK client."""
    return server.boto3("secretsmanager")


@pytest.fixture
def name(request):
    """A secret name nobody else uses; it does not end like an ARN suffix."""
    words = re.sub(r"[^A-Za-z0-9]+", "_", request.node.name)[:80]
    return "t/%s/%s" % (words, uuid.uuid4().hex[:10])


@pytest.fixture
def secret(api, name):
    """A secret with one version, whose value is "v1"."""
    made = api.create(name)
    return Secret(made["Name"], made["ARN"], made["VersionId"])


@pytest.fixture
def empty(api, name):
    """A secret that was created without a value."""
    made = api.create(name, None)
    return Secret(made["Name"], made["ARN"], None)


@pytest.fixture
def scheduled(api, secret):
    """A secret inside its recovery window."""
    api.ok("DeleteSecret", SecretId=secret.arn)
    return secret


@pytest.fixture
def own_region(server):
    """A caller in a region where nothing exists yet: list calls see only what the test makes."""
    return server.api("xx-test-%d" % next(_regions))


@pytest.fixture
def replica(api, name):
    """(secret, caller in the replica's region): a primary in us-east-1 with one replica."""
    made = api.create(name, AddReplicaRegions=[{"Region": "eu-west-1"}])
    return Secret(made["Name"], made["ARN"], made["VersionId"]), api.at("eu-west-1")


@pytest.fixture
def travel():
    """A server of the test's own, whose clock it may move."""
    s = Server()
    yield s
    s.stop()


@pytest.fixture(scope="session")
def lam(server):
    """The stock Lambda client."""
    return server.boto3("lambda")


@pytest.fixture(scope="session")
def strings():
    s = Strings()
    yield s
    s.close()


@pytest.fixture(scope="session")
def puppet(server, strings):
    """ARN of a function that does what tests tell it through `strings`."""
    return puppet_on(server, strings)


@pytest.fixture(scope="session")
def generic(server, lam):
    """ARN of an ordinary rotation function."""
    return make_function(lam, "generic", function_source("generic"),
                         environment={"SECRETS_MANAGER_ENDPOINT": server.url})
