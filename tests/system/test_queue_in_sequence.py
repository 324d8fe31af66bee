"""sendmail -v -q and mailq where a group has several queues, or several directories; and the views and marks of mailq."""
import os
import re
import signal

from support.accounts import ROOT, USERS
from support.daemons import daemons  # the fixture
from support.groups import process_of
from support.instance import PATIENCE, wait_until
from support.local_programs import run
from support.waiting_mail import destination, mailq, post, sendmail_begun, wait_until_deferred, wait_until_queued

RUNNING = re.compile(r"^Running (\S+)/\d+ \(sequence (\d+) of (\d+)\)$", re.MULTILINE)


def running(text):
    return [(directory.rpartition("/")[2], int(n), int(of)) for directory, n, of in RUNNING.findall(text)]


def post_and_wait(instance, addresses):
    for address in addresses:
        post(instance, address, address)
    return wait_until_deferred(instance, len(addresses))


# -- the numbers of -v -q ----------------------------------------------------------------------------------------------


def test_the_messages_of_a_group_are_numbered_together_over_its_queues(instance, destination):
    instance.start(smtproutes=[destination.route_of()], queue_count=3, queuegroups=["slow, q=2"], queuegroupmap=["slow.test:slow"])
    waiting = post_and_wait(instance, [f"{name}@x.test" for name in "abcdef"] + ["a@slow.test", "b@slow.test", "c@slow.test"])
    assert {message["queue"] for message in waiting} == {"queue1", "queue2", "queue3", "queue101", "queue102"}
    with destination.open() as recorder:
        told = running(run(instance, "sendmail", "-v", "-q", check=0).stdout)
        assert len(recorder.arrivals) == 9
    assert [(n, of) for _, n, of in told] == [(n, 6) for n in range(1, 7)] + [(n, 3) for n in range(1, 4)]
    queues = [queue for queue, *_ in told]
    assert queues == sorted(queues, key=lambda queue: int(queue[5:])), "one queue after the other"


def test_of_each_queue_so_many_are_run_as_a_group_may(instance, destination):
    instance.start(smtproutes=[destination.route_of()], queue_count=2)
    post_and_wait(instance, [f"{name}@x.test" for name in "abcd"])
    with destination.open():
        told = running(run(instance, "sendmail", "-v", "-q", "-OMaxQueueRunSize=1", check=0).stdout)
    assert told == [("queue1", 1, 2), ("queue2", 2, 2)]


def test_only_what_is_selected_is_numbered(instance, destination):
    instance.start(smtproutes=[destination.route_of()], queue_count=2)
    post_and_wait(instance, ["a@x.test", "b@x.test", "needle@x.test"])
    with destination.open():
        told = running(run(instance, "sendmail", "-v", "-qRneedle", check=0).stdout)
    assert [(n, of) for _, n, of in told] == [(1, 1)]


# -- directories -------------------------------------------------------------------------------------------------------


def test_a_wildcard_has_a_queue_in_each_directory(instance, destination):
    instance.set_up()
    for name in ("q1", "q2", "q3", "other"):
        (instance.home / "queue" / name).mkdir()
    instance.start(smtproutes=[destination.route_of()], queue_base=str(instance.home / "queue/q*"))
    waiting = post_and_wait(instance, [f"{name}@x.test" for name in "abc"])
    assert {message["queue"] for message in waiting} == {"queue1", "queue2", "queue3"}
    (instance.home / "queue/q4").mkdir()  # counts from the next start on
    listing = run(instance, "mailq", check=0).stdout
    directories = [str(instance.home / f"queue/q{number}/queue{number}") for number in (1, 2, 3)]
    assert re.findall(r"^\t\t(\S+) \(1 request\)$", listing, re.MULTILINE) == directories
    assert "Total requests: 3" in listing
    assert instance.stop() == 0
    # Also without a daemon, and given on the command line in sendmail's way.
    instance.configure(queue_base=None)
    with destination.open() as recorder:
        run(instance, "sendmail", f"-OQueueDirectory={instance.home}/queue/q*", "-q", check=0)
        assert len(recorder.arrivals) == 3
    assert (instance.home / "queue/q4/queue4/mess").is_dir()
    assert not any(instance.home.glob("queue/other/*"))


def test_a_persistent_runner_shows_the_directory_of_its_group(instance, daemons):
    instance.configure(queuegroups=["slow, P=disk-a, P=disk-b, q=2"])
    daemons.start("-qp")
    runners = f"sendmail: running queue: {instance.home}/queue"
    wait_until(lambda: len(daemons.titled(runners)) == 2, "the runners")
    assert len(daemons.titled(f"{runners}/disk-a")) == 1


# -- marks and views of mailq ------------------------------------------------------------------------------------------


def marks(instance, *arguments):
    return re.findall(r"^ *\d{10,}([ *?X-]) ", run(instance, "mailq", *arguments, check=0).stdout, re.MULTILINE)


def test_what_is_too_young_for_a_run_is_marked(instance, destination):
    instance.start(smtproutes=[destination.route_of()], retry="run", queue_run__min_age="1h")
    post_and_wait(instance, ["a@x.test"])
    assert marks(instance) == ["-"]
    assert re.search(r"queue-run, too young for one for another (1h|59m)", instance.tool("queue").stdout)
    identity, = mailq(instance)
    assert "too young for a run before " in instance.tool("queue", "explain", identity).stdout
    assert running(run(instance, "sendmail", "-v", "-q", check=0).stdout) == []
    instance.configure(queue_run__min_age=None)
    instance.signal(signal.SIGHUP)
    wait_until(lambda: marks(instance) == [" "], "the settings")


def test_what_is_tried_just_now_is_marked(instance, destination):
    instance.start(smtproutes=[destination.route_of()])
    destination.before_answer = lambda: seen.extend(marks(instance))
    seen = []
    with destination.open() as recorder:
        post(instance, "one", "a@x.test")
        recorder.wait_for(["one"])
    assert seen == ["*"]


def test_what_is_lost_is_listed_by_its_file_and_never_run(instance):
    instance.start()
    for name in ("journal/quarantine/00000000000000ff.bad", "state/quarantine/00000001.log-42.bad"):
        path = instance.queue_directory / name
        path.parent.mkdir(mode=0o755, exist_ok=True)
        path.write_bytes(b"x" * 77)
    lines = run(instance, "mailq", "-qL", check=0).stdout.splitlines()
    assert lines[0] == f"\t\t{instance.queue_directory} (2 requests)" and lines[-1] == "\t\tTotal requests: 2"
    assert re.fullmatch(r"00000000000000ff\? +77 \w{3} \w{3} [ \d]\d \d\d:\d\d journal/quarantine/00000000000000ff\.bad", lines[2])
    assert len(run(instance, "mailq", "-qL", "-qIff", check=0).stdout.splitlines()) == 4
    for arguments in (["mailq"], ["mailq", "-qQ"], ["mailq", "-qL", "-qRx"]):
        assert "is empty" in run(instance, *arguments, check=0).stdout
    assert run(instance, "sendmail", "-qL", "-v", check=0).stdout == ""


# -- what operators do is in the log -----------------------------------------------------------------------------------


def test_orders_about_messages_are_logged_as_notices(instance, destination):
    instance.start(smtproutes=[destination.route_of()])
    post_and_wait(instance, ["a@x.test"])
    identity, = mailq(instance)
    run(instance, "sendmail", "-Qodd", f"-qI{identity}", check=0)
    run(instance, "sendmail", "-Q", "-qQ", check=0)
    instance.tool("queue", "delete", "--id", identity, check=True)
    for deed in ("held: odd", "released", "removed by an operator: "):
        instance.wait_for_log(rf"^notice: qmail-send: queue1: msg {identity} is {deed}")
    assert not re.search(r"^warn: ", instance.log, re.MULTILINE)


# -- what a run is not allowed, or cannot do ---------------------------------------------------------------------------


def test_a_run_is_for_its_owner_only_if_that_is_said(instance):
    instance.start(restrict_qrun=True)
    run(instance, "sendmail", "-q", check=0)
    if USERS and ROOT:
        done = run(instance, "sendmail", "-q", caller=USERS[0], check=77)
        assert done.stderr == "sendmail: You do not have permission to process the queue\n"


def test_who_does_not_read_on_ends_the_watching(instance, destination):
    instance.start(smtproutes=[destination.route_of()])
    post_and_wait(instance, [f"{number}@x.test" for number in range(20)])
    with destination.open():
        sending = sendmail_begun(instance, "-v", "-q")
        sending.stdout.readline()
        sending.stdout.close()
        assert sending.wait(PATIENCE) == 74


def test_texts_are_as_long_as_the_queues_take_them(instance):
    instance.set_up()
    for name in ("sendmail", "mailq"):
        done = run(instance, name, "-qR" + "x" * 1001, check=64)
        assert done.stderr == f"{name}: -q: a text of 1001 octets; at most 1000 are allowed\n"


def test_hostile_text_does_nothing_to_a_terminal(instance, destination):
    instance.start(smtproutes=[destination.route_of()], delivery_mode="background")
    run(instance, "sendmail", "-odq", "a@x.test", text="\n", check=0)
    message, = wait_until_queued(instance, 1)
    run(instance, "sendmail", "-Q\x1b]0;owned\x07", f"-qI{message['id']}", check=0)
    for shown in (instance.tool("queue").stdout, instance.tool("queue", "explain", message["id"]).stdout,
                  run(instance, "mailq", "-qQ", check=0).stdout):
        assert r"\033]0;owned\007" in shown and "\x1b" not in shown


def test_trouble_in_one_queue_repeats_the_run_there_only(instance, destination):
    instance.start(smtproutes=[destination.route_of()], queue_count=2)
    waiting = post_and_wait(instance, ["a@x.test", "b@x.test"])
    queue_of = {message["recipients"][0]["address"]: message["queue"] for message in waiting}
    assert set(queue_of.values()) == {"queue1", "queue2"}
    victim = process_of(instance, "qmail-send", queue_of["b@x.test"])
    tried = []

    def answer(line):
        tried.append("a" if "a@x.test" in line else "b")
        if tried.count("b") == 1 and tried[-1] == "b":
            wait_until(lambda: "a" in tried and listed_attempts(instance, "a@x.test") > before, "the end of the other queue's run")
            os.kill(victim, signal.SIGKILL)
        return "451 4.2.0 not yet"
    before = listed_attempts(instance, "a@x.test")
    destination.answer = answer
    run(instance, "sendmail", "-q", check=0)
    assert tried.count("a") == 1 and tried.count("b") >= 2


def listed_attempts(instance, address):
    return next((recipient["attempts"] for message in instance.queue() for recipient in message["recipients"]
                 if recipient["address"] == address), 0)
