"""What survives what: killed daemons, full and damaged disks, and space that comes back."""
import contextlib
import os
import re
import signal
import smtplib
import subprocess

import pytest

from support.accounts import ROOT
from support.instance import PATIENCE, QUEUE_DAEMONS, Unavailable, free_port, wait_until
from support.recorder import Recorder, letter
from support.smtp_server import program

needs_root = pytest.mark.skipif(not ROOT, reason="needs root")


@pytest.fixture
def recorder():
    with Recorder() as running:
        yield running


def wait_for_new(instance, name, old):
    """Until the daemon runs again under another process id, with all of its neighbours; the id."""
    def new():
        try:
            pid = instance.pids.get(name, 0)
        except Unavailable:
            return 0
        return pid if pid != old else 0
    return wait_until(new, f"{name} to run again", pause=0.02)


# -- killed daemons ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*QUEUE_DAEMONS, "sluice-smtpd"])
def test_what_was_accepted_before_a_daemon_was_killed_is_delivered_after(instance, recorder, name):
    """The mail waits for a port that is closed, so that it is all there when the daemon dies."""
    instance.start(smtproutes=[f"x.test:127.0.0.1:{free_port()}"])
    identities = [f"m{i}" for i in range(10)]
    with instance.smtp() as client:
        for identity in identities:
            client.sendmail("s@example.com", ["a@x.test"], letter(identity))
    mark = instance.mark()
    old = instance.kill(name)
    instance.wait_for_log("alert: qscheduler: restart .* killed by signal 9|alert: qscheduler: restart qmail-send", mark)
    wait_for_new(instance, name, old)
    instance.configure(smtproutes=[f"x.test:{recorder.route}"])
    instance.process.send_signal(signal.SIGHUP)

    def all_there():
        instance.process.send_signal(signal.SIGALRM)
        return len(recorder.arrivals) == len(identities)
    wait_until(all_there, "ten messages", pause=0.2)
    instance.wait_until_empty()
    assert not recorder.duplicates()
    instance.send_patiently("a@x.test", letter("afterwards"))
    recorder.wait_for(["afterwards"])


def test_daemons_of_a_killed_supervisor_end_and_a_new_one_takes_over(instance, recorder):
    port = free_port()
    instance.start(smtproutes=[f"x.test:127.0.0.1:{port}"])
    instance.send("a@x.test", letter("kept"))
    instance.wait_for_log("^delivery .*deferral")
    instance.process.kill()
    instance.process.wait(PATIENCE)
    instance.spawn()  # at once: it waits for what is left of the old one
    instance.wait_until_ready()
    assert len(instance.processes()) == 8
    instance.configure(smtproutes=[f"x.test:{recorder.route}"])
    instance.process.send_signal(signal.SIGHUP)
    wait_until(lambda: instance.queue()[0]["recipients"][0]["lane"] == recorder.destination, "the new lane", pause=0.05)
    instance.process.send_signal(signal.SIGALRM)
    recorder.wait_for(["kept"])


def test_nothing_is_lost_when_everything_is_killed_at_once(instance, recorder):
    instance.start(smtproutes=[f"x.test:127.0.0.1:{free_port()}"])
    identities = [f"m{i}" for i in range(200)]
    with instance.smtp() as client:
        for identity in identities:
            client.sendmail("s@example.com", ["a@x.test"], letter(identity, 5000))
    instance.kill_all()
    instance.start(smtproutes=[f"x.test:{recorder.route}"])

    def all_there():
        instance.process.send_signal(signal.SIGALRM)
        return len(recorder.arrivals) == len(identities)
    wait_until(all_there, lambda: f"200 messages, {len(recorder.arrivals)} are there", pause=0.2)
    instance.wait_until_empty()
    assert not recorder.duplicates()
    instance.tool("journal", "verify", instance.queue_directory, check=True)


# -- disks ------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def small_disk(instance, megabytes):
    """A file system of its own for queue1."""
    instance.queue_directory.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "sluice-test", instance.queue_directory],
                             capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("mounting is not permitted here")
    try:
        instance.tool("setup", check=True)  # the root of the new disk belongs to root
        yield
    finally:
        if instance.process.poll() is None:
            instance.stop()
        subprocess.run(["umount", "--lazy", instance.queue_directory], check=True)


def send_until_refused(instance, size, limit):
    """Sends until the server will not take more: the ids that it took, and its answer."""
    taken = []
    with instance.smtp() as client:
        for i in range(limit):
            try:
                client.sendmail("s@example.com", ["a@x.test"], letter(f"m{i}", size))
                taken.append(f"m{i}")
            except smtplib.SMTPDataError as refused:
                return taken, refused
            except smtplib.SMTPSenderRefused as refused:
                return taken, refused
    return taken, None


@needs_root
@pytest.mark.parametrize("size", [50_000, 400_000])
def test_a_full_disk_is_told_to_clients_and_loses_nothing(instance, recorder, size):
    """Small messages fill the journal, large ones the files beside it."""
    instance.set_up(smtproutes=[f"x.test:127.0.0.1:{free_port()}"], journal__segment_size="1M")
    with small_disk(instance, 6):
        instance.start()
        taken, refused = send_until_refused(instance, size, 500)
        assert refused is not None and len(taken) >= 5
        assert refused.smtp_code in (451, 452) and refused.smtp_error.startswith(b"4.3."), refused
        assert "No space left on device" in instance.log
        subprocess.run(["mount", "-o", "remount,size=40m", instance.queue_directory], check=True)
        instance.configure(smtproutes=[f"x.test:{recorder.route}"])
        instance.process.send_signal(signal.SIGHUP)
        instance.send_patiently("a@x.test", letter("after", size))

        def all_there():
            instance.process.send_signal(signal.SIGALRM)
            return recorder.arrivals.keys() >= {*taken, "after"}
        wait_until(all_there, lambda: f"{len(taken)} messages, {len(recorder.arrivals)} are there", pause=0.2)
        instance.wait_until_empty()
        assert not recorder.duplicates()


@pytest.mark.skipif(ROOT, reason="root may do everything")
def test_a_queue_that_cannot_be_written_is_named(instance):
    instance.set_up()
    (instance.home / "queue").chmod(0o555)
    instance.spawn()
    instance.wait_for_log(rf"alert: qscheduler: .*{instance.queue_directory}.*Permission denied")


@needs_root
def test_a_queue_on_a_read_only_disk_is_named(instance):
    instance.set_up()
    with small_disk(instance, 2):
        subprocess.run(["mount", "-o", "remount,ro", instance.queue_directory], check=True)
        instance.spawn()
        instance.wait_for_log(r"queue1.*: Read-only file system")
        assert instance.stop() == 0


def test_a_file_size_limit_is_told_to_clients(instance, recorder):
    """As a quota would: the journal cannot grow, the daemons must not die of SIGXFSZ."""
    instance.set_up(smtproutes=[f"x.test:{recorder.route}"], journal__segment_size="4M")
    instance.spawn("prlimit", f"--fsize={2 << 20}", program("qscheduler"), "-s")
    instance.wait_until_ready()
    before = instance.pids
    with pytest.raises(smtplib.SMTPDataError) as refused:
        instance.send("a@x.test", letter("large", 3 << 20))
    assert refused.value.smtp_code in (451, 452)
    instance.send("a@x.test", letter("small"))
    recorder.wait_for(["small"])
    assert instance.pids == before


# -- damage -----------------------------------------------------------------------------------------------------------


def test_a_damaged_record_is_put_aside_and_all_others_are_delivered(instance, recorder):
    instance.start(smtproutes=[f"x.test:127.0.0.1:{free_port()}"])
    with instance.smtp() as client:
        for i in range(10):
            client.sendmail("s@example.com", ["a@x.test"], letter(f"m{i}", 1000))
    wait_until(lambda: len(instance.queue()) == 10, "all to be in the queue")
    instance.kill_all()
    # As if qmail-send had known nothing yet: all is read from the journal again.
    for path in (instance.queue_directory / "state").iterdir():
        path.unlink()
    segment, = (instance.queue_directory / "journal").glob("*.seg")
    octets = segment.read_bytes()
    at = octets.index(b"X-Id: m4\r\n") + 6
    with open(segment, "r+b") as file:
        file.seek(at)
        file.write(bytes([octets[at] ^ 1]))

    verified = instance.tool("journal", "verify", instance.queue_directory)
    assert verified.returncode == 65 and " 1 damaged place," in verified.stdout
    instance.start(smtproutes=[f"x.test:{recorder.route}"])
    others = [f"m{i}" for i in range(10) if i != 4]
    recorder.wait_for(others)
    instance.wait_until_empty()
    assert recorder.arrivals.keys() == set(others) and not recorder.duplicates()
    assert re.search(r"^alert: .*quarantine", instance.log, re.MULTILINE)
    assert "m4" not in recorder.arrivals
    instance.send("a@x.test", letter("after"))
    recorder.wait_for(["after"])


def test_a_torn_tail_is_cut_off_without_loss(instance, recorder):
    instance.start(smtproutes=[f"x.test:127.0.0.1:{free_port()}"])
    with instance.smtp() as client:
        for i in range(5):
            client.sendmail("s@example.com", ["a@x.test"], letter(f"m{i}", 1000))
    instance.kill_all()
    segment, = (instance.queue_directory / "journal").glob("*.seg")
    octets = segment.read_bytes().rstrip(b"\0")
    with open(segment, "r+b") as file:  # the beginning of a record that was never finished
        file.seek(len(octets) + (-len(octets) % 8))
        file.write(octets[:100])
    instance.start(smtproutes=[f"x.test:{recorder.route}"])

    def all_there():
        instance.process.send_signal(signal.SIGALRM)
        return len(recorder.arrivals) == 5
    wait_until(all_there, "five messages", pause=0.2)
    instance.send("a@x.test", letter("after"))
    recorder.wait_for(["after"])
    instance.tool("journal", "verify", instance.queue_directory, check=True)


# -- space ------------------------------------------------------------------------------------------------------------


def used(directory):
    """Octets that the files below really take."""
    octets = 0
    for root, _, names in os.walk(directory):
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # gone meanwhile
                octets += os.stat(os.path.join(root, name)).st_blocks * 512
    return octets


def test_space_in_the_journal_comes_back(instance, recorder):
    segment = 1 << 20
    instance.start(smtproutes=[f"x.test:{recorder.route}", f"dead.test:127.0.0.1:{free_port()}"], journal__segment_size="1M")
    live = 0
    with instance.smtp() as client:
        for i in range(200):
            client.sendmail("s@example.com", ["a@x.test"], letter(f"m{i}", 100_000))
            if i % 20 == 0:  # some mail stays, spread over many segments
                client.sendmail("s@example.com", ["a@dead.test"], letter(f"stays{i}", 50_000))
                live += 51_000
    recorder.wait_for(f"m{i}" for i in range(200))
    bound = 2 * live + 2 * segment + (64 << 10)
    wait_until(lambda: used(instance.queue_directory / "journal") <= bound,
               lambda: f"{used(instance.queue_directory / 'journal')} octets to become {bound}", pause=0.1)
    wait_until(lambda: len(instance.queue()) == 10, "all to be in the queue")
    # What was moved on the way is still what it was.
    instance.configure(smtproutes=[f".test:{recorder.route}", f"dead.test:{recorder.route}"])
    instance.process.send_signal(signal.SIGHUP)

    def all_there():
        instance.process.send_signal(signal.SIGALRM)
        return len(recorder.arrivals) == 210
    wait_until(all_there, lambda: f"210 messages, {len(recorder.arrivals)} are there", pause=0.2)
    wait_until(lambda: used(instance.queue_directory / "journal") <= 2 * segment, "nearly all space to come back", pause=0.1)
    assert not recorder.duplicates()


def test_the_file_of_a_large_message_goes_though_nothing_follows(instance, recorder):
    instance.start(smtproutes=[f"x.test:{recorder.route}"])
    instance.send("a@x.test", letter("large", 2_000_000))
    recorder.wait_for(["large"])
    wait_until(lambda: not list(instance.queue_directory.glob("mess/*/*")), "the body's file to go")
