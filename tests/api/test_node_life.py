# SPDX-License-Identifier: Apache-2.0
"""The stock JavaScript client (node/life.mjs), installed by `npm ci` into the build folder."""
import filecmp
import shutil
import subprocess
from pathlib import Path

import pytest

from server import BUILD

SOURCE = Path(__file__).parent / "node"


@pytest.fixture(scope="module")
def node_folder():
    """build/node: our files with the packages of package-lock.json beside them."""
    folder = BUILD / "node"
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / "package-lock.json"
    installed = (folder / "node_modules/.package-lock.json").exists() and lock.exists() and (
        filecmp.cmp(lock, SOURCE / "package-lock.json", shallow=False))
    for name in ("package.json", "package-lock.json", "life.mjs"):
        shutil.copy(SOURCE / name, folder / name)
    if not installed:
        done = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"],
            cwd=folder, capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stderr
    return folder


def test_a_whole_life(server, node_folder, name, generic):
    done = subprocess.run(["node", "life.mjs", server.url, name, generic], cwd=node_folder,
                          env=server.environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "16 passed"
