"""Queue groups with intervals of their own under the timers of sendmail -q1h and the runners of -qp, and work groups:
several groups behind one runner (queuegroups(5), 11.8.3)."""
import os
import re
import signal
import time

import pytest

from support.daemons import daemons, takes_nobody  # the fixture
from support.instance import wait_until
from support.remote_server import Server
from support.waiting_mail import post

RUNNER = "sendmail: running queue: "
NAMES = ("usual", "fast", "slow")
MAP = ["fast.test:fast", "slow.test:slow"]


@pytest.fixture
def closed():
    with Server(takes_nobody) as server:
        yield server


def attempts(instance, domain):
    return len(re.findall(rf"starting delivery \S+ msg \d+ to remote \S+@{domain}\.test", instance.log))


def begin(daemons, closed, *switches, **settings):
    """A message for each group, deferred once, and how often each was tried before."""
    instance = daemons.instance
    instance.configure(smtproutes=[f":127.0.0.1:{closed.port}"], queuegroupmap=MAP, **settings)
    daemons.start("-bd", *switches)
    daemons.wait_until_running(queues=3)
    wait_until(instance.greets, "the greeting")
    for name in NAMES:
        post(instance, name, f"a@{name}.test")
    for name in NAMES:
        wait_until(lambda name=name: attempts(instance, name) >= 1, f"the first attempt of {name}")


def tries_within(instance, seconds):
    before = {name: attempts(instance, name) for name in NAMES}
    time.sleep(seconds)  # how many runs there are in a time is the question
    return {name: attempts(instance, name) - before[name] for name in NAMES}


@pytest.mark.parametrize("declared", [
    {"queuegroups": ["fast, q=1, I=1s", "slow, q=1, I=1h"]},
    {"group.fast__interval": "1s", "group.slow__interval": "1h"},
], ids=["I=", "interval"])
@pytest.mark.parametrize("switch", ["-q4s", "-qp4s"])
def test_each_group_is_run_at_its_own_interval(instance, daemons, closed, declared, switch):
    begin(daemons, closed, switch, **declared)
    wait_until(lambda: attempts(instance, "fast") >= 4, "more than the first runs of all")
    counted = tries_within(instance, 9)
    assert counted["slow"] == 0
    assert 1 <= counted["usual"] <= 3, counted
    assert counted["fast"] >= 2 * counted["usual"] and counted["fast"] <= 10, counted


def runners(daemons, count):
    return wait_until(lambda: len(found := daemons.titled(RUNNER)) == count and found, lambda: daemons.instance.log[-2000:])


def test_groups_share_runners_as_the_limit_says_and_keep_their_rhythms(instance, daemons, closed):
    # R= of the groups are 3, 2 and 1: within 5 there is room for two work groups.
    begin(daemons, closed, "-qp1s", queue_run__max_children=5,
          queuegroups=["mqueue, R=3", "fast, q=1, R=2", "slow, q=1, R=1, I=1h"])
    shared = runners(daemons, 2)
    wait_until(lambda: attempts(instance, "fast") >= 3, "more than the first runs of all")
    counted = tries_within(instance, 5)
    assert counted["slow"] == 0 and counted["usual"] >= 2 and counted["fast"] >= 2, counted
    # The end of one concerns that one only.
    for victim in shared:
        os.kill(victim, signal.SIGTERM)
        wait_until(lambda victim=victim: victim not in daemons.titled(RUNNER), "its end")
        runners(daemons, 2)
    for number in range(2):
        instance.wait_for_log(rf"persistent queue runner={number} died, signal=15$")
    counted = tries_within(instance, 5)
    assert counted["slow"] <= 1 and counted["usual"] >= 2 and counted["fast"] >= 2, counted


def test_one_runner_does_for_all_groups_if_no_more_are_allowed(instance, daemons, closed):
    begin(daemons, closed, "-qp1s", queue_run__max_children=1, queuegroups=["fast, q=1", "slow, q=1"])
    runners(daemons, 1)
    counted = tries_within(instance, 5)
    assert all(count >= 2 for count in counted.values()), counted


def test_a_daemon_for_one_group_runs_that_one(instance, daemons, closed):
    """Also by the default group's other name."""
    begin(daemons, closed, "-q1s", "-qGdefault", queuegroups=["fast, q=1", "slow, q=1"])
    wait_until(lambda: attempts(instance, "usual") >= 4, "runs of the default group")
    assert attempts(instance, "fast") == attempts(instance, "slow") == 1


def test_a_hung_up_daemon_runs_with_the_settings_that_it_read_again(instance, daemons, closed):
    """Who may start runs is one of them: it is a matter of the user that runners have."""
    begin(daemons, closed, "-qp1s", queuegroups=["fast, q=1", "slow, q=1"])
    before = runners(daemons, 3)
    instance.configure(restrict_qrun=True)
    daemons.started[0].signal(signal.SIGHUP)
    wait_until(lambda: not set(runners(daemons, 3)) & set(before), "new runners")
    counted = tries_within(instance, 5)
    assert all(count >= 2 for count in counted.values()), counted
    assert "only root" not in instance.log
