"""What qscheduler and qmail-start hand down to deliveries, and what they refuse before anything is started."""
import fcntl
import os
import pathlib
import pty
import re
import signal
import socket
import subprocess
import sys

import pytest

from support.accounts import ROOT, USERS, home_of
from support.instance import wait_until
from support.recorder import letter
from support.smtp_server import program, sanitized

LIMITS = {"core": ("Max core file size", 4096, 8192), "stack": ("Max stack size", 4 << 20, 8 << 20), "nofile": ("Max open files", 700, 800),
          "fsize": ("Max file size", 1 << 30, 1 << 31), "msgqueue": ("Max msgqueue size", 300_000, 300_000)}
NICE = 7  # of the daemons, whatever ours is
# Takes the terminal on descriptor N as the controlling one of its session and becomes the rest of its arguments.
TAKE_TERMINAL = "import fcntl, os, sys, termios; fcntl.ioctl(int(sys.argv[1]), termios.TIOCSCTTY, 0); os.execvp(sys.argv[2], sys.argv[2:])"


def terminal_and_nice(stat):
    """Of the text of /proc/PID/stat."""
    fields = stat.rsplit(")", 1)[1].split()
    return int(fields[4]), int(fields[16])


def check(stat, limits, terminal):
    device = os.stat(terminal).st_rdev
    assert terminal_and_nice(stat) == (os.major(device) << 8 | os.minor(device), NICE)
    for name, soft, hard in LIMITS.values():
        if name == LIMITS["core"][0] and sanitized():
            continue  # the address sanitizer lowers it in each program
        assert re.search(rf"^{name} +{soft} +{hard} ", limits, re.MULTILINE), limits


@pytest.mark.skipif(not ROOT, reason="needs another user, and to lift a limit for a while")
@pytest.mark.parametrize("command", [("qscheduler", "-s"), ("qscheduler", "-d"), ("qmail-start", "-s")], ids=" ".join)
def test_limits_priority_and_terminal_reach_the_delivery(instance, command):
    instance.make_queue()
    place = home_of(USERS[0]) / f"place-{instance.home.name}"
    place.mkdir()
    subprocess.run(["chown", USERS[0], place], check=True)
    master, slave = pty.openpty()
    try:
        limits = [f"--{kind}={soft}:{hard}" for kind, (_, soft, hard) in LIMITS.items()]
        instance.spawn_with((sys.executable, "-c", TAKE_TERMINAL, str(slave), "nice", "-n", str(NICE - os.nice(0)), "prlimit", *limits, program(command[0]),
                             *command[1:]), pass_fds=(slave,), HANDED_DOWN="1",
                            **({"QUEUEDIR": str(instance.queue_directory)} if command[0] == "qmail-start" else {}))
        extension = instance.instruct(f"|cat /proc/self/stat > {place}/stat\n|cat /proc/self/limits > {place}/limits\n./{instance.mailbox}/\n")
        inject(instance, instance.user().replace("@", f"-{extension}@"))
        instance.wait_for_log(r"^delivery \S+: success: ")
        check((place / "stat").read_text(), (place / "limits").read_text(), os.ttyname(slave))
        workers = 0
        for worker in map(pathlib.Path, (f"/proc/{pid}" for pid in instance.processes())):
            if (worker / "comm").read_text() == "qmail-local\n":
                check((worker / "stat").read_text(), (worker / "limits").read_text(), os.ttyname(slave))
                assert b"\0HANDED_DOWN=1\0" in (worker / "environ").read_bytes()
                workers += 1
        assert workers > 0
        assert instance.stop() == 0
    finally:
        os.close(master)
        os.close(slave)
        subprocess.run(["rm", "-rf", place], check=True)


def test_orders_to_a_supervisor_that_is_just_starting_wait_for_it(instance):
    """It waits for its port then, as after the end of another."""
    instance.make_queue()
    with socket.create_server(("127.0.0.1", instance.port)) as taken:
        instance.spawn()
        wait_until(lambda: holds_lock(instance), "the lock of the instance")
        for order in (signal.SIGALRM, signal.SIGUSR2, signal.SIGHUP):
            instance.process.send_signal(order)
        taken.close()
        instance.wait_until_ready()
    instance.wait_for_log(r"^alert: qscheduler: pid \d+ got HUP$")


def holds_lock(instance):
    try:
        with open(instance.home / "run" / "lock", "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def inject(instance, address):
    """By qmail-queue: qmail-start alone serves no SMTP."""
    message, envelope = os.pipe(), os.pipe()
    os.write(message[1], letter("m").replace(b"\r\n", b"\n"))
    os.write(envelope[1], b"Fs@example.com\0T" + address.encode() + b"\0\0")
    os.close(message[1])
    os.close(envelope[1])
    done = subprocess.run([program("qmail-queue")], stdin=message[0], stdout=envelope[0], timeout=60,
                          env=instance.variables(QUEUEDIR=str(instance.queue_directory)))
    os.close(message[0])
    os.close(envelope[0])
    assert done.returncode == 0


def start(instance, *arguments, **environment):
    """(exit status, lines on standard error) of a program that is to refuse."""
    done = subprocess.run([program(arguments[0]), *arguments[1:]], env=instance.variables(**environment), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=30)
    return done.returncode, [line for line in done.stderr.splitlines() if not line.startswith("info: ")]


@pytest.mark.parametrize("name", ["qmail-start", "qscheduler"])
@pytest.mark.parametrize("delivery", ["", "# nothing"])
def test_a_default_delivery_that_throws_mail_away_is_refused(instance, name, delivery):
    instance.make_queue(smtp__listen=[])
    status, said = start(instance, name, "-s", delivery)
    assert status == 100 and len(said) == 1
    assert "defaultdelivery: a mailbox, program or address is missing; allowed: lines of a .qmail file" in said[0]


@pytest.mark.parametrize("queue, complaint", [
    ("queue7", "cannot use queue {home}/queue7: No such file or directory"),
    ("empty7", "cannot use {home}/empty7/lock/sendmutex: No such file or directory; make or repair the queue with: queue-fix {home}/empty7"),
    ("nameless", "QUEUEDIR: the name of a queue ends in its number, 0 to 1023, which nameless does not"),
    ("file7", "cannot use queue {home}/file7: not a directory")])
def test_a_queue_that_is_none_is_named_once_and_nothing_is_started(instance, queue, complaint):
    instance.set_up(smtp__listen=[])
    for directory in ("empty7", "nameless"):
        (instance.home / directory).mkdir()
    (instance.home / "file7").touch()
    assert start(instance, "qmail-start", QUEUEDIR=str(instance.home / queue)) == \
        (111, ["fatal: qmail-start: " + complaint.format(home=instance.home)])
    wait_until(lambda: not instance.processes(), "nobody to be left")
