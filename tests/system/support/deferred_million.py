"""A great many deferred messages, each for an address of its own, and what the operator's commands cost beside them."""
import dataclasses
import os
import pathlib
import re
import subprocess
import time

from .backlog import resident, sent
from .filler import fill
from .instance import Instance, free_port, wait_until
from .recorder import Recorder, letter
from .remote_sink import Sink
from .smtp_server import program

NEEDLE = "needle@hay.test"


@dataclasses.dataclass
class Figures:
    messages: int
    deferred_in: float  # seconds from the first message until the last was tried
    memory: float  # MiB: Pss of all qmail-send together
    resident: float  # MiB: VmRSS of them
    preview: float  # seconds of mailq -qRneedle
    first_delivery: float  # seconds from the start of sendmail -qRneedle until its message arrives
    run: float  # seconds until it ends
    first_line: float  # seconds until mailq of everything says of a message
    listing: float  # seconds of all of it
    listing_memory: float  # MiB: largest VmRSS of mailq
    memory_listing: float  # MiB: Pss of all qmail-send after that
    restart: float  # seconds from the start of the daemons to the delivery of a new message
    memory_restart: float  # MiB: Pss after the restart

    def __str__(self):
        return "\n".join(f"{name:16} {value:.2f}" if isinstance(value, float) else f"{name:16} {value}"
                         for name, value in dataclasses.asdict(self).items())


def proportional(pid):
    """MiB."""
    return int(re.search(r"^Pss:\s+(\d+)", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)[1]) / 1024


def senders(instance):
    return [pid for name, pid in instance.pids.items() if name.startswith("qmail-send")]


def memory(instance):
    return sum(proportional(pid) for pid in senders(instance))


def totals(instance):
    """(messages, deferrals)."""
    queues = instance.status()["queues"]
    return sum(queue["messages"] for queue in queues), sum(queue["figures"]["deferred"] for queue in queues)


def defer(instance, messages):
    """Seconds until each of so many was tried once."""
    begun = time.monotonic()
    fill(instance, messages, lambda i: f"user{i}@dead.test")
    wait_until(lambda: min(totals(instance)) >= messages,
               lambda: f"{messages} deferrals; (messages, deferrals) are {totals(instance)}", 3600, pause=0.5)
    return time.monotonic() - begun


def command(instance, name, *arguments):
    return subprocess.Popen([program(name), *arguments], env=instance.variables(), cwd="/", stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE)


def preview(instance):
    begun = time.monotonic()
    process = command(instance, "mailq", "-qRneedle")
    text = process.communicate()[0]
    assert process.returncode == 0 and text.count(NEEDLE.encode()) == 1, text[-2000:]
    return time.monotonic() - begun


def flush(instance, recorder):
    """(seconds to the delivery, seconds to the end of the command)"""
    begun = time.monotonic()
    process = command(instance, "sendmail", "-qRneedle")
    process.communicate()
    ended = time.monotonic() - begun
    assert process.returncode == 0
    recorder.wait_for(["needle"])
    assert len(recorder.arrivals["needle"]) == 1
    return recorder.arrivals["needle"][0] - begun, ended


def listing(instance, messages):
    """(seconds to the first message, seconds in all, MiB of mailq)"""
    begun = time.monotonic()
    process = command(instance, "mailq")
    descriptor, tail, first, listed = process.stdout.fileno(), b"", None, 0
    while piece := os.read(descriptor, 1 << 20):
        listed += (tail[-8:] + piece).count(b"@dead.tes") - tail[-8:].count(b"@dead.tes")
        tail = piece
        if first is None and listed:
            first = time.monotonic() - begun
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert (process.returncode, listed) == (0, messages)
    return first, time.monotonic() - begun, usage.ru_maxrss / 1024


def measure(messages):
    needle_port = free_port()
    with Sink(None, "-r", "RCPT", "-m", "1000") as dead, Recorder() as recorder, Instance() as instance:  # which defers
        instance.start(retry="run", concurrencyremote=100, lane__limit=100, lane__initial_window=50,
                       smtproutes=[f"hay.test:127.0.0.1:{needle_port}", f"dead.test:127.0.0.1:{dead.port}",
                                   f"x.test:{recorder.route}"])
        instance.send(NEEDLE, letter("needle"))
        deferred_in = defer(instance, messages)
        found = {"messages": messages, "deferred_in": deferred_in, "memory": memory(instance),
                 "resident": sum(resident(pid) for pid in senders(instance)), "preview": preview(instance)}
        with Recorder(port=needle_port) as needle:
            found["first_delivery"], found["run"] = flush(instance, needle)
        found["first_line"], found["listing"], found["listing_memory"] = listing(instance, messages)
        found["memory_listing"] = memory(instance)
        assert instance.stop() == 0

        begun = time.monotonic()
        instance.spawn()
        wait_until(lambda: sent(instance), "a new message to be taken", 600)
        recorder.wait_for(["new"], 600)
        found["restart"] = time.monotonic() - begun
        instance.wait_until_ready()
        found["memory_restart"] = memory(instance)
        assert totals(instance)[0] >= messages
        return Figures(**found)
