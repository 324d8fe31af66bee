"""Dynamic queues and their clients, ours and others', through POSIX shared memory and message queues. The queues run
without qscheduler; what it publishes, the test does."""
import os
import pwd
import shutil
import signal
import smtplib
import struct
import subprocess
import threading
import time

import pytest

from support import posix_ipc, recorder
from support.accounts import ROOT
from support.clients import envelope, qmail_queue
from support.fake_intake import FakeIntake
from support.instance import wait_until
from support.local_programs import run
from support.posix_ipc import counts, foreign_qmail_queue, knock, limits, pull_trigger, put_queue, put_scheduler, set_flag
from support.recorder import letter
from support.smtp_server import SmtpServer, program

LETTER = b"Subject: hello\n\nhello\n"
LARGE = LETTER + b"x" * 700_000 + b"\n"  # too large for the intake's socket: goes to todo by itself
SOON = 15  # seconds; well before the next look
LOOK = 40  # seconds in which a look must have happened, on a loaded machine


def make_queue(instance, **settings):
    instance.make_queue(smtp__listen=[], **settings)
    for directory in () if ROOT else ("run/intake", "run/control", "run/limits"):  # what qscheduler makes, or `sluice setup`
        (instance.home / directory).mkdir()


def start_queue(instance, *options, command=(), number=1, **settings):
    """A dynamic queue, ready; its qmail-send is instance.process."""
    settings = {"msgqueuelen": 8, "msgqueuesize": 64, **settings}
    make_queue(instance, **{name: value for name, value in settings.items() if value is not None})
    instance.spawn(*command, program("qmail-start"), *options, QUEUEDIR=str(instance.queue_directory), QIDENT=str(number))
    instance.wait_for_log(r"todo-proc: queue1: Resetting to (mqueue|compat) mode$")


def todo_proc(instance):
    return next(pid for pid in instance.processes() if open(f"/proc/{pid}/comm").read() == "todo-proc\n")


def wait_for_mail(instance, count=1, patience=SOON):
    wait_until(lambda: instance.maildir().exists() and len(instance.mail()) >= count, f"{count} messages", patience)
    assert len(instance.mail()) == count


# -- the message queue of a queue -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("habit", [{}, {"split": 2}, {"split": 151, "big_todo": False}, {"split": 7}], ids=str)
def test_a_message_of_another_family_is_taken_as_soon_as_it_is_named(instance, habit):
    start_queue(instance, "-d")
    split = habit.get("split", 3)
    number = foreign_qmail_queue(instance, LETTER, instance.user(), **habit)
    assert knock(instance, number, number % split if habit.get("big_todo", True) else split)
    wait_for_mail(instance)
    assert not pull_trigger(instance), "nobody serves the trigger"


def test_a_wrong_split_in_the_notice_does_not_matter(instance):
    start_queue(instance, "-d")
    number = foreign_qmail_queue(instance, LETTER, instance.user())
    assert knock(instance, number, number % 3 + 1)
    wait_for_mail(instance)


def test_our_qmail_queue_names_its_message_in_the_message_queue(instance):
    start_queue(instance, "-d")
    assert qmail_queue(instance, LARGE, envelope(instance.user()), DYNAMIC_QUEUE="1") == 0
    wait_for_mail(instance)


def test_shared_memory_of_qscheduler_makes_our_qmail_queue_do_so(instance):
    start_queue(instance, "-d")
    put_scheduler(instance, 1)
    assert qmail_queue(instance, LARGE, envelope(instance.user())) == 0
    wait_for_mail(instance)


def test_what_makes_no_sense_in_the_message_queue_harms_nothing(instance):
    start_queue(instance, "-d")
    sayings = [b"", b"x", b"x" * 64, struct.pack("=iiQ", 0, -1, 4711), struct.pack("=iiQ", 0, 3, 0), struct.pack("=iiQ", 0, 0, 1),
               struct.pack("=iiQ", 0, 2**31 - 1, 2**64 - 1), struct.pack("=iiQ", 0, 1, 99999999999)]
    for saying in sayings * 40:
        wait_until(lambda: posix_ipc.send(instance, "queue1", saying), "room in the message queue", pause=0.001)
    number = foreign_qmail_queue(instance, LETTER, instance.user())
    wait_until(lambda: knock(instance, number, number % 3), "room in the message queue")
    wait_for_mail(instance)
    assert not [line for line in instance.log.splitlines() if "alert: todo-proc" in line or "warn: todo-proc" in line]


def test_many_messages_at_once_are_all_taken(instance):
    start_queue(instance, "-d")
    for _ in range(100):
        number = foreign_qmail_queue(instance, LETTER, instance.user())
        wait_until(lambda: knock(instance, number, number % 3), "room in the message queue")
    wait_for_mail(instance, 100)


def test_a_full_message_queue_neither_stops_a_client_nor_loses_its_message(instance):
    start_queue(instance, "-d", msgqueuelen=2)
    held = todo_proc(instance)
    os.kill(held, signal.SIGSTOP)
    start = time.monotonic()
    for _ in range(5):
        assert qmail_queue(instance, LARGE, envelope(instance.user()), DYNAMIC_QUEUE="1") == 0
    assert time.monotonic() - start < 20
    assert limits(instance, "queue1") == (2, 64, 2)
    os.kill(held, signal.SIGCONT)
    wait_for_mail(instance, 5, LOOK)


def test_a_message_of_which_nobody_said_anything_is_found_all_the_same(instance):
    start_queue(instance, "-d")
    foreign_qmail_queue(instance, LETTER, instance.user())
    wait_for_mail(instance, 1, LOOK)


def test_compatible_queues_serve_the_trigger_and_take_everything_behind_it(instance):
    start_queue(instance, "-cd")
    for _ in range(5):
        foreign_qmail_queue(instance, LETTER, instance.user())
    assert pull_trigger(instance)
    wait_for_mail(instance, 5)
    number = foreign_qmail_queue(instance, LETTER, instance.user())
    assert knock(instance, number, number % 3)
    wait_for_mail(instance, 6)
    assert "Resetting to compat mode" in instance.log


def test_a_message_queue_that_is_removed_and_made_again_is_found_again(instance):
    start_queue(instance, "-d")
    posix_ipc.libc.mq_unlink(f"/{instance.settings['ipc_prefix']}queue1".encode())
    mark = instance.mark()
    instance.wait_for_log(r"warn: todo-proc: cannot open message queue", after=mark, patience=LOOK)
    with posix_ipc.message_queue(instance, "queue1", os.O_RDWR | os.O_CREAT) as made:
        if ROOT:
            os.fchown(made, pwd.getpwnam("qmails").pw_uid, -1)
        instance.wait_for_log(r"info: todo-proc: message queue \S+ is there", after=mark, patience=LOOK)
    number = foreign_qmail_queue(instance, LETTER, instance.user())
    assert knock(instance, number, number % 3)
    wait_for_mail(instance)


# -- what the kernel allows -----------------------------------------------------------------------------------------------

# Root without the right to pass the limits of the kernel; others have none to lose.
PLAIN = ("setpriv", "--bounding-set", "-sys_resource", "--inh-caps", "-sys_resource") if ROOT else ()


def test_the_default_length_is_lowered_to_what_the_kernel_allows_with_one_line(instance):
    start_queue(instance, "-d", command=PLAIN, msgqueuelen=None, msgqueuesize=None)
    lines = [line for line in instance.log.splitlines() if "message queue" in line]
    if not lines:
        pytest.skip("this kernel allows the default")
    assert len(lines) == 1 and " messages of " in lines[0] and ", not 65534 of 1024: the system allows no more" in lines[0]
    assert limits(instance, "queue1")[0] >= 1
    number = foreign_qmail_queue(instance, LETTER, instance.user())
    assert knock(instance, number, number % 3)
    wait_for_mail(instance)


def test_without_any_message_queue_the_directory_is_looked_into(instance):
    start_queue(instance, "-d", command=(*PLAIN, "prlimit", "--msgqueue=0:0"))
    assert "the system works without it" in instance.log
    put_scheduler(instance, 1)
    assert qmail_queue(instance, LARGE, envelope(instance.user())) == 0
    wait_for_mail(instance, 1, LOOK)


@pytest.mark.skipif(not ROOT, reason="only root can unmount")
def test_message_queues_work_without_dev_mqueue(instance):
    start_queue(instance, "-d", command=("unshare", "--mount", "sh", "-c",
                                         'while umount /dev/mqueue 2>/dev/null; do :; done; exec "$@"', "sh"))
    number = foreign_qmail_queue(instance, LETTER, instance.user())
    assert knock(instance, number, number % 3)
    wait_for_mail(instance)


class HoldingRecorder(recorder.Recorder):
    """Greets nobody before it is released."""

    def __init__(self, hold):
        self.hold = hold
        super().__init__()

    def _script(self, dialogue):
        assert self.hold.wait(60)
        super()._script(dialogue)


# -- what a queue publishes -----------------------------------------------------------------------------------------------

def test_a_queue_publishes_what_is_in_flight_and_keeps_its_hands_off_the_flag(instance):
    release = threading.Event()
    with HoldingRecorder(hold=release) as server:
        start_queue(instance, "-d", smtproutes=[f"x.test:{server.route}"], concurrencyremote=7, concurrencylocal=3)
        wait_until(lambda: counts(instance, 1) == (0, 0, 3, 7, 0), lambda: counts(instance, 1))
        set_flag(instance, 1, 1)
        assert qmail_queue(instance, letter("one").replace(b"\r", b""), envelope("a@x.test")) == 0
        wait_until(lambda: counts(instance, 1) == (0, 1, 3, 7, 1), lambda: counts(instance, 1))
        release.set()
        wait_until(lambda: counts(instance, 1) == (0, 0, 3, 7, 1), lambda: counts(instance, 1))
        instance.configure(concurrencyremote=9)
        instance.process.send_signal(signal.SIGHUP)
        wait_until(lambda: counts(instance, 1) == (0, 0, 3, 9, 1), lambda: counts(instance, 1))
    assert instance.stop() == 0
    assert counts(instance, 1) is None, "a queue that has gone publishes nothing"


def test_shared_memory_of_any_content_is_taken_over(instance):
    path = posix_ipc.SHM / f"{instance.settings['ipc_prefix']}queue1"
    path.write_bytes(b"\xff" * 5000)
    if ROOT:
        shutil.chown(path, "nobody")
    start_queue(instance, "-d")
    wait_until(lambda: counts(instance, 1), "counts")
    path.write_bytes(b"")  # truncated under its feet
    assert qmail_queue(instance, LETTER, envelope(instance.user())) == 0
    wait_for_mail(instance)


def test_static_queues_publish_nothing(instance):
    make_queue(instance)
    instance.spawn(program("qmail-start"), "-s", QUEUEDIR=str(instance.queue_directory))
    assert qmail_queue(instance, LETTER, envelope(instance.user())) == 0
    wait_for_mail(instance)
    assert counts(instance, 1) is None


@pytest.mark.skipif(not ROOT, reason="the partition is root's")
def test_objects_of_a_queue_have_the_owners_of_the_table(instance):
    start_queue(instance, "-d")
    user, group = pwd.getpwnam, pwd.getpwnam("qmails").pw_gid
    status = posix_ipc.shared(instance, "queue1").stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777, status.st_size) == (user("qmails").pw_uid, group, 0o644, 20)
    with posix_ipc.message_queue(instance, "queue1") as queue:
        status = os.fstat(queue)
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (user("qmailq").pw_uid, group, 0o640)


# -- the choice of a queue ------------------------------------------------------------------------------------------------

@pytest.fixture
def intakes(instance):
    """The intakes of queue1 to queue3, which take everything; without daemons."""
    instance.set_up(smtp__listen=[])
    (instance.home / "run/intake").mkdir(exist_ok=True)
    made = [FakeIntake(instance.home / f"run/intake/queue{number}", number * 1000) for number in (1, 2, 3)]
    with made[0], made[1], made[2]:
        yield made


def shares(intakes, act, times=12):
    """How many messages each intake got of as many runs of act()."""
    before = [len(intake.messages) for intake in intakes]
    for _ in range(times):
        act()
    wait_until(lambda: sum(len(intake.messages) for intake in intakes) == sum(before) + times, "all messages")
    return [len(intake.messages) - count for intake, count in zip(intakes, before)]


def by_qmail_queue(instance):
    return lambda: qmail_queue(instance, LETTER, envelope("a@x.test"))


def by_sendmail(instance):
    return lambda: run(instance, "sendmail", "a@x.test", text=LETTER, check=0)


@pytest.fixture(params=[by_qmail_queue, by_sendmail], ids=["qmail-queue", "sendmail"])
def act(request, instance):
    return request.param(instance)


def test_programs_give_their_message_to_the_least_loaded_queue(instance, intakes, act):
    put_scheduler(instance, 2)
    put_queue(instance, 1, remote=5, remote_limit=10)
    put_queue(instance, 2, remote=20, remote_limit=100)
    assert shares(intakes, act) == [0, 12, 0], "the ratio counts"
    put_queue(instance, 2, flag=1)
    assert shares(intakes, act) == [12, 0, 0], "a disabled queue gets none"
    put_queue(instance, 1, flag=1)
    assert sum(shares(intakes, act, 4)[:2]) == 4, "unless there is no other"


def test_programs_take_turns_among_equals_and_pass_over_what_is_missing(instance, intakes, act):
    put_scheduler(instance, 3)
    put_queue(instance, 1)
    put_queue(instance, 3)
    first, second, third = shares(intakes, act, 24)
    assert first > 0 and third > 0 and second == 0
    intakes[0].stop()
    assert shares(intakes[1:], act, 6)[1] == 6, "a door that does not open is passed over"


@pytest.mark.parametrize("content", [b"", b"\0" * 7, b"\0" * 8, b"\xff" * 8, struct.pack("=ii", 1024, 1), b"\1" * 4096], ids=len)
def test_an_object_without_sense_means_static_queues(instance, intakes, content):
    instance.configure(queue_count=2)
    posix_ipc._write(posix_ipc.shared(instance, "qscheduler"), content)
    put_queue(instance, 1, flag=1)
    first, second, third = shares(intakes, by_qmail_queue(instance), 12)
    assert first > 0 and second > 0 and third == 0


@pytest.mark.skipif(not ROOT, reason="only root can be somebody else")
def test_an_object_of_somebody_else_means_nothing(instance, intakes):
    put_scheduler(instance, 3)
    for number in (1, 2, 3):
        put_queue(instance, number, flag=1 if number == 1 else 0)
    shutil.chown(posix_ipc.shared(instance, "qscheduler"), "nobody")
    assert shares(intakes, by_qmail_queue(instance), 4) == [4, 0, 0]


@pytest.fixture
def multi(instance, tmp_path):
    """Runs qmail-multi with a program in the place of qmail-queue; what that was given."""
    target = tmp_path / "qmail-queue"
    target.write_text('#!/bin/sh\necho "${QUEUEDIR##*/} ${1##*/}" >&2\n')
    target.chmod(0o755)

    def act(**environment):
        done = subprocess.run([program("qmail-multi"), str(target)], env=instance.variables(**environment), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60)
        return done.returncode, done.stderr.split()
    return act


def test_qmail_multi_chooses_by_load_and_flag_and_checks_the_disk(instance, multi):
    instance.set_up(smtp__listen=[])
    for number in (1, 2, 3):
        (instance.home / f"queue/queue{number}").mkdir(parents=True)
    put_scheduler(instance, 3)
    put_queue(instance, 1, local=5)
    put_queue(instance, 2, local=1)
    put_queue(instance, 3, flag=1)
    assert multi() == (0, ["queue2", "queue2"])
    assert multi(QUEUEDIR=str(instance.home / "queue/queue1")) == (0, ["queue1", "queue1"]), "a queue that is named stays"
    assert multi(MIN_FREE="99999999999999999")[0] == 53
    put_queue(instance, 2, local=9)
    assert multi() == (0, ["queue1", "queue1"])
    for number in (1, 2):
        put_queue(instance, number, flag=1)
    assert multi()[0] == 0, "mail is never refused for what stands in shared memory"


def test_the_smtp_server_follows_the_queues_that_are_offered(instance, intakes):
    put_scheduler(instance, 1)
    for number in (1, 2):
        put_queue(instance, number)
    server = SmtpServer(instance.home, ipc_prefix=posix_ipc.prefix(instance)).start()
    try:
        with smtplib.SMTP("127.0.0.1", server.port, timeout=60) as client:
            def act():
                client.sendmail("s@example.com", ["a@mx.example.org"], LETTER.replace(b"\n", b"\r\n"))

            def soon(expected):
                wait_until(lambda: shares(intakes, act, sum(expected)) == expected, f"{expected} messages", 5)
            assert shares(intakes, act, 4) == [4, 0, 0]
            put_scheduler(instance, 2)
            soon([0, 1, 0])
            assert sorted(shares(intakes, act, 10)) == [0, 5, 5], "equals take turns"
            put_queue(instance, 1, remote=19)
            soon([0, 4, 0])
            put_queue(instance, 1, flag=1)
            put_queue(instance, 2, remote=20)
            soon([0, 4, 0])
            put_queue(instance, 1)
            put_scheduler(instance, 1)
            soon([4, 0, 0])  # a queue that is not offered any more gets none
            put_queue(instance, 1, flag=1)
            posix_ipc.shared(instance, "qscheduler").unlink()
            soon([4, 0, 0])  # the static set
    finally:
        server.stop()


def test_shared_memory_that_was_refused_is_made_as_soon_as_it_can_be(instance):
    obstacle = posix_ipc.SHM / f"{instance.settings['ipc_prefix']}queue1"
    obstacle.mkdir()
    try:
        start_queue(instance, "-d", concurrencylocal=3, concurrencyremote=7)
        instance.wait_for_log("clients do not see the load of this queue$")
    finally:
        obstacle.rmdir()
    wait_until(lambda: counts(instance, 1) == (0, 0, 3, 7, 0), lambda: counts(instance, 1))
    instance.wait_for_log("^info: qmail-send: shared memory .*queue1 is there$")
