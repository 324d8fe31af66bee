"""ETRN (RFC 1985) as clients of sluice-smtpd meet it; sendmail, chapter 11.8.2.6. The queues are stand-ins, so that what
they are asked can be seen (support/fake_control.py)."""
import time

import pytest

from support.fake_control import HOLD, FakeControl
from support.smtp_server import SmtpServer, wait_until


@pytest.fixture
def home(tmp_path):
    return tmp_path


@pytest.fixture
def control(home):
    with FakeControl(home / "run/control/queue1") as running:
        yield running


@pytest.fixture
def start(home):
    servers = []

    def make(**settings):
        servers.append(SmtpServer(home, **settings))
        return servers[-1].start()

    yield make
    for server in servers:
        server.stop()


def selected_by(query):
    return [(test["field"], test["text"]) for test in query["selector"].get("tests", [])]


def test_11_8_2_6_a_missing_host_is_named_so(start, control):
    client = start().dialogue()
    assert client.say("ETRN") == "550 Parameter required"
    assert control.queries == []


def test_11_8_2_6_a_host_has_its_mail_sent_as_by_qR(start, control):
    server = start()
    client = server.dialogue()
    assert client.say("ETRN Dc.Gov") == "250 2.0.0 Queuing for node dc.gov started"
    query = control.wait_for(1)[0]
    assert query["what"] == "run" and query["trigger"] == "etrn"
    assert selected_by(query) == [("recipient-host", "dc.gov")]
    assert "[127.0.0.1]" in query["by"] and query["run"]
    assert not query.get("watch") and not query.get("wait")
    server.wait_for_log(f"ETRN dc.gov: run {query['run']} selected 0 messages")


def test_a_domain_means_all_below_it_too(start, control):
    client = start().dialogue()
    assert client.say("ETRN @example.org") == "250 2.0.0 Queuing for node @example.org started"
    assert selected_by(control.wait_for(1)[0]) == [("recipient-below", "example.org")]


def test_11_8_2_6_a_group_runs_whole(start, control):
    client = start().dialogue()
    assert client.say("ETRN #MQueue") == "250 2.0.0 Queuing for queue group mqueue started"
    assert selected_by(control.wait_for(1)[0]) == []


def test_11_8_2_6_an_unknown_group_is_named_so(start, control):
    server = start()
    client = server.dialogue()
    assert client.say("ETRN #badname") == "459 4.5.4 Queue badname unknown"
    server.wait_for_log("[127.0.0.1] ETRN #badname: there is no such queue group")
    assert control.queries == []


def test_what_is_no_name_is_refused(start, control):
    client = start().dialogue()
    for name in ("two words", "@", "#", "a@b", "*", "<a>", "a..b", "#a.b"):
        assert client.say(f"ETRN {name}").startswith("501 5.5.4"), name
    assert control.queries == []


def test_it_is_offered_and_may_not_come_within_a_transaction(start, control):
    with start().smtp() as client:
        client.ehlo()
        assert client.has_extn("etrn")
        client.mail("a@example.com")
        assert client.docmd("ETRN", "host.example")[0] == 503
        client.rset()
        assert client.docmd("ETRN", "host.example")[0] == 250


def test_without_networks_it_is_not_offered(start, control):
    with start(smtp__etrn_networks=[]).smtp() as client:
        client.ehlo()
        assert not client.has_extn("etrn")
        assert client.docmd("ETRN", "host.example")[0] == 502
    assert control.queries == []


def test_only_clients_in_its_networks_may_ask(start, control):
    server = start(smtp__etrn_networks=["127.0.0.2"])
    assert server.dialogue().say("ETRN host.example").startswith("459 4.7.1")
    server.wait_for_log("[127.0.0.1] ETRN host.example: not allowed")
    assert server.dialogue(source="127.0.0.2").say("ETRN host.example").startswith("250 ")
    assert len(control.wait_for(1)) == 1


def test_nobody_to_be_asked_is_said_at_once(start):
    server = start()
    client = server.dialogue()
    assert client.say("ETRN host.example") == "458 4.3.0 Unable to queue messages for node host.example"
    server.wait_for_log("no queue can be asked")


def test_every_queue_is_asked(start, home, control):
    with FakeControl(home / "run/control/queue2") as other:
        control.answer = lambda query: [{"run": query["run"], "queue": "queue1", "selected": 3}]
        other.answer = lambda query: [{"run": query["run"], "queue": "queue2", "selected": 4}]
        server = start(queue_count=2)
        assert server.dialogue().say("ETRN host.example").startswith("250 ")
        assert control.wait_for(1)[0]["run"] == other.wait_for(1)[0]["run"]
        server.wait_for_log("selected 7 messages")


def test_a_queue_that_refuses_or_goes_away_is_logged(start, control):
    control.answer = lambda query: "not for you"
    server = start()
    client = server.dialogue()
    assert client.say("ETRN one.example").startswith("250 ")
    server.wait_for_log("selected 0 messages; queue1: not for you")
    control.answer = lambda query: HOLD
    assert client.say("ETRN two.example").startswith("250 ")
    control.wait_for(2)
    control.close_links()
    server.wait_for_log("ETRN two.example: run")
    wait_until(lambda: "closed by the peer" in server.log, "the end of the link in the log")


def test_a_queue_that_does_not_answer_holds_up_nobody(start, control):
    control.answer = lambda query: HOLD
    server = start()
    client = server.dialogue()
    began = time.monotonic()
    assert client.say("ETRN host.example").startswith("250 ")
    assert client.say("NOOP").startswith("250 ")
    assert server.dialogue().say("ETRN other.example").startswith("250 ")
    assert time.monotonic() - began < 10, "answered at once"


def test_a_flood_for_one_name_starts_one_run_and_one_more_when_that_has_ended(start, control):
    control.answer = lambda query: HOLD
    server = start()
    client = server.dialogue()
    client.send("ETRN host.example\r\n" * 2000)
    for _ in range(2000):
        assert client.reply().startswith("250 ")
    assert len(control.wait_for(1)) == 1
    control.release()
    assert len(control.wait_for(2)) == 2, "mail may have come since"
    control.release()
    server.wait_for_log("as was asked meanwhile")
    lines = [line for line in server.log.splitlines() if "ETRN" in line]
    assert len(lines) < 20, "nor does it fill the log"


def test_a_flood_of_names_is_bounded_and_always_answered(start, control):
    control.answer = lambda query: HOLD
    server = start(smtp__max_errors=100000)
    client = server.dialogue()
    client.send("".join(f"ETRN host{i}.example\r\n" for i in range(1000)))
    codes = [client.reply()[:3] for _ in range(1000)]
    assert set(codes) == {"250", "458"} and codes.count("250") == 256
    assert len(control.wait_for(4)) == 4, "few runs at a time"
    control.answer = lambda query: [{"selected": 0}]
    control.release()
    control.wait_for(256)
