"""Mail goes through a whole instance: in by SMTP, out by SMTP or into a Maildir."""
import concurrent.futures
import email
import re
import subprocess

import pytest

from support.accounts import ROOT
from support.instance import wait_until
from support.recorder import Recorder, letter
from support.remote_server import Server
from support.remote_sink import Sink
from support.smtp_server import Dialogue

SOURCE = "/usr/sbin/smtp-source"


@pytest.fixture
def recorder():
    with Recorder() as running:
        yield running


@pytest.fixture
def keeper():
    with Recorder(keep_bodies=True) as running:
        yield running


# -- into a Maildir ---------------------------------------------------------------------------------------------------


def test_mail_reaches_a_maildir_with_the_fields_of_its_way(instance):
    instance.start()
    instance.send(instance.user(), "Subject: hello\r\nFrom: Sender <sender@example.com>\r\n\r\nline one\r\n.dot\r\n")
    octets, = instance.wait_for_mail()
    message = email.message_from_bytes(octets)
    assert message.keys() == ["Return-Path", "Delivered-To", "Received", "Subject", "From"]
    assert message["Return-Path"] == "<sender@example.com>"
    assert message["Delivered-To"] == instance.user()
    assert "from client.example.com" in message["Received"] and "by mx.example.org" in message["Received"]
    assert octets.endswith(b"\n\nline one\n.dot\n")
    instance.wait_for_log(r"^end msg \d+ qmail-send: queue1$")


def test_the_activity_record_tells_a_message_s_way(instance):
    instance.start()
    instance.send(instance.user())
    instance.wait_for_log("^end msg")
    user = re.escape(instance.user())
    identity = instance.wait_for_log(r"^new msg (\d+) queue1$").group(1)
    for pattern in (rf"^info msg {identity}: bytes \d+ from <sender@example.com> qp \d+ uid \d+ queue1$",
                    rf"^starting delivery 1\.1: msg {identity} to local {user} queue1$",
                    r"^delivery 1\.1: success: did_1\+0\+0 queue1$",
                    r"^status: local 1/100 remote 0/20 queue1$", r"^status: local 0/100 remote 0/20 queue1$",
                    rf"^end msg {identity} qmail-send: queue1$"):
        assert re.search(pattern, instance.log, re.MULTILINE), f"{pattern} in\n{instance.log}"


@pytest.mark.skipif(not ROOT, reason="would write into one's own home")
def test_an_address_with_an_extension_follows_its_file_and_fails_without_one(instance):
    instance.start()
    extension = instance.instruct(f"./{instance.mailbox}/\n")
    user = instance.user().replace("@", f"-{extension}@")
    instance.send([user, instance.user().replace("@", f"-{extension}x@")])
    message = email.message_from_bytes(instance.wait_for_mail()[0])
    assert message["Delivered-To"] == user
    instance.wait_for_log(r"^delivery \S+ failure: Sorry,_there_is_no_mailbox_here_by_that_name._\(#5.1.1\)")


def test_swaks_reaches_a_maildir(instance):
    instance.start()
    done = subprocess.run(["swaks", "--server", f"127.0.0.1:{instance.port}", "--to", instance.user(), "--from", "s@example.com",
                           "--helo", "client.example.com"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
    assert b"This is a test mailing" in instance.wait_for_mail()[0]


# -- out by SMTP ------------------------------------------------------------------------------------------------------


def test_mail_follows_smtproutes_to_a_server(instance, tmp_path):
    with Sink(tmp_path) as sink:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{sink.port}"])
        instance.send("a@x.test", "Subject: out\r\n\r\n.dot\r\n")
        instance.wait_for_log(r"^delivery 1\.1: success: 127\.0\.0\.1_accepted_message\./Remote_host_said:_250")
        dump, = sink.messages()
        assert "X-Mail-Args: <sender@example.com>" in dump and "X-Rcpt-Args: <a@x.test>" in dump
        assert "\n.dot\n" in dump


def test_fifty_recipients_of_a_domain_share_one_transaction(instance):
    with Server() as server:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}"])
        recipients = [f"r{i}@x.test" for i in range(50)]
        instance.send(recipients)
        instance.wait_for_log("^end msg")
        message, = server.messages
        assert message.recipients == recipients
        assert len(re.findall("^delivery .*success", instance.log, re.MULTILINE)) == 50


def test_many_messages_share_few_sessions(instance, recorder):
    instance.start(smtproutes=[f"x.test:{recorder.route}"], lane__limit=1)
    with instance.smtp() as client:
        for i in range(100):
            client.sendmail("s@example.com", ["a@x.test"], letter(f"m{i}"))
    recorder.wait_for(f"m{i}" for i in range(100))
    assert len(recorder.dialogues) == 1


@pytest.mark.parametrize("size", [0, 1, 250_000, 1_000_000, 5_000_000])
def test_a_message_goes_out_byte_for_byte(instance, keeper, size):
    instance.start(smtproutes=[f"x.test:{keeper.route}"])
    octets = letter("big", size) + b"..two dots\r\n\r\n.\xe4\xff\x00 \r\n"
    instance.send("a@x.test", octets, mail_options=["BODY=8BITMIME"])
    keeper.wait_for(["big"])
    sent = keeper.messages[0].body.replace(b"\r\n..", b"\r\n.")
    received, _, rest = sent.partition(b"Subject: big")
    assert re.fullmatch(rb"Received: [^\r]*\r\n(?:[ \t][^\r]*\r\n)*", received)
    assert b"Subject: big" + rest == octets
    wait_until(lambda: not list(instance.queue_directory.glob("mess/*/*")), "the body file to go")


def test_a_large_message_reaches_a_maildir_with_lf_line_ends(instance):
    instance.start()
    octets = letter("big", 1_000_000)
    instance.send(instance.user(), octets)
    assert instance.wait_for_mail()[0].endswith(octets.replace(b"\r\n", b"\n"))


@pytest.mark.parametrize("newline, answer", [(b"\n", "550 5.6.11"), (b"\r", "550 5.6.11")])
def test_a_bare_newline_is_refused_and_nothing_goes_out(instance, recorder, newline, answer):
    instance.start(smtproutes=[f"x.test:{recorder.route}"])
    dialogue = Dialogue(instance.port, "127.0.0.1", True)
    dialogue.begin_message(recipient="a@x.test")
    dialogue.send(b"Subject: x\r\n\r\nsmuggled" + newline + b"." + newline + b"MAIL FROM:<>\r\n.\r\n")
    assert dialogue.reply().startswith(answer)
    assert dialogue.say("NOOP").startswith("250")
    dialogue.close()
    assert instance.queue() == []


def test_bare_newlines_of_trusted_clients_go_out_as_lines(instance, keeper):
    instance.start(smtproutes=[f"x.test:{keeper.route}"], smtp__bare_newline="normalize")
    dialogue = Dialogue(instance.port, "127.0.0.1", True)
    dialogue.begin_message(recipient="a@x.test")
    dialogue.send(b"X-Id: n\n\none\ntwo\r.\nthree\r\n.\r\n")
    assert dialogue.reply().startswith("250")
    dialogue.close()
    keeper.wait_for(["n"])
    assert keeper.messages[0].body.endswith(b"X-Id: n\r\n\r\none\r\ntwo\r\n..\r\nthree\r\n")


def test_recipients_of_several_domains_each_get_their_own(instance, recorder):
    with Recorder() as other:
        instance.start(smtproutes=[f"x.test:{recorder.route}", f".y.test:{other.route}"])
        instance.send(["a@x.test", "b@sub.y.test", instance.user()], letter("three"))
        recorder.wait_for(["three"])
        other.wait_for(["three"])
        instance.wait_for_mail()
        instance.wait_for_log("^end msg")
        assert len(recorder.arrivals["three"]) == len(other.arrivals["three"]) == 1


# -- who may send where -----------------------------------------------------------------------------------------------


def test_strangers_may_not_relay(instance):
    instance.start(smtp__trusted_networks=[], rcpthosts=["ours.test"])
    dialogue = Dialogue(instance.port, "127.0.0.1", True)
    assert dialogue.say("MAIL FROM:<s@example.com>").startswith("250")
    assert dialogue.say("RCPT TO:<a@x.test>").startswith("550 5.7.1 ")
    assert dialogue.say("RCPT TO:<a@ours.test>").startswith("250")
    assert dialogue.say(f"RCPT TO:<{instance.user()}>").startswith("250")
    dialogue.close()


# -- many -------------------------------------------------------------------------------------------------------------


def test_two_thousand_messages_arrive_exactly_once(instance, recorder):
    instance.start(smtproutes=[f"x.test:{recorder.route}"])
    identities = [f"m{i}" for i in range(2000)]

    def send(part):
        with instance.smtp() as client:
            for identity in part:
                client.sendmail("s@example.com", ["a@x.test"], letter(identity, 1000))
    with concurrent.futures.ThreadPoolExecutor(8) as senders:
        list(senders.map(send, [identities[i::8] for i in range(8)]))
    recorder.wait_for(identities)
    instance.wait_until_empty()
    assert recorder.arrivals.keys() == set(identities) and not recorder.duplicates()


def test_smtp_source_s_messages_all_arrive(instance, recorder):
    instance.start(smtproutes=[f"x.test:{recorder.route}"], locals=[])
    subprocess.run([SOURCE, "-s", "10", "-m", "500", "-l", "4000", "-f", "s@example.com", "-t", "a@x.test",
                    f"127.0.0.1:{instance.port}"], check=True, timeout=60)
    wait_until(lambda: len(recorder.arrivals.get("", ())) == 500, lambda: "500 messages")
    instance.wait_until_empty()


def test_two_queues_share_the_load_and_say_which_they_are(instance, recorder):
    instance.start(smtproutes=[f"x.test:{recorder.route}"], queue_count=2)
    identities = [f"m{i}" for i in range(200)]
    with instance.smtp() as client:
        for identity in identities:
            client.sendmail("s@example.com", ["a@x.test"], letter(identity))
    recorder.wait_for(identities)
    instance.wait_for_log("^end msg", times=200)
    for number in (1, 2):
        taken = len(re.findall(rf"^new msg \d+ queue{number}$", instance.log, re.MULTILINE))
        assert 90 <= taken <= 110
        assert len(re.findall(rf"^delivery \d+\.{number}: success: .* queue{number}$", instance.log, re.MULTILINE)) == taken
    assert not recorder.duplicates()
