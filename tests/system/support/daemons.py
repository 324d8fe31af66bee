"""Daemons that sendmail becomes: started by its command, found by their process ids, and ended with the test.

    def test_it(instance, daemons):
        daemon = daemons.start("-bd", "-q1h")
        daemon.stop()

An Instance ends at its end whatever bears its name in the environment, so nothing outlives a test that fails.
"""
import os
import pathlib
import signal
import subprocess

import pytest

from .instance import PATIENCE, command_of, wait_until
from .smtp_server import program


class Daemon:
    def __init__(self, pid):
        self.pid = pid

    @property
    def title(self):
        return command_of(self.pid).rstrip(b"\0").decode()

    def lives(self):
        try:
            return "\nState:\tZ" not in pathlib.Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return False

    def signal(self, signo):
        os.kill(self.pid, signo)

    def stop(self, patience=PATIENCE):
        if self.lives():
            os.kill(self.pid, signal.SIGTERM)
            wait_until(lambda: not self.lives(), f"the end of daemon {self.pid}", patience)


class Daemons:
    """`sendmail` for this instance, with lines in the instance's log."""

    def __init__(self, instance, **settings):
        self.instance = instance
        self.started = []
        instance.set_up(daemon__log=str(instance.log_path), **settings)
        self.pid_file = instance.home / "run/sendmail.pid"

    def sendmail(self, *arguments, command=(), patience=PATIENCE, **options):
        done = subprocess.run([*command, program("sendmail"), *arguments], env=self.instance.variables(), capture_output=True,
                              text=True, timeout=patience, cwd="/", stdin=subprocess.DEVNULL, **options)
        return done

    def start(self, *arguments, **options):
        """In the background; the daemon, once the command has returned."""
        before = set(self.leaders())
        done = self.sendmail(*arguments, **options)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), (done, self.instance.log)
        new, = set(self.leaders()) - before
        self.started.append(Daemon(new))
        return self.started[-1]

    def leaders(self):
        """The processes that lead a session: daemons in the background."""
        found = []
        for pid in self.instance.processes():
            try:
                if os.getsid(pid) == pid:
                    found.append(pid)
            except ProcessLookupError:
                pass
        return found

    def titled(self, text):
        """Process ids by the beginning of the title."""
        return sorted(pid for pid in self.instance.processes() if Daemon(pid).title.startswith(text))

    def wait_until_running(self, queues=1):
        """Until the queues take mail and answer."""
        def whole():
            try:
                reports = self.instance.status()["queues"]
                return len(reports) >= queues and all(len(queue.get("daemons", ())) == 6 for queue in reports)
            except Exception:  # not there yet, in whatever way
                return False
        wait_until(whole, lambda: f"the queues; log: {self.instance.log[-4000:]}", pause=0.05)


@pytest.fixture
def daemons(instance, request):
    """The daemons of an instance; at the end they are stopped in order, unless the test has failed."""
    made = Daemons(instance)
    yield made
    if not getattr(request.node, "failed", False):
        for daemon in made.started:
            daemon.stop()


def takes_nobody(dialogue):
    """A server that answers well and takes nobody's mail: its destination is no dead one that is left in peace for a while."""
    dialogue.greet()
    dialogue.take_envelope(rcpt="450 4.2.1 not now", data=None)
