"""What senders are told: reports of failure, success and delay (RFC 3461, RFC 3464), by the daemons as a whole."""
import email
import email.policy
import pathlib
import pwd
import re
import signal
import struct

import pytest

from support.accounts import ROOT
from support.instance import free_port, wait_until
from support.remote_server import Server
from test_failures import refusing


def submit(instance, recipients, message="Subject: test\r\n\r\nlost words\r\n", sender=None, **parameters):
    """Recipients: pairs of an address and its parameters of RCPT. parameters: of MAIL, as RET=..."""
    with instance.smtp() as client:
        client.ehlo()
        options = [f"{name}={value}" for name, value in parameters.items()]
        assert client.mail(instance.user() if sender is None else sender, options)[0] == 250
        for address, *of_recipient in recipients:
            assert client.rcpt(address, of_recipient)[0] == 250
        assert client.data(message)[0] == 250


class Report:
    def __init__(self, octets):
        self.message = email.message_from_bytes(octets, policy=email.policy.default)
        assert self.message.get_param("report-type") == "delivery-status" and self.message["Return-Path"] in ("<>", "<#@[]>")
        text, status, self.original = self.message.iter_parts()
        self.text = " ".join(text.get_content().split())  # its lines are folded
        self.about, *self.recipients = status.get_payload()

    def of(self, address):
        found, = [each for each in self.recipients if each["Final-Recipient"] == f"rfc822; {address}"]
        return found

    @property
    def actions(self):
        return {each["Final-Recipient"].split("; ")[1]: each["Action"] for each in self.recipients}

    @property
    def returns_all(self):
        return self.original.get_content_type() == "message/rfc822"


def reports(instance):
    return [Report(octets) for octets in instance.mail() if b"\nContent-Type: multipart/report" in octets]


def wait_for_reports(instance, count=1):
    wait_until(lambda: len(reports(instance)) >= count, lambda: f"{count} reports; the log: {instance.log[-4000:]}")
    return reports(instance)


def reporting_elsewhere():
    """A server that offers DSN."""
    def script(dialogue):
        dialogue.greet(("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "DSN"))
        while True:
            dialogue.take_envelope()
            dialogue.take_body()
    return Server(script)


# -- when all recipients are settled ----------------------------------------------------------------------------------


def test_one_report_tells_of_the_failed_and_of_the_delivered(instance):
    with refusing(rcpt="550 5.1.1 no such user here") as server:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}"])
        submit(instance, [("a@x.test", "ORCPT=rfc822;Alias+2Ba@y.test"), (instance.user(), "NOTIFY=SUCCESS,FAILURE")],
               ENVID="QQ+2B7")
        report, = wait_for_reports(instance)
        instance.wait_until_empty()
        assert len(reports(instance)) == 1
        assert report.actions == {"a@x.test": "failed", instance.user(): "delivered"}
        assert report.message["Subject"] == "failure notice" and report.message["To"] == instance.user()
        assert report.about["Original-Envelope-Id"] == "QQ+7"
        failed, delivered = report.of("a@x.test"), report.of(instance.user())
        assert failed["Status"] == "5.1.1" and failed["Original-Recipient"] == "rfc822;Alias+a@y.test"
        assert failed["Remote-MTA"] == "dns; [127.0.0.1]" and failed["Diagnostic-Code"].startswith("smtp; 550 5.1.1 no such")
        assert delivered["Status"].startswith("2.")
        assert "could not be delivered" in report.text and "was delivered to" in report.text
        assert report.returns_all and "lost words" in report.original.as_string()
        instance.wait_for_log(r"^bounce msg \d+ qp \d+ queue1$")


def test_success_alone_is_reported_with_the_header_only(instance):
    with refusing() as server:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}"])
        submit(instance, [("a@x.test", "NOTIFY=SUCCESS")], RET="FULL")
        report, = wait_for_reports(instance)
        assert report.actions == {"a@x.test": "relayed"}
        assert report.message["Subject"] == "success notice: your message was passed on"
        assert not report.returns_all and "lost words" not in report.original.as_string()
        instance.wait_for_log(r"^notice msg \d+ qp \d+ queue1$")


def test_success_is_the_next_servers_to_report_if_it_offers_that(instance):
    with reporting_elsewhere() as server:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}"])
        submit(instance, [("a@x.test", "NOTIFY=SUCCESS")])
        instance.wait_for_log("^end msg")
        instance.wait_until_empty()
        assert len(server.messages) == 1
        assert not reports(instance) and " msg " in instance.log and "notice msg" not in instance.log


def test_who_wants_no_report_gets_none(instance):
    with refusing(rcpt="550 5.1.1 nobody") as server:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}"])
        submit(instance, [("a@x.test", "NOTIFY=NEVER"), ("b@x.test", "NOTIFY=SUCCESS,DELAY")])
        instance.wait_for_log("^end msg")
        instance.wait_until_empty()
        assert not instance.mail() and "bounce msg" not in instance.log


def test_nothing_but_failure_is_reported_about_a_report(instance):
    with refusing() as server:
        local, domain = instance.user().split("@")
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}"], doublebounceto=local, doublebouncehost=domain)
        submit(instance, [("a@x.test", "NOTIFY=SUCCESS")], sender="")
        instance.wait_for_log("^end msg")
        server.answers["rcpt"] = "550 5.1.1 nobody"
        submit(instance, [("b@x.test",), (instance.user(), "NOTIFY=SUCCESS")], sender="")
        report, = wait_for_reports(instance)
        assert report.actions == {"b@x.test": "failed"} and report.message["Return-Path"] == "<#@[]>"
        instance.wait_until_empty()
        assert len(reports(instance)) == 1


@pytest.mark.parametrize("ret, whole", [("HDRS", False), ("FULL", True)])
def test_ret_chooses_what_a_failure_returns(instance, ret, whole):
    with refusing(rcpt="550 5.1.1 nobody") as server:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}"])
        submit(instance, [("a@x.test",)], RET=ret)
        report, = wait_for_reports(instance)
        assert report.returns_all == whole and ("lost words" in report.original.as_string()) == whole
        assert "Subject: test" in report.original.as_string()


def test_the_site_words_its_failure_reports(instance):
    with refusing(rcpt="550 5.1.1 nobody") as server:
        instance.set_up(smtproutes=[f"x.test:127.0.0.1:{server.port}"])
        for name, text in {"bouncesubject": "sorry\n", "bouncemessage": "Hi. It went wrong,\nas follows:\n",
                           "bouncemaxbytes": "10\n"}.items():
            (instance.home / "etc/control" / name).write_text(text)
        instance.start()
        submit(instance, [("a@x.test",)])
        report, = wait_for_reports(instance)
        assert report.message["Subject"] == "sorry" and report.text.startswith("Hi. It went wrong, as follows: <a@x.test>:")
        assert not report.returns_all and "Subject: test" in report.original.as_string()


def test_a_large_message_is_returned_whole_if_the_site_wants_that(instance):
    with refusing(rcpt="550 5.1.1 nobody") as server:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}"], bouncemaxbytes="1M")
        submit(instance, [("a@x.test",)], message="Subject: large\r\n\r\n" + "0123456789abcdef\r\n" * 30_000)
        report, = wait_for_reports(instance)
        assert report.returns_all and report.original.as_string().count("0123456789abcdef") == 30_000


def test_what_was_delivered_before_a_kill_is_reported_after_it(instance):
    with refusing(rcpt="450 4.2.1 later") as server:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}"])
        submit(instance, [("a@x.test",), (instance.user(), "NOTIFY=SUCCESS")])
        instance.wait_for_log(r"^delivery \d+\.1: deferral: ")
        instance.wait_for_log(r"^delivery \d+\.1: success: ")
        wait_until(lambda: state_holds(instance, 3, b"K") and state_holds(instance, 2), "both results to be on disk")
        instance.kill_all()
        server.answers["rcpt"] = "550 5.1.1 nobody"
        instance.start()
        instance.process.send_signal(signal.SIGALRM)
        report, = wait_for_reports(instance)
        assert report.actions == {"a@x.test": "failed", instance.user(): "delivered"}


@pytest.mark.skipif(not ROOT, reason="without root everybody is one user")
def test_reports_are_logged_as_qmail_sends(instance):
    with refusing(rcpt="550 5.1.1 nobody") as server:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}"])
        submit(instance, [("a@x.test",)])
        line = instance.wait_for_log(r"^info msg \d+: bytes \d+ from <> qp (\d+) uid (\d+) queue1$")
        assert int(line[1]) == instance.pids["qmail-send"] and int(line[2]) == pwd.getpwnam("qmails").pw_uid


# -- delay ------------------------------------------------------------------------------------------------------------


def state_holds(instance, kind, verdict=b""):
    """Whether the state log holds a record of that type on disk (docs/formats.md)."""
    for path in sorted(pathlib.Path(instance.queue_directory, "state").glob("*.log")):
        octets, at = path.read_bytes(), 32
        while at + 12 < len(octets):
            length = struct.unpack_from("<I", octets, at)[0]
            record = octets[at + 12:at + 12 + length]
            if record[:1] == bytes([kind]) and (not verdict or record[13:14] == verdict):
                return True
            at += 12 + length
    return False


def test_delay_is_reported_once_also_across_a_kill(instance):
    instance.start(smtproutes=[f"x.test:127.0.0.1:{free_port()}"], queuewarn="1s")
    submit(instance, [("a@x.test",), ("b@x.test", "NOTIFY=FAILURE"), (instance.user(),)])
    report, = wait_for_reports(instance)
    assert report.actions == {"a@x.test": "delayed"}
    fields, = report.recipients
    assert fields["Status"].startswith("4.") and "refused" in fields["Diagnostic-Code"] and fields["Will-Retry-Until"]
    assert report.message["Subject"].startswith("delay notice") and not report.returns_all
    assert "still being tried" in report.text
    warned = instance.wait_for_log(r"^warning msg (\d+) qp \d+ queue1$")[1]
    wait_until(lambda: state_holds(instance, 10), "the warning to be remembered on disk")
    instance.kill_all()
    mark = instance.mark()
    instance.start()
    submit(instance, [("c@x.test",)])  # when this one is late, the first would have been
    instance.wait_for_log(r"^warning msg ", after=mark)
    later = re.findall(r"^warning msg (\d+)", instance.log_after(mark), re.MULTILINE)
    assert warned not in later and len(later) == 1
    assert [report.actions for report in wait_for_reports(instance, 2)].count({"a@x.test": "delayed"}) == 1


def test_nobody_hears_of_the_delay_of_bulk_mail_reports_or_what_was_not_asked_for(instance):
    instance.start(smtproutes=[f"x.test:127.0.0.1:{free_port()}"], queuewarn="1s")
    submit(instance, [("bulk@x.test",)], message="Subject: to all\r\nPrecedence: bulk\r\n\r\nhello\r\n")
    submit(instance, [("null@x.test",)], sender="")
    submit(instance, [("failure@x.test", "NOTIFY=FAILURE")])
    submit(instance, [("last@x.test",)])
    report, = wait_for_reports(instance)
    assert report.actions == {"last@x.test": "delayed"}
    assert len(re.findall("^warning msg", instance.log, re.MULTILINE)) == 1


def test_a_queuewarn_of_nothing_warns_nobody(instance):
    instance.start(smtproutes=[f"x.test:127.0.0.1:{free_port()}"], queuewarn="0")
    submit(instance, [("a@x.test",)])
    instance.wait_for_log("^delivery .*deferral")
    instance.configure(queuewarn="1s")
    instance.process.send_signal(signal.SIGHUP)
    report, = wait_for_reports(instance)
    assert report.actions == {"a@x.test": "delayed"}


# -- recipients that are one ------------------------------------------------------------------------------------------


def test_an_address_that_is_given_twice_gets_one_copy_and_what_either_wants(instance):
    with refusing() as server:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}"])
        submit(instance, [("a@x.test", "NOTIFY=SUCCESS"), ("b@x.test",), ("a@X.TEST", "NOTIFY=NEVER")])
        report, = wait_for_reports(instance)
        assert report.actions == {"a@x.test": "relayed"}
        instance.wait_until_empty()
        assert [message.recipients for message in server.messages] == [["a@x.test", "b@x.test"]]


# -- lanes of local mail ----------------------------------------------------------------------------------------------


def test_addresses_of_one_user_share_an_attempt(instance):
    instance.start()
    name, domain = instance.user().split("@")
    submit(instance, [(f"{name}-x@{domain}",), (f"{name}@{domain}",), (f"{name}-y@{domain}",)])
    instance.wait_for_log(r"^starting delivery 1\.1: .*\nstarting delivery 2\.1: .*\nstarting delivery 3\.1: .*\n"
                          r"status: local 1/100 ")
    instance.wait_for_mail()
    instance.wait_until_empty()
