"""Many deferred messages in one queue, and what they cost."""
import dataclasses
import json
import subprocess
import threading
import time

from .instance import Instance, free_port, wait_until
from .recorder import Recorder, letter
from .smtp_server import program


@dataclasses.dataclass
class Figures:
    messages: int
    accepted: float  # seconds that their acceptance took
    memory: float  # MiB: VmRSS of qmail-send with all of them
    listing: float  # seconds of `sluice queue` that lists all of them
    restart: float  # seconds from the start of qscheduler to the delivery of a new message
    memory_after: float  # MiB: VmRSS after the restart

    def __str__(self):
        return (f"{self.messages} deferred messages, accepted in {self.accepted:.1f} s: qmail-send {self.memory:.1f} MiB "
                f"({self.memory_after:.1f} MiB after a restart), sluice queue {self.listing:.2f} s, "
                f"from start to first delivery {self.restart:.2f} s")


def resident(pid):
    """MiB."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024


def fill(instance, messages, clients=8):
    """By pipelining clients that keep one session each."""
    failures = []

    def client(count):
        try:
            with instance.smtp() as session:
                session.ehlo()
                body = letter("waits", 500) + b".\r\n"
                for _ in range(count):
                    session.send(b"MAIL FROM:<s@example.com>\r\nRCPT TO:<a@dead.test>\r\nDATA\r\n")
                    assert [session.getreply()[0] for _ in range(3)] == [250, 250, 354]
                    session.send(body)
                    code, text = session.getreply()
                    assert code == 250, text
        except Exception as failure:
            failures.append(failure)
    threads = [threading.Thread(target=client, args=((messages + i) // clients,)) for i in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]


def listed(instance):
    """Seconds, and number of messages that `sluice queue` shows."""
    started = time.monotonic()
    done = subprocess.run([program("sluice"), "--home", str(instance.home), "queue"], env=instance.variables(),
                          stdout=subprocess.PIPE, check=True)
    return time.monotonic() - started, done.stdout.count(b"remote a@dead.test")


def measure(messages):
    with Recorder() as recorder, Instance() as instance:
        instance.start(smtproutes=[f"dead.test:127.0.0.1:{free_port()}", f"x.test:{recorder.route}"])
        started = time.monotonic()
        fill(instance, messages)
        accepted = time.monotonic() - started
        wait_until(lambda: instance.status()["queues"][0]["messages"] == messages, "all messages to be scheduled", pause=0.1)
        memory = resident(instance.pids["qmail-send"])
        listing, count = listed(instance)
        assert count == messages
        assert instance.stop() == 0

        started = time.monotonic()
        instance.spawn()
        wait_until(lambda: sent(instance), "a new message to be taken")
        recorder.wait_for(["new"])
        restart = time.monotonic() - started
        instance.wait_until_ready()
        memory_after = resident(instance.pids["qmail-send"])
        status = instance.status()["queues"][0]
        assert status["messages"] >= messages, json.dumps(status)
        return Figures(messages, accepted, memory, listing, restart, memory_after)


def sent(instance):
    try:
        instance.send("a@x.test", letter("new"))
        return True
    except Exception:  # it does not listen yet, or its queue is not there yet: a client tries again
        return False
