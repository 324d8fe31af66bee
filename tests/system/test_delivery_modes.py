"""When a message is first tried: sendmail -odb, -odi, -odq, -odd and -v, and the setting delivery_mode (sendmail's options
-od and DeliveryMode); and what its Precedence and Priority fields say of it to the queue."""
import os
import re
import subprocess
import time

import pytest

from support.accounts import ROOT
from support.fake_intake import FakeIntake
from support.instance import free_port, wait_until
from support.local_programs import CALLERS, run
from support.smtp_server import SmtpServer, program

LETTER = b"Subject: hello\n\nhello\n"
NOUSER = 67


@pytest.fixture(params=CALLERS, ids=lambda caller: "plain" if caller else "self")
def caller(request):
    return request.param


def unknown(instance):
    return f"no-such-user-{os.getpid()}@{instance.settings['me']}"


def start(instance, **settings):
    """With a site that refuses connections."""
    instance.start(smtproutes=[f"dead.test:127.0.0.1:{free_port()}"], **settings)


# -- interactive ------------------------------------------------------------------------------------------------------


def test_odi_returns_when_the_message_was_delivered(instance, caller):
    start(instance)
    began = time.monotonic()
    run(instance, "sendmail", "-odi", instance.user(), text=LETTER, caller=caller, check=0)
    assert len(instance.mail()) == 1, "already there"
    assert time.monotonic() - began < 4.5, "and it did not wait for anything else"


def test_odi_tells_of_a_final_failure(instance):
    start(instance)
    run(instance, "sendmail", "-odi", "-f", instance.user(), unknown(instance), text=LETTER, check=NOUSER)
    assert b"multipart/report" in instance.wait_for_mail(1)[0], "the sender gets a report as well"


def test_odi_of_a_message_that_is_deferred_is_a_success(instance):
    start(instance)
    run(instance, "sendmail", "-odi", "joe@dead.test", text=LETTER, check=0)
    message, = instance.queue()
    assert [recipient["attempts"] for recipient in message["recipients"]] == [1]


def test_odi_waits_for_every_recipient(instance):
    start(instance)
    run(instance, "sendmail", "-odi", "-f", instance.user(), "joe@dead.test", unknown(instance), instance.user(),
        text=LETTER, check=NOUSER)
    assert len(instance.mail()) == 1, "the report comes when the last one is settled"
    assert len(instance.queue()) == 1, "one recipient is tried again"


def test_a_message_whose_program_dies_while_it_waits_goes_its_way(instance):
    start(instance, delivery_mode="i")
    # The door of another program: nobody asks for a run.
    with subprocess.Popen([program("qmail-inject"), instance.user()], env=instance.variables(), stdin=subprocess.PIPE) as inject:
        inject.communicate(LETTER)
    instance.wait_for_mail(1)


@pytest.mark.parametrize("option", [("-od",), ("-odinteractive",), ("-O", "DeliveryMode=i")])
def test_it_can_be_asked_for_in_several_ways(instance, option):
    start(instance)
    run(instance, "sendmail", *option, "-f", instance.user(), unknown(instance), text=LETTER, check=NOUSER)


def test_the_setting_counts_where_no_option_is_given(instance):
    start(instance, delivery_mode="interactive")
    run(instance, "sendmail", "-f", instance.user(), unknown(instance), text=LETTER, check=NOUSER)
    run(instance, "sendmail", "-odb", "-f", instance.user(), unknown(instance), text=LETTER, check=0)


def test_without_daemons_the_message_is_queued(instance):
    instance.make_queue()
    done = run(instance, "sendmail", "-odi", "-v", instance.user(), text=LETTER) if not ROOT else None
    if done:
        assert done.returncode == 0 and "queued for 1 recipient" in done.stdout


# -- verbose ----------------------------------------------------------------------------------------------------------


def test_v_shows_how_a_message_is_delivered(instance):
    start(instance)
    done = run(instance, "sendmail", "-v", instance.user(), text=LETTER, check=0)
    assert re.search(rf"^<?{re.escape(instance.user())}>?\.\.\. .*[Ss]ent", done.stdout, re.MULTILINE), done.stdout
    assert "Running" not in done.stdout
    assert len(instance.mail()) == 1


def test_v_overrides_odq(instance):
    start(instance)
    done = run(instance, "sendmail", "-v", "-odq", "joe@dead.test", text=LETTER, check=0)
    assert "Deferred" in done.stdout, done.stdout


# -- queue only -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["q", "d"])
def test_queue_only_messages_wait_for_a_run(instance, mode):
    start(instance)
    run(instance, "sendmail", f"-od{mode}", instance.user(), text=LETTER, check=0)
    run(instance, "sendmail", "-odb", instance.user(), text=b"Subject: second\n\n", check=0)
    assert b"Subject: second" in instance.wait_for_mail(1)[0]
    wait_until(lambda: [message["recipients"][0]["attempts"] for message in instance.queue()] == [0], "the other to be done")
    assert len(instance.mail()) == 1, "the first one still waits"
    run(instance, "sendmail", "-q", check=0)
    instance.wait_for_mail(2)


def test_the_setting_makes_mail_by_smtp_wait(instance):
    start(instance, delivery_mode="queue-only")
    instance.send(instance.user())
    wait_until(lambda: [message["recipients"][0]["attempts"] for message in instance.queue()] == [0], "the message")
    assert not instance.mail()
    run(instance, "sendmail", "-q", check=0)
    instance.wait_for_mail(1)


def test_an_unknown_mode_is_refused(instance):
    instance.set_up()
    assert "Unknown delivery mode x" in run(instance, "sendmail", "-odx", "joe", check=64).stderr


# -- Precedence and Priority ------------------------------------------------------------------------------------------

NORMAL, URGENT, NON_URGENT = None, b"\1", b"\2"
FIELDS = [("Subject: x", None, NORMAL), ("Precedence: bulk", b"\xc4", NON_URGENT), ("precedence: special-delivery", b"\x64", URGENT),
          ("Priority: non-urgent", None, NON_URGENT), ("Precedence: junk\nPriority: urgent", b"\x9c", URGENT),
          ("Precedence: whatever", None, NORMAL), ("Subject: x\n\nPrecedence: bulk", None, NORMAL)]


@pytest.mark.parametrize("fields, precedence, urgency", FIELDS)
def test_the_header_says_how_important_a_message_is(tmp_path, fields, precedence, urgency):
    text = f"{fields}\nTo: joe@example.net\n\nPriority: urgent\n".encode()
    with FakeIntake(tmp_path / "run/intake/queue1") as intake:
        server = SmtpServer(tmp_path)
        try:
            with server.start().smtp() as client:
                client.sendmail("a@example.com", ["b@example.net"], text.replace(b"\n", b"\r\n"))
        finally:
            server.stop()
        variables = {"PATH": os.environ["PATH"], "SLUICE_HOME": str(tmp_path)}
        for command in (("sendmail", "joe@example.net"), ("qmail-inject", "joe@example.net"), ("sendmail", "-bs")):
            octets = text
            if command[-1] == "-bs":
                octets = (b"EHLO c\nMAIL FROM:<a@example.com>\nRCPT TO:<b@example.net>\nDATA\n" + text + b".\nQUIT\n")
            subprocess.run([program(command[0]), *command[1:]], input=octets, env=variables, check=True, timeout=60,
                           stdout=subprocess.DEVNULL)
        for message in intake.wait_for(4):
            assert (message.field("p"), message.field("u")) == (precedence, urgency)


def test_a_large_message_has_its_importance_too(tmp_path):
    with FakeIntake(tmp_path / "run/intake/queue1") as intake:
        server = SmtpServer(tmp_path)
        try:
            with server.start().smtp() as client:
                client.sendmail("a@example.com", ["b@example.net"], "Precedence: list\r\n\r\n" + "line\r\n" * 100000)
        finally:
            server.stop()
        message = intake.wait_for(1)[0]
        assert message.pieces > 1 and message.field("p") == b"\xe2"


# -- SuperSafe --------------------------------------------------------------------------------------------------------


def test_super_safe_false_is_said_loudly_and_delivers(instance):
    instance.start(super_safe="false")
    instance.send(instance.user())
    run(instance, "sendmail", instance.user(), text=LETTER, check=0)
    instance.wait_for_mail(2)
    assert len(re.findall(r"super_safe is false: messages are accepted before they are on the disk", instance.log)) == 1


@pytest.mark.parametrize("value", ["true", "interactive", "postmilter"])
def test_other_values_of_super_safe_are_as_true(instance, value):
    instance.start(super_safe=value)
    instance.send(instance.user())
    instance.wait_for_mail(1)
    assert "super_safe is false" not in instance.log


# -- QueueLA ----------------------------------------------------------------------------------------------------------


def test_what_is_too_expensive_waits_for_a_lower_load(instance):
    source = instance.home / "load"
    source.write_text("20 20 20 1/1 1\n")
    instance.start(load__source=str(source), load__queue="10", load__queue_factor=600000)
    # 600000 / (20 - 10 + 1) is 54545: one recipient is below that, two are not.
    instance.send([instance.user(), instance.user(1)], "Subject: two\r\n\r\n")
    instance.send(instance.user(), "Subject: one\r\n\r\n")
    assert b"Subject: one" in instance.wait_for_mail(1)[0]
    assert len(instance.queue()) == 1
    source.write_text("0 0 0 1/1 1\n")
    assert any(b"Subject: two" in octets for octets in instance.wait_for_mail(2))
