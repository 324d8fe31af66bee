"""A stand-in for the control socket of a qmail-send: takes queries in the framed protocol of src/core/link/frame.h, keeps
them, and answers as the test says.

    with FakeControl(home / "run/control/queue1") as control:
        query = control.wait_for(1)[0]

`control.answer` is called with each query (a dict) and gives the list of answers, an error text (str), or HOLD: no answer
until release(). It may be replaced at any time.
"""
import json
import os
import socket
import struct
import threading
import time

from support.fake_intake import HELLO, PROTOCOL_VERSION, frame

ROLE_SCHEDULER = 3
QUERY, ANSWER, ANSWER_END = 60, 61, 62
HOLD = object()


class FakeControl:
    def __init__(self, path):
        self.path = str(path)
        self.queries = []
        self.answer = lambda query: [{"selected": 0}]
        self._changed = threading.Condition()
        self._held = []
        self._links = set()
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self.path)
        os.chmod(self.path, 0o777)
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.close_links()
        os.unlink(self.path)

    def close_links(self):
        for link in list(self._links):
            try:
                link.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def wait_for(self, count, seconds=20):
        """The queries, as soon as there are `count`."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while len(self.queries) < count:
                left = deadline - time.monotonic()
                assert left > 0, f"waited in vain for query {count}"
                self._changed.wait(left)
            return list(self.queries)

    def release(self, answers=({"selected": 0},)):
        """Answers everything that is held."""
        with self._changed:
            held, self._held = self._held, []
        for link in held:
            self._say(link, answers)

    def _accept(self):
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            self._links.add(link)
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link):
        try:
            link.sendall(frame(HELLO, struct.pack("<HBII", PROTOCOL_VERSION, ROLE_SCHEDULER, os.getpid(), 0)))
            pending = bytearray()
            while piece := link.recv(1 << 16):
                pending += piece
                while len(pending) >= 8:
                    length, kind, _ = struct.unpack_from("<IHH", pending)
                    if len(pending) < 8 + length:
                        break
                    payload = bytes(pending[8:8 + length])
                    del pending[:8 + length]
                    if kind == QUERY:
                        self._take(link, json.loads(payload))
        except OSError:
            pass
        finally:
            self._links.discard(link)
            link.close()

    def _take(self, link, query):
        answers = self.answer(query)
        with self._changed:
            self.queries.append(query)
            if answers is HOLD:
                self._held.append(link)
            self._changed.notify_all()
        if answers is not HOLD:
            self._say(link, answers)

    @staticmethod
    def _say(link, answers):
        error = answers if isinstance(answers, str) else ""
        octets = b"" if error else b"".join(frame(ANSWER, json.dumps(answer).encode()) for answer in answers)
        try:
            link.sendall(octets + frame(ANSWER_END, error.encode()))
        except OSError:
            pass
