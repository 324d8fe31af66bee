"""sendmail as other programs call it, with a running instance and without one."""
import email
import os
import re
import signal
import subprocess

import pytest

from support.accounts import ROOT, USERS
from support.instance import PATIENCE, wait_until
from support.local_programs import CALLERS, identity_of, installed, name_of, run
from support.smtp_server import program, sanitized

LETTER = b"Subject: hello\n\nhello\n"


@pytest.fixture(params=CALLERS, ids=lambda caller: "plain" if caller else "self")
def caller(request):
    return request.param


def only_mail(instance, number=0):
    octets, = instance.wait_for_mail(number=number)
    return email.message_from_bytes(octets)


# -- programs that send mail ------------------------------------------------------------------------------------------


def test_cron_s_call(instance, caller):
    instance.start()
    text = f"From: root (Cron Daemon)\nTo: {USERS[0]}\nSubject: Cron <x@y> true\n\noutput\n"
    run(instance, "sendmail", "-FCronDaemon", "-i", "-B8BITMIME", "-oem", instance.user(), text=text, caller=caller, check=0)
    message = only_mail(instance)
    assert message["From"] == "root@mx.example.org (Cron Daemon)" and message["To"] == instance.user()
    assert message["Return-Path"] == f"<{name_of(caller)}@mx.example.org>"
    assert message["Date"] and re.fullmatch(r"<\S+@mx\.example\.org>", message["Message-ID"])
    assert f"invoked by uid {identity_of(caller).get('user', os.geteuid())}" in message["Received"]


def test_bsd_mailx(instance, caller):
    instance.start()
    rc = instance.home / "mailrc"
    rc.write_text(f"set sendmail={program('sendmail')}\n")
    run(instance, "/usr/bin/bsd-mailx", "-s", "from mailx", instance.user(), text="line\n.dot\n", caller=caller, check=0,
        MAILRC=str(rc))
    message = only_mail(instance)
    assert (message["Subject"], message["To"]) == ("from mailx", instance.user())
    assert message.get_payload() == "line\n.dot\n"


def test_mutt(instance, caller):
    instance.start()
    rc = instance.home / "muttrc"
    rc.write_text(f'set sendmail="{program("sendmail")} -oem -oi"\nset copy=no\n')
    run(instance, "/usr/bin/mutt", "-F", rc, "-s", "from mutt", "-b", instance.user(len(USERS) - 1), "--", instance.user(),
        text="body\n", caller=caller, check=0, TERM="dumb")
    message = only_mail(instance)
    assert (message["Subject"], message.get_payload(), message["Bcc"]) == ("from mutt", "body\n", None)
    if ROOT:
        assert only_mail(instance, 1)["Subject"] == "from mutt"


def test_msmtp_and_calls_in_its_words(instance, caller):
    instance.start()
    text = f"From: Joe <joe@x.test>\nTo: {instance.user()}\nSubject: from msmtp\n\nbody\n"
    run(instance, "/usr/bin/msmtp", "--host=127.0.0.1", f"--port={instance.port}", "--read-envelope-from", "-t",
        text=text, caller=caller, check=0)
    assert only_mail(instance)["Return-Path"] == "<joe@x.test>"
    run(instance, "sendmail", "--read-envelope-from", "-t", text=text, caller=caller, check=0)
    assert all(b"Return-Path: <joe@x.test>" in octets for octets in instance.wait_for_mail(2))


@pytest.mark.skipif(not ROOT, reason="needs two users")
def test_python_with_recipients_in_the_header(instance):
    instance.start()
    text = f"From: me\nTo: {USERS[0]}\nBcc: {USERS[1]}\nSubject: s\nContent-Length: 7\n\nbody\n"
    done = subprocess.run([program("sendmail"), "-t", "-oi"], input=text, text=True, env=instance.variables(), timeout=PATIENCE)
    assert done.returncode == 0
    for number in (0, 1):
        message = only_mail(instance, number)
        assert message["To"] == instance.user()
        assert message["Bcc"] is None and message["Content-Length"] is None


# -- the message ------------------------------------------------------------------------------------------------------


def test_text_without_a_header_becomes_a_message(instance):
    instance.start()
    run(instance, "sendmail", instance.user(), text="just a line\r\nand another", check=0)
    octets, = instance.wait_for_mail()
    assert octets.endswith(b"\n\njust a line\nand another\n")
    assert email.message_from_bytes(octets)["From"]


def test_a_lone_dot_ends_the_message_unless_told_otherwise(instance):
    instance.start()
    run(instance, "sendmail", instance.user(), text="Subject: 1\n\nkept\n.\nnot kept\n", check=0)
    assert only_mail(instance).get_payload() == "kept\n"
    for flag in ("-i", "-oi"):
        run(instance, "sendmail", flag, instance.user(), text="Subject: 2\n\nkept\n.\nkept too\n", check=0)
    bodies = [email.message_from_bytes(octets).get_payload() for octets in instance.wait_for_mail(3)]
    assert sorted(bodies) == ["kept\n", "kept\n.\nkept too\n", "kept\n.\nkept too\n"]


def test_a_large_message_comes_through_whole(instance):
    instance.start()
    body = b"".join(b"%07d %s\n" % (i, b"x" * 70) for i in range(30_000))
    run(instance, "sendmail", "-i", instance.user(), text=b"Subject: large\n\n" + body, check=0)
    octets, = instance.wait_for_mail()
    assert octets.endswith(b"\n\n" + body)


def test_the_sender_is_who_f_says(instance):
    instance.start()
    for sender, path in (("joe@x.test", "<joe@x.test>"), ("", "<>"), ("<>", "<>"), ("Joe <joe>", "<joe@mx.example.org>")):
        run(instance, "sendmail", "-f", sender, instance.user(), text=LETTER, check=0)
        wait_until(lambda: any(octets.startswith(b"Return-Path: %s\n" % path.encode()) for octets in instance.mail()), path)
        for old in instance.maildir().glob("new/*"):
            old.unlink()


def test_with_t_addresses_on_the_command_line_are_left_out(instance):
    instance.start()
    text = f"To: {instance.user()}, nobody-of-this-name\n\nbody\n"
    run(instance, "sendmail", "-t", "nobody-of-this-name", text=text, check=0)
    only_mail(instance)
    instance.wait_until_empty()
    assert "failure" not in instance.log


def test_reports_are_asked_for(instance):
    instance.start()
    run(instance, "sendmail", "-f", instance.user(), "-N", "success", "-R", "hdrs", "-V", "QQ+2B1", instance.user(),
        text=LETTER, check=0)
    reports = [octets for octets in instance.wait_for_mail(2) if b"multipart/report" in octets]
    assert len(reports) == 1 and b"\nOriginal-Envelope-Id: QQ+1\n" in reports[0], reports


def test_verbose_shows_the_delivery(instance):
    instance.start()
    done = run(instance, "sendmail", "-v", instance.user(), text=LETTER, check=0)
    user = re.escape(f"<{instance.user()}>")
    assert re.fullmatch(rf"{user}\.\.\. Connecting to local\.\.\.\n{user}\.\.\. Sent.*\n", done.stdout), done.stdout


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments, text, status, says", [
    ((), b"", 64, "no recipients"),
    (("-t",), b"Subject: x\n\n", 64, "no recipients"),
    (("-t",), b"To: joe (x\n\n", 65, "To field cannot be read"),
    (("joe@bad..host",), LETTER, 64, "is not a mail address"),
    (("-f", "a b@x.test, c", "joe"), LETTER, 64, "sender"),
    (("-k", "joe"), LETTER, 64, "unknown option -k"),
    (("-C/etc/passwd", "joe"), LETTER, 64, "SLUICE_HOME"),
    (("joe",), b"Received: x\n" * 200 + b"\n", 69, "hops"),
    (("-h", "100", "joe"), LETTER, 69, "hops"),
])
def test_a_refusal_says_why(instance, arguments, text, status, says):
    instance.set_up()
    done = run(instance, "sendmail", *arguments, text=text, check=status)
    assert says in done.stderr and done.stderr.startswith("sendmail: ") and done.stdout == ""


@pytest.mark.parametrize("closed, status", [("<&-", 74), (">&-", 0), ("2>&-", 0), ("<&- >&- 2>&-", 74), ("<&- 2>&-", 74)])
def test_standard_streams_may_be_closed(instance, closed, status):
    instance.start()
    for command, expected in ((f"{program('sendmail')} -v", status), (program("qmail-inject"), 111 if status else 0)):
        done = subprocess.run(["/bin/sh", "-c", f"{command} {instance.user()} {closed}"], input=LETTER,
                              env=instance.variables(), capture_output=True, timeout=PATIENCE)
        assert done.returncode == expected, done.stderr
    if status == 0:
        instance.wait_for_mail(2)


def test_a_quiet_refusal_is_its_status_only(instance):
    instance.set_up()
    done = run(instance, "sendmail", "-oeq", "-t", text=b"To: joe (x\n\n", check=65)
    assert (done.stdout, done.stderr) == ("", "")


def test_bad_settings_are_named(instance):
    instance.set_up(queue_count=1)
    (instance.home / "etc/control/defaulthost").write_text("not a host\n")
    done = run(instance, "sendmail", "joe", text=LETTER, check=78)
    assert "control/defaulthost:1" in done.stderr


@pytest.mark.skipif(not ROOT, reason="needs another user")
def test_settings_of_the_instance_are_its_owner_s(instance):
    instance.set_up()
    refused = run(instance, "sendmail", "-O", "queue_count=7", "joe", text=LETTER, caller=USERS[0], check=64)
    assert "queue_count" in refused.stderr
    instance.start()
    run(instance, "sendmail", "-O", "defaulthost=x.test", instance.user(), text=LETTER, caller=USERS[0], check=0)
    assert only_mail(instance)["From"].endswith(f"{USERS[0]}@x.test")


@pytest.mark.skipif(not ROOT, reason="mails a user of the tests")
def test_a_caller_that_asks_for_it_is_mailed_what_was_wrong(instance):
    instance.start()
    text = b"To: joe (x\nSubject: mine\n\nmy text\n"
    run(instance, "sendmail", "-t", "-oem", text=text, caller=USERS[0], check=65)
    message = only_mail(instance)
    assert message["Return-Path"] == "<>" and "could not be sent" in message["Subject"]
    assert "To field cannot be read" in message.get_payload() and message.get_payload().endswith(text.decode())
    run(instance, "sendmail", "-t", "-oee", text=text, caller=USERS[0], check=0)


# -- without daemons --------------------------------------------------------------------------------------------------


@pytest.mark.skipif(ROOT and sanitized(), reason="leaks cannot be looked for in a set-user-id program")
def test_mail_is_taken_with_all_daemons_down(instance, caller):
    instance.start()
    assert instance.stop() == 0
    sendmail = installed(instance)
    run(instance, sendmail, "-i", instance.user(), text=LETTER, caller=caller, check=0)
    inject = str(instance.home / "bin/qmail-inject")
    run(instance, inject, instance.user(), text=LETTER, caller=caller, check=0)
    assert instance.mail() == []
    instance.start()
    assert all(b"Subject: hello\n" in octets for octets in instance.wait_for_mail(2))


def test_without_any_door_mail_is_for_later(instance):
    instance.set_up()
    bare = instance.home / "bare"
    bare.mkdir()
    (bare / "sendmail").write_bytes(open(program("sendmail"), "rb").read())
    (bare / "sendmail").chmod(0o755)
    assert run(instance, str(bare / "sendmail"), "joe", text=LETTER, check=75).stderr


# -- other modes ------------------------------------------------------------------------------------------------------


class Talk:
    """SMTP over the standard input and output of sendmail -bs."""

    def __init__(self, instance, *arguments):
        self.process = subprocess.Popen([program("sendmail"), "-bs", *arguments], env=instance.variables(),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.reply().startswith("220 mx.example.org")

    def reply(self):
        lines = []
        while not lines or lines[-1][3:4] == "-":
            lines.append(self.process.stdout.readline().decode())
            assert lines[-1], "the server is gone"
        return "".join(lines)

    def say(self, text, end="\r\n"):
        self.process.stdin.write((text + end).encode())
        self.process.stdin.flush()
        return self.reply()

    def end(self):
        assert self.say("QUIT").startswith("221")
        assert self.process.wait(PATIENCE) == 0


@pytest.mark.parametrize("end", ["\r\n", "\n"], ids=["crlf", "lf"])
def test_smtp_on_standard_input(instance, end):
    instance.start()
    talk = Talk(instance)
    assert "DSN" in talk.say("EHLO localhost", end)
    assert talk.say("MAIL FROM:<joe@x.test>", end).startswith("250")
    assert talk.say(f"RCPT TO:<{instance.user()}>", end).startswith("250")
    assert talk.say("RCPT TO:<anybody@elsewhere.test>", end).startswith("250")  # whoever calls may send anywhere
    assert talk.say("RSET", end).startswith("250")
    assert talk.say("MAIL FROM:<joe@x.test>", end).startswith("250")
    assert talk.say(f"RCPT TO:<{instance.user()}>", end).startswith("250")
    assert talk.say("DATA", end).startswith("354")
    assert talk.say(end.join(("Subject: s", "", "..dot", ".")), end).startswith("250")
    talk.end()
    message = only_mail(instance)
    assert (message["Return-Path"], message.get_payload()) == ("<joe@x.test>", ".dot\n")


def test_smtp_takes_a_large_message_and_refuses_one_that_is_too_large(instance):
    instance.start(databytes=1_000_000)
    body = "".join(f"{i:07} {'x' * 70}\r\n" for i in range(10_000))
    talk = Talk(instance)
    talk.say("EHLO localhost")
    for text, answer in ((body, "250"), (body * 2, "552")):
        talk.say("MAIL FROM:<joe@x.test>")
        talk.say(f"RCPT TO:<{instance.user()}>")
        talk.say("DATA")
        assert talk.say("Subject: s\r\n\r\n" + text + ".").startswith(answer)
    talk.end()
    octets, = instance.wait_for_mail()
    assert octets.endswith(body.replace("\r\n", "\n").encode())


def test_smtp_says_when_no_door_is_open(instance):
    instance.set_up()
    talk = Talk(instance, "-O", f"queue_base={instance.home}/nowhere")
    talk.say("EHLO localhost")
    talk.say("MAIL FROM:<joe@x.test>")
    talk.say(f"RCPT TO:<{instance.user()}>")
    talk.say("DATA")
    assert talk.say("Subject: s\r\n\r\ntext\r\n.").startswith("451 4.3.0")
    talk.end()


def test_verify_says_where_mail_would_go(instance):
    instance.set_up(smtproutes=["y.test:127.0.0.1"])
    done = run(instance, "sendmail", "-bv", instance.user(), "joe@y.test", check=0)
    assert done.stdout.splitlines() == [f"{instance.user()}... deliverable: local, user {USERS[0]}",
                                        "joe@y.test... deliverable: remote, to y.test by SMTP"]
    done = run(instance, "sendmail", "-bv", "nobody-of-this-name", check=67)
    assert done.stdout == "nobody-of-this-name@mx.example.org... no such user here\n"


def test_the_queue_is_listed_as_mailq_does(instance):
    instance.start(smtproutes=["x.test:127.0.0.1:1"])
    directory = instance.queue_directory
    assert run(instance, "mailq", check=0).stdout == f"{directory} is empty\n\t\tTotal requests: 0\n"
    run(instance, "sendmail", "-f", "joe@x.test", "a@x.test", "b@x.test", text=LETTER, check=0)
    instance.wait_for_log("deferral", times=2)
    lines = wait_until(lambda: [lines for lines in [run(instance, "sendmail", "-bp", check=0).stdout.splitlines()]
                                if "*" not in lines[2]], "the end of the attempt")[0]
    assert lines[0] == f"\t\t{directory} (1 request)"
    assert lines[1] == "-----Q-ID----- --Size-- -----Q-Time----- ------------Sender/Recipient-----------"
    size = instance.queue()[0]["size"]
    date = r"(Sun|Mon|Tue|Wed|Thu|Fri|Sat) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d"
    assert re.fullmatch(rf"\d{{13,20}}-{size:8} {date} joe@x\.test", lines[2]), lines[2]
    assert re.fullmatch(r" {17}\(.+refused.*\)", lines[3]), lines[3]
    assert lines[4:] == ["\t\t\t\t\t a@x.test", "\t\t\t\t\t b@x.test", "\t\tTotal requests: 1"]
    verbose = run(instance, "mailq", "-v", check=0).stdout.splitlines()
    assert verbose[1] == "-----Q-ID----- --Size-- -Priority- ---Q-Time--- --------Sender/Recipient--------"
    assert verbose[3] == "\t\t\t\t\t\ta@x.test" and verbose[4].startswith("\t\t (")


def test_a_queue_that_does_not_answer_is_named(instance):
    instance.set_up()
    done = run(instance, "mailq", check=69)
    assert done.stderr.startswith(f"mailq: {instance.queue_directory} cannot be listed")


def test_newaliases_makes_the_database_that_verify_looks_into(instance):
    instance.set_up(aliases=f"{instance.home}/aliases")
    aliases, database = instance.home / "aliases", instance.home / "etc/aliases.cdb"
    missing = run(instance, "newaliases", check=66)
    assert missing.stderr.startswith("newaliases: ") and str(aliases) in missing.stderr
    aliases.write_text(f"ops: {USERS[0]}, joe@x.test\n")
    done = run(instance, "newaliases", check=0)
    assert re.fullmatch(rf"{aliases}: 1 aliases, longest \d+ bytes, \d+ bytes total\n", done.stdout) and database.exists()
    done = run(instance, "sendmail", "-bv", "ops", check=0)
    assert done.stdout == "ops@mx.example.org... deliverable: local, an alias of 2 targets\n"
    before = database.read_bytes()
    aliases.write_text("ops: joe\nbroken\nops: bob\n")
    wrong = run(instance, "sendmail", "-bi", check=65)
    assert "line 2" in wrong.stderr and "line 3" in wrong.stderr and database.read_bytes() == before
    aliases.write_text("ops: joe\n")
    database.unlink()
    run(instance, "newaliases", "-O", f"alias_database={instance.home}/nowhere/aliases.cdb", check=73)


@pytest.mark.skipif(not ROOT, reason="needs another user")
def test_everybody_may_list_the_queue_unless_that_is_restricted(instance):
    instance.start()
    assert "is empty" in run(instance, "mailq", caller=USERS[0], check=0).stdout
    instance.configure(restrict_mailq=True)
    instance.signal(signal.SIGHUP)
    refused = "You are not permitted to see the queue\n"
    wait_until(lambda: run(instance, "mailq", caller=USERS[0], check=0).stderr == refused, "the restriction")
    for arguments in (["mailq"], ["sendmail", "-bP"]):  # as sendmail, which does not fail
        done = run(instance, *arguments, caller=USERS[0], check=0)
        assert (done.stdout, done.stderr) == ("\t\tTotal requests: 0\n", refused)
    done = run(instance, "mailq", "--json", caller=USERS[0], check=77)
    assert (done.stdout, done.stderr) == ("", refused)
    assert "is empty" in run(instance, "mailq", check=0).stdout
