"""A dynamic queue that is retired while SMTP clients feed it: they notice nothing worse than "try again", and nothing is
lost."""
import random
import signal
import smtplib
import threading
import time

import pytest

from support.dynamic import counts, prepare, queue_states, spawn_dynamic, tell_load, wait_for_count
from support.instance import PATIENCE, Unavailable, wait_until
from support.recorder import Recorder, letter
from support.remote_server import Server

LARGE = 600_000  # streams to its queue in pieces
SHORT = 10  # seconds that a client may have to try again


class Clients:
    """Each sends over one connection until it is told to stop, and sends again what was answered 451. All else that is no
    250 is remembered."""

    def __init__(self, instance, number):
        self.instance, self.stopping = instance, threading.Event()
        self.accepted, self.troubles, self.waits = [], [], []
        self.threads = [threading.Thread(target=self._run, args=(i,), daemon=True) for i in range(number)]
        for thread in self.threads:
            thread.start()

    def _run(self, number):
        chance, count = random.Random(number), 0
        try:
            with self.instance.smtp() as client:
                while not self.stopping.is_set():
                    self._send(client, f"c{number}-{count}", LARGE if count % 20 == number else chance.choice((0, 4000, 20_000)))
                    count += 1
                    self.stopping.wait(chance.uniform(0, 0.01))
        except (smtplib.SMTPException, OSError) as trouble:
            self.troubles.append(f"client {number}: {trouble!r}")

    def _send(self, client, identity, size):
        began, refused = time.monotonic(), False
        while True:
            try:
                client.sendmail("s@example.com", ["a@x.test"], letter(identity, size))
                break
            except smtplib.SMTPResponseException as answer:
                if answer.smtp_code != 451:
                    raise
                refused = True
                time.sleep(0.02)
        if refused:
            self.waits.append(time.monotonic() - began)
        self.accepted.append(identity)

    def wait_for_more(self, number=40):
        mark = len(self.accepted)
        wait_until(lambda: len(self.accepted) >= mark + number or self.troubles, "more mail to be taken")
        assert not self.troubles

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in self.threads)


def taken(instance):
    """Name of each queue that answers to the messages that it was given since it began."""
    try:
        return {queue["queue"]: queue["figures"]["taken"] for queue in instance.status()["queues"] if "figures" in queue}
    except Unavailable:
        return {}


def bound(instance, ceiling):
    instance.configure(queue_max=ceiling)
    instance.process.send_signal(signal.SIGHUP)


def use_two(instance):
    bound(instance, 2)

    def offered():
        if (counts(instance) or (0, 0))[0] == 2:
            return True
        tell_load(instance, 1, 200)
        return False
    wait_until(offered, "two queues", pause=0.5)


@pytest.fixture
def dynamic(instance):
    prepare(instance, queue_count=1, queue_max=2)
    return instance


def test_a_queue_that_is_drained_under_load_refuses_nobody_for_good_and_loses_nothing(dynamic):
    release = threading.Event()

    def slow(dialogue):
        dialogue.greet()
        while True:
            dialogue.take_envelope()
            dialogue.take_body(None)
            release.wait(PATIENCE)
            dialogue.say("250 ok\r\n")
    with Recorder() as recorder, Server(slow) as held:
        dynamic.configure(smtproutes=[f"x.test:{recorder.route}", f"slow.test:127.0.0.1:{held.port}"])
        spawn_dynamic(dynamic)
        dynamic.wait_until_ready()
        clients, slow_ones = Clients(dynamic, 6), 0
        for round_number in range(1, 3):
            use_two(dynamic)
            wait_until(lambda: taken(dynamic).get("queue2", 0) > 20, "queue 2 to get its part", pause=0.05)
            # What does not come to an end keeps queue 2 from that, so that we can see it draining.
            release.clear()
            mark = dynamic.mark()
            while "to remote a@slow.test queue2\n" not in dynamic.log_after(mark):
                dynamic.send_patiently("a@slow.test", letter(f"slow{slow_ones}"))
                slow_ones += 1
                assert slow_ones < 500, "none of these comes to queue 2"
            bound(dynamic, 1)
            wait_for_count(dynamic, 1)
            wait_until(lambda: queue_states(dynamic) == {"queue1": "running", "queue2": "draining"}, "queue 2 to drain")
            clients.wait_for_more()  # what was on its way when the door was shut is in the queue by now
            before = wait_until(lambda: taken(dynamic), "figures")
            clients.wait_for_more()
            after = wait_until(lambda: taken(dynamic), "figures")
            assert after["queue1"] >= before["queue1"] + 30
            assert after["queue2"] == before["queue2"] and queue_states(dynamic)["queue2"] == "draining"
            release.set()
            dynamic.wait_for_log(r"^alert: qscheduler: Removed pid \d+\. New qcount=1$", times=round_number)
            wait_until(lambda: queue_states(dynamic) == {"queue1": "running"}, "queue 2 to retire")
            clients.wait_for_more()
        clients.stop()
        assert not clients.troubles
        assert max(clients.waits, default=0) < SHORT
        recorder.wait_for(clients.accepted)
        dynamic.wait_until_empty()
        assert not recorder.duplicates() and len(held.messages) == slow_ones
        assert len(recorder.arrivals) == len(clients.accepted)
        print(f"{len(clients.accepted)} messages, {len(clients.waits)} tried again")


def test_drains_that_come_and_go_cost_no_mail(dynamic):
    """Doors that are shut and opened as fast as qscheduler does it, at moments that nobody chose."""
    chance = random.Random(3)
    with Recorder() as recorder:
        dynamic.configure(smtproutes=[f"x.test:{recorder.route}"])
        spawn_dynamic(dynamic)
        dynamic.wait_until_ready()
        clients = Clients(dynamic, 6)
        for _ in range(6):
            use_two(dynamic)
            time.sleep(chance.uniform(0, 0.5))  # the moment is the point here
            bound(dynamic, 1)
            time.sleep(chance.uniform(0, 0.5))
        clients.wait_for_more()
        clients.stop()
        assert not clients.troubles
        assert max(clients.waits, default=0) < SHORT
        recorder.wait_for(clients.accepted)
        wait_until(lambda: list(queue_states(dynamic)) == ["queue1"], "queue 2 to retire")
        dynamic.wait_until_empty()
        assert not recorder.duplicates()
        print(f"{len(clients.accepted)} messages, {len(clients.waits)} tried again")
