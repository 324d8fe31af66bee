"""Daemons of a queue that die alone, or are told to rest: what dies comes back alone, mail flows on, nothing is lost."""
import os
import pathlib
import random
import re
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

from support.accounts import ROOT
from support.as_supervisor import QueueUnderTest
from support.fake_intake import HELLO, PROTOCOL_VERSION, SUBMIT_DATA, SUBMIT_END, SUBMIT_OPEN, SUBMITTED, frame
from support.instance import PATIENCE, QUEUE_DAEMONS, Unavailable, command_of, free_port, wait_until
from support.kill_rounds import Load
from support.recorder import Recorder, letter
from support.remote_server import Server
from support.smtp_server import program

ALONE = ("qmail-rspawn", "qmail-lspawn", "qmail-clean")
PAIR = ("todo-proc", "qmail-intake")
DOOR_SHUT = 25


@pytest.fixture
def recorder():
    with Recorder() as running:
        yield running


def whole(instance):
    """All process ids, once every daemon of the queue is there; nothing before."""
    try:
        pids = instance.pids
    except Unavailable:
        return None
    return pids if all(name in pids for name in QUEUE_DAEMONS) else None


def replaced(instance, before, names):
    """The process ids once these daemons, and no others, have new ones."""
    def now():
        pids = whole(instance)
        return pids if pids and all(pids[name] != before[name] for name in names) else None
    pids = wait_until(now, lambda: f"new {names}; the log:\n{instance.log[-4000:]}", pause=0.02)
    assert {name for name in pids if pids[name] != before[name]} == set(names)
    return pids


def queue_status(instance):
    return instance.status()["queues"][0]


# -- single restarts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*ALONE, *PAIR])
def test_what_dies_comes_back_alone(instance, recorder, name):
    instance.start(smtproutes=[f"x.test:{recorder.route}"])
    before, mark = instance.pids, instance.mark()
    instance.kill(name)
    replaced(instance, before, PAIR if name in PAIR else [name])
    line = instance.wait_for_log(r"^alert: qscheduler: restart .*", mark).group()
    assert f"{name} pid {before[name]}" in line and "queue1" in line and "killed by signal 9" in line
    instance.send_patiently("a@x.test", letter("remote"))
    instance.send_patiently(instance.user(), letter("local"))
    recorder.wait_for(["remote"])
    instance.wait_for_mail()
    instance.wait_until_empty()
    for pid in before.values():  # nobody is left as a zombie
        assert not (stat := pathlib.Path(f"/proc/{pid}/stat")).exists() or stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.skipif(not ROOT, reason="needs root")
def test_successors_have_the_identities_of_those_before_them(instance):
    def identity(pid):
        lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
        return ([line for line in lines if line.startswith(("Uid:", "Gid:", "Groups:", "Umask:"))],
                os.readlink(f"/proc/{pid}/cwd"), os.getpgid(pid), command_of(pid),
                sorted(os.listdir(f"/proc/{pid}/fd"))[:4])
    instance.start()
    before = instance.pids
    were = {name: identity(before[name]) for name in QUEUE_DAEMONS}
    for name in (*ALONE, "qmail-intake"):
        old = instance.pids
        instance.kill(name)
        replaced(instance, old, PAIR if name in PAIR else [name])
    now = instance.pids
    assert {name: identity(now[name]) for name in QUEUE_DAEMONS} == were


def test_what_was_in_flight_is_tried_again_and_nothing_else_is(instance):
    """The first server keeps its client waiting; the spawner dies; the message comes again, the others once."""
    with Recorder() as recorder, Server(lambda d: (d.greet(), d.take_envelope(), d.take_body(None), d.read_more())) as mute:
        instance.start(smtproutes=[f"x.test:{recorder.route}", f"y.test:127.0.0.1:{mute.port}"])
        identities = [f"m{i}" for i in range(20)]
        for identity in identities:
            instance.send("a@x.test", letter(identity))
        recorder.wait_for(identities)
        instance.send("a@y.test", letter("stuck"))
        wait_until(lambda: len(mute.messages) == 1, "the message to be on its way")
        wait_until(lambda: len(instance.queue()) == 1, "the others to be settled", pause=0.05)
        before = instance.pids
        instance.kill("qmail-rspawn")
        wait_until(lambda: len(mute.messages) == 2, "the message to come again")
        instance.wait_for_log(r"^delivery 21\S*: deferral: qmail-rspawn_died;_trying_again/? queue1")
        replaced(instance, before, ["qmail-rspawn"])
        assert not recorder.duplicates()
        instance.kill_all()


def test_a_stopped_intake_is_gone_before_its_successor_writes(instance, recorder):
    """todo-proc dies, and the intake, which has to go too, cannot see that by itself."""
    instance.start(smtproutes=[f"x.test:{recorder.route}"])
    before = instance.pids
    os.kill(before["qmail-intake"], signal.SIGSTOP)
    instance.kill("todo-proc")
    replaced(instance, before, PAIR)
    assert not pathlib.Path(f"/proc/{before['qmail-intake']}").exists()
    instance.send_patiently("a@x.test", letter("afterwards"))
    recorder.wait_for(["afterwards"])


def test_one_that_keeps_dying_waits_while_the_rest_of_the_queue_works(instance, recorder):
    instance.start(smtproutes=[f"x.test:{recorder.route}"])
    for _ in range(2):
        before = instance.pids
        instance.kill("qmail-lspawn")
        replaced(instance, before, ["qmail-lspawn"])
    mark = instance.mark()
    instance.kill("qmail-lspawn")
    instance.wait_for_log(r"^alert: qscheduler: restart qmail-lspawn .*next start in \d", mark)
    instance.send("a@x.test", letter("meanwhile"))
    instance.send(instance.user(), letter("later"))
    recorder.wait_for(["meanwhile"])
    instance.wait_for_mail()
    assert instance.pids["qmail-send"] == before["qmail-send"]


def test_without_a_supervisor_the_queue_ends_as_a_whole(instance):
    instance.make_queue(smtp__listen=[])
    instance.spawn(program("qmail-start"), "-s", "./Maildir/", QUEUEDIR=str(instance.queue_directory))
    wait_until(lambda: (instance.home / "run/control/queue1").exists() and len(instance.processes()) == 6, "the queue to run")
    victim = next(pid for pid in instance.processes()
                  if command_of(pid).startswith(b"qmail-rspawn"))
    os.kill(victim, signal.SIGKILL)
    assert instance.process.wait(PATIENCE) == 111


@pytest.mark.parametrize("seed", [1, 2])
def test_mail_flows_on_whatever_is_killed_in_any_order(instance, recorder, seed):
    chance = random.Random(seed)
    instance.start(smtproutes=[f"x.test:{recorder.route}"], supervisor__restart_delay="0s", journal__segment_size="1M")
    load = Load(instance, 3, seed, 0.004)
    victims = [*ALONE, *PAIR] * 2
    chance.shuffle(victims)
    scheduler = instance.pids["qmail-send"]
    for name in victims:
        before = wait_until(lambda: whole(instance), "all daemons", pause=0.02)
        os.kill(before[name], signal.SIGKILL)
        if chance.random() < 0.7:
            replaced(instance, before, PAIR if name in PAIR else [name])
        else:
            time.sleep(chance.uniform(0, 0.05))  # the next one meets a queue that is not whole; the moment is the point
    acknowledged = load.stop()
    assert wait_until(lambda: whole(instance), "all daemons", pause=0.02)["qmail-send"] == scheduler

    def settled():
        instance.process.send_signal(signal.SIGALRM)
        return acknowledged <= recorder.arrivals.keys() and not instance.queue()
    wait_until(settled, lambda: f"{len(acknowledged - recorder.arrivals.keys())} messages", pause=0.2)
    assert acknowledged
    instance.tool("journal", "verify", instance.queue_directory, check=True)


# -- the logger -------------------------------------------------------------------------------------------------------


def loggers(instance, name="cat"):
    return [pid for pid in instance.processes() if command_of(pid) == name.encode() + b"\0-u\0"]


def kill_logger(instance, pid):
    """Nobody holds the pipe any more when this returns."""
    os.kill(pid, signal.SIGKILL)
    stat = pathlib.Path(f"/proc/{pid}/stat")

    def gone():
        try:
            return stat.read_text().rsplit(")", 1)[1].split()[0] == "Z"
        except OSError:
            return True
    wait_until(gone, "the logger's end")


def test_a_logger_that_dies_is_replaced_and_the_record_goes_on(instance, recorder):
    def identity(pid):
        lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
        return ([line for line in lines if line.startswith(("Uid:", "Gid:", "Groups:", "Umask:"))], os.getpgid(pid),
                os.readlink(f"/proc/{pid}/cwd"), sorted(os.listdir(f"/proc/{pid}/fd")))
    instance.set_up(smtproutes=[f"x.test:{recorder.route}"])
    instance.spawn(program("qscheduler"), "-s", instance.settings["defaultdelivery"], "cat", "-u")
    instance.wait_until_ready()
    before = instance.pids
    for number in range(2):  # the one that came with the queue, and its successor
        old, = loggers(instance)
        was, mark = identity(old), instance.mark()
        kill_logger(instance, old)
        instance.send("a@x.test", letter(f"m{number}"))
        recorder.wait_for([f"m{number}"])
        line = instance.wait_for_log(r"^alert: qscheduler: restart logger .*", mark).group()
        assert f"logger pid {old}, queue {instance.queue_directory}: killed by signal 9" in line
        new, = wait_until(lambda: loggers(instance), "the new logger")
        assert new != old
        # Nothing was written to the old one that it did not read: the record has all lines, once.
        for expected in (r"^new msg ", r"^starting delivery ", r"^delivery \S+ success", r"^end msg "):
            instance.wait_for_log(expected, mark)
        assert instance.log_after(mark).count("starting delivery ") == 1
        wait_until(lambda: identity(new) == was, lambda: f"{identity(new)} to be {was}")
    assert instance.pids == before
    logger, = [one for one in instance.status()["children"][0]["neighbours"] if one["name"] == "logger"]
    assert logger == {"name": "logger", "state": "running", "pid": new, "restarts": 2}
    assert instance.stop() == 0
    assert re.search(r"^info: qmail-send: .*exit", instance.log_after(mark), re.MULTILINE)


def test_mail_flows_while_no_logger_can_be_started(instance, recorder):
    instance.set_up(smtproutes=[f"x.test:{recorder.route}"])
    place = instance.home / "sbin"
    place.mkdir()
    (place / "dog").symlink_to("/usr/bin/cat")
    instance.environment["PATH"] = f"{place}:{instance.variables()['PATH']}"
    instance.spawn(program("qscheduler"), "-s", instance.settings["defaultdelivery"], "dog", "-u")
    instance.wait_until_ready()
    scheduler = instance.pids["qmail-send"]
    (place / "dog").rename(place / "god")
    mark = instance.mark()
    old, = loggers(instance, "dog")
    kill_logger(instance, old)
    identities = [f"m{number}" for number in range(10)]
    for identity in identities:
        instance.send("a@x.test", letter(identity))
    recorder.wait_for(identities)
    instance.wait_for_log(r"cannot find the logger dog", mark)
    instance.wait_for_log(r"^alert: qscheduler: restart logger .*next start in ", mark)
    (place / "god").rename(place / "dog")
    for number in range(1, 11):
        instance.wait_for_log(rf"^delivery {number}\S*: success", mark)
    assert instance.pids["qmail-send"] == scheduler


def test_without_a_supervisor_the_queue_goes_on_without_its_logger(instance, recorder):
    instance.make_queue(smtp__listen=[], smtproutes=[f"x.test:{recorder.route}"])
    for directory in ("run/intake", "run/control"):  # made by a supervisor, or by root's `sluice setup`
        (instance.home / directory).mkdir(exist_ok=True)
    instance.spawn(program("qmail-start"), "-s", "./Maildir/", "cat", "-u", QUEUEDIR=str(instance.queue_directory))
    wait_until(lambda: (instance.home / "run/control/queue1").exists() and len(instance.processes()) == 7, "the queue to run")
    kill_logger(instance, loggers(instance)[0])
    for identity in ("first", "second"):
        inject(instance, "a@x.test", letter(identity))
        recorder.wait_for([identity])
    assert instance.log.count("nobody reads the activity record; going on without it") == 1
    assert instance.process.poll() is None


# -- pause ------------------------------------------------------------------------------------------------------------


def test_a_paused_queue_takes_mail_and_delivers_it_when_it_is_resumed(instance, recorder):
    instance.start(smtproutes=[f"x.test:{recorder.route}"])
    instance.tool("queue", "pause", "1", check=True)
    wait_until(lambda: queue_status(instance)["paused"], "the pause")
    instance.wait_for_log(r"^status: local 0/\d+ \(held\) remote 0/\d+ \(held\) queue1$")
    instance.send("a@x.test", letter("patient"))
    reason = wait_until(lambda: [message["recipients"][0]["reason"] for message in instance.queue()], "the message")
    assert reason == ["channel-held"]

    mark = instance.mark()
    instance.kill("qmail-send")  # kept by the supervisor
    instance.wait_for_log(r"restart qmail-send", mark)
    wait_until(lambda: whole(instance) and queue_status(instance).get("paused"), "the pause", pause=0.05)
    assert instance.stop() == 0  # and beyond it
    instance.start()
    wait_until(lambda: queue_status(instance)["paused"], "the pause", pause=0.05)
    assert not recorder.arrivals
    instance.tool("queue", "resume", "queue1", check=True)
    recorder.wait_for(["patient"])
    assert not recorder.duplicates()
    assert instance.tool("queue", "pause", "queue7").returncode == 69


# -- detached and attached --------------------------------------------------------------------------------------------


def test_a_queue_that_is_idle_stays_detached_until_it_is_told_otherwise(instance, recorder):
    instance.start(smtproutes=[f"x.test:{recorder.route}"])
    pids = instance.pids
    os.kill(pids["qmail-send"], signal.SIGUSR1)
    instance.wait_for_log(r"^alert: qmail-send: pid \d+ got USR1: queue1$")
    instance.wait_for_log(r"^alert: qmail-send: queue1: no pending deliveries\. Instrucing todo-proc to detach\.\.\.$")
    instance.wait_for_log(rf"^alert: todo-proc: pid {pids['todo-proc']} got 'D' command: todo-proc detached: queue1$")
    identities = [f"m{i}" for i in range(10)]
    for identity in identities:
        instance.send("a@x.test", letter(identity))
    assert queue_status(instance)["detached"] and not instance.queue() and not recorder.arrivals
    os.kill(pids["qmail-send"], signal.SIGUSR2)
    instance.wait_for_log(r"^alert: todo-proc: pid \d+ got 'A' command: todo-proc attached: queue1$")
    recorder.wait_for(identities)
    instance.wait_until_empty()
    assert not recorder.duplicates()
    assert instance.pids == pids


def test_a_busy_queue_finishes_what_is_under_way_and_attaches_itself(instance, recorder):
    release = threading.Event()

    def slow(dialogue):
        dialogue.greet()
        dialogue.take_envelope()
        dialogue.take_body(None)
        release.wait(PATIENCE)
        dialogue.say("250 ok\r\n")
        dialogue.read_more()
    with Server(slow) as server:
        instance.start(smtproutes=[f"x.test:{recorder.route}", f"slow.test:127.0.0.1:{server.port}"])
        instance.send("a@slow.test", letter("slow"))
        wait_until(lambda: server.messages, "the message to be on its way")
        instance.process.send_signal(signal.SIGUSR1)  # to every queue
        instance.wait_for_log(r"todo-proc detached: queue1$")
        instance.send("a@x.test", letter("new"))
        wait_until(lambda: queue_status(instance)["detached"], "detached")
        assert not recorder.arrivals
        release.set()
        instance.wait_for_log(r"^info: qmail-send: queue1: no pending jobs, attaching back to todo-proc$")
        recorder.wait_for(["new"])
        instance.wait_until_empty()
    assert len(server.messages) == 1 and not recorder.duplicates()


def test_the_log_lock_is_toggled_by_int(instance):
    instance.start()
    mark = instance.mark()
    instance.process.send_signal(signal.SIGINT)
    instance.wait_for_log(r"^alert: qmail-send: loglock stays disabled: .*defaultdelivery: No such file", mark)
    (instance.home / "etc/control/defaultdelivery").write_text(instance.settings["defaultdelivery"] + "\n")
    (instance.home / "etc/control/defaultdelivery").chmod(0o644)
    instance.process.send_signal(signal.SIGINT)
    instance.wait_for_log(r"^info: qmail-send: queue1: loglock enabled$", mark)
    instance.send(instance.user(), letter("locked"))
    instance.wait_for_mail()
    instance.process.send_signal(signal.SIGINT)
    instance.wait_for_log(r"^info: qmail-send: queue1: loglock disabled$", mark)


def test_a_hup_that_raises_a_concurrency_is_ordinary(instance, recorder):
    instance.start(smtproutes=[f"x.test:{recorder.route}"], concurrencyremote=3)
    before = instance.pids
    instance.configure(concurrencyremote=300, concurrencylocal=400)
    instance.process.send_signal(signal.SIGHUP)
    wait_until(lambda: (queue_status(instance)["remote"]["limit"], queue_status(instance)["local"]["limit"]) == (300, 400),
               "the new limits", pause=0.05)
    instance.send("a@x.test", letter("after"))
    recorder.wait_for(["after"])
    assert instance.pids == before


# -- draining: the test is the supervisor -----------------------------------------------------------------------------


def inject(instance, to, text):
    done = subprocess.run([program("qmail-inject"), to], input=text, env=instance.variables(), capture_output=True,
                          timeout=PATIENCE)
    assert done.returncode == 0, done.stderr


def connects(instance):
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(instance.home / "run/intake/queue1"))
            return True
        except (ConnectionRefusedError, FileNotFoundError):  # for a moment, as the socket is made again
            return False


def test_a_queue_that_is_empty_is_drained_at_once(instance):
    with QueueUnderTest(instance) as queue:
        queue.drain(True)
        assert queue.wait_for_drained() == 0
    assert not queue.reports[-1].taking and not connects(instance)


def test_what_is_in_the_queue_is_delivered_before_it_is_drained(instance, recorder):
    with QueueUnderTest(instance, smtproutes=[f"x.test:{recorder.route}"]) as queue:
        queue.pause(True)
        queue.wait_for_report(lambda report: report.paused, "the pause")
        for i in range(5):
            inject(instance, "a@x.test", letter(f"m{i}"))
        queue.wait_for_report(lambda report: report.messages == 5 and report.submitted == 5, "five messages")
        queue.drain(True)
        queue.wait_for_report(lambda report: not report.taking, "the drain")
        wait_until(lambda: not connects(instance), "the door to be shut")
        assert not queue.drained
        queue.pause(False)
        assert queue.wait_for_drained() == 0
    assert len(recorder.arrivals) == 5


def test_a_drain_that_is_taken_back_opens_the_door_again(instance, recorder):
    with QueueUnderTest(instance, smtproutes=[f"x.test:127.0.0.1:{free_port()}"]) as queue:
        inject(instance, "a@x.test", letter("stays"))
        queue.wait_for_report(lambda report: report.messages == 1, "the message")
        for _ in range(3):
            queue.drain(True)
            wait_until(lambda: not connects(instance), "the door to be shut")
            queue.drain(False)
            wait_until(lambda: connects(instance), "the door to be open")
        inject(instance, "a@x.test", letter("another"))
        queue.wait_for_report(lambda report: report.messages == 2 and report.taking, "both messages")
        assert not queue.drained
        instance.kill_all()


def test_a_submission_that_is_under_way_is_taken_to_its_end(instance, recorder):
    with QueueUnderTest(instance, smtproutes=[f"x.test:{recorder.route}"]) as queue:
        text = letter("large", 2_000_000)
        envelope = b"\1" + b"".join(name + struct.pack("<H", len(value)) + value
                                    for name, value in ((b"F", b"s@example.com"), (b"T", b"a@x.test")))
        slow = socket.socket(socket.AF_UNIX)
        slow.connect(str(instance.home / "run/intake/queue1"))
        slow.settimeout(PATIENCE)
        answers = slow.makefile("rb")

        def answer():
            length, kind, _ = struct.unpack("<IHH", answers.read(8))
            return kind, answers.read(length)
        slow.sendall(frame(HELLO, struct.pack("<HBII", PROTOCOL_VERSION, 0, os.getpid(), 0)) +
                     frame(SUBMIT_OPEN, struct.pack("<Q", 1) + envelope) +
                     frame(SUBMIT_DATA, struct.pack("<Q", 1) + text[:1_000_000]))
        assert answer()[0] == HELLO
        queue.drain(True)
        assert answer() == (DOOR_SHUT, b"")
        wait_until(lambda: not connects(instance), "the door to be shut")
        assert not queue.drained
        slow.sendall(frame(SUBMIT_DATA, struct.pack("<Q", 1) + text[1_000_000:]) + frame(SUBMIT_END, struct.pack("<Q", 1)))
        assert answer()[0] == SUBMITTED
        queue.wait_for_report(lambda report: report.submitted == 1 and report.messages == 0, "the delivery")
        assert not queue.drained  # it could submit more
        answers.close()
        slow.close()
        assert queue.wait_for_drained() == 0
    assert list(recorder.arrivals) == ["large"]


def test_a_file_that_is_linked_while_the_queue_is_drained_is_delivered_too(instance, recorder):
    """As qmail-queue does it: it needs no door."""
    with QueueUnderTest(instance, smtproutes=[f"x.test:{recorder.route}"]) as queue:
        queue.pause(True)
        inject(instance, "a@x.test", letter("first"))
        queue.wait_for_report(lambda report: report.messages == 1 and report.paused, "the message")
        queue.drain(True)
        wait_until(lambda: not connects(instance), "the door to be shut")
        done = subprocess.run([program("qmail-inject"), "a@x.test"], input=letter("second"), capture_output=True,
                              env=instance.variables(QUEUEDIR=str(instance.queue_directory)), timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        queue.wait_for_report(lambda report: report.messages == 2, "the second message")
        queue.pause(False)
        assert queue.wait_for_drained() == 0
    assert sorted(recorder.arrivals) == ["first", "second"]


def test_nothing_accepted_stays_behind_whenever_the_drain_comes(instance, recorder):
    """Programs submit while the only queue is drained again and again: what was said to be queued arrives, or still stands
    in the todo directory, where qscheduler looks for it. They pause while it drains, or there would be no moment without
    mail in its todo directory, and it would be right never to end."""
    stop, draining, accepted = threading.Event(), threading.Event(), []

    def submit(number):
        count = 0
        while not stop.is_set():
            identity, count = f"p{number}-{count}", count + 1
            done = subprocess.run([program("qmail-inject"), "a@x.test"], input=letter(identity), capture_output=True,
                                  env=instance.variables(), timeout=PATIENCE)
            if done.returncode == 0:
                accepted.append(identity)
            if draining.is_set():
                stop.wait(random.uniform(0.2, 1.5))
    with QueueUnderTest(instance, smtproutes=[f"x.test:{recorder.route}"]) as queue:
        threads = [threading.Thread(target=submit, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(4):
            time.sleep(random.uniform(0.05, 0.4))  # the moment is the point here
            draining.set()
            queue.drain(True)
            assert queue.wait_for_drained() == 0
            wait_until(lambda: len(instance.processes()) <= 3, "the neighbours to end")  # but for the submitting ones
            draining.clear()
            queue.start()
        stop.set()
        for thread in threads:
            thread.join()
        queue.wait_for_report(lambda report: report.messages == 0, "the end")
        recorder.wait_for(accepted)
        assert not recorder.duplicates() and accepted
        instance.kill_all()


def test_reports_count_what_is_in_flight_and_what_waits_for_a_slot(instance):
    with Server(lambda d: (d.greet(), d.take_envelope(), d.take_body(None), d.read_more())) as mute:
        with QueueUnderTest(instance, smtproutes=[f"x.test:127.0.0.1:{mute.port}"], concurrencyremote=2,
                            lane__initial_window=5) as queue:
            for i in range(5):
                inject(instance, "a@x.test", letter(f"m{i}"))
            report = queue.wait_for_report(lambda r: r.messages == 5 and r.remote[2] > 0, "a queue that is full")
            in_flight, limit, waiting = report.remote
            assert 0 < in_flight <= limit == 2 and in_flight + waiting == 5
            assert report.local[0] == 0 and report.submitted == 5 and report.taking and not report.paused
            instance.kill_all()
