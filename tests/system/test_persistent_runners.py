"""sendmail -qp: persistent queue runners and their controlling process (11.8.3)."""
import os
import re
import signal
import time

import pytest

from support.daemons import Daemon, daemons, takes_nobody  # the fixture
from support.instance import wait_until
from support.recorder import Recorder, letter
from support.remote_server import Server

RUNNER = "sendmail: running queue: "


def runner(daemons):
    """The one runner, once it is what its title says."""
    def one():
        found = daemons.titled(RUNNER)
        return found[0] if len(found) == 1 else None
    return wait_until(one, "a runner")


def hanging(dialogue):
    """Greets, and says nothing more for as long as the client waits."""
    dialogue.greet()
    dialogue.command()
    dialogue.read_until(b"never")


def test_the_controlling_process_and_its_runner_bear_their_titles(instance, daemons):
    daemon = daemons.start("-qp")
    assert daemon.title == "sendmail: Queue control"
    assert re.search(r"starting daemon \(\S+\): persistent-queueing@00:00:01$", instance.log, re.MULTILINE)
    assert Daemon(runner(daemons)).title.startswith(f"{RUNNER}{instance.home}/queue")
    daemon.stop()
    instance.no_process_is_left()


def test_the_listening_daemon_can_be_the_controlling_process(instance, daemons):
    daemon = daemons.start("-bd", "-qp10s")
    assert daemon.title == "sendmail: accepting connections"
    assert re.search(r"starting daemon \(\S+\): SMTP\+persistent-queueing@00:00:10$", instance.log, re.MULTILINE)
    runner(daemons)


@pytest.mark.parametrize("argument, text", [("-qp-1", "Invalid -q value\n"), ("-qpO", "Invalid time unit `O'\n")])
def test_a_wrong_interval_is_named(daemons, argument, text):
    done = daemons.sendmail(argument)
    assert (done.returncode, done.stderr) == (os.EX_USAGE, text)


def test_a_runner_that_is_killed_comes_back_ten_times(instance, daemons):
    daemon = daemons.start("-bd", "-qp")
    for death in range(11):
        pid = runner(daemons)
        os.kill(pid, signal.SIGKILL)
        instance.wait_for_log("persistent queue runner=0 died, signal=9$", times=death + 1)
        if death < 10:
            wait_until(lambda: daemons.titled(RUNNER) not in ([], [pid]), "the next runner")
    instance.wait_for_log("ERROR: persistent queue runner=0 restarted too many times, queue runner lost$")
    assert daemons.titled(RUNNER) == []
    assert daemon.lives()
    # The operator brings it back.
    daemon.signal(signal.SIGHUP)
    instance.wait_for_log("restart queue runner=0 due to signal 1$")
    runner(daemons)


def test_hup_to_the_controlling_process_is_no_penalty(instance, daemons):
    daemon = daemons.start("-bd", "-qp")
    for times in range(1, 13):
        pid = runner(daemons)
        daemon.signal(signal.SIGHUP)
        instance.wait_for_log("restart queue runner=0 due to signal 1$", times=times)
        wait_until(lambda: daemons.titled(RUNNER) not in ([], [pid]), "the next runner")
    assert "died" not in re.sub(r"(?m)^.*qmail.*$", "", instance.log)


def test_without_restarts_a_runner_that_dies_is_gone(instance, daemons):
    daemon = daemons.start("-bd", "-qp", "-dno_persistent_restart")
    os.kill(runner(daemons), signal.SIGKILL)
    instance.wait_for_log("persistent queue runner=0 died, signal=9$")
    instance.wait_for_log("persistent queue runner=0, exited$")
    assert daemons.titled(RUNNER) == []
    assert daemon.lives()


def test_a_runner_ends_with_its_controlling_process(instance, daemons):
    daemon = daemons.start("-qp")
    pid = runner(daemons)
    daemon.signal(signal.SIGKILL)
    wait_until(lambda: not Daemon(pid).lives(), "the end of the runner")


def test_runs_follow_each_other_while_a_destination_hangs(instance, daemons):
    """The stall of which 11.8.3 warns."""
    with Server(hanging) as silent, Server(takes_nobody) as closed, Recorder() as recorder:
        instance.configure(smtproutes=[f"hangs.test:127.0.0.1:{silent.port}", f"closed.test:127.0.0.1:{closed.port}",
                                       f"well.test:{recorder.route}"])
        daemons.start("-bd", "-qp1s")
        daemons.wait_until_running()
        wait_until(instance.greets, "the greeting")
        instance.send("a@hangs.test", letter("hangs"))
        wait_until(lambda: silent.dialogues, "the connection that hangs")
        instance.send("a@closed.test", letter("refused"))
        began = len(closed.dialogues)
        start = time.monotonic()
        wait_until(lambda: len(closed.dialogues) >= began + 5, "five more runs")
        assert time.monotonic() - start < 30  # each a second after the one before, on a machine that is not idle
        assert not silent.dialogues[0].__dict__.get("over")  # and all the while it hung
        assert len(silent.dialogues) == 1
        instance.send("a@well.test", letter("passes"))
        recorder.wait_for(["passes"])
