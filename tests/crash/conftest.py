# SPDX-License-Identifier: Apache-2.0
import daemon                   # first: it says where the rest lies
import pytest
import servers


@pytest.fixture(scope="session")
def postgres():
    with servers.workspace("pawl-crash-") as folder:
        server = servers.Postgres(folder / "pg").initialise().start()
        yield server
        server.stop()


@pytest.fixture
def pawld():
    made = []

    def make(*options):
        made.append(daemon.Daemon(*options))
        return made[-1]
    yield make
    for d in made:
        d.stop()


@pytest.fixture
def figures(request, capsys):
    """figures('...') prints a line past pytest's capture: what was measured, whatever the outcome."""
    def say(text):
        with capsys.disabled():
            print("\n    %s: %s" % (request.node.name, text), flush=True)
    return say
