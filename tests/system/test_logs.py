"""What becomes of the activity record: matchup over the logs of several queues, splogger and syslog."""
import grp
import os
import pwd
import re
import socket
import subprocess
import tempfile
import time

import pytest

from support.clients import envelope, qmail_queue
from support.instance import wait_until
from support.namespace import private
from support.smtp_server import program

# /dev with a log of our own.
SYSLOG = """
mkdir -p "$LOG_SOCKET.dev"
mount --rbind /dev "$LOG_SOCKET.dev"
mount -t tmpfs -o mode=755 none /dev
for name in null zero full random urandom; do : >/dev/$name; mount --bind "$LOG_SOCKET.dev/$name" /dev/$name; done
for name in shm mqueue; do test ! -d "$LOG_SOCKET.dev/$name" || { mkdir /dev/$name; mount --rbind "$LOG_SOCKET.dev/$name" /dev/$name; }; done
ln -s /proc/self/fd /dev/fd
ln -s "$LOG_SOCKET" /dev/log
"""


def matchup(place, log):
    """matchup over a log: its results and what is pending."""
    done = subprocess.run(["/bin/sh", "-c", 'exec "$0" 5>pending', program("matchup")], input=log, text=True, cwd=place,
                          capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout, (place / "pending").read_text()


def stamped(log):
    """The lines of qmail-send, as a logger would write them."""
    return "".join(f"1710000000.{i:06} {line}\n" for i, line in enumerate(log.splitlines()))


def test_the_deliveries_of_two_queues_are_matched(instance, tmp_path):
    instance.start(queue_count=2)
    for n in range(8):  # with equal numbers in both queues
        instance.send([instance.user(), f"nobody-{n}@{instance.settings['me']}"], f"Subject: {n}\r\n\r\nx\r\n")
    instance.wait_for_log(r"^end msg", times=8)
    instance.wait_until_empty()
    log = stamped("\n".join(line for line in instance.log.splitlines() if re.match(r"new |info msg|start|deliv|end |status", line)))
    results, pending = matchup(tmp_path, log)
    lines = results.splitlines()
    ended = [line for line in log.splitlines() if " end msg " in line]
    assert pending == "" and not [line for line in lines if line[0] not in "dm"]
    assert len([line for line in lines if line.startswith("m ")]) == len(ended)
    assert len([line for line in lines if line.startswith("d ")]) == log.count(" starting delivery ")
    assert not [line for line in lines if " ? " in line], "each delivery has found its message"
    assert len([line for line in lines if re.match(r"m \S+ \S+ \d+ 1 1 0 <sender@example.com> ", line)]) == 8


def test_what_is_pending_is_finished_by_the_next_log(tmp_path):
    first, pending = matchup(tmp_path, "@400000006561a1b4000007d0 info msg 5: bytes 9 from <A@x> qp 1 uid 2 queue7\n"
                                       "@400000006561a1b500000000 starting delivery 3.7: msg 5 to remote B@y queue7\n")
    assert first == ""
    assert pending == ("1700897194.000002000 info msg 5: bytes 9 from <a@x> qp 1 uid 2 queue7\n"
                       "1700897195.000000000 starting delivery 3.7: msg 5 to remote b@y queue7\n")
    assert matchup(tmp_path, pending + "1700897196 delivery 3.7: success: ok queue7\n1700897197 end msg 5 qmail-send: queue7\n") == (
        "d k 1700897194.000002000 1700897195.000000000 1700897196 9 <a@x> remote.b@y 1 2 ok\n"
        "m 1700897194.000002000 1700897197 9 1 0 0 <a@x> 1 2\n", "")


def test_without_descriptor_5_results_are_all_there_is(tmp_path):
    done = subprocess.run([program("matchup")], input="1 starting delivery 3: msg 5 to local b@y\nx" + "y" * 200000, text=True,
                          capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"\? xy{65535}\n", done.stdout)
    assert subprocess.run([program("matchup"), "x"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60).returncode == 100


def test_a_full_disk_is_told(tmp_path):
    with open("/dev/full", "w") as full:
        done = subprocess.run([program("matchup")], input="nonsense\n", text=True, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 111 and "cannot write" in done.stderr


def test_a_million_lines_take_seconds(tmp_path):
    def lines(i):
        queue = i % 3 + 1
        return (f"1710000000.{i % 1000000:06} new msg {i} queue{queue}\n"
                f"1710000000.{i % 1000000:06} info msg {i}: bytes 500 from <sender@example.com> qp 17405 uid 992 queue{queue}\n"
                f"1710000001.{i % 1000000:06} starting delivery {i}.{queue}: msg {i} to remote recipient@example.net queue{queue}\n"
                f"1710000002.{i % 1000000:06} delivery {i}.{queue}: success: 250_ok queue{queue}\n"
                f"1710000003.{i % 1000000:06} end msg {i} qmail-send: queue{queue}\n")
    log = "".join(map(lines, range(200000)))
    begun = time.monotonic()
    results, pending = matchup(tmp_path, log)
    assert time.monotonic() - begun < 20, "and that is with a machine that is busy"
    assert results.count("\n") == 400000 and pending == ""


@pytest.fixture
def syslog():
    """A socket that takes what programs give to syslog, and the words that make it the system's for a command."""
    with tempfile.TemporaryDirectory(prefix="sluice-", dir="/tmp") as place, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as taker:
        taker.bind(f"{place}/log")
        os.chmod(f"{place}/log", 0o666)  # the logger is another user
        os.chmod(place, 0o755)
        taker.settimeout(60)
        yield taker, ["env", f"LOG_SOCKET={place}/log", *private(SYSLOG)]


def received(taker):
    """(priority, text behind the date) of the next message."""
    match = re.fullmatch(rb"<(\d+)>\w{3} [ \d]\d \d\d:\d\d:\d\d (.*)", taker.recv(65536))
    return int(match[1]), match[2].decode()


def test_splogger_gives_lines_to_syslog(syslog):
    taker, prefix = syslog
    log = "new msg 5\nalert: oh\n\nwarning: a\nwarn: b\n" + "x" * 799 + "tail\tend"
    done = subprocess.run([*prefix, program("splogger"), "qmail", "4"], input=log, text=True, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    messages = [received(taker) for _ in range(6)]
    assert [priority for priority, _ in messages] == [4 * 8 + level for level in (6, 1, 4, 4, 6, 6)]
    texts = [re.fullmatch(r"qmail: (\d+\.\d{6})([ +])(.*)", text).groups() for _, text in messages]
    assert [(sign, text) for _, sign, text in texts] == [
        (" ", "new msg 5"), (" ", "alert: oh"), (" ", "warning: a"), (" ", "warn: b"), (" ", "x" * 799), ("+", "tail?end")]


def test_splogger_has_a_tag_and_a_facility_of_its_own(syslog):
    taker, prefix = syslog
    assert subprocess.run([*prefix, program("splogger")], input=b"a\n", timeout=60).returncode == 0
    priority, text = received(taker)
    assert priority == 2 * 8 + 6 and re.fullmatch(r"splogger: \d+\.\d{6} a", text)


@pytest.mark.parametrize("arguments", [("t", "x"), ("t", "24"), ("t", "-1"), ("t", "2", "more")])
def test_splogger_refuses_what_it_does_not_know(arguments):
    assert subprocess.run([program("splogger"), *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=60).returncode == 100


def test_the_command_line_of_the_manual_logs_to_syslog(instance, syslog):
    """env - PATH=... qmail-start ./Mailbox splogger qmail"""
    taker, prefix = syslog
    instance.make_queue(smtp__listen=[], doublebounceto="")
    path = f"PATH={os.path.dirname(program('splogger'))}:/usr/bin:/bin"
    instance.spawn(*prefix, "env", "-", path, f"SLUICE_HOME={instance.home}", "qmail-start", "./Mailbox", "splogger", "qmail")
    texts = []

    def wait_for(pattern):
        while not texts or not re.search(pattern, texts[-1]):
            priority, text = received(taker)
            assert priority & 0xf8 == 2 * 8 and text.startswith("qmail: ")
            texts.append(text)
    wait_for(r"info: qmail-send: pid \d+: .*/queue1: ")
    if os.geteuid() == 0:
        logger = next(pid for pid in instance.processes() if open(f"/proc/{pid}/comm").read() == "splogger\n")
        ids = {line.split()[0]: line.split()[1:] for line in open(f"/proc/{logger}/status") if ":" in line}
        user, group = pwd.getpwnam("qmaill").pw_uid, grp.getgrnam("nofiles").gr_gid
        assert ids["Uid:"] == [str(user)] * 4 and ids["Gid:"] == [str(group)] * 4 and ids["Groups:"] == [str(group)]
    assert qmail_queue(instance, b"Subject: x\n\nx\n", envelope(f"nobody@{instance.settings['me']}", "")) == 0
    wait_for(r"starting delivery 1: msg \d+ to local nobody@")  # no QIDENT, no suffix
    wait_for(r"delivery 1: failure: ")
    wait_for(r"end msg \d+ qmail-send: queue1$")
    assert instance.stop() == 0
    wait_for(r"info: qmail-send: pid \d+ queue1 exiting$")
    assert instance.log == "" or os.geteuid() != 0, "everything else is in the record"


def test_a_logger_keeps_options_of_its_own_and_an_unknown_one_is_named(instance):
    instance.make_queue(smtp__listen=[])
    record = instance.home / "record"
    record.touch()
    record.chmod(0o666)
    instance.spawn(program("qmail-start"), "-s", "./Mailbox", "/bin/sh", "-c", 'exec cat >>"$0"', str(record))
    wait_until(lambda: "info: qmail-send:" in record.read_text(), "the record")
    assert instance.stop() == 0
    wait_until(lambda: record.read_text().endswith(" exiting\n"), "the end of the record")
    for name in ("qmail-start", "qscheduler"):
        for logger, complaint in (("no-such-logger", "cannot find the logger no-such-logger"),
                                  ("/no/such/logger", "/no/such/logger: No such file or directory")):
            mark = instance.mark()
            instance.spawn(program(name), "-s", "./Mailbox", logger)
            assert instance.process.wait(60) == 111
            said = instance.log_after(mark).splitlines()
            assert len([line for line in said if not line.startswith("info: ")]) == 1 and complaint in said[-1], said
