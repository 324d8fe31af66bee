"""Postfix's smtp-sink(1): a real SMTP server that throws mail away, and can be told which commands to refuse."""
import glob
import os
import pathlib
import shutil
import socket
import subprocess
import time

from .remote_names import free_port

SINK = shutil.which("smtp-sink", path="/usr/sbin:/usr/libexec/postfix:/usr/bin")


class Sink:
    def __init__(self, directory, *options):
        """Dumps messages below `directory`; None: nowhere."""
        self.port = free_port()
        self.destination = f"[127.0.0.1]:{self.port}"
        self.dumps = directory and pathlib.Path(directory) / f"sink-{self.port}"
        self.options = [*(["-d", str(self.dumps / "m.")] if directory else []), *options]

    def __enter__(self):
        if self.dumps:
            self.dumps.mkdir()
        user = ["-u", "root"] if os.geteuid() == 0 else []  # as root it wants to be told, and the dumps are below our directory
        self.process = subprocess.Popen([SINK, *user, *self.options, f"127.0.0.1:{self.port}", "1000"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while True:  # it does not say when it listens
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except OSError:
                assert time.monotonic() < deadline and self.process.poll() is None, "smtp-sink does not listen"
                time.sleep(0.01)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def messages(self):
        """The dumps of whole transactions: pseudo-header lines with the envelope, then the message with LF line ends."""
        return [text for text in map(read, glob.glob(str(self.dumps / "m.*"))) if "X-Rcpt-Args" in text]


def read(path):
    return pathlib.Path(path).read_bytes().decode("latin-1")
