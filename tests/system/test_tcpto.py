"""qmail-tcpto shows destinations that cannot be reached, qmail-tcpok forgets them."""
import re
import socket
import subprocess

from support.instance import PATIENCE, free_port, wait_until
from support.smtp_server import program


def run(instance, name, *arguments):
    done = subprocess.run([program(name), *arguments], env=instance.variables(), capture_output=True, text=True, timeout=PATIENCE)
    return done.returncode, done.stdout, done.stderr


def test_a_dead_destination_is_shown_and_forgotten_on_request(instance):
    port = free_port()
    instance.start(smtproutes=[f"dead.test:127.0.0.1:{port}"])
    assert run(instance, "qmail-tcpto") == (0, "", "")
    instance.send("a@dead.test")
    instance.wait_for_log(r"^delivery \S+ deferral: ")
    status, shown, complaint = run(instance, "qmail-tcpto")
    assert (status, complaint) == (0, "")
    heading, line = shown.splitlines()
    assert heading.split() == ["CHANNEL", "FAILURES", "SINCE", "NEXT", "IN", "WAITING", "DESTINATION", "QUEUES"]
    found = re.fullmatch(r"remote +1 +\d+s +(\d+s|1m) +1  (\S+)  queue1", line)
    assert found, line
    destination = found[2]
    assert run(instance, "qmail-tcpok", "other.test") == (0, "", "")

    mark = instance.mark()
    assert run(instance, "qmail-tcpok", destination) == (0, f"queue1 remote {destination}\n", "")
    instance.wait_for_log(r"^delivery \S+ deferral: ", mark)  # it was tried at once, and is still dead
    assert wait_until(lambda: run(instance, "qmail-tcpto")[1], "the destination to be left alone again").count("\n") == 2
    mark = instance.mark()
    with socket.create_server(("127.0.0.1", port)):
        assert run(instance, "qmail-tcpok") == (0, f"queue1 remote {destination}\n", "")
        instance.wait_for_log(r"^starting delivery ", mark)


def test_a_queue_that_does_not_answer_is_named(instance):
    instance.make_queue()
    for name in ("qmail-tcpto", "qmail-tcpok"):
        status, shown, complaint = run(instance, name)
        assert (status, shown) == (111, "") and f"warn: {name}: queue1: " in complaint
    assert run(instance, "qmail-tcpto", "x")[0] == run(instance, "qmail-tcpok", "-x")[0] == 100
