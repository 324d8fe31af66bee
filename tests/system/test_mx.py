"""qmail-rspawn and the name service: nsd serves the zones, servers answer on loopback addresses of their own."""
import contextlib
import random

import pytest

from support.remote_names import NameServer, free_port
from support.remote_server import Server
from support.remote_spawner import Spawner

# Each test process has a network of its own, so that tests may run side by side; the port is given with the domain
# ("x.test:PORT", as a route without a host does), because port 25 may be taken.
NET = "127.{}.{}".format(random.randint(2, 250), random.randint(0, 250))
UP, OTHER, DOWN = f"{NET}.1", f"{NET}.2", f"{NET}.3"

ZONES = {
    "x.test": f"""
        @ MX 10 mx1
        @ MX 20 mx2
        mx1 A {UP}
        mx2 A {OTHER}
        down-first MX 10 dead
        down-first MX 20 mx1
        all-down MX 10 dead
        dead A {DOWN}
        null MX 0 .
        plain A {UP}
        nothing TXT none
        missing MX 10 gone
        unhosted MX 10 nothing
        alias CNAME x.test.
        to-alias MX 10 aliashost
        aliashost CNAME mx1
        self MX 10 us.test.
        self MX 20 mx1
        backup MX 10 mx1
        backup MX 20 us.test.
        backup MX 30 mx2
        self-by-address MX 10 bynumber
        bynumber A {NET}.9
        equal MX 10 mx1
        equal MX 10 mx2
        many MX 1 h1
        many MX 2 h2
        many MX 3 h3
        many MX 4 h4
        many MX 5 h5
        many MX 6 mx1
        homeless MX 1 gone1
        homeless MX 2 gone2
        homeless MX 3 gone3
        homeless MX 4 gone4
        homeless MX 5 gone5
        homeless MX 6 nothing
        homeless MX 7 mx1
        keeping MX 10 gone
        keeping MX 20 us.test.
        keeping MX 30 mx2
        h1 A {DOWN}
        h2 A {DOWN}
        h3 A {DOWN}
        h4 A {DOWN}
        h5 A {DOWN}
        loop1 CNAME loop2
        loop2 CNAME loop1
    """,
}


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    with NameServer(tmp_path_factory.mktemp("nsd"), ZONES) as running:
        yield running


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def spawner(tmp_path, names, port):
    settings = {"remote.resolver": [names.address], "smtp.listen": [f"{NET}.9:{port}"]}
    with Spawner(tmp_path / "home", settings) as running:
        yield running


@contextlib.contextmanager
def servers(port, *addresses):
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Server(address=address, port=port)) for address in addresses]


@pytest.mark.parametrize("domain", ["x.test", "X.Test", "alias.x.test", "to-alias.x.test", "plain.x.test",
                                    "down-first.x.test", "backup.x.test", "homeless.x.test"])
def test_mail_goes_to_the_best_exchanger_that_answers(spawner, port, domain):
    with servers(port, UP, OTHER) as (up, other):
        outcome, = spawner.deliver(f"{domain}:{port}")
        assert outcome.verdict == "K", outcome
        assert outcome.text.startswith(f"{UP} accepted message.")
        assert len(up.messages) == 1 and not other.messages


def test_a_session_to_a_domain_is_reused_without_a_question(spawner, port):
    with servers(port, UP) as (up,):
        for _ in range(3):
            assert spawner.deliver(f"x.test:{port}")[0].verdict == "K"
        assert len(up.dialogues) == 1


@pytest.mark.parametrize("when", ["mail", "rcpt", "data"])
def test_an_exchanger_that_breaks_before_the_body_leaves_the_message_to_the_next(spawner, port, when):
    def script(d):
        d.greet()
        if when == "mail":
            d.command()
        else:
            d.take_envelope(rcpt="250 ok" if when == "data" else None, data=None)
        d.close()

    with Server(script, address=UP, port=port) as up, Server(address=OTHER, port=port) as other:
        outcomes = spawner.deliver(f"x.test:{port}", recipients=["a@x.test", "b@x.test"])
        assert [outcome.verdict for outcome in outcomes] == ["K", "K"]
        assert len(up.dialogues) == 1 and other.messages[0].recipients == ["a@x.test", "b@x.test"]


def test_what_the_broken_exchanger_had_answered_is_not_asked_again(spawner, port):
    def script(d):
        d.greet()
        d.command()  # MAIL
        d.say("250 ok\r\n550 5.1.1 nobody\r\n")
        d.read_until(b"DATA\r\n")
        d.close()

    with Server(script, address=UP, port=port), Server(address=OTHER, port=port) as other:
        outcomes = spawner.deliver(f"x.test:{port}", recipients=["nobody@x.test", "a@x.test", "b@x.test"])
        assert [outcome.verdict for outcome in outcomes] == ["D", "K", "K"]
        assert outcomes[0].code == "5.1.1" and UP in outcomes[0].text
        assert other.messages[0].recipients == ["a@x.test", "b@x.test"]


def test_when_every_exchanger_breaks_the_message_is_deferred(spawner, port):
    def script(d):
        d.greet()
        d.close()

    with Server(script, address=UP, port=port) as up, Server(script, address=OTHER, port=port) as other:
        outcome, = spawner.deliver(f"x.test:{port}")
        assert (outcome.verdict, outcome.trouble) == ("Z", "connection")
        assert outcome.text.startswith(f"Connected to {OTHER} but ")
        assert len(up.dialogues) == len(other.dialogues) == 1


def test_equal_exchangers_share_the_load(spawner, port):
    with servers(port, UP, OTHER) as (up, other):
        attempts = [spawner.order(f"equal.x.test:{port}") for _ in range(40)]
        assert all(spawner.outcomes_of(attempt)[0].verdict == "K" for attempt in attempts)
        assert up.messages and other.messages


def test_all_exchangers_down_is_a_deferral_that_names_the_last(spawner, port):
    outcome, = spawner.deliver(f"all-down.x.test:{port}")
    assert (outcome.verdict, outcome.trouble) == ("Z", "unreachable")
    assert outcome.text == f"connect to dead.x.test[{DOWN}]:{port}: Connection refused"


def test_no_more_than_five_exchangers_are_tried(spawner, port):
    with servers(port, UP) as (up,):
        assert spawner.deliver(f"many.x.test:{port}")[0].verdict == "Z"
        assert not up.dialogues


@pytest.mark.parametrize("domain,verdict,code", [
    ("null.x.test", "D", "5.1.10"),
    ("nowhere.x.test", "D", "5.1.2"),
    ("nothing.x.test", "D", "5.4.4"),
    ("missing.x.test", "D", "5.4.4"),
    ("unhosted.x.test", "D", "5.4.4"),
    ("self.x.test", "D", "5.4.6"),
    ("self-by-address.x.test", "D", "5.4.6"),
    ("keeping.x.test", "Z", "4.4.4"),  # we are its backup
    ("other-zone.test", "Z", "4.4.3"),  # nsd answers REFUSED
    ("loop1.x.test", "Z", "4.4.3"),
])
def test_domains_without_a_way_have_the_right_code(spawner, port, domain, verdict, code):
    outcome, = spawner.deliver(f"{domain}:{port}")
    assert (outcome.verdict, outcome.code) == (verdict, code), outcome
    assert domain in outcome.text
    assert outcome.trouble == ("none" if verdict == "D" else "unreachable")


def test_a_relay_that_is_a_name_has_its_addresses_asked_for_not_its_exchangers(spawner, port):
    with servers(port, UP) as (up,):
        assert spawner.deliver(f"[plain.x.test]:{port}")[0].verdict == "K"
        assert spawner.deliver(f"[mx1.x.test]:{port}")[0].verdict == "K"
        assert len(up.messages) == 2


def test_a_relay_without_an_address_returns_no_mail(spawner, port):
    for relay in ("nowhere.x.test", "nothing.x.test"):
        outcome, = spawner.deliver(f"[{relay}]:{port}")
        assert (outcome.verdict, outcome.trouble, outcome.code) == ("Z", "unreachable", "4.4.4")


def test_localhost_needs_no_name_server(spawner):
    with Server(address="127.0.0.1") as server:
        assert spawner.deliver(f"[localhost]:{server.port}")[0].verdict == "K"


def test_a_dead_name_server_defers(tmp_path):
    with Spawner(tmp_path / "home", {"remote.resolver": [f"127.0.0.1@{free_port()}"]}) as spawner:
        outcome, = spawner.deliver("x.test")
        assert (outcome.verdict, outcome.trouble, outcome.code) == ("Z", "unreachable", "4.4.3")
