"""sendmail -q: one queue run in the foreground, with and without running daemons (sendmail, chapter 11.8.2)."""
import re
import signal
import subprocess
import threading
import time

import pytest

from support.accounts import ROOT, USERS
from support.instance import PATIENCE, free_port, wait_until
from support.local_programs import run
from support.smtp_server import program
from support.waiting_mail import destination, listed, wait_until_deferred


def deferred(instance, destination, *addresses, sender="joe@example.com", **settings):
    """A running instance with a message to each address, tried once."""
    instance.start(smtproutes=[f"x.test:{destination.route}", f"dead.test:127.0.0.1:{free_port()}"], **settings)
    for address in addresses:
        instance.send(address, sender=sender)
    wait_until_deferred(instance, len(addresses))


def hang(destination):
    """Has the destination wait with its answer to RCPT: (it was asked, it may answer)."""
    asked, release = threading.Event(), threading.Event()

    def answer(_):
        asked.set()
        release.wait(PATIENCE)
        return "250 2.1.5 ok"
    destination.answer = answer
    return asked, release


def test_a_run_tries_everything_once_and_ends(instance, destination):
    deferred(instance, destination, "a@x.test", "b@x.test")
    before = destination.refused
    done = run(instance, "sendmail", "-q", check=0)
    assert done.stdout == done.stderr == ""
    assert destination.refused == before + 2
    destination.stay_open()
    run(instance, "sendmail", "-q", check=0)
    assert sorted(destination.taken) == ["a@x.test", "b@x.test"]
    wait_until(lambda: not listed(instance), "the queue to be empty")


def test_only_what_is_selected_is_tried(instance, destination):
    deferred(instance, destination, "a@x.test", "Needle@x.test", "c@x.test")
    destination.stay_open()
    run(instance, "sendmail", "-qRneedle", check=0)
    assert destination.taken == ["Needle@x.test"]
    run(instance, "sendmail", "-qRX.TEST", "-q!Ra@", check=0)
    assert destination.taken[1:] == ["c@x.test"]
    run(instance, "sendmail", "-qSnobody", check=0)
    assert len(destination.taken) == 2
    identity = str(listed(instance)[0]["id"])
    run(instance, "sendmail", f"-qI{identity[-6:]}", "-qSjoe", check=0)
    assert destination.taken[2:] == ["a@x.test"]


def test_a_hung_destination_is_waited_for(instance, destination):
    deferred(instance, destination, "a@x.test")
    def slow(_):
        time.sleep(1)
        return "250 2.1.5 ok"
    destination.answer = slow
    started = time.monotonic()
    run(instance, "sendmail", "-q", check=0)
    assert time.monotonic() - started >= 1 and destination.taken == ["a@x.test"]


def test_an_interrupt_ends_the_watching_and_nothing_else(instance, destination):
    deferred(instance, destination, "a@x.test")
    asked, release = hang(destination)
    watching = subprocess.Popen([program("sendmail"), "-q"], env=instance.variables(), stderr=subprocess.PIPE)
    assert asked.wait(PATIENCE)
    watching.send_signal(signal.SIGINT)
    assert watching.wait(PATIENCE) == 128 + signal.SIGINT and watching.stderr.read() == b""
    watching.stderr.close()
    release.set()
    wait_until(lambda: destination.taken, "the message")
    wait_until(lambda: not listed(instance), "the queue to be empty")


def test_an_unknown_group_is_a_misuse(instance, destination):
    instance.start()
    done = run(instance, "sendmail", "-qGnowhere", check=64)
    assert done.stderr == "Queue group nowhere unknown\n"
    assert run(instance, "mailq", "-qGnowhere", check=64).stderr == "Queue group nowhere unknown\n"


@pytest.mark.parametrize("switch", ["-q", "-bp", "-bd", "-q1h"])
@pytest.mark.parametrize("named, why", [("none", "No such file or directory"), ("none/q*", "No such file or directory"),
                                        ("etc/sluice.toml", "not a directory")])
def test_a_queue_directory_that_is_not_there_is_not_made(instance, switch, named, why):
    instance.set_up()
    done = run(instance, "sendmail", f"-oQ{instance.home}/{named}", switch, check=78)
    assert done.stderr == f"sendmail: queue directory {instance.home}/{named.removesuffix('/q*')}: {why}\n"
    assert not (instance.home / "none").exists()


def test_a_permanent_failure_is_the_exit_status(instance, destination):
    deferred(instance, destination, "a@x.test", sender="")
    destination.answer = lambda line: "550 5.1.1 nobody"
    run(instance, "sendmail", "-q", check=67)


# -- verbose -----------------------------------------------------------------------------------------------------------

def test_verbose_shows_message_by_message_what_is_said(instance, destination):
    deferred(instance, destination, "a@x.test", "b@x.test", remote__messages_per_session=1)
    destination.stay_open()
    lines = run(instance, "sendmail", "-v", "-q", check=0).stdout.splitlines()
    running = [line for line in lines if line.startswith("Running ")]
    directory = re.escape(str(instance.queue_directory))
    assert [re.fullmatch(rf"Running {directory}/\d+ \(sequence (\d) of 2\)", line).group(1) for line in running] == ["1", "2"]
    at = lines.index(running[0])
    assert lines[at + 1:at + 4] == ["<a@x.test>... Connecting to 127.0.0.1 via esmtp...", "Trying 127.0.0.1... connected.",
                                    "220 script.test"]
    assert "<a@x.test>... Sent (2.0.0 Ok: recorded)" in lines
    second = lines[lines.index(running[1]):]
    assert "<b@x.test>... Sent (2.0.0 Ok: recorded)" in second
    assert "<a@x.test>... Sent (2.0.0 Ok: recorded)" not in second
    assert lines[-3:] == ["Closing connection to 127.0.0.1", ">>> QUIT", "221 bye"]


def test_verbose_shows_why_nothing_could_be_delivered(instance, destination):
    deferred(instance, destination, "a@dead.test")
    lines = run(instance, "sendmail", "-v", "-q", check=0).stdout.splitlines()
    assert "Trying 127.0.0.1... Connection refused" in lines
    assert "<a@dead.test>... Deferred: Connection refused by 127.0.0.1" in lines


# -- without daemons ---------------------------------------------------------------------------------------------------

def stopped(instance, destination, *addresses, **settings):
    deferred(instance, destination, *addresses, **settings)
    assert instance.stop() == 0
    destination.stay_open()


def test_without_daemons_the_run_brings_its_own_and_ends_them(instance, destination):
    stopped(instance, destination, "a@x.test", "b@x.test")
    done = run(instance, "sendmail", "-q", check=0)
    assert done.stdout == done.stderr == "" and sorted(destination.taken) == ["a@x.test", "b@x.test"]
    instance.no_process_is_left()


def test_without_daemons_mail_that_was_queued_meanwhile_goes_too(instance, destination):
    instance.make_queue(smtproutes=[f"x.test:{destination.route}"])
    destination.stay_open()
    subprocess.run([program("sendmail"), "-f", "joe@example.com", "a@x.test"], input="Subject: s\n\ntext\n", text=True,
                   env=instance.variables(), check=True, timeout=PATIENCE)
    run(instance, "sendmail", "-q", check=0)
    assert destination.taken == ["a@x.test"]
    instance.no_process_is_left()


def test_two_at_once_without_daemons_deliver_everything_once(instance, destination):
    addresses = [f"a{i}@x.test" for i in range(20)]
    stopped(instance, destination, *addresses)
    both = [subprocess.Popen([program("sendmail"), "-q"], env=instance.variables(), stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT) for _ in range(2)]
    for one in both:
        said, _ = one.communicate(timeout=PATIENCE)
        assert one.returncode == 0 and said == b"", said
    assert sorted(destination.taken) == sorted(addresses)
    instance.no_process_is_left()


def test_an_interrupt_ends_daemons_that_were_started_for_the_run(instance, destination):
    stopped(instance, destination, "a@x.test")

    asked, release = hang(destination)
    watching = subprocess.Popen([program("sendmail"), "-q"], env=instance.variables())
    assert asked.wait(PATIENCE)
    watching.send_signal(signal.SIGTERM)
    release.set()
    assert watching.wait(PATIENCE) == 128 + signal.SIGTERM
    instance.no_process_is_left()


def test_what_keeps_the_daemons_from_starting_is_said(instance):
    instance.set_up()
    instance.configure(queue_base="/proc/nowhere")
    done = run(instance, "sendmail", "-q", check=69)
    assert done.stderr.startswith("sendmail: cannot run the queue: ") and done.stderr.count("\n") == 1


@pytest.mark.skipif(not ROOT, reason="needs another user")
def test_a_plain_user_who_finds_no_daemon_is_told_so_in_a_line(instance, destination):
    instance.set_up()
    done = run(instance, "sendmail", "-q", caller=USERS[0], check=77)
    assert done.stderr.count("\n") == 1 and "permission" in done.stderr
