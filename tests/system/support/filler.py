"""Fills a queue with messages through the socket of its qmail-intake, many at once: a million in a minute.

    fill(instance, 1_000_000, lambda i: f"user{i}@dead.test")
"""
import socket
import struct
import threading

from .fake_intake import PROTOCOL_VERSION, frame
from .remote_spawner import envelope, octets

HELLO, SUBMIT, SUBMITTED = 1, 10, 20
ROLE_SMTP_SERVER = 2
UNANSWERED = 2000  # messages


def fill(instance, messages, recipient, sender=lambda i: f"s{i % 1000}@example.com", queue="queue1",
         body=b"Subject: waits\r\n\r\nwaits\r\n"):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.connect(str(instance.home / "run/intake" / queue))
        link.sendall(frame(HELLO, struct.pack("<HBII", PROTOCOL_VERSION, ROLE_SMTP_SERVER, 0, 0)))
        room, failures = threading.Semaphore(UNANSWERED), []
        reader = threading.Thread(target=_read, args=(link, messages, room, failures))
        reader.start()
        for first in range(0, messages, 500):
            pieces = []
            for i in range(first, min(first + 500, messages)):
                while not room.acquire(timeout=60):
                    assert not failures, failures[0]
                pieces.append(frame(SUBMIT, struct.pack("<Q", i) + octets(envelope(sender(i), [recipient(i)])) + body))
            link.sendall(b"".join(pieces))
        reader.join()
        assert not failures, failures[0]


def _read(link, messages, room, failures):
    kept, answered = b"", 0
    try:
        while answered < messages:
            more = link.recv(1 << 18)
            assert more, "qmail-intake closed the link"
            kept, at = kept + more, 0
            while len(kept) - at >= 8:
                length, kind, _ = struct.unpack_from("<IHH", kept, at)
                if len(kept) - at < 8 + length:
                    break
                assert kind in (HELLO, SUBMITTED), f"frame {kind}: {kept[at + 8:at + 8 + length]!r}"
                if kind == SUBMITTED:
                    answered += 1
                    room.release()
                at += 8 + length
            kept = kept[at:]
    except Exception as failure:
        failures.append(failure)
        room.release(messages)
