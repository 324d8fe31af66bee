"""qmail-qread, qmail-qstat and qtop over whole instances."""
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios

import pytest

from support.accounts import ROOT
from support.clients import envelope, qmail_queue
from support.instance import PATIENCE, free_port, wait_until
from support.ipc_objects import IpcObjects
from support.smtp_server import program

LETTER = b"Subject: hello\n\nhello\n"


def run(instance, name, *arguments, **environment):
    return subprocess.run([program(name), *map(str, arguments)], env=instance.variables(**environment), capture_output=True,
                          text=True, timeout=PATIENCE)


def with_deferred_mail(instance, **settings):
    """A message to two recipients: one is done, the other's server cannot be reached. That lane."""
    port = free_port()
    instance.start(smtproutes=[f"x.test:127.0.0.1:{port}"], **settings)
    instance.send([instance.user(), "b@x.test"])
    instance.wait_for_mail()
    instance.wait_for_log("^delivery .*: deferral")
    instance.wait_for_log("^delivery .*: success")
    return f"[127.0.0.1]:{port}"


def test_qmail_qread_lists_what_waits_and_what_is_done(instance):
    with_deferred_mail(instance)
    done = run(instance, "qmail-qread")
    assert (done.returncode, done.stderr) == (0, "")
    [message] = instance.queue()
    lines = done.stdout.splitlines()
    assert lines[0] == f"processing queue {instance.queue_directory}"
    assert re.fullmatch(rf"\w{{3}}, \d\d \w{{3}} \d{{4}} \d\d:\d\d:\d\d GMT  {message['id'] % 3}/#{message['id']}  "
                        rf"{message['size']}  <sender@example\.com> ", lines[1]), lines[1]
    assert sorted(lines[2:]) == sorted([f"  done\tlocal\t{instance.user()}", "\tremote\tb@x.test", ""])
    assert instance.user() not in run(instance, "qmail-qread", "-r").stdout
    assert "x.test" not in run(instance, "qmail-qread", "-l").stdout


def test_qmail_qread_counts(instance):
    with_deferred_mail(instance)
    counts = ["Messages in local  queue: 1", "Messages in remote queue: 1", "Messages in bounce queue: 0"]
    done = run(instance, "qmail-qread", "-s")
    assert done.stdout.splitlines() == [f"processing queue {instance.queue_directory}", *counts, "",
                                        *(f"Total {line}" for line in counts)]
    everything = run(instance, "qmail-qread", "-ac").stdout
    assert "\tremote\tb@x.test\n" in everything and "Total Messages in todo   queue: 0\n" in everything
    assert run(instance, "qmail-qread", "-x").returncode == 100
    assert run(instance, "qmail-qread", "word").returncode == 100


def test_a_queue_without_daemons_is_named_and_its_todo_is_listed(instance):
    instance.make_queue()
    assert qmail_queue(instance, LETTER, envelope([instance.user(), "b@x.test"])) == 0
    done = run(instance, "qmail-qread", "-a")
    assert done.returncode == 111
    assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith("warn: qmail-qread: queue1: ")
    assert f"\ttodo\t{instance.user()}\n\ttodo\tb@x.test\n" in done.stdout
    size = int(re.search(r"/#\d+  (\d+)  <", done.stdout)[1])
    assert size > len(LETTER)
    done = run(instance, "qmail-qread", "-ts")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("Total Messages in todo   queue: 1\n")
    done = run(instance, "qmail-qstat")
    assert (done.returncode, done.stdout) == (111, "") and "queue1" in done.stderr


def test_one_queue_that_is_down_does_not_hide_the_others(instance):
    instance.start(queue_count=2)
    (instance.home / "queue/queue7").mkdir()
    done = run(instance, "qmail-qread", "-c")
    assert done.returncode == 111 and done.stderr.startswith("warn: qmail-qread: queue7: ")
    assert done.stdout.count("processing queue ") == 3 and "Total Messages in local  queue: 0\n" in done.stdout
    done = run(instance, "qmail-qstat")
    assert done.returncode == 111 and "queue7" in done.stderr
    assert done.stdout.count("processing queue ") == 2
    assert done.stdout.endswith("Total messages in queue: 0\nTotal messages in queue but not yet preprocessed: 0\n")


def test_qmail_qstat_prints_the_two_lines_of_qmail(instance):
    with_deferred_mail(instance)
    done = run(instance, "qmail-qstat")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "messages in queue: 1\nmessages in queue but not yet preprocessed: 0\n"
    assert run(instance, "qmail-qstat", "-x").returncode == 100


@pytest.mark.skipif(not ROOT, reason="needs another user")
def test_others_may_list_the_queue_unless_that_is_restricted(instance):
    def as_nobody(name):
        return subprocess.run([program(name)], env=instance.variables(), user="nobody", group="nogroup", extra_groups=[],
                              capture_output=True, text=True, timeout=PATIENCE)
    with_deferred_mail(instance)
    done = as_nobody("qmail-qread")
    assert done.returncode == 0 and "b@x.test" in done.stdout
    assert as_nobody("qmail-qstat").returncode == 111
    instance.configure(restrict_mailq=True)
    instance.signal(signal.SIGHUP, "qmail-send")
    wait_until(lambda: as_nobody("qmail-qread").returncode == 111, "the restriction")
    assert "only root" in as_nobody("qmail-qread").stderr
    assert run(instance, "qmail-qread").returncode == 0


def test_a_queue_that_is_not_offered_and_not_run_was_given_up(instance):
    with IpcObjects() as objects:
        instance.start(ipc_prefix=objects.prefix)
        (instance.home / "queue/queue2/todo").mkdir(parents=True)
        assert run(instance, "qmail-qread").returncode == 111
        objects.scheduler(in_use=1, made=2)
        objects.queue(1, (0, 100), (0, 20), flag=1)
        for name in ("qmail-qread", "qmail-qstat"):
            done = run(instance, name)
            assert (done.returncode, done.stderr) == (0, "")
        seen = run(instance, "qtop", "--once").stdout
        assert "1 queue, dynamic" in seen and re.search(r"^queue2 +retired$", seen, re.MULTILINE)
        assert re.search(r"^queue1 .* disabled$", seen, re.MULTILINE)


# -- qtop -----------------------------------------------------------------------------------------------------------------


def test_qtop_once_shows_queues_lanes_and_log(instance):
    lane = with_deferred_mail(instance, queue_count=2)
    done = run(instance, "qtop", "--once")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"qtop  {instance.home} ") and all(len(line) <= 80 for line in lines)
    assert lines[1].startswith("2 queues, static  1 message  in 0.0/s  out 0.0/s")
    assert lines[2].split() == ["QUEUE", "LOAD", "LOCAL", "REMOTE", "MSGS", "IN/S", "OUT/S", "STATE"]
    assert re.search(r"^queue1 +\[\.+\] +0 +0/100 +0/20 +[01] +0\.0 +0\.0$", done.stdout, re.MULTILINE)
    assert re.search(rf"^remote {re.escape(lane)} +0/\d+ +1  (retry-time|lane-backoff) +queue[12]$", done.stdout, re.MULTILINE)
    assert f"LOG  {instance.home}/log"[:80] in done.stdout
    assert run(instance, "qtop", "--once", "-l", instance.home / "missing").stdout.splitlines()[-1].startswith("cannot read ")


def test_qtop_counts_what_happens_between_two_looks(instance):
    lane = with_deferred_mail(instance)
    watching = subprocess.Popen([program("qtop"), "--once", "--json", "-i", "2"], env=instance.variables(), text=True,
                                stdout=subprocess.PIPE)
    # The second look comes two seconds after the first, and the first may come at any time: send all the while.
    sent = 0
    while watching.poll() is None:
        instance.send(instance.user())
        sent += 1
    seen = json.loads(watching.communicate(timeout=PATIENCE)[0])
    [queue] = seen["queues"]
    assert queue["state"] == "running" and queue["pid"] == instance.pids["qmail-send"]
    assert queue["totals"]["taken"] >= 2 and queue["totals"]["delivered"] >= 2 and queue["totals"]["deferred"] >= 1
    assert 0 < queue["rates"]["taken"] <= sent / 2 + 1 and queue["rates"]["delivered"] > 0
    assert seen["rates"]["taken"] == queue["rates"]["taken"]
    assert ("remote", lane) in [(one["channel"], one["destination"]) for one in seen["lanes"]]
    assert (seen["dynamic"], seen["home"]) == (False, str(instance.home))
    assert seen["log"]["file"] == str(instance.log_path) and seen["log"]["lines"]


def test_qtop_shows_queues_that_are_down_and_hang(instance):
    instance.start(queue_count=2)
    (instance.home / "queue/queue7").mkdir()
    stopped = instance.pids["qmail-send"]
    os.kill(stopped, signal.SIGSTOP)
    try:
        done = run(instance, "qtop", "--once")
    finally:
        os.kill(stopped, signal.SIGCONT)
    assert done.returncode == 0
    assert "1 queue, static  2 NOT ANSWERING" in done.stdout
    assert re.search(r"^queue1 +not answering: no answer from ", done.stdout, re.MULTILINE)
    assert re.search(r"^queue2 +\[\.+\] ", done.stdout, re.MULTILINE)
    assert re.search(r"^queue7 +not answering: ", done.stdout, re.MULTILINE)


def test_qtop_needs_a_terminal_or_once(instance):
    instance.set_up()
    done = run(instance, "qtop")
    assert done.returncode == 100 and "--once" in done.stderr
    assert run(instance, "qtop", "--json").returncode == 100
    assert run(instance, "qtop", "-i", "0").returncode == 100


class Screen:
    """qtop on a terminal of its own; what it sends is kept as octets."""

    def __init__(self, instance, *arguments, rows=24, columns=80, kind="xterm"):
        self.master, slave = pty.openpty()
        self.octets = b""
        self.resize(rows, columns)
        self.modes = termios.tcgetattr(self.master)
        self.process = subprocess.Popen([program("qtop"), *arguments], env=instance.variables(TERM=kind), stdin=slave,
                                        stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        os.set_blocking(self.master, False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        if self.master is not None:
            os.close(self.master)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        while True:
            try:
                piece = os.read(self.master, 65536)
            except (BlockingIOError, OSError):
                return
            if not piece:
                return
            self.octets += piece

    def wait_for(self, expression, after=0):
        """Waits until the octets from a mark on match; the mark behind them."""
        def found():
            self.read()
            return re.search(expression, self.octets[after:])
        return after + wait_until(found, lambda: f"{expression} in {self.octets[after:]}").end()

    def press(self, keys):
        os.write(self.master, keys)

    def end(self):
        def ended():
            self.read()  # it would wait for us
            return self.process.poll() is not None
        wait_until(ended, lambda: f"the end of qtop after {self.octets[-500:]}")
        self.read()
        return self.process.returncode


LEFT = b"\x1b[?1049l"  # xterm: back from the screen of full-screen programs


def test_qtop_shows_the_queues_on_a_terminal_until_q(instance):
    with_deferred_mail(instance)
    with Screen(instance) as screen:
        mark = screen.wait_for(rb"queue1")
        screen.wait_for(rb"BUSIEST")
        screen.press(b"h")
        mark = screen.wait_for(rb"KEYS", mark)
        screen.press(b"h")
        mark = screen.wait_for(rb"BUSIEST", mark)
        screen.press(b"sjk\x1b[B\x1b[5~z p")
        screen.wait_for(rb"PAUSED", mark)
        assert LEFT not in screen.octets
        screen.press(b"q")
        assert screen.end() == 0
        assert LEFT in screen.octets
        assert termios.tcgetattr(screen.master)[3] == screen.modes[3]


def test_qtop_looks_again_and_follows_the_log(instance):
    instance.start()
    with Screen(instance, "-i", "1") as screen:
        mark = screen.wait_for(rb"queue1")
        instance.send(instance.user())
        screen.wait_for(rb"success", mark)


@pytest.mark.parametrize("rows, columns", [(10, 40), (3, 20), (1, 1), (60, 200)], ids=str)
def test_qtop_takes_every_size_that_it_is_given(instance, rows, columns):
    instance.start()
    with Screen(instance, "-i", "1") as screen:
        mark = screen.wait_for(rb"queue1")
        screen.resize(rows, columns)
        screen.process.send_signal(signal.SIGWINCH)
        if rows >= 10:
            screen.wait_for(rb"LOAD", mark)  # drawn anew
        screen.press(b" h")
        screen.press(b"q")
        assert screen.end() == 0


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_qtop_leaves_the_terminal_as_it_was_when_it_is_ended(instance, signo):
    instance.start()
    with Screen(instance) as screen:
        screen.wait_for(rb"queue1")
        screen.process.send_signal(signo)
        assert screen.end() == 0
        assert LEFT in screen.octets


def test_qtop_ends_with_its_terminal(instance):
    instance.start()
    with Screen(instance) as screen:
        screen.wait_for(rb"queue1")
        os.close(screen.master)
        screen.master = None
        assert screen.process.wait(PATIENCE) == 0


def test_qtop_answers_keys_while_a_queue_hangs(instance):
    instance.start()
    stopped = instance.pids["qmail-send"]
    with Screen(instance) as screen:
        os.kill(stopped, signal.SIGSTOP)
        try:
            screen.press(b" ")
            screen.wait_for(rb"NOT ANSWERING")
            screen.press(b"q")
            assert screen.end() == 0
        finally:
            os.kill(stopped, signal.SIGCONT)


@pytest.mark.parametrize("kind", ["no-such-terminal", "dumb"])
def test_qtop_names_a_terminal_that_it_cannot_use(instance, kind):
    instance.set_up()
    with Screen(instance, kind=kind) as screen:
        assert screen.end() == 111
        assert b'cannot use a terminal of type "%s"; --once needs none' % kind.encode() in screen.octets


@pytest.mark.parametrize("kind", ["vt100", "linux", "screen", "tmux-256color", "xterm-256color"])
def test_qtop_works_on_many_terminals(instance, kind):
    instance.set_up()
    with Screen(instance, kind=kind) as screen:
        screen.wait_for(rb"NOT ANSWERING|NOT.{1,9}ANSWERING")
        screen.press(b"q")
        assert screen.end() == 0
