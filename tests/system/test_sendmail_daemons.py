"""sendmail -bd, -bD and -q<interval>: the instance as the daemon that people have always started (11.8.1)."""
import os
import pwd
import re
import signal
import socket
import subprocess
import tempfile

import pytest

from support.accounts import ROOT, USERS
from support.daemons import daemons, takes_nobody  # the fixture
from support.instance import PATIENCE, wait_until
from support.namespace import private
from support.recorder import Recorder, letter
from support.remote_server import Server
from support.smtp_server import program
from test_logs import SYSLOG


def refusing(dialogue):
    dialogue.say("421 4.3.2 not now\r\n")


def test_bd_and_an_interval_are_one_daemon_that_stands_when_the_command_returns(instance, daemons):
    daemon = daemons.start("-bd", "-q1h")
    with socket.create_connection(("127.0.0.1", instance.port), 5):  # its port is open already
        pass
    assert daemon.title == "sendmail: accepting connections"
    pid, command = daemons.pid_file.read_text().splitlines()
    assert int(pid) == daemon.pid
    assert command == f"{program('sendmail')} -bd -q1h"
    assert re.search(r"starting daemon \(\S+\): SMTP\+queueing@01:00:00$", instance.log, re.MULTILINE)
    daemons.wait_until_running()
    wait_until(instance.greets, "the greeting")
    instance.send(instance.user())
    assert len(instance.wait_for_mail()) == 1
    instance.wait_for_log("end msg")
    daemon.stop()
    assert not daemons.pid_file.exists()
    instance.no_process_is_left()


def test_an_interval_alone_takes_no_mail_by_smtp(instance, daemons):
    daemon = daemons.start("-q90")
    assert daemon.title == f"sendmail: Queue runner@01:30:00 for {instance.home}/queue"
    assert re.search(r"starting daemon \(\S+\): queueing@01:30:00$", instance.log, re.MULTILINE)
    daemons.wait_until_running()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", instance.port), 5)
    sent = subprocess.run([program("sendmail"), instance.user()], input="Subject: x\n\nx\n", text=True,
                          env=instance.variables(), timeout=PATIENCE, check=False)
    assert sent.returncode == 0
    assert len(instance.wait_for_mail()) == 1


def test_a_bare_q_beside_bd_starts_no_runs(instance, daemons):
    daemon = daemons.start("-bd", "-q")
    assert daemon.title == "sendmail: accepting connections"
    assert re.search(r"starting daemon \(\S+\): SMTP$", instance.log, re.MULTILINE)


def test_a_daemon_that_cannot_stand_says_so_to_its_caller(instance, daemons):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", instance.port))
        taken.listen()
        done = daemons.sendmail("-bd")
    assert done.returncode == os.EX_OSERR
    assert f"cannot listen on 127.0.0.1:{instance.port}: Address already in use" in done.stderr
    assert not daemons.pid_file.exists()
    instance.no_process_is_left()


def test_wrong_settings_are_told_to_the_caller(instance, daemons):
    instance.configure(queue_count=0)
    done = daemons.sendmail("-bd", "-q1h")
    assert done.returncode == os.EX_CONFIG
    assert "queue_count" in done.stderr


@pytest.mark.skipif(not ROOT, reason="needs root to become somebody else")
@pytest.mark.parametrize("arguments", [["-bd"], ["-q1h"], ["-qp"], ["-qp0"], ["-bD"]], ids=" ".join)
def test_daemons_are_for_root_and_the_owner(instance, daemons, arguments):
    user = pwd.getpwnam(USERS[0])
    done = daemons.sendmail(*arguments, user=user.pw_uid, group=user.pw_gid, extra_groups=[])
    assert (done.returncode, done.stdout) == (os.EX_USAGE, "")
    assert done.stderr == "sendmail: Permission denied (real uid not trusted)\n"
    assert daemons.leaders() == []


@pytest.mark.parametrize("arguments", [["-bD", "-q1h"], ["-bd", "-d99.100"]], ids=" ".join)
def test_in_the_foreground_it_is_the_process_that_was_called(instance, daemons, arguments):
    process = instance.spawn(program("sendmail"), *arguments)
    instance.wait_until_ready()
    assert int(daemons.pid_file.read_text().splitlines()[0]) == process.pid
    instance.send(instance.user())
    assert len(instance.wait_for_mail()) == 1
    assert "new msg" in instance.log  # the lines are those of the terminal


def test_two_daemons_divide_the_work_and_the_one_that_remains_takes_the_queues(instance, daemons):
    with Recorder() as recorder:
        instance.configure(smtproutes=[f"x.test:{recorder.route}"])
        first = daemons.start("-bd")
        daemons.wait_until_running()
        second = daemons.start("-q1h")
        assert second.title.startswith("sendmail: Queue runner@01:00:00 for ")
        instance.wait_for_log(r"unable to write pid to \S+/sendmail\.pid: file in use by another process$")
        assert len(daemons.titled("qmail-send")) == 1
        assert int(daemons.pid_file.read_text().splitlines()[0]) == first.pid
        first.stop()
        instance.wait_for_log("taking over the queues")
        daemons.wait_until_running()
        done = subprocess.run([program("sendmail"), "a@x.test"], input=letter("later").replace(b"\r\n", b"\n"),
                              env=instance.variables(), timeout=PATIENCE, check=False)
        assert done.returncode == 0
        recorder.wait_for(["later"])
        second.stop()


def test_a_second_listener_serves_smtp_only(instance, daemons):
    daemons.start("-q1h")
    daemons.wait_until_running()
    second = daemons.start("-bd")
    wait_until(instance.greets, "the greeting")
    assert len(daemons.titled("qmail-send")) == 1
    instance.send(instance.user())
    assert len(instance.wait_for_mail()) == 1
    second.stop()
    assert len(daemons.titled("qmail-send")) == 1


def test_hup_reads_the_settings_again_under_the_same_process(instance, daemons):
    daemon = daemons.start("-bd", "-q1h")
    daemons.wait_until_running()
    queue, = daemons.titled("qmail-send")
    mark = instance.mark()
    daemon.signal(signal.SIGHUP)
    instance.wait_for_log(f"restarting {program('sendmail')} due to signal", after=mark)
    assert daemons.titled("qmail-send") == [queue]  # it goes on


def test_hup_executes_the_command_line_anew_where_that_is_needed(instance, daemons):
    daemon = daemons.start("-bd", "-q1h")
    daemons.wait_until_running()
    wait_until(instance.greets, "the greeting")
    instance.configure(queue_count=2)
    mark = instance.mark()
    daemon.signal(signal.SIGHUP)
    instance.wait_for_log(r"starting daemon \(\S+\): SMTP\+queueing@01:00:00$", after=mark)
    daemons.wait_until_running(queues=2)
    assert daemon.title == "sendmail: accepting connections"
    assert int(daemons.pid_file.read_text().splitlines()[0]) == daemon.pid
    wait_until(instance.greets, "the greeting")


def test_hup_with_mistakes_in_the_settings_changes_nothing(instance, daemons):
    daemon = daemons.start("-bd")
    daemons.wait_until_running()
    (instance.home / "etc/sluice.toml").write_text("queue_count = 0\n")
    mark = instance.mark()
    daemon.signal(signal.SIGHUP)
    instance.wait_for_log("the settings stay as they were", after=mark)
    assert daemon.lives() and daemons.titled("qmail-send")


def test_the_lines_go_to_syslog_unless_a_file_is_named(instance, daemons):
    with tempfile.TemporaryDirectory(prefix="sluice-log-", dir="/tmp") as place, \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        os.chmod(place, 0o755)
        log.bind(f"{place}/log")
        os.chmod(f"{place}/log", 0o666)
        log.settimeout(PATIENCE)
        instance.configure(daemon__log=None)
        instance.environment["LOG_SOCKET"] = f"{place}/log"
        daemons.start("-bd", command=private(SYSLOG))
        wanted = {b"starting daemon (", b"new msg", b"end msg"}
        daemons.wait_until_running()
        wait_until(instance.greets, "the greeting")
        instance.send(instance.user())
        while wanted:
            line = log.recv(4096)
            assert re.match(rb"<(\d+)>", line)[1] in (b"22", b"20", b"17"), line  # facility mail
            wanted -= {text for text in wanted if text in line}


def test_the_first_run_is_at_once_and_then_from_start_to_start(instance, daemons):
    with Recorder() as recorder, Server(refusing) as closed:
        instance.configure(smtproutes=[f"x.test:127.0.0.1:{closed.port}"])
        daemons.start("-bd", "-q2s")
        daemons.wait_until_running()
        wait_until(instance.greets, "the greeting")
        instance.send("a@x.test", letter("waits"))
        instance.wait_for_log("deferral", times=1)
        first = len(closed.dialogues)
        # Only runs try it again, and each does.
        wait_until(lambda: len(closed.dialogues) >= first + 3, "three more attempts")
        instance.configure(smtproutes=[f"x.test:{recorder.route}"])
        daemons.started[0].signal(signal.SIGHUP)
        recorder.wait_for(["waits"])


def test_a_run_leaves_out_what_the_selection_does_not_match(instance, daemons):
    with Server(takes_nobody) as closed:
        instance.configure(smtproutes=[f":127.0.0.1:{closed.port}"])
        daemons.start("-bd", "-q1s", "-qRwanted@")
        daemons.wait_until_running()
        wait_until(instance.greets, "the greeting")
        instance.send("wanted@x.test")
        instance.send("other@y.test")
        instance.wait_for_log(r"starting delivery \S+ msg \d+ to remote wanted@x.test", times=4)
        assert len(re.findall("to remote other@y.test", instance.log)) == 1
