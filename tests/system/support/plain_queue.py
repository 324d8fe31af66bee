"""Queues of the qmail family, written and read by the description of their format (docs/formats.md): a classic one
(split 23, todo not split) or IndiMail's (split 151, todo split)."""
import dataclasses
import os
import pathlib
import pwd

from .accounts import ROOT


@dataclasses.dataclass
class Message:
    """As qmail's files have it. Recipients: address to True if done."""
    sender: str = "sender@example.com"
    body: bytes = b"Subject: old\n\nold mail\n"
    birth: float = 0
    local: dict = dataclasses.field(default_factory=dict)
    remote: dict = dataclasses.field(default_factory=dict)
    local_due: float = None  # the next attempt; None: never tried
    remote_due: float = None
    bounce: list = dataclasses.field(default_factory=list)  # (address, text)
    todo: list = None  # recipients of a message that is not preprocessed
    uid: int = 0
    pid: int = 1
    extra_header: bytes = b""  # whole lines, in info

    def key(self):
        return (self.sender, self.body, self.local, self.remote, self.bounce, self.todo)


class PlainQueue:
    def __init__(self, directory, split=151, big_todo=True):
        self.directory, self.split, self.big_todo = pathlib.Path(directory), split, big_todo

    def path(self, kind, number):
        if kind == "bounce" or (kind in ("todo", "intd") and not self.big_todo):
            return self.directory / kind / str(number)
        return self.directory / kind / str(number % self.split) / str(number)

    def write(self, message, parts=("mess", "info", "local", "remote", "bounce")):
        """One message; its number. `parts`: which files, for messages that a crash left half done."""
        made = self.directory / "pid" / f"made.{os.getpid()}"
        made.write_bytes(message.body)
        number = made.stat().st_ino
        made.rename(self.path("mess", number))
        os.utime(self.path("mess", number), (message.birth, message.birth))
        self._own("mess", number, "qmailq", 0o644)
        if message.todo is not None:
            octets = f"u{message.uid}\0p{message.pid}\0F{message.sender}\0".encode()
            self._put("todo", number, octets + b"".join(b"T%s\0" % one.encode() for one in message.todo), message.birth, 0o644)
            os.link(self.path("todo", number), self.path("intd", number))
        if message.todo is None or "partial" in parts:
            self._put("info", number, b"F%s\0" % message.sender.encode() + (b"e%s\0" % message.extra_header if message.extra_header else b""), message.birth)
            for kind, recipients, due in (("local", message.local, message.local_due), ("remote", message.remote, message.remote_due)):
                if recipients and kind in parts:
                    octets = b"".join(b"%s%s\0" % (b"D" if done else b"T", one.encode()) for one, done in recipients.items())
                    self._put(kind, number, octets, message.birth if due is None else due)
            if message.bounce and "bounce" in parts:
                self._put("bounce", number, b"".join(b"<%s>:\n%s\n\n" % (one.encode(), text.encode()) for one, text in message.bounce), message.birth)
        return number

    def begin(self, when, envelope=True):
        """What a client leaves that died before its message was accepted."""
        number = self.write(Message(birth=when, todo=["a@x.test"]))
        self.path("todo", number).unlink()
        if not envelope:
            self.path("intd", number).unlink()
        return number

    def _put(self, kind, number, octets, when, mode=0o600):
        path = self.path(kind, number)
        path.write_bytes(octets)
        self._own(kind, number, "qmailq" if kind in ("todo", "intd") else "qmails", mode)
        os.utime(path, (when, when))

    def _own(self, kind, number, user, mode):
        path = self.path(kind, number)
        path.chmod(mode)
        if ROOT:
            entry = pwd.getpwnam(user)
            os.chown(path, entry.pw_uid, entry.pw_gid)

    def files(self):
        """Of all messages, whatever they hold."""
        kinds = ("mess", "info", "local", "remote", "bounce", "todo", "intd")
        return sorted(str(path.relative_to(self.directory)) for kind in kinds
                      for path in (self.directory / kind).rglob("*") if path.is_file())

    def read(self):
        """Every message, as the original would find it; number to Message."""
        found = {}
        for path in (self.directory / "mess").glob("*/*"):
            number = int(path.name)
            assert path.stat().st_ino == number and path == self.path("mess", number)
            message = Message(body=path.read_bytes())
            if self.path("todo", number).exists():
                records = self.path("todo", number).read_bytes().split(b"\0")
                message.sender = records[2][1:].decode()
                message.todo = [one[1:].decode() for one in records[3:-1]]
                message.birth = self.path("todo", number).stat().st_mtime
            else:
                info = self.path("info", number)
                message.sender = info.read_bytes()[1:-1].decode()
                message.birth = info.stat().st_mtime
            for kind in ("local", "remote"):
                if self.path(kind, number).exists():
                    records = self.path(kind, number).read_bytes().split(b"\0")[:-1]
                    setattr(message, kind, {one[1:].decode(): one[:1] == b"D" for one in records})
                    setattr(message, kind + "_due", self.path(kind, number).stat().st_mtime)
            if self.path("bounce", number).exists():
                for record in self.path("bounce", number).read_text().split("\n\n")[:-1]:
                    heading, _, text = record.partition("\n")
                    message.bounce.append((heading[1:-2], text))
            found[number] = message
        return found
