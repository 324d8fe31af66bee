"""The channel lmtp (RFC 2033): qmail-rspawn against scripted servers, and a whole instance before a real Dovecot."""
import email
import re
import signal

import pytest

from support.accounts import ROOT
from support.dovecot import Dovecot
from support.instance import free_port, wait_until
from support.remote_server import Server
from support.remote_spawner import CHANNEL_LMTP, Spawner


@pytest.fixture
def spawner(tmp_path):
    with Spawner(tmp_path / "home") as running:
        yield running


def letters(outcomes):
    return "".join(outcome.verdict for outcome in outcomes)


def store(answer="250 2.0.0 Saved", rcpt="250 2.1.5 ok"):
    def script(d):
        d.greet(verb="LHLO")
        while True:
            d.take_envelope(rcpt=rcpt)
            d.take_body(answer=None)
            for recipient in d.recipients:
                d.say((answer(recipient) if callable(answer) else answer) + "\r\n")
    return script


# -- scripted servers -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("by", ["tcp", "path"])
def test_every_recipient_gets_the_reply_that_is_his(spawner, tmp_path, by):
    def answer(recipient):
        return "452 4.2.2 full" if "full" in recipient else "554 5.7.1 no" if "never" in recipient else "250 2.0.0 Saved"

    def rcpt(line):
        return "550 5.1.1 nobody" if "nobody" in line else "250 ok"

    with Server(store(answer, rcpt), path=tmp_path / "lmtp" if by == "path" else None) as server:
        recipients = [f"{name}@x.test" for name in ("a", "nobody", "full", "never", "b")]
        outcomes = spawner.deliver(server.destination, recipients=recipients, channel=CHANNEL_LMTP)
        assert letters(outcomes) == "KDZDK"
        assert [outcome.code for outcome in outcomes] == ["2.0.0", "5.1.1", "4.2.2", "5.7.1", "2.0.0"]
        assert outcomes[0].reached == "mailbox" and outcomes[4].reached == "mailbox"
        name = server.destination if by == "path" else "127.0.0.1"
        assert outcomes[0].text == f"{name} accepted message./Remote host said: 250 2.0.0 Saved/"
        assert outcomes[2].text == f"{name} deferred./Remote host said: 452 4.2.2 full/Giving up on {name}./"
        assert len(server.messages) == 1


def test_sessions_are_reused_but_never_for_the_other_protocol(spawner):
    def script(d):
        if d.number == 0:
            store()(d)
        d.say("220 script.test\r\n")
        while not d.command().startswith("LHLO "):
            d.say("500 5.5.1 this is LMTP\r\n")

    with Server(script) as server:
        for _ in range(10):
            assert letters(spawner.deliver(server.destination, channel=CHANNEL_LMTP)) == "K"
        assert len(server.dialogues) == 1 and len(server.messages) == 10
        outcome, = spawner.deliver(server.destination)
        assert outcome.verdict == "Z", "a server that wants LHLO is no SMTP server"
        assert len(server.dialogues) == 2


def test_a_connection_lost_between_the_replies_defers_the_rest_only(spawner):
    def script(d):
        d.greet(verb="LHLO")
        d.take_envelope()
        d.take_body(answer="250 2.0.0 Saved")
        d.close()

    with Server(script) as server:
        outcomes = spawner.deliver(server.destination, recipients=["a@x.test", "b@x.test"], channel=CHANNEL_LMTP)
        assert letters(outcomes) == "KZ"
        assert "Possible duplicate!" in outcomes[1].text


def test_a_socket_that_is_not_there_is_a_deferral_that_names_it(spawner, tmp_path):
    outcome, = spawner.deliver(str(tmp_path / "none"), channel=CHANNEL_LMTP)
    assert (outcome.verdict, outcome.trouble) == ("Z", "unreachable")
    assert outcome.text == f"connect to {tmp_path}/none: No such file or directory"


def test_a_recipient_whose_route_is_gone_waits_for_the_operator(spawner):
    outcome, = spawner.deliver("", channel=CHANNEL_LMTP)
    assert (outcome.verdict, outcome.code) == ("Z", "4.3.5")
    assert "lmtproutes" in outcome.text


def test_delivery_status_parameters_stay_with_us(spawner):
    def script(d):
        d.greet(("PIPELINING", "DSN"), verb="LHLO")
        d.serve_lmtp()

    with Server(script) as server:
        outcome, = spawner.deliver(server.destination, channel=CHANNEL_LMTP, notify=2, ret=1, envid="x")
        assert server.dialogues[0].commands[1:3] == ["MAIL FROM:<s@us.test>", "RCPT TO:<a@x.test>"]
        assert (outcome.verdict, outcome.reached) == ("K", "mailbox")


# -- Dovecot ----------------------------------------------------------------------------------------------------------

ANN, BOB, FULL = "ann@store.test", "bob@store.test", "full@store.test"


@pytest.mark.parametrize("by", ["tcp", "path"])
def test_what_comes_by_smtp_can_be_read_from_dovecot(instance, by):
    with Dovecot([ANN, BOB]) as dovecot:
        target = f"127.0.0.1:{dovecot.lmtp_port}" if by == "tcp" else str(dovecot.lmtp_path)
        instance.start(lmtproutes=[f"store.test:{target}"], smtp__trusted_networks=[])
        for number in range(20):
            instance.send([ANN, BOB] if number % 2 else ANN, f"Subject: {number}\r\nX-Id: {number}\r\n\r\n.dot {number}\r\n")
        for user, numbers in ((ANN, range(20)), (BOB, range(1, 20, 2))):
            read = [email.message_from_bytes(message) for message in dovecot.wait_for(user, len(numbers))]
            assert sorted(int(message["X-Id"]) for message in read) == list(numbers)
            for message in read:
                assert message["Return-Path"] == "<sender@example.com>"
                assert message.get_payload() == f".dot {message['X-Id']}\r\n"
        instance.wait_until_empty()
        assert re.search(r"starting delivery 1\S*: msg \d+ to lmtp ann@store\.test", instance.log)


def test_a_full_mailbox_defers_only_its_owner_and_an_unknown_one_is_returned(instance):
    with Dovecot([ANN, BOB], full=[FULL]) as dovecot:
        # The sender is at the store too, so that the report can be read there.
        instance.start(lmtproutes=[f"store.test:{dovecot.lmtp_path}"])
        instance.send([ANN, FULL, "nobody@store.test"], "Subject: all\r\n\r\nhello\r\n", sender=BOB)
        assert b"Subject: all" in dovecot.wait_for(ANN, 1)[0]
        instance.wait_for_log(r"deferral: \S*deferred\./Remote_host_said:_452_4\.2\.2")
        queued, = instance.queue()
        assert dovecot.count(ANN) == 1 and dovecot.count(FULL) == 0
        assert "full@store.test" in str(queued)


def test_a_store_that_is_down_holds_its_mail_and_nobody_elses(instance):
    with Dovecot([ANN]) as dovecot:
        down = free_port()
        instance.start(lmtproutes=[f"down.test:127.0.0.1:{down}", f"store.test:127.0.0.1:{dovecot.lmtp_port}"])
        instance.send([f"u{i}@down.test" for i in range(30)])
        instance.wait_for_log(r"deferral: connect_to_\[127\.0\.0\.1\]", patience=30)
        instance.send(ANN)
        dovecot.wait_for(ANN, 1)
        wait_until(lambda: len(instance.queue()) == 1, "only the mail for the store that is down to be left")


def test_a_route_that_changes_takes_waiting_mail_along(instance):
    with Dovecot([ANN]) as dovecot:
        instance.start(lmtproutes=[f"store.test:127.0.0.1:{free_port()}"])
        instance.send(ANN, "Subject: moved\r\n\r\nx\r\n")
        instance.wait_for_log(r"deferral: connect_to_\[127\.0\.0\.1\]")

        def change(routes, expected):
            mark = instance.mark()
            instance.configure(lmtproutes=routes)
            instance.signal(signal.SIGHUP)
            instance.wait_for_log("got HUP", mark)
            instance.signal(signal.SIGALRM)
            instance.wait_for_log(expected, mark)
        change([], "deferral: lmtproutes_have_no_entry")
        change([f"store.test:{dovecot.lmtp_path}"], "success: .*Saved")
        assert b"Subject: moved" in dovecot.wait_for(ANN, 1)[0]
        instance.wait_until_empty()


def test_the_channel_can_be_held(instance):
    with Dovecot([ANN]) as dovecot:
        instance.start(lmtproutes=[f"store.test:{dovecot.lmtp_path}"], concurrencylmtp=0)
        instance.send(ANN)
        instance.wait_for_log("info msg")
        queue, = instance.status()["queues"]
        assert queue["lmtp"]["limit"] == 0 and sum(queue["lmtp"]["waiting"].values()) == 1
        instance.configure(concurrencylmtp=3)
        instance.signal(signal.SIGHUP)
        dovecot.wait_for(ANN, 1)
        assert instance.status()["queues"][0]["lmtp"]["limit"] == 3


@pytest.mark.skipif(not ROOT, reason="needs root")
def test_a_socket_that_qmailr_may_not_use_is_named(instance):
    path = instance.home / "lmtp"
    with Server(store(), path=path):
        path.chmod(0o600)
        instance.start(lmtproutes=[f"store.test:{path}"])
        instance.send(ANN)
        instance.wait_for_log(rf"deferral: connect_to_{path}:_Permission_denied")


def test_a_crash_of_the_client_loses_nothing_for_the_store(instance):
    with Dovecot([ANN]) as dovecot:
        instance.start(lmtproutes=[f"store.test:127.0.0.1:{dovecot.lmtp_port}"])
        wanted = set()
        for number in range(60):
            instance.send_patiently(ANN, f"Subject: x\r\nX-Id: {number}\r\n\r\nx\r\n")
            wanted.add(str(number))
            if number in (20, 40):
                wait_until(lambda: "qmail-rspawn" in instance.pids, "the qmail-rspawn after the one that was killed")
                instance.kill("qmail-rspawn")
        wait_until(lambda: not instance.queue(), "the queue to be empty")
        assert {email.message_from_bytes(message)["X-Id"] for message in dovecot.messages(ANN)} == wanted


def test_an_address_may_be_at_the_store_while_its_domain_is_local(instance):
    with Dovecot(["joe@mx.example.org"]) as dovecot:
        user = instance.user()
        instance.start(lmtproutes=[f"joe@mx.example.org:{dovecot.lmtp_path}"])
        instance.send(["joe@mx.example.org", user], "Subject: both\r\n\r\nx\r\n")
        assert b"Subject: both" in dovecot.wait_for("joe@mx.example.org", 1)[0]
        assert b"Subject: both" in instance.wait_for_mail(1)[0]
