"""sluice queue: messages selected by words, listed, explained, held, released, deleted and tried."""
import json

import pytest

from support.accounts import ROOT, USERS
from support.instance import wait_until
from support.local_programs import run
from support.waiting_mail import destination, mailq, post, wait_until_deferred

FOUR = {
    "ann@one.test": ["a@x.test", "b@y.test"],
    "bob@one.test": ["A@X.test"],
    "carol@two.test": ["c@y.test"],
    "dave@two.test": ["d@z.test"],
}


@pytest.fixture
def full(instance, destination):
    """An instance in whose two queues four messages wait."""
    instance.start(smtproutes=[destination.route_of()], queue_count=2)
    for sender, recipients in FOUR.items():
        post(instance, sender, recipients, sender=sender)
    wait_until_deferred(instance, 4)
    return instance


def listed(instance, *selectors):
    """Senders."""
    lines = instance.tool("queue", *selectors, "--json", check=True).stdout.splitlines()
    return {json.loads(line)["sender"] for line in lines}


def tool(instance, *arguments, status=0):
    done = instance.tool("queue", *arguments)
    assert done.returncode == status, (done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


SELECTIONS = [
    ([], set(FOUR)),
    (["list"], set(FOUR)),
    (["--recipient", "@x.test"], {"ann@one.test", "bob@one.test"}),
    (["--not-recipient", "@x.test"], {"carol@two.test", "dave@two.test"}),
    (["--recipient", "@x.test", "--recipient", "@y.test"], {"ann@one.test"}),
    (["--sender", "ONE"], {"ann@one.test", "bob@one.test"}),
    (["--not-sender", "one", "--not-recipient", "z.test"], {"carol@two.test"}),
    (["--sender", "*"], set()),
    (["--older-than", "1d"], set()),
    (["--younger-than", "1d", "--sender", "dave"], {"dave@two.test"}),
    (["--not-older-than", "1d"], set(FOUR)),
    (["--not-held"], set(FOUR)),
    (["--held"], set()),
    (["--group", "default"], set(FOUR)),
    (["--not-group", "mqueue"], set()),
]


def test_every_selector_and_its_negation(full):
    for selectors, senders in SELECTIONS:
        assert listed(full, *selectors) == senders, selectors
    one = str(full.queue()[0]["id"])
    assert len(listed(full, "--id", one[3:])) == 1 and len(listed(full, "--not-id", one)) == 3


def test_an_order_holds_over_all_queues(full):
    def senders(*arguments):
        return [json.loads(line)["sender"] for line in full.tool("queue", *arguments, "--json", check=True).stdout.splitlines()]
    messages = full.queue()
    assert senders("--order", "filename") == [m["sender"] for m in sorted(messages, key=lambda m: m["id"])]
    assert senders("--order", "time", "--most", "2") == senders("--order", "time")[:2]
    assert senders("--order", "priority")[-1] == "ann@one.test"  # two recipients
    assert sorted(senders("--order", "random")) == sorted(FOUR)
    assert "Invalid queue sort order" in tool(full, "--order", "alphabet", status=64)


def test_orders_touch_what_is_selected_and_say_how_many(full, destination):
    assert tool(full, "hold", "--sender", "@two.test", "--dry-run") == "2 messages would be held\n"
    assert listed(full, "--held") == set()
    assert tool(full, "hold", "--sender", "@two.test", "--reason", "asked first") == "2 messages held\n"
    assert listed(full, "--held") == listed(full, "--reason", "ASKED") == {"carol@two.test", "dave@two.test"}
    assert "held: asked first" in tool(full, "--held")
    assert len(mailq(full)) == 2 and len(mailq(full, "-qQ")) == 2
    with destination.open() as recorder:
        assert tool(full, "retry", "--all", "--dry-run") == "2 messages would be tried\n"
        tool(full, "retry", "--all", "--wait")
        assert set(recorder.arrivals) == {"ann@one.test", "bob@one.test"}
        assert tool(full, "release", "--all", "--dry-run") == "2 messages would be released\n"
        assert tool(full, "delete", "--reason", "asked", "--recipient", "@y.test") == "1 message deleted\n"
        assert tool(full, "release", "--reason", "asked") == "1 message released\n"
        tool(full, "retry", "--all")
        recorder.wait_for(["dave@two.test"])
        full.wait_until_empty()
        assert "carol@two.test" not in recorder.arrivals


def test_a_message_stays_held_over_a_restart(instance, destination):
    instance.start(smtproutes=[destination.route_of()])
    post(instance, "one", "a@x.test")
    wait_until_deferred(instance, 1)
    tool(instance, "hold", "--all", "--reason", "wait for Monday")
    assert instance.stop() == 0
    with destination.open() as recorder:
        instance.start()
        message, = instance.queue()
        assert message["held"] == "wait for Monday"
        tool(instance, "retry", "--all", "--wait")
        assert not recorder.arrivals
        tool(instance, "release", "--all")
        tool(instance, "retry", "--all", "--wait")
        recorder.wait_for(["one"])


def test_retry_tries_the_recipients_that_match_and_no_others(full, destination):
    with destination.open() as recorder:
        text = tool(full, "retry", "--recipient", "@x.test", "--wait")
        assert text.startswith("2 messages tried: recipients delivered 2, deferred 0, failed 0")
        assert set(recorder.arrivals) == {"ann@one.test", "bob@one.test"}
    left = {message["sender"]: [r["address"] for r in message["recipients"] if r["state"] == "deferred"] for message in full.queue()}
    assert left["ann@one.test"] == ["b@y.test"]


def test_orders_without_a_selector_are_refused(full):
    for order in ("hold", "release", "delete", "retry"):
        assert tool(full, order, status=64) == f"sluice: queue {order}: say which messages, or --all for every one of them\n"
    assert "excludes" in tool(full, "--sender", "ann", "delete", "--all", status=64)
    assert tool(full, "delete", "--sender", "ann", "--sender", "", status=64) in (
        "sluice: the empty text for sender would match everything\n",)
    assert len(full.queue()) == 4


def test_what_is_wrong_is_said_in_one_line(full):
    assert tool(full, "--group", "nosuch", status=64) == "sluice: Queue group nosuch unknown\n"
    assert tool(full, "--older-than", "5", status=64).count("\n") == 1
    assert tool(full, "explain", "x", status=64) == "sluice: \"x\" is no id of a message\n"
    assert tool(full, "explain", "12345", status=66) == "sluice: no queue has a message 12345\n"


def test_explain_says_why_and_what_would_free_it(full):
    one = next(message for message in full.queue() if message["sender"] == "ann@one.test")
    text = tool(full, "explain", one["id"])
    assert f"{one['id']} from <ann@one.test>" in text and f"in {one['queue']} of group mqueue" in text
    assert "remote a@x.test: deferred, 1 attempt" in text and "not yet" in text
    assert "\n      goes " in text
    assert "waits for" in text and f"sluice queue retry --id {one['id']}" in text
    assert "is returned to its sender after" in text
    tool(full, "hold", "--id", one["id"], "--reason", "why not")
    text = tool(full, "explain", one["id"])
    assert "held: why not" in text and f"sluice queue release --id {one['id']}" in text
    whole = json.loads(tool(full, "explain", one["id"], "--json"))
    assert (whole["id"], whole["held"]) == (one["id"], "why not")


def test_a_held_message_has_no_times(full):
    tool(full, "hold", "--sender", "ann@one.test")
    one = next(message for message in full.queue() if message["sender"] == "ann@one.test")
    text = tool(full, "explain", one["id"])
    assert "held" in text and "\n      goes " not in text and "is returned" not in text
    full.wait_for_log(rf"msg {one['id']} is held$")


@pytest.mark.skipif(not ROOT, reason="needs two users")
def test_orders_are_for_root_and_the_owner(full):
    for order in ("hold", "release", "delete"):
        done = run(full, "sluice", "queue", order, "--all", caller=USERS[0], check=77)
        assert "only root and" in done.stderr
    assert len(full.queue()) == 4
    run(full, "sluice", "queue", "retry", "--all", caller=USERS[0], check=0)


def test_a_queue_that_does_not_answer_is_named_and_stops_no_other(full):
    full.kill("qmail-send.2")
    done = full.tool("queue", "--json")
    assert done.returncode in (0, 69)  # it may be back already
    if done.returncode == 69:
        assert "queue2" in done.stderr
    wait_until(lambda: full.tool("queue", "--json").stdout.count("\n") == 4, "both queues", pause=0.1)


def test_each_of_many_recipients_says_what_it_waits_for(instance, destination):
    instance.start(smtproutes=[destination.route_of()])
    recipients = [f"r{i}@x{i % 5}.test" for i in range(20)]
    post(instance, "many", recipients)
    wait_until_deferred(instance, 1)
    message, = instance.queue()
    assert [(r["address"], r["reason"]) for r in message["recipients"]] == [(address, "retry-time") for address in recipients]
