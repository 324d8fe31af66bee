"""Programs of the qmail family as others call them: a message on descriptor 0, an envelope on descriptor 1."""
import os
import subprocess
import threading

from .instance import PATIENCE
from .smtp_server import program


def envelope(to, sender="sender@example.com"):
    recipients = [to] if isinstance(to, str) else to
    return b"".join([b"F", sender.encode(), b"\0", *(b"T" + one.encode() + b"\0" for one in recipients), b"\0"])


class Client:
    """One run of such a program. What it is fed it may leave unread."""

    def __init__(self, command, message, addresses, environment, **options):
        message_read, message_write = os.pipe()
        addresses_read, addresses_write = os.pipe()
        self.process = subprocess.Popen(command, stdin=message_read, stdout=addresses_read, stderr=subprocess.PIPE,
                                        env=environment, **options)
        os.close(message_read)
        os.close(addresses_read)
        self._feeder = threading.Thread(target=self._feed, args=((message_write, message), (addresses_write, addresses)))
        self._feeder.start()

    @staticmethod
    def _feed(*pipes):
        for descriptor, octets in pipes:
            with open(descriptor, "wb", buffering=0) as pipe:
                try:
                    view = memoryview(octets)
                    while view:
                        view = view[pipe.write(view):]
                except BrokenPipeError:
                    pass

    def wait(self):
        self.error = self.process.communicate(timeout=PATIENCE)[1].decode(errors="replace")
        self._feeder.join()
        return self.process.returncode


def qmail_queue(instance, message, addresses, command=(), **environment):
    """The exit code of qmail-queue, run under `command` if there is one."""
    return Client([*command, program("qmail-queue")], message, addresses, instance.variables(**environment)).wait()
