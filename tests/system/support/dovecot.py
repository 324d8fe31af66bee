"""A Dovecot of the test's own: LMTP on a port and on a socket, IMAP to read back what was delivered. It shares nothing
with a Dovecot of the system, and runs as root or not.

    with Dovecot(["ann@store.test", "bob@store.test"]) as store:
        ... store.lmtp_port, store.lmtp_path ...
        store.messages("ann@store.test")
"""
import grp
import imaplib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile

from .accounts import ROOT
from .instance import PATIENCE, free_port, wait_until

PASSWORD = "secret"

CONFIGURATION = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_username_format = %Lu
mail_location = maildir:~/Maildir
first_valid_uid = 1
first_valid_gid = 1
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
mail_plugins = quota
plugin {{
  quota = maildir:User quota
  quota_grace = 0
}}
quota_full_tempfail = yes
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {home}/users
}}
userdb {{
  driver = passwd-file
  args = {home}/users
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  unix_listener {home}/lmtp {{
    mode = 0666
  }}
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp_port}
  }}
}}
"""


class Dovecot:
    def __init__(self, users, full=()):
        """`full`: users whose quota takes nothing."""
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp"))
        self.home.chmod(0o755)  # the SMTP client runs as another user
        self.imap_port, self.lmtp_port = free_port(), free_port()
        self.lmtp_path = self.home / "lmtp"
        owner = pwd.getpwnam("mail") if ROOT else pwd.getpwuid(os.geteuid())
        lines = []
        for user in (*users, *full):
            home = self.home / "mail" / user
            home.mkdir(parents=True)
            os.chown(home, owner.pw_uid, owner.pw_gid)
            rule = "userdb_quota_rule=*:bytes=10" if user in full else ""
            lines.append(f"{user}:{PASSWORD}:{owner.pw_uid}:{owner.pw_gid}::{home}::{rule}\n")
        (self.home / "users").write_text("".join(lines))
        internal, login = ("dovecot", "dovenull") if ROOT else (owner.pw_name, owner.pw_name)
        self.configuration = self.home / "dovecot.conf"
        self.configuration.write_text(CONFIGURATION.format(
            home=self.home, internal=internal, login=login, group=grp.getgrgid(pwd.getpwnam(internal).pw_gid).gr_name,
            imap_port=self.imap_port, lmtp_port=self.lmtp_port))
        self.process = None

    def __enter__(self):
        with open(self.home / "errors", "wb") as errors:
            self.process = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", self.configuration], cwd="/",
                                            stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, start_new_session=True)
        wait_until(self.answers, lambda: f"Dovecot to answer: {self.said()}")
        return self

    def __exit__(self, failed, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            if failed:
                print(f"--- log of {self.home}\n{self.said()[-5000:]}")
            shutil.rmtree(self.home, ignore_errors=True)

    def said(self):
        paths = (self.home / "errors", self.home / "log")
        return "".join(path.read_text(errors="replace") for path in paths if path.exists())

    def answers(self):
        assert self.process.poll() is None, f"Dovecot ended: {self.said()}"
        try:
            for port in (self.imap_port, self.lmtp_port):
                socket.create_connection(("127.0.0.1", port), 5).close()
            return self.lmtp_path.exists()
        except OSError:
            return False

    def messages(self, user):
        """What IMAP shows of a user's mailbox, in the order of arrival."""
        with imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=PATIENCE) as imap:
            imap.login(user, PASSWORD)
            _, (count,) = imap.select("INBOX", readonly=True)
            if count == b"0":
                return []
            _, parts = imap.fetch("1:*", "(BODY.PEEK[])")
            return [part[1] for part in parts if isinstance(part, tuple)]

    def wait_for(self, user, count):
        wait_until(lambda: self.count(user) >= count, f"{count} messages for {user}")
        return self.messages(user)

    def count(self, user):
        """As doveadm counts."""
        done = subprocess.run(["doveadm", "-c", self.configuration, "mailbox", "status", "-u", user, "messages", "INBOX"],
                              capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        return int(done.stdout.rpartition("messages=")[2])
