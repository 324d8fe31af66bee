"""sluice-smtpd as its clients and its queues see it: the real program between real sockets, with an intake that does
what the test says (support/fake_intake.py)."""
import re
import shutil
import smtplib
import socket
import subprocess
import threading

import pytest

from support.fake_intake import DIE, HOLD, PROTOCOL_VERSION, FakeIntake, Refuse, SUBMIT_DATA
from support.smtp_server import PATIENCE, SmtpServer, sanitized, wait_until


@pytest.fixture
def home(tmp_path):
    return tmp_path


@pytest.fixture
def intake(home):
    with FakeIntake(home / "run/intake/queue1") as running:
        yield running


@pytest.fixture
def start(home):
    servers = []

    def make(**settings):
        servers.append(SmtpServer(home, **settings))
        return servers[-1].start()

    yield make
    for server in servers:
        server.stop()


def send_one(server, body="Subject: x\r\n\r\nhello\r\n", sender="a@example.com", to=("b@example.net",)):
    with server.smtp() as client:
        return client.sendmail(sender, list(to), body)


# -- a message comes in ----------------------------------------------------------------------------------------------


def test_a_message_reaches_the_intake_with_its_envelope_and_a_received_field(start, intake):
    server = start()
    send_one(server, to=["b@example.net", "c@Example.NET"])
    message = intake.wait_for(1)[0]
    assert message.sender == "a@example.com"
    assert message.recipients == ["b@example.net", "c@example.net"]
    assert message.field("c") == b"[127.0.0.1]"
    assert message.pieces == 0
    received, rest = re.fullmatch(rb"(Received: [^\r]*\r\n(?:[ \t][^\r]*\r\n)*)(.*)", message.body, re.DOTALL).groups()
    assert b"from client.example.com" in received and b"by mx.example.org" in received
    assert b"b@example.net" not in received, "recipients of one message must not learn of each other"
    assert rest == b"Subject: x\r\n\r\nhello\r\n"
    assert intake.peers == [(PROTOCOL_VERSION, 2)]


def test_the_reply_names_the_id_that_the_queue_gave(start, intake):
    server = start()
    client = server.dialogue()
    client.begin_message()
    assert re.fullmatch(r"250 2\.0\.0 .*queued as 1001", client.say("Subject: x\r\n\r\n."))


def test_ehlo_offers_what_the_server_can_do(start, intake):
    server = start(databytes="1M")
    with server.smtp() as client:
        code, _ = client.ehlo()
        assert code == 250
        for extension in ("pipelining", "8bitmime", "smtputf8", "chunking", "enhancedstatuscodes"):
            assert client.has_extn(extension), extension
        assert client.esmtp_features["size"] == "1048576"


def test_dots_at_line_starts_arrive_as_they_were(start, intake):
    server = start()
    send_one(server, "Subject: dots\r\n\r\n.\r\n..\r\n.x\r\nend\r\n")
    assert intake.wait_for(1)[0].body.endswith(b"\r\n\r\n.\r\n..\r\n.x\r\nend\r\n")


def test_a_pipelined_transaction_is_answered_command_by_command(start, intake):
    server = start()
    client = server.dialogue()
    client.send("MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\nRCPT TO:<bad>\r\nDATA\r\n")
    assert [client.reply()[:3] for _ in range(4)] == ["250", "250", "553", "354"]
    client.send("Subject: x\r\n\r\nhello\r\n.\r\nRSET\r\nMAIL FROM:<>\r\nQUIT\r\n")
    assert [client.reply()[:3] for _ in range(4)] == ["250", "250", "250", "221"]
    assert client.closed()
    assert len(intake.messages) == 1


def test_whole_transactions_sent_ahead_are_all_queued_in_order(start, intake):
    server = start()
    client = server.dialogue()
    for number in range(50):
        body = f"Subject: {number}\r\n\r\n"
        client.send(f"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\nBDAT {len(body)} LAST\r\n{body}")
    replies = [client.reply() for _ in range(150)]
    assert all(reply.startswith("250") for reply in replies)
    subjects = [re.search(rb"Subject: (\d+)", message.body)[1] for message in intake.messages]
    assert subjects == [b"%d" % number for number in range(50)]


def test_chunks_need_no_dot_stuffing_and_make_one_message(start, intake):
    server = start()
    client = server.dialogue()
    client.say("MAIL FROM:<a@example.com> BODY=8BITMIME")
    client.say("RCPT TO:<b@example.net>")
    client.send(b"BDAT 12\r\nSubject: x\r\n")
    assert client.reply().startswith("250")
    client.send(b"BDAT 9 LAST\r\n\r\n.\r\n\xe4\xf6\r\n")
    assert client.reply().startswith("250 2.0.0")
    message = intake.wait_for(1)[0]
    assert message.body.endswith(b"Subject: x\r\n\r\n.\r\n\xe4\xf6\r\n")
    assert message.field("B") == b"\x01"


def test_smtputf8_addresses_travel_as_they_are(start, intake):
    server = start()
    client = server.dialogue()
    assert client.say("MAIL FROM:<jörg@example.com>").startswith("5")
    assert client.say("MAIL FROM:<jörg@example.com> SMTPUTF8").startswith("250")
    assert client.say("RCPT TO:<δοκιμή@example.net>").startswith("250")
    assert client.say("DATA").startswith("354")
    assert client.say("Subject: ü\r\n\r\n.").startswith("250")
    message = intake.wait_for(1)[0]
    assert (message.sender, message.recipients) == ("jörg@example.com", ["δοκιμή@example.net"])
    assert message.field("U") == b"\x01"


def test_helo_clients_are_served_too(start, intake):
    server = start()
    client = server.dialogue(greeted=False)
    assert client.reply() == "220 mx.example.org ESMTP Sluice"
    assert client.say("HELO old.example.com").startswith("250 ")
    client.begin_message()
    assert client.say("hello\r\n.").startswith("250")
    assert client.say("QUIT").startswith("221")


def test_the_greeting_is_the_operators(start, intake):
    server = start(smtp__greeting="mail.example.org ESMTP no spam please")
    client = server.dialogue(greeted=False)
    assert client.reply() == "220 mail.example.org ESMTP no spam please"


# -- what is refused -------------------------------------------------------------------------------------------------


def test_a_message_above_the_size_limit_is_refused_early_if_declared_and_late_if_not(start, intake):
    server = start(databytes="10k")
    client = server.dialogue()
    assert client.say("MAIL FROM:<a@example.com> SIZE=10241").startswith("552 5.3.4")
    client.begin_message()
    assert client.say("x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 1000 + ".").startswith("552 5.3.4")
    client.begin_message()
    assert client.say("small\r\n.").startswith("250")
    assert len(intake.messages) == 1
    server.wait_for_log("552 5.3.4")


SMUGGLING = [
    b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\n.\r", b"\r.\n", b"\r\r\n.\r\n", b"\n\r.\r\n",
    b"\r\n.\r\r\n", b"\r\n.\r\0\n", b"\r\0\n.\r\n", b"\n\n.\r\n", b"\r\n\n.\r\n", b"\0\n.\0\r\n",
]
SMUGGLED = b"MAIL FROM:<evil@example.com>\r\nRCPT TO:<victim@example.net>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n"


@pytest.mark.parametrize("form", SMUGGLING, ids=repr)
@pytest.mark.parametrize("chunked", [False, True], ids=["DATA", "BDAT"])
def test_a_bare_newline_never_ends_a_message_and_is_refused(start, intake, form, chunked):
    server = start()
    client = server.dialogue()
    message = b"Subject: x\r\n\r\nfirst" + form + SMUGGLED
    if chunked:
        client.send(b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\nBDAT %d LAST\r\n" % len(message))
        assert [client.reply()[:3] for _ in range(2)] == ["250", "250"]
        client.send(message)
    else:
        # In some of the forms the bare octet stands before a real end: what follows that one are commands.
        client.begin_message()
        client.send(message[:message.index(b"\r\n.\r\n") + 5])
    assert client.reply().startswith("550 5.6.11")
    assert client.say("RSET").startswith("250"), "the session is in step with the client"
    assert intake.messages == []


def test_nul_octets_do_not_end_a_message_either(start, intake):
    server = start()
    client = server.dialogue()
    client.begin_message()
    client.send(b"first\r\n\0.\r\n.\0\r\nsecond\r\n.\r\n")
    assert client.reply().startswith("250")
    assert intake.wait_for(1)[0].body.endswith(b"first\r\n\0.\r\n\0\r\nsecond\r\n")


def test_normalize_mends_bare_newlines_of_trusted_clients_only(start, intake):
    server = start(smtp__bare_newline="normalize", smtp__trusted_networks=["127.0.0.1"], rcpthosts=["example.net"])
    trusted, other = server.dialogue(), server.dialogue(source="127.0.0.2")
    for client, reply in ((trusted, "250"), (other, "550 5.6.11")):
        client.begin_message()
        client.send(b"one\n.\ntwo\rthree\r\n.\r\n")
        assert client.reply().startswith(reply)
    assert len(intake.messages) == 1
    assert intake.messages[0].body.endswith(b"one\r\n.\r\ntwo\r\nthree\r\n")


def test_nobody_relays_who_is_not_trusted(start, intake):
    server = start(smtp__trusted_networks=["127.0.0.1"], locals=["example.org"], rcpthosts=["example.net", ".example.net"],
                   virtualdomains=["lists.example.com:lists"])
    stranger = server.dialogue(source="127.0.0.2")
    stranger.say("MAIL FROM:<a@example.com>")
    for recipient in ("b@example.net", "b@sub.example.net", "me@example.org", "l@lists.example.com", "postmaster@example.org"):
        assert stranger.say(f"RCPT TO:<{recipient}>").startswith("250"), recipient
    for recipient in ("b@example.edu", "b@badexample.net", "b%example.edu@example.gov", "b@[192.0.2.1]"):
        assert stranger.say(f"RCPT TO:<{recipient}>").startswith("550 5.7.1"), recipient
    assert server.dialogue().say("MAIL FROM:<a@example.com>").startswith("250")
    trusted = server.dialogue()
    trusted.begin_message(recipient="b@example.edu")
    server.wait_for_log("relaying denied from <a@example.com> to <b@example.edu>")


def test_by_default_only_this_machine_may_relay(start, intake):
    server = start()
    client = server.dialogue(source="127.0.0.7")
    client.begin_message(recipient="anyone@example.edu")
    server.stop()
    server = start(smtp__trusted_networks=[])
    client = server.dialogue()
    client.say("MAIL FROM:<a@example.com>")
    assert client.say("RCPT TO:<anyone@example.edu>").startswith("550 5.7.1")
    assert client.say("RCPT TO:<postmaster>").startswith("250")


def test_a_message_in_a_loop_is_refused(start, intake):
    server = start(smtp__max_hops=10)
    hops = "Received: by hop\r\n" * 11
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send_one(server, hops + "\r\nx\r\n")
    assert refused.value.smtp_code == 554


# -- limits ----------------------------------------------------------------------------------------------------------


def test_connections_above_the_total_are_sent_away_until_others_end(start, intake):
    server = start(smtp__max_connections=2)
    first, _second = server.dialogue(), server.dialogue()
    third = server.dialogue(greeted=False)
    assert third.reply().startswith("421 4.3.2") and third.closed()
    first.say("QUIT")
    assert first.closed()
    assert server.dialogue().say("NOOP").startswith("250")
    server.wait_for_log("too many connections")


def test_connections_of_one_client_are_limited_and_others_are_served(start, intake):
    server = start(smtp__max_connections_per_client=1)
    _first = server.dialogue()
    second = server.dialogue(greeted=False)
    assert second.reply().startswith("421 4.7.0") and second.closed()
    assert server.dialogue(source="127.0.0.2").say("NOOP").startswith("250")


def test_a_client_with_too_many_errors_is_disconnected(start, intake):
    server = start(smtp__max_errors=3)
    client = server.dialogue()
    assert [client.say("FOO")[:3] for _ in range(4)] == ["500"] * 4
    assert client.reply().startswith("421 4.7.0") and client.closed()
    server.wait_for_log("421 4.7.0")


def test_recipients_above_the_limit_are_told_to_come_again(start, intake):
    server = start(smtp__max_recipients=100)
    client = server.dialogue()
    client.say("MAIL FROM:<a@example.com>")
    replies = [client.say(f"RCPT TO:<user{number}@example.net>") for number in range(101)]
    assert [reply[:3] for reply in replies] == ["250"] * 100 + ["452"]
    client.say("DATA")
    assert client.say("x\r\n.").startswith("250")
    assert len(intake.wait_for(1)[0].recipients) == 100


def test_a_command_line_that_is_too_long_is_refused_and_dropped(start, intake):
    server = start(smtp__max_command_line=512)
    client = server.dialogue()
    assert client.say("NOOP " + "x" * 505).startswith("250")
    assert client.say("NOOP " + "x" * 506).startswith("500")
    assert client.say("NOOP").startswith("250")


def test_a_client_that_says_nothing_is_disconnected(start, intake):
    server = start(smtp__command_timeout="1s")
    client = server.dialogue()
    assert client.reply().startswith("421 4.4.2") and client.closed()
    server.wait_for_log("timeout")


def test_a_client_that_stops_inside_of_a_message_is_disconnected(start, intake):
    server = start(smtp__data_timeout="1s")
    client = server.dialogue()
    client.begin_message()
    client.send("Subject: x\r\n\r\nhalf a")
    assert client.reply().startswith("421 4.4.2") and client.closed()
    assert intake.messages == []


@pytest.mark.parametrize("chunked", [False, True], ids=["DATA", "BDAT"])
def test_a_message_that_trickles_in_has_an_end(start, intake, chunked):
    server = start(smtp__message_timeout="2s")
    client = server.dialogue()
    if chunked:
        client.send("MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\nBDAT 1000000 LAST\r\n")
        assert [client.reply()[:3] for _ in range(2)] == ["250", "250"]
    else:
        client.begin_message()
    stopped = threading.Event()

    def trickle():
        try:
            while not stopped.wait(0.1):
                client.send(".")
        except OSError:
            pass

    dripping = threading.Thread(target=trickle)
    dripping.start()
    assert client.reply().startswith("421 4.4.2")
    stopped.set()
    dripping.join()


def test_a_client_that_does_not_read_its_replies_costs_little(start, intake):
    server = start(smtp__command_timeout="2s")
    client = server.dialogue()
    before = server.memory()
    client.socket.settimeout(0.5)
    with pytest.raises(OSError):
        while True:
            client.send("NOOP\r\n" * 10000)
    assert sanitized() or server.memory() - before < 4 << 20
    server.wait_for_log("timeout")
    assert server.dialogue().say("NOOP").startswith("250")


def test_an_idle_connection_costs_less_than_20_kb(start, intake):
    if sanitized():
        pytest.skip("a sanitizer's own memory hides it")
    server = start(smtp__max_connections=1000, smtp__max_connections_per_client=1000)
    warm = [server.dialogue() for _ in range(20)]
    for client in warm[:10]:
        client.begin_message()
        client.say("x" * 60 + "\r\n" + "y\r\n" * 10000 + ".")
    before = server.memory()
    idle = [server.dialogue() for _ in range(400)]
    assert (server.memory() - before) / len(idle) < 20 << 10


# -- the queue's side ------------------------------------------------------------------------------------------------


def test_the_client_hears_250_only_after_the_intake_has_answered(start, intake):
    server = start()
    intake.answer = lambda message: HOLD
    client = server.dialogue()
    client.begin_message()
    client.send("held\r\n.\r\n")
    intake.wait_until(lambda: intake.held == 1)
    other = server.dialogue()
    assert other.say("NOOP").startswith("250"), "others are served meanwhile"
    client.socket.settimeout(0.2)
    with pytest.raises(TimeoutError):
        client.socket.recv(1, socket.MSG_PEEK)
    client.socket.settimeout(PATIENCE)
    intake.release()
    assert client.reply().startswith("250 2.0.0")
    server.wait_for_log("accepted 1001 from=<a@example.com>")


def test_lines_about_accepted_messages_can_be_silenced(start, intake):
    server = start(smtp__log_accepted=False)
    send_one(server)
    server.terminate()
    assert server.wait() == 0
    assert "stopping" in server.log and "accepted" not in server.log


@pytest.mark.parametrize("permanent, reply", [(False, "451 4.3.0"), (True, "554 5.3.0")])
def test_what_the_intake_refuses_is_not_accepted(start, intake, permanent, reply):
    server = start()
    intake.answer = lambda message: Refuse(permanent, "no space left")
    client = server.dialogue()
    client.begin_message()
    assert client.say("x\r\n.").startswith(reply)
    assert client.say("NOOP").startswith("250")
    server.wait_for_log("not queued: no space left")


def test_without_an_intake_the_client_is_told_to_come_again(start, home):
    server = start()
    client = server.dialogue()
    client.say("MAIL FROM:<a@example.com>")
    client.say("RCPT TO:<b@example.net>")
    assert client.say("DATA").startswith("451 4.3.0")
    with FakeIntake(home / "run/intake/queue1") as intake:
        # The next try may fall into the rest after the first one.
        wait_until(lambda: client.say("DATA").startswith("354"), "the intake to be found")
        assert client.say("x\r\n.").startswith("250")
        assert len(intake.messages) == 1


def test_an_intake_that_dies_before_its_answer_leaves_451_and_is_found_again(start, intake):
    server = start()
    intake.answer = lambda message: DIE
    client = server.dialogue()
    client.begin_message()
    assert client.say("x\r\n.").startswith("451 4.3.0")
    intake.answer = intake.accept
    client.say("MAIL FROM:<a@example.com>")
    client.say("RCPT TO:<b@example.net>")
    wait_until(lambda: client.say("DATA").startswith("354"), "the intake to be found again")
    assert client.say("x\r\n.").startswith("250")


def test_an_intake_that_dies_in_the_middle_of_a_large_message_leaves_451_at_its_end(start, intake):
    server = start()
    intake.on_frame = lambda kind, payload: DIE if kind == SUBMIT_DATA else None
    client = server.dialogue()
    client.begin_message()
    client.send(("z" * 78 + "\r\n") * 30000)
    assert client.say(".").startswith("451 4.3.0")
    assert intake.messages == []
    intake.on_frame = None
    client.say("MAIL FROM:<a@example.com>")
    client.say("RCPT TO:<b@example.net>")
    wait_until(lambda: client.say("DATA").startswith("354"), "the intake to be found again")
    assert client.say("x\r\n.").startswith("250")


def test_a_large_message_streams_through_a_small_server(start, intake):
    server = start()
    send_one(server)
    before = server.memory()
    line = "0123456789abcdef" * 4 + "\r\n"
    send_one(server, "Subject: large\r\n\r\n" + line * 400_000)  # 26 MB
    message = intake.wait_for(2)[1]
    assert message.pieces > 100
    assert message.body.endswith(b"Subject: large\r\n\r\n" + line.encode() * 400_000)
    assert sanitized() or server.memory() - before < 8 << 20


def test_a_slow_intake_slows_its_clients_down_and_loses_nothing(start, intake):
    server = start()
    send_one(server)
    before = server.memory()
    intake.stop_reading()
    body = ("s" * 78 + "\r\n").encode() * 200_000  # 16 MB
    client = server.dialogue()
    client.begin_message()
    sender = threading.Thread(target=lambda: client.send(body + b".\r\n"))
    sender.start()
    sender.join(1)
    assert sender.is_alive(), "the client is held back"
    assert sanitized() or server.memory() - before < 8 << 20
    intake.go_on_reading()
    sender.join(PATIENCE)
    assert client.reply().startswith("250")
    assert intake.wait_for(2)[1].body.endswith(body)


def test_a_client_that_leaves_in_the_middle_leaves_nothing_behind(start, intake):
    server = start()
    small = server.dialogue()
    small.begin_message()
    small.send("half")
    small.close()
    large = server.dialogue()
    large.begin_message()
    large.send(("z" * 78 + "\r\n") * 30000)
    large.close()
    intake.wait_until(lambda: intake.aborted == 1)
    send_one(server)
    assert len(intake.messages) == 1


def test_messages_are_spread_over_the_queues_that_live(start, home):
    with FakeIntake(home / "run/intake/queue1") as one, FakeIntake(home / "run/intake/queue3") as three:
        server = start(queue_count=3)
        with server.smtp() as client:
            for _ in range(10):
                client.sendmail("a@example.com", ["b@example.net"], "x\r\n")
        assert (len(one.messages), len(three.messages)) == (5, 5)


# -- the life of the process -----------------------------------------------------------------------------------------


def test_term_ends_idle_sessions_and_lets_a_waiting_message_be_answered(start, intake):
    server = start()
    intake.answer = lambda message: HOLD
    idle, waiting = server.dialogue(), server.dialogue()
    waiting.begin_message()
    waiting.send("held\r\n.\r\n")
    intake.wait_until(lambda: intake.held == 1)
    server.terminate()
    assert idle.reply().startswith("421 4.3.2") and idle.closed()
    intake.release()
    assert waiting.reply().startswith("250 2.0.0")
    assert waiting.reply().startswith("421 4.3.2") and waiting.closed()
    assert server.wait() == 0


def test_term_does_not_wait_for_ever_for_a_queue(start, intake):
    server = start()
    intake.answer = lambda message: HOLD
    client = server.dialogue()
    client.begin_message()
    client.send("held\r\n.\r\n")
    intake.wait_until(lambda: intake.held == 1)
    server.terminate()
    assert server.wait() == 0
    server.wait_for_log("1 connections were cut off")


def test_hup_reads_the_settings_again_for_new_connections(start, intake):
    server = start(smtp__trusted_networks=[], rcpthosts=["example.net"])
    before = server.dialogue()
    server.configure(smtp__trusted_networks=[], rcpthosts=["example.edu"])
    server.hang_up()
    server.wait_for_log("settings read again")
    after = server.dialogue()
    for client in (before, after):
        client.say("MAIL FROM:<a@example.com>")
    assert before.say("RCPT TO:<b@example.net>").startswith("250")
    assert after.say("RCPT TO:<b@example.net>").startswith("550")
    assert after.say("RCPT TO:<b@example.edu>").startswith("250")


def test_hup_with_bad_settings_keeps_the_old_ones_and_says_so(start, intake):
    server = start()
    server.dialogue()  # it is up
    server.configure(smtp__max_errors="many")
    server.hang_up()
    server.wait_for_log("the old ones stay in force")
    assert "max_errors" in server.log
    send_one(server)


def test_bad_settings_do_not_start(home):
    server = SmtpServer(home, smtp__max_errors=0)
    assert server.start().wait() == 78
    assert "smtp.max_errors" in server.log
    server.stop()


def test_descriptors_that_are_no_listeners_do_not_start(home):
    server = SmtpServer(home)
    server.start(SLUICE_LISTEN_FDS="2")
    assert server.wait() == 64
    assert "descriptor 4 is not a listening socket" in server.log
    server.stop()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_several_processes_listen_on_one_port_by_themselves(home, intake):
    port = free_port()
    server = SmtpServer(home, listen=("127.0.0.1", port), smtp__listen=[f"127.0.0.1:{port}"])
    first, second = server.spawn(), server.spawn()
    try:
        wait_until(lambda: listeners_on(port) == 2, "both to listen")
        for _ in range(40):
            with socket.create_connection(("127.0.0.1", port)) as client:
                assert client.recv(100).startswith(b"220")
        send_one(server)
    finally:
        for process in (first, second):
            process.terminate()
            assert process.wait(PATIENCE) == 0


def listeners_on(port):
    with open("/proc/net/tcp") as table:
        return sum(f":{port:04X} 00000000:0000 0A " in line for line in table)


def test_an_occupied_port_is_named_and_nothing_starts(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = SmtpServer(home, listen=("127.0.0.1", port), smtp__listen=[f"127.0.0.1:{port}"])
        assert server.start().wait() == 69
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in server.log
    server.stop()


# -- other people's clients ------------------------------------------------------------------------------------------


@pytest.mark.skipif(not shutil.which("swaks"), reason="swaks is not installed")
def test_swaks_is_served(start, intake):
    server = start()
    subprocess.run(["swaks", "--server", f"127.0.0.1:{server.port}", "--from", "a@example.com", "--to", "b@example.net",
                    "--pipeline", "--helo", "client.example.com", "--timeout", str(PATIENCE)],
                   check=True, capture_output=True, timeout=PATIENCE)
    assert intake.wait_for(1)[0].recipients == ["b@example.net"]


@pytest.mark.skipif(not shutil.which("smtp-source"), reason="smtp-source is not installed")
@pytest.mark.parametrize("reuse", [True, False], ids=["sessions reused", "one connection a message"])
def test_smtp_source_with_20_sessions_loses_nothing(start, intake, reuse):
    server = start()
    subprocess.run(["smtp-source", "-s", "20", "-m", "1000", "-l", "4096", "-f", "a@example.com", "-t", "b@example.net"]
                   + ["-d"] * reuse + [f"127.0.0.1:{server.port}"],
                   check=True, capture_output=True, timeout=4 * PATIENCE)
    messages = intake.wait_for(1000)
    assert len(messages) == 1000
    assert all(len(message.body) > 4096 for message in messages)
