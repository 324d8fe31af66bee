"""The installed qmail-queue, set-user-id qmailq: a plain user queues mail, and can make it do nothing else."""
import os
import pathlib
import pwd
import shutil
import stat
import subprocess
import tempfile

import pytest

from support.accounts import ROOT, USERS
from support.clients import Client, envelope
from support.instance import PATIENCE, wait_until
from support.smtp_server import program, sanitized

from test_partition import found

pytestmark = [pytest.mark.skipif(not ROOT, reason="needs root"),
              pytest.mark.skipif(sanitized(), reason="leaks cannot be looked for in a set-user-id program")]

LETTER = b"Subject: hello\n\nhello\n"


@pytest.fixture(scope="module")
def installed():
    """The sbin of an installation that `cmake --install` made."""
    prefix = pathlib.Path(tempfile.mkdtemp(prefix="sluice-installed-", dir="/tmp"))
    prefix.chmod(0o755)
    # The users exist from the first instance on; without them only `sluice setup` can set the bits.
    build = pathlib.Path(program("sluice")).parents[1]
    subprocess.run(["cmake", "--install", str(build), "--prefix", str(prefix)], check=True, capture_output=True, timeout=PATIENCE)
    yield prefix / "sbin"
    shutil.rmtree(prefix)


def as_user(instance, sbin, message, addresses, **environment):
    name = USERS[0]
    account = pwd.getpwnam(name)
    return Client([sbin / "qmail-queue"], message, addresses, instance.variables(**environment), user=account.pw_uid,
                  group=account.pw_gid, extra_groups=[], cwd="/").wait()


def set_up(instance, sbin):
    instance.make_queue()
    done = subprocess.run([sbin / "sluice", "--home", str(instance.home), "setup"], env=instance.variables(), capture_output=True,
                          text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr


def test_only_qmail_queue_is_installed_with_rights(instance, installed):
    set_up(instance, installed)
    rows = found(installed)
    assert rows["qmail-queue"] == ("qmailq", "qmail", "6551")
    assert {row for path, row in rows.items() if path != "qmail-queue"} == {("root", "root", "755")}


def test_setup_sets_owner_and_mode_of_the_installed_qmail_queue(instance, installed):
    (installed / "qmail-queue").chmod(0o755)
    os.chown(installed / "qmail-queue", 0, 0)
    set_up(instance, installed)
    assert found(installed)["qmail-queue"] == ("qmailq", "qmail", "6551")


def test_a_user_queues_mail_with_all_daemons_down(instance, installed):
    set_up(instance, installed)
    assert as_user(instance, installed, LETTER, envelope(instance.user(1))) == 0
    assert as_user(instance, installed, LETTER + b"x" * 400_000, envelope(instance.user(1))) == 0
    queue = found(instance.queue_directory)
    messages = {path: row for path, row in queue.items() if (instance.queue_directory / path).is_file() and "lock/" not in path}
    assert sorted(path.split("/")[0] for path in messages) == ["intd", "intd", "mess", "mess", "todo", "todo"]
    assert set(messages.values()) == {("qmailq", "qmail", "644")}
    assert all(row[0] != USERS[0] for row in queue.values())
    instance.start()
    instance.wait_for_mail(2, number=1)
    uid = pwd.getpwnam(USERS[0]).pw_uid
    instance.wait_for_log(rf"^info msg .* uid {uid}\b", times=2)
    assert all(f"(invoked by uid {uid})".encode() in mail for mail in instance.mail(1))


def test_the_real_uid_reaches_a_running_queue(instance, installed):
    set_up(instance, installed)
    instance.start()
    assert as_user(instance, installed, LETTER, envelope(instance.user(1))) == 0
    instance.wait_for_mail(1, number=1)
    instance.wait_for_log(rf"^info msg .* uid {pwd.getpwnam(USERS[0]).pw_uid}\b")
    assert not [path for path in (instance.queue_directory / "todo").rglob("*") if path.is_file()]


def test_a_user_cannot_lead_it_into_a_directory_of_his_own(instance, installed):
    set_up(instance, installed)
    account = pwd.getpwnam(USERS[0])
    trap = pathlib.Path(tempfile.mkdtemp(prefix="sluice-trap-", dir="/tmp"))
    try:
        trap.chmod(0o777)
        for directory in ("pid", "mess/0", "mess/1", "mess/2", "intd/0", "todo/0", "lock"):
            (trap / directory).mkdir(parents=True)
        for path in [trap, *trap.rglob("*")]:
            os.chown(path, account.pw_uid, account.pw_gid)
            path.chmod(0o777)
        assert as_user(instance, installed, LETTER, envelope("a@b"), QUEUEDIR=str(trap)) == 61
        assert as_user(instance, installed, LETTER, envelope("a@b"), SLUICE_HOME=str(trap)) == 55
        assert not [path for path in trap.rglob("*") if path.is_file()]
        # Through a link of his own to a real queue there is no harm.
        (trap / "way").symlink_to(instance.queue_directory)
        assert as_user(instance, installed, LETTER, envelope("a@b"), QUEUEDIR=str(trap / "way")) == 0
    finally:
        shutil.rmtree(trap)


def test_it_does_not_write_to_a_trigger_that_is_no_fifo(instance, installed):
    set_up(instance, installed)
    trigger = instance.queue_directory / "lock/trigger"
    trigger.unlink()
    trigger.write_bytes(b"kept")
    trigger.chmod(0o666)
    assert as_user(instance, installed, LETTER, envelope("a@b")) == 0
    assert trigger.read_bytes() == b"kept"
    assert stat.S_ISREG(trigger.lstat().st_mode)
    wait_until(lambda: [path for path in (instance.queue_directory / "todo").rglob("*") if path.is_file()], "the message")
