"""USE_QPWGR: users and groups are those of the two files, whatever the name service of the C library says."""
import os
import subprocess

import pytest

from support.instance import wait_until
from support.namespace import private
from support.smtp_server import program

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives processes and files to other users")

USERS = ("alias", "qmaild", "qmaill", "qmailp", "qmailq", "qmailr", "qmails")
ACCOUNTS = """
mount --bind "$ACCOUNTS/passwd" /etc/passwd
mount --bind "$ACCOUNTS/group" /etc/group
mount --bind "$ACCOUNTS/nsswitch.conf" /etc/nsswitch.conf
"""


@pytest.fixture
def elsewhere(tmp_path):
    """The words that give a command a system whose name service knows nobody."""
    users = "".join(f"{name}:x:{7101 + i}:7100:{name}:/nonexistent:/bin/false\n" for i, name in enumerate(USERS))
    (tmp_path / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n" + users)
    (tmp_path / "group").write_text("root:x:0:\nqmail:x:7100:\nnofiles:x:7200:\nextra:x:7300:joe,qmaill\n")
    (tmp_path / "nsswitch.conf").write_text("passwd: none\ngroup: none\n")
    return ["env", f"ACCOUNTS={tmp_path}", *private(ACCOUNTS)]


def run(instance, *command, **environment):
    return subprocess.run(list(map(str, command)), env=instance.variables(**environment), capture_output=True, text=True, timeout=60)


def test_queue_fix_gives_the_queue_to_the_users_of_the_files(instance, elsewhere):
    instance.set_up()
    refused = run(instance, *elsewhere, program("queue-fix"), instance.queue_directory)
    assert refused.returncode == 111 and "qmails" in refused.stderr
    made = run(instance, *elsewhere, program("queue-fix"), instance.queue_directory, USE_QPWGR="")
    assert (made.returncode, made.stderr) == (0, "")
    owners = {name: (instance.queue_directory / name).stat() for name in ("mess", "lock/sendmutex")}
    assert {name: (owner.st_uid, owner.st_gid) for name, owner in owners.items()} == {
        "mess": (7101 + USERS.index("qmailq"), 7100), "lock/sendmutex": (7101 + USERS.index("qmails"), 7100)}


def test_qmail_start_runs_its_children_as_the_users_of_the_files(instance, elsewhere):
    instance.set_up(smtp__listen=[])
    assert run(instance, *elsewhere, program("queue-fix"), instance.queue_directory, USE_QPWGR="1").returncode == 0
    record = instance.home / "record"
    record.touch()
    record.chmod(0o666)
    instance.spawn(*elsewhere, program("qmail-start"), "./Mailbox", "/bin/sh", "-c",
                   'grep -E "^(Uid|Gid|Groups):" /proc/self/status >"$0"; exec cat >/dev/null', str(record),
                   USE_QPWGR="1", USE_SETGROUPS="qmaill", QUEUEDIR=str(instance.queue_directory))
    wait_until(lambda: "Groups:" in record.read_text(), "what the logger is")
    logger = str(7101 + USERS.index("qmaill"))
    assert [line.split()[1:] for line in record.read_text().splitlines()] == [[logger] * 4, ["7200"] * 4, ["7200", "7300"]]
    instance._kill_everything()  # its sockets would be in a directory of the real users
    instance.process.wait(60)
