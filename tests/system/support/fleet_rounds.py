"""Makes the number of queues grow and shrink under load, kills daemons at random meanwhile, and counts what becomes of the
mail: the rules are those of kill_rounds."""
import dataclasses
import os
import pathlib
import random
import re
import signal
import time

from . import posix_ipc
from .dynamic import counts, prepare, spawn_dynamic, tell_load
from .instance import Instance, Unavailable, wait_until
from .kill_rounds import LAG, Load, gap_before
from .recorder import Recorder

CEILING = 4
EVERYTHING = "everything"


@dataclasses.dataclass
class Result:
    rounds: int
    acknowledged: int
    seconds: float
    lost: list
    duplicates: int
    gaps: list
    grown: int
    retired: int
    kills: dict
    doubles: list  # queues that were seen with two working qmail-send
    damaged: str = ""

    def unexplained(self, margin):
        return [gap for gap in self.gaps if gap is None or gap > LAG + margin]

    def __str__(self):
        return (f"{self.rounds} rounds in {self.seconds:.0f} s: {self.acknowledged} acknowledged, {len(self.lost)} lost, "
                f"{self.duplicates} delivered twice; grown {self.grown} times, {self.retired} queues retired; kills: " +
                ", ".join(f"{name} {count}" for name, count in sorted(self.kills.items())))


def victim_of(instance, chance):
    """(name, pid) of a process; everything now and then."""
    if chance.random() < 0.06:
        return EVERYTHING, 0
    try:
        pids = {name: pid for name, pid in instance.pids.items() if pid > 0}
    except (Unavailable, OSError):
        return None
    return chance.choice(sorted(pids.items())) if pids else None


def kill(instance, chance, counted):
    """The instant, or None."""
    victim = victim_of(instance, chance)
    if victim is None:
        return None
    name, pid = victim
    now = time.monotonic()
    if name == EVERYTHING:
        instance.kill_all()
    else:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return None
    name = name.partition(".")[0]
    counted[name] = counted.get(name, 0) + 1
    if name in ("qscheduler", EVERYTHING):
        instance.process.wait(60)
        spawn_dynamic(instance)
    return None if name == "sluice-smtpd" else now


def grow(instance):
    offered = counts(instance)
    if not offered:
        return
    for number in range(1, max(1, offered[0]) + 1):
        try:
            tell_load(instance, number, 200)
        except AssertionError:  # there is no message queue just now
            return


def bound(instance, ceiling):
    instance.configure(queue_max=ceiling)
    if takes_orders(instance):
        instance.process.send_signal(signal.SIGHUP)


def takes_orders(instance):
    """It has come so far that HUP does not end it: it may be one that was started a moment ago."""
    try:
        status = pathlib.Path(f"/proc/{instance.process.pid}/status").read_text()
    except FileNotFoundError:
        return False
    masks = re.findall(r"^Sig(?:Blk|Cgt):\s*([0-9a-f]+)$", status, re.MULTILINE)
    return any(int(mask, 16) >> signal.SIGHUP - 1 & 1 for mask in masks)


def wait_ready(instance):
    def ready():
        try:
            queues = [queue for queue in instance.status()["queues"]]
            return queues and all(len(queue.get("daemons", ())) == 6 for queue in queues)
        except (Unavailable, OSError):
            return False
    wait_until(ready, lambda: f"the queues: {instance.tool('status')}{said_by_supervisor(instance)}", 120, pause=0.1)


def said_by_supervisor(instance):
    """The end of it: what concerns daemons, not mail."""
    return "\n".join(line for line in instance.log.splitlines() if re.match(r"(info|warn|alert|fatal): (?!sluice-smtpd: \[)", line))[-6000:]


def masters(instance):
    """Queues whose lock more than one qmail-send says it holds: names in the log of those that were refused do not count."""
    found = {}
    try:
        for queue in instance.status()["queues"]:
            for daemon in queue.get("daemons", ()):
                if daemon["name"] == "qmail-send":
                    found.setdefault(queue["queue"], set()).add(daemon["pid"])
    except (Unavailable, OSError):
        return []
    return [name for name, pids in found.items() if len(pids) > 1]


def run(rounds, seed, clients=4, pause=0.01, tell=lambda text: None):
    chance = random.Random(seed)
    started = time.monotonic()
    counted, kills, doubles = {}, [], []
    with Recorder() as recorder, Instance() as instance:
        try:
            prepare(instance, smtproutes=[f"x.test:{recorder.route}"], journal__segment_size="1M", queue_max=CEILING,
                    supervisor__restart_delay="0s")
            spawn_dynamic(instance)
            wait_ready(instance)
            load = Load(instance, clients, seed, pause)
            for done in range(1, rounds + 1):
                bound(instance, CEILING)
                grow(instance)
                time.sleep(chance.uniform(0.1, 1.5))  # the moment is the point here
                for _ in range(chance.choice((0, 1, 1, 2))):
                    instant = kill(instance, chance, counted)
                    if instant is not None:
                        kills.append(instant)
                    time.sleep(chance.uniform(0, 0.3))
                bound(instance, chance.choice((1, 1, 2)))
                time.sleep(chance.uniform(0.1, 1.0))
                if chance.random() < 0.3:
                    instant = kill(instance, chance, counted)
                    if instant is not None:
                        kills.append(instant)
                doubles += masters(instance)
                tell(f"round {done}: offered {counts(instance)}; {len(recorder.arrivals)} delivered")
            acknowledged = load.stop()
            wait_ready(instance)

            def settled():
                instance.process.send_signal(signal.SIGALRM)
                try:
                    return acknowledged <= recorder.arrivals.keys() and not instance.queue()
                except AssertionError:  # a qmail-send is just starting
                    return False
            try:
                wait_until(settled, "the queues to be empty", 180, pause=0.5)
            except AssertionError:
                pass  # what is missing is counted below
            lost = sorted(acknowledged - recorder.arrivals.keys())
            if lost:
                tell(f"lost: {lost[:20]}\n{instance.log[-8000:]}")
            damaged = ""
            for directory in sorted((instance.home / "queue").glob("queue*")):
                verified = instance.tool("journal", "verify", directory)
                damaged += "" if verified.returncode == 0 else verified.stdout + verified.stderr
            gaps = [gap_before(kills, times[i]) for times in recorder.duplicates().values() for i in range(len(times) - 1)]
            return Result(rounds, len(acknowledged), time.monotonic() - started, lost, len(recorder.duplicates()), gaps,
                          instance.log.count("Increasing qcount"), instance.log.count("qscheduler: Removed pid"), counted,
                          doubles, damaged)
        finally:
            instance._kill_everything()
            posix_ipc.remove_all(instance)
