"""sendmail, chapter 11.8.1: the queue processed periodically by daemons. Each test bears the number of its section; what
stands in quotation marks is the chapter's."""
from support.daemons import daemons  # noqa: F401  (the fixture)
from support.instance import wait_until
from support.waiting_mail import destination, post, wait_until_deferred


def wait_for_attempts(instance, least):
    wait_until(lambda: instance.queue()[0]["recipients"][0]["attempts"] >= least, f"{least} attempts", pause=0.05)


# -- one daemon, two daemons -------------------------------------------------------------------------------------------


def begin(daemons, *arguments):  # noqa: F811
    """The daemon, once it takes mail if it listens."""
    daemon = daemons.start(*arguments)
    if "-bd" in arguments:
        daemons.wait_until_running()
        wait_until(daemons.instance.greets, "the SMTP server")
    return daemon


def test_11_8_1_a_typical_invocation(instance, destination, daemons):  # noqa: F811
    # "/usr/sbin/sendmail -bd -q1h"
    instance.configure(smtproutes=[destination.route_of()])
    daemon = begin(daemons, "-bd", "-q1h")  # returns: it is in the background
    assert daemon.title == "sendmail: accepting connections"
    post(instance, "one", "a@x.test")
    wait_until_deferred(instance, 1)


def test_11_8_1_either_switch_puts_sendmail_into_the_background(instance, destination, daemons):  # noqa: F811
    # "/usr/sbin/sendmail -bd" and "/usr/sbin/sendmail -q1h": "two daemons simultaneously"
    instance.configure(smtproutes=[destination.route_of()])
    listener = begin(daemons, "-bd")
    post(instance, "one", "a@x.test")
    wait_until_deferred(instance, 1)
    runner = begin(daemons, "-q1h")
    assert listener.title == "sendmail: accepting connections"
    assert runner.title.startswith("sendmail: Queue runner@01:00:00 for /")
    # "The second processes the queues": the first time at its start.
    wait_for_attempts(instance, 2)


def test_11_8_1_the_queue_is_processed_at_the_interval(instance, destination, daemons):  # noqa: F811
    instance.configure(smtproutes=[destination.route_of()])
    begin(daemons, "-bd", "-q1s")
    post(instance, "one", "a@x.test")
    wait_for_attempts(instance, 4)  # of itself it would be tried after 400 seconds
    with destination.open() as recorder:
        recorder.wait_for(["one"])
        assert not recorder.duplicates()


# -- table 11-5 --------------------------------------------------------------------------------------------------------

INTERVALS = {
    "1w": "7+00:00:00", "1d": "1+00:00:00", "1h": "01:00:00", "1m": "00:01:00", "30s": "00:00:30",
    "5d12h": "5+12:00:00",  # "5 days, 12 hours"
    "15": "00:15:00",  # "If a letter is missing, the default is minutes"
    "15m": "00:15:00", "1h30": "01:30:00", "90": "01:30:00",
}


def test_11_8_1_time_expressions(instance, daemons):  # noqa: F811
    begin(daemons, "-bd")
    for text, shown in INTERVALS.items():
        runner = daemons.start(f"-q{text}")
        assert runner.title.startswith(f"sendmail: Queue runner@{shown} for /"), text
        runner.stop()
