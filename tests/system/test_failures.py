"""What becomes of mail that cannot be delivered at once, or at all."""
import email
import email.policy
import re
import signal

import pytest

from support.instance import free_port, wait_until
from support.recorder import Recorder, letter
from support.remote_server import Server


def refusing(rcpt="250 2.1.5 ok", data="250 2.0.0 ok"):
    """A server that answers RCPT and the end of a message so; the answers may be changed while it runs."""
    answers = {"rcpt": rcpt, "data": data}

    def script(dialogue):
        dialogue.greet()
        while True:
            dialogue.take_envelope(rcpt=lambda line: answers["rcpt"], data=None)
            if not dialogue.recipients:
                dialogue.say("554 5.5.1 no valid recipients\r\n")
                continue
            dialogue.say("354 go on\r\n")
            dialogue.take_body(answers["data"])
    server = Server(script)
    server.answers = answers
    return server


def report_of(octets):
    """The parts of a failure report (RFC 3462, RFC 3464): text, fields of the message, fields of each recipient, original."""
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert message.get_content_type() == "multipart/report" and message.get_param("report-type") == "delivery-status"
    text, status, original = message.iter_parts()
    assert text.get_content_type() == "text/plain" and status.get_content_type() == "message/delivery-status"
    assert original.get_content_type() in ("message/rfc822", "text/rfc822-headers")
    about, *recipients = status.get_payload()
    assert message["Auto-Submitted"].startswith("auto-")
    said = " ".join(text.get_content().split())  # its lines are folded
    return message, said, about, recipients, original


# -- trying again -----------------------------------------------------------------------------------------------------


def test_a_deferred_message_is_tried_again_when_qscheduler_gets_alrm(instance):
    with refusing(rcpt="450 4.2.1 come back later") as server:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}"])
        instance.send("a@x.test", letter("later"))
        instance.wait_for_log(r"^delivery 1\.1: deferral: .*come_back_later")
        server.answers["rcpt"] = "250 2.1.5 ok"
        instance.process.send_signal(signal.SIGALRM)
        instance.wait_for_log(r"^delivery 2\.1: success: ")
        instance.wait_for_log("^end msg")
        assert len(server.messages) == 1


def test_only_the_recipients_that_were_deferred_are_tried_again(instance):
    answers = {"a": "250 ok", "b": "450 4.2.1 not yet", "c": "550 5.1.1 nobody"}

    def script(dialogue):
        dialogue.greet()
        while True:
            dialogue.take_envelope(rcpt=lambda line: answers[line[9]])
            dialogue.take_body()
    with Server(script) as server:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}"])
        instance.send([f"{name}@x.test" for name in "abc"], sender=instance.user())
        instance.wait_for_log(r"^delivery \d+\.1: ", times=3)
        answers["b"] = "250 ok"
        instance.process.send_signal(signal.SIGALRM)
        _, _, _, recipients, _ = report_of(instance.wait_for_mail()[0])
        assert [fields["Final-Recipient"] for fields in recipients] == ["rfc822; c@x.test"]
        assert [message.recipients for message in server.messages] == [["a@x.test"], ["b@x.test"]]


def test_a_deferred_message_outlives_a_restart(instance):
    port = free_port()
    instance.start(smtproutes=[f"x.test:127.0.0.1:{port}"])
    instance.send("a@x.test", letter("kept"))
    instance.wait_for_log("^delivery .*deferral")
    assert instance.stop() == 0
    with Recorder(port=port) as recorder:
        instance.start()
        listed, = instance.queue()
        assert listed["recipients"][0]["state"] == "deferred" and listed["recipients"][0]["attempts"] == 1
        instance.process.send_signal(signal.SIGALRM)
        recorder.wait_for(["kept"])
        instance.wait_until_empty()


def test_a_dead_destination_does_not_hold_up_a_living_one(instance):
    with Recorder() as recorder:
        instance.start(smtproutes=[f"x.test:{recorder.route}", f"dead.test:127.0.0.1:{free_port()}"], concurrencyremote=2)
        for i in range(50):
            instance.send("a@dead.test", letter(f"dead{i}"))
        instance.send("a@x.test", letter("living"))
        recorder.wait_for(["living"])
        # Most of the fifty wait for the destination to come back, without an attempt of their own.
        assert len(instance.queue()) == 50
        assert len(re.findall("^starting delivery .*dead.test", instance.log, re.MULTILINE)) < 50


# -- failure reports --------------------------------------------------------------------------------------------------


def test_a_permanent_failure_is_reported_to_the_sender(instance):
    with refusing(rcpt="550 5.1.1 <a@x.test>: no such user here") as server:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}"])
        instance.send("a@x.test", "Subject: to nobody\r\n\r\nlost words\r\n", sender=instance.user())
        octets, = instance.wait_for_mail()
        message, text, about, recipients, original = report_of(octets)
        assert message["Return-Path"] == "<>" and message["To"] == instance.user()
        assert message["From"].addresses[0].addr_spec == "MAILER-DAEMON@mx.example.org"
        assert "a@x.test" in text and "no such user here" in text
        assert about["Reporting-MTA"] == "dns; mx.example.org"
        fields, = recipients
        assert fields["Final-Recipient"] == "rfc822; a@x.test"
        assert fields["Action"] == "failed" and fields["Status"] == "5.1.1"
        assert "550 5.1.1" in fields["Diagnostic-Code"]
        assert "lost words" in original.as_string()
        instance.wait_for_log(r"^bounce msg \d+ qp \d+ queue1$")
        instance.wait_until_empty()


def test_several_failures_of_a_message_share_one_report(instance):
    with refusing(rcpt="550 5.1.1 nobody") as server:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}", f"y.test:127.0.0.1:{server.port}"])
        instance.send(["a@x.test", "b@x.test", "c@y.test"], sender=instance.user())
        _, _, _, recipients, _ = report_of(instance.wait_for_mail()[0])
        assert sorted(fields["Final-Recipient"] for fields in recipients) == [
            "rfc822; a@x.test", "rfc822; b@x.test", "rfc822; c@y.test"]
        instance.wait_until_empty()
        assert len(instance.mail()) == 1


def test_mail_for_an_unknown_local_user_is_reported(instance):
    instance.start()
    instance.send("nobody-of-this-name@mx.example.org", sender=instance.user())
    _, text, _, recipients, _ = report_of(instance.wait_for_mail()[0])
    assert "there is no mailbox here by that name" in text
    assert recipients[0]["Status"] == "5.1.1"


def test_a_report_that_fails_goes_to_doublebounceto(instance):
    with refusing(rcpt="550 5.1.1 nobody") as server:
        local, domain = instance.user().split("@")
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}"], doublebounceto=local, doublebouncehost=domain)
        instance.send("a@x.test", sender="gone@x.test")
        message, _, _, recipients, _ = report_of(instance.wait_for_mail()[0])
        assert recipients[0]["Final-Recipient"] == "rfc822; gone@x.test"
        assert message["Return-Path"] == "<#@[]>"
        instance.wait_until_empty()


def test_a_double_bounce_goes_to_another_host(instance):
    with refusing(rcpt="550 5.1.1 nobody") as server, Recorder(keep_bodies=True) as recorder:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}", f"y.test:{recorder.route}"],
                       doublebounceto="postmaster", doublebouncehost="y.test")
        instance.send("a@x.test", sender="gone@x.test")
        instance.wait_until_empty()
        (message,) = recorder.messages
        assert (message.sender, message.recipients) == ("#@[]", ["postmaster@y.test"])


def test_a_double_bounce_that_fails_is_discarded(instance):
    with refusing(rcpt="550 5.1.1 nobody") as server:
        instance.start(smtproutes=[f":127.0.0.1:{server.port}"], doublebounceto="nobody", doublebouncehost="x.test")
        instance.send("a@x.test", sender="gone@x.test")
        instance.wait_for_log(r"^triple bounce: discarding bounce/\d+ queue1$")
        instance.wait_until_empty()


def test_a_message_that_is_too_old_is_returned(instance):
    instance.start(smtproutes=[f"x.test:127.0.0.1:{free_port()}"], queuelifetime="1s")
    instance.send("a@x.test", sender=instance.user())
    instance.wait_for_log("^delivery .*deferral")

    def returned():
        instance.process.send_signal(signal.SIGALRM)
        return instance.mail()
    wait_until(returned, "the failure report", pause=0.2)
    _, text, _, recipients, _ = report_of(instance.mail()[0])
    assert "in the queue too long" in text
    assert recipients[0]["Status"] == "5.4.7"
    instance.wait_until_empty()


def test_a_lifetime_of_nothing_is_one_attempt(instance):
    instance.start(smtproutes=[f"x.test:127.0.0.1:{free_port()}"], queuelifetime="0s")
    instance.send("a@x.test", sender=instance.user())
    _, text, _, recipients, _ = report_of(instance.wait_for_mail()[0])
    assert "in the queue too long" in text and "refused" in text
    assert recipients[0]["Status"] == "5.4.7"


@pytest.mark.parametrize("answer, state", [("552 5.3.4 too big", "failed"), ("452 4.3.1 full", "deferred")])
def test_an_answer_to_the_whole_message_counts_for_all_recipients(instance, answer, state):
    with refusing(data=answer) as server:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}"])
        instance.send(["a@x.test", "b@x.test"], sender=instance.user())
        word = {"failed": "failure", "deferred": "deferral"}[state]
        instance.wait_for_log(rf"^delivery \d+\.1: {word}: ", times=2)
        if state == "failed":
            _, _, _, recipients, _ = report_of(instance.wait_for_mail()[0])
            assert len(recipients) == 2
        else:
            wait_until(lambda: [r["state"] for r in instance.queue()[0]["recipients"]] == ["deferred"] * 2, "two deferrals")
