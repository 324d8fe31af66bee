"""A stand-in for qmail-intake: takes messages on an AF_UNIX socket in the framed protocol of src/core/link/frame.h and
answers as the test says. It keeps every message in memory and stores nothing.

    with FakeIntake(home / "run/intake/queue1") as intake:
        ...
        message = intake.wait_for(1)[0]

`intake.answer` is called with each complete message and decides what happens: Accept, Refuse, HOLD (no answer until
release()) or DIE (the link is closed without an answer). It may be replaced at any time.
"""
import collections
import os
import socket
import struct
import threading
import time

HELLO, SUBMIT, SUBMIT_OPEN, SUBMIT_DATA, SUBMIT_END, SUBMIT_ABORT, SUBMITTED, SUBMIT_REFUSED = (
    1, 10, 11, 12, 13, 14, 20, 21)
ROLE_INTAKE = 5
PROTOCOL_VERSION = 2

Refuse = collections.namedtuple("Refuse", "permanent text")
Accept = collections.namedtuple("Accept", "id")
HOLD = object()
DIE = object()


class Message:
    def __init__(self, envelope, body, pieces):
        self.fields = decode_envelope(envelope)
        self.body = body
        self.pieces = pieces  # how many SubmitData frames brought it; 0: it came whole

    def field(self, letter):
        values = [value for name, value in self.fields if name == letter]
        return values[0] if values else None

    @property
    def sender(self):
        return self.field("F").decode()

    @property
    def recipients(self):
        return [value.decode() for name, value in self.fields if name == "T"]


def decode_envelope(octets):
    assert octets[0] == 1, "version of the envelope"
    fields, at = [], 1
    while at < len(octets):
        letter, length = chr(octets[at]), struct.unpack_from("<H", octets, at + 1)[0]
        fields.append((letter, octets[at + 3:at + 3 + length]))
        at += 3 + length
    assert at == len(octets), "fields fill the envelope"
    return fields


def frame(kind, payload):
    return struct.pack("<IHH", len(payload), kind, 0) + payload


class FakeIntake:
    def __init__(self, path, first_id=1000):
        self.path = str(path)
        self.messages = []
        self.aborted = 0
        self.links = 0
        self.peers = []  # (version, role) of each Hello
        self.answer = self.accept
        self.on_frame = None  # called with (kind, payload) before the frame is handled; may return DIE
        self._next_id = first_id
        self._changed = threading.Condition()
        self._held = []
        self._sockets = set()
        self._reading = threading.Event()
        self._reading.set()
        self._listener = None
        self.start()

    # -- life ---------------------------------------------------------------------------------------------------------
    def start(self):
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        if os.path.exists(self.path):
            os.unlink(self.path)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self.path)
        os.chmod(self.path, 0o777)
        self._listener.listen(16)
        threading.Thread(target=self._accept_links, args=(self._listener,), daemon=True).start()

    def stop(self):
        """Dies as a killed process would: no more links, all of them closed."""
        self._reading.set()
        if self._listener:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for link in list(self._sockets):
            close(link)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # -- what a test says ---------------------------------------------------------------------------------------------
    def accept(self, _message):
        self._next_id += 1
        return Accept(self._next_id)

    def stop_reading(self):
        self._reading.clear()

    def go_on_reading(self):
        self._reading.set()

    def release(self, verdict=None):
        """Answers everything that is held."""
        with self._changed:
            held, self._held = self._held, []
        for link, token, message in held:
            self._say(link, token, verdict or self.accept(message))

    def close_links(self):
        for link in list(self._sockets):
            close(link)

    # -- what a test asks ---------------------------------------------------------------------------------------------
    def wait_for(self, count, seconds=20):
        """The messages, as soon as there are `count`."""
        self.wait_until(lambda: len(self.messages) >= count, seconds)
        return self.messages

    def wait_until(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        with self._changed:
            while not condition():
                left = deadline - time.monotonic()
                assert left > 0, "the intake waited in vain"
                self._changed.wait(left)

    @property
    def held(self):
        return len(self._held)

    # -- the protocol -------------------------------------------------------------------------------------------------
    def _accept_links(self, listener):
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            with self._changed:
                self.links += 1
                self._sockets.add(link)
                self._changed.notify_all()
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link):
        try:
            link.sendall(frame(HELLO, struct.pack("<HBII", PROTOCOL_VERSION, ROLE_INTAKE, os.getpid(), 0)))
            self._read_frames(link)
        except OSError:
            pass
        finally:
            self._sockets.discard(link)
            link.close()

    def _read_frames(self, link):
        pending, opened = bytearray(), {}
        while True:
            self._reading.wait()
            piece = link.recv(1 << 18)
            if not piece:
                return
            pending += piece
            at = 0
            while len(pending) - at >= 8:
                length, kind, zero = struct.unpack_from("<IHH", pending, at)
                assert zero == 0
                if len(pending) - at < 8 + length:
                    break
                payload = bytes(pending[at + 8:at + 8 + length])
                at += 8 + length
                if self.on_frame and self.on_frame(kind, payload) is DIE:
                    return
                if self._handle(link, opened, kind, payload) is DIE:
                    return
            del pending[:at]

    def _handle(self, link, opened, kind, payload):
        if kind == HELLO:
            with self._changed:
                self.peers.append(struct.unpack("<HBII", payload)[:2])
            return None
        token = struct.unpack_from("<Q", payload)[0]
        rest = payload[8:]
        if kind == SUBMIT:
            size = struct.unpack_from("<I", rest)[0]
            return self._complete(link, token, Message(rest[4:4 + size], rest[4 + size:], 0))
        if kind == SUBMIT_OPEN:
            opened[token] = (rest, [])
        elif kind == SUBMIT_DATA:
            opened[token][1].append(rest)
        elif kind == SUBMIT_END:
            envelope, pieces = opened.pop(token)
            return self._complete(link, token, Message(envelope, b"".join(pieces), len(pieces)))
        elif kind == SUBMIT_ABORT:
            del opened[token]
            with self._changed:
                self.aborted += 1
                self._changed.notify_all()
        else:
            raise AssertionError(f"unexpected frame type {kind}")
        return None

    def _complete(self, link, token, message):
        verdict = self.answer(message)
        with self._changed:
            self.messages.append(message)
            if verdict is HOLD:
                self._held.append((link, token, message))
            self._changed.notify_all()
        if verdict is DIE:
            return DIE
        if verdict is not HOLD:
            self._say(link, token, verdict)
        return None

    @staticmethod
    def _say(link, token, verdict):
        if isinstance(verdict, Refuse):
            payload = struct.pack("<QB", token, verdict.permanent) + verdict.text.encode()
            link.sendall(frame(SUBMIT_REFUSED, payload))
        else:
            link.sendall(frame(SUBMITTED, struct.pack("<QQ", token, verdict.id)))


def close(link):
    try:
        link.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
