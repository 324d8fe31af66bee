"""sendmail, chapter 11.8.3: persistent queue runners, -qp. Each test bears the number of its section; what stands in
quotation marks is the chapter's."""
import os
import re
import signal
import threading
import time

import pytest

from support.daemons import Daemon, daemons  # noqa: F401  (the fixture)
from support.instance import PATIENCE, wait_until
from support.local_programs import run
from support.recorder import letter
from support.remote_server import Server
from support.smtp_server import sanitized
from support.waiting_mail import destination, post, wait_until_deferred, wait_until_queued

RUNNER = "sendmail: running queue: /"


@pytest.fixture
def two_groups(instance, destination, daemons):  # noqa: F811
    """The daemons of an instance with the default group and a group slow."""
    instance.configure(smtproutes=[destination.route_of()], queuegroups=["slow, q=1"], queuegroupmap=["slow.test:slow"])
    return daemons


def begin(daemons, *arguments):  # noqa: F811
    """The controlling process, once the queues take mail."""
    controller = daemons.start(*arguments)
    daemons.wait_until_running()
    if "-bd" in arguments:
        wait_until(daemons.instance.greets, "the SMTP server")
    return controller


def runners(daemons, count=2):  # noqa: F811
    """Their process ids, once there are so many."""
    return wait_until(lambda: len(found := daemons.titled(RUNNER)) == count and found,
                      lambda: f"{count} runners; the log: {daemons.instance.log[-3000:]}")


def kill_runner(daemons, signo):  # noqa: F811
    """A signal to a runner; its former process id, once it is gone."""
    victim = runners(daemons)[0]
    os.kill(victim, signo)
    wait_until(lambda: victim not in daemons.titled(RUNNER), "its end")
    return victim


def attempts_of(instance):
    return max(recipient["attempts"] for message in instance.queue() for recipient in message["recipients"])


# -- starting, and what it shows ---------------------------------------------------------------------------------------


def test_11_8_3_one_runner_for_each_queue_group(instance, two_groups):
    # "One will be launched to handle your default queue group, and one more ... each queue group defined"
    controller = begin(two_groups, "-bd", "-qp")
    shown = [Daemon(pid).title for pid in runners(two_groups)]
    # "sendmail: accepting connections" and "sendmail: running queue: /var/spool/mqueues/q.1/df"
    assert controller.title == "sendmail: accepting connections"
    directories = [title.removeprefix("sendmail: running queue: ") for title in shown]
    assert sorted(directory.startswith(str(instance.home / "queue/slow")) for directory in directories) == [False, True]


def test_11_8_3_without_bd_the_controlling_process_is_a_queue_processing_daemon(instance, two_groups):
    begin(two_groups, "-bd")
    controller = begin(two_groups, "-qp")
    assert controller.title == "sendmail: Queue control"
    runners(two_groups)


def test_11_8_3_mail_is_tried_in_the_rhythm_of_the_runner(instance, destination, two_groups):
    begin(two_groups, "-bd", "-qp")
    post(instance, "one", "a@x.test")
    wait_until_deferred(instance, 1)
    wait_until(lambda: attempts_of(instance) >= 4, "attempts", pause=0.05)  # every second
    with destination.open() as recorder:
        recorder.wait_for(["one"])
        assert not recorder.duplicates()


def test_11_8_3_the_interval_is_slept_between_runs(instance, destination, two_groups):
    begin(two_groups, "-bd", "-qp3s")
    runners(two_groups)
    post(instance, "one", "a@x.test")
    tried = []
    wait_until_deferred(instance, 1)

    def counted():
        attempts = attempts_of(instance)
        if attempts > len(tried):
            tried.append(time.monotonic())
        return len(tried) >= 4
    wait_until(counted, "attempts", pause=0.02)
    gaps = [later - earlier for earlier, later in zip(tried[1:], tried[2:])]
    assert all(2.5 < gap < 8 for gap in gaps), gaps


@pytest.mark.parametrize("switch", ["-qp", "-qp0"])
def test_11_8_3_by_default_one_second(instance, destination, two_groups, switch):
    # "If interval is specified as zero, the effect is the same as if it were omitted"
    begin(two_groups, "-bd", switch)
    post(instance, "one", "a@x.test")
    wait_until_deferred(instance, 1)
    begun, before = time.monotonic(), attempts_of(instance)
    wait_until(lambda: attempts_of(instance) >= before + 3, "three runs more", pause=0.02)
    assert time.monotonic() - begun < 12  # a second each, not five; the machine may be loaded
    instance.wait_for_log(r"persistent-queueing@00:00:01")


def test_11_8_3_after_an_empty_run_five_seconds(instance, destination, two_groups):
    # "unless the prior queue run was empty, in which instance it will sleep five seconds". Mail that comes into an empty
    # queue and waits for a run shows when the next begins.
    begin(two_groups, "-bd", "-qp")
    runners(two_groups)
    waits = []
    with destination.open() as recorder:
        for number in range(4):
            run(instance, "sendmail", "-odq", "a@x.test", text=letter(f"letter{number}"), check=0)
            begun = time.monotonic()
            recorder.wait_for([f"letter{number}"])
            waits.append(time.monotonic() - begun)
            instance.wait_until_empty()
    # At most five seconds, and more than the one second after a run that found something.
    assert max(waits) > 1.5, waits
    assert max(waits) < 15, waits


# -- wrong intervals ---------------------------------------------------------------------------------------------------


def test_11_8_3_a_negative_interval(instance, two_groups):
    done = run(instance, "sendmail", "-qp-5", check=64)
    assert (done.stdout, done.stderr) == ("", "Invalid -q value\n")


def test_11_8_3_an_interval_that_is_no_number(instance, two_groups):
    # "if you specify O when you mean zero"
    done = run(instance, "sendmail", "-qpO", check=64)
    assert (done.stdout, done.stderr) == ("", "Invalid time unit `O'\n")


# -- the controlling process and its runners ---------------------------------------------------------------------------


def test_11_8_3_hup_to_the_controlling_process_restarts_the_runners(instance, destination, two_groups):
    controller = begin(two_groups, "-bd", "-qp")
    before = runners(two_groups)
    controller.signal(signal.SIGHUP)
    wait_until(lambda: len(now := two_groups.titled(RUNNER)) == 2 and not set(now) & set(before), "new runners")
    # "restart queue runner=number due to signal signal"
    instance.wait_for_log(r"restart queue runner=0 due to signal 1\b")
    instance.wait_for_log(r"restart queue runner=1 due to signal 1\b")
    post(instance, "one", "a@x.test")
    wait_until_deferred(instance, 1)
    with destination.open() as recorder:
        recorder.wait_for(["one"])
        assert not recorder.duplicates()


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_11_8_3_a_runner_that_dies_is_started_again(instance, two_groups, signo):
    begin(two_groups, "-bd", "-qp")
    victim = kill_runner(two_groups, signo)
    assert victim not in runners(two_groups)
    instance.wait_for_log(rf"persistent queue runner=\d died, signal={int(signo)}\b")


@pytest.mark.skipif(sanitized(), reason="the sanitizer takes the signal and forbids core files")
def test_11_8_3_a_runner_that_dumps_core_is_not(instance, two_groups):
    begin(two_groups, "-bd", "-qp")
    victim = runners(two_groups)[0]
    os.kill(victim, signal.SIGSEGV)
    found = instance.wait_for_log(r"persistent queue runner=(\d) (core dumped|died), signal=11")
    if found[2] == "core dumped":  # where the limit of core files allows it
        runners(two_groups, 1)
    else:
        runners(two_groups)


def test_11_8_3_no_persistent_restart(instance, two_groups):
    begin(two_groups, "-bd", "-qp", "-dno_persistent_restart")
    kill_runner(two_groups, signal.SIGKILL)
    instance.wait_for_log(r"persistent queue runner=\d, exited")
    assert len(runners(two_groups, 1)) == 1


def test_11_8_3_a_runner_is_restarted_ten_times_and_no_more(instance, two_groups):
    begin(two_groups, "-bd", "-qp")
    one, other = runners(two_groups)
    lost = "ERROR: persistent queue runner=%s restarted too many times, queue runner lost"
    for _ in range(11):
        os.kill(one, signal.SIGKILL)
        wait_until(lambda: one not in two_groups.titled(RUNNER), "its end")
        found = wait_until(lambda: [pid for pid in two_groups.titled(RUNNER) if pid != other] or "too many" in instance.log,
                           "another runner, or the end of patience")
        if found is True:
            break
        one = found[0]
    number = instance.wait_for_log(lost % r"(\d)")[1]
    assert len(re.findall(rf"persistent queue runner={number} died", instance.log)) == 11
    # The other group's runner is untouched.
    assert two_groups.titled(RUNNER) == [other]


# -- the stall of which the chapter warns ------------------------------------------------------------------------------


def test_11_8_3_a_hung_destination_delays_no_later_run(instance, destination, two_groups):
    # "One regular queue runner, delivering to a very slow site, can appear to hang, and so can cause the persistent queue
    # runner to also appear to hang": not here.
    hung = threading.Event()

    def script(dialogue):
        hung.wait(PATIENCE)
    with Server(script) as slow:
        instance.configure(smtproutes=[f"hung.test:127.0.0.1:{slow.port}", destination.route_of()])
        begin(two_groups, "-bd", "-qp")
        post(instance, "hangs", "a@hung.test")
        wait_until(lambda: slow.dialogues, "the delivery that hangs")
        post(instance, "one", "a@x.test")
        wait_until(lambda: len(instance.queue()) == 2, "both messages", pause=0.05)
        wait_until(lambda: attempts_of(instance) >= 3, "three runs more while it hangs", pause=0.05)
        with destination.open() as recorder:
            recorder.wait_for(["one"])
        assert len(wait_until_queued(instance, 1)) == 1
        hung.set()
