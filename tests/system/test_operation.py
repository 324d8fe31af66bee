"""Running an instance: what it shows, how it takes signals, what it says when it cannot start."""
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from support.accounts import ROOT
from support.instance import PATIENCE, QUEUE_DAEMONS, free_port, wait_until
from support.recorder import Recorder, letter
from support.remote_server import Server
from support.smtp_server import Dialogue, program

needs_root = pytest.mark.skipif(not ROOT, reason="needs root")


def run(instance, *command, **environment):
    """A program to its end, in the environment of the instance."""
    return subprocess.run(command, env=instance.variables(**environment), capture_output=True, text=True, timeout=PATIENCE,
                          stdin=subprocess.DEVNULL)


# -- seeing -----------------------------------------------------------------------------------------------------------


def test_status_shows_every_daemon(instance):
    instance.start()
    status = instance.status()
    assert [child["name"] for child in status["children"]] == ["queue1", "sluice-smtpd"]
    assert all(child["state"] == "running" and child["restarts"] == 0 for child in status["children"])
    queue, = status["queues"]
    assert sorted(daemon["name"] for daemon in queue["daemons"]) == sorted(QUEUE_DAEMONS)
    assert queue["messages"] == 0 and queue["load"] == 0
    assert queue["local"]["limit"] == 100 and queue["remote"]["limit"] == 20
    for pid in instance.pids.values():
        assert os.path.exists(f"/proc/{pid}")
    text = instance.tool("status", check=True).stdout
    assert re.search(r"^  queue1 +queue +pid \d+ +running", text, re.MULTILINE)
    assert re.search(r"^queue1: 0 messages, load 0, local 0/100, remote 0/20", text, re.MULTILINE)
    for name in QUEUE_DAEMONS:
        assert re.search(rf"\b{name} \d+\b", text)


def test_status_of_an_instance_that_does_not_run_says_so(instance):
    instance.set_up()
    done = instance.tool("status")
    assert done.returncode == 69 and len(done.stderr.splitlines()) == 1
    assert f"{instance.home} is not running" in done.stderr


def test_queue_shows_age_reason_and_next_attempt(instance):
    port = free_port()
    instance.start(smtproutes=[f"x.test:127.0.0.1:{port}"])
    instance.send("a@x.test", letter("seen", 1000))
    instance.wait_for_log("^delivery .*deferral")
    message, = instance.queue()
    assert message["queue"] == "queue1" and message["sender"] == "sender@example.com" and message["size"] > 1000
    recipient, = message["recipients"]
    assert recipient["address"] == "a@x.test" and recipient["channel"] == "remote" and recipient["state"] == "deferred"
    assert recipient["attempts"] == 1 and recipient["lane"] == f"[127.0.0.1]:{port}"
    assert 0 < recipient["next"] - message["arrival"] <= 500
    assert "refused" in recipient["text"]
    text = instance.tool("queue", check=True).stdout
    assert re.search(rf"^{message['id']} +\d+s +1\S+ +<sender@example.com>$", text, re.MULTILINE)
    assert re.search(rf"^    remote a@x.test  {re.escape(recipient['reason'])}, next in \S+$", text, re.MULTILINE)
    assert text.endswith("1 message\n")
    status = instance.status()["queues"][0]
    assert status["messages"] == 1 and sum(status["remote"]["waiting"].values()) == 1


def test_queue_of_an_idle_instance_is_empty(instance):
    instance.start()
    assert instance.tool("queue", check=True).stdout.endswith("\n0 messages\n")
    assert instance.queue() == []


def test_journal_verify_finds_no_fault_after_traffic(instance):
    with Recorder() as recorder:
        instance.start(smtproutes=[f"x.test:{recorder.route}"])
        for i in range(20):
            instance.send("a@x.test", letter(f"m{i}", 10_000))
        recorder.wait_for(f"m{i}" for i in range(20))
        done = instance.tool("journal", "verify", instance.queue_directory, check=True)
        assert re.search(r"^1 segment, 20 messages, .* 0 damaged places", done.stdout, re.MULTILINE)
        assert instance.tool("journal", "verify", "queue1", check=True).stdout == done.stdout


def test_journal_of_a_queue_that_is_not_there_is_a_clear_error(instance):
    instance.set_up()
    done = instance.tool("journal", "verify", "queue9")
    assert done.returncode == 64
    assert "queue9 is neither a directory nor a queue of" in done.stderr


# -- signals ----------------------------------------------------------------------------------------------------------


def test_hup_rereads_who_may_be_a_recipient(instance):
    instance.start(smtp__trusted_networks=[])
    dialogue = Dialogue(instance.port, "127.0.0.1", True)
    assert dialogue.say("MAIL FROM:<s@example.com>").startswith("250")
    assert dialogue.say("RCPT TO:<a@new.test>").startswith("550 5.7.1")
    dialogue.close()
    (instance.home / "etc/control/rcpthosts").write_text("new.test\n")
    instance.process.send_signal(signal.SIGHUP)

    def accepted():
        fresh = Dialogue(instance.port, "127.0.0.1", True)
        fresh.say("MAIL FROM:<s@example.com>")
        answer = fresh.say("RCPT TO:<a@new.test>")
        fresh.close()
        return answer.startswith("250")
    wait_until(accepted, "the new domain to be accepted")


def test_signals_to_a_queue_that_is_just_starting_do_not_end_it(instance):
    instance.set_up()
    instance.spawn()
    instance.wait_for_log(r"queue \S+/queue1 started$")
    for _ in range(40):
        for signo in (signal.SIGHUP, signal.SIGALRM):
            instance.process.send_signal(signo)
        time.sleep(0.002)
    instance.wait_until_ready()
    instance.wait_for_log("qmail-send: pid .* got HUP")
    assert "killed by signal" not in instance.log and "died" not in instance.log


def test_hup_sends_a_deferred_message_a_new_way(instance):
    with Recorder() as recorder:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{free_port()}"])
        instance.send("a@x.test", letter("rerouted"))
        instance.wait_for_log("^delivery .*deferral")
        instance.configure(smtproutes=[f"x.test:{recorder.route}"])
        instance.process.send_signal(signal.SIGHUP)
        wait_until(lambda: instance.queue()[0]["recipients"][0]["lane"] == recorder.destination, "the new lane", pause=0.05)
        instance.process.send_signal(signal.SIGALRM)
        recorder.wait_for(["rerouted"])


def test_hup_also_sends_a_new_way_what_was_in_flight(instance):
    release = threading.Event()

    def script(dialogue):
        dialogue.greet()
        while True:
            dialogue.take_envelope(rcpt=lambda line: release.wait(PATIENCE) and "450 4.2.1 go elsewhere", data="554 5.5.1 none")
    with Server(script) as server, Recorder() as recorder:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}"])
        instance.send("a@x.test", letter("rerouted"))
        wait_until(lambda: server.dialogues and "RCPT TO:<a@x.test>" in server.dialogues[0].commands, "the attempt")
        instance.configure(smtproutes=[f"x.test:{recorder.route}"])
        instance.process.send_signal(signal.SIGHUP)
        instance.wait_for_log("qmail-send: pid .* got HUP")
        release.set()
        instance.wait_for_log("^delivery 1.1: deferral")
        assert instance.queue()[0]["recipients"][0]["lane"] == recorder.destination
        instance.process.send_signal(signal.SIGALRM)
        recorder.wait_for(["rerouted"])


def test_hup_with_bad_settings_keeps_the_old_and_says_so(instance):
    with Recorder() as recorder:
        instance.start(smtproutes=[f"x.test:{recorder.route}"])
        before = instance.pids
        with open(instance.home / "etc/sluice.toml", "a") as settings:
            settings.write("[lane]\nlimit = \"many\"\n")
        mark = instance.mark()
        instance.process.send_signal(signal.SIGHUP)
        for name in ("qscheduler", "qmail-send", "sluice-smtpd"):
            instance.wait_for_log(rf"{name}: .*sluice\.toml:\d+:\d+: lane\.limit: ", mark)
        instance.wait_for_log("qscheduler: the settings stay as they were", mark)
        instance.send("a@x.test", letter("still"))
        recorder.wait_for(["still"])
        instance.configure()
        assert instance.pids == before


def test_hup_says_which_changes_need_a_restart(instance):
    instance.start()
    instance.configure(queue_count=2)
    instance.process.send_signal(signal.SIGHUP)
    instance.wait_for_log("changes of queue_count count after the next start")


def test_term_finishes_what_is_in_flight_and_stops_in_order(instance):
    release = threading.Event()

    def script(dialogue):
        dialogue.greet()
        while True:
            dialogue.take_envelope()
            dialogue.take_body(answer=None)
            release.wait(PATIENCE)
            dialogue.say("250 2.0.0 at last\r\n")
    with Server(script) as server:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}"])
        instance.send("a@x.test", letter("slow"))
        wait_until(lambda: server.messages, "the message to be on its way")
        instance.process.send_signal(signal.SIGTERM)
        instance.wait_for_log("^status: local 0/100 remote 1/20 queue1 exitasap$")
        release.set()
        assert instance.process.wait(PATIENCE) == 0
    instance.no_process_is_left()
    steps = ("sluice-smtpd 1 stopped", "delivery 1.1: success", "qmail-send: pid [0-9]+ queue1 exiting",
             "queue .*queue1 stopped", "qscheduler: pid [0-9]+ exiting")
    places = [re.search(step, instance.log) for step in steps]
    assert all(places), instance.log
    assert [place.start() for place in places] == sorted(place.start() for place in places)
    assert not (instance.home / "run/supervisor.control").exists()


def test_term_does_not_wait_for_a_server_that_never_answers_and_the_message_stays(instance):
    """The patience of qmail-send is over before that of the server's side."""
    with Server(lambda dialogue: (dialogue.greet(), dialogue.take_envelope(), dialogue.take_body(None),
                                  dialogue.read_more())) as server:
        instance.start(smtproutes=[f"x.test:127.0.0.1:{server.port}"])
        instance.send("a@x.test", letter("stuck"))
        wait_until(lambda: server.messages, "the message to be on its way")
        assert instance.stop() == 0
    instance.no_process_is_left()
    instance.start()
    assert [message["recipients"][0]["address"] for message in instance.queue()] == ["a@x.test"]


def test_int_from_the_terminal_s_group_does_not_hurt(instance):
    instance.start()
    before = instance.pids
    for name in QUEUE_DAEMONS:
        os.kill(before[name], signal.SIGINT)
    with Recorder() as recorder:
        instance.configure(smtproutes=[f"x.test:{recorder.route}"])
        instance.process.send_signal(signal.SIGHUP)
        instance.wait_for_log("qmail-send: pid .* got HUP")
        instance.send("a@x.test", letter("alive"))
        recorder.wait_for(["alive"])
    assert instance.pids == before


# -- what cannot start ------------------------------------------------------------------------------------------------


def test_a_second_supervisor_refuses_to_start(instance):
    instance.start()
    second = run(instance, program("qscheduler"), "-s")
    assert second.returncode == 111
    assert second.stderr == "alert: cannot start: qscheduler is already running\n"
    assert len(instance.pids) == 8


def test_a_second_qmail_send_on_a_queue_refuses_to_start(instance):
    instance.start()
    second = run(instance, program("qmail-start"), "-s", QUEUEDIR=str(instance.queue_directory))
    assert second.returncode == 111
    assert f"cannot start: qmail-send with queue {instance.queue_directory} is already running" in second.stderr
    instance.send(instance.user())
    instance.wait_for_mail()
    wait_until(lambda: len(instance.processes()) == 8, "the second queue's daemons to end")


def test_an_occupied_port_is_named_and_nothing_stays(instance):
    with socket.socket() as occupied:
        occupied.bind(("127.0.0.1", 0))
        occupied.listen()
        address = f"127.0.0.1:{occupied.getsockname()[1]}"
        instance.set_up(smtp__listen=[address])
        refused = run(instance, program("qscheduler"), "-s")
    assert refused.returncode == 111
    fatal, = [line for line in refused.stderr.splitlines() if line.startswith("fatal: ")]
    assert address in fatal and "in use" in fatal
    instance.no_process_is_left()


def test_bad_settings_are_named_and_nothing_is_started(instance):
    instance.set_up()
    with open(instance.home / "etc/sluice.toml", "a") as settings:
        settings.write("[lane]\nlimit = 0\n[nonsense]\nx = 1\n")
    refused = run(instance, program("qscheduler"), "-s")
    assert refused.returncode == 111
    assert re.search(r"sluice\.toml:\d+:\d+: lane\.limit: ", refused.stderr)
    assert "nonsense" in refused.stderr
    instance.no_process_is_left()


def test_a_missing_home_is_named(instance):
    refused = run(instance, program("qscheduler"), "-s", SLUICE_HOME=f"{instance.home}/none")
    assert refused.returncode == 111
    assert f"{instance.home}/none is not a directory" in refused.stderr


def test_a_program_that_is_not_there_is_named(instance):
    instance.set_up()
    place = instance.home / "bin"
    place.mkdir()
    put_programs(place, ("qscheduler", "sluice-smtpd"))
    refused = run(instance, str(place / "qscheduler"), "-s")
    assert refused.returncode == 111
    assert refused.stderr == f"fatal: qscheduler: cannot execute {place}/qmail-start: No such file or directory\n"
    instance.no_process_is_left()


def put_programs(directory, names):
    for name in names:
        try:
            os.link(os.path.realpath(program(name)), directory / name)
        except OSError:  # another disk, or another's file
            shutil.copy(program(name), directory)


@needs_root
def test_missing_users_are_named_and_nothing_is_started(instance):
    instance.set_up()
    accounts = instance.home / "passwd"
    with open("/etc/passwd") as passwd:
        accounts.write_text("".join(line for line in passwd if not line.startswith(("qmailr:", "qmails:"))))
    refused = run(instance, "unshare", "--mount", "sh", "-c", f"mount --bind {accounts} /etc/passwd && exec {program('qscheduler')} -s")
    if "unshare" in refused.stderr or "mount:" in refused.stderr:
        pytest.skip("mount namespaces are not permitted here")
    assert refused.returncode == 111
    assert refused.stderr == "fatal: qscheduler: users qmails, qmailr do not exist; `sluice setup` makes them\n"
    instance.no_process_is_left()


@needs_root
def test_programs_may_stand_where_only_root_may_enter(instance):
    """A clone below a home directory of root's."""
    instance.set_up()
    closed = instance.home / "closed"
    closed.mkdir(mode=0o700)
    put_programs(closed, ("qscheduler", "qmail-start", "sluice-smtpd", "qmail-local", *QUEUE_DAEMONS))
    instance.spawn(str(closed / "qscheduler"), "-s")
    instance.wait_until_ready()
    instance.send(instance.user())
    instance.wait_for_mail()
    for name, pid in instance.pids.items():
        with open(f"/proc/{pid}/comm") as comm:
            assert comm.read() == name + "\n"


# Name to the status with which it refuses an option: 100 in the family of qmail, EX_USAGE for Sluice's own.
REFUSALS = {"qscheduler": 100, "qmail-start": 100, "qmail-send": 100, "todo-proc": 100, "qmail-intake": 100,
            "qmail-clean": 100, "qmail-lspawn": 100, "qmail-local": 100, "qmail-rspawn": 100, "queue-fix": 100,
            "sluice-smtpd": 64, "sluice": 64}


@pytest.mark.parametrize("name, status", REFUSALS.items())
@pytest.mark.parametrize("option", ["-Y", "--no-such-option"])
def test_an_unknown_option_is_refused_in_one_message(instance, name, status, option):
    instance.set_up()
    refused = run(instance, program(name), option, QUEUEDIR=str(instance.home / "queue/queue1"))
    assert refused.returncode == status, refused.stderr
    assert option in refused.stderr and len(refused.stderr.splitlines()) <= 2
    assert refused.stdout == ""
    assert not (instance.home / "queue/queue1").exists()
