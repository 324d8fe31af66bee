"""The doors for local programs: qmail-queue through the intake and through the todo directory, with other clients'
habits, hostile files and missing daemons."""
import os
import re
import shutil
import subprocess

import pytest

from support.clients import Client, envelope, qmail_queue
from support.instance import PATIENCE, wait_until
from support.smtp_server import program

LETTER = b"Subject: hello\n\nhello\n"


def files(instance, *directories):
    """Names of plain files below directories of the queue."""
    return sorted(str(path.relative_to(instance.queue_directory)) for directory in directories
                  for path in (instance.queue_directory / directory).rglob("*") if path.is_file())


def wait_until_clean(instance):
    wait_until(lambda: not files(instance, "todo", "intd", "pid", "mess"), lambda: files(instance, "todo", "intd", "pid", "mess"))


def test_a_message_that_is_queued_with_all_daemons_down_is_delivered_at_the_next_start(instance):
    instance.make_queue()
    large = LETTER + b"x" * 70 * 10_000 + b"\n"
    assert qmail_queue(instance, LETTER, envelope(instance.user())) == 0
    assert qmail_queue(instance, large, envelope(instance.user())) == 0
    assert len(files(instance, "todo")) == 2
    instance.start()
    mail = instance.wait_for_mail(2)
    assert any(one.endswith(LETTER) for one in mail) and any(one.endswith(large) for one in mail)
    assert all(b"\nReceived: sluice queue " in one for one in mail)
    wait_until_clean(instance)
    assert len(set(mail)) == 2
    instance.wait_for_log(rf"^info msg .* qp \d+ uid {os.getuid()}\b", times=2)


def test_the_extra_header_of_another_family_s_client_stands_on_top(instance):
    instance.make_queue()
    large = LETTER + b"x" * 70 * 10_000 + b"\n"
    for letter in (LETTER, large):
        assert qmail_queue(instance, letter, envelope(instance.user())) == 0
    for path in files(instance, "todo"):
        with open(instance.queue_directory / path, "ab") as todo:
            todo.write(b"eX-Filter: clean\nX-Score: 3\0hSubject: hello\n\0")
    instance.start()
    mail = instance.wait_for_mail(2)
    assert all(re.search(rb"\nX-Filter: clean\nX-Score: 3\nReceived: sluice queue ", one) for one in mail)
    assert any(one.endswith(LETTER) for one in mail) and any(one.endswith(large) for one in mail)
    wait_until_clean(instance)


def test_a_running_queue_takes_a_message_without_the_todo_directory(instance):
    instance.start()
    shutil.rmtree(instance.queue_directory / "todo")
    assert qmail_queue(instance, LETTER, envelope(instance.user())) == 0
    assert instance.wait_for_mail()[0].endswith(LETTER)
    instance.wait_for_log(rf"^info msg .* uid {os.getuid()}\b")
    (instance.queue_directory / "todo").mkdir()


def test_a_large_message_to_a_running_queue_is_noticed_by_the_trigger(instance):
    instance.start()
    large = LETTER + b"x" * 700_000 + b"\n"
    assert qmail_queue(instance, large, envelope(instance.user())) == 0
    wait_until(lambda: instance.maildir().exists() and instance.mail(), "the message, well before the next look", 20)
    assert instance.mail()[0].endswith(large)
    wait_until_clean(instance)


@pytest.mark.parametrize("habit", [{"BIGTODO": "0"}, {"CONFSPLIT": "2"}], ids=str)
def test_messages_of_clients_with_other_habits_are_taken(instance, habit):
    instance.make_queue()
    for _ in range(4):
        assert qmail_queue(instance, LETTER, envelope(instance.user()), **habit) == 0
    instance.start()
    instance.wait_for_mail(4)
    wait_until_clean(instance)
    assert len(instance.mail()) == 4


def test_the_todo_directory_is_looked_into_without_a_trigger(instance):
    instance.start()
    (instance.queue_directory / "lock/trigger").unlink()
    large = LETTER + b"x" * 700_000 + b"\n"
    assert qmail_queue(instance, large, envelope(instance.user())) == 0
    assert instance.wait_for_mail()[0].endswith(large)
    os.mkfifo(instance.queue_directory / "lock/trigger")


def test_a_todo_file_that_is_no_envelope_is_set_aside_and_the_others_go_on(instance):
    instance.make_queue()
    hostile = instance.queue_directory / "todo/1/99999999999"
    hostile.write_bytes(b"u0\0p1\0Xrubbish\0")
    orphan = instance.queue_directory / "todo/2/99999999998"
    orphan.write_bytes(b"u0\0p1\0Fa@b\0Tc@d\0")
    for path in (hostile, orphan):
        status = hostile.parent.stat()
        os.chown(path, status.st_uid, status.st_gid)
    assert qmail_queue(instance, LETTER, envelope(instance.user())) == 0
    instance.start()
    instance.wait_for_mail()
    instance.wait_for_log(rf"^alert: todo-proc: .*{hostile.name}: .*; the message stays there$")
    instance.wait_for_log(rf"^alert: todo-proc: .*{orphan.name}: its message is missing; the message stays there$")
    mark = instance.mark()
    with open(instance.queue_directory / "lock/trigger", "wb") as trigger:
        trigger.write(b"\0")
    assert qmail_queue(instance, LETTER + b"x" * 700_000, envelope(instance.user())) == 0
    instance.wait_for_mail(2)
    assert hostile.name not in instance.log_after(mark) and hostile.exists() and orphan.exists()


EXITS = [
    (b"F" + b"x" * 1003 + b"\0Ta@b\0\0", 11),
    (b"F" + b"x" * 1002 + b"\0T" + b"x" * 1002 + b"\0\0", 0),
    (b"Fa@b\0T" + b"x" * 1003 + b"\0\0", 11),
    (b"Fa@b\0Tc@d", 54),
    (b"Fa@b\0Tc@d\0", 54),
    (b"", 54),
    (b"Ta@b\0\0", 79),
    (b"Fa@b\0Fa@b\0\0", 79),
    (b"Fa@b\0Tc\n@d\0\0", 31),
    (b"Fa@b\0T\0\0", 31),
    (b"Fa@b\0\0", 0),
    (b"Fa@b\0Tc@d\0Qrest", 54),
    (b"Fa@b\0Tc@d\0Q\0", 0),
    (b"F\0Tc@d\0\0", 0),
]


@pytest.mark.parametrize("size", [10, 300_000], ids=["small", "large"])
def test_qmail_queue_exits_as_its_manual_says_and_leaves_nothing_of_what_it_refuses(instance, size):
    instance.make_queue()
    for addresses, code in EXITS:
        before = files(instance, "todo", "intd", "pid", "mess")
        assert qmail_queue(instance, b"x" * size, addresses) == code, addresses[:30]
        if code != 0:
            assert files(instance, "todo", "intd", "pid", "mess") == before, addresses[:30]
    assert qmail_queue(instance, LETTER, envelope("a@b"), QUEUEDIR="/nonexistent") == 61
    assert qmail_queue(instance, LETTER, envelope("a@b"), SLUICE_HOME="/nonexistent") == 55


def test_qmail_queue_with_its_envelope_on_a_pipe_that_it_can_only_write_ends_at_once(instance):
    """As somebody runs it by hand, or from cron: poll(2) would wait there for ever."""
    instance.make_queue()
    for queuer in ("qmail-queue", "qmail-multi"):
        run = subprocess.run([program(queuer)], input=LETTER, stdout=subprocess.PIPE, env=instance.variables(), timeout=PATIENCE)
        assert run.returncode == 54, queuer
    assert not files(instance, "todo", "intd", "pid", "mess")


def qmail_multi(instance, message, addresses, *arguments, **environment):
    return Client([program("qmail-multi"), *map(str, arguments)], message, addresses, instance.variables(**environment)).wait()


@pytest.mark.parametrize("filter_arguments, code", [
    ("exit 2", 0), ("exit 99", 0), ("exit 31", 31), ("exit 100", 31), ("exit 88", 88), ("exit 1", 71), ("kill -9 $$", 123),
])
def test_qmail_multi_obeys_its_filter(instance, filter_arguments, code):
    instance.make_queue()
    assert qmail_multi(instance, LETTER, envelope("a@b"), FILTERARGS=filter_arguments) == code
    assert not files(instance, "todo", "mess")


def test_qmail_multi_queues_what_its_filter_writes_into_some_queue(instance):
    instance.make_queue()
    assert qmail_multi(instance, LETTER, envelope("a@b"), FILTERARGS="sed 's/hello/goodbye/'") == 0
    message, = (instance.queue_directory / "mess").rglob("*[0-9][0-9]*")
    assert message.read_bytes().endswith(LETTER.replace(b"hello", b"goodbye"))


def test_qmail_multi_checks_the_disk_and_runs_other_programs_as_they_are(instance):
    instance.make_queue()
    assert qmail_multi(instance, LETTER, envelope("a@b"), MIN_FREE=str(1 << 62)) == 53
    assert qmail_multi(instance, LETTER, envelope("a@b"), MIN_FREE="1048576") == 0
    assert qmail_multi(instance, LETTER, envelope("a@b"), MIN_FREE="much") == 55
    assert qmail_multi(instance, LETTER, envelope("a@b"), "/nonexistent") == 120
    assert qmail_multi(instance, LETTER, envelope("a@b"), "/bin/sh", "-c", "cat > /dev/null; test -z $QUEUEDIR && exit 17") == 17
    assert qmail_multi(instance, LETTER, envelope("a@b"), "/bin/false", QUEUEPROG="/bin/true") == 1
    assert qmail_multi(instance, LETTER, envelope("a@b"), QUEUEPROG="/bin/true") == 0


def test_a_recipient_that_stands_twice_in_a_message_gets_it_once(instance):
    instance.start()
    name, domain = instance.user().split("@")
    assert qmail_queue(instance, LETTER, envelope([instance.user(), f"{name}@{domain.upper()}", name, instance.user()])) == 0
    instance.wait_for_mail()
    instance.wait_until_empty()
    assert len(instance.mail()) == 1
