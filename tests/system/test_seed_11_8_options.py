"""sendmail, chapter 11.8: what options on the command line do to a run, and what becomes of errors. Each test bears the
number of its section; what stands in quotation marks is the chapter's."""
import contextlib
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time

import pytest

from support.instance import PATIENCE
from support.local_programs import run
from support.namespace import private
from support.recorder import Recorder
from support.smtp_server import program
from support.waiting_mail import Destination, post, wait_until_deferred

from test_logs import SYSLOG


# -- 11.8.1: timeouts --------------------------------------------------------------------------------------------------


class Slow(Recorder):
    """Answers MAIL after some time."""

    def _script(self, dialogue):
        dialogue.greet()
        while True:
            dialogue.command()
            time.sleep(2.5)
            dialogue.say("250 2.1.0 ok\r\n")
            dialogue.command()
            dialogue.say("250 2.1.5 ok\r\n")
            dialogue.command()
            dialogue.say("354 go on\r\n")
            dialogue.take_body(answer=None)
            self.record(dialogue)


def test_11_8_1_short_timeouts_for_most_runs_and_long_ones_to_flush_long_jobs(instance):
    # "make all timeouts short so that most queue runs are processed quickly. Then ... sendmail -OTimeout=2h -q"
    with Slow() as slow:
        instance.start(smtproutes=[f":{slow.route}"], timeout__mail="1s")
        post(instance, "one", "a@x.test")
        wait_until_deferred(instance, 1)
        run(instance, "sendmail", "-q", check=0)
        assert not slow.arrivals
        done = run(instance, "sendmail", "-OTimeout=2h", "-q", check=0)
        assert set(slow.arrivals) == {"one"} and done.stderr == ""


@contextlib.contextmanager
def silent_address():
    """A port whose host neither takes nor refuses connections, as one behind a firewall."""
    with socket.socket() as listener, contextlib.ExitStack() as waiting:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(2):  # fill what the kernel would take
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def attempts(instance):
    message, = instance.queue()
    return message["recipients"][0]["attempts"]


@pytest.mark.parametrize("name", ["aconnect", "iconnect"])
def test_11_8_1_the_first_connection_may_have_a_time_of_its_own(instance, name):
    with silent_address() as port:
        instance.start(smtproutes=[f":127.0.0.1:{port}"], timeout__connect="50s", **{f"timeout__{name}": "1s"})
        begun = time.monotonic()
        post(instance, "one", "a@x.test")
        wait_until_deferred(instance, 1)
        assert time.monotonic() - begun < 30
        run(instance, "sendmail", f"-OTimeout.{'connect' if name == 'iconnect' else name}=2s", "-q", check=0)
        assert attempts(instance) == 2
        assert time.monotonic() - begun < 45


def test_11_8_2_2_a_host_that_does_not_answer_is_told_in_the_chapter_s_words(instance):
    with silent_address() as port:
        instance.start(smtproutes=[f":127.0.0.1:{port}"], timeout__connect="1s")
        post(instance, "one", "adams@dc.gov")
        wait_until_deferred(instance, 1)
        lines = run(instance, "sendmail", "-v", "-q", check=0).stdout.splitlines()
    assert re.fullmatch(r"Running /\S+/queue1/\d+ \(sequence 1 of 1\)", lines[0]), lines
    assert lines[1:] == ["<adams@dc.gov>... Connecting to 127.0.0.1 via esmtp...",
                         "Trying 127.0.0.1... Connection timed out during user open with 127.0.0.1",
                         "<adams@dc.gov>... Deferred: Host 127.0.0.1 is down"]


def test_11_8_1_a_run_says_which_options_the_running_daemons_do_not_take(instance):
    instance.start()
    done = run(instance, "sendmail", "-OQueueLA=3", "-OTimeout.queuewarn=2h", "-OMinQueueAge=5", "-OCheckpointInterval=3", "-q", check=0)
    assert done.stderr == ("sendmail: Timeout.queuewarn: the daemons that run the queue keep their own value\n"
                           "sendmail: QueueLA: the daemons that run the queue keep their own value\n")


def test_11_8_2_2_mail_that_is_returned_untried_is_told_so(instance):
    with Destination() as destination:
        instance.start(smtproutes=[destination.route_of()])
        post(instance, "one", "a@x.test")
        wait_until_deferred(instance, 1)
        lines = run(instance, "sendmail", "-v", "-OTimeout.queuereturn=now", "-q").stdout.splitlines()
        assert len(lines) == 2 and lines[1].startswith("<a@x.test>... Cannot send message for too long ("), lines


# -- errors: "will print and log" --------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments, text", [
    (["-qp-5"], "Invalid -q value"),                                   # 11.8.3
    (["-qpO"], "Invalid time unit `O'"),                               # 11.8.3
    (["-qGgroupname"], "Queue group groupname unknown"),               # 11.8.2.5
    (["-q1h", "-qGgroupname"], "Queue group groupname unknown"),
    (["-bp", "-qGgroupname"], "Queue group groupname unknown"),
    (["-qGslow", "-qGmqueue"], "Cannot use multiple -qG options"),     # 11.8.2.5
    (["-q!Gmqueue"], "Cannot use -q!G"),                               # 11.8.2.5
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_11_8_2_5_errors_are_printed_and_logged(instance, arguments, text):
    instance.set_up()
    with tempfile.TemporaryDirectory(prefix="sluice-log-", dir="/tmp") as place, \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        os.chmod(place, 0o755)
        log.bind(f"{place}/log")
        log.settimeout(PATIENCE)
        env, *command = private(SYSLOG)[0], *private(SYSLOG)[1:]
        done = run(instance, f"/usr/bin/{env}", *command, program("sendmail"), *arguments, check=64, LOG_SOCKET=f"{place}/log")
        assert (done.stdout, done.stderr) == ("", f"{text}\n")
        line = log.recv(4096)
        assert re.fullmatch(rb"<19>.*sendmail\[\d+\]: " + re.escape(text.encode()), line), line  # mail.err


# -- 11.8.2.6: contrib/etrn.pl -----------------------------------------------------------------------------------------

ETRN_PL = pathlib.Path(__file__).parents[2] / "contrib/etrn.pl"


def test_11_8_2_6_etrn_pl_asks_for_each_of_our_names(instance):
    # "just give it the name of your MX server: contrib/etrn.pl your.mx.server"
    with Destination() as destination:
        instance.start(smtproutes=[destination.route_of()])
        for name in ("one.test", "two.test", "three.test"):
            post(instance, name, f"a@{name}")
        wait_until_deferred(instance, 3)
        (instance.home / "dialup/etc").mkdir(parents=True)
        (instance.home / "dialup/etc/sluice.toml").write_text('locals = ["one.test", "two.test"]\n')
        environment = {"PATH": f"{pathlib.Path(program('sluice')).parent}:/usr/bin:/bin", "SLUICE_HOME": str(instance.home / "dialup")}
        with destination.open() as recorder:
            done = subprocess.run([ETRN_PL, "-v", "-p", str(instance.port), "127.0.0.1"], env=environment, text=True,
                                  capture_output=True, timeout=PATIENCE)
            assert (done.returncode, done.stderr) == (0, "")
            assert [line for line in done.stdout.splitlines() if "ETRN " in line and ">>>" in line] == \
                [">>> ETRN one.test", ">>> ETRN two.test"]
            recorder.wait_for(["one.test", "two.test"])
        done = subprocess.run([ETRN_PL, "-p", str(instance.port), "127.0.0.1", "#badname"], env=environment, text=True,
                              capture_output=True, timeout=PATIENCE)
        assert (done.returncode, done.stderr) == (1, "etrn.pl: 127.0.0.1: 459 4.5.4 Queue badname unknown\n")


def test_11_8_2_6_etrn_pl_is_its_own_manual_page():
    # "nroff -man contrib/etrn.pl | more"
    page = subprocess.run(["nroff", "-man", str(ETRN_PL)], text=True, capture_output=True, timeout=PATIENCE)
    assert page.returncode == 0 and "ask a mail server for the mail" in page.stdout and "use strict" not in page.stdout


# -- -Q, with the selections of 11.8.2.3 -------------------------------------------------------------------------------


def test_11_8_2_3_quarantine_tells_what_it_did(instance):
    with Destination() as destination:
        instance.start(smtproutes=[destination.route_of()])
        post(instance, "one", "a@x.test")
        number = wait_until_deferred(instance, 1)[0]["id"]
        for arguments, deed in (["-Qodd", "-qRa@x"], 'Quarantined with "odd"'), \
                (["-Qvery odd", "-qQodd"], 'Quarantine changed from "odd" to "very odd"'), \
                (["-Q", "-qQ"], 'Removed quarantine of "very odd"'):
            lines = run(instance, "sendmail", *arguments, "-v", check=0).stdout.splitlines()
            assert lines[1:] == [f"{number}: {deed}", "1 change"]
        assert run(instance, "sendmail", "-Q", "-qQ", "-v", check=0).stdout.splitlines()[-1] == "No changes"
