"""qmail-inject: its environment, its options and its doors."""
import email
import re

import pytest

from support.accounts import ROOT, USERS
from support.local_programs import CALLERS, run

LETTER = "Subject: hello\n\nhello\n"


@pytest.fixture
def set_up(instance):
    instance.set_up(defaultdomain="example.org")
    return instance


def printed(instance, *arguments, text=LETTER, **environment):
    done = run(instance, "qmail-inject", "-n", *arguments, text=text, check=0, **environment)
    return email.message_from_string(done.stdout)


@pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: "plain" if caller else "self")
def test_a_message_goes_to_whom_its_header_names(instance, caller):
    instance.start()
    text = f"To: {USERS[0]}\n" + (f"Bcc: {USERS[1]}\n" if ROOT else "") + LETTER
    run(instance, "qmail-inject", text=text, caller=caller, check=0, QMAILNAME="Joe Doe", QMAILUSER="joe")
    for number in range(len(USERS)):
        octets, = instance.wait_for_mail(number=number)
        message = email.message_from_bytes(octets)
        assert message["Return-Path"] == "<joe@mx.example.org>" and message["Bcc"] is None
        assert (message["From"], message["To"]) == ("Joe Doe <joe@mx.example.org>", instance.user())


def test_what_is_missing_is_added(set_up):
    message = printed(set_up, QMAILUSER="joe", QMAILHOST="x.test", QMAILIDHOST="id.test")
    assert message["From"] == "joe@x.test" and message["Cc"] == "recipient list not shown: ;"
    assert message["Date"] and re.fullmatch(r"<\S+@id\.test>", message["Message-ID"])
    assert message.get_payload() == "hello\n"


def test_letters_of_qmailinject_change_the_fields(set_up):
    text = "From: a@b.test\nMessage-ID: <old@x>\n" + LETTER
    message = printed(set_up, text=text, QMAILINJECT="cfi", QMAILUSER="joe", QMAILNAME="Joe")
    assert message.get_all("From") == ["joe@mx.example.org (Joe)"] and "old" not in message["Message-ID"]


def test_hosts_become_complete(set_up):
    message = printed(set_up, text="To: a, b@h, c@h+, d@[192.0.2.1]\n\n", QMAILPLUSDOMAIN="plus.test")
    assert message["To"] == "a@mx.example.org, b@h.example.org, c@h.plus.test, d@[192.0.2.1]"
    message = printed(set_up, text="To: a, b@h\n\n", QMAILDEFAULTHOST="dh", QMAILDEFAULTDOMAIN="dd.test")
    assert message["To"] == "a@dh.dd.test, b@h.dd.test"


def test_mail_to_a_list_says_where_follow_ups_go(set_up):
    lists = set_up.home / "lists"
    lists.write_text("list@x.test\n")
    message = printed(set_up, text="To: list@x.test, bob@y.test\n\n", QMAILMFTFILE=str(lists))
    assert message["Mail-Followup-To"].split() == ["list@x.test,", "bob@y.test"]


def envelope(instance, *arguments, text, **environment):
    """What a program in place of qmail-queue is given: sender and recipients."""
    kept = instance.home / "kept"
    queue = instance.home / "queue-program"
    queue.write_text(f"#!/bin/sh\ncat >{kept}.body\ncat <&1 >{kept}\nexit ${{STATUS:-0}}\n")
    queue.chmod(0o755)
    run(instance, "qmail-inject", *arguments, text=text, check=0, QMAILQUEUE=str(queue), **environment)
    parts = kept.read_bytes().split(b"\0")
    assert parts[0][:1] == b"F" and parts[-2:] == [b"", b""]
    return parts[0][1:].decode(), [part[1:].decode() for part in parts[1:-2]]


def test_options_choose_the_recipients(set_up):
    text = "To: a@x.test\nCc: b@x.test\n\n"
    both = ["c@x.test", "a@x.test", "b@x.test"]
    for option, recipients in (("-a", both[:1]), ("-A", both[:1]), ("-h", both[1:]), ("-H", both)):
        assert envelope(set_up, option, "c@x.test", text=text)[1] == recipients
    assert envelope(set_up, "-A", text=text)[1] == both[1:]
    assert envelope(set_up, text="Resent-To: d@x.test\n" + text)[1] == ["d@x.test"]


def test_the_sender_is_that_of_f_then_return_path_then_the_environment(set_up):
    text = "To: a@x.test\nReturn-Path: <path@x.test>\n\n"
    assert envelope(set_up, "-f", "f@x.test", text=text)[0] == "f@x.test"
    assert envelope(set_up, "-f", "", text=text)[0] == ""
    assert envelope(set_up, text=text)[0] == "path@x.test"
    assert envelope(set_up, text=text, QMAILINJECT="s", QMAILSUSER="s", QMAILSHOST="h.test")[0] == "s@h.test"
    assert re.fullmatch(r"s-\d+\.\d+@h\.test",
                        envelope(set_up, text=text, QMAILINJECT="sm", QMAILSUSER="s", QMAILSHOST="h.test")[0])
    assert envelope(set_up, text=text, QMAILINJECT="sr", QMAILSUSER="s", QMAILSHOST="h.test")[0] == "s-@h.test-@[]"


@pytest.mark.parametrize("code, status", [(31, 100), (11, 100), (115, 100), (51, 111), (53, 111), (91, 111)])
def test_exit_codes_of_the_queue_program_are_understood(set_up, code, status):
    queue = set_up.home / "queue-program"
    queue.write_text(f"#!/bin/sh\nexit {code}\n")
    queue.chmod(0o755)
    assert run(set_up, "qmail-inject", "a@x.test", text=LETTER, check=status, QMAILQUEUE=str(queue)).stderr


@pytest.mark.parametrize("arguments, text", [
    (("-x",), ""), ((), "Subject: nobody\n\n"), ((), "To: joe (x\n\n"), (("a@x.test",), "From: two words\n\n"),
    (("a@bad..host",), LETTER), (("a@x.test",), "Received: x\n" * 200 + "\n")])
def test_what_can_never_be_sent_is_refused_for_good(set_up, arguments, text):
    done = run(set_up, "qmail-inject", *arguments, text=text, check=100)
    assert done.stderr.startswith("fatal: qmail-inject: ")


def test_a_return_path_for_each_recipient_is_made_at_delivery(instance):
    instance.start()
    user = instance.user()
    run(instance, "qmail-inject", user, text=LETTER, check=0, QMAILINJECT="r", QMAILSUSER="box", QMAILSHOST="h.test")
    (octets,) = instance.wait_for_mail()
    assert email.message_from_bytes(octets)["Return-Path"] == f"<box-{user.replace('@', '=')}@h.test>"
