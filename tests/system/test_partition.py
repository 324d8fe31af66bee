"""The security partition: who runs as whom, and who owns what on disk, against the table of qmail-start(8)."""
import grp
import os
import pathlib
import pwd
import stat
import subprocess

import pytest

from support import dynamic, posix_ipc
from support.accounts import ROOT, only_one
from support.daemons import daemons  # the fixture
from support.instance import command_of, free_port, wait_until
from support.recorder import Recorder, letter
from support.smtp_server import program

pytestmark = pytest.mark.skipif(not ROOT, reason="needs root")

# daemon: user, group. qmail-start(8); qmail-intake, which writes the bodies, is qmail-clean's equal. Nobody has
# supplementary groups. The logger is qmaill:nofiles.
DAEMONS = {
    "qscheduler": ("root", "root"),
    "qmail-send": ("qmails", "qmail"),
    "todo-proc": ("qmails", "qmail"),
    "qmail-clean": ("qmailq", "qmail"),
    "qmail-intake": ("qmailq", "qmail"),
    "qmail-lspawn": ("root", "qmail"),
    "qmail-rspawn": ("qmailr", "qmail"),
    "sluice-smtpd": ("qmaild", "nofiles"),
}

# With a split of 3. In the queue's directory: path, owner, group, mode.
QUEUE = """
.               qmailq qmail 750
bounce          qmails qmail 700
info            qmails qmail 700
info/N          qmails qmail 700
intd            qmailq qmail 700
intd/N          qmailq qmail 700
local           qmails qmail 700
local/N         qmails qmail 700
mess            qmailq qmail 750
mess/N          qmailq qmail 750
remote          qmails qmail 700
remote/N        qmails qmail 700
todo            qmailq qmail 750
todo/N          qmailq qmail 750
trash           qmailq qmail 700
pid             qmailq qmail 700
lock            qmailq qmail 750
lock/sendmutex  qmails qmail 600
lock/tcpto      qmailr qmail 644
lock/trigger    qmails qmail 622
journal         qmailq qmail 750
state           qmails qmail 700
"""

RUN = """
.                   root   root   755
lock                root   root   644
supervisor.control  root   root   666
intake              qmailq qmail  755
intake/queue1       qmailq qmail  666
control             qmails qmail  755
control/queue1      qmails qmail  666
limits              qmails qmail  700
limits/table        qmails qmail  600
limits/bell-1       qmails qmail  700
"""

# Of a dynamic instance: what is found by its name on the whole machine. Permissions of the group let qmail-send and
# todo-proc read what qmail-queue writes.
SHARED_MEMORY = {"qscheduler": ("root", "qmail", "644"), "queue1": ("qmails", "qmail", "644"), "queue2": ("qmails", "qmail", "644")}
MESSAGE_QUEUES = {"qscheduler": ("root", "qmail", "600"), "queue1": ("qmailq", "qmail", "640"), "queue2": ("qmailq", "qmail", "640")}

HOME = """
.            root root 755
etc          root root 755
queue        root root 755
run          root root 755
"""


def table(text, split=3):
    rows = {}
    for line in text.strip().splitlines():
        path, owner, group, mode = line.split()
        for one in [path.replace("/N", f"/{n}") for n in range(split)] if path.endswith("/N") else [path]:
            rows[one] = (owner, group, mode)
    return rows


def found(directory):
    """Every path below, itself included as ".", with owner, group and mode."""
    rows = {}
    for root, directories, files in os.walk(directory):
        for name in ["."] * (root == str(directory)) + directories + files:
            path = pathlib.Path(root, name)
            status = path.lstat()
            rows[str(path.relative_to(directory))] = row_of(status)
    return rows


def row_of(status):
    return (pwd.getpwuid(status.st_uid).pw_name, grp.getgrgid(status.st_gid).gr_name, f"{stat.S_IMODE(status.st_mode):o}")


def identity(pid):
    """User and group of a process; all four of each kind must agree."""
    with open(f"/proc/{pid}/status") as status:
        fields = dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)
    uids, gids = set(fields["Uid"].split()), set(fields["Gid"].split())
    assert len(uids) == len(gids) == 1, fields
    (uid,), (gid,) = uids, gids
    return pwd.getpwuid(int(uid)).pw_name, grp.getgrgid(int(gid)).gr_name, set(map(int, fields["Groups"].split())), fields


def test_each_daemon_runs_under_its_own_user_and_group(instance):
    instance.start()
    pids = instance.pids
    assert pids.keys() == DAEMONS.keys()
    for name, expected in DAEMONS.items():
        user, group, groups, fields = identity(pids[name])
        assert (user, group) == expected, name
        if name != "qscheduler":
            assert groups <= {grp.getgrnam(group).gr_gid}, f"{name} has the groups {groups}"
        if user != "root":
            assert int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == 0, name


def test_every_process_socket_fifo_and_object_of_dynamic_queues_has_its_owner(instance):
    with Recorder() as recorder:
        dynamic.start_dynamic(instance, queue_count=2, smtproutes=[f"x.test:{recorder.route}"])
        for number in range(6):
            instance.send("a@x.test", letter(f"number-{number}"))
        recorder.wait_for([f"number-{number}" for number in range(6)])
        # Every process there is, whoever knows of it.
        processes = {}
        for pid in instance.processes():
            name = command_of(pid).split(b"\0")[0].decode().split("/")[-1]
            user, group, groups, _ = identity(pid)
            assert (user, group) == DAEMONS[name], name
            assert name == "qscheduler" or groups <= {grp.getgrnam(group).gr_gid}, name
            processes[name] = processes.get(name, 0) + 1
        assert processes == {name: 1 if name in ("qscheduler", "sluice-smtpd") else 2 for name in DAEMONS}
        # Sockets and fifos.
        second = {path.replace("1", "2"): row for path, row in table(RUN).items() if path.endswith("1")}
        assert found(instance.home / "run") == table(RUN) | second
        for queue in ("queue1", "queue2"):
            rows = found(instance.home / "queue" / queue)
            assert {path: rows[path] for path in table(QUEUE)} == table(QUEUE)
            unexpected = [path for path in rows if path not in table(QUEUE)
                          and not stat.S_ISREG((instance.home / "queue" / queue / path).lstat().st_mode)]
            assert not unexpected
        # Shared memory and message queues.
        prefix = dynamic.prefix_of(instance)
        assert {path.name.removeprefix(prefix): row_of(path.stat()) for path in dynamic.SHARED_MEMORY.glob(f"{prefix}*")} == SHARED_MEMORY
        for name, row in MESSAGE_QUEUES.items():
            with posix_ipc.message_queue(instance, name, os.O_RDONLY) as queue:
                assert row_of(os.fstat(queue)) == row, name


def test_supplementary_groups_are_kept_by_those_who_are_named(instance):
    group = f"sluicetest{os.getpid()}"
    with only_one():
        subprocess.run(["groupadd", group], check=True)
        subprocess.run(["gpasswd", "-a", "qmailr", group], check=True, capture_output=True)
    try:
        instance.environment["USE_SETGROUPS"] = "qmailr:qmailq"
        instance.start()
        qmail, extra = grp.getgrnam("qmail").gr_gid, grp.getgrnam(group).gr_gid
        groups = {name: identity(pid)[2] for name, pid in instance.pids.items()}
        assert groups.pop("qmail-rspawn") == {qmail, extra}
        assert not any(extra in members for members in groups.values()), groups
        instance.wait_for_log("^warn: qmail-start: USE_SETGROUPS: user qmailq has no supplementary groups$")
    finally:
        with only_one():
            subprocess.run(["groupdel", group], check=True)


def test_the_logger_runs_as_qmaill(instance):
    instance.set_up()
    place = instance.home / "activity"
    place.mkdir()
    os.chown(place, pwd.getpwnam("qmaill").pw_uid, -1)
    instance.spawn(program("qscheduler"), "-s", "./Maildir/", "sh", "-c",
                   f"id -un > {place}/who; id -gn >> {place}/who; cat > {place}/record")
    instance.wait_until_ready()
    instance.send(f"nobody-of-this-name@{instance.settings['me']}", sender="")
    wait_until(lambda: (place / "record").exists() and "new msg " in (place / "record").read_text(), "the activity record")
    assert (place / "who").read_text() == "qmaill\nnofiles\n"
    assert "new msg" not in instance.log


def test_each_file_and_directory_has_its_owner_and_mode(instance):
    with Recorder() as recorder:
        instance.start(smtproutes=[f"x.test:{recorder.route}", f"dead.test:127.0.0.1:{free_port()}"])
        instance.send("a@x.test", letter("small"))
        instance.send("a@dead.test", letter("kept"))
        instance.send("a@dead.test", letter("large and kept", 500_000))
        recorder.wait_for(["small"])
        instance.wait_for_log("^delivery .*deferral", times=1)
        wait_until(lambda: list((instance.queue_directory / "state").iterdir()), "the state log")
        queue = found(instance.queue_directory)
    made = {path: row for path, row in queue.items() if path not in table(QUEUE)}
    assert {path: queue.get(path) for path in table(QUEUE)} == table(QUEUE)
    # What the daemons made themselves: bodies are the writer's and readable by the group, outcomes the scheduler's alone.
    expected = {"journal": ("qmailq", "qmail", "640"), "mess": ("qmailq", "qmail", "640"), "state": ("qmails", "qmail", "600")}
    assert {path.split("/")[0] for path in made} == expected.keys()
    for path, row in made.items():
        assert row == expected[path.split("/")[0]], path


def test_run_and_home_have_their_owners_and_modes(instance):
    instance.start()
    assert found(instance.home / "run") == table(RUN)
    home = found(instance.home)
    assert {path: home[path] for path in table(HOME)} == table(HOME)


def test_mail_is_delivered_under_the_uid_of_its_recipient(instance):
    instance.start()
    for number in (0, 1):
        instance.send(instance.user(number), letter("mine"))
        instance.wait_for_mail(number=number)
        maildir = found(instance.maildir(number))
        name = instance.user(number).split("@")[0]
        primary = grp.getgrgid(pwd.getpwnam(name).pw_gid).gr_name
        assert {row[:2] for row in maildir.values()} == {(name, primary)}
        assert {row[2] for path, row in maildir.items()} == {"700", "600"}


def test_the_daemons_may_not_read_what_is_not_theirs(instance):
    """qmail-rspawn, which talks to strangers, sees neither the state log nor may it write into the journal."""
    instance.start()
    instance.send(f"nobody-of-this-name@{instance.settings['me']}", sender="")
    wait_until(lambda: list((instance.queue_directory / "state").iterdir()), "the state log")
    segment, = (instance.queue_directory / "journal").iterdir()
    log = next((instance.queue_directory / "state").iterdir())

    def may(user, group, path, mode):
        child = os.fork()
        if child == 0:
            status = 2
            try:
                os.setgroups([])
                os.setgid(grp.getgrnam(group).gr_gid)
                os.setuid(pwd.getpwnam(user).pw_uid)
                status = 0 if os.access(path, mode) else 1
            finally:
                os._exit(status)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert may("qmailr", "qmail", segment, os.R_OK) and not may("qmailr", "qmail", segment, os.W_OK)
    assert not may("qmailr", "qmail", log, os.R_OK)
    assert not may("qmaild", "nofiles", segment, os.R_OK) and not may("qmaild", "nofiles", log, os.R_OK)
    assert may("qmailq", "qmail", segment, os.W_OK) and not may("qmails", "qmail", segment, os.W_OK)
    assert may("qmails", "qmail", log, os.W_OK) and not may("qmailq", "qmail", log, os.R_OK)


def test_each_user_s_mail_is_delivered_by_a_process_that_is_that_user_alone(instance):
    instance.start()
    for number in (0, 1):
        instance.send(instance.user(number), letter("mine"))
        instance.wait_for_mail(number=number)
    workers = [pid for pid in instance.processes()
               if command_of(pid) == b"qmail-local\0--worker\0"]
    found = {}
    for pid in workers:
        user, group, groups, fields = identity(pid)
        found[user] = group
        assert groups == {pwd.getpwnam(user).pw_gid} and int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == 0
        assert fields["Umask"] == "0077"
    names = [instance.user(number).split("@")[0] for number in (0, 1)]
    assert found == {name: grp.getgrgid(pwd.getpwnam(name).pw_gid).gr_name for name in names}


@pytest.mark.parametrize("restricted, user", [(False, "qmaill"), (True, "qmails")])
def test_a_persistent_queue_runner_may_do_nothing_but_ask(instance, daemons, restricted, user):
    instance.configure(restrict_qrun=restricted)
    daemons.start("-bd", "-qp")
    wait_until(lambda: daemons.titled("sendmail: running queue: "), "the runner")
    pid, = daemons.titled("sendmail: running queue: ")
    found, group, groups, fields = identity(pid)
    assert (found, group) == (user, "nofiles")
    assert groups <= {grp.getgrnam("nofiles").gr_gid}
    assert int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == 0
    open_files = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    assert not [path for path in open_files if path.startswith(f"{instance.home}/queue")]
