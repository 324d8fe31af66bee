"""sendmail, chapter 11.8.2.5: the queue processed by queue group, -qG. Each test bears the number of its section; what
stands in quotation marks is the chapter's."""
import pytest

from support.local_programs import run
from support.waiting_mail import destination, mailq, post, start_with_slow_group, wait_until_deferred


def test_11_8_2_5_only_mail_of_the_group_is_processed(instance, destination):
    start_with_slow_group(instance, destination)
    post(instance, "slow", "a@slow.test")
    post(instance, "usual", "a@x.test")
    wait_until_deferred(instance, 2)
    with destination.open() as recorder:
        run(instance, "sendmail", "-qGslow", check=0)
        assert set(recorder.arrivals) == {"slow"}
        run(instance, "sendmail", "-qGmqueue", check=0)
        assert set(recorder.arrivals) == {"slow", "usual"}


def test_11_8_2_5_a_group_goes_with_the_other_switches(instance, destination):
    # "sendmail -qR@hostA.domain -qGslow"
    start_with_slow_group(instance, destination, queuegroupmap=["hosta.domain:slow", "hostb.domain:slow"])
    post(instance, "selected", "a@hostA.domain")
    post(instance, "other host", "a@hostB.domain")
    post(instance, "other group", ["a@x.test", "b@hostA.domain.test"])
    wait_until_deferred(instance, 3)
    assert len(mailq(instance, "-qR@hostA.domain", "-qGslow")) == 1
    with destination.open() as recorder:
        run(instance, "sendmail", "-qR@hostA.domain", "-qGslow", check=0)
        assert set(recorder.arrivals) == {"selected"}


@pytest.mark.parametrize("name", ["sendmail", "mailq"])
def test_11_8_2_5_an_unknown_group_is_an_error_and_the_run_fails(instance, destination, name):
    start_with_slow_group(instance, destination)
    done = run(instance, name, "-qGgroupname", check=64)
    assert done.stderr == "Queue group groupname unknown\n"


def test_11_8_2_5_only_one_group_at_a_time(instance, destination):
    start_with_slow_group(instance, destination)
    done = run(instance, "sendmail", "-qGslow", "-qGmqueue", check=64)
    assert done.stderr == "Cannot use multiple -qG options\n"


def test_11_8_2_5_a_group_cannot_be_negated(instance, destination):
    start_with_slow_group(instance, destination)
    done = run(instance, "sendmail", "-q!Gmqueue", check=64)
    assert done.stderr == "Cannot use -q!G\n"
