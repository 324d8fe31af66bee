"""A whole instance: qscheduler with all of its daemons in a directory of its own, on ports of its own.

    with Instance() as instance:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{sink.port}"], smtp__max_errors=3)
        instance.send("a@x.test", "Subject: hello\\r\\n\\r\\nhello\\r\\n")
        instance.wait_for_log(r"delivery 1\\S*: success")

Nothing here sleeps for a fixed time: every wait is for something that can be seen. At the end the instance is stopped,
must have ended well unless the test stopped it itself, and must have left no process behind.
"""
import json
import os
import pathlib
import random
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time

from . import posix_ipc
from .accounts import ROOT, USERS, home_of, make_users, only_one
from .smtp_server import program, toml

SANITIZED = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS")
PATIENCE = float(os.environ.get("SLUICE_PATIENCE", 60))  # seconds that anything may take on a loaded machine
QUEUE_DAEMONS = ("qmail-send", "todo-proc", "qmail-intake", "qmail-clean", "qmail-lspawn", "qmail-rspawn")

# Below the ports that the kernel gives out by itself, so that nobody takes one between our choice and the start.
_ports = iter(range(random.randrange(10000, 20000), 32000))


def free_port():
    for port in _ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise AssertionError("no port is free")


def wait_until(condition, what, patience=PATIENCE, pause=0.01):
    """The first true value of condition()."""
    deadline = time.monotonic() + patience
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {patience} s in vain for {what() if callable(what) else what}"
        time.sleep(pause)
    return value


class Instance:
    def __init__(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="sluice-", dir="/tmp"))
        self.home.chmod(0o755)  # the daemons are other users
        self.port = free_port()
        self.log_path = self.home / "log"
        self.process = None
        self.mailbox = f"Maildir-{self.home.name}"
        self.settings = {"me": "mx.example.org", "conf_split": 3, "ipc_prefix": f"{self.home.name}-", "smtp__listen": [f"127.0.0.1:{self.port}"],
                         "defaultdelivery": f"./{self.mailbox}/" if ROOT else f"{self.home}/{self.mailbox}/"}
        self.environment = {}
        self.files = []  # to be removed at the end
        self.test_failed = False  # set by the fixture: then the end is quick and the log is shown
        self._set_up = False

    # -- life ---------------------------------------------------------------------------------------------------------

    def __enter__(self):
        return self

    def __exit__(self, failed, *_):
        failed = failed or self.test_failed
        try:
            if not failed:
                if self.process and self.process.poll() is None:
                    assert self.stop() == 0, self.log
                self.no_process_is_left()
                assert "Sanitizer" not in self.log and "runtime error" not in self.log, self.log
        except BaseException:
            failed = True
            raise
        finally:
            self._kill_everything()
            if failed:
                print(f"--- log of {self.home}\n{self.log[-20000:]}")
            posix_ipc.remove_all(self)
            for path in self.files:
                path.unlink(missing_ok=True)
            for user in USERS if ROOT else ():
                shutil.rmtree(home_of(user) / self.mailbox, ignore_errors=True)
            shutil.rmtree(self.home, ignore_errors=True)

    def configure(self, **settings):
        """Sets settings and writes etc/sluice.toml; None takes one back. A group's setting: smtp__listen."""
        for name, value in settings.items():
            self.settings[name] = value
            if value is None:
                del self.settings[name]
        groups = {"": []}
        for name, value in self.settings.items():
            group, _, key = name.rpartition("__")
            groups.setdefault(group, []).append(f"{key} = {toml(value)}")
        text = "".join((f"[{group}]\n" if group else "") + "\n".join(lines) + "\n" for group, lines in groups.items())
        (self.home / "etc").mkdir(exist_ok=True)
        # Whole at every instant: what starts meanwhile would read an empty file and be another instance, on port 25 and
        # with shared memory of no prefix.
        written = self.home / "etc/sluice.toml.new"
        written.write_text(text)
        written.replace(self.home / "etc/sluice.toml")

    def set_up(self, **settings):
        """Settings, accounts and directories; start() does it too."""
        self.configure(**settings)
        for directory in ("etc/control", "queue", "run"):
            (self.home / directory).mkdir(parents=True, exist_ok=True)
        if not self._set_up and ROOT:
            with only_one():
                self.tool("setup", check=True)
                make_users()
        self._set_up = True

    def start(self, **settings):
        self.set_up(**settings)
        self.spawn()
        self.wait_until_ready()
        return self

    def spawn(self, *command, **environment):
        """qscheduler, or another command, as the leader of a process group; what it says is appended to the log."""
        return self.spawn_with(command or (program("qscheduler"), "-s"), **environment)

    def spawn_with(self, command, pass_fds=(), **environment):
        """The same, with descriptors that it inherits."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, env=self.variables(**environment), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True, cwd="/", pass_fds=pass_fds)
        return self.process

    def variables(self, **more):
        kept = {name: os.environ[name] for name in SANITIZED if name in os.environ}
        return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "SLUICE_HOME": str(self.home), **kept,
                **self.environment, **more}

    def wait_until_ready(self):
        def ready():
            assert self.process.poll() is None, f"qscheduler ended: {self.log}"
            try:
                status = self.status()
                whole = all(len(queue.get("daemons", ())) == 6 for queue in status["queues"])
                return whole and (not self.settings["smtp__listen"] or self.greets())
            except (Unavailable, OSError):
                return False
        wait_until(ready, lambda: f"the instance to be ready; its log: {self.log}", pause=0.02)

    def greets(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as connection:
                connection.sendall(b"QUIT\r\n")
                return b"".join(iter(lambda: connection.recv(4096), b"")).startswith(b"220 ")
        except (ConnectionError, TimeoutError):
            return False

    def signal(self, signo, name="qscheduler"):
        os.kill(self.pids[name], signo)

    def stop(self):
        """TERM to the supervisor; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self, name):
        """SIGKILL to one daemon; its former process id."""
        pid = self.pids[name]
        os.kill(pid, signal.SIGKILL)
        return pid

    def kill_all(self):
        """As a power failure would: everything at once."""
        self._kill_everything()

    def _kill_everything(self):
        while found := self.processes():
            for pid in found:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            if self.process:
                self.process.poll()
        if self.process:
            self.process.wait(PATIENCE)  # it may be dying still

    def processes(self):
        """Of this instance, by what they inherited from it."""
        mark, found = b"SLUICE_HOME=%s\0" % bytes(self.home), []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    if mark in pathlib.Path("/proc", entry, "environ").read_bytes():
                        found.append(int(entry))
                except OSError:
                    pass
        return found

    def no_process_is_left(self):
        # A worker finishes what it is writing after its queue has ended.
        wait_until(lambda: not self.processes(), lambda: f"the end of {[command_of(pid) for pid in self.processes()]}",
                   patience=20)

    # -- questions ----------------------------------------------------------------------------------------------------

    def tool(self, *arguments, check=False):
        """The `sluice` command for this instance."""
        done = subprocess.run([program("sluice"), "--home", str(self.home), *map(str, arguments)], env=self.variables(),
                              capture_output=True, text=True, errors="replace", timeout=PATIENCE)
        assert not check or done.returncode == 0, done.stderr
        return done

    def make_queue(self, **settings):
        """The directories of a queue whose daemons have not run yet."""
        self.set_up(**settings)
        done = subprocess.run([program("queue-fix"), str(self.queue_directory)], env=self.variables(), capture_output=True,
                              text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr

    def status(self):
        done = self.tool("status", "--json")
        if done.returncode != 0:
            raise Unavailable(done.stderr)
        return json.loads(done.stdout)

    def queue(self):
        """What `sluice queue --json` lists."""
        done = self.tool("queue", "--json", check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    @property
    def pids(self):
        """Name of each process to its id; the names of a second queue's daemons are qmail-send.2 and so on."""
        status = self.status()
        found = {"qscheduler": self.process.pid}
        for child in status["children"]:
            if child["role"] == "smtp-server":
                found["sluice-smtpd"] = child["pid"]
        for number, queue in enumerate(status["queues"], 1):
            for daemon in queue.get("daemons", ()):
                found[daemon["name"] + (f".{number}" if number > 1 else "")] = daemon["pid"]
        return found

    @property
    def queue_directory(self):
        return self.home / "queue/queue1"

    # -- the log ------------------------------------------------------------------------------------------------------

    @property
    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def mark(self):
        """A place in the log, for wait_for_log(after=)."""
        return self.log_path.stat().st_size if self.log_path.exists() else 0

    def log_after(self, mark):
        with open(self.log_path, "rb") as log:
            log.seek(mark)
            return log.read().decode(errors="replace")

    def wait_for_log(self, pattern, after=0, times=1, patience=PATIENCE):
        """Waits until the expression matches so often in the log after a mark; the last match."""
        expression = re.compile(pattern, re.MULTILINE)

        def found():
            matches = list(expression.finditer(self.log_after(after)))
            return matches[times - 1] if len(matches) >= times else None
        return wait_until(found, lambda: f"{times} of {pattern} in the log:\n{self.log_after(after)[-6000:]}", patience)

    def wait_until_empty(self, patience=PATIENCE):
        wait_until(lambda: not self.queue(), "the queue to be empty", patience, pause=0.05)

    # -- mail ---------------------------------------------------------------------------------------------------------

    def smtp(self):
        return smtplib.SMTP("127.0.0.1", self.port, local_hostname="client.example.com", timeout=PATIENCE)

    def send(self, to, message="Subject: test\r\n\r\ntest\r\n", sender="sender@example.com", **options):
        with self.smtp() as client:
            refused = client.sendmail(sender, [to] if isinstance(to, str) else list(to), message, **options)
            assert not refused

    def send_patiently(self, *arguments):
        """send(), again and again while daemons that died are not back yet, as every client does."""
        def sent():
            try:
                self.send(*arguments)
                return True
            except (smtplib.SMTPResponseException, smtplib.SMTPServerDisconnected, ConnectionError):
                return False
        wait_until(sent, "mail to be taken", pause=0.1)

    def user(self, number=0):
        """The address of a local user."""
        return f"{USERS[number]}@{self.settings['me']}"

    def instruct(self, text, number=0, suffix="", mode=0o600):
        """Gives a user a .qmail file; the extension of its address. Users are shared, so each instance has its own names."""
        extension = self.home.name.lower().replace("_", "x").replace(".", "x").replace("-", "x") + suffix
        path = home_of(USERS[number]) / f".qmail-{extension}"
        self.files.append(path)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        if ROOT:
            shutil.chown(path, USERS[number])
        return extension

    def maildir(self, number=0):
        return home_of(USERS[number]) / self.mailbox if ROOT else self.home / self.mailbox

    def mail(self, number=0):
        """The messages in a user's Maildir, as octets, oldest first."""
        paths = sorted(self.maildir(number).glob("new/*"), key=lambda path: path.stat().st_mtime_ns)
        return [path.read_bytes() for path in paths]

    def wait_for_mail(self, count=1, number=0):
        wait_until(lambda: len(list(self.maildir(number).glob("new/*"))) >= count, f"{count} messages in a Maildir")
        return self.mail(number)


def command_of(pid):
    """The command line of a process as it stands in memory, its parts ended by zeros; empty: it has gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


class Unavailable(Exception):
    """The instance does not answer."""
