"""Queue groups: queues of their own for some mail, static and dynamic; and messages whose recipients belong to several."""
import os
import re
import signal
import struct
import subprocess
import time

import pytest

from support import posix_ipc
from support.clients import envelope, qmail_queue
from support.dynamic import counts, objects, prefix_of, start_dynamic, tell_load, wait_for_count
from support.groups import groups_of, nice_of, process_of, queues_of, splits, start_with_groups
from support.instance import PATIENCE, wait_until
from support.recorder import Recorder, letter
from support.smtp_server import program


@pytest.fixture
def recorder():
    with Recorder(keep_bodies=True) as server:
        yield server


def recipients(recorder):
    """Of all messages that came."""
    return sorted(address for message in recorder.messages for address in message.recipients)


# -- queues ----------------------------------------------------------------------------------------------------------


def test_each_group_has_queues_and_directories_of_its_own(instance, recorder):
    start_with_groups(instance, recorder, queuegroups=["slow, q=2, N=5", "big, P=disk-a, P=disk-b, q=2"])
    for queue in ("queue1", "slow/queue101", "slow/queue102", "disk-a/queue201", "disk-b/queue202"):
        assert (instance.home / "queue" / queue / "mess").is_dir(), queue
    groups = groups_of(instance)
    assert [groups[name]["count"] for name in ("default", "slow", "big")] == [1, 2, 2]
    assert [groups[name]["first"] for name in ("default", "slow", "big")] == [1, 101, 201]
    assert {child["group"] for child in instance.status()["children"] if child["name"] == "queue202"} == {"big"}
    assert re.search(r"^group slow: static queues: 2 in use$", instance.tool("status").stdout, re.MULTILINE)
    usual = nice_of(process_of(instance, "qmail-send", "queue1"))
    for daemon in ("qmail-send", "qmail-rspawn", "qmail-intake"):
        assert nice_of(process_of(instance, daemon, "queue101")) == min(usual + 5, 19)
    assert nice_of(process_of(instance, "qmail-rspawn", "queue201")) == usual
    # A neighbour that is started again gets the same.
    old = process_of(instance, "qmail-rspawn", "queue102")
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: process_of(instance, "qmail-rspawn", "queue102") not in (0, old), "another qmail-rspawn")
    assert nice_of(process_of(instance, "qmail-rspawn", "queue102")) == min(usual + 5, 19)


def test_mail_goes_to_a_queue_of_its_group(instance, recorder):
    start_with_groups(instance, recorder)
    for address in ("a@slow.test", "b@slow.test", "a@big.test", "joe@else.test", "ann@else.test"):
        instance.send(address, letter(address).decode())
    recorder.wait_for(["a@slow.test", "b@slow.test", "a@big.test", "joe@else.test", "ann@else.test"])
    instance.wait_until_empty()
    assert queues_of(instance, "to remote a@slow.test") | queues_of(instance, "to remote b@slow.test") == {"queue101", "queue102"}
    assert queues_of(instance, "to remote joe@else.test") <= {"queue201", "queue202"}
    assert queues_of(instance, "to remote ann@else.test") == {"queue1"}
    assert splits(instance) == []


def test_tools_find_the_queues_of_all_groups(instance, recorder):
    start_with_groups(instance, recorder, holdremote=True)
    for address in ("a@slow.test", "a@big.test", "a@else.test"):
        instance.send(address)
    wait_until(lambda: len(instance.queue()) == 3, "three messages")
    done = subprocess.run([program("qmail-qread")], env=instance.variables(), capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0 and all(address in done.stdout for address in ("a@slow.test", "a@big.test", "a@else.test"))
    done = subprocess.run([program("qmail-qstat")], env=instance.variables(), capture_output=True, text=True, timeout=PATIENCE)
    assert "messages in queue: 3" in done.stdout


def test_a_queue_stays_where_it_is_when_directories_are_added(instance, recorder):
    start_with_groups(instance, recorder, queuegroups=["big, P=disk-b", "slow"], queuegroupmap=["big.test:big"], holdremote=True)
    instance.send("a@big.test", letter("old").decode())
    wait_until(lambda: len(instance.queue()) == 1, "the message")
    assert instance.stop() == 0
    start_with_groups(instance, recorder, queuegroups=["big, P=disk-a, P=disk-b, q=2", "slow"], queuegroupmap=["big.test:big"],
                      holdremote=False)
    recorder.wait_for(["old"])
    assert (instance.home / "queue/disk-b/queue101").is_dir() and not (instance.home / "queue/disk-a/queue101").exists()
    assert (instance.home / "queue/disk-b/queue102").is_dir()


def test_qmail_queue_finds_the_group_while_no_daemon_runs(instance, recorder):
    start_with_groups(instance, recorder)
    assert instance.stop() == 0
    for number, address in enumerate(("a@slow.test", "a@else.test")):
        assert qmail_queue(instance, letter(f"m{number}").replace(b"\r\n", b"\n"), envelope(address)) == 0
    todo = {path.relative_to(instance.home / "queue").parts[0] for path in (instance.home / "queue").glob("**/todo/**/*") if path.is_file()}
    assert todo == {"slow", "queue1"}
    start_with_groups(instance, recorder)
    recorder.wait_for(["m0", "m1"])
    assert splits(instance) == []


def test_recipients_of_an_attempt_are_limited_for_the_group(instance, recorder):
    start_with_groups(instance, recorder, queuegroups=["slow, r=2"], queuegroupmap=["slow.test:slow"])
    instance.send([f"{name}@slow.test" for name in "abcde"], letter("five").decode())
    wait_until(lambda: len(recipients(recorder)) == 5, "five recipients")
    assert sorted(len(message.recipients) for message in recorder.messages) == [1, 2, 2]


# -- splitting -------------------------------------------------------------------------------------------------------


def test_recipients_of_other_groups_are_handed_over_once(instance, recorder):
    start_with_groups(instance, recorder)
    everybody = ["ann@else.test", "a@slow.test", "a@big.test", "b@big.test", "joe@else.test"]
    instance.send(everybody, letter("all").decode())
    wait_until(lambda: len(recipients(recorder)) >= 5, "five recipients")
    instance.wait_until_empty()
    assert recipients(recorder) == sorted(everybody)
    # The first that the map names decides: slow. Who is not named stays there.
    assert [(count, group) for _, count, _, group in splits(instance)] == [(3, "big")]
    assert queues_of(instance, "to remote ann@else.test") <= {"queue101", "queue102"}
    assert queues_of(instance, "to remote b@big.test") <= {"queue201", "queue202"}


def test_a_message_that_came_to_the_wrong_queue_is_handed_over(instance, recorder):
    start_with_groups(instance, recorder)
    directory = str(instance.queue_directory)
    assert qmail_queue(instance, letter("wrong").replace(b"\r\n", b"\n"), envelope("a@big.test"), QUEUEDIR=directory) == 0
    recorder.wait_for(["wrong"])
    instance.wait_until_empty()
    assert [(count, group) for _, count, _, group in splits(instance)] == [(1, "big")]
    assert queues_of(instance, "to remote a@big.test") <= {"queue201", "queue202"}


def test_large_messages_are_handed_over_whole(instance, recorder):
    start_with_groups(instance, recorder)
    text = letter("large", 3_000_000)
    instance.send(["a@slow.test", "a@big.test"], text.decode())
    wait_until(lambda: len(recipients(recorder)) == 2, "two recipients")
    bodies = [message.body[message.body.index(b"Subject: large"):] for message in recorder.messages]
    assert bodies == [text, text]


def test_local_recipients_are_handed_over_by_the_address_that_was_written(instance, recorder):
    start_with_groups(instance, recorder, virtualdomains=["virtual.test:nobody-here"], queuegroupmap=["virtual.test:slow", "big.test:big"])
    instance.send(["a@big.test", "x@virtual.test"], letter("virtual").decode())
    # Prefixed once, not twice.
    instance.wait_for_log(r"to local nobody-here-x@virtual\.test.*queue10[12]")
    # The other queue may deliver before this one has written that it handed the recipient over.
    wait_until(lambda: [group for *_, group in splits(instance)] == ["slow"], "the split in the log")


def test_what_cannot_be_handed_over_waits_and_holds_up_nobody(instance, recorder):
    start_with_groups(instance, recorder)
    sockets = [instance.home / f"run/intake/queue{number}" for number in (201, 202)]
    for socket in sockets:
        socket.rename(socket.with_suffix(".away"))
    for number in (201, 202):
        os.kill(process_of(instance, "qmail-send", f"queue{number}"), signal.SIGHUP)  # links of before make no difference
    instance.send(["a@slow.test", "a@big.test"], letter("part").decode())
    recorder.wait_for(["part"])
    instance.wait_for_log(r"is not handed over to queue group big yet: no queue of group big takes mail")
    assert recipients(recorder) == ["a@slow.test"]
    assert [message["recipients"] for message in instance.queue()] and len(instance.queue()) == 1
    for socket in sockets:
        socket.with_suffix(".away").rename(socket)
    wait_until(lambda: recipients(recorder) == ["a@big.test", "a@slow.test"], "the other recipient")
    instance.wait_until_empty()


def test_nothing_is_lost_when_qmail_send_dies_in_the_middle_of_a_split(instance):
    with Recorder() as slow, Recorder() as big:
        instance.start(queuegroups=["slow", "big"], queuegroupmap=["slow.test:slow", "big.test:big"],
                       smtproutes=[f"slow.test:{slow.route}", f"big.test:{big.route}"])
        sent = []
        for turn in range(5):
            for number in range(20):
                sent.append(f"{turn}-{number}")
                instance.send_patiently(["a@slow.test", "b@big.test"], letter(sent[-1]).decode())
            old = wait_until(lambda: process_of(instance, "qmail-send", "queue101"), "queue101 to be back")
            os.kill(old, signal.SIGKILL)
            wait_until(lambda: process_of(instance, "qmail-send", "queue101") not in (0, old), "another qmail-send")
        slow.wait_for(sent)
        big.wait_for(sent)
        instance.wait_until_empty()


def test_a_copy_is_as_old_as_its_message_and_of_the_same_submitter(instance, recorder):
    start_with_groups(instance, recorder, queuegroups=["slow", "big"])
    intake = process_of(instance, "qmail-intake", "queue201")
    os.kill(intake, signal.SIGSTOP)  # what is handed over waits
    try:
        instance.send(["a@slow.test", "b@big.test"], letter("old").decode())
        recorder.wait_for(["old"])
        arrival = instance.queue()[0]["arrival"]
        wait_until(lambda: time.time() > arrival + 2, "the message to be older")
        (instance.home / "etc/control/holdremote").write_text("1\n")
        os.kill(process_of(instance, "qmail-send", "queue201"), signal.SIGHUP)  # so that the copy stays
    finally:
        os.kill(intake, signal.SIGCONT)
    copy = wait_until(lambda: next((m for m in instance.queue() if m["queue"] == "queue201"), None), "the copy")
    assert copy["arrival"] == arrival
    uids = re.findall(r"^info msg \d+: bytes \d+ from \S+ qp \d+ uid (\d+)", instance.log, re.MULTILINE)
    assert len(uids) == 2 and len(set(uids)) == 1, uids


def test_large_mail_of_qmail_queue_ends_in_its_group(instance, recorder):
    start_with_groups(instance, recorder)
    text = letter("large", 1 << 20)
    assert qmail_queue(instance, text.replace(b"\r\n", b"\n"), envelope("a@big.test")) == 0
    recorder.wait_for(["large"])
    instance.wait_until_empty()
    assert queues_of(instance, "to remote a@big.test") <= {"queue201", "queue202"}
    assert [message.body[message.body.index(b"Subject: large"):] for message in recorder.messages] == [text]


# -- mistakes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("declared, mapped, complaint", [
    (["slow"], ["a.test:fast"], r"queuegroupmap: Queue group fast unknown; declared: mqueue, slow"),
    (["slow, X=1"], [], r"Qslow: unknown queue equate X="),
    (["slow R=1"], [], r"slow R=1"),
    (["slow, P=/elsewhere"], [], r"QueuePath /elsewhere not subpath of QueueDirectory "),
    (["slow, s=10"], [], r"its queues are 10 to 10, those of the default group 1 to 20"),
    (["slow, s=50, q=5", "big, s=54"], [], r"54"),
])
def test_mistakes_are_named_and_nothing_starts(instance, declared, mapped, complaint):
    instance.set_up()
    instance.configure(queuegroups=declared, queuegroupmap=mapped)
    done = subprocess.run([program("qscheduler"), "-s"], env=instance.variables(), capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 111
    assert re.search(complaint, done.stderr), done.stderr
    assert re.search(r"etc/sluice\.toml:\d+:\d+: ", done.stderr), done.stderr


def test_tables_declare_groups_too(instance, recorder):
    instance.set_up(**{"group.slow__queues": 2, "group.slow__nice": 3}, queuegroupmap=["slow.test:slow"],
                    smtproutes=[f":{recorder.route}"])
    instance.start()
    assert groups_of(instance)["slow"]["count"] == 2
    instance.send("a@slow.test", letter("one").decode())
    recorder.wait_for(["one"])
    done = instance.tool("config", "--json")
    assert done.returncode != 0 or "slow, " in done.stdout


# -- dynamic ---------------------------------------------------------------------------------------------------------


def group_counts(instance, group):
    try:
        octets = (posix_ipc.SHM / f"{prefix_of(instance)}qscheduler.{group}").read_bytes()
    except FileNotFoundError:
        return None
    return struct.unpack("ii", octets) if len(octets) == 8 else None


def test_each_group_follows_its_own_load(instance, recorder):
    start_dynamic(instance, queuegroups=["slow, q=1-3"], queuegroupmap=["slow.test:slow"], smtproutes=[f":{recorder.route}"])
    wait_for_count(instance, 1)
    assert group_counts(instance, "slow")[0] == 1
    tell_load(instance, 101, 200)
    wait_until(lambda: group_counts(instance, "slow") == (2, 2), "the second queue of the group")
    assert counts(instance)[0] == 1
    assert (instance.home / "etc/control/qcount.slow").read_text() == "2\n"
    assert (instance.home / "queue/slow/queue102").is_dir()
    assert {"qscheduler", "qscheduler.slow", "queue1", "queue101", "queue102"} <= set(objects(instance))
    for number in range(4):
        instance.send(["a@slow.test", "b@else.test"], letter(f"m{number}").decode())
    wait_until(lambda: len(recipients(recorder)) == 8, "all mail")
    assert queues_of(instance, "to remote a@slow.test") <= {"queue101", "queue102"}
    assert queues_of(instance, "to remote b@else.test") <= {"queue101", "queue102"}, "it stays with the other"
    assert instance.stop() == 0
    assert objects(instance) == []


def test_queues_that_a_group_has_no_more_run_until_they_are_empty(instance, recorder):
    dynamic = {"queuegroups": ["slow, q=1-3"], "queuegroupmap": ["slow.test:slow"], "smtproutes": [f":{recorder.route}"]}
    start_dynamic(instance, **dynamic)
    tell_load(instance, 101, 200)
    wait_until(lambda: group_counts(instance, "slow") == (2, 2), "the second queue of the group")
    assert instance.stop() == 0
    left = str(instance.home / "queue/slow/queue102")
    assert qmail_queue(instance, letter("left").replace(b"\r\n", b"\n"), envelope("a@slow.test"), QUEUEDIR=left) == 0
    start_dynamic(instance, **{**dynamic, "queuegroups": ["slow, q=1"]})
    recorder.wait_for(["left"])
    assert queues_of(instance, "to remote a@slow.test") == {"queue102"}
    assert "is there and not run" not in instance.log
    wait_until(lambda: process_of(instance, "qmail-send", "queue102") == 0, "the queue to retire")
