"""What qscheduler makes in dynamic mode, made by a test: shared memory with counts, and the message queue for loads.

    with IpcObjects(prefix) as objects:
        objects.scheduler(in_use=2, made=3)
        objects.queue(1, local=(5, 5), remote=(2, 8))
        objects.loads()  # [(queue, load)] that were sent
"""
import ctypes
import os
import struct
import uuid

from .posix_ipc import Attributes, checked, libc

LARGEST = 8192


class IpcObjects:
    """All names begin with a prefix of their own, and are gone at the end."""

    def __init__(self, prefix=None):
        self.prefix = prefix or f"test-{uuid.uuid4().hex[:12]}-"
        self.messages = None
        self.shared = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in list(self.shared):
            self.remove(name)
        if self.messages is not None:
            os.close(self.messages)
            libc.mq_unlink(self._name("qscheduler"))

    def _name(self, name):
        return f"/{self.prefix}{name}".encode()

    def _write(self, name, octets):
        descriptor = checked(libc.shm_open(self._name(name), os.O_CREAT | os.O_RDWR, 0o644), name)
        try:
            os.ftruncate(descriptor, len(octets))
            os.pwrite(descriptor, octets, 0)
        finally:
            os.close(descriptor)
        self.shared[name] = len(octets)

    def read(self, name):
        descriptor = checked(libc.shm_open(self._name(name), os.O_RDONLY, 0), name)
        try:
            return os.pread(descriptor, 4096, 0)
        finally:
            os.close(descriptor)

    def remove(self, name):
        del self.shared[name]
        libc.shm_unlink(self._name(name))

    def scheduler(self, in_use, made=None, messages=10):
        """Shared memory and message queue of qscheduler."""
        self._write("qscheduler", struct.pack("=ii", in_use, made or in_use))
        if self.messages is None:
            attributes = Attributes(0, messages, 64)
            flags = os.O_CREAT | os.O_RDWR | os.O_NONBLOCK
            self.messages = checked(libc.mq_open(self._name("qscheduler"), flags, 0o600, ctypes.byref(attributes)), "qscheduler")

    def queue(self, number, local, remote, flag=0):
        """Of queueN: (in flight, limit) of each channel."""
        self._write(f"queue{number}", struct.pack("=iiiii", local[0], remote[0], local[1], remote[1], flag))

    def flag(self, number):
        return struct.unpack("=iiiii", self.read(f"queue{number}"))[4]

    def loads(self):
        """Every load that waits in the message queue, oldest first."""
        found, buffer, priority = [], ctypes.create_string_buffer(LARGEST), ctypes.c_uint()
        while (length := libc.mq_receive(self.messages, buffer, LARGEST, ctypes.byref(priority))) >= 0:
            assert (length, priority.value) == (16, 10)
            found.append(struct.unpack("=iIQ", buffer.raw[:16])[1:])
        return found
