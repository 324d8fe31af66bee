"""A test in the place of qscheduler: it runs one queue through qmail-start, with a link to its qmail-send over which it
gives orders and reads what comes back (src/core/link/supervision.h).

    with QueueUnderTest(instance) as queue:
        queue.drain(True)
        queue.wait_for_drained()
"""
import collections
import os
import socket
import struct
import threading

from .fake_intake import PROTOCOL_VERSION, frame
from .instance import PATIENCE, wait_until
from .smtp_server import program

HELLO, QUEUE_REPORT, NEIGHBOUR_LOST, DRAIN, DRAINED, PAUSE = 1, 80, 81, 83, 84, 85
ROLE_SUPERVISOR = 1
Report = collections.namedtuple("Report", "local remote lmtp messages submitted taking paused")


class QueueUnderTest:
    def __init__(self, instance, **settings):
        self.instance = instance
        self.reports, self.lost, self.drained, self.closed = [], [], 0, False
        instance.make_queue(smtp__listen=[], **settings)
        self.start()

    def start(self):
        ours, theirs = socket.socketpair()
        self.drained, self.closed = 0, False
        instance = self.instance
        number = theirs.fileno()
        os.set_inheritable(number, True)
        instance.spawn_with(
            (program("qmail-start"), "-s", instance.settings["defaultdelivery"]), pass_fds=(number,),
            QUEUEDIR=str(instance.queue_directory), QIDENT="1", SLUICE_SUPERVISOR_LINK=str(number))
        theirs.close()
        self.socket = ours
        self._send(HELLO, struct.pack("<HBII", PROTOCOL_VERSION, ROLE_SUPERVISOR, os.getpid(), 0))
        self.pause(False)
        threading.Thread(target=self._read, args=(ours,), daemon=True).start()
        wait_until(lambda: len(instance.processes()) == 6 and self.reports and self.reports[-1].taking, "the queue to take mail")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _send(self, kind, payload):
        self.socket.sendall(frame(kind, payload))

    def drain(self, on):
        self._send(DRAIN, bytes([on]))

    def pause(self, on):
        self._send(PAUSE, bytes([on]))

    def wait_for_drained(self):
        """Its exit status."""
        wait_until(lambda: self.drained, "Drained")
        return self.instance.process.wait(PATIENCE)

    def wait_for_report(self, condition, what):
        return wait_until(lambda: self.reports and condition(self.reports[-1]) and self.reports[-1], what)

    def _read(self, link):
        octets = b""
        while True:
            try:
                more = link.recv(65536)
            except OSError:
                more = b""
            if not more:
                self.closed = True
                return
            octets += more
            while len(octets) >= 8:
                length, kind, _ = struct.unpack_from("<IHH", octets)
                if len(octets) < 8 + length:
                    break
                self._take(kind, octets[8:8 + length])
                octets = octets[8 + length:]

    def _take(self, kind, payload):
        if kind == QUEUE_REPORT:
            n = struct.unpack("<9IQQ??", payload)
            self.reports.append(Report(n[0:3], n[3:6], n[6:9], *n[9:]))
        elif kind == NEIGHBOUR_LOST:
            self.lost.append(struct.unpack_from("<BI", payload))
        elif kind == DRAINED:
            self.drained += 1
