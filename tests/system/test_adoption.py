"""A queue that was in use by qmail or IndiMail is taken over at the start: ages, marks, retry positions and texts of
failures are kept, and nothing is lost or repeated when qmail-send is killed over it."""
import random
import signal
import time

import pytest

from support.instance import command_of, free_port, wait_until
from support.plain_queue import Message, PlainQueue
from support.recorder import Recorder


@pytest.fixture
def recorder():
    with Recorder() as running:
        yield running


def letter(identity):
    return f"Subject: {identity}\nX-Id: {identity}\n\nold mail\n".encode()


def old_queue(instance, split, big_todo, **settings):
    instance.make_queue(conf_split=split, big_todo=big_todo, **settings)
    return PlainQueue(instance.queue_directory, split, big_todo)


SHAPES = [pytest.param(151, True, id="indimail"), pytest.param(23, False, id="classic")]


@pytest.mark.parametrize("split,big_todo", SHAPES)
def test_all_states_of_a_queue_are_taken_over(instance, recorder, split, big_todo):
    queue = old_queue(instance, split, big_todo, smtproutes=[f"x.test:{recorder.route}"])
    user = instance.user()
    now = time.time()
    queue.write(Message(body=letter("todo"), birth=now - 50, todo=[user, "a@x.test"]))
    queue.write(Message(body=letter("fresh"), birth=now - 60, local={user: False}, remote={"b@x.test": False}))
    queue.write(Message(body=letter("marked"), birth=now - 60, local={user: True}, remote={"c@x.test": True, "d@x.test": False}))
    half = queue.write(Message(body=letter("half"), birth=now - 60, todo=["e@x.test", "f@x.test"], remote={"e@x.test": False}),
                       parts=("mess", "partial", "remote"))
    # All is done, and the failure is yet to be told.
    queue.write(Message(sender=user, body=letter("failed"), birth=now - 60, bounce=[("g@x.test", "No such user here. (#5.1.1)")]))
    queue.write(Message(body=letter("finished"), birth=now - 60))
    assert queue.path("info", half).exists()
    instance.start()
    recorder.wait_for(["todo", "fresh", "marked", "half"])
    mail = instance.wait_for_mail(3)
    instance.wait_until_empty()
    arrived = {identity: len(times) for identity, times in recorder.arrivals.items()}
    assert sum(arrived.values()) <= 4 and set(arrived) == {"todo", "fresh", "marked", "half"}
    assert sum(letter("todo") in one for one in mail) == 1 and sum(letter("fresh") in one for one in mail) == 1
    report = next(one for one in mail if b"No such user here. (#5.1.1)" in one)
    assert b"g@x.test" in report and b"Status: 5.1.1" in report and letter("failed").replace(b"\n", b"") in report.replace(b"\n", b"").replace(b"\r", b"")
    assert len(mail) == 3
    wait_until(lambda: not queue.files(), queue.files)
    assert "took over 4 messages that another qmail-send left, with 3 recipients to do" in instance.log


def test_ages_and_retry_positions_are_kept(instance):
    queue = old_queue(instance, 151, True, smtproutes=[f"x.test:127.0.0.1:{free_port()}"])
    birth = int(time.time()) - 5000
    queue.write(Message(body=letter("old"), birth=birth, remote={"a@x.test": False}, remote_due=birth + 80 * 80))
    queue.write(Message(body=letter("odd"), birth=birth, remote={"b@x.test": False}, remote_due=birth + 10 ** 9))
    instance.start()
    old, odd = sorted(instance.queue(), key=lambda message: message["recipients"][0]["address"])
    assert old["arrival"] == odd["arrival"] == birth
    assert old["recipients"][0]["attempts"] == 4
    # Cut to seconds; on its way from one clock to the other and back it may have become a millisecond earlier.
    assert old["recipients"][0]["next"] in (birth + 80 * 80, birth + 80 * 80 - 1)
    assert abs(odd["recipients"][0]["next"] - (birth + 90 * 90)) < 200  # as if it had been tried now
    mark = instance.mark()
    instance.signal(signal.SIGALRM)
    instance.wait_for_log(r"delivery \S+: deferral", mark, times=2)
    first = min(instance.queue(), key=lambda message: message["recipients"][0]["address"])
    assert abs(first["recipients"][0]["next"] - (birth + 90 * 90)) < 200


@pytest.mark.parametrize("sender,returns", [("", ""), ("#@[]", "#@[]"), ("list-@x.test-@[]", "list-b=x.test@x.test")])
def test_senders_of_every_kind_are_kept(instance, sender, returns):
    with Recorder(keep_bodies=True) as recorder:
        deliver_one_from(instance, recorder, sender)
        assert [message.sender for message in recorder.messages] == [returns]


def deliver_one_from(instance, recorder, sender):
    queue = old_queue(instance, 151, True, smtproutes=[f"x.test:{recorder.route}"])
    queue.write(Message(sender=sender, body=letter("one"), birth=time.time() - 60, remote={"b@x.test": False}))
    instance.start()
    instance.wait_until_empty()


def test_extra_headers_come_on_top(instance):
    with Recorder(keep_bodies=True) as recorder:
        queue = old_queue(instance, 151, True, smtproutes=[f"x.test:{recorder.route}"])
        user = instance.user()
        for number in range(40):
            queue.write(Message(sender=user, body=letter(f"m{number}"), birth=time.time() - 60, remote={"b@x.test": False},
                                extra_header=b"X-One: 1\nX-Number: %d\n" % number))
        queue.write(Message(sender=user, body=letter("failed"), birth=time.time() - 60, bounce=[("g@x.test", "never")],
                            extra_header=b"X-One: 2\n"))
        instance.start()
        recorder.wait_for([f"m{number}" for number in range(40)])
        (report,) = instance.wait_for_mail()
        instance.wait_until_empty()
        assert not recorder.duplicates()
        for number in range(40):
            assert any(message.body.startswith(b"X-One: 1\r\nX-Number: %d\r\nSubject: m%d\r\n" % (number, number)) for message in recorder.messages)
        assert b"X-One: 2" in report
        wait_until(lambda: not queue.files(), queue.files)


def test_a_report_of_a_report_that_fails_is_thrown_away(instance):
    queue = old_queue(instance, 151, True)
    queue.write(Message(sender="#@[]", body=letter("one"), birth=time.time() - 60, bounce=[("b@x.test", "never")]))
    instance.start()
    instance.wait_for_log(r"^triple bounce: discarding ")
    instance.wait_until_empty()


def test_addresses_of_virtual_domains_are_not_rewritten_again(instance):
    extension = instance.instruct(f"./{instance.mailbox}/\n")
    user = instance.user().split("@")[0]
    queue = old_queue(instance, 151, True, virtualdomains=[f"v.test:{user}-{extension}", f"{instance.settings['me']}:nobody"])
    queue.write(Message(body=letter("one"), birth=time.time() - 60, local={f"{user}-{extension}@v.test": False}))
    instance.start()
    assert letter("one") in instance.wait_for_mail()[0]
    instance.wait_until_empty()


def test_messages_that_cannot_be_taken_stay_and_the_others_go(instance, recorder):
    queue = old_queue(instance, 151, True, smtproutes=[f"x.test:{recorder.route}"])
    bad = queue.write(Message(body=letter("bad"), birth=time.time() - 60, remote={"b\n@x.test": False}))
    queue.write(Message(body=letter("good"), birth=time.time() - 60, remote={"c@x.test": False}))
    lost = queue.write(Message(body=letter("lost"), birth=time.time() - 60, remote={"a@x.test": False}))
    queue.path("mess", lost).unlink()
    instance.start()
    instance.wait_until_empty()
    instance.wait_for_log(rf"info/{lost % 151}/{lost}: its message is not where it should be.*; the message stays there")
    instance.wait_for_log(rf"remote/{bad % 151}/{bad}: it has an empty recipient, or an address .*; the message stays there")
    assert len(recorder.arrivals) == 1
    assert {queue.path(kind, bad).exists() for kind in ("mess", "info", "remote")} == {True}


def test_what_was_never_accepted_goes_after_36_hours(instance):
    queue = old_queue(instance, 151, True)
    young, old = time.time() - 35 * 3600, time.time() - 37 * 3600
    kept = [queue.begin(young), queue.begin(young, envelope=False)]
    queue.begin(old), queue.begin(old, envelope=False)
    instance.start()
    expected = sorted(str(path.relative_to(queue.directory)) for path in
                      [queue.path("mess", kept[0]), queue.path("intd", kept[0]), queue.path("mess", kept[1])])
    wait_until(lambda: queue.files() == expected, queue.files)
    assert not instance.queue()


def test_a_qmail_send_that_is_killed_while_it_takes_over_loses_and_repeats_nothing(instance, recorder):
    queue = old_queue(instance, 7, True, smtproutes=[f"x.test:127.0.0.1:{free_port()}"])
    count, birth = 1500, time.time() - 60
    for number in range(count):
        queue.write(Message(body=letter(f"m{number}"), birth=birth, remote={"a@x.test": False, "done@x.test": True}))
    chance = random.Random(7)
    for _ in range(10):
        instance.spawn()
        wait_until(lambda: any(map(is_qmail_send, instance.processes())), "qmail-send")
        time.sleep(chance.random() * 0.3)
        instance.kill_all()
    instance.spawn()
    instance.wait_until_ready()
    wait_until(lambda: len(instance.queue()) == count, lambda: len(instance.queue()))
    instance.configure(smtproutes=[f"x.test:{recorder.route}"])
    instance.process.send_signal(signal.SIGHUP)
    instance.process.send_signal(signal.SIGALRM)
    recorder.wait_for(f"m{number}" for number in range(count))
    instance.wait_until_empty()
    assert not recorder.duplicates()
    wait_until(lambda: not queue.files(), queue.files)


def is_qmail_send(pid):
    return command_of(pid).split(b"\0")[0].endswith(b"qmail-send")
