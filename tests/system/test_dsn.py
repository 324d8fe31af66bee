"""RFC 3461: what a client asks about delivery status travels through the queue to the next server."""
import pytest

from support.remote_server import Server
from support.remote_spawner import Spawner


def dsn_server(offers=("PIPELINING", "8BITMIME", "DSN")):
    def script(d):
        d.greet(offers)
        d.serve()
    return Server(script)


def envelope_heard(server):
    server.wait_until(lambda: server.messages)
    return [line for line in server.dialogues[0].commands if line.startswith(("MAIL", "RCPT"))]


def test_the_parameters_of_a_client_reach_the_next_server(instance):
    with dsn_server() as server:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}"])
        with instance.smtp() as client:
            client.ehlo()
            assert client.has_extn("dsn")
            client.sendmail("a@example.com", ["b@x.test"], "Subject: x\r\n\r\nx\r\n", ["RET=HDRS", "ENVID=QQ314+2B159"],
                            ["NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;First+2B@x.test"])
        assert envelope_heard(server) == ["MAIL FROM:<a@example.com> RET=HDRS ENVID=QQ314+2B159",
                                          "RCPT TO:<b@x.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;First+2B@x.test"]
        instance.wait_until_empty()


def test_each_recipient_keeps_his_own(instance):
    with dsn_server() as server:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}"])
        with instance.smtp() as client:
            client.ehlo()
            client.mail("a@example.com", ["RET=FULL"])
            client.rcpt("never@x.test", ["NOTIFY=NEVER"])
            client.rcpt("plain@x.test")
            client.data("Subject: x\r\n\r\nx\r\n")
        mail, *recipients = envelope_heard(server)
        assert mail == "MAIL FROM:<a@example.com> RET=FULL"
        assert sorted(recipients) == ["RCPT TO:<never@x.test> NOTIFY=NEVER ORCPT=rfc822;never@x.test",
                                      "RCPT TO:<plain@x.test>"]


def test_a_server_without_dsn_is_told_nothing(instance):
    with dsn_server(("PIPELINING", "8BITMIME")) as server:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}"])
        instance.send("b@x.test", mail_options=["RET=FULL", "ENVID=x"], rcpt_options=["NOTIFY=FAILURE,DELAY"])
        assert envelope_heard(server) == ["MAIL FROM:<sender@example.com>", "RCPT TO:<b@x.test>"]


@pytest.mark.parametrize("mail,rcpt", [(["ENVID=" + "x" * 101], []), (["ENVID=a+0D+0Ab"], []), (["RET=SOME"], []),
                                       ([], ["NOTIFY=NEVER,DELAY"]), ([], ["NOTIFY="]), ([], ["ORCPT=rfc822"]),
                                       ([], ["ORCPT=rfc822;" + "x" * 494]), ([], ["ORCPT=rfc822;a+0Ab"])])
def test_what_is_no_parameter_is_refused(instance, mail, rcpt):
    instance.start()
    with instance.smtp() as client:
        client.ehlo()
        code, _ = client.mail("a@example.com", mail)
        if not mail:
            assert code == 250
            code, _ = client.rcpt(instance.user(), rcpt)
        assert code == 501


# -- qmail-rspawn alone -----------------------------------------------------------------------------------------------

@pytest.fixture
def spawner(tmp_path):
    with Spawner(tmp_path / "home") as running:
        yield running


NEVER, SUCCESS, FAILURE, DELAY = 1, 2, 4, 8
WITH_DSN = ("PIPELINING", "8BITMIME", "DSN")


def commands_heard(spawner, offers, **order):
    def script(d):
        d.greet(offers)
        d.serve()

    with Server(script) as server:
        outcome, = spawner.deliver(server.destination, **order)
        assert outcome.verdict == "K"
        return outcome, server.dialogues[0].commands[1:3]


def test_a_server_that_offers_dsn_is_told_and_reports(spawner):
    outcome, commands = commands_heard(spawner, WITH_DSN, ret=2, envid="QQ+2B1", notify=SUCCESS | DELAY,
                                       orcpt="rfc822;first@x.test")
    assert commands == ["MAIL FROM:<s@us.test> RET=HDRS ENVID=QQ+2B1",
                        "RCPT TO:<a@x.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;first@x.test"]
    assert outcome.reached == "reporter"


def test_an_original_recipient_is_added_where_reports_were_asked_for(spawner):
    outcome, commands = commands_heard(spawner, WITH_DSN, recipients=["a+b@x.test"], ret=1, notify=NEVER)
    assert commands == ["MAIL FROM:<s@us.test> RET=FULL",
                        "RCPT TO:<a+b@x.test> NOTIFY=NEVER ORCPT=rfc822;a+2Bb@x.test"]
    assert outcome.reached == "reporter"


def test_a_server_without_dsn_is_told_nothing_and_does_not_report(spawner):
    outcome, commands = commands_heard(spawner, ("PIPELINING", "8BITMIME"), ret=2, envid="Q", notify=SUCCESS,
                                       orcpt="rfc822;first@x.test")
    assert commands == ["MAIL FROM:<s@us.test>", "RCPT TO:<a@x.test>"]
    assert outcome.reached == "server"
