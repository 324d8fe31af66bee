"""A real name server (nsd) with the zones of a test.

    with NameServer(tmp_path, {"x.test": "@ MX 10 mx\\nmx A 127.0.0.1"}) as names:
        settings = {"remote.resolver": [names.address]}
"""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import dns.message
import dns.query

NSD = shutil.which("nsd", path="/usr/sbin:/usr/local/sbin:/usr/bin")


def free_port():
    """A port that is free for both UDP and TCP now."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            try:
                tcp.bind(udp.getsockname())
            except OSError:
                continue
            return udp.getsockname()[1]


class NameServer:
    def __init__(self, directory, zones):
        self.directory = pathlib.Path(directory) / "names"
        self.directory.mkdir()
        self.zones = zones
        self.port = free_port()
        self.address = f"127.0.0.1@{self.port}"

    def __enter__(self):
        for name, records in self.zones.items():
            lines = [line.strip() for line in records.strip().splitlines()]
            (self.directory / f"{name}.zone").write_text(
                f"$ORIGIN {name}.\n$TTL 60\n@ SOA ns.{name}. root.{name}. 1 60 60 60 1\n@ NS ns.{name}.\nns A 127.0.0.1\n" +
                "\n".join(lines) + "\n")
        configuration = self.directory / "nsd.conf"
        configuration.write_text(f"""
server:
  ip-address: 127.0.0.1
  port: {self.port}
  username: ""
  chroot: ""
  zonesdir: "{self.directory}"
  database: ""
  pidfile: "{self.directory}/nsd.pid"
  logfile: "{self.directory}/nsd.log"
  xfrdfile: "{self.directory}/xfrd.state"
  zonelistfile: "{self.directory}/zone.list"
  xfrdir: "{self.directory}"
  server-count: 1
  rrl-ratelimit: 0
remote-control:
  control-enable: no
""" + "".join(f'zone:\n  name: "{name}"\n  zonefile: "{name}.zone"\n' for name in self.zones))
        self.process = subprocess.Popen([NSD, "-d", "-c", str(configuration)], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True)
        question = dns.message.make_query(f"{next(iter(self.zones))}.", "SOA")
        deadline = time.monotonic() + 20
        while True:  # nsd says nothing when it is ready; its first answer does
            try:
                if dns.query.udp(question, "127.0.0.1", timeout=0.2, port=self.port).answer:
                    return self
            except (dns.exception.Timeout, OSError):
                pass
            if time.monotonic() > deadline or self.process.poll() is not None:
                log = self.directory / "nsd.log"
                raise AssertionError("nsd does not answer: " + (log.read_text() if log.exists() else ""))

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)  # asked politely, it now and then does not end for minutes
        self.process.wait(20)
