"""sendmail -qp: persistent queue runners and their controlling process (11.8.3)."""
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from support.daemons import Daemon, daemons, takes_nobody  # the fixture
from support.instance import wait_until
from support.namespace import private
from support.recorder import Recorder, letter
from support.remote_server import Server
from support.smtp_server import sanitized

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


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_a_runner_that_a_stranger_signals_is_a_dead_one(instance, daemons, signo):
    daemons.start("-bd", "-qp")
    before = runner(daemons)
    os.kill(before, signo)
    instance.wait_for_log(f"persistent queue runner=0 died, signal={int(signo)}$")
    wait_until(lambda: daemons.titled(RUNNER) not in ([], [before]), "the next runner")


def test_a_runner_that_was_stopped_is_renewed_too(instance, daemons):
    daemon = daemons.start("-bd", "-qp")
    before = runner(daemons)
    os.kill(before, signal.SIGSTOP)
    daemon.signal(signal.SIGHUP)
    wait_until(lambda: daemons.titled(RUNNER) not in ([], [before]), "the next runner")


# A root directory in which everybody may write, with all that is in ours: there a core file of any user has its place,
# as far as the kernel's core_pattern is a relative name.
ROOT_FOR_CORES = """
new=$CORE_ROOT
mount -t tmpfs -o mode=1777 none "$new"
for path in /* ; do
  if test -L "$path"; then cp -P "$path" "$new$path"
  elif test -d "$path"; then mkdir "$new$path"; mount --rbind "$path" "$new$path"
  fi
done
set -- chroot "$new" prlimit --core=unlimited "$@"
"""
DUMPS = """
import os, resource, signal
pid = os.fork()
if pid == 0:
    os.chdir("/")
    if os.geteuid() == 0: os.setgid(65534), os.setuid(65534)
    os.execv("/bin/sh", ["sh", "-c", "kill -SEGV $$"])
print(os.WCOREDUMP(os.waitpid(pid, 0)[1]))
"""


@pytest.mark.skipif(sanitized(), reason="the sanitizer takes the signal and forbids core files")
@pytest.mark.parametrize("signo", [signal.SIGSEGV, signal.SIGABRT])
def test_a_runner_that_dumps_core_is_not_started_again(instance, daemons, tmp_path, signo):
    command = ["env", f"CORE_ROOT={tmp_path}", *private(ROOT_FOR_CORES)]
    tried = subprocess.run([*command, sys.executable, "-c", DUMPS], capture_output=True, text=True, timeout=60, check=False)
    if tried.stdout.strip() != "True":
        pytest.skip(f"the kernel writes no core file here: {tried.stdout}{tried.stderr}")
    daemon = daemons.start("-bd", "-qp", command=command)
    os.kill(runner(daemons), signo)
    instance.wait_for_log(f"persistent queue runner=0 core dumped, signal={int(signo)}$")
    instance.wait_for_log("no persistent queue runner is left")
    assert daemons.titled(RUNNER) == [] and "died" not in instance.log and daemon.lives()
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
