"""Plays qmail-send for a real qmail-rspawn: starts it in a queue directory, gives it orders over descriptor 0 in the
framed protocol of src/core/link/frame.h and reads the outcomes.

    with Spawner(tmp_path, {"timeout.connect": "1s"}) as spawner:
        outcomes = spawner.deliver(f"[127.0.0.1]:{port}", body=b"...", recipients=["a@x.test"])
"""
import collections
import os
import pathlib
import socket
import struct
import subprocess

from .fake_intake import PROTOCOL_VERSION, frame

HELLO, RELOAD, DELIVER, DELIVERED, TRANSCRIPT, WATCH_END = 1, 32, 40, 41, 42, 43
ROLE_SCHEDULER, ROLE_REMOTE_DELIVERY = 3, 8
CHANNEL_REMOTE, CHANNEL_LMTP = 1, 2
TROUBLES = ("none", "unreachable", "connection", "busy")

REACHED = ("mailbox", "server", "reporter", "expanded")

Outcome = collections.namedtuple("Outcome", "verdict trouble reply code text reached")
BodyRef = collections.namedtuple("BodyRef", "storage segment offset length")


def program(name):
    build = os.environ.get("SLUICE_BUILD") or str(pathlib.Path(__file__).parents[3] / "build/debug")
    return pathlib.Path(build) / "bin" / name


def octets(value):
    return struct.pack("<I", len(value)) + value


def field(letter, value):
    return letter.encode() + struct.pack("<H", len(value)) + value


def envelope(sender, recipients, lf=False, ret=0, envid="", notify=0, orcpt=""):
    """The DSN parameters of a recipient are those of all."""
    encoded = b"\x01" + field("F", sender.encode())
    if lf:
        encoded += field("L", b"\x01")
    if ret:
        encoded += field("R", bytes([ret]))
    if envid:
        encoded += field("E", envid.encode())
    for recipient in recipients:
        encoded += field("T", recipient.encode())
        encoded += field("N", bytes([notify])) if notify else b""
        encoded += field("O", orcpt.encode()) if orcpt else b""
    return encoded


class Spawner:
    def __init__(self, home, settings=None, **environment):
        self.environment = environment
        self.home = pathlib.Path(home)
        self.queue = self.home / "queue/queue1"
        for directory in ("journal", "mess"):
            (self.queue / directory).mkdir(parents=True)
        (self.home / "etc/control").mkdir(parents=True)
        self.settings = {"me": "us.test", **(settings or {})}
        self.write_settings()
        self.attempts = 0
        self.segments = 0
        self.outcomes = {}
        self.transcript = []  # (watcher, line)
        self._input = b""
        self._start()

    # -- life ---------------------------------------------------------------------------------------------------------
    def write_settings(self):
        plain, groups = [], collections.defaultdict(list)
        for name, value in self.settings.items():
            group, dot, key = name.rpartition(".")
            text = value if isinstance(value, (int, list)) else f'"{value}"'
            (groups[group] if dot else plain).append(f"{key} = {text}")
        for group, lines in groups.items():
            plain += [f"[{group}]", *lines]
        (self.home / "etc/sluice.toml").write_text("\n".join(plain) + "\n")

    def _start(self):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        environment = {"PATH": os.environ["PATH"], "SLUICE_HOME": str(self.home), "QUEUEDIR": str(self.queue)}
        environment.update(self.environment)
        environment.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        self.errors = open(self.home / "errors", "wb+")
        self.process = subprocess.Popen([program("qmail-rspawn")], stdin=theirs, stdout=subprocess.DEVNULL,
                                        stderr=self.errors, cwd=self.queue, env=environment)
        theirs.close()
        self.link = ours
        self.link.settimeout(60)
        self.link.sendall(frame(HELLO, struct.pack("<HBII", PROTOCOL_VERSION, ROLE_SCHEDULER, os.getpid(), 0)))
        kind, payload = self.read_frame()
        assert kind == HELLO
        version, role, _, self.limit = struct.unpack("<HBII", payload)
        assert (version, role) == (PROTOCOL_VERSION, ROLE_REMOTE_DELIVERY)

    def stop(self):
        """qmail-send is gone: qmail-rspawn ends at once, with status 0 and nothing to say."""
        self.link.close()
        try:
            status = self.process.wait(20)
        finally:
            self.process.kill()
        return status

    def said(self):
        self.errors.seek(0)
        return self.errors.read().decode()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        status = self.stop()
        if kind is None:
            assert status == 0, f"qmail-rspawn ended with {status}: {self.said()}"
            assert "ERROR: " not in self.said() and "runtime error" not in self.said(), self.said()

    # -- bodies -------------------------------------------------------------------------------------------------------
    def store(self, body, large=False):
        if large:
            staged = self.queue / "mess/staged"
            staged.write_bytes(body)
            inode = staged.stat().st_ino
            directory = self.queue / "mess" / str(inode % 151)
            directory.mkdir(exist_ok=True)
            staged.rename(directory / str(inode))
            return BodyRef(1, inode, 0, len(body))
        self.segments += 1
        segment = self.segments << 20
        (self.queue / "journal" / f"{segment:016x}.seg").write_bytes(b"#" * 64 + body)
        return BodyRef(0, segment, 64, len(body))

    # -- orders -------------------------------------------------------------------------------------------------------
    def order(self, destination, body=b"Subject: test\r\n\r\nhello\r\n", recipients=("a@x.test",), sender="s@us.test",
              lf=False, channel=CHANNEL_REMOTE, watcher=0, **dsn):
        """Sends one order and returns its number. `body`: octets, or what store() gave."""
        self.attempts += 1
        ref = body if isinstance(body, BodyRef) else self.store(body)
        self.send(DELIVER, self.encode_order(self.attempts, destination, ref, envelope(sender, recipients, lf, **dsn),
                                             channel, watcher))
        return self.attempts

    @staticmethod
    def encode_order(attempt, destination, ref, encoded_envelope, channel=CHANNEL_REMOTE, watcher=0):
        return (struct.pack("<QQ", attempt, attempt) + struct.pack("<BQIQ", *ref) +
                struct.pack("<B", channel) + octets(destination.encode()) + struct.pack("<QB", watcher, 0) + encoded_envelope)

    def send(self, kind, payload=b""):
        self.link.sendall(frame(kind, payload))

    def outcomes_of(self, attempt):
        while attempt not in self.outcomes:
            kind, payload = self.read_frame()
            if kind == TRANSCRIPT:
                self.note_transcript(payload)
                continue
            assert kind == DELIVERED
            number, outcomes = decode_delivered(payload)
            assert number not in self.outcomes, "an attempt is settled once"
            self.outcomes[number] = outcomes
        return self.outcomes[attempt]

    def note_transcript(self, payload):
        watcher, length = struct.unpack_from("<QI", payload)
        assert len(payload) == 12 + length
        self.transcript.append((watcher, payload[12:].decode("ascii")))

    def end_watch(self, watcher):
        """Reads on until the spawner has closed what it kept for him."""
        self.send(WATCH_END, struct.pack("<Q", watcher))
        while True:
            kind, payload = self.read_frame()
            if kind == WATCH_END:
                assert payload == struct.pack("<Q", watcher)
                return
            assert kind == TRANSCRIPT
            self.note_transcript(payload)

    def deliver(self, destination, **order):
        return self.outcomes_of(self.order(destination, **order))

    # -- frames -------------------------------------------------------------------------------------------------------
    def read_frame(self):
        header = self._take(8)
        length, kind, zero = struct.unpack("<IHH", header)
        assert zero == 0
        return kind, self._take(length)

    def _take(self, length):
        while len(self._input) < length:
            more = self.link.recv(1 << 16)
            if not more:
                raise EOFError(f"qmail-rspawn closed the link: {self.said()}")
            self._input += more
        taken, self._input = self._input[:length], self._input[length:]
        return taken


def decode_delivered(payload):
    attempt, count = struct.unpack_from("<QI", payload)
    at, outcomes = 12, []
    for _ in range(count):
        verdict, trouble, reached, reply, klass, subject, detail, length = struct.unpack_from("<BBBHBHHI", payload, at)
        at += 14
        text = payload[at:at + length].decode()
        at += length
        outcomes.append(Outcome(chr(verdict), TROUBLES[trouble], reply, f"{klass}.{subject}.{detail}", text,
                                REACHED[reached]))
    assert at == len(payload)
    return attempt, outcomes
