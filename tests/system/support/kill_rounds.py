"""Kills daemons of an instance at random moments under load, and counts what becomes of the mail.

Every message for which a client saw 250 must be delivered. One may be delivered twice only if its delivery was so close
before a kill that its record was not on the disk yet: state records are synced at most 100 ms after they were made.
"""
import dataclasses
import os
import random
import signal
import smtplib
import threading
import time

from .instance import QUEUE_DAEMONS, Instance, Unavailable, wait_until
from .recorder import Recorder, letter

EVERYTHING = "everything"
VICTIMS = (*QUEUE_DAEMONS, "sluice-smtpd", "qscheduler", EVERYTHING, EVERYTHING)
LAG = 0.1  # of the records of deliveries, at most
UNDER_WAY = 0.05  # so long after a kill a server may still answer what was sent before


@dataclasses.dataclass
class Result:
    rounds: int
    acknowledged: int
    seconds: float
    lost: list
    duplicates: int
    kills: dict
    gaps: list  # of each duplicate: seconds from the delivery that was forgotten to the kill; None: no kill explains it
    damaged: str = ""  # what `sluice journal verify` says, if it is not content

    def unexplained(self, margin):
        return [gap for gap in self.gaps if gap is None or gap > LAG + margin]

    def __str__(self):
        seen = sorted(gap for gap in self.gaps if gap is not None)
        gaps = f"; from delivery to kill {seen[len(seen) // 2] * 1000:.0f} ms (median), {seen[-1] * 1000:.0f} ms at most" if seen else ""
        return (f"{self.rounds} rounds in {self.seconds:.0f} s: {self.acknowledged} acknowledged, {len(self.lost)} lost, "
                f"{self.duplicates} delivered twice{gaps}; kills: " +
                ", ".join(f"{name} {count}" for name, count in sorted(self.kills.items())))


class Load:
    """Clients that send until they are told to stop, and remember what was acknowledged."""

    def __init__(self, instance, clients, seed, pause):
        self.instance, self.pause = instance, pause
        self.acknowledged = [[] for _ in range(clients)]
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(number, random.Random(f"{seed}/{number}")), daemon=True)
                        for number in range(clients)]
        for thread in self.threads:
            thread.start()

    def _run(self, number, chance):
        count = 0
        while not self.stopping.is_set():
            try:
                with self.instance.smtp() as client:
                    while not self.stopping.is_set():
                        identity, count = f"c{number}-{count}", count + 1
                        size = chance.choice((0, 500, 4000, 4000, 4000, 20_000))
                        if chance.random() < 0.01:
                            size = 300_000  # beside the journal
                        client.sendmail("s@example.com", ["a@x.test"], letter(identity, size))
                        self.acknowledged[number].append(identity)
                        self.stopping.wait(chance.uniform(0, 2 * self.pause))
            except (smtplib.SMTPException, OSError):
                self.stopping.wait(0.02)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        return {identity for part in self.acknowledged for identity in part}


def kill(instance, victim):
    """The instant, or None if the victim was not there to be killed."""
    try:
        pid = instance.pids.get(victim, 0) if victim != EVERYTHING else 0
    except Unavailable:
        return None
    if victim == EVERYTHING:
        now = time.monotonic()
        instance.kill_all()
    elif pid > 0:
        now = time.monotonic()
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return None
    else:
        return None
    if victim in ("qscheduler", EVERYTHING):
        instance.process.wait(60)
        instance.spawn()
    return now


def gap_before(kills, earlier):
    """Seconds from a delivery to the next kill; 0: it was under way when one happened; None: no kill followed."""
    if any(0 <= earlier - instant < UNDER_WAY for instant in kills):
        return 0.0
    return min((instant - earlier for instant in kills if instant > earlier), default=None)


def run(rounds, seed, clients=4, pause=0.004, tell=lambda text: None):
    chance = random.Random(seed)
    started = time.monotonic()
    counts, kills = {}, []
    with Recorder() as recorder, Instance() as instance:
        instance.start(smtproutes=[f"x.test:{recorder.route}"], journal__segment_size="1M", supervisor__restart_delay="0s")
        load = Load(instance, clients, seed, pause)
        done = 0
        while done < rounds:
            time.sleep(chance.uniform(0.02, 0.6))  # the moment is the point here
            victim = chance.choice(VICTIMS)
            instant = kill(instance, victim)
            if instant is not None:
                if victim != "sluice-smtpd":
                    kills.append(instant)
                counts[victim] = counts.get(victim, 0) + 1
                done += 1
                tell(f"round {done}: {victim}; {len(recorder.arrivals)} delivered")
            if chance.random() < 0.7:  # else the next one meets an instance that is starting
                instance.wait_until_ready()
        acknowledged = load.stop()
        instance.wait_until_ready()

        def settled():
            instance.process.send_signal(signal.SIGALRM)
            try:
                return acknowledged <= recorder.arrivals.keys() and not instance.queue()
            except AssertionError:  # qmail-send is just starting
                return False
        try:
            wait_until(settled, "the queue to be empty", 120, pause=0.25)
        except AssertionError:
            pass  # what is missing is counted below
        verified = instance.tool("journal", "verify", instance.queue_directory)
        gaps = [gap_before(kills, times[i]) for times in recorder.duplicates().values() for i in range(len(times) - 1)]
        lost = sorted(acknowledged - recorder.arrivals.keys())
        if lost:
            tell(f"lost: {lost[:20]}\n{instance.log[-8000:]}")
        return Result(rounds, len(acknowledged), time.monotonic() - started, lost, len(recorder.duplicates()), counts, gaps,
                      "" if verified.returncode == 0 else verified.stdout + verified.stderr)
