"""Shared memory and message queues of an instance with dynamic queues, by the description in docs/formats.md and with
the C library's own calls; and clients of another family that know nothing else of us.

    put_scheduler(instance, in_use=2)      as qscheduler does
    put_queue(instance, 1, flag=1)         as qmail-send and setqload do
    number = foreign_qmail_queue(instance, LETTER, to)   as IndiMail's qmail-queue does, without the notice
    knock(instance, number, split)                       ... and that
"""
import contextlib
import ctypes
import errno
import os
import pathlib
import shutil
import struct
import time

from .accounts import ROOT

SHM = pathlib.Path("/dev/shm")
libc = ctypes.CDLL(None, use_errno=True)
libc.mq_send.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint)


class Attributes(ctypes.Structure):
    _fields_ = [("flags", ctypes.c_long), ("maxmsg", ctypes.c_long), ("msgsize", ctypes.c_long), ("curmsgs", ctypes.c_long),
                ("reserved", ctypes.c_long * 4)]


def checked(value, name):
    if value < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), name)
    return value


def prefix(instance):
    return instance.settings["ipc_prefix"]


# -- shared memory ------------------------------------------------------------------------------------------------------

def shared(instance, name):
    """The file behind /PREFIXname."""
    return SHM / f"{prefix(instance)}{name}"


def put_scheduler(instance, in_use, made=None):
    _write(shared(instance, "qscheduler"), struct.pack("=ii", in_use, in_use if made is None else made))


def put_queue(instance, number, local=0, remote=0, local_limit=10, remote_limit=20, flag=0):
    _write(shared(instance, f"queue{number}"), struct.pack("=iiiii", local, remote, local_limit, remote_limit, flag))


def _write(path, octets):
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    os.pwrite(descriptor, octets, 0)
    os.ftruncate(descriptor, len(octets))
    os.fchmod(descriptor, 0o644)
    os.close(descriptor)


def set_flag(instance, number, flag):
    """As setqload disables a queue: one field, nothing else."""
    descriptor = os.open(shared(instance, f"queue{number}"), os.O_RDWR)
    os.pwrite(descriptor, struct.pack("=i", flag), 16)
    os.close(descriptor)


def counts(instance, number):
    """(local, remote, local_limit, remote_limit, flag), or None."""
    try:
        return struct.unpack("=iiiii", shared(instance, f"queue{number}").read_bytes())
    except (FileNotFoundError, struct.error):
        return None


# -- message queues -----------------------------------------------------------------------------------------------------

@contextlib.contextmanager
def message_queue(instance, name, flags=os.O_WRONLY):
    descriptor = checked(libc.mq_open(f"/{prefix(instance)}{name}".encode(), flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o600, None),
                        f"/{prefix(instance)}{name}")
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def send(instance, name, octets, priority=10):
    """False: it is full."""
    with message_queue(instance, name) as queue:
        try:
            checked(libc.mq_send(queue, octets, len(octets), priority), name)
            return True
        except OSError as error:
            if error.errno == errno.EAGAIN:
                return False
            raise


def knock(instance, number, split, queue=1):
    return send(instance, f"queue{queue}", b"\xde\xad\xbe\xef" + struct.pack("=iQ", split, number))


def limits(instance, name):
    """(messages, octets of the largest, messages that wait)"""
    attributes = Attributes()
    with message_queue(instance, name, os.O_RDONLY) as queue:
        checked(libc.mq_getattr(queue, ctypes.byref(attributes)), name)
    return attributes.maxmsg, attributes.msgsize, attributes.curmsgs


def remove_all(instance):
    for path in SHM.glob(f"{prefix(instance)}*"):
        path.unlink(missing_ok=True)
    for name in ("qscheduler", *(f"queue{number}" for number in range(1, 41))):
        libc.mq_unlink(f"/{prefix(instance)}{name}".encode())


# -- clients of another family ------------------------------------------------------------------------------------------

def foreign_qmail_queue(instance, message, to, split=3, big_todo=True, queue=1, sender="sender@example.com"):
    """Puts a message into the directories of a queue; its number. Nobody is told."""
    directory = instance.home / f"queue/queue{queue}"

    def place(name, divided=True):
        path = directory / name / (str(number % split) if divided else "") / str(number)
        if not path.parent.exists():  # queue-fix of that client would have made it
            path.parent.mkdir()
            _as_parent(path.parent)
        return path
    made = directory / f"pid/{os.getpid()}.{time.time_ns()}.1"
    made.touch(0o644)
    number = made.stat().st_ino
    os.link(made, place("mess"))
    made.unlink()
    place("mess").write_bytes(message)
    place("intd", big_todo).write_bytes(
        b"u%d\0p%d\0F%s\0T%s\0" % (os.getuid(), os.getpid(), sender.encode(), to.encode()))
    for path in (place("mess"), place("intd", big_todo)):
        path.chmod(0o644)
        _as_parent(path)
    os.link(place("intd", big_todo), place("todo", big_todo))
    return number


def _as_parent(path):
    if ROOT:
        shutil.chown(path, path.parent.stat().st_uid, path.parent.stat().st_gid)


def pull_trigger(instance, queue=1):
    """False: nobody serves it."""
    try:
        fifo = os.open(instance.home / f"queue/queue{queue}/lock/trigger", os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        assert error.errno == errno.ENXIO
        return False
    os.write(fifo, b"\0")
    os.close(fifo)
    return True
