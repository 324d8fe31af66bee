"""sendmail, chapter 11.8.1: mail that is queued only, and where. Each test bears the number of its section; what stands in
quotation marks is the chapter's."""
import pytest

from support.local_programs import run
from support.recorder import Recorder, letter
from support.waiting_mail import wait_until_queued


@pytest.mark.parametrize("mode", ["q", "d"])
def test_11_8_1_odq_and_odd_fill_the_queue(instance, mode):
    with Recorder() as recorder:
        instance.start(smtproutes=[f":{recorder.route}"])
        run(instance, "sendmail", f"-od{mode}", "a@x.test", text=letter("queued"), check=0)
        run(instance, "sendmail", "b@x.test", text=letter("sent"), check=0)
        recorder.wait_for(["sent"])
        message, = wait_until_queued(instance, 1)
        assert message["recipients"][0]["attempts"] == 0
        run(instance, "sendmail", "-q", check=0)
        assert set(recorder.arrivals) == {"sent", "queued"}


def test_11_8_1_queue_only_mail_has_a_directory_of_its_own(instance):
    # "consider queueing it to a separate queue directory. You can then process that other directory with a separate
    # queue run"
    with Recorder() as recorder:
        instance.start(smtproutes=[f":{recorder.route}"], queuegroups=["uucp"], queuegroupmap=["uucp.test:uucp"])
        run(instance, "sendmail", "-odq", "a@uucp.test", text=letter("uucp"), check=0)
        run(instance, "sendmail", "-odq", "a@x.test", text=letter("usual"), check=0)
        wait_until_queued(instance, 2)
        listing = run(instance, "mailq", "-qGuucp", check=0).stdout
        assert str(instance.home / "queue/uucp") in listing and "a@uucp.test" in listing and "a@x.test" not in listing
        run(instance, "sendmail", "-qGuucp", check=0)
        assert set(recorder.arrivals) == {"uucp"}
