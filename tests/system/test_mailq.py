"""mailq, sendmail -bp and -bP: sendmail's format byte by byte, the same selections as a queue run has, and lists that
come as a stream."""
import json
import re
import subprocess
import time

import pytest

from support.filler import fill
from support.instance import free_port, wait_until
from support.local_programs import run
from support.smtp_server import program
from support.waiting_mail import destination, wait_until_deferred
from support.waiting_mail import listed as objects

TITLE = "-----Q-ID----- --Size-- -----Q-Time----- ------------Sender/Recipient-----------"
VERBOSE = "-----Q-ID----- --Size-- -Priority- ---Q-Time--- --------Sender/Recipient--------"


@pytest.fixture
def filled(instance, destination):
    """Three messages that wait: of joe to a and b, of eve to Needle, of nobody to c."""
    instance.start(smtproutes=[destination.route_of("x.test")])
    instance.send(["a@x.test", "b@x.test"], sender="joe@example.com")
    instance.send("Needle@x.test", sender="eve@example.com")
    instance.send("c@x.test", sender="")
    wait_until_deferred(instance, 3)
    return instance


def listed(instance, *options):
    return run(instance, "mailq", *options, check=0).stdout


def senders(text):
    return re.findall(r"\d\d:\d\d (\S+)$", text, re.MULTILINE)


def test_the_format_is_sendmails(filled):
    text = listed(filled)
    queue = {message["sender"]: message for message in objects(filled)}
    lines = text.splitlines()
    assert lines[:2] == [f"\t\t{filled.queue_directory} (3 requests)", TITLE]
    assert lines[-1] == "\t\tTotal requests: 3"
    at = next(i for i, line in enumerate(lines) if line.endswith(" joe@example.com"))
    message = queue["joe@example.com"]
    date = time.strftime("%a %b %e %H:%M", time.localtime(message["arrival"]))
    assert lines[at] == f"{message['id']:>13}-{message['size']:8} {date} joe@example.com"
    assert re.fullmatch(r" {17}\(.{1,60}\)", lines[at + 1])
    assert lines[at + 2:at + 4] == ["\t\t\t\t\t a@x.test", "\t\t\t\t\t b@x.test"]
    assert sorted(senders(text)) == ["<>", "eve@example.com", "joe@example.com"]


def test_verbose_shows_priorities_and_the_status_of_each_recipient(filled):
    lines = listed(filled, "-v", "-qSjoe").splitlines()
    message, = (message for message in objects(filled) if message["sender"] == "joe@example.com")
    assert lines[:2] == [f"\t\t{filled.queue_directory} (1 request)", VERBOSE]
    attempts = max(recipient["attempts"] for recipient in message["recipients"])
    date = time.strftime("%b %e %H:%M", time.localtime(message["arrival"]))
    assert lines[2] == f"{message['id']}-{message['size']:8} {message['size'] + 60000 + attempts * 90000:10} {date} joe@example.com"
    assert lines[3] == "\t\t\t\t\t\ta@x.test" and lines[4].startswith("\t\t (") and lines[5] == "\t\t\t\t\t\tb@x.test"


@pytest.mark.parametrize("options,expected", [
    (["-qRneedle"], ["eve@example.com"]), (["-q!Rneedle"], ["<>", "joe@example.com"]), (["-qSEXAMPLE"], ["eve@example.com", "joe@example.com"]),
    (["-qSexample", "-qRb@"], ["joe@example.com"]), (["-qS<>"], ["<>"]), (["-q!Sjoe", "-q!Seve"], ["<>"]),
    (["-qR*"], []), (["-qR"], ["<>", "eve@example.com", "joe@example.com"]), (["-qQ"], []), (["-qL"], [])])
def test_selections_choose_what_is_listed_and_counted(filled, options, expected):
    text = listed(filled, *options)
    assert sorted(senders(text)) == expected
    count = len(expected)
    assert text.endswith(f"\t\tTotal requests: {count}\n")
    assert text.startswith(f"{filled.queue_directory} is empty\n" if not count else
                           f"\t\t{filled.queue_directory} ({count} request{'' if count == 1 else 's'})\n")


def test_an_id_selects_its_message_as_it_is_printed(filled):
    for message in objects(filled):
        text = listed(filled, f"-qI{message['id']}")
        assert senders(text) == [message["sender"] or "<>"]


def test_a_group_has_no_total(filled):
    text = listed(filled, "-qGMQUEUE", "-qSeve")
    assert senders(text) == ["eve@example.com"] and "Total" not in text


def test_json_has_an_object_a_line(filled):
    found = [json.loads(line) for line in listed(filled, "--json", "-q!Sjoe").splitlines()]
    assert sorted(each["sender"] for each in found) == ["", "eve@example.com"]
    assert all(recipient["state"] == "deferred" for each in found for recipient in each["recipients"])


def test_the_counts_of_bp_in_capitals(filled):
    assert run(filled, "sendmail", "-bP", check=0).stdout == f"{filled.queue_directory}: entries=3\n\t\tTotal requests: 3\n"


def test_an_empty_queue(instance):
    instance.start()
    assert listed(instance) == f"{instance.queue_directory} is empty\n\t\tTotal requests: 0\n"
    assert run(instance, "sendmail", "-bP", check=0).stdout == f"{instance.queue_directory} is empty\n\t\tTotal requests: 0\n"


def test_a_long_list_comes_as_a_stream(instance):
    instance.start(smtproutes=[f"dead.test:127.0.0.1:{free_port()}"])
    fill(instance, 20_000, lambda i: f"user{i}@dead.test")
    wait_until(lambda: instance.status()["queues"][0]["messages"] == 20_000, "all messages", pause=0.1)
    with subprocess.Popen([program("mailq")], env=instance.variables(), stdout=subprocess.PIPE, text=True) as reading:
        assert reading.stdout.readline() == f"\t\t{instance.queue_directory} (20000 requests)\n"
        assert sum("user" in line for line in reading.stdout) == 20_000
    # Who stops reading costs nothing but the end of the program that wrote.
    with subprocess.Popen([program("mailq")], env=instance.variables(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reading:
        reading.stdout.readline()
        reading.stdout.close()
        assert reading.wait(60) == 74
    assert instance.status()["queues"][0]["messages"] == 20_000
