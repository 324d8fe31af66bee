"""mailq and sendmail -bP of a queue whose daemons do not run: read from its files, by whoever may."""
import json
import os
import pwd
import re
import signal
import subprocess
import threading

import pytest

from support.accounts import ROOT, USERS
from support.filler import fill
from support.groups import GROUPS
from support.instance import wait_until
from support.local_programs import run
from support.smtp_server import program
from support.waiting_mail import destination, listed, wait_until_deferred

needs_root = pytest.mark.skipif(not ROOT, reason="needs users of their own")


@pytest.fixture
def stopped(instance, destination):
    """Of joe to a and b, deferred; of eve to Needle, deferred; of nobody to c, accepted and not taken in yet."""
    instance.start(smtproutes=[destination.route_of("x.test")])
    instance.send(["a@x.test", "b@x.test"], sender="joe@example.com")
    instance.send("Needle@x.test", sender="eve@example.com")
    wait_until_deferred(instance, 2)
    assert instance.stop() == 0  # all of this is on disk
    instance.start()
    instance.signal(signal.SIGSTOP, "todo-proc")
    instance.send("c@x.test", sender="")
    instance.kill_all()
    return instance


def senders(text):
    return re.findall(r"\d\d:\d\d (\S+)$", text, re.MULTILINE)


def mailq(instance, *options, check=0):
    return run(instance, "mailq", *options, check=check)


def state_files(instance):
    """Logs, or the snapshot that a qmail-send makes which outlives its supervisor for a moment."""
    return sorted(path for path in (instance.queue_directory / "state").iterdir() if path.suffix in (".log", ".snap"))


def contents(directory):
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_what_waits_is_listed_with_what_became_of_it(stopped):
    before = contents(stopped.queue_directory)
    done = mailq(stopped)
    lines = done.stdout.splitlines()
    assert done.stderr == "" and lines[0] == f"\t\t{stopped.queue_directory} (3 requests)"
    assert sorted(senders(done.stdout)) == ["<>", "eve@example.com", "joe@example.com"]
    at = next(i for i, line in enumerate(lines) if line.endswith(" joe@example.com"))
    assert re.match(r" {0,13}\d+ +\d+ ", lines[at]) and "451 4.2.0 not" in lines[at + 1]
    assert lines[at + 2:at + 4] == ["\t\t\t\t\t a@x.test", "\t\t\t\t\t b@x.test"]
    at = next(i for i, line in enumerate(lines) if line.endswith(" <>"))
    assert lines[at + 1] == "\t\t\t\t\t c@x.test"
    assert lines[-1] == "\t\tTotal requests: 3"
    assert contents(stopped.queue_directory) == before


def test_selections_choose_as_they_do_while_the_daemons_run(stopped):
    assert senders(mailq(stopped, "-qRneedle").stdout) == ["eve@example.com"]
    assert sorted(senders(mailq(stopped, "-q!Rneedle").stdout)) == ["<>", "joe@example.com"]
    assert senders(mailq(stopped, "-qRc@").stdout) == ["<>"]
    assert mailq(stopped, "-qQ").stdout == f"{stopped.queue_directory} is empty\n\t\tTotal requests: 0\n"
    assert mailq(stopped, "-qL").stdout == f"{stopped.queue_directory} is empty\n\t\tTotal requests: 0\n"


def test_json_and_verbose_have_what_the_daemons_would_say(stopped):
    messages = {message["sender"]: message for message in listed(stopped)}
    assert messages["joe@example.com"]["queue"] == "queue1"
    assert [recipient["state"] for recipient in messages["joe@example.com"]["recipients"]] == ["deferred", "deferred"]
    assert messages[""]["recipients"] == [{"address": "c@x.test", "attempts": 0, "state": "new"}]
    verbose = mailq(stopped, "-v", "-qSjoe").stdout.splitlines()
    message = messages["joe@example.com"]
    priority = message["size"] + 60000 + 90000 * max(recipient["attempts"] for recipient in message["recipients"])
    assert f" {priority} " in verbose[2] and verbose[4].startswith("\t\t (") and "451 4.2.0 not yet" in verbose[4]


def test_messages_are_counted(stopped):
    text = f"{stopped.queue_directory}: entries=3\n\t\tTotal requests: 3\n"
    assert run(stopped, "sendmail", "-bP", check=0).stdout == text


@needs_root
def test_who_may_not_read_the_queue_is_told_that_nobody_answers(stopped):
    user = pwd.getpwnam(USERS[0])
    done = subprocess.run([program("mailq")], env=stopped.variables(), user=user.pw_uid, group=user.pw_gid, extra_groups=[],
                          capture_output=True, text=True, cwd="/", stdin=subprocess.DEVNULL)
    assert done.returncode == 69 and senders(done.stdout) == []
    assert done.stderr.startswith(f"mailq: {stopped.queue_directory} cannot be listed: its daemons do not run, and "), done.stderr
    assert "Permission denied" in done.stderr


@needs_root
def test_root_reads_nothing_of_the_queue_itself(stopped):
    done = subprocess.run(["strace", "-f", "-e", "trace=openat,setresuid", program("mailq")], env=stopped.variables(),
                          capture_output=True, text=True, cwd="/", stdin=subprocess.DEVNULL)
    changed = next(line for line in done.stderr.splitlines() if "setresuid(" in line)
    reader = re.search(r"\[pid +(\d+)\]", changed)[1]
    opened = [line for line in done.stderr.splitlines() if f'"{stopped.queue_directory}' in line]
    assert opened and all(f"[pid {reader:>5}]" in line or f"[pid  {reader}]" in line for line in opened), done.stderr
    assert f"setresuid({pwd.getpwnam('qmails').pw_uid}," in changed


@needs_root
def test_root_lists_the_queue_of_daemons_without_a_partition_as_their_user(stopped):
    user = pwd.getpwnam(USERS[0])
    for path in [stopped.queue_directory, *stopped.queue_directory.rglob("*")]:
        os.chown(path, user.pw_uid, user.pw_gid)
    assert mailq(stopped).stdout.endswith("\t\tTotal requests: 3\n")
    os.chown(stopped.queue_directory, 0, 0)
    assert "belongs to no user of a queue" in mailq(stopped, check=69).stderr


def test_torn_tails_do_not_hinder(stopped):
    for path in state_files(stopped)[-1:]:
        if path.suffix == ".log":
            path.write_bytes(path.read_bytes() + b"torn in the middle of a record")
    segment = max((stopped.queue_directory / "journal").glob("*.seg"))
    with open(segment, "r+b") as journal:
        journal.seek(len(segment.read_bytes().rstrip(b"\0")) + 64 & ~7)
        journal.write(b"torn in the middle of a record")
    done = mailq(stopped)
    assert done.stdout.endswith("\t\tTotal requests: 3\n") and done.stderr == ""


def test_what_is_damaged_is_named_in_one_line_and_the_rest_is_listed(stopped):
    path = next(path for path in state_files(stopped) if b"eve@example.com" in path.read_bytes())
    path.write_bytes(path.read_bytes().replace(b"eve@example.com", b"EVE@example.com", 1))
    done = mailq(stopped, check=69)
    # The journal has eve's message still.
    assert sorted(senders(done.stdout)) == ["<>", "eve@example.com", "joe@example.com"]
    assert done.stdout.endswith(" requests: 3\n"), done.stdout
    line, = done.stderr.splitlines()
    assert line.startswith(f"mailq: {stopped.queue_directory} cannot be listed whole: ") and str(path) in line


def test_a_listing_does_not_keep_daemons_from_starting(stopped):
    ended, results = threading.Event(), []

    def list_on():
        while not ended.is_set():
            results.append(run(stopped, "mailq").returncode)

    lister = threading.Thread(target=list_on)
    lister.start()
    try:
        wait_until(lambda: results, "the first listing")
        stopped.start()
    finally:
        ended.set()
        lister.join()
    assert set(results) <= {0} and len(listed(stopped)) == 3


def test_a_queue_of_any_group_and_one_above_the_number_of_queues_is_found(instance):
    instance.start(queue_count=2, **GROUPS)
    assert instance.stop() == 0
    instance.configure(queue_count=1)
    base = instance.queue_directory.parent
    queues = [base / "queue1", base / "queue2"] + [base / name for name in ("slow/queue101", "slow/queue102", "disk-a/queue201", "disk-b/queue202")]
    assert mailq(instance).stdout.splitlines() == [f"{queue} is empty" for queue in queues] + ["\t\tTotal requests: 0"]
    assert mailq(instance, "-qGslow").stdout.splitlines() == [f"{queue} is empty" for queue in queues[2:4]]


def test_a_long_list_comes_as_a_stream_and_may_be_left(instance):
    instance.start(smtproutes=["x.test:127.0.0.1:1"])
    fill(instance, 3000, lambda i: f"user{i}@x.test")
    instance.kill_all()
    with subprocess.Popen([program("mailq"), "--json"], env=instance.variables(), cwd="/", stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE) as reader:
        assert json.loads(reader.stdout.readline())["id"] > 0
        reader.stdout.close()
        assert reader.wait(60) != 0
