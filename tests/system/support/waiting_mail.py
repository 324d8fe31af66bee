"""Mail that waits: a destination that takes nothing until the test opens it, and what mailq says of it.

    with Destination() as destination:
        instance.start(smtproutes=[destination.route_of("x.test")])
        post(instance, "one", "a@x.test")
        wait_until_deferred(instance, 1)
        with destination.open():
            ...
            destination.wait_for(["one"])
"""
import contextlib
import json
import re
import subprocess
import threading

import pytest

from .instance import wait_until
from .local_programs import run
from .recorder import Recorder, letter
from .smtp_server import program

# A message in sendmail's columns: its id, flush right, and a character that says its state.
_LISTED = re.compile(r"^ *(\d{10,})[ *?X-]", re.MULTILINE)


class Destination(Recorder):
    """Says 451 to every recipient while it is not open. `before_answer` is called when a message has come whole."""

    def __init__(self, **options):
        self._opened = threading.Event()
        self.before_answer = lambda: None
        self.refused = 0  # recipients
        self.taken = []  # recipients, in the order in which their messages came
        super().__init__(**options)

    def answer(self, _):
        """To RCPT; tests put something else in its place."""
        if self._opened.is_set():
            return "250 2.1.5 ok"
        with self.changed:
            self.refused += 1
        return "451 4.2.0 not yet"

    def record(self, dialogue):
        with self.changed:
            self.taken += dialogue.recipients
        super().record(dialogue)

    def _script(self, dialogue):
        dialogue.greet()
        while True:
            dialogue.take_envelope(rcpt=lambda line: self.answer(line), data=None)
            if not dialogue.recipients:
                dialogue.say("554 5.5.1 no valid recipients\r\n")
                continue
            dialogue.say("354 go on\r\n")
            dialogue.take_body(answer=None)
            self.before_answer()
            self.record(dialogue)

    def route_of(self, domain=""):
        """For the setting smtproutes; without a domain for all mail."""
        return f"{domain}:{self.route}"

    def stay_open(self):
        self._opened.set()

    @contextlib.contextmanager
    def open(self):
        self._opened.set()
        yield self
        self._opened.clear()


@pytest.fixture
def destination():
    with Destination() as made:
        yield made


def start_for(instance, destination, **settings):
    """An instance all of whose mail goes there."""
    return instance.start(**{"smtproutes": [destination.route_of()], **settings})


def start_with_slow_group(instance, destination, **settings):
    """And with a group slow beside the default group."""
    return start_for(instance, destination,
                     **{"queuegroups": ["slow, q=1"], "queuegroupmap": ["slow.test:slow"], **settings})


def post(instance, identity, to, sender="sender@example.com"):
    """By SMTP: a message whose X-Id field is `identity`."""
    instance.send(to, letter(identity), sender=sender)


def wait_until_deferred(instance, count):
    """So many messages, each recipient of them tried once at least, none being tried now."""
    def waiting():
        messages = instance.queue()
        states = {(recipient["state"], recipient.get("reason") == "in-flight") for message in messages for recipient in message["recipients"]}
        return len(messages) == count and states <= {("deferred", False), ("delivered", False)} and messages
    return wait_until(waiting, lambda: f"{count} deferred messages: {instance.queue()}", pause=0.05)


def wait_until_queued(instance, count):
    """So many messages, tried or not."""
    return wait_until(lambda: len(found := instance.queue()) == count and found,
                      lambda: f"{count} messages: {instance.queue()}", pause=0.05)


def mailq(instance, *arguments, **options):
    """The ids that mailq lists."""
    return _LISTED.findall(run(instance, "mailq", *arguments, check=0, **options).stdout)


def listed(instance):
    """What mailq --json lists, also of a queue that is stopped."""
    return [json.loads(line) for line in run(instance, "mailq", "--json", check=0).stdout.splitlines()]


def sendmail_begun(instance, *arguments):
    """A sendmail that goes on meanwhile."""
    return subprocess.Popen([program("sendmail"), *arguments], env=instance.variables(), cwd="/", stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
