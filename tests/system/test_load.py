"""What the load of the machine does to SMTP clients: RefuseLA (load.refuse) and DelayLA (load.delay). The load comes from a
file that the test writes (load.source)."""
import smtplib
import socket
import time

import pytest

from support.fake_intake import FakeIntake
from support.smtp_server import PATIENCE, SmtpServer, wait_until


@pytest.fixture
def home(tmp_path):
    return tmp_path


@pytest.fixture
def load(home):
    def write(figure):
        new = home / "load.new"
        new.write_text(f"{figure} 0.10 0.10 1/100 4711\n")
        new.rename(home / "load")

    write(0.5)
    return write


@pytest.fixture
def start(home, load):
    servers = []

    def make(**settings):
        servers.append(SmtpServer(home, load__source=str(home / "load"), **settings))
        return servers[-1].start()

    yield make
    for server in servers:
        server.stop()


def connects(server):
    try:
        socket.create_connection(("127.0.0.1", server.port), PATIENCE).close()
        return True
    except ConnectionRefusedError:
        return False


def test_connections_are_refused_while_the_load_is_too_high(start, load):
    server = start(load__refuse="12")
    client = server.dialogue()
    load(12.5)
    server.wait_for_log("load average 12.50: connections are refused (load.refuse)")
    assert not connects(server)
    assert client.say("NOOP").startswith("250 "), "who is there stays"
    load(3)
    server.wait_for_log("connections are taken again")
    assert connects(server)
    server.dialogue()


def test_a_server_that_ends_while_it_refuses_leaves_a_port_that_its_successor_can_use(start, load):
    server = start(load__refuse="12")
    load(20)
    server.wait_for_log("connections are refused")
    server.process.kill()
    server.process.wait()
    assert not connects(server)
    load(0)
    server.spawn()  # inherits the same socket
    wait_until(lambda: connects(server), "the successor")
    server.dialogue()


def test_commands_wait_a_second_while_the_load_is_high(start, load, home):
    with FakeIntake(home / "run/intake/queue1") as intake:
        server = start(load__delay="8")
        load(9)
        server.wait_for_log("clients are served slowly (load.delay)")
        began = time.monotonic()
        client = server.dialogue(greeted=False)
        assert client.reply().startswith("220 ")
        assert time.monotonic() - began >= 0.9
        client.send("EHLO c\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@mx.example.org>\r\nDATA\r\n"
                    "Subject: x\r\n\r\nhello\r\n.\r\n")
        for code in ("250", "250", "250", "354", "250"):
            assert client.reply().startswith(code)
        assert time.monotonic() - began >= 4.5, "each command waits, also in a pipeline"
        assert intake.wait_for(1)[0].body.endswith(b"\r\n\r\nhello\r\n"), "and the message does not"
        load(0.1)
        server.wait_for_log("the load is gone")
        began = time.monotonic()
        for _ in range(50):
            assert client.say("NOOP").startswith("250 ")
        assert time.monotonic() - began < 10


def test_a_load_that_is_unknown_turns_nobody_away(start, home, load):
    (home / "load").unlink()
    server = start(load__refuse="1", load__delay="1")
    began = time.monotonic()
    with smtplib.SMTP("127.0.0.1", server.port, timeout=PATIENCE) as client:
        assert client.noop()[0] == 250
    assert time.monotonic() - began < PATIENCE


def test_limits_may_change_with_a_reload(start, load):
    server = start(load__refuse="12")
    load(20)
    server.wait_for_log("connections are refused")
    server.configure(load__source=str(server.home / "load"), load__refuse="off")
    server.hang_up()
    server.wait_for_log("connections are taken again")
    assert connects(server)
