"""sendmail -q and mailq for the tests of queue runs: an instance whose deferred mail waits for a server that can be told
to take it."""
import json
import subprocess
import threading
import time

from .instance import PATIENCE, wait_until
from .remote_server import Server
from .smtp_server import program


def run(instance, *arguments, check=None, timeout=PATIENCE, **environment):
    """A command of the sendmail family: its name and arguments."""
    done = subprocess.run([program(arguments[0]), *map(str, arguments[1:])], env=instance.variables(**environment),
                          capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, timeout=timeout)
    assert check is None or done.returncode == check, f"{arguments}: {done.returncode} {done.stdout} {done.stderr}"
    return done


class Refuser(Server):
    """Says 451 to each recipient until it is opened; counts what it took, by recipient."""
    def __init__(self, **options):
        self.opened = threading.Event()
        self.refused = 0
        super().__init__(self._serve, **options)

    def _serve(self, dialogue):
        dialogue.greet()
        while True:
            dialogue.take_envelope(rcpt=lambda line: self.answer(line), data=None)
            if not dialogue.recipients:
                dialogue.say("554 5.5.1 no valid recipients\r\n")
                continue
            dialogue.say("354 go on\r\n")
            dialogue.take_body()

    def answer(self, _):
        """To RCPT; tests put something else in its place."""
        if self.opened.is_set():
            return "250 2.1.5 ok"
        with self.changed:
            self.refused += 1
        return "451 4.2.0 not yet"

    @property
    def route(self):
        return f"127.0.0.1:{self.port}"

    def taken(self):
        """Recipients, in the order in which their messages came."""
        with self.changed:
            return [recipient for message in self.messages for recipient in message.recipients]

    def wait_for(self, count):
        wait_until(lambda: len(self.taken()) >= count, lambda: f"{count} messages; there are {self.taken()}")


def listed(instance):
    """What mailq --json lists."""
    return [json.loads(line) for line in run(instance, "mailq", "--json", check=0).stdout.splitlines()]


def timed(function):
    started = time.monotonic()
    result = function()
    return time.monotonic() - started, result
