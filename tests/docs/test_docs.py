# SPDX-License-Identifier: Apache-2.0
"""What README.md tells people to type is typed here, and what the documentation names exists."""
import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PAWL_BUILD", TOP / "build")).resolve()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return str(s.getsockname()[1])


def tour(folder):
    """The blocks marked as tour, on ports and folders of our own."""
    blocks = re.findall(r"<!-- tour -->\n```sh\n(.*?)```", (TOP / "README.md").read_text(), re.S)
    script, port = "".join(blocks), free_port()
    for old, new in (("make\n", ""), ("$PWD/build", str(BUILD)), ("7295", port),
                     ("build/pawld", f"{BUILD}/pawld --listen 127.0.0.1:{port}"),
                     ("8099", free_port()), ("/tmp/pawl-tour", f"{folder}/t")):
        assert old in script, old
        script = script.replace(old, new)
    # Started in the background, so it is not there at once.
    return script.replace("aws sts ", f"until [ -S {folder}/t/pawl.sock ]; do sleep 0.1; done\naws sts ", 1)


@pytest.mark.skipif(not shutil.which("aws") or not shutil.which("zip"), reason="needs aws and zip")
def test_the_tour(tmp_path):
    tree = tmp_path / "tree"
    shutil.copytree(TOP / "examples", tree / "examples")
    script = tour(tmp_path)
    for f in (tree / "examples").iterdir():
        port = re.search(r"127\.0\.0\.1:(\d+)\", \"username", script).group(1)
        f.write_text(f.read_text().replace("8099", port))
    shell = subprocess.Popen(["bash", "-euo", "pipefail", "-c", script], cwd=tree, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
                             env={**os.environ, "PATH": "/usr/bin:/bin"})
    try:
        said, _ = shell.communicate(timeout=120)
    finally:
        try:
            os.killpg(shell.pid, signal.SIGTERM)    # what a failure left behind
        except ProcessLookupError:
            pass
    assert shell.returncode == 0, said
    assert re.search(r"app/api-key .*SUCCEEDED", said), said
    assert re.search(r"app/http .*SUCCEEDED", said), said
    assert re.search(r'"username": "app", "password": "(?!first)\w{32}"', said), said
    assert "nothing missing or changed" in said


def pages():
    return [TOP / "README.md", TOP / "CONTRIBUTING.md", TOP / "SECURITY.md", TOP / "examples/README.md",
            *sorted((TOP / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", pages(), ids=lambda p: str(p.relative_to(TOP)))
def test_what_a_page_links_to_exists(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    missing = [x for x in links if not (page.parent / x).exists()]
    assert missing == []


@pytest.mark.parametrize("page", pages(), ids=lambda p: str(p.relative_to(TOP)))
def test_what_a_page_names_in_the_tree_exists(page):
    named = re.findall(r"`((?:src|rotators|tools|tests|docs|runtimes|packaging|examples|fuzz)/[\w./-]+)`",
                       page.read_text())
    missing = [x for x in named if not re.search("[A-Z]{4}|/X", x) and not (TOP / x).exists()]
    assert missing == []


def test_the_pages_of_pawld_name_every_setting_and_no_other():
    helped = subprocess.run([BUILD / "pawld", "--help"], capture_output=True, text=True).stdout
    settings = set(re.findall(r"^  --([\w-]+)", helped, re.M))
    items = re.findall(r"^\.It (Fl .*)", (TOP / "docs/man/pawld.8").read_text(), re.M)
    flags = set(re.findall(r"Fl -([\w-]+)", "\n".join(items)))
    keys = set(re.findall(r"^\.It Cm ([\w-]+)", (TOP / "docs/man/pawld.conf.5").read_text(), re.M))
    assert flags == settings
    assert keys == settings - {"config", "help", "version", "init"}
