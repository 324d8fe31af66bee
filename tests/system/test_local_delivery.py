"""What users' own instructions make of their mail, and what hostile ones cannot do: to themselves perhaps, never to others."""
import email
import os
import pathlib
import pwd
import re
import signal
import subprocess
import time

import pytest

from support.accounts import ROOT, USERS, home_of
from support.instance import PATIENCE, command_of, wait_until
from support.recorder import letter
from support.smtp_server import program

pytestmark = pytest.mark.skipif(not ROOT, reason="needs two users")


@pytest.fixture
def place(instance):
    """A directory of the first user, for what his programs and mailboxes leave behind."""
    directory = home_of(USERS[0]) / f"place-{instance.home.name}"
    yield directory
    subprocess.run(["rm", "-rf", directory], check=True)


def make(place):
    place.mkdir()
    subprocess.run(["chown", USERS[0], place], check=True)
    return place


def extended(instance, extension, number=0):
    return instance.user(number).replace("@", f"-{extension}@")


def deliver(instance, text, message="Subject: test\r\n\r\ntest\r\n", sender="s@example.org", **file):
    """To a .qmail file of that text; the log line of the outcome."""
    extension = instance.instruct(text, **file)
    address = extended(instance, extension)
    mark = instance.mark()
    instance.send(address, message, sender=sender)
    number = instance.wait_for_log(rf"^starting delivery (\S+): msg \d+ to local {re.escape(address)} ", after=mark).group(1)
    return instance.wait_for_log(rf"^delivery {re.escape(number)}: (.*) queue1$", after=mark).group(1)


def worker_of(instance, number=0):
    """The process that delivers to a user."""
    uid = pwd.getpwnam(USERS[number]).pw_uid
    for pid in instance.processes():
        try:
            if command_of(pid).startswith(b"qmail-local\0--worker"):
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
                parent = int(re.search(r"^PPid:\t(\d+)", status, re.M).group(1))
                if f"Uid:\t{uid}\t" in status and parent == instance.pids["qmail-lspawn"]:
                    return pid
        except (FileNotFoundError, ProcessLookupError):
            pass
    return None


# -- what instructions do ---------------------------------------------------------------------------------------------


def test_a_message_goes_into_an_mbox_and_a_maildir_and_to_a_program(instance, place):
    instance.start()
    make(place)
    said = deliver(instance, f"# all\n{place}/box\n{place}/Maildir/\n|cat > {place}/copy; env > {place}/environment; id -u >&2\n")
    assert said == f"success: {os.stat(home_of(USERS[0])).st_uid}/did_2+0+1"
    box = (place / "box").read_bytes()
    assert box.startswith(b"From s@example.org ") and box.endswith(b"\n\ntest\n\n")
    assert len(list((place / "Maildir/new").iterdir())) == 1
    assert b"Return-Path" not in (place / "copy").read_bytes() and (place / "copy").read_bytes().endswith(b"\n\ntest\n")
    lines = dict(line.split("=", 1) for line in (place / "environment").read_text().splitlines() if "=" in line)
    assert lines["SENDER"] == lines["NEWSENDER"] == "s@example.org" and lines["USER"] == USERS[0]
    assert lines["HOST"] == "mx.example.org" and lines["RECIPIENT"] == f"{USERS[0]}-{lines['EXT']}@mx.example.org"
    allowed = set("""SENDER NEWSENDER RECIPIENT USER HOME HOST HOST2 HOST3 HOST4 LOCAL EXT EXT2 EXT3 EXT4 DTLINE RPLINE UFLINE
        PATH SHELL LOGNAME SLUICE_HOME PWD SHLVL _ OLDPWD""".split())
    assert set(lines) <= allowed, set(lines) - allowed


@pytest.mark.parametrize("command, outcome", [
    ("exit 0", "success: did_0+0+1"), ("echo no such box; exit 100", "failure: no_such_box"), ("exit 111", "deferral: "),
    ("exit 75", "deferral: "), ("kill -9 $$", "deferral: ")])
def test_the_exit_code_of_a_program_decides(instance, command, outcome):
    instance.start()
    assert deliver(instance, f"|{command}\n").startswith(outcome)


def test_a_program_that_says_99_ends_the_instructions(instance, place):
    instance.start()
    make(place)
    assert deliver(instance, f"|exit 99\n|touch {place}/too-far\n&nobody@example.org\n") == "success: did_0+0+1"
    assert not (place / "too-far").exists()


def test_a_forward_is_a_new_message_with_the_mailbox_on_top(instance):
    instance.start()
    assert deliver(instance, f"&{instance.user(1)}\n") == "success: did_0+1+0"
    message = email.message_from_bytes(instance.wait_for_mail(number=1)[0])
    assert message["Return-Path"] == "<s@example.org>"
    assert message.get_all("Delivered-To") == [instance.user(1), extended(instance, instance.files[0].name[7:])]


def test_a_forward_to_itself_is_a_loop_that_ends(instance):
    instance.start()
    extension = instance.home.name.lower().replace("_", "x").replace(".", "x").replace("-", "x")
    assert deliver(instance, f"&{extended(instance, extension)}\n") == "success: did_0+1+0"
    instance.wait_for_log(r"^delivery \S+ failure: .*loop")


def test_an_alias_leads_to_users_programs_and_lists(instance, place):
    instance.set_up(aliases=str(instance.home / "aliases"))
    place.mkdir()
    place.chmod(0o777)
    (instance.home / "aliases").write_text(f"""team: {USERS[0]}, \\{USERS[1]}, "|cat > {place}/by-alias; id -un > {place}/who"\nroot: team\n""")
    instance.tool("setup", check=True)
    done = subprocess.run([program("newaliases")], env=instance.variables(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    instance.start()
    instance.send("root@mx.example.org", letter("to-root"))
    for number in (0, 1):
        assert b"X-Id: to-root" in instance.wait_for_mail(number=number)[0]
    wait_until(lambda: (place / "who").exists() and (place / "who").read_text(), "the alias's program")
    assert (place / "who").read_text() == "alias\n"


@pytest.mark.skipif(not ROOT, reason="without root there is no user alias")
@pytest.mark.parametrize("name", ["root", "postmaster", "MAILER-DAEMON"])
def test_mail_for_the_names_that_every_host_has_is_kept(instance, name):
    instance.start()
    instance.send(f"{name}@mx.example.org")
    instance.wait_for_log(r"^delivery \S+ success: ")
    (kept,) = (instance.home / "alias/Maildir/new").iterdir()
    assert kept.owner() == "alias" and kept.stat().st_mode & 0o777 == 0o600


def test_mail_to_root_is_the_alias_user_s_and_never_root_s(instance):
    instance.start()
    (instance.home / "alias/.qmail-root").write_text(f"./{instance.mailbox}/\n|id -un\n")
    (instance.home / "alias/.qmail-root").chmod(0o644)
    instance.send("root@mx.example.org", letter("x"))
    instance.wait_for_log(r"^delivery \S+ success: alias/did_1\+0\+1")


def test_a_replacement_is_called_as_qmail_local_was(instance, place):
    make(place)
    script = instance.home / "replacement"
    script.write_text(f"#!/bin/sh\nprintf '%s|' \"$@\" > {place}/arguments\ncat > {place}/message\nid -u > {place}/uid\n"
                      "echo done elsewhere\nexit 0\n")
    script.chmod(0o755)
    instance.environment["QMAILLOCAL"] = str(script)
    instance.start()
    instance.send(instance.user(), letter("x"))
    instance.wait_for_log(r"^delivery \S+ success: done_elsewhere queue1$")
    home = home_of(USERS[0])
    assert (place / "arguments").read_text() == (f"--|{USERS[0]}|{home}|{USERS[0]}|||mx.example.org|sender@example.com|"
                                                 f"./{instance.mailbox}/||")
    assert (place / "uid").read_text() == f"{home.stat().st_uid}\n"
    assert b"X-Id: x\n" in (place / "message").read_bytes()


def test_qmail_local_by_hand_delivers_and_tells(instance, place):
    instance.set_up()
    make(place)
    home = home_of(USERS[0])
    call = ["setpriv", f"--reuid={USERS[0]}", "--clear-groups", program("qmail-local")]
    operands = ["--", USERS[0], home, USERS[0], "", "", "mx.example.org", "s@example.org", f"{place}/Maildir/"]
    done = subprocess.run([*call, "-n", *operands], env=instance.variables(), capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"maildir {place}/Maildir/\n"), done.stderr
    done = subprocess.run([*call, *operands], env=instance.variables(), capture_output=True, input=b"Subject: x\n\nx\n")
    assert (done.returncode, done.stdout) == (0, b"did 1+0+0\n"), done.stderr
    message, = (place / "Maildir/new").iterdir()
    assert message.read_bytes() == (b"Return-Path: <s@example.org>\nDelivered-To: %s@mx.example.org\nSubject: x\n\nx\n"
                                    % USERS[0].encode())
    assert subprocess.run([program("qmail-local"), *operands], env=instance.variables(), stdin=subprocess.DEVNULL).returncode == 111


# -- what hostile ones do ---------------------------------------------------------------------------------------------


def test_hostile_files_defer_their_own_mail_only(instance):
    instance.start()
    assert deliver(instance, b"./x/\n" * 200_000, suffix="huge").startswith("deferral: ")
    assert deliver(instance, bytes(range(256)) * 10, suffix="binary").startswith("deferral: ")
    assert deliver(instance, "./x/\n", suffix="open", mode=0o666).startswith("deferral: ")
    path = home_of(USERS[0]) / f".qmail-{instance.instruct('', suffix='fifo')}"
    path.unlink()
    os.mkfifo(path)
    instance.send(extended(instance, path.name[7:]))
    instance.wait_for_log(rf"^starting delivery \S+ msg \d+ to local {USERS[0]}-{path.name[7:]}@")
    shadow = home_of(USERS[0]) / f".qmail-{instance.instruct('', suffix='shadow')}"
    shadow.unlink()
    shadow.symlink_to("/etc/shadow")
    instance.send(extended(instance, shadow.name[7:]))
    instance.wait_for_log(r"deferral: .*Permission_denied")
    assert "root:" not in instance.log
    instance.send(instance.user(1), letter("prompt"))
    instance.wait_for_mail(number=1)


def test_a_mailbox_of_somebody_else_is_out_of_reach(instance):
    instance.start()
    other = home_of(USERS[1])
    victim = other / f"victim-{instance.home.name}"
    for text in (f"{victim}/\n", f"{victim}\n", f"./../{USERS[1]}/{victim.name}/\n", f"|touch {victim}\n", "/etc/cron.d/x\n",
                 "/etc/passwd\n"):
        assert deliver(instance, text).startswith("deferral: "), text
        assert not victim.exists()


def test_a_fifo_in_the_place_of_new_holds_nobody_up(instance, place):
    instance.start()
    make(place)
    for name in ("Maildir", "Maildir/tmp", "Maildir/cur"):
        (place / name).mkdir()
    os.mkfifo(place / "Maildir/new")
    subprocess.run(["chown", "-R", USERS[0], place], check=True)
    assert deliver(instance, f"{place}/Maildir/\n").startswith("deferral: ")
    os.mkfifo(place / "box")
    assert deliver(instance, f"{place}/box\n", suffix="b").startswith("deferral: ")


def test_a_program_that_hangs_is_ended_and_delays_nobody(instance, place):
    instance.start(local__program_timeout="3s")
    make(place)
    extension = instance.instruct(f"|echo $$ > {place}/pid; trap '' TERM; sleep 600 & wait; sleep 600\n")
    instance.send(extended(instance, extension))
    wait_until(lambda: (place / "pid").exists() and (place / "pid").read_text(), "the program")
    for number in (0, 1):
        instance.send(instance.user(number), letter("prompt"))
        instance.wait_for_mail(number=number)
    assert not re.search("deferral", instance.log)
    instance.wait_for_log(r"^delivery \S+ deferral: A_program_of_the_recipient_took_too_long")
    wait_until(lambda: not pathlib.Path("/proc", (place / "pid").read_text().strip()).exists(), "the program's end")


def test_a_program_that_floods_or_leaves_children_is_bounded(instance):
    instance.start(local__program_timeout="20s")
    said = deliver(instance, "|head -c 100000000 /dev/zero | tr '\\0' x; exit 100\n")
    assert said.startswith("failure: x") and len(said) < 1100
    start = time.monotonic()
    assert deliver(instance, "|sleep 3 & exit 0\n", suffix="l") == "success: did_0+0+1"
    assert time.monotonic() - start < 3
    wait_until(lambda: not any(b"sleep" in command_of(pid) for pid in instance.processes()), "what it left behind")


def test_too_many_programs_of_one_user_wait_for_each_other(instance, place):
    instance.start(local__programs_per_user=1)
    make(place)
    extension = instance.instruct(f"|mkdir {place}/one && sleep 0.3 && rmdir {place}/one\n")
    for _ in range(3):
        instance.send(extended(instance, extension))
    instance.wait_for_log(r"success: did_0\+0\+1", times=3)


def test_a_worker_that_is_killed_loses_nothing(instance):
    instance.start()
    instance.send(instance.user(), letter("first"))
    instance.wait_for_mail()
    pid = worker_of(instance)
    os.kill(pid, signal.SIGSTOP)
    instance.send(instance.user(), letter("second"))
    instance.wait_for_log(r"^starting delivery 2\.1")
    os.kill(pid, signal.SIGKILL)
    instance.wait_for_log(r"^delivery 2\.1: deferral: The_process_that_delivers_to_this_user_died")
    instance.signal(signal.SIGALRM)
    assert len(instance.wait_for_mail(2)) == 2


@pytest.mark.parametrize("victim", ["worker", "qmail-lspawn"])
def test_killed_at_any_moment_nothing_is_lost_and_nothing_is_partial(instance, place, victim):
    instance.start(supervisor__restart_delay="0s", local__worker_idle_time="1s")
    make(place)
    extension = instance.instruct(f"./{instance.mailbox}/\n{place}/box\n|cat >/dev/null\n")
    identities = [f"k{i}" for i in range(120)]
    for i, identity in enumerate(identities):
        instance.send_patiently(extended(instance, extension) if i % 3 == 0 else instance.user(), letter(identity, 2000))
        if i % 20 == 10:
            instance.wait_until_ready()
            pid = worker_of(instance) if victim == "worker" else instance.pids[victim]
            if pid:
                os.kill(pid, signal.SIGKILL)

    def arrived():
        instance.process.send_signal(signal.SIGALRM)  # what was deferred is tried again
        found = re.findall(rb"^X-Id: (\S+)\n", b"".join(instance.mail()), re.M)
        return {identity.decode() for identity in found} == set(identities)
    wait_until(arrived, "every message", pause=0.3)
    for octets in instance.mail():
        assert octets.startswith(b"Return-Path: <") and octets.endswith(b"\nend\n")
    instance.wait_until_empty()
    box = (place / "box").read_bytes()
    assert box.startswith(b"From ") and box.endswith(b"\nend\n\n")
    for part in box.split(b"\n\nFrom ")[1:]:
        assert part.rstrip().endswith(b"end")


def test_all_groups_of_a_user_are_given_when_asked(instance):
    instance.environment["SETUSER_PRIVILEGES"] = "1"
    instance.start()
    instance.send(instance.user(), letter("x"))
    instance.wait_for_mail()
    groups = re.search(r"^Groups:\t(.*)$", pathlib.Path(f"/proc/{worker_of(instance)}/status").read_text(), re.M).group(1)
    assert set(map(int, groups.split())) == set(os.getgrouplist(USERS[0], pwd.getpwnam(USERS[0]).pw_gid))


def test_a_user_whom_the_administrator_assigned_gets_the_mail(instance):
    instance.set_up()
    users = instance.home / "etc/users"
    users.mkdir()
    user = pwd.getpwnam(USERS[1])
    (users / "assign").write_text(f"=sales:{user.pw_name}:{user.pw_uid}:{user.pw_gid}:{user.pw_dir}:::\n.\n")
    subprocess.run([program("qmail-newu")], env=instance.variables(), check=True)
    instance.start()
    instance.send("sales@mx.example.org", letter("assigned"))
    assert b"Delivered-To: sales@mx.example.org\n" in instance.wait_for_mail(number=1)[0]


def test_a_worker_that_stands_still_holds_up_nobody_else(instance):
    instance.start(concurrencylocal=100)
    instance.send(instance.user(), letter("first"))
    instance.wait_for_mail()
    pid = worker_of(instance)
    os.kill(pid, signal.SIGSTOP)
    try:
        for i in range(30):
            instance.send(instance.user(), letter(f"held-{i}", 200_000))
        instance.send(instance.user(1), letter("prompt"))
        instance.wait_for_mail(number=1)
    finally:
        os.kill(pid, signal.SIGCONT)
    instance.wait_for_mail(31)


def test_a_worker_goes_when_it_is_idle(instance):
    instance.start(local__worker_idle_time="1s")
    instance.send(instance.user(), letter("x"))
    instance.wait_for_mail()
    wait_until(lambda: worker_of(instance) is None, "the worker's end")


def test_a_worker_is_its_user_and_holds_nothing_of_the_daemon(instance):
    instance.start()
    instance.send(instance.user(), letter("x"))
    instance.wait_for_mail()
    pid, user = worker_of(instance), pwd.getpwnam(USERS[0])
    fields = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
    assert set(fields["Uid"].split()) == {str(user.pw_uid)} and set(fields["Gid"].split()) == {str(user.pw_gid)}
    assert fields["Groups"].split() == [str(user.pw_gid)]
    assert int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == 0 and fields["Umask"] == "0077"
    assert os.readlink(f"/proc/{pid}/cwd") == user.pw_dir
    assert os.stat(f"/proc/{pid}/fd").st_uid == 0, "its memory and descriptors are not even its user's to look at"
    targets = {int(fd): os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    assert targets[0].startswith("socket:") and targets[3].startswith("socket:") and targets[1] == "/dev/null"
    for fd, target in targets.items():  # above are those of its own loop; both ends of a pipe are its own
        assert fd <= 3 or target.startswith("anon_inode:") or list(targets.values()).count(target) == 2, targets


def test_delivered_is_said_when_the_file_and_its_name_are_on_disk(instance):
    instance.start()
    instance.send(instance.user(), letter("first"))
    instance.wait_for_mail(1)
    pid, trace = worker_of(instance), instance.home / "trace"
    tracer = subprocess.Popen(["strace", "-f", "-qq", "-y", "-o", trace, "-e", "trace=fsync,fdatasync,renameat2,linkat,sendto,sendmsg",
                               "-p", str(pid)], stderr=subprocess.PIPE)
    try:
        wait_until(lambda: "TracerPid:\t0" not in open(f"/proc/{pid}/status").read(), "the tracer")
        instance.send(instance.user(), letter("second"))
        instance.wait_for_log(r"^delivery 2\.1: success")
    finally:
        tracer.terminate()
        tracer.wait(PATIENCE)
    calls = trace.read_text()
    steps = [r"f(data)?sync\(\d+</[^>]*/tmp/[^>]*>\) += 0", r"(renameat2|linkat)\([^\n]*/tmp>[^\n]*/new>[^\n]* = 0",
             r"f(data)?sync\(\d+</[^>]*/new>\) += 0", r"send(to|msg)\(0<"]
    found = [re.search(step, calls) for step in steps]
    assert all(found), calls
    assert [match.start() for match in found] == sorted(match.start() for match in found), calls


def test_dovecot_reads_every_message(instance):
    instance.start()
    for i in range(20):
        instance.send(instance.user(), letter(f"d{i}", 3000 * i))
    instance.wait_for_mail(20)
    (instance.home / "dovecot.conf").write_text(f"""
base_dir = {instance.home}/dovecot
log_path = {instance.home}/dovecot.log
mail_location = maildir:{instance.maildir()}
protocols =
ssl = no
first_valid_uid = 500
stats_writer_socket_path =
""")
    user = pwd.getpwnam(USERS[0])
    done = subprocess.run(["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "doveadm", "-c",
                           instance.home / "dovecot.conf", "fetch", "hdr.x-id size.physical", "all"],
                          env={"PATH": os.environ["PATH"], "USER": user.pw_name, "HOME": user.pw_dir},
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert set(re.findall(r"hdr.x-id: (\S+)", done.stdout)) == {f"d{i}" for i in range(20)}
