"""queue-fix: numbers and places of messages, strays, other shapes, and the way back to a plain queue."""
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

from support.instance import PATIENCE, free_port, wait_until
from support.plain_queue import Message, PlainQueue
from support.recorder import Recorder, letter
from support.smtp_server import program

LETTER = b"Subject: hello\n\nhello\n"


def queue_fix(instance, *arguments):
    return subprocess.run([program("queue-fix"), *map(str, arguments)], env=instance.variables(), capture_output=True,
                          text=True, timeout=PATIENCE)


def copied_queue(instance, split=151, big_todo=True):
    """A queue whose messages have got other inode numbers than their names say."""
    instance.make_queue(conf_split=split, big_todo=big_todo)
    queue = PlainQueue(instance.queue_directory, split, big_todo)
    birth = time.time() - 100
    for number in range(12):
        queue.write(Message(sender=f"s{number}@x.test", body=b"%d\n" % number, birth=birth, remote={f"r{number}@x.test": False},
                            bounce=[(f"b{number}@x.test", "never")]))
    queue.write(Message(sender="todo@x.test", body=b"todo\n", birth=birth, todo=["a@x.test"]))
    bodies = sorted((queue.directory / "mess").glob("*/*"))
    for path in bodies:
        copy = path.with_suffix(".copy")
        shutil.copy2(path, copy)
        os.chown(copy, path.stat().st_uid, path.stat().st_gid)
    for path in bodies:
        path.with_suffix(".copy").rename(path)
    return queue


@pytest.mark.parametrize("split,big_todo", [(151, True), (23, False), (7, True)])
def test_a_copied_queue_gets_its_numbers_and_another_shape(instance, split, big_todo):
    queue = copied_queue(instance)
    looked = queue_fix(instance, "-N", "-v", "-s", split, "-b", int(big_todo), queue.directory)
    assert looked.returncode == 99 or 13 <= looked.returncode, looked.stdout
    fixed = queue_fix(instance, "-v", "-s", split, "-b", int(big_todo), queue.directory)
    assert fixed.returncode == 0 and fixed.stdout.endswith("queue-fix finished with 0 errors...\n"), fixed.stderr
    assert "Renaming [" in fixed.stdout
    shaped = PlainQueue(queue.directory, split, big_todo)
    found = shaped.read()
    assert len(found) == 13 and not (queue.directory / "quarantine").exists()
    for message in found.values():
        if message.todo is None:
            number = message.body.decode().strip()
            assert (message.sender, message.remote, message.bounce) == (
                f"s{number}@x.test", {f"r{number}@x.test": False}, [(f"b{number}@x.test", "never")])
        else:
            assert (message.sender, message.todo, message.body) == ("todo@x.test", ["a@x.test"], b"todo\n")
    assert len(list((queue.directory / "mess").iterdir())) == split
    again = queue_fix(instance, "-N", "-s", split, "-b", int(big_todo), queue.directory)
    assert again.returncode == 0, again.stdout + again.stderr


def test_strays_go_into_quarantine(instance):
    instance.make_queue()
    queue = PlainQueue(instance.queue_directory, 3, True)
    number = queue.write(Message(body=b"x", birth=time.time(), remote={"a@x.test": False}, bounce=[("b@x.test", "never")]))
    queue.path("mess", number).unlink()
    queue.path("local", number).touch()
    fixed = queue_fix(instance, "-v", queue.directory)
    assert fixed.returncode == 0 and not queue.files()
    assert f"Unlinking [{queue.path('local', number)}]" in fixed.stdout
    kept = sorted(path.name for path in (queue.directory / "quarantine").iterdir())
    assert kept == [f"bounce.{number}", f"info.{number}", f"remote.{number}"]


def test_a_queue_in_use_is_repaired_but_not_renumbered(instance):
    instance.start()
    queue = PlainQueue(instance.queue_directory, 3, True)
    (queue.directory / "info/0/123456").write_bytes(b"Fa@b\0")
    (queue.directory / "trash").chmod(0o777)
    fixed = queue_fix(instance, "-v", queue.directory)
    assert fixed.returncode == 0 and "is in use: its names and places were not looked at" in fixed.stderr
    assert (queue.directory / "info/0/123456").exists() and (queue.directory / "trash").stat().st_mode & 0o777 == 0o700
    (queue.directory / "info/0/123456").unlink()


def test_bodies_that_the_journal_knows_keep_their_numbers(instance):
    """A queue of ours that was copied as a whole."""
    with Recorder() as recorder:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{free_port()}"])
        instance.send("a@x.test", letter("large", 600_000).decode(), sender="s@x.test")
        wait_until(lambda: len(instance.queue()) == 1, "the message")
        instance.stop()
        body = next(instance.queue_directory.glob("mess/*/*"))
        shutil.copy2(body, body.parent / "copy")
        os.chown(body.parent / "copy", body.stat().st_uid, body.stat().st_gid)
        (body.parent / "copy").rename(body)
        assert queue_fix(instance, instance.queue_directory).returncode == 0 and body.exists()
        instance.start(smtproutes=[f"x.test:{recorder.route}"])
        instance.signal(signal.SIGALRM)
        recorder.wait_for(["large"])
        instance.wait_until_empty()


# -- export -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments,split,big_todo", [(("-s", 23, "-b", 0), 23, False), ((), 151, True)], ids=["classic", "indimail"])
def test_a_queue_is_exported_and_taken_over_again(instance, arguments, split, big_todo):
    # Two places that cannot be reached: a second message for the first one would not be tried before its back-off ends.
    routes = [f"{domain}:127.0.0.1:{free_port()}" for domain in ("x.test", "y.test")]
    instance.set_up(conf_split=151, smtproutes=routes, locals=["here.test"])
    instance.make_queue()
    old = PlainQueue(instance.queue_directory, 151, True)
    birth = int(time.time()) - 5000
    old.write(Message(sender="old@x.test", body=LETTER, birth=birth, remote={"done@x.test": True, "failed@x.test": True, "a@x.test": False},
                      remote_due=birth + 80 * 80, bounce=[("failed@x.test", "No such user. (#5.1.1)")]))
    instance.start()
    instance.send(["b@x.test", "c@x.test"], "Subject: new\r\n\r\nnew\r\n", sender="new@x.test")
    instance.send("b@y.test", letter("large", 600_000).decode(), sender="large@x.test")
    wait_until(lambda: all(recipient["state"] != "new" for message in instance.queue() for recipient in message["recipients"]),
               "first attempts")
    before = {message["sender"]: message for message in instance.queue()}
    assert len(before) == 3
    target = instance.home / "plain"
    busy = queue_fix(instance, "--export", target, instance.queue_directory)
    assert busy.returncode == 111 and "is in use" in busy.stderr and not target.exists()
    instance.stop()
    source = snapshot(instance.queue_directory)
    done = queue_fix(instance, "--export", target, *arguments, instance.queue_directory)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"exported 3 messages to {target}\n"
    assert "2 messages: CRLF line ends become LF" in done.stderr
    assert snapshot(instance.queue_directory) == source
    plain = PlainQueue(target, split, big_todo)
    found = {message.sender: message for message in plain.read().values()}
    assert found["old@x.test"].remote == {"done@x.test": True, "failed@x.test": True, "a@x.test": False}
    assert found["old@x.test"].bounce == [("failed@x.test", "No such user. (#5.1.1)")]
    assert (found["old@x.test"].birth, found["old@x.test"].remote_due, found["old@x.test"].body) == (birth, birth + 80 * 80, LETTER)
    assert found["new@x.test"].body.endswith(b"Subject: new\n\nnew\n") and b"\r" not in found["new@x.test"].body
    assert found["new@x.test"].remote == {"b@x.test": False, "c@x.test": False}
    assert len(found["large@x.test"].body) > 590_000
    full = queue_fix(instance, "--export", target, *arguments, instance.queue_directory)
    assert full.returncode == 111 and "is not empty" in full.stderr
    # And back.
    shutil.rmtree(instance.queue_directory)
    target.rename(instance.queue_directory)
    instance.configure(conf_split=split, big_todo=big_todo)
    instance.make_queue()
    instance.start()
    after = {message["sender"]: message for message in instance.queue()}
    for sender, message in before.items():
        assert abs(after[sender]["arrival"] - message["arrival"]) <= 1
        mine = {one["address"]: one for one in after[sender]["recipients"]}
        for one in message["recipients"]:
            assert mine[one["address"]]["state"] == one["state"]
            if "next" in one:
                assert abs(mine[one["address"]]["next"] - one["next"]) <= 2
    instance.stop()
    again = queue_fix(instance, "--export", target, *arguments, instance.queue_directory)
    assert again.returncode == 0
    assert {message.sender: message.key() for message in plain.read().values()} == {sender: message.key() for sender, message in found.items()}


def test_messages_of_every_door_are_exported(instance):
    """Those that are in the journal only, in todo, and in another family's files."""
    instance.make_queue(conf_split=7)
    old = PlainQueue(instance.queue_directory, 7, True)
    birth = int(time.time()) - 50
    old.write(Message(sender="todo@x.test", body=LETTER, birth=birth, todo=["a@x.test", "b@x.test"], uid=5, pid=6))
    old.write(Message(sender="info@x.test", body=LETTER, birth=birth, local={"a@here.test": False}))
    target = instance.home / "plain"
    done = queue_fix(instance, "--export", target, instance.queue_directory)
    assert done.returncode == 0 and "exported 2 messages" in done.stdout, done.stderr
    found = {message.sender: message for message in PlainQueue(target, 7, True).read().values()}
    assert found["todo@x.test"].todo == ["a@x.test", "b@x.test"] and found["todo@x.test"].birth == birth
    assert found["info@x.test"].local == {"a@here.test": False} and found["info@x.test"].body == LETTER


def test_what_was_accepted_and_not_yet_routed_is_exported_to_todo(instance):
    instance.start()
    instance.signal(signal.SIGSTOP, "todo-proc")
    instance.send(["a@x.test", instance.user()], "Subject: new\r\n\r\nnew\r\n", sender="new@x.test")
    instance.kill_all()
    target = instance.home / "plain"
    done = queue_fix(instance, "--export", target, "-s", 23, "-b", 0, instance.queue_directory)
    assert done.returncode == 0, done.stderr
    (message,) = PlainQueue(target, 23, False).read().values()
    assert (message.sender, message.todo) == ("new@x.test", ["a@x.test", instance.user()])
    assert message.body.endswith(b"\nSubject: new\n\nnew\n") and b"\r" not in message.body


def snapshot(directory):
    """Every file below with its octets, mode and times."""
    return {str(path): (path.read_bytes() if path.is_file() else b"", path.stat().st_mode, path.stat().st_mtime_ns)
            for path in sorted(pathlib.Path(directory).rglob("*"))}
