"""sendmail, chapter 11.8.2.6: the queue processed by ESMTP ETRN. Each test bears the number of its section; what stands in
quotation marks is the chapter's."""
import smtplib
import threading

from support.instance import PATIENCE
from support.waiting_mail import destination, post, start_for, start_with_slow_group, wait_until_deferred, wait_until_queued


def etrn(client, argument=""):
    code, text = client.docmd("ETRN", argument)
    return code, text.decode()


def test_11_8_2_6_etrn_processes_the_queue_for_a_host(instance, destination):
    start_for(instance, destination)
    # "a qf file will be processed if it has host anywhere in the host part (following the @) of one of its R lines"
    post(instance, "host", "a@dc.gov")
    post(instance, "below", "a@irs.DC.GOV")
    post(instance, "longer", "a@dc.gov.test")
    post(instance, "several", ["b@y.test", "c@dc.gov"])
    post(instance, "local part", "dc.gov@y.test")
    post(instance, "other", "a@y.test")
    wait_until_deferred(instance, 6)
    with destination.open() as recorder, instance.smtp() as client:
        client.ehlo()
        assert client.has_extn("etrn")
        code, text = etrn(client, "dc.gov")
        assert code in range(250, 254) and "dc.gov" in text
        recorder.wait_for(["host", "below", "longer", "several"])
        wait_until_queued(instance, 2)
        assert set(recorder.arrivals) == {"host", "below", "longer", "several"}


def test_11_8_2_6_etrn_without_host(instance, destination):
    start_for(instance, destination)
    with instance.smtp() as client:
        client.ehlo()
        code, text = etrn(client)
        assert code == 550 and text.endswith("Parameter required")


def test_11_8_2_6_etrn_operates_asynchronously(instance, destination):
    start_for(instance, destination)
    post(instance, "one", "a@x.test")
    wait_until_deferred(instance, 1)
    go_on = threading.Event()
    destination.before_answer = lambda: go_on.wait(PATIENCE)
    with destination.open() as recorder:
        with instance.smtp() as client:
            client.ehlo()
            assert etrn(client, "x.test")[0] == 250  # before anything is delivered
            assert client.noop()[0] == 250
        assert not recorder.arrivals
        go_on.set()  # after the end of the session
        recorder.wait_for(["one"])


def test_11_8_2_6_etrn_by_queue_group(instance, destination):
    start_with_slow_group(instance, destination)
    post(instance, "slow", "a@slow.test")
    post(instance, "usual", "a@x.test")
    wait_until_deferred(instance, 2)
    with destination.open() as recorder, instance.smtp() as client:
        client.ehlo()
        assert etrn(client, "#badname") == (459, "4.5.4 Queue badname unknown")
        assert etrn(client, "#slow")[0] == 250
        recorder.wait_for(["slow"])
        wait_until_queued(instance, 1)
        assert set(recorder.arrivals) == {"slow"}


def test_11_8_2_6_a_script_that_asks_for_each_of_its_names(instance, destination):
    # What contrib/etrn.pl does: one ETRN for each name of a class, in one session.
    start_for(instance, destination)
    names = ["one.test", "two.test", "three.test"]
    for name in names:
        post(instance, name, f"a@{name}")
    wait_until_deferred(instance, len(names))
    with destination.open() as recorder:
        with smtplib.SMTP("127.0.0.1", instance.port, local_hostname="dialup.test", timeout=PATIENCE) as client:
            client.ehlo()
            assert [etrn(client, name)[0] for name in names] == [250] * 3
        recorder.wait_for(names)
        assert not recorder.duplicates()
