"""sendmail, chapter 11.8.1: the queue processed periodically. Each test bears the number of its section; what stands in
quotation marks is the chapter's."""
import threading

import pytest

from support.instance import PATIENCE
from support.local_programs import run
from support.remote_server import Server
from support.waiting_mail import destination, post, wait_until_deferred


# -- table 11-5: time expressions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("text, unit", [("15x", "x"), ("1H", "H"), ("O", "O"), ("1.5h", ".")])
def test_11_8_1_there_are_no_other_letters(instance, text, unit):
    instance.set_up()
    done = run(instance, "sendmail", f"-q{text}", check=64)
    assert done.stderr.splitlines() == [f"Invalid time unit `{unit}'"] and done.stdout == ""


# -- what makes a queue fill, and take long ----------------------------------------------------------------------------


def test_11_8_1_a_timeout_is_logged_and_says_what_was_waited_for(instance):
    never = threading.Event()
    with Server(lambda dialogue: never.wait(PATIENCE)) as silent:
        instance.start(smtproutes=[f":127.0.0.1:{silent.port}"], timeout__greeting="1s")
        post(instance, "one", "a@x.test")
        # "timeout waiting for input from host during what"
        instance.wait_for_log(r"^notice: qmail-rspawn: timeout waiting for input from \S+ during client greeting$")
        never.set()


def test_11_8_1_long_jobs_are_flushed_with_other_timeouts(instance, destination):
    # "/usr/sbin/sendmail -OTimeout=2h -q"
    instance.start(smtproutes=[destination.route_of()])
    post(instance, "one", "a@x.test")
    wait_until_deferred(instance, 1)
    with destination.open() as recorder:
        run(instance, "sendmail", "-OTimeout=2h", "-q", check=0)
        assert set(recorder.arrivals) == {"one"}
