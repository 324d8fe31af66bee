"""./run --once, as a newcomer types it, with programs that are built already."""
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

ROOT = pathlib.Path(__file__).parents[2]
BIN = pathlib.Path(os.environ.get("SLUICE_BUILD", ROOT / "build/release")) / "bin"


@pytest.fixture
def place():
    """Where everybody may make directories."""
    made = pathlib.Path(tempfile.mkdtemp(prefix="sluice-run-", dir="/var/tmp"))
    made.chmod(0o1777)
    yield made
    shutil.rmtree(made)


def run(place, *arguments, programs=BIN, become=()):
    environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "TMPDIR": place, "SLUICE_BIN": programs}
    return subprocess.run([*become, ROOT / "run", *arguments], capture_output=True, text=True, timeout=90, env=environment)


@pytest.mark.parametrize("become", [
    (),
    pytest.param(("setpriv", "--reuid=games", "--regid=games", "--clear-groups"),
                 marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")),
])
def test_once_shows_a_message_arriving_and_leaves_nothing(place, become):
    if become and subprocess.run([*become, "test", "-x", BIN / "sluice"], check=False).returncode != 0:
        pytest.skip("the build lies where others cannot enter")
    done = run(place, "--once", become=become)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Subject: The first message" in done.stdout
    for line in ("accepted", "new msg", "starting delivery", "success", "end msg"):
        assert line in done.stdout.partition("its way in the log")[2]
    assert list(place.iterdir()) == []
    assert str(place) not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout


def test_without_programs_it_says_so_and_leaves_nothing(place):
    done = run(place, "--once", programs=place.parent)
    assert done.returncode == 1
    assert "lacks sluice" in done.stderr
    assert list(place.iterdir()) == []


def test_an_unknown_option_is_refused(place):
    done = run(place, "--twice")
    assert done.returncode == 64
    assert done.stderr.startswith("usage: ./run")
