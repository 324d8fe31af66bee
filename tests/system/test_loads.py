"""qmonitor, setqload and qmail-qread -i over shared memory and a message queue that the test makes, and -i of no queue."""
import subprocess

import pytest

from support.instance import PATIENCE, wait_until
from support.ipc_objects import IpcObjects
from support.smtp_server import program

NO_SCHEDULER = "fatal: dynamic queue disabled / qscheduler not running"


@pytest.fixture
def objects(instance):
    with IpcObjects() as made:
        instance.set_up(ipc_prefix=made.prefix)
        yield made


def run(instance, name, *arguments):
    return subprocess.run([program(name), *map(str, arguments)], env=instance.variables(), capture_output=True, text=True,
                          timeout=PATIENCE)


class Running:
    """A qmonitor that looks every second until the test has seen enough."""

    def __init__(self, instance, *arguments):
        self.process = subprocess.Popen([program("qmonitor"), "-i", "1", *arguments], env=instance.variables(), text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=PATIENCE)

    def lines(self, count):
        return [self.process.stdout.readline() for _ in range(count)]


def test_without_dynamic_queues_the_commands_say_so(instance, objects):
    done = run(instance, "qmonitor", "-v")
    assert (done.returncode, done.stdout, done.stderr) == (111, "", f"qmonitor: {NO_SCHEDULER}\n")
    for arguments in (["0.5"], ["-d"]):
        done = run(instance, "setqload", "-q", 1, *arguments)
        assert (done.returncode, done.stderr) == (111, f"setqload: {NO_SCHEDULER}\n")
    assert run(instance, "qmail-qread", "-i").returncode == 100


def test_qmonitor_tells_the_loads_of_all_queues_calm_ones_too(instance, objects):
    objects.scheduler(2)
    objects.queue(1, (5, 10), (5, 20))
    objects.queue(2, (0, 10), (0, 20))
    with Running(instance):
        found = []
        wait_until(lambda: found.extend(objects.loads()) or len(found) >= 4, lambda: f"four loads: {found}")
        assert found[:4] == [(1, 75), (2, 0)] * 2
        objects.queue(2, (10, 10), (20, 20))
        wait_until(lambda: (2, 200) in objects.loads(), "the new load")


def test_qmonitor_prints_above_the_threshold_only(instance, objects):
    objects.scheduler(1)
    objects.queue(1, (10, 10), (10, 20))
    with Running(instance, "-t", "70") as monitor:
        assert monitor.lines(2) == ["queue load avg (local[100.00] + remote[ 50.00])/2 =  75.00 > (70 * 2) = 140.00\n",
                                    "queue[0] load = 150.00\n"]
    with Running(instance) as monitor:
        wait_until(objects.loads, "a load that was not printed")
        objects.queue(1, (10, 10), (20, 20))
        assert "100.00 > (90 * 2) = 180.00" in monitor.lines(1)[0]
    with Running(instance, "-v") as monitor:
        objects.queue(1, (0, 10), (0, 20))
        wait_until(lambda: monitor.lines(2)[0].endswith("=   0.00 <= (90 * 2) = 180.00\n"), "the calm line")


def test_qmonitor_n_looks_and_sends_nothing(instance, objects):
    objects.scheduler(1)
    objects.queue(1, (1, 10), (1, 20))
    with Running(instance, "-n") as monitor:
        assert len([line for line in monitor.lines(4) if line.startswith("queue[0] load = 15.00")]) == 2
    assert objects.loads() == []


def test_qmonitor_ends_when_qscheduler_does(instance, objects):
    objects.scheduler(1)
    objects.queue(1, (1, 10), (1, 20))
    with Running(instance, "-v") as monitor:
        monitor.lines(2)
        objects.remove("qscheduler")
        assert monitor.process.wait(PATIENCE) == 111
        assert monitor.process.stderr.read().endswith(f"qmonitor: {NO_SCHEDULER}\n")


def test_qmonitor_goes_on_when_nobody_reads_and_when_a_queue_has_no_counts(instance, objects):
    objects.scheduler(3, messages=1)
    objects.queue(1, (1, 10), (1, 20))
    objects.queue(3, (1, 10), (1, 20))
    with Running(instance, "-v") as monitor:
        assert [line.partition(" load")[0] for line in monitor.lines(6)] == ["queue", "queue[0]", "queue[2]"] * 2
        monitor.process.kill()
        complaints = monitor.process.stderr.read()
    assert "message queue is full" in complaints and f"{objects.prefix}queue2" in complaints


def test_the_queues_of_qmonitor_begin_with_queue_start(instance, objects):
    instance.configure(queue_start=3)
    objects.scheduler(1)
    objects.queue(3, (1, 10), (1, 20))
    with Running(instance):
        assert wait_until(objects.loads, "a load")[0] == (3, 15)


@pytest.mark.parametrize("arguments, load, shown", [(["0.45"], 45, "0.45"), (["2/10", "5/20"], 45, "0.45"), (["0"], 0, "0.00"),
                                                    (["1+1*3"], 200, "4.00"), (["-1+1.5"], 50, "0.50")], ids=str)
def test_setqload_sends_a_load(instance, objects, arguments, load, shown):
    objects.scheduler(2)
    done = run(instance, "setqload", "-q", 2, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"send load to qscheduler. qload={shown}\n", "")
    assert objects.loads() == [(2, load)]


@pytest.mark.parametrize("arguments, status", [(["-q", "1", "--", "1"], 100), (["-q", "1", "-0.5"], 1), (["-q", "1", "1/0"], 100), (["-q", "1", "x"], 100),
                                               (["-q", "3", "1"], 100), (["-q", "0", "1"], 100), (["-q", "x", "1"], 100),
                                               (["1"], 100), (["-q", "1"], 100), (["-q", "1", "1", "2", "3"], 100),
                                               (["-q", "1", "-d", "1"], 100), (["-q"], 100)], ids=str)
def test_setqload_refuses(instance, objects, arguments, status):
    objects.scheduler(2)
    done = run(instance, "setqload", *arguments)
    assert done.returncode == status, done.stderr
    assert done.stderr.startswith("fatal: setqload: ") and done.stdout == ""
    assert objects.loads() == []


def test_setqload_does_not_wait_for_room(instance, objects):
    objects.scheduler(1, messages=1)
    assert run(instance, "setqload", "-q", 1, "1").returncode == 0
    done = run(instance, "setqload", "-q", 1, "1")
    assert done.returncode == 111 and "full" in done.stderr


def test_setqload_disables_a_queue_and_enables_it_again(instance, objects):
    objects.scheduler(2, 3)
    objects.queue(1, (5, 5), (2, 8))
    objects.queue(2, (5, 5), (2, 8))
    before = objects.read("queue2")
    assert run(instance, "setqload", "-q", 2, "-d").stdout == "queue2 disabled\n"
    assert (objects.flag(1), objects.flag(2)) == (0, 1)
    assert objects.read("queue2")[:16] == before[:16]
    table = run(instance, "qmail-qread", "-i")
    assert (table.returncode, table.stdout) == (
        0, "queue      local  Remote   +/- flag\n"
           "queue1     5/5      2/8    - enabled\n"
           "queue2     5/5      2/8    - disabled\n"
           "threshold = 90.00 , qcount = 2, qconf = 3, local = 10, remote = 4, qload_av =  62.50\n")
    assert run(instance, "setqload", "-q", 2, "-e").stdout == "queue2 enabled\n"
    assert objects.read("queue2") == before


def test_counts_that_are_none_are_named(instance, objects):
    objects.scheduler(2)
    objects.queue(1, (5, 5), (2, 8))
    objects.queue(2, (-1, 5), (2, 8))
    done = run(instance, "qmail-qread", "-i")
    assert done.returncode == 100
    assert "queue1     5/5" in done.stdout and "queue2" not in done.stdout
    assert f"{objects.prefix}queue2" in done.stderr
