"""What somebody sees who watches a delivery: qmail-rspawn tells the dialogue in sendmail's words, and only of what is
watched. The test plays qmail-send (support/remote_spawner.py)."""
import pytest

from support.instance import free_port
from support.remote_server import Server
from support.remote_spawner import CHANNEL_LMTP, Spawner


@pytest.fixture
def spawner(tmp_path):
    with Spawner(tmp_path / "home") as running:
        yield running


def lines_of(spawner, watcher):
    return [line for number, line in spawner.transcript if number == watcher]


def test_the_whole_dialogue_is_told_but_not_the_message(spawner):
    with Server() as server:
        spawner.deliver(server.destination, watcher=7, recipients=["a@x.test"], body=b"Subject: s\r\n\r\nsecret words\r\n")
        spawner.end_watch(7)
        told = lines_of(spawner, 7)
    assert told[:2] == ["<a@x.test>... Connecting to 127.0.0.1 via esmtp...", "Trying 127.0.0.1... connected."]
    assert told[2].startswith("220 ") and told[3] == ">>> EHLO us.test" and told[4].startswith("250-")
    sent = next(i for i, line in enumerate(told) if line.startswith(">>> MAIL FROM:<s@us.test>"))
    assert told[sent + 1:sent + 3] == [">>> RCPT TO:<a@x.test>", ">>> DATA"]
    assert told[sent + 3:sent + 6] == ["250 2.1.0 ok", "250 2.1.5 ok", "354 go on"]
    assert told[sent + 6:] == [">>> .", "250 2.0.0 Ok: queued as SCRIPT",
                               "<a@x.test>... Sent (2.0.0 Ok: queued as SCRIPT)",
                               "Closing connection to 127.0.0.1", ">>> QUIT", "221 bye"]
    assert not any("secret" in line for line in told)


def test_the_second_message_uses_the_connection_of_the_first(spawner):
    with Server() as server:
        spawner.deliver(server.destination, watcher=7)
        before = len(spawner.transcript)
        spawner.deliver(server.destination, watcher=7, recipients=["b@x.test"])
        told = [line for _, line in spawner.transcript[before:]]
        assert told[0] == "<b@x.test>... Using cached ESMTP connection to 127.0.0.1 via esmtp..."
        assert told[1].startswith(">>> MAIL FROM:") and len(server.dialogues) == 1


def test_nothing_is_told_of_what_nobody_watches_even_on_a_connection_that_was_watched(spawner):
    with Server() as server:
        spawner.deliver(server.destination)
        assert spawner.transcript == []
        spawner.deliver(server.destination, watcher=7)
        watched = len(spawner.transcript)
        spawner.deliver(server.destination)
        spawner.end_watch(7)
        assert len(spawner.transcript) == watched and len(server.dialogues) == 1


def test_who_is_told_is_the_watcher_of_each_delivery(spawner):
    with Server() as server:
        spawner.deliver(server.destination, watcher=7)
        spawner.deliver(server.destination, watcher=8)
        assert lines_of(spawner, 7)[-1] == lines_of(spawner, 8)[-1] == "<a@x.test>... Sent (2.0.0 Ok: queued as SCRIPT)"
        spawner.end_watch(7)  # the connection is the other's by now
        assert "Closing" not in str(lines_of(spawner, 7))
        spawner.end_watch(8)
        assert lines_of(spawner, 8)[-1] == "221 bye"


def test_a_destination_that_refuses_connections_is_named(spawner):
    spawner.deliver(f"[127.0.0.1]:{free_port()}", watcher=7)
    assert lines_of(spawner, 7) == ["<a@x.test>... Connecting to 127.0.0.1 via esmtp...",
                                    "Trying 127.0.0.1... Connection refused",
                                    "<a@x.test>... Deferred: Connection refused by 127.0.0.1"]


def test_each_recipient_has_a_line_of_its_own(spawner):
    def script(d):
        d.greet(offers=())
        for reply in ("250 ok", "250 ok", "550 5.1.1 who?", "451 4.2.0 full"):
            d.command()
            d.say(reply + "\r\n")
        d.command()
        d.say("354 go on\r\n")
        d.take_body()
        d.command()
    with Server(script) as server:
        spawner.deliver(server.destination, watcher=7, recipients=["a@x.test", "b@x.test", "c@x.test"])
    told = lines_of(spawner, 7)
    assert told[0] == "<a@x.test>,<b@x.test>,<c@x.test>... Connecting to 127.0.0.1 via esmtp..."
    assert [line for line in told if line.startswith("<")][1:] == [
        "<a@x.test>... Sent (2.0.0 Ok: queued as SCRIPT)", "<b@x.test>... User unknown",
        "<c@x.test>... Deferred: 451 4.2.0 full"]


def test_what_a_hostile_server_says_does_nothing_to_a_terminal(spawner):
    def script(d):
        d.say(b"220 \x1b]0;owned\x07\x1b[2J\x9b31m welcome\r\n")
        d.command()
        d.say(b"554 " + b"\x1b" * 1500 + b"\r\n")
    with Server(script) as server:
        spawner.deliver(server.destination, watcher=7)
    told = lines_of(spawner, 7)
    assert r"220 \033]0;owned\007\033[2J\23331m welcome" in told
    assert all(line.isascii() and line.isprintable() and len(line) <= 2048 for line in told)


def test_lmtp_is_told_as_lmtp(spawner):
    def script(d):
        d.greet(("PIPELINING",), verb="LHLO")
        d.serve_lmtp()
    with Server(script) as server:
        spawner.deliver(server.destination, channel=CHANNEL_LMTP, watcher=7)
        spawner.end_watch(7)
    told = lines_of(spawner, 7)
    assert told[0] == "<a@x.test>... Connecting to 127.0.0.1 via lmtp..." and ">>> LHLO us.test" in told
    assert "<a@x.test>... Sent (2.0.0 Saved)" in told
