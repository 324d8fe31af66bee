"""The commands that look, over an instance whose number of queues follows the load."""
import json
import re
import signal
import subprocess

import pytest

from support import posix_ipc
from support.dynamic import counts, queue_states, start_dynamic, wait_for_count
from support.instance import PATIENCE, free_port, wait_until
from support.smtp_server import program


@pytest.fixture
def dynamic(instance):
    yield instance
    posix_ipc.remove_all(instance)


def run(instance, name, *arguments):
    return subprocess.run([program(name), *map(str, arguments)], env=instance.variables(), capture_output=True, text=True,
                          timeout=PATIENCE)


def two_queues(instance, **settings):
    """Made by a load that setqload told."""
    start_dynamic(instance, queue_count=1, queue_max=2, **settings)
    wait_for_count(instance, 1)
    done = run(instance, "setqload", "-q", 1, "10/10", "20/20")
    assert (done.returncode, done.stdout) == (0, "send load to qscheduler. qload=2.00\n")
    wait_for_count(instance, 2)
    wait_until(lambda: queue_states(instance) == {"queue1": "running", "queue2": "running"}, "both queues")


def give_up_the_second(instance):
    instance.configure(queue_max=1)
    instance.signal(signal.SIGHUP)


def picture(instance):
    done = run(instance, "qtop", "--once", "--json")
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["dynamic"]
    return {queue["queue"]: queue for queue in seen["queues"]}


def test_queues_that_come_and_go_are_seen_by_all_commands(dynamic):
    two_queues(dynamic)
    seen = picture(dynamic)
    assert [(queue["state"], queue["offered"], queue["disabled"]) for queue in seen.values()] == [("running", True, False)] * 2
    table = run(dynamic, "qmail-qread", "-i")
    assert table.returncode == 0
    assert re.search(r"^queue1     0/100    0/20   - enabled\nqueue2     0/100    0/20   - enabled\n"
                     r"threshold = 90\.00 , qcount = 2, qconf = 2, local = 0, remote = 0, qload_av =   0\.00$", table.stdout, re.MULTILINE)
    assert run(dynamic, "qmail-qstat").stdout.count("processing queue ") == 2

    give_up_the_second(dynamic)
    wait_until(lambda: queue_states(dynamic) == {"queue1": "running"}, "the second queue to retire")
    assert picture(dynamic)["queue2"] == {"queue": "queue2", "number": 2, "state": "retired"}
    assert re.search(r"^queue2 +retired$", run(dynamic, "qtop", "--once").stdout, re.MULTILINE)
    for name in ("qmail-qread", "qmail-qstat"):
        assert (run(dynamic, name).returncode, run(dynamic, name).stderr) == (0, "")
    assert "queue2" not in run(dynamic, "qmail-qread").stdout
    everything = run(dynamic, "qmail-qread", "-a")
    assert everything.returncode == 0 and "queue2" in everything.stdout  # its todo directory
    assert run(dynamic, "setqload", "-q", 2, "1").returncode == 100
    assert dynamic.stop() == 0
    assert run(dynamic, "qmonitor").returncode == 111


def test_a_queue_that_still_has_mail_is_shown_draining(dynamic):
    two_queues(dynamic, smtproutes=[f"x.test:127.0.0.1:{free_port()}"])
    assert run(dynamic, "setqload", "-q", 1, "-d").returncode == 0
    dynamic.environment["DYNAMIC_QUEUE"] = "1"
    done = subprocess.run([program("sendmail"), "b@x.test"], env=dynamic.variables(), input=b"Subject: x\n\nx\n", capture_output=True,
                          timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    wait_until(lambda: picture(dynamic)["queue2"]["messages"] == 1, "the message in the queue that is not disabled")
    assert picture(dynamic)["queue1"]["disabled"]
    give_up_the_second(dynamic)
    wait_for_count(dynamic, 1)
    seen = picture(dynamic)["queue2"]
    assert (seen["state"], seen["offered"]) == ("running", False)
    assert re.search(r"^queue2 .* draining$", run(dynamic, "qtop", "--once").stdout, re.MULTILINE)
    assert "b@x.test" in run(dynamic, "qmail-qread").stdout


def test_qmonitor_is_heard(dynamic):
    two_queues(dynamic)
    mark = dynamic.mark()
    with subprocess.Popen([program("qmonitor"), "-i", "1", "-v"], env=dynamic.variables(), stdout=subprocess.PIPE, text=True) as monitor:
        try:
            assert monitor.stdout.readline().startswith("queue load avg (local[  0.00]")
            dynamic.wait_for_log(r"total local\+remote load\[2\] = 0$", after=mark)
        finally:
            monitor.kill()
    assert counts(dynamic) == (2, 2)
