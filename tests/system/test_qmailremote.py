"""QMAILREMOTE: a program in the place of qmail-rspawn's own SMTP client, with the conventions of qmail-remote(8)."""
import grp
import json
import pwd
import time

import pytest

from support.accounts import ROOT
from support.instance import wait_until
from support.remote_server import Server
from support.remote_spawner import CHANNEL_LMTP, Spawner
from test_lmtp import store

# Writes down how it was called, then does what its test says.
SCRIPT = """#!{python}
import json, os, sys, time
call = dict(argv=sys.argv[1:], name=open("/proc/self/cmdline", "rb").read().split(b"\\0")[2].decode(), cwd=os.getcwd(),
            environment=dict(os.environ), body=os.read(0, 1 << 24).decode("latin-1"), uid=os.getuid(), gid=os.getgid(),
            groups=os.getgroups(), descriptors=sorted(map(int, os.listdir("/proc/self/fd")))[:-1])
with open({calls!r}, "a") as calls:
    calls.write(json.dumps(call) + "\\n")
def say(text):
    os.write(1, text.replace("|", "\\0").encode())
{action}
"""


class Program:
    def __init__(self, directory, action):
        self.path = directory / "remote"
        self._calls = directory / "calls"
        self._calls.touch()
        self._calls.chmod(0o666)  # it runs as another user
        self.path.write_text(SCRIPT.format(python="/usr/bin/python3", calls=str(self._calls), action=action))
        self.path.chmod(0o755)

    @property
    def calls(self):
        return [json.loads(line) for line in self._calls.read_text().splitlines()]


@pytest.fixture
def make(tmp_path):
    return lambda action: Program(tmp_path, action)


def deliver(tmp_path, program, settings=None, **order):
    with Spawner(tmp_path / "home", settings, QMAILREMOTE=str(program.path), SECRET="x") as spawner:
        return spawner.deliver("x.test", **order)


def letters(outcomes):
    return "".join(outcome.verdict for outcome in outcomes)


ACCEPTS = r"say('r|K192.0.2.1 accepted message.\nRemote host said: 250 2.0.0 ok\n|')"


def test_it_is_called_as_qmail_remote_is(tmp_path, make):
    program = make(ACCEPTS)
    outcome, = deliver(tmp_path, program, body=b"Subject: x\r\n\r\n.dot\r\nend", recipients=["a@Some.x.test"])
    assert (outcome.verdict, outcome.reply, outcome.code, outcome.reached) == ("K", 250, "2.0.0", "server")
    assert outcome.text == "192.0.2.1 accepted message./Remote host said: 250 2.0.0 ok/"
    call, = program.calls
    body = "Subject: x\n\n.dot\nend"
    assert call["argv"] == ["Some.x.test", "s@us.test", "", str(len(body)), "a@Some.x.test"]
    assert call["body"] == body
    assert call["cwd"] == "/" and call["descriptors"] == [0, 1, 2]
    inherited = set(call["environment"]) - {"LC_CTYPE"}  # Python's own
    assert inherited == {"PATH", "SLUICE_HOME", "QUEUEDIR", "MESSID"}
    assert call["environment"]["MESSID"] == "1"


def test_a_body_in_lf_form_is_not_changed_and_a_large_one_is_whole(tmp_path, make):
    program = make(ACCEPTS)
    body = b"Subject: x\n\n" + b"".join(b"%07d\n" % i for i in range(500_000))
    with Spawner(tmp_path / "home", QMAILREMOTE=str(program.path)) as spawner:
        assert letters(spawner.deliver("x.test", body=spawner.store(body, large=True), lf=True, sender="")) == "K"
    call, = program.calls
    assert call["body"].encode() == body
    assert call["argv"][1] == "" and call["argv"][3] == str(len(body))


def test_each_recipient_is_a_call_of_its_own(tmp_path, make):
    program = make("""
recipient = sys.argv[5]
say('hno such user\\n|DGiving up.\\n|' if 'nobody' in recipient else 'r|Zlater (#4.4.1)\\n|' if 'later' in recipient
    else 'shold on|K|' if 'grey' in recipient else 'r|Ksent|')
""")
    outcomes = deliver(tmp_path, program, recipients=[f"{name}@x.test" for name in ("a", "nobody", "later", "grey", "b")])
    assert letters(outcomes) == "KDZZK"
    assert outcomes[1].text == "no such user/Giving up./"
    assert outcomes[2].trouble == "unreachable"
    assert len(program.calls) == 5


@pytest.mark.parametrize("action,verdict,text", [
    ("sys.exit(111)", "Z", "unable to run"), ("sys.exit(3)", "D", "exited with 3"), ("pass", "Z", "no report"),
    ("say('r|K|'); os.kill(os.getpid(), 9)", "Z", "crashed, signal 9"), ("say('rubbish')", "Z", "no report"),
    ("say('rubbish|')", "D", "ubbish"), ("say('D' + 'x' * 10_000_000)", "Z", "no report"),
    ("say('r|Ksent|' + 'x' * 10_000_000)", "K", "sent"),
])
def test_whatever_it_does_is_an_outcome(tmp_path, make, action, verdict, text):
    outcome, = deliver(tmp_path, make(action))
    assert outcome.verdict == verdict and text in outcome.text, outcome


def test_a_program_that_hangs_is_stopped_with_its_children(tmp_path, make):
    program = make("""
import subprocess
child = subprocess.Popen(['sleep', '1000'])
open(os.path.join(os.path.dirname(sys.argv[0]), 'child'), 'w').write(str(child.pid))
time.sleep(1000)
""")
    tmp_path.chmod(0o777)
    outcome, = deliver(tmp_path, program, {"remote.program_timeout": "1s"})
    assert outcome.verdict == "Z" and "too long" in outcome.text

    def gone():
        try:
            return open(f"/proc/{(tmp_path / 'child').read_text()}/stat").read().rpartition(")")[2].split()[0] == "Z"
        except FileNotFoundError:
            return True
    wait_until(gone, "the child to be gone")


def test_a_child_that_stays_behind_does_not_hold_the_outcome(tmp_path, make):
    program = make("""
import subprocess
child = subprocess.Popen(['sleep', '20'])
say('r|Ksent|')
""")
    start = time.monotonic()
    assert letters(deliver(tmp_path, program)) == "K"
    assert time.monotonic() - start < 15


def test_a_program_that_is_not_there_defers(tmp_path):
    with Spawner(tmp_path / "home", QMAILREMOTE="/nowhere/qmail-remote -x") as spawner:
        outcome, = spawner.deliver("x.test")
        assert outcome.verdict == "Z" and "cannot execute /nowhere/qmail-remote -x" in outcome.text


def test_many_run_side_by_side_and_lmtp_stays_with_us(tmp_path, make):
    program = make(ACCEPTS)
    with Spawner(tmp_path / "home", QMAILREMOTE=str(program.path)) as spawner, Server(store()) as server:
        attempts = [spawner.order("x.test", recipients=[f"{i}@x.test"]) for i in range(20)]
        assert letters(spawner.deliver(server.destination, channel=CHANNEL_LMTP)) == "K"
        assert all(letters(spawner.outcomes_of(attempt)) == "K" for attempt in attempts)
        assert {call["argv"][4] for call in program.calls} == {f"{i}@x.test" for i in range(20)}


def test_in_a_whole_instance_it_runs_as_qmailr_and_takes_recipients_one_by_one(instance):

    directory = instance.home / "program"
    directory.mkdir()
    program = Program(directory, ACCEPTS)
    instance.environment["QMAILREMOTE"] = str(program.path)
    instance.start()
    instance.send(["a@x.test", "b@x.test", "c@y.test"], "Subject: x\r\n\r\nhello\r\n")
    instance.wait_until_empty()
    calls = program.calls
    assert sorted(call["argv"][4] for call in calls) == ["a@x.test", "b@x.test", "c@y.test"]
    assert all(call["body"].endswith("Subject: x\n\nhello\n") for call in calls)
    if ROOT:
        qmailr, qmail = pwd.getpwnam("qmailr").pw_uid, grp.getgrnam("qmail").gr_gid
        assert all((call["uid"], call["gid"]) == (qmailr, qmail) and call["groups"] in ([], [qmail]) for call in calls)
    assert len({call["environment"]["MESSID"] for call in calls}) == 1
