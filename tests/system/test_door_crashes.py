"""kill -9 at every step of qmail-queue and of the adoption of what it left: nothing is lost, nothing is queued twice."""
import pathlib
import subprocess

import pytest

from support.accounts import ROOT
from support.clients import envelope, qmail_queue
from support.instance import PATIENCE, wait_until

from test_doors import LETTER, files, wait_until_clean

# What qmail-queue changes the disk with. The n-th call of one kind is where it dies: before it is done.
CLIENT_STEPS = [("link", 1), ("unlink", 1), ("write", 1), ("write", 2), ("fsync", 1), ("fsync", 2), ("fsync", 3), ("link", 2),
                ("fsync", 4)]
INTAKE_STEPS = [("futimens", 1), ("fsync", 1), ("fsync", 2), ("pwritev", 1), ("fdatasync", 1), ("unlink", 1), ("fsync", 3),
                ("unlink", 2), ("fsync", 4)]


def strace(call, number, *more):
    call = {"futimens": "utimensat"}.get(call, call)
    return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}", *more]


def accepted(instance):
    return len(files(instance, "todo"))


@pytest.mark.parametrize("size", [0, 300_000], ids=["small", "large"])
def test_qmail_queue_that_is_killed_anywhere_leaves_a_whole_message_or_none(instance, size):
    instance.make_queue()
    count = 0
    for call, number in CLIENT_STEPS:
        before = accepted(instance)
        code = qmail_queue(instance, LETTER + b"x" * size, envelope(instance.user()), command=strace(call, number))
        assert code != 0, (call, number)
        count += accepted(instance) - before
    assert qmail_queue(instance, LETTER + b"x" * size, envelope(instance.user())) == 0
    count += 1
    assert accepted(instance) == count and count < len(CLIENT_STEPS)
    instance.start()
    instance.wait_for_mail(count)
    instance.wait_until_empty()
    mail = instance.mail()
    assert len(mail) == count
    assert all(one.endswith(LETTER + b"x" * size) for one in mail)
    assert not files(instance, "todo")


def may_attach():
    scope = pathlib.Path("/proc/sys/kernel/yama/ptrace_scope")
    return ROOT or not scope.exists() or scope.read_text().strip() == "0"


@pytest.mark.skipif(not may_attach(), reason="may not trace a running daemon")
@pytest.mark.parametrize("call, number", INTAKE_STEPS, ids=lambda value: str(value))
def test_an_intake_that_is_killed_anywhere_in_an_adoption_queues_each_message_once(instance, call, number):
    instance.start()
    mark = instance.mark()
    tracer = subprocess.Popen(strace(call, number, "-p", str(instance.pids["qmail-intake"])), stderr=subprocess.PIPE)
    wait_until(lambda: "TracerPid:\t0" not in open(f"/proc/{instance.pids['qmail-intake']}/status").read(), "the tracer")
    wanted = [LETTER + b"%d" % n + b"x" * 300_000 for n in range(3)]
    for letter in wanted:
        assert qmail_queue(instance, letter, envelope(instance.user())) == 0
    tracer.wait(PATIENCE)
    instance.wait_for_log(r"queue1 started", after=mark)
    instance.wait_for_mail(3)
    wait_until_clean(instance)
    instance.wait_until_empty()
    mail = instance.mail()
    assert len(mail) == 3, [len(one) for one in mail]
    assert all(sum(one.endswith(letter) for one in mail) == 1 for letter in wanted)
