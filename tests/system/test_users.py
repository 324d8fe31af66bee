"""qmail-newu: users/assign becomes users/cdb, or nothing changes."""
import os
import pathlib
import stat
import struct
import subprocess

import pytest

BUILD = pathlib.Path(os.environ.get("SLUICE_BUILD", pathlib.Path(__file__).parents[2] / "build/release")).resolve()
NEWU = BUILD / "bin/qmail-newu"

ASSIGN = ("=Info:sales:1010:1011:/home/sales:-:info:\n"
          "+sales-:sales:1010:1011:/home/sales:-::\n"
          "+:alias:1012:1012:/var/alias:-::\n"
          ".\n")


def newu(home, *arguments):
    return subprocess.run([NEWU, *arguments], capture_output=True, text=True, timeout=30,
                          env={"PATH": "/usr/bin:/bin", "SLUICE_HOME": str(home)})


def records(path):
    """All records of a cdb, by its published format and not by our code."""
    data = path.read_bytes()
    at, end, found = 2048, struct.unpack_from("<I", data)[0], {}
    while at < end:
        key_length, value_length = struct.unpack_from("<II", data, at)
        key = data[at + 8:at + 8 + key_length]
        at += 8 + key_length + value_length
        found.setdefault(key, data[at - value_length:at])
    return found


@pytest.fixture
def home(tmp_path):
    users = tmp_path / "etc/users"
    users.mkdir(parents=True)
    (users / "assign").write_text(ASSIGN)
    return tmp_path


def test_database_is_that_of_qmail(home):
    made = newu(home)
    assert (made.returncode, made.stdout, made.stderr) == (0, "", "")
    assert records(home / "etc/users/cdb") == {
        b"!info\0": b"sales\0001010\0001011\0/home/sales\0-\0info",
        b"!sales-": b"sales\0001010\0001011\0/home/sales\0-\0",
        b"!": b"alias\0001012\0001012\0/var/alias\0-\0",
        b"": b"-",
    }
    assert stat.S_IMODE((home / "etc/users/cdb").stat().st_mode) == 0o644
    assert sorted(p.name for p in (home / "etc/users").iterdir()) == ["assign", "cdb"]


@pytest.mark.parametrize("text, message", [
    ("=a:b:1:2:/h:::\n", "line 2: the file ends without a line that begins with '.'"),
    ("=a:b:0:2:/h:::\n.\n", "line 1: the uid is 0: nothing is delivered as root"),
    ("# comment\n.\n", "line 1: the line begins with none of '=', '+' and '.'"),
])
def test_error_names_its_line_and_changes_nothing(home, text, message):
    assert newu(home).returncode == 0
    before = (home / "etc/users/cdb").read_bytes()
    (home / "etc/users/assign").write_text(text)
    refused = newu(home)
    assert refused.returncode == 111
    assert refused.stderr.rstrip("\n").endswith(message)
    assert (home / "etc/users/cdb").read_bytes() == before
    assert sorted(p.name for p in (home / "etc/users").iterdir()) == ["assign", "cdb"]


def test_file_that_everybody_may_write_is_refused(home):
    (home / "etc/users/assign").chmod(0o666)
    refused = newu(home)
    assert refused.returncode == 111
    assert "writable by everybody" in refused.stderr


def test_missing_file_and_wrong_command_line_are_told_apart(home):
    assert newu(home, "x").returncode == 100
    (home / "etc/users/assign").unlink()
    assert newu(home).returncode == 111
