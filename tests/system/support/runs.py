"""Queue runs and other questions, asked of a qmail-send over its control socket (docs/formats.md, "Control sockets").

    run = ask(instance, what="run", run="1", selector={"tests": [...]}, wait=True)
    run.next()      the next answer, an object
    run.rest()      all that are left
"""
import json
import os
import pwd
import socket
import struct

from .fake_intake import PROTOCOL_VERSION, frame
from .instance import PATIENCE

HELLO, QUERY, ANSWER, ANSWER_END = 1, 60, 61, 62


class Refused(Exception):
    """The daemon ended its answers with an error."""


class Asked:
    def __init__(self, path, query):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(path))
        self.socket.sendall(frame(HELLO, struct.pack("<HBII", PROTOCOL_VERSION, 0, os.getpid(), 0)) +
                            frame(QUERY, json.dumps(query).encode()))
        self.input = b""

    def close(self):
        self.socket.close()

    def _exactly(self, count):
        while len(self.input) < count:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError("the daemon closed the connection")
            self.input += more
        found, self.input = self.input[:count], self.input[count:]
        return found

    def next(self):
        """The next answer; None after the last."""
        while True:
            length, kind, _ = struct.unpack("<IHH", self._exactly(8))
            payload = self._exactly(length)
            if kind == ANSWER and payload:
                return json.loads(payload)
            if kind == ANSWER_END:
                if payload:
                    raise Refused(payload.decode(errors="replace"))
                return None

    def rest(self):
        return list(iter(self.next, None))


def ask(instance, queue="queue1", **query):
    return Asked(instance.home / "run/control" / queue, query)


def run(instance, tests=(), queue="queue1", view="normal", **options):
    """A run of what the tests say, each (field, text) or (field, text, negated)."""
    selector = {"tests": [dict(zip(("field", "text", "negated"), test)) for test in tests], "view": view}
    return ask(instance, queue, what="run", **{"run": "1.1", "trigger": "command", "by": "a test", "selector": selector,
                                               "order": "time", **options})


def ask_as_stranger(instance, queue="queue1", **query):
    """What a user who has nothing to do with the instance is answered: a list, or the refusal. Needs root."""
    reading, writing = os.pipe()
    nobody = pwd.getpwnam("nobody")
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
            try:
                answer = Asked(instance.home / "run/control" / queue, query).rest()
            except (Refused, OSError) as error:
                answer = str(error)
            os.write(writing, json.dumps(answer).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return json.loads(said)
