"""Mail in queue directories beyond the number of queues in use, of a time when there were more: static daemons, and those
that `sendmail -q` starts for a while, deliver it too."""
import pytest

from support.daemons import daemons  # the fixture
from support.dynamic import spawn_dynamic
from support.instance import wait_until
from support.local_programs import run
from support.waiting_mail import destination, post, wait_until_deferred


@pytest.fixture
def left(instance, destination):
    """Deferred mail in three queues, and settings for one."""
    instance.start(queue_count=3, smtproutes=[destination.route_of()])
    names = [f"letter{number}" for number in range(12)]
    for name in names:
        post(instance, name, f"{name}@x.test")
    messages = wait_until_deferred(instance, len(names))
    assert len({message["queue"] for message in messages}) == 3
    instance.stop()
    instance.configure(queue_count=1)
    return names


def check(destination, names, begin):
    with destination.open() as recorder:
        begin()
        recorder.wait_for(names)
        assert not recorder.duplicates()


def test_a_run_without_daemons_delivers_it(instance, destination, left):
    check(destination, left, lambda: run(instance, "sendmail", "-q", check=0))
    instance.no_process_is_left()


def test_a_run_without_daemons_finds_it_by_its_recipient(instance, destination, left):
    for name in left:
        with destination.open() as recorder:
            run(instance, "sendmail", f"-qR{name}@", check=0)
            assert name in recorder.arrivals
    assert sorted(destination.arrivals) == sorted(left) and not destination.duplicates()


def test_a_static_daemon_delivers_it(instance, destination, left, daemons):
    check(destination, left, lambda: daemons.start("-q1h"))
    instance.wait_for_log("queue3 is beyond the 1 that take mail, and run for what is in it")
    instance.wait_until_empty()
    # Whoever asks all queues is answered, also when nothing is in them, and none of them is given new mail.
    run(instance, "sendmail", "-q", check=0)
    run(instance, "sendmail", "a@x.test", text="Subject: x\n\nx\n", check=0)
    message, = wait_until_deferred(instance, 1)
    assert message["queue"] == "queue1"


def test_qscheduler_delivers_it_and_a_run_is_complete(instance, destination, left):
    instance.start()
    check(destination, left, lambda: run(instance, "sendmail", "-q", check=0))


def test_a_run_goes_well_while_a_dynamic_queue_empties(instance, destination, left):
    """A queue that drains ends when its last message is delivered: not before it has said that the run is over."""
    instance.configure(queue_count=1, queue_max=2)
    spawn_dynamic(instance)
    instance.wait_until_ready()
    wait_until_deferred(instance, len(left))
    attempts = {message["id"]: message["recipients"][0]["attempts"] for message in instance.queue()}
    assert len(attempts) == len(left)

    def once():
        done = run(instance, "sendmail", "-q", check=0)
        assert (done.stdout, done.stderr) == ("", "")
    check(destination, left, once)
    wait_until(lambda: "queue3 empty" in instance.log, "the end of the queue")
