"""Queue runs, holds and listings over the control socket of a qmail-send."""
import re
import signal
import socket
import time

import pytest

from support.accounts import ROOT
from support.instance import free_port, wait_until
from support.runs import ask, ask_as_stranger, run


@pytest.fixture
def deferred(instance):
    """Three messages for three hosts where nobody listens, all deferred once."""
    def begin(**settings):
        instance.start(smtproutes=["x.test:127.0.0.1:1", "w.x.test:127.0.0.1:2", "y.test:127.0.0.1:3"], **settings)
        for to in ("ann@x.test", "bob@w.x.test", "cid@y.test"):
            instance.send(to)
        instance.wait_for_log(r"^delivery \S+ deferral: ", times=3)
        return instance
    return begin


def ids(instance):
    return {message["recipients"][0]["address"].split("@")[0]: message["id"] for message in instance.queue()}


def test_a_run_tries_everything_that_waits_for_its_time(deferred):
    instance = deferred()
    mark = instance.mark()
    answers = run(instance, wait=True).rest()
    assert answers[0] == {"run": "1.1", "queue": "queue1", "selected": 3}
    assert answers[-1]["ended"] and answers[-1]["delivered"] == 0 and answers[-1]["status"] == 0
    assert answers[-1]["deferred"] >= 1 and len(answers) == 2
    instance.wait_for_log(r"^starting delivery ", mark)


def test_a_selective_run_tries_what_it_names_and_nothing_else(deferred):
    instance = deferred()
    mark = instance.mark()
    answers = run(instance, [("recipient", "BOB")], wait=True).rest()
    assert answers[0]["selected"] == 1
    started = re.findall(r"^starting delivery \S+ msg (\S+) ", instance.log_after(mark), re.MULTILINE)
    assert started == [str(ids(instance)["bob"])]


def test_a_run_that_selects_nothing_ends_at_once(deferred):
    instance = deferred()
    assert run(instance, [("sender", "nobody-at-all")], wait=True).rest() == [
        {"run": "1.1", "queue": "queue1", "selected": 0},
        {"ended": True, "delivered": 0, "deferred": 0, "failed": 0, "skipped": 0, "status": 0}]
    assert run(instance, [("sender", "nobody-at-all")]).rest() == [{"run": "1.1", "queue": "queue1", "selected": 0}]


def test_young_attempts_are_passed_over_unless_single_messages_are_asked_for(deferred):
    instance = deferred()
    answers = run(instance, wait=True, watch=True, min_age=3600).rest()
    assert answers[0]["selected"] == 0 and answers[-1]["skipped"] == 3
    lines = [answer["line"] for answer in answers if "line" in answer]
    assert len(lines) == 3 and all(re.fullmatch(r"\d+: too young \(0[01]:\d\d:\d\d\)", line) for line in lines), lines
    assert run(instance, [("recipient", "ann")], wait=True, min_age=3600).rest()[0]["selected"] == 1


def test_a_watched_run_tells_what_happens_in_sequence(deferred):
    instance = deferred()
    known = ids(instance)
    lines = [answer["line"] for answer in run(instance, watch=True, one_by_one=True).rest() if "line" in answer]
    running = [line for line in lines if line.startswith("Running ")]
    assert running == [f"Running {instance.queue_directory}/{known[name]} (sequence {n} of 3)"
                       for n, name in enumerate(("ann", "bob", "cid"), 1)]
    assert len([line for line in lines if re.match(r"<(ann|bob|cid)@\S+test>\.\.\. Deferred: ", line)]) == 3, lines


def test_a_watched_run_ends_when_its_watcher_goes(deferred):
    instance = deferred()
    watching = run(instance, watch=True)
    watching.next()
    watching.close()
    wait_until(lambda: ask(instance, what="runs").rest() == [], "the end of the run")


def test_held_mail_waits_also_after_a_restart_until_it_is_released(deferred):
    instance = deferred()
    everything = {"tests": [], "view": "any"}
    assert ask(instance, what="hold", selector=everything, dry_run=True).rest()[0] == {"selected": 3}
    assert not any(message["held"] for message in map(lambda m: {"held": False, **m}, instance.queue()))
    answers = ask(instance, what="hold", selector=everything, reason="a closer look").rest()
    assert answers[0] == {"selected": 3} and sorted(a["id"] for a in answers[1:]) == sorted(ids(instance).values())
    assert run(instance, wait=True).rest()[0]["selected"] == 0
    assert instance.stop() == 0
    instance.start()
    assert {r["reason"] for m in instance.queue() for r in m["recipients"]} == {"held"}
    assert run(instance, wait=True).rest()[0]["selected"] == 0
    one = {"tests": [{"field": "reason", "text": "closer"}, {"field": "recipient", "text": "ann"}], "view": "held"}
    assert ask(instance, what="release", selector=one).rest() == [{"selected": 1}, {"id": ids(instance)["ann"], "was": "a closer look"}]
    assert run(instance, wait=True).rest()[0]["selected"] == 1


def test_deleted_mail_is_gone_without_a_report_also_after_a_restart(deferred):
    instance = deferred()
    known = ids(instance)
    one = {"tests": [{"field": "id", "text": str(known["bob"])}], "view": "any"}
    assert ask(instance, what="delete", selector=one).rest() == [{"selected": 1}, {"id": known["bob"]}]
    instance.wait_for_log(rf"^end msg {known['bob']}")
    assert sorted(ids(instance)) == ["ann", "cid"]
    assert instance.stop() == 0
    instance.start()
    assert sorted(ids(instance)) == ["ann", "cid"]
    assert not instance.mail()


def test_explain_says_why_a_message_is_still_here(deferred):
    instance = deferred()
    answer, = ask(instance, what="explain", id=ids(instance)["ann"]).rest()
    recipient, = answer["recipients"]
    assert recipient["reason"] in ("retry-time", "lane-backoff") and recipient["address"] == "ann@x.test"
    assert recipient["lane"] == "[127.0.0.1]:1" and recipient["lane_in_flight"] == 0
    assert recipient["last"] <= time.time() < recipient["next"] + 5 and answer["expires"] > time.time() + 3600
    assert answer["priority"] >= 30000 + 90000
    assert ask(instance, what="explain", id=1).rest() == []


def test_a_listing_counts_first_and_shows_what_the_selector_names(deferred):
    instance = deferred()
    named = {"tests": [{"field": "recipient", "text": "x.test"}], "view": "any"}
    answers = ask(instance, what="queue", selector=named, order="time").rest()
    assert answers[0] == {"selected": 2}
    assert [m["recipients"][0]["address"] for m in answers[1:]] == ["ann@x.test", "bob@w.x.test"]
    assert len(ask(instance, what="queue", selector=named, most=1).rest()) == 2


def test_a_run_can_return_mail_without_trying(deferred):
    instance = deferred()
    one = [("recipient", "cid")]
    mark = instance.mark()
    answers = run(instance, one, bounce=True, wait=True).rest()
    assert answers[0]["selected"] == 1 and answers[-1]["failed"] == 1 and answers[-1]["status"] != 0
    instance.wait_for_log(r"^bounce msg ", mark)
    assert "cid@y.test" not in re.findall(r"^starting delivery .* (\S+)$", instance.log_after(mark), re.MULTILINE)


def test_what_is_being_tried_is_locked_and_no_run_waits_for_it(instance):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never says anything
        instance.start(smtproutes=[f"slow.test:127.0.0.1:{silent.getsockname()[1]}", "x.test:127.0.0.1:1"])
        instance.send("ann@x.test")
        instance.wait_for_log(r"^delivery \S+ deferral: ")
        mark = instance.mark()
        instance.send("sam@slow.test")
        instance.wait_for_log(r"^starting delivery ", mark)
        for _ in range(3):
            answers = run(instance, watch=True, one_by_one=True).rest()
            assert answers[0]["selected"] == 1 and answers[-1]["ended"]
            assert [a["line"] for a in answers if a.get("line", "").endswith("locked")] == [f"{ids(instance)['sam']}: locked"]
        instance.kill_all()


def test_runs_under_way_show_in_status(instance):
    port = free_port()
    instance.start(smtproutes=[f"slow.test:127.0.0.1:{port}"])
    instance.send("sam@slow.test")
    instance.wait_for_log(r"^delivery \S+ deferral: ")
    with socket.create_server(("127.0.0.1", port)):  # takes connections and never says anything
        waiting = run(instance, wait=True, by="somebody")
        assert waiting.next()["selected"] == 1
        found, = instance.status()["queues"][0]["runs"]
        assert found["by"] == "somebody" and found["trigger"] == "command" and found["under_way"] == 1
        assert "by somebody: running" in instance.tool("status", check=True).stdout
        answer, = ask(instance, what="explain", id=ids(instance)["sam"]).rest()
        assert answer["runs"] == ["1.1"] and answer["recipients"][0]["reason"] == "in-flight"
        waiting.close()  # the run goes on without whoever waited; once all of it has begun, there is nothing to follow
        wait_until(lambda: ask(instance, what="runs").rest() == [], "the end of the run")
        instance.kill_all()


def test_a_flood_of_equal_requests_is_one_run(deferred):
    instance = deferred()
    asked = [run(instance, [("recipient-host", "x.test")], trigger="etrn") for _ in range(20)]
    first = asked[0].rest()
    assert first[0]["selected"] == 2
    waiting = ask(instance, what="runs").rest()
    assert len(waiting) <= 1, waiting


@pytest.mark.skipif(not ROOT, reason="there are no strangers without root")
def test_strangers_start_runs_and_see_the_queue_unless_that_is_forbidden_and_change_nothing(deferred):
    instance = deferred()
    everything = {"tests": [], "view": "normal"}
    assert ask_as_stranger(instance, what="run", run="1", selector=everything, wait=True)[0]["selected"] == 3
    assert len(ask_as_stranger(instance, what="queue", selector=everything)) == 4
    for order in ("hold", "release", "delete"):
        assert "only root" in ask_as_stranger(instance, what=order, selector=everything)
    assert "permission" in ask_as_stranger(instance, what="run", run="1", selector=everything, bounce=True)
    assert "permission" in ask_as_stranger(instance, what="run", run="1", selector={"tests": [], "view": "held"})
    instance.configure(restrict_qrun=True, restrict_mailq=True)
    instance.signal(signal.SIGHUP)
    wait_until(lambda: "permission" in str(ask_as_stranger(instance, what="run", run="1", selector=everything)), "the settings")
    assert "permission" in ask_as_stranger(instance, what="run", run="1", trigger="etrn", selector=everything)
    assert "only root" in ask_as_stranger(instance, what="queue", selector=everything)
    assert "only root" in ask_as_stranger(instance, what="explain", id=1)


def test_mail_that_waits_for_a_run_is_delivered_by_one_also_after_a_restart(instance):
    instance.start(retry="run", smtproutes=["x.test:127.0.0.1:1"])
    instance.send("ann@x.test")
    instance.wait_for_log(r"^delivery \S+ deferral: ")
    wait_until(lambda: [r for m in instance.queue() for r in m["recipients"] if r["reason"] == "queue-run"], "the reason")
    assert instance.stop() == 0
    mark = instance.mark()
    instance.start()
    assert [r["reason"] for m in instance.queue() for r in m["recipients"]] == ["queue-run"]
    assert "starting delivery" not in instance.log_after(mark)
    answers = run(instance, wait=True).rest()
    assert answers[0]["selected"] == 1 and answers[-1]["deferred"] == 1
    instance.wait_for_log(r"^starting delivery ", mark)


def test_expensive_destinations_wait_for_a_run(instance):
    port = free_port()
    instance.start(smtproutes=[f"x.test:127.0.0.1:{port}"], hold_expensive=True, expensive=["x.test"])
    instance.send("ann@x.test")
    wait_until(lambda: [r for m in instance.queue() for r in m["recipients"] if r["reason"] == "expensive"], "the reason")
    assert "starting delivery" not in instance.log
    assert run(instance, wait=True).rest()[-1]["deferred"] == 1


def test_mail_that_was_ordered_back_is_returned_though_qmail_send_dies(instance):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never says anything
        silent.settimeout(20)
        instance.start(smtproutes=["x.test:127.0.0.1:1", f"y.test:127.0.0.1:{silent.getsockname()[1]}"])
        instance.send(["ann@x.test", "bob@y.test"])
        session, _ = silent.accept()  # the attempt for bob goes on
        instance.wait_for_log(r"^delivery \S+ deferral: ")
        answers = run(instance, bounce=True).rest()
        assert [answer["selected"] for answer in answers] == [1]
        instance.kill("qmail-send")
        instance.wait_for_log(r"^bounce msg ")
        instance.wait_until_empty()
        session.close()
        silent.settimeout(0.2)
        with pytest.raises(TimeoutError):
            silent.accept()
