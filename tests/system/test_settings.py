"""sluice config and sluice init, as a person at a shell meets them."""
import json
import os
import pathlib
import stat
import subprocess
import tomllib

import pytest

BUILD = pathlib.Path(os.environ.get("SLUICE_BUILD", pathlib.Path(__file__).parents[2] / "build/release"))
SLUICE = BUILD / "bin/sluice"


def sluice(*arguments, environment=None, mask=-1):
    return subprocess.run([SLUICE, *map(str, arguments)], capture_output=True, text=True, timeout=30, umask=mask,
                          env={"PATH": "/usr/bin:/bin", **(environment or {})})


@pytest.fixture
def home(tmp_path):
    made = sluice("init", tmp_path / "mail", "--me", "mx.example.net", "--listen", "127.0.0.1:2600")
    assert (made.returncode, made.stderr) == (0, "")
    return tmp_path / "mail"


def test_init_makes_a_whole_instance(home):
    assert sorted(p.name for p in home.iterdir()) == ["etc", "queue", "run"]
    written = tomllib.loads((home / "etc/sluice.toml").read_text())
    assert written["me"] == "mx.example.net"
    assert written["smtp"] == {"listen": ["127.0.0.1:2600"]}
    assert sluice("config", "--check", "--home", home).returncode == 0


def test_init_does_not_depend_on_the_umask(tmp_path):
    assert sluice("init", tmp_path / "mail", mask=0o077).returncode == 0
    for path in ("", "etc", "etc/control", "queue", "run"):
        assert stat.S_IMODE((tmp_path / "mail" / path).stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "mail/etc/sluice.toml").stat().st_mode) == 0o644


def test_init_takes_an_empty_directory(tmp_path):
    (tmp_path / "mail").mkdir()
    assert sluice("init", tmp_path / "mail").returncode == 0
    assert (tmp_path / "mail/etc/sluice.toml").is_file()


@pytest.mark.parametrize("prepare, arguments, status, message", [
    (lambda d: (d.mkdir(), (d / "precious").touch()), [], 73, "is not an empty directory; nothing was changed"),
    (lambda d: d.touch(), [], 73, "exists and is not a directory"),
    (lambda d: d.parent.rmdir(), [], 73, "there is no directory"),
    (lambda d: None, ["--listen", "localhost:25"], 64, "smtp.listen: \"localhost\" is not an IP address"),
    (lambda d: None, ["--me", "not a name"], 64, "me: a character that no host or domain name can hold"),
])
def test_init_that_cannot_be_done_leaves_nothing_behind(tmp_path, prepare, arguments, status, message):
    place = tmp_path / "there" / "mail"
    place.parent.mkdir()
    prepare(place)
    before = sorted(tmp_path.rglob("*"))
    refused = sluice("init", place, *arguments)
    assert refused.returncode == status
    assert message in refused.stderr and len(refused.stderr.splitlines()) == 1
    assert refused.stdout == ""
    assert sorted(tmp_path.rglob("*")) == before


def test_config_lists_each_value_with_its_origin_and_its_sentence(home):
    (home / "etc/control/concurrencyremote").write_text("# more\n40\n")
    listed = sluice("config", "-O", "Timeout.queuereturn=3",
                    environment={"SLUICE_HOME": str(home), "QUEUE_COUNT": "2"})
    assert listed.returncode == 0
    lines = listed.stdout.splitlines()
    assert max(map(len, lines)) <= 100 or len(str(home)) > 35
    rows = {line.split()[0]: line.split()[1:] for line in lines if line and line[0].isalpha()}
    assert rows["home"] == ["$SLUICE_HOME", str(home)]
    assert rows["me"] == ["etc/sluice.toml:" + line_of(home / "etc/sluice.toml", "me ="), "mx.example.net"]
    assert rows["concurrencyremote"] == ["etc/control/concurrencyremote:2", "40"]
    assert rows["queue_count"] == ["$QUEUE_COUNT", "2"]
    assert rows["queuelifetime"] == ["-O", "Timeout.queuereturn", "3d"]
    assert rows["conf_split"] == ["default", "151"]
    assert lines[lines.index(next(x for x in lines if x.startswith("queue_count"))) + 1].startswith("    How many queues")


def line_of(path, start):
    return str(next(n for n, line in enumerate(path.read_text().splitlines(), 1) if line.startswith(start)))


def test_config_as_json_has_plain_numbers(home):
    everything = json.loads(sluice("--home", home, "config", "--json").stdout)
    assert everything["home"] == str(home)
    by_name = {setting["name"]: setting for setting in everything["settings"]}
    assert by_name["queuelifetime"]["value"] == 604800 and by_name["queuelifetime"]["text"] == "7d"
    assert by_name["databytes"]["value"] == 50 * 1024 * 1024
    assert by_name["big_todo"]["value"] is True
    assert by_name["smtp.listen"]["value"] == ["127.0.0.1:2600"]
    assert by_name["smtp.listen"]["origin"]["name"] == str(home / "etc/sluice.toml")
    one = json.loads(sluice("--home", home, "config", "--json", "me").stdout)
    assert one == by_name["me"]


def test_config_shows_one_setting(home):
    assert sluice("--home", home, "config", "--value", "me").stdout == "mx.example.net\n"
    shown = sluice("--home", home, "config", "Timeout.queuereturn").stdout
    assert shown.startswith("Timeout.queuereturn ") and "Sets queuelifetime," in shown  # sendmail's name for several
    shown = sluice("--home", home, "config", "MaxQueueAge").stdout
    assert shown.startswith("queue_run.max_age ") and "Option of sendmail: MaxQueueAge." in shown


def test_check_reports_every_problem_and_ends_with_78(home):
    (home / "etc/sluice.toml").write_text('queuelifetime = "5d12q"\nnonsense = 1\n')
    (home / "etc/control/smtproutes").write_text("a.test:relay\nb.test\n")
    checked = sluice("config", "--check", "--home", home, environment={"QUEUE_COUNT": "none"})
    assert checked.returncode == 78
    assert checked.stdout == ""
    toml = f"sluice: {home}/etc/sluice.toml"
    assert [line.split(";")[0] for line in checked.stderr.splitlines()] == [
        f"{toml}:1:22: queuelifetime: 'q' is not a unit of time",
        f"{toml}:2:1: there is no setting \"nonsense\"",
        f"sluice: {home}/etc/control/smtproutes:2:7: smtproutes: the colon and the host are missing",
        "sluice: environment variable QUEUE_COUNT: queue_count: 'n' stands where a digit is expected",
    ]


@pytest.mark.parametrize("arguments, message", [
    (["config", "queue_cout"], 'there is no setting "queue_cout"; did you mean queue_count?'),
    (["config", "--nonsense"], "--nonsense"),
    (["config", "-O", "queue_count"], "-O queue_count: name=value is expected"),
    (["nonsense"], "nonsense"),
    ([], "subcommand"),
])
def test_a_wrong_command_line_ends_with_64(arguments, message):
    refused = sluice(*arguments)
    assert refused.returncode == 64
    assert message in refused.stderr
    assert refused.stdout == ""


def test_a_home_that_is_not_there_is_named(tmp_path):
    refused = sluice("config", environment={"SLUICE_HOME": str(tmp_path / "nowhere")})
    assert refused.returncode == 78
    assert f"home: {tmp_path}/nowhere is not a directory; sluice init makes an instance" in refused.stderr


def test_full_standard_output_is_an_error(home):
    with open("/dev/full", "w") as full:
        done = subprocess.run([SLUICE, "--home", str(home), "config"], stdout=full, stderr=subprocess.PIPE, timeout=30)
    assert done.returncode == 74
