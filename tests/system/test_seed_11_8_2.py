"""sendmail, chapter 11.8.2: the queue processed from the command line. Each test bears the number of its section; what
stands in quotation marks is the chapter's."""
import re
import threading

import pytest

from support.instance import PATIENCE, free_port
from support.local_programs import run
from support.recorder import letter
from support.smtp_server import program
from support.waiting_mail import destination, mailq, post, sendmail_begun, start_for, wait_until_deferred


# -- 11.8.2.1: process the queue once: -q ------------------------------------------------------------------------------


def test_11_8_2_1_q_processes_the_queue_once_then_exits(instance, destination):
    start_for(instance, destination)
    post(instance, "one", "a@x.test")
    post(instance, "two", "b@y.test")
    wait_until_deferred(instance, 2)
    with destination.open() as recorder:
        done = run(instance, "sendmail", "-q", check=0)
        # It has stayed in the foreground until both were delivered, silently.
        assert set(recorder.arrivals) == {"one", "two"}
        assert done.stdout + done.stderr == ""
        assert not recorder.duplicates()
    instance.wait_until_empty()


def test_11_8_2_1_what_fails_again_stays_and_q_ends_well(instance, destination):
    start_for(instance, destination)
    post(instance, "one", "a@x.test")
    before, = wait_until_deferred(instance, 1)
    run(instance, "sendmail", "-q", check=0)
    after, = wait_until_deferred(instance, 1)
    assert after["recipients"][0]["attempts"] == before["recipients"][0]["attempts"] + 1


def test_11_8_2_1_several_queues_are_processed_in_parallel(instance, destination):
    start_for(instance, destination, queue_count=2)
    post(instance, "one", "a@x.test")
    post(instance, "two", "b@x.test")
    messages = wait_until_deferred(instance, 2)
    assert {message["queue"] for message in messages} == {"queue1", "queue2"}
    both = threading.Barrier(2)
    destination.before_answer = lambda: both.wait(PATIENCE)  # neither is done before the other has come as well
    with destination.open() as recorder:
        run(instance, "sendmail", "-q", check=0)
        assert set(recorder.arrivals) == {"one", "two"}


def test_11_8_2_1_from_cron_on_a_machine_that_runs_no_daemon(instance, destination):
    start_for(instance, destination)
    post(instance, "one", "a@x.test")
    wait_until_deferred(instance, 1)
    assert instance.stop() == 0
    with destination.open() as recorder:
        # "5 * * * * /usr/sbin/sendmail -q >/dev/null 2>&1"
        run(instance, "/bin/sh", "-c", f"{program('sendmail')} -q >/dev/null 2>&1", check=0)
        assert set(recorder.arrivals) == {"one"}
    instance.no_process_is_left()


def test_11_8_2_1_two_at_once_deliver_nothing_twice(instance, destination):
    start_for(instance, destination)
    names = [f"letter{number}" for number in range(20)]
    for name in names:
        post(instance, name, f"{name}@x.test")
    wait_until_deferred(instance, len(names))
    with destination.open() as recorder:
        runs = [sendmail_begun(instance, "-q") for _ in range(3)]
        assert [(run.communicate(timeout=PATIENCE)[0], run.returncode) for run in runs] == [("", 0)] * 3
        recorder.wait_for(names)
        assert not recorder.duplicates()


# -- 11.8.2.2: combine -v with -q --------------------------------------------------------------------------------------


def test_11_8_2_2_v_tells_each_step_of_messages_in_sequence(instance, destination):
    instance.start(smtproutes=[f"dc.gov:127.0.0.1:{free_port()}", destination.route_of("irs.dc.gov")],
                   remote__idle_time="0s")
    post(instance, "adams", "adams@dc.gov")
    post(instance, "help", "help@irs.dc.gov")
    wait_until_deferred(instance, 2)
    with destination.open():
        done = run(instance, "sendmail", "-v", "-q", check=0)
    text = done.stdout
    running = re.findall(r"^Running (\S+)/(\d+) \(sequence (\d) of (\d)\)$", text, re.MULTILINE)
    assert [directory.startswith(str(instance.home / "queue")) for directory, *_ in running] == [True, True], text
    # M counts what is selected in a queue group.
    assert [(n, m) for *_, n, m in running] == [("1", "2"), ("2", "2")], text
    assert re.search(r"^<?adams@dc\.gov>?\.\.\. Connecting to \S+ via \S+\.\.\.$", text, re.MULTILINE), text
    assert re.search(r"^<?adams@dc\.gov>?\.\.\. Deferred: .+$", text, re.MULTILINE), text
    assert re.search(r"^<?help@irs\.dc\.gov>?\.\.\. Connecting to \S+ via \S+\.\.\.$", text, re.MULTILINE), text
    assert re.search(r"^220 ", text, re.MULTILINE), text  # the greeting of the server
    assert re.search(r"^>>> MAIL From:", text, re.MULTILINE | re.IGNORECASE), text
    assert re.search(r"^<?help@irs\.dc\.gov>?\.\.\. Sent", text, re.MULTILINE), text
    # The first is requeued for a later run, the second removed.
    assert [message["recipients"][0]["address"] for message in wait_until_deferred(instance, 1)] == ["adams@dc.gov"]


def test_11_8_2_2_the_transcript_comes_while_it_happens(instance, destination):
    go_on = threading.Event()
    destination.before_answer = lambda: go_on.wait(PATIENCE)
    start_for(instance, destination)
    post(instance, "one", "a@x.test")
    wait_until_deferred(instance, 1)
    with destination.open():
        verbose = sendmail_begun(instance, "-v", "-q")
        seen = iter(verbose.stdout.readline, "")
        assert any(line.startswith("354 ") for line in seen)  # while the server keeps the message waiting
        assert verbose.poll() is None
        go_on.set()
        rest = verbose.communicate(timeout=PATIENCE)[0]
        assert verbose.returncode == 0 and "Sent" in rest


def test_11_8_2_2_debugging_switches_go_with_q(instance, destination):
    start_for(instance, destination)
    post(instance, "one", "a@x.test")
    wait_until_deferred(instance, 1)
    with destination.open() as recorder:
        run(instance, "sendmail", "-d41.2", "-q", check=0)
        recorder.wait_for(["one"])


# -- 11.8.2.3 and 11.8.2.4: by identifier, recipient, sender, each negated ---------------------------------------------

# Sender and recipients of six messages; the X-Id field of each is its sender's.
SIX = {
    "root": ["biff@here.test", "carol@host.edu"],
    "ben@groots.edu": ["dave@host.edu"],
    "ben@GROOTS.EDU": ["Biff@HERE.test"],
    "adams@dc.gov": ["biff@here.test"],
    "eve@x.test": ["a*b@x.test", "carol@host.edu"],
    "!root@x.test": ["zoe@y.test"],
}
ROOTS = {"root", "ben@groots.edu", "ben@GROOTS.EDU", "!root@x.test"}
HOST_EDU = {"root", "ben@groots.edu", "eve@x.test"}

# Switches, and the senders of the messages that they select.
SELECTIONS = [
    # "-qSroot matches mail from all of the following: root, ben@groots.edu, ben@GROOTS.EDU"
    (["-qSroot"], ROOTS),
    (["-qSROOT"], ROOTS),
    # "Only messages from root are processed. Of those, only messages that have biff@here as one of the recipients"
    (["-qSroot", "-qRbiff@here"], {"root", "ben@GROOTS.EDU"}),
    (["-qRbiff@here"], {"root", "ben@GROOTS.EDU", "adams@dc.gov"}),
    (["-qR@host.edu"], HOST_EDU),
    (["-qSroot", "-qR@host.edu"], {"root", "ben@groots.edu"}),
    # "The substring match is literal. Wildcard characters and regular expressions won't work"
    (["-qR*"], {"eve@x.test"}),
    (["-qR.*@.*edu"], set()),
    (["-qSr??t"], set()),
    # "Multiple specifications ... all AND together", two of the same letter as well
    (["-qRbiff@here", "-qRcarol"], {"root"}),
    (["-qSroot", "-qSadams"], set()),
    # 11.8.2.4: "mailq -q\\!Sroot -qR@host.edu"
    (["-q!Sroot", "-qR@host.edu"], {"eve@x.test"}),
    (["-q!Sroot"], set(SIX) - ROOTS),
    # "does not contain": of no recipient
    (["-q!Rbiff@here"], {"ben@groots.edu", "eve@x.test", "!root@x.test"}),
    (["-q!Sroot", "-q!Seve"], {"adams@dc.gov"}),
    (["-qSroot", "-q!Sroot"], set()),
    # "The ! prefix must not follow the I, R, or S. If it follows, it will be interpreted as part of the expression"
    (["-qS!root"], {"!root@x.test"}),
    # Everything contains the empty text.
    (["-qS"], set(SIX)),
    (["-q!S"], set()),
]


def post_six(instance):
    for sender, recipients in SIX.items():
        if "@" in sender:
            post(instance, sender, recipients, sender=sender)
        else:  # by the way of local programs, which completes it
            run(instance, "sendmail", "-f", sender, *recipients, text=letter(sender), check=0)
    wait_until_deferred(instance, len(SIX))
    # Domains may have been folded to lower case; the local parts of the recipients tell the messages apart.
    ids = {local_parts(recipient["address"] for recipient in message["recipients"]): str(message["id"])
           for message in instance.queue()}
    return {sender: ids[local_parts(recipients)] for sender, recipients in SIX.items()}


def local_parts(addresses):
    return tuple(address.partition("@")[0] for address in addresses)


def test_11_8_2_3_mailq_previews_every_selection(instance, destination):
    start_for(instance, destination)
    ids = post_six(instance)
    for switches, senders in SELECTIONS:
        assert set(mailq(instance, *switches)) == {ids[sender] for sender in senders}, switches
    one = ids["adams@dc.gov"]
    assert mailq(instance, f"-qI{one}") == [one]
    # "any queue ID that contains ident"
    part = one[-5:]
    assert set(mailq(instance, f"-qI{part}")) == {found for found in ids.values() if part in found}
    assert set(mailq(instance, f"-q!I{part}")) == {found for found in ids.values() if part not in found}
    # "mailq -qI123 -qSroot -qR@host.edu", with a number that is there
    assert mailq(instance, f"-qI{ids['root']}", "-qSroot", "-qR@host.edu") == [ids["root"]]
    assert mailq(instance, f"-qI{one}", "-qSroot", "-qR@host.edu") == []
    # It lists and does not send.
    assert len(instance.queue()) == len(SIX)


@pytest.mark.parametrize("switches, senders", [
    (["-qSroot", "-qRbiff@here"], {"root", "ben@GROOTS.EDU"}),
    (["-qSroot", "-qR@host.edu"], {"root", "ben@groots.edu"}),
    (["-q!Sroot", "-qR@host.edu"], {"eve@x.test"}),
    (["-q!Rbiff@here"], {"ben@groots.edu", "eve@x.test", "!root@x.test"}),
    (["-qS!root"], {"!root@x.test"}),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_11_8_2_3_only_what_is_selected_is_processed(instance, destination, switches, senders):
    start_for(instance, destination)
    post_six(instance)
    with destination.open() as recorder:
        run(instance, "sendmail", *switches, check=0)
        assert set(recorder.arrivals) == senders
    # A message that is selected is processed whole: every recipient of it.
    assert len(instance.queue()) == len(SIX) - len(senders)


def test_11_8_2_3_by_identifier(instance, destination):
    start_for(instance, destination)
    ids = post_six(instance)
    with destination.open() as recorder:
        run(instance, "sendmail", f"-qI{ids['adams@dc.gov']}", check=0)
        assert set(recorder.arrivals) == {"adams@dc.gov"}
        run(instance, "sendmail", f"-q!I{ids['root']}", check=0)
        assert set(recorder.arrivals) == set(SIX) - {"root"}


@pytest.mark.parametrize("switch, wrong", [("-q^Sroot", "^"), ("-q~Rbiff", "~"), ("-q=I1", "=")])
def test_11_8_2_4_only_the_exclamation_mark_negates(instance, switch, wrong):
    # "Any other character will be interpreted as an argument to -q": a time, which it is not.
    instance.set_up()
    done = run(instance, "sendmail", switch, check=64)
    assert f"Invalid time unit `{wrong}'" in done.stderr.splitlines()
    assert done.stdout == ""
