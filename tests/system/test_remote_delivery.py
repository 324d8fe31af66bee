"""qmail-rspawn against real and hostile servers. The test plays qmail-send (support/remote_spawner.py)."""
import os
import random
import signal
import threading

import pytest

from support.remote_server import Server
from support.remote_sink import Sink
from support.remote_spawner import DELIVER, RELOAD, BodyRef, Spawner, envelope

SHORT = {f"timeout.{step}": "1s" for step in
         ("connect", "greeting", "helo", "mail", "rcpt", "datainit", "datablock", "datafinal", "quit")}


@pytest.fixture
def spawner(tmp_path):
    with Spawner(tmp_path / "home") as running:
        yield running


@pytest.fixture
def hasty(tmp_path):
    """Waits a second at most for anything."""
    with Spawner(tmp_path / "home", SHORT) as running:
        yield running


def letters(outcomes):
    return "".join(outcome.verdict for outcome in outcomes)


# -- honest servers ---------------------------------------------------------------------------------------------------

def test_a_message_reaches_smtp_sink(spawner, tmp_path):
    with Sink(tmp_path) as sink:
        outcome, = spawner.deliver(sink.destination, body=b"Subject: one\r\n\r\n.dot\r\nend\r\n")
        assert outcome.verdict == "K" and outcome.reply == 250 and outcome.trouble == "none"
        assert outcome.text.startswith("127.0.0.1 accepted message./Remote host said: 250 2.0.0 ")
        dump, = sink.messages()
        assert "X-Mail-Args: <s@us.test>" in dump and "X-Rcpt-Args: <a@x.test>" in dump
        assert dump.endswith("\n.dot\nend\n\n") or dump.endswith("\n.dot\nend\n")


def test_thousands_of_messages_share_twenty_sessions(spawner):
    with Server() as server:
        body = spawner.store(b"Subject: many\r\n\r\n" + b"x" * 70 + b"\r\n")
        waiting = [spawner.order(server.destination, body=body) for _ in range(20)]
        for _ in range(1000):
            assert letters(spawner.outcomes_of(waiting.pop(0))) == "K"
            waiting.append(spawner.order(server.destination, body=body))
        assert all(letters(spawner.outcomes_of(attempt)) == "K" for attempt in waiting)
        assert len(server.dialogues) == 20
        assert len(server.messages) == 1020


@pytest.mark.parametrize("options,verdict", [(("-f", "rcpt"), "D"), (("-r", "rcpt"), "Z"), (("-f", "mail"), "D"),
                                             (("-f", "data"), "D"), (("-f", "."), "D"), (("-r", "."), "Z"),
                                             (("-f", "ehlo"), "K"), (("-e",), "K"), (("-p",), "K"), (("-8",), "K")])
def test_smtp_sink_refuses_and_the_outcome_says_so(spawner, tmp_path, options, verdict):
    with Sink(tmp_path, *options) as sink:
        for _ in range(2):  # a refusal does not end the session
            outcomes = spawner.deliver(sink.destination, recipients=["a@x.test", "b@x.test"])
            assert letters(outcomes) == verdict * 2
            assert all(outcome.trouble == "none" for outcome in outcomes)
            assert all(outcome.reply in (250, 450, 500) for outcome in outcomes)


@pytest.mark.parametrize("command", ["connect", "ehlo", "mail", "rcpt", "data", "."])
@pytest.mark.parametrize("how", ["-q", "-Q"])
def test_smtp_sink_hangs_up_and_the_message_is_deferred(spawner, tmp_path, how, command):
    with Sink(tmp_path, how, command) as sink:
        outcome, = spawner.deliver(sink.destination)
        assert outcome.verdict == "Z"
        assert outcome.trouble == ("unreachable" if command in ("connect", "ehlo") else
                                   "connection" if how == "-q" else "busy")


def test_each_recipient_gets_its_own_outcome(spawner):
    def answer(line):
        return "550 5.1.1 nobody" if "nobody" in line else "450 4.2.0 later" if "later" in line else "250 ok"

    def script(d):
        d.greet()
        d.take_envelope(rcpt=answer)
        d.take_body()

    with Server(script) as server:
        outcomes = spawner.deliver(server.destination, recipients=["a@x.test", "nobody@x.test", "later@x.test", "b@x.test"])
        assert letters(outcomes) == "KDZK"
        assert outcomes[1].code == "5.1.1"
        assert outcomes[1].text == "127.0.0.1 refused./Remote host said: 550 5.1.1 nobody/Giving up on 127.0.0.1./"
        assert server.messages[0].recipients == ["a@x.test", "b@x.test"]


# -- bodies -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("lf", [False, True])
def test_bodies_arrive_as_they_were_stored_and_never_with_bare_newlines(spawner, lf):
    stored = b".\r\n..\r\n.x\r\nlast line without end" if not lf else b".\n..\n.x\nlast line without end"
    with Server() as server:
        assert letters(spawner.deliver(server.destination, body=stored, lf=lf)) == "K"
        assert server.messages[0].body == b"..\r\n...\r\n..x\r\nlast line without end\r\n"


def test_an_empty_body_is_only_a_dot(spawner):
    def script(d):
        d.greet()
        d.take_envelope()
        d.say("250 ok\r\n" if d.read_until(b".\r\n") == b"" else "550 no\r\n")

    with Server(script) as server:
        assert letters(spawner.deliver(server.destination, body=b"")) == "K"


def test_a_large_body_is_streamed_and_never_stands_in_memory(spawner):
    body = b"".join(b"%06d %s\r\n" % (i, b"y" * 90) for i in range(500_000))  # 49.5 MB
    ref = spawner.store(body, large=True)
    with Server() as server:
        assert letters(spawner.deliver(server.destination, body=ref)) == "K"
        assert server.messages[0].body == body
    peak = int(open(f"/proc/{spawner.process.pid}/status").read().split("VmHWM:")[1].split()[0])  # KiB
    if not any(name.endswith("SAN_OPTIONS") for name in os.environ) and "asan" not in os.environ.get("SLUICE_BUILD", ""):
        assert peak < 40_000


def test_a_server_that_reads_slowly_costs_no_time_of_others(spawner):
    may_read = threading.Event()

    def script(d):
        d.greet()
        d.take_envelope()
        may_read.wait(60)
        d.take_body()

    ref = spawner.store(b"z" * 998 + b"\r\n" * 20_000, large=True)
    with Server(script) as slow, Server() as quick:
        waiting = spawner.order(slow.destination, body=ref)
        for _ in range(50):
            assert letters(spawner.deliver(quick.destination)) == "K"
        may_read.set()
        assert letters(spawner.outcomes_of(waiting)) == "K"


def test_a_body_that_cannot_be_read_is_deferred_and_not_half_delivered(spawner):
    with Server() as server:
        missing, = spawner.deliver(server.destination, body=BodyRef(0, 0xABC, 0, 100))
        assert missing.verdict == "Z" and missing.trouble == "none"
        short = spawner.store(b"x" * 100_000)
        outcome, = spawner.deliver(server.destination, body=short._replace(length=200_000))
        assert outcome.verdict == "Z" and outcome.trouble == "none"
        assert letters(spawner.deliver(server.destination)) == "K"
        assert len(server.messages) == 1


# -- sessions that are kept -------------------------------------------------------------------------------------------

def test_a_reused_session_that_died_unnoticed_is_replaced_at_once(spawner):
    def script(d):
        d.greet()
        d.take_envelope()
        d.take_body()
        if d.number == 0:
            d.command()  # the next MAIL
            d.close()
        d.serve()

    with Server(script) as server:
        assert letters(spawner.deliver(server.destination)) == "K"
        assert letters(spawner.deliver(server.destination)) == "K"
        assert [m.connection for m in server.messages] == [0, 1]


@pytest.mark.parametrize("goodbye", ["421 4.7.0 too many messages in this session\r\n", ""])
def test_a_server_that_ends_a_reused_session_gets_the_message_in_a_fresh_one(spawner, goodbye):
    def script(d):
        d.greet()
        d.take_envelope()
        d.take_body()
        d.command()
        d.say(goodbye)
        d.reset()

    with Server(script) as server:
        for _ in range(5):
            assert letters(spawner.deliver(server.destination)) == "K"
        assert len(server.messages) == 5


def test_a_reused_session_that_dies_before_the_body_is_replaced_at_once(spawner):
    def script(d):
        d.greet()
        d.take_envelope()
        d.take_body()
        if d.number == 0:
            d.take_envelope(data=None)
            d.close()
        d.serve()

    with Server(script) as server:
        assert letters(spawner.deliver(server.destination)) == "K"
        assert letters(spawner.deliver(server.destination)) == "K"
        assert [m.connection for m in server.messages] == [0, 1]


def test_a_session_that_dies_in_the_body_is_a_deferral(spawner):
    def script(d):
        d.greet()
        d.take_envelope()
        d.close()

    with Server(script) as server:
        outcome, = spawner.deliver(server.destination)
        assert (outcome.verdict, outcome.trouble) == ("Z", "connection")
        assert len(server.dialogues) == 1


def test_an_idle_session_ends_with_quit_when_its_time_is_over(tmp_path):
    with Spawner(tmp_path / "home", {"remote.idle_time": "1s"}) as spawner, Server() as server:
        assert letters(spawner.deliver(server.destination)) == "K"
        server.wait_until(lambda: server.dialogues[0].commands[-1] == "QUIT")


def test_a_session_carries_no_more_messages_than_it_may(tmp_path):
    with Spawner(tmp_path / "home", {"remote.messages_per_session": 3}) as spawner, Server() as server:
        for _ in range(7):
            assert letters(spawner.deliver(server.destination)) == "K"
        assert [m.connection for m in server.messages] == [0, 0, 0, 1, 1, 1, 2]
        server.wait_until(lambda: server.dialogues[1].commands[-1] == "QUIT")


def test_sessions_are_not_kept_where_that_is_switched_off(tmp_path):
    with Spawner(tmp_path / "home", {"remote.idle_time": "0s"}) as spawner, Server() as server:
        for _ in range(3):
            assert letters(spawner.deliver(server.destination)) == "K"
        assert [m.connection for m in server.messages] == [0, 1, 2]


def test_reload_counts_for_new_sessions(tmp_path):
    with Spawner(tmp_path / "home") as spawner, Server() as first, Server() as second:
        spawner.deliver(first.destination)
        spawner.settings["helohost"] = "other.test"
        spawner.write_settings()
        spawner.send(RELOAD)
        spawner.deliver(second.destination)
        assert first.dialogues[0].commands[0] == "EHLO us.test"
        assert second.dialogues[0].commands[0] == "EHLO other.test"


def test_bad_settings_at_a_reload_are_said_and_the_old_ones_stay(tmp_path):
    with Spawner(tmp_path / "home") as spawner, Server() as server:
        (spawner.home / "etc/sluice.toml").write_text("helohost = 7\n")
        spawner.send(RELOAD)
        spawner.deliver(server.destination)
        assert server.dialogues[0].commands[0] == "EHLO us.test"
        assert "helohost" in spawner.said()


# -- hostile servers --------------------------------------------------------------------------------------------------

GARBAGE = [b"\0\0\0\0\r\n", b"\xff\xfe" * 1000 + b"\r\n", b"220\n" * 10, b"9999 no\r\n", b"220-never\r\n" * 100_000,
           b"x" * 1_000_000, b"220 a\r\n220 b\r\n220 c\r\n", b"\r\n", b"250-a\r\n251 b\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"]


@pytest.mark.parametrize("garbage,when", [(garbage, when) for garbage in GARBAGE
                                          for when in ("greeting", "ehlo", "mail", "data", "end")
                                          if (when, garbage[:4]) not in (("end", b"220 "), ("end", b"220\n"))])  # accepted
def test_garbage_from_a_server_defers_the_message_and_nothing_worse(hasty, garbage, when):
    def script(d):
        if when == "greeting":
            d.say(garbage)
        elif when == "ehlo":
            d.say("220 hi\r\n")
            d.command()
            d.say(garbage)
        else:
            d.greet()
            d.take_envelope(mail=None if when == "mail" else "250 ok", rcpt=None if when == "mail" else "250 ok",
                            data=None if when in ("mail", "data") else "354 go")
            if when == "end":
                d.read_until(b"\r\n.\r\n")
            d.say(garbage)
        while True:
            d.read_more()

    with Server(script) as server:
        outcome, = hasty.deliver(server.destination)
        assert outcome.verdict == "Z"
        assert "\n" not in outcome.text and len(outcome.text) <= 1000
    with Server() as server:
        assert letters(hasty.deliver(server.destination)) == "K"


@pytest.mark.parametrize("step,trouble", [("greeting", "unreachable"), ("ehlo", "unreachable"), ("mail", "connection"),
                                          ("data", "connection"), ("end", "connection")])
def test_a_server_that_falls_silent_is_given_up_in_time(hasty, step, trouble):
    def script(d):
        if step == "greeting":
            d.read_more()
        d.say("220 hi\r\n")
        d.command()
        if step == "ehlo":
            d.read_more()
        d.say("250-script.test\r\n250 PIPELINING\r\n")
        d.take_envelope(mail=None if step == "mail" else "250 ok", rcpt=None if step == "mail" else "250 ok",
                        data=None if step in ("mail", "data") else "354 go")
        d.read_until(b"\r\n.\r\n")
        d.read_more()

    with Server(script) as server:
        outcome, = hasty.deliver(server.destination)
        assert (outcome.verdict, outcome.trouble) == ("Z", trouble)
        assert "timed out" in outcome.text
        assert ("duplicate" in outcome.text) == (step == "end")


def test_a_reply_that_trickles_in_does_not_hold_us(hasty):
    def script(d):
        stop = threading.Event()
        while True:
            d.say("2")
            stop.wait(0.2)

    with Server(script) as server:
        outcome, = hasty.deliver(server.destination)
        assert outcome.verdict == "Z" and outcome.trouble in ("unreachable", "connection")


def test_a_server_that_stops_reading_is_given_up_in_time(hasty):
    def script(d):
        d.greet()
        d.take_envelope()
        threading.Event().wait(30)

    ref = hasty.store(b"z" * 998 + b"\r\n" * 5_000_000, large=True)
    with Server(script) as server:
        outcome, = hasty.deliver(server.destination, body=ref)
        assert (outcome.verdict, outcome.trouble) == ("Z", "connection")
        assert "duplicate" not in outcome.text


def test_a_refusal_in_the_middle_of_the_body_counts(spawner):
    def script(d):
        d.greet()
        d.take_envelope()
        d.read_more()
        d.say("552 5.3.4 too much\r\n")
        while True:
            d.read_more()

    ref = spawner.store(b"z" * 998 + b"\r\n" * 5_000_000, large=True)
    with Server(script) as server:
        outcome, = spawner.deliver(server.destination, body=ref)
        assert (outcome.verdict, outcome.reply) == ("D", 552)


def test_a_connection_lost_after_the_final_dot_warns_of_a_duplicate(spawner):
    def script(d):
        d.greet()
        d.take_envelope()
        d.take_body(answer=None)
        d.close()

    with Server(script) as server:
        outcome, = spawner.deliver(server.destination)
        assert (outcome.verdict, outcome.trouble) == ("Z", "connection")
        assert "Possible duplicate!" in outcome.text


def test_nobody_listens(spawner):
    with Server() as server:
        destination = server.destination
    outcome, = spawner.deliver(destination)
    assert (outcome.verdict, outcome.trouble, outcome.code) == ("Z", "unreachable", "4.4.1")
    assert outcome.text == f"connect to {destination}: Connection refused"


# -- its neighbour ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("destination", ["", "[", "[]:25", "[127.0.0.1]:0", "[127.0.0.1]:99999", "[127.0.0.1]x", "a b", ".", "@",
                                         "x" * 5000])
def test_a_destination_that_is_none_is_settled_not_crashed_on(spawner, destination):
    outcome, = spawner.deliver(destination)
    assert outcome.verdict in "DZ"


def test_an_order_without_recipients_is_settled(spawner):
    spawner.send(DELIVER, spawner.encode_order(77, "[127.0.0.1]:1", BodyRef(0, 1, 0, 1), envelope("s@us.test", [])))
    try:
        assert letters(spawner.outcomes_of(77)) == "Z"
    except EOFError:  # or it is malformed
        assert spawner.process.wait(20) == 0


@pytest.mark.parametrize("payload", [b"", b"\0" * 20, random.Random(7).randbytes(200), b"\xff" * 64],
                         ids=["empty", "zeros", "noise", "ones"])
def test_a_malformed_order_ends_the_link_and_the_process_cleanly(spawner, payload):
    spawner.send(DELIVER, payload)
    with pytest.raises((EOFError, ConnectionResetError)):
        spawner.outcomes_of(1)
    assert spawner.process.wait(20) == 0


def test_when_qmail_send_dies_everything_ends_at_once(spawner):
    def script(d):
        d.greet()
        d.take_envelope()
        d.read_more()
        while True:
            d.read_more()

    with Server(script) as server:
        spawner.order(server.destination)
        spawner.order("x.invalid.test")
        server.wait_until(lambda: server.dialogues and len(server.dialogues[0].commands) > 2)
        assert spawner.stop() == 0


def test_signals_to_the_group_do_not_end_it_before_qmail_send(spawner):
    with Server() as server:
        for signo in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            spawner.process.send_signal(signo)
        assert letters(spawner.deliver(server.destination)) == "K"
