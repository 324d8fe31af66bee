"""sluice-smtpd as a process of a test: a home of its own, a listening socket that the test made (so the kernel chose the
port), and the log in files. Also a raw client for dialogues that smtplib would not hold."""
import os
import pathlib
import signal
import smtplib
import socket
import subprocess
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
PATIENCE = 20  # seconds that anything may take on a loaded machine


def program(name):
    builds = [os.environ["SLUICE_BUILD"]] if "SLUICE_BUILD" in os.environ else [
        REPOSITORY / "build" / preset for preset in ("release", "debug", "asan")]
    for build in builds:
        path = pathlib.Path(build) / "bin" / name
        if path.exists():
            return str(path)
    raise FileNotFoundError(f"{name} is not built; looked in {', '.join(map(str, builds))}")


def sanitized():
    """Built with a sanitizer, whose own memory hides the program's."""
    octets = pathlib.Path(program("sluice-smtpd")).read_bytes()
    return b"__asan_init" in octets or b"__tsan_init" in octets


def toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml, value)) + "]"
    return '"' + str(value) + '"'


class SmtpServer:
    """settings: names of the table to values, "smtp.max_errors" as smtp__max_errors."""

    def __init__(self, home, listen=None, **settings):
        self.home = pathlib.Path(home)
        for directory in ("etc/control", "run/intake"):
            (self.home / directory).mkdir(parents=True, exist_ok=True)
        self.listener = None
        self.process = None
        self._own_listen = listen
        self.configure(**settings)

    def configure(self, **settings):
        settings = {"me": "mx.example.org", "ipc_prefix": f"smtpd-{os.getpid()}-", **settings}
        lines = [f"{name} = {toml(value)}" for name, value in settings.items() if "__" not in name]
        for group in sorted({name.split("__")[0] for name in settings if "__" in name} | {"smtp"}):
            lines.append(f"[{group}]")
            lines += [f"{name.split('__')[1]} = {toml(value)}" for name, value in settings.items()
                      if name.startswith(group + "__")]
        (self.home / "etc/sluice.toml").write_text("\n".join(lines) + "\n")

    def start(self, **environment):
        self.spawn(**environment)
        return self

    def spawn(self, **environment):
        variables = {"PATH": os.environ["PATH"], "SLUICE_HOME": str(self.home), **environment}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                variables[name] = os.environ[name]
        command, inherited = [program("sluice-smtpd")], ()
        if self._own_listen is None:
            if self.listener is None:  # else it is started again, and inherits the same
                self.listener = socket.socket()
                self.listener.bind(("127.0.0.1", 0))
                self.listener.listen(1024)
            if self.listener.fileno() == 3:  # the number is the program's, and is closed below
                self.listener = socket.socket(fileno=os.dup(self.listener.detach()))
            inherited = (self.listener.fileno(),)
            variables.setdefault("SLUICE_LISTEN_FDS", "1")
            # bash, because other shells know descriptors of one digit only.
            command = ["bash", "-c", f'exec "$@" 3<&{inherited[0]} {inherited[0]}<&-', "bash"] + command
        with open(self.home / "out", "ab") as out, open(self.home / "err", "ab") as err:
            self.process = subprocess.Popen(command, env=variables, pass_fds=inherited, stdout=out, stderr=err,
                                            stdin=subprocess.DEVNULL)
        return self.process

    @property
    def port(self):
        return self._own_listen[1] if self._own_listen else self.listener.getsockname()[1]

    @property
    def log(self):
        return (self.home / "out").read_text() + (self.home / "err").read_text()

    def wait_for_log(self, text):
        wait_until(lambda: text in self.log, f"{text!r} in the log")

    def hang_up(self):
        self.process.send_signal(signal.SIGHUP)

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self):
        return self.process.wait(PATIENCE)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.terminate()
            try:
                self.wait()
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.listener:
            self.listener.close()
        assert "Sanitizer" not in self.log, self.log

    def memory(self):
        """Resident octets."""
        with open(f"/proc/{self.process.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def smtp(self):
        return smtplib.SMTP("127.0.0.1", self.port, local_hostname="client.example.com", timeout=PATIENCE)

    def dialogue(self, source="127.0.0.1", greeted=True):
        return Dialogue(self.port, source, greeted)


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)


class Dialogue:
    """A client that says exactly what it is told."""

    def __init__(self, port, source, greeted):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE, source_address=(source, 0))
        self.stream = self.socket.makefile("rb")
        if greeted:
            assert self.reply().startswith("220 ")
            assert self.say("EHLO client.example.com").startswith("250")

    def send(self, octets):
        self.socket.sendall(octets if isinstance(octets, bytes) else octets.encode())

    def reply(self):
        """One reply with all of its lines, the last CRLF dropped; empty when the server has closed."""
        lines = []
        while True:
            line = self.stream.readline().decode()
            lines.append(line)
            if line[3:4] != "-":
                return "".join(lines).rstrip("\r\n")

    def say(self, command):
        self.send(command + "\r\n")
        return self.reply()

    def begin_message(self, sender="a@example.com", recipient="b@example.net"):
        assert self.say(f"MAIL FROM:<{sender}>").startswith("250")
        assert self.say(f"RCPT TO:<{recipient}>").startswith("250")
        assert self.say("DATA").startswith("354")

    def closed(self):
        return self.stream.read(1) == b""

    def close(self):
        self.stream.close()
        self.socket.close()
