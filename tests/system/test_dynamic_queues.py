"""qscheduler -d: how the number of queues follows the load, and what that must never cost."""
import os
import pathlib
import re
import signal
import struct
import subprocess

import pytest

from support import posix_ipc
from support.accounts import ROOT
from support.dynamic import (counts, fleet, objects, prepare, queue_states, send_message, spawn_dynamic,
                             start_dynamic, tell_load, wait_for_count)
from support.instance import PATIENCE, free_port, wait_until
from support.recorder import Recorder, letter
from support.remote_server import Server
from support.smtp_server import program


@pytest.fixture
def dynamic(instance):
    yield instance
    posix_ipc.remove_all(instance)


def remembered(instance):
    return (instance.home / "etc/control/qcount").read_text()


def senders(instance):
    """Directory of each qmail-send that runs to the ids of those."""
    found = {}
    for pid in instance.processes():
        try:
            if pathlib.Path(f"/proc/{pid}/comm").read_text() == "qmail-send\n":
                directory = re.search(rb"QUEUEDIR=([^\0]*)", pathlib.Path(f"/proc/{pid}/environ").read_bytes()).group(1).decode()
                found.setdefault(directory, []).append(pid)
        except OSError:
            pass
    return found


# -- growing ----------------------------------------------------------------------------------------------------------


def test_one_queue_runs_and_is_offered(dynamic):
    start_dynamic(dynamic)
    wait_for_count(dynamic, 1)
    assert counts(dynamic) == (1, 1)
    dynamic.wait_for_log(r"^info: qscheduler: pid \d+ dynamic queues qStart/qCount 1/1, qconf=0, conf split=3, msgqueue_len=\d+, "
                         r"msgqueue_size=1024$")
    assert fleet(dynamic)["mode"] == "dynamic" and fleet(dynamic)["count"] == 1 and fleet(dynamic)["ceiling"] == 20
    assert re.search(r"^dynamic queues: 1 in use, 1 to 20 allowed, average load \d+\.\d\d of 90$", dynamic.tool("status").stdout,
                     re.MULTILINE)
    dynamic.send(dynamic.user())
    dynamic.wait_for_mail()
    assert dynamic.stop() == 0
    assert counts(dynamic) is None and objects(dynamic) == []


def test_a_load_message_makes_a_queue_and_offers_it_when_it_takes_mail(dynamic):
    start_dynamic(dynamic)
    mark = dynamic.mark()
    tell_load(dynamic, 1, 200)
    wait_for_count(dynamic, 2)
    assert counts(dynamic) == (2, 2)
    log = dynamic.log_after(mark)
    directory = dynamic.home / "queue/queue2"
    order = (r"^info: qscheduler: total local\+remote load\[1\] = 200$",
             r"^alert: qscheduler: total load avg 100\.00 exceeds threshold \(> 90\.00\)\. Increasing qcount from 1 to 2 ",
             rf"^info: queue-fix: conf split=3, queuedir={directory}$", rf"^info: qscheduler: queue-fix: queue OK {directory}$",
             rf"^info: qscheduler: pid \d+, queue {directory} started$")
    places = [re.search(line, log, re.MULTILINE) for line in order]
    assert all(places), log
    assert [place.start() for place in places] == sorted(place.start() for place in places)
    assert remembered(dynamic) == "2\n"
    wait_until(lambda: queue_states(dynamic) == {"queue1": "running", "queue2": "running"}, "both queues")
    assert objects(dynamic) == ["qscheduler", "queue1", "queue2"]


def test_load_of_its_own_makes_it_grow_within_ten_seconds(dynamic):
    release = []

    def script(dialogue):
        dialogue.greet()
        while True:
            dialogue.take_envelope()
            dialogue.take_body(answer=None)
            wait_until(lambda: release, "the end of the jam")
            dialogue.say("250 2.0.0 ok\r\n")
    with Server(script) as server:
        start_dynamic(dynamic, smtproutes=[f"x.test:127.0.0.1:{server.port}"], concurrencyremote=1)
        for i in range(6):
            dynamic.send("a@x.test", letter(f"m{i}"))
        dynamic.wait_for_log(r"exceeds threshold \(> 90\.00\)\. Increasing qcount from 1 to 2 \(remote of 1 queues, \d+ deliveries wait\)$",
                             patience=10)
        wait_for_count(dynamic, 2)
        release.append(True)
        dynamic.wait_until_empty()


def test_nonsense_in_the_message_queue_is_ignored(dynamic):
    start_dynamic(dynamic, queue_max=3)
    for octets in (b"", b"x", struct.pack("iIQ", 1, 0, 200), struct.pack("iIQ", 1, 2, 200), struct.pack("iIQ", 1, 2**32 - 1, 200),
                   struct.pack("iIQ", 1, 5000, 2**64 - 1), b"\xff" * 100):
        send_message(dynamic, octets)
    tell_load(dynamic, 1, 7)
    dynamic.wait_for_log(r"^info: qscheduler: average load within limits \(load=\d+\.\d\d <= 90\.00 and qcount=1 < qmax=3\)$")
    assert fleet(dynamic)["count"] == 1
    assert counts(dynamic) == (1, 1)


def test_reaching_queue_max_is_said_once(dynamic):
    start_dynamic(dynamic, queue_max=2)
    tell_load(dynamic, 1, 200)
    wait_for_count(dynamic, 2)
    for _ in range(4):
        mark = dynamic.mark()
        for number in (1, 2):
            tell_load(dynamic, number, 200)
        dynamic.wait_for_log(r"^info: qscheduler: total local\+remote load\[2\] = 200$", mark)
    dynamic.wait_for_log(r"exceeds threshold \(> 90\.00\), but qcount=2 is qmax$")
    assert dynamic.log.count("is qmax") == 1
    assert dynamic.log.count("Increasing qcount") == 1


def test_with_n_the_count_is_kept(dynamic):
    start_dynamic(dynamic, "-n", queue_count=2)
    wait_for_count(dynamic, 2)
    tell_load(dynamic, 1, 200)
    tell_load(dynamic, 2, 200)
    dynamic.wait_for_log(r"^alert: qscheduler: deferring qmonitor msg to update load as -n option in effect$")
    assert fleet(dynamic)["count"] == 2 and fleet(dynamic)["keep_count"]


# -- shrinking --------------------------------------------------------------------------------------------------------


def lower(instance, **settings):
    instance.configure(**settings)
    instance.process.send_signal(signal.SIGHUP)


def test_queues_above_a_lowered_maximum_retire_and_nobody_else_notices(dynamic):
    start_dynamic(dynamic, queue_count=1, queue_max=3)
    for count in (2, 3):
        for number in range(1, count):
            tell_load(dynamic, number, 200)
        wait_for_count(dynamic, count)
    wait_until(lambda: list(queue_states(dynamic).values()) == ["running"] * 3, "three queues")
    before = dynamic.pids
    lower(dynamic, queue_max=1)
    wait_until(lambda: queue_states(dynamic) == {"queue1": "running"}, "the others to retire")
    for number in (2, 3):
        assert re.search(rf"^alert: qscheduler: queue {dynamic.home}/queue/queue{number} empty\. Terminating pid \d+\. New qcount=1$",
                         dynamic.log, re.MULTILINE)
        assert re.search(rf"^alert: qscheduler: Removed pid {before[f'qmail-send.{number}']}\. New qcount=1$", dynamic.log, re.MULTILINE)
    assert counts(dynamic) == (1, 3) and objects(dynamic) == ["qscheduler", "queue1"]
    assert remembered(dynamic) == "1\n"
    assert dynamic.pids["qmail-send"] == before["qmail-send"]
    assert list(senders(dynamic)) == [str(dynamic.queue_directory)]
    dynamic.send(dynamic.user())
    dynamic.wait_for_mail()


def drain_with_deferred_mail(instance, **settings):
    """Two queues, started again as one: the second has a message for a closed port, whose number is returned, and drains."""
    port = free_port()
    start_dynamic(instance, "-n", queue_count=2, smtproutes=[f"x.test:127.0.0.1:{port}"])
    wait_for_count(instance, 2)
    submit(instance, 2, "deferred")
    instance.wait_for_log(r"^delivery \S+\.2: deferral")
    assert instance.stop() == 0
    instance.configure(queue_count=1, **settings)
    spawn_dynamic(instance)
    wait_until(lambda: queue_states(instance) == {"queue1": "running", "queue2": "draining"}, "the second queue to drain")
    return port


@pytest.mark.parametrize("ceiling", [20, 1])
def test_a_queue_with_deferred_mail_stays_until_that_is_gone(dynamic, ceiling):
    port = drain_with_deferred_mail(dynamic, queue_max=ceiling)
    with Recorder(port=port) as recorder:
        dynamic.process.send_signal(signal.SIGALRM)
        recorder.wait_for(["deferred"])
        dynamic.wait_for_log(r"^alert: qscheduler: Removed pid \d+\. New qcount=1$")
    assert queue_states(dynamic) == {"queue1": "running"}


def test_a_draining_queue_whose_sender_is_told_to_end_comes_back_for_its_mail(dynamic):
    """TERM ends it with status 0 and mail in its queue: that is not the end of its work."""
    port = drain_with_deferred_mail(dynamic)
    directory = f"{dynamic.home}/queue/queue2"
    wait_until(lambda: len(senders(dynamic).get(directory, [])) == 1, "its sender", pause=0.1)
    pid, = senders(dynamic)[directory]
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: senders(dynamic).get(directory, [pid]) != [pid] and queue_states(dynamic).get("queue2") == "draining",
               "its successor", pause=0.1)
    with Recorder(port=port) as recorder:
        dynamic.process.send_signal(signal.SIGALRM)
        recorder.wait_for(["deferred"])
        dynamic.wait_for_log(r"^alert: qscheduler: Removed pid \d+\. New qcount=1$")
    assert dynamic.log.count("Removed pid") == 1


def submit(instance, number, identity):
    """By the todo directory of one queue, as any client of the family does."""
    message, envelope = os.pipe(), os.pipe()
    os.write(message[1], letter(identity).replace(b"\r\n", b"\n"))
    os.write(envelope[1], b"Fs@example.com\0Ta@x.test\0\0")
    os.close(message[1])
    os.close(envelope[1])
    directory = instance.home / f"queue/queue{number}"
    done = subprocess.run([program("qmail-queue")], stdin=message[0], stdout=envelope[0], timeout=PATIENCE,
                          env=instance.variables(QUEUEDIR=str(directory)))
    os.close(message[0])
    os.close(envelope[0])
    assert done.returncode == 0


@pytest.mark.parametrize("ceiling", [20, 1])
def test_mail_in_the_todo_directory_of_a_retired_queue_is_found_within_thirty_seconds(dynamic, ceiling):
    with Recorder() as recorder:
        start_dynamic(dynamic, "-n", queue_count=2, smtproutes=[f"x.test:{recorder.route}"])
        wait_for_count(dynamic, 2)
        assert dynamic.stop() == 0
        dynamic.configure(queue_count=1, queue_max=ceiling)
        spawn_dynamic(dynamic)
        dynamic.wait_for_log(r"^alert: qscheduler: Removed pid \d+\. New qcount=1$")
        submit(dynamic, 2, "late")
        recorder.wait_for(["late"], patience=30)
        dynamic.wait_for_log(rf"^info: qscheduler: queue {dynamic.home}/queue/queue2 was given mail and is started to deliver it$")
        dynamic.wait_for_log(r"^alert: qscheduler: Removed pid \d+\. New qcount=1$", times=2)


# -- what goes wrong --------------------------------------------------------------------------------------------------


def test_the_count_survives_a_restart(dynamic):
    start_dynamic(dynamic)
    tell_load(dynamic, 1, 200)
    wait_for_count(dynamic, 2)
    assert dynamic.stop() == 0
    mark = dynamic.mark()
    spawn_dynamic(dynamic)
    wait_for_count(dynamic, 2)
    dynamic.wait_for_log(r"dynamic queues qStart/qCount 1/2, qconf=2,", mark)


def test_a_count_that_is_nonsense_is_named_and_replaced(dynamic):
    prepare(dynamic)
    (dynamic.home / "etc/control/qcount").write_text("many\n")
    spawn_dynamic(dynamic)
    wait_for_count(dynamic, 1)
    dynamic.wait_for_log(r"qcount does not hold a number from 1 to 1023; beginning with 1 queues$")


@pytest.mark.parametrize("mode", ["-s", "-d"])
def test_a_queue_that_cannot_start_stops_no_other(dynamic, mode):
    prepare(dynamic, queue_count=2)
    broken = dynamic.home / "queue/queue1"
    broken.write_text("a file, where a directory should be\n")
    dynamic.spawn(program("qscheduler"), mode)
    dynamic.wait_for_log(rf"^alert: qscheduler: queue {broken}: .*next start in")
    wait_until(dynamic.greets, "the SMTP server")
    dynamic.send_patiently(dynamic.user())
    dynamic.wait_for_mail()
    done = dynamic.tool("status")
    assert re.search(r"^  queue1 .* backing off until .*\n    trouble: .*queue1", done.stdout, re.MULTILINE), done.stdout
    assert re.search(r"^queue1: not answering: .*queue1", done.stdout, re.MULTILINE)
    broken.unlink()
    wait_until(lambda: "queue1" in (queue_states(dynamic) or {}) and queue_states(dynamic)["queue1"] == "running",
               "the queue to be repaired", pause=0.2)
    assert dynamic.stop() == 0


def test_a_queue_that_somebody_else_runs_stops_no_other(dynamic):
    prepare(dynamic, queue_count=2)
    dynamic.make_queue()
    import fcntl
    with open(dynamic.queue_directory / "lock/sendmutex", "w") as mutex:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        dynamic.spawn(program("qscheduler"), "-s")
        wait_until(dynamic.greets, "the SMTP server")
        dynamic.send_patiently(dynamic.user())
        dynamic.wait_for_mail()
        done = dynamic.tool("status")
        assert f"trouble: qmail-send with queue {dynamic.queue_directory} is already running" in done.stdout
    dynamic.wait_until_ready()


@pytest.mark.parametrize("name", ["qmail-send.2", "qmail-intake.2", "qmail-clean"])
def test_whatever_dies_comes_back(dynamic, name):
    with Recorder() as recorder:
        start_dynamic(dynamic, "-n", queue_count=2, smtproutes=[f"x.test:{recorder.route}"])
        wait_for_count(dynamic, 2)
        old = dynamic.kill(name)
        wait_until(lambda: ready(dynamic) and dynamic.pids.get(name) not in (None, 0, old), f"{name} to come back", pause=0.1)
        dynamic.send_patiently("a@x.test", letter("after"))
        recorder.wait_for(["after"])
        assert counts(dynamic) == (2, 2)


def ready(instance):
    done = instance.tool("status", "--json")
    return done.returncode == 0 and '"daemons"' in done.stdout


def test_killed_supervisor_leaves_no_queue_with_two_masters(dynamic):
    with Recorder() as recorder:
        start_dynamic(dynamic, "-n", queue_count=3, smtproutes=[f"x.test:{recorder.route}"])
        wait_for_count(dynamic, 3)
        for i in range(3):
            old = senders(dynamic)
            assert all(len(pids) == 1 for pids in old.values()), old
            os.kill(dynamic.process.pid, signal.SIGKILL)
            dynamic.process.wait(PATIENCE)
            spawn_dynamic(dynamic, "-n")

            def renewed():
                now = senders(dynamic)
                # While one is made there may be two processes; only the one with the lock works.
                gone = all(not os.path.exists(f"/proc/{pid}") for pids in old.values() for pid in pids)
                return gone and len(now) == 3 and ready(dynamic)
            wait_until(renewed, "three new queues", pause=0.05)
            dynamic.wait_until_ready()
            assert all(len(pids) == 1 for pids in senders(dynamic).values())
            dynamic.send_patiently("a@x.test", letter(f"m{i}"))
        recorder.wait_for(f"m{i}" for i in range(3))
        assert not recorder.duplicates()


def test_static_mode_takes_away_what_a_killed_dynamic_one_left(dynamic):
    start_dynamic(dynamic)
    wait_for_count(dynamic, 1)
    dynamic.kill_all()
    assert counts(dynamic) is not None
    dynamic.spawn(program("qscheduler"), "-s")
    dynamic.wait_until_ready()
    assert counts(dynamic) is None


def test_shared_memory_that_somebody_removes_is_made_again(dynamic):
    start_dynamic(dynamic, error_interval="1s")
    wait_for_count(dynamic, 1)
    for name in objects(dynamic):
        (posix_ipc.SHM / f"{dynamic.settings['ipc_prefix']}{name}").unlink()
    wait_for_count(dynamic, 1)
    dynamic.send(dynamic.user())
    dynamic.wait_for_mail()
    wait_until(lambda: objects(dynamic) == ["qscheduler", "queue1"], "both objects")
    tell_load(dynamic, 1, 200)  # and is still listened to
    wait_for_count(dynamic, 2)


def test_a_count_that_cannot_be_written_is_said_and_tried_again(dynamic):
    start_dynamic(dynamic, error_interval="1s")
    control = dynamic.home / "etc/control"
    (control / "qcount").mkdir()
    (control / "qcount/in-the-way").write_text("")
    tell_load(dynamic, 1, 200)
    dynamic.wait_for_log(r"^alert: qscheduler: cannot replace .*/qcount: ")
    wait_for_count(dynamic, 2)
    (control / "qcount/in-the-way").unlink()
    (control / "qcount").rmdir()
    wait_until(lambda: (control / "qcount").is_file(), "the count to be written")
    assert remembered(dynamic) == "2\n" and dynamic.log.count("cannot replace") == 1


@pytest.mark.skipif(not ROOT, reason="needs root")
def test_objects_belong_to_whom_the_reference_says(dynamic):
    start_dynamic(dynamic)
    wait_for_count(dynamic, 1)

    def owner(path):
        status = path.stat()
        return f"{path.owner()}:{path.group()} {status.st_mode & 0o7777:04o}"
    memory, queues = pathlib.Path("/dev/shm"), pathlib.Path("/dev/mqueue")
    prefix = dynamic.settings["ipc_prefix"]
    assert owner(memory / f"{prefix}qscheduler") == "root:qmail 0644"
    assert owner(memory / f"{prefix}queue1") == "qmails:qmail 0644"
    if (queues / f"{prefix}qscheduler").exists():
        assert owner(queues / f"{prefix}qscheduler") == "root:qmail 0600"
        assert owner(queues / f"{prefix}queue1") == "qmailq:qmail 0640"
