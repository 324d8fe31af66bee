"""sendmail -bd and sendmail -q1h as two daemons (11.8.1), begun in both orders, and each of them ending, hanging up and
dying first: mail never stays behind. Whoever remains has the queues, and the pid file."""
import re
import signal
import subprocess

import pytest

from support.daemons import Daemon, daemons  # the fixture
from support.instance import PATIENCE, wait_until
from support.recorder import letter
from support.smtp_server import program
from support.waiting_mail import destination, wait_until_deferred

LISTENER, RUNNER = ("-bd",), ("-q2s",)
TITLES = {LISTENER: "sendmail: accepting connections", RUNNER: "sendmail: Queue runner@00:00:02 for "}


def submit(instance, text):
    """With sendmail, whoever runs the queues then."""
    done = subprocess.run([program("sendmail"), "a@x.test"], input=letter(text).replace(b"\r\n", b"\n"),
                          env=instance.variables(), timeout=PATIENCE, check=False)
    assert done.returncode == 0


def begin(daemons, order):
    """Both of them, by their switches."""
    begun = {}
    for switches in order:
        begun[switches] = daemons.start(*switches)
        daemons.wait_until_running()
    wait_until(daemons.instance.greets, "the greeting")
    assert len(daemons.titled("qmail-send")) == 1
    return begun


def owner_of_pid_file(daemons):
    try:
        return int(daemons.pid_file.read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None


def check_what_remains(daemons, destination, remaining, switches):
    """One daemon and one set of queues, which deliver what was deferred and what comes now."""
    instance = daemons.instance
    assert remaining.title.startswith(TITLES[switches])
    wait_until(lambda: owner_of_pid_file(daemons) == remaining.pid, "the pid file")
    submit(instance, "new")
    with destination.open() as recorder:
        if switches == LISTENER:  # has no runs of its own: what was deferred waits for one, or for its time
            daemons.wait_until_running()
            assert daemons.sendmail("-q").returncode == 0
        recorder.wait_for(["old", "new"])
        assert not recorder.duplicates()
    instance.wait_until_empty()
    assert len(daemons.titled("qmail-send")) == 1


ORDERS = [(LISTENER, RUNNER), (RUNNER, LISTENER)]


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGKILL], ids=["TERM", "KILL"])
@pytest.mark.parametrize("ending", [LISTENER, RUNNER], ids=["listener", "runner"])
@pytest.mark.parametrize("order", ORDERS, ids=["listener first", "runner first"])
def test_whichever_ends_the_other_delivers_all_mail(instance, destination, daemons, order, ending, signo):
    instance.configure(smtproutes=[destination.route_of()])
    begun = begin(daemons, order)
    submit(instance, "old")
    wait_until_deferred(instance, 1)
    gone, (switches, remaining) = begun.pop(ending), next(iter(begun.items()))
    gone.signal(signo)
    wait_until(lambda: not gone.lives(), "its end")
    if ending == order[0]:
        instance.wait_for_log("taking over the queues")
    check_what_remains(daemons, destination, remaining, switches)


@pytest.mark.parametrize("hung_up", [LISTENER, RUNNER], ids=["listener", "runner"])
@pytest.mark.parametrize("order", ORDERS, ids=["listener first", "runner first"])
def test_either_may_be_hung_up(instance, destination, daemons, order, hung_up):
    """Also again before it has finished with the first time, and where it executes its command line anew for that."""
    instance.configure(smtproutes=[destination.route_of()])
    begun = begin(daemons, order)
    submit(instance, "old")
    wait_until_deferred(instance, 1)
    instance.configure(supervisor__restart_delay="2s")
    mark = instance.mark()
    started = rf"(?m)starting daemon \(\S+\): {'SMTP' if hung_up == LISTENER else 'queueing@00:00:02'}$"

    def again():
        assert begun[hung_up].lives(), "no signal is too much at any moment of a restart"
        begun[hung_up].signal(signal.SIGHUP)
        return re.search(started, instance.log_after(mark))
    wait_until(again, "the daemon anew", pause=0.001)
    daemons.wait_until_running()
    for switches, daemon in begun.items():
        assert daemon.lives() and daemon.title.startswith(TITLES[switches])
    wait_until(instance.greets, "the greeting")
    submit(instance, "new")
    with destination.open() as recorder:
        recorder.wait_for(["old", "new"])  # the runner sees to it, wherever the queues are now
        assert not recorder.duplicates()
    assert len(daemons.titled("qmail-send")) == 1


def test_one_that_is_told_to_end_while_it_restarts_ends(instance, daemons):
    daemon = daemons.start("-bd", "-q1h")
    daemons.wait_until_running()
    instance.configure(supervisor__restart_delay="2s")
    daemon.signal(signal.SIGHUP)
    instance.wait_for_log("restarting .* due to signal$")
    daemon.stop()
    wait_until(lambda: not daemons.instance.processes(), "the end of all that it started")


def test_a_daemon_whose_first_directory_is_gone_is_hung_up_all_the_same(instance, daemons, tmp_path):
    directory = tmp_path / "gone"
    directory.mkdir()
    before = set(daemons.leaders())
    assert subprocess.run([program("sendmail"), "-bd", "-q1h"], env=instance.variables(), cwd=directory, check=False,
                          stdin=subprocess.DEVNULL, timeout=PATIENCE).returncode == 0
    daemon, = (Daemon(pid) for pid in set(daemons.leaders()) - before)
    daemons.started.append(daemon)
    daemons.wait_until_running()
    directory.rmdir()
    instance.configure(supervisor__restart_delay="2s")
    mark = instance.mark()
    daemon.signal(signal.SIGHUP)
    instance.wait_for_log(r"starting daemon \(\S+\): SMTP\+queueing@01:00:00$", after=mark)
    daemons.wait_until_running()
    assert daemon.lives() and daemon.title == TITLES[LISTENER]
