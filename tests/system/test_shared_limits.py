"""lane.limit holds for all queues of an instance together: counted by a server that sees what really comes at once."""
import os
import re
import select
import signal
import threading

from support.instance import wait_until
from support.recorder import letter
from support.remote_server import Gone, Server

LIMIT = 4
MESSAGES = 150


class Gauge:
    """The script of a server that takes `pause` seconds for each message and counts how many are under way."""

    def __init__(self, pause):
        self.pause, self.lock = pause, threading.Lock()
        self.now = self.most = 0

    def __call__(self, dialogue):
        dialogue.greet()
        while True:
            dialogue.take_envelope(data=None)
            with self.lock:
                self.now += 1
                self.most = max(self.most, self.now)
            try:
                dialogue.say("354 go on\r\n")
                body = dialogue.read_until(b"\r\n.\r\n")
                if select.select([dialogue.connection], [], [], self.pause)[0]:  # it does not pipeline here: it has gone
                    raise Gone
            finally:
                with self.lock:
                    self.now -= 1
            with dialogue.server.changed:
                dialogue.server.messages.append(body)
            dialogue.say("250 2.0.0 Ok\r\n")


def start(instance, server, **settings):
    return instance.start(queue_count=3, lane__limit=LIMIT, lane__initial_window=LIMIT, concurrencyremote=20,
                          smtproutes=[f"x.test:127.0.0.1:{server.port}"], **settings)


def send_many(instance, count=MESSAGES):
    with instance.smtp() as client:
        for number in range(count):
            client.sendmail("sender@example.com", [f"a{number}@x.test"], letter(str(number), 300))


def bodies(server):
    return {re.search(rb"^Subject: (.*?)\r?$", body, re.MULTILINE)[1] for body in server.messages}


def senders(instance):
    return [pid for name, pid in instance.pids.items() if name.split(".")[0] == "qmail-send"]


def test_three_queues_keep_the_limit_of_one_destination(instance):
    gauge = Gauge(0.03)
    with Server(gauge) as server:
        start(instance, server)
        send_many(instance)
        instance.wait_until_empty()
        assert len(bodies(server)) == MESSAGES == len(server.messages)
    assert gauge.most == LIMIT
    started = [len(re.findall(rf"^starting delivery \d+\.?queue{number}\b|^starting delivery {number}\.", instance.log, re.MULTILINE))
               for number in (1, 2, 3)]
    assert sum(1 for count in started if count > 0) in (0, 3), started


def test_a_killed_scheduler_leaves_its_share_to_the_others(instance):
    gauge = Gauge(0.03)
    with Server(gauge) as server:
        start(instance, server)
        send_many(instance)
        for victim in senders(instance)[:2]:
            before = len(server.messages)
            os.kill(victim, signal.SIGKILL)
            wait_until(lambda: len(server.messages) > before + 5, "deliveries to go on")
        wait_until(lambda: len(bodies(server)) == MESSAGES, "every message")
        instance.wait_until_empty()
    assert gauge.most <= LIMIT


def test_who_waits_for_another_queue_is_told_so(instance):
    gauge = Gauge(30)
    with Server(gauge) as server:
        start(instance, server)
        send_many(instance, 30)

        def waits():
            recipients = [recipient for message in instance.queue() for recipient in message["recipients"]]
            return [recipient for recipient in recipients if recipient["reason"] == "instance-limit"]
        waiting = wait_until(waits, "a recipient that waits for the limit")
        wait_until(lambda: gauge.now == LIMIT, "the limit to be used")
        waiting = waits()
        assert all(sum(recipient["held_by"].values()) == LIMIT for recipient in waiting), waiting
        assert gauge.most == LIMIT
        gauge.pause = 0
        for dialogue in server.dialogues:
            dialogue.connection.close()


def test_a_table_that_is_none_is_made_anew(instance):
    with Server(Gauge(0.01)) as server:
        instance.set_up()
        table = instance.home / "run/limits/table"
        table.parent.mkdir(exist_ok=True)
        table.write_bytes(b"garbage")
        table.chmod(0o666)
        start(instance, server)
        send_many(instance, 20)
        instance.wait_until_empty()
        assert "lane.limit" not in instance.log
        assert len(server.messages) == 20


def test_without_a_table_queues_keep_limits_of_their_own_and_say_so(instance):
    with Server(Gauge(0.01)) as server:
        instance.set_up()
        (instance.home / "run/limits/table").mkdir(parents=True)
        start(instance, server)
        instance.wait_for_log("lane.limit holds for this queue by itself", times=3)
        send_many(instance, 20)
        instance.wait_until_empty()
        assert len(server.messages) == 20
