"""Instances with dynamic queues, and the POSIX shared memory and message queues by which programs talk to them."""
import json
import struct

from . import posix_ipc
from .instance import wait_until
from .smtp_server import program

SHARED_MEMORY = posix_ipc.SHM


def prefix_of(instance):
    """A name of its own on this machine: shared memory and message queues belong to all instances."""
    return f"{instance.home.name}-"


def start_dynamic(instance, *options, **settings):
    """qscheduler -d, ready."""
    prepare(instance, **settings)
    spawn_dynamic(instance, *options)
    instance.wait_until_ready()
    return instance


def prepare(instance, **settings):
    settings.setdefault("ipc_prefix", prefix_of(instance))
    instance.set_up(**settings)


def spawn_dynamic(instance, *options):
    return instance.spawn(program("qscheduler"), "-d", *options)


def counts(instance):
    """(queues offered, directories made), as clients see them, or None."""
    try:
        octets = (SHARED_MEMORY / f"{prefix_of(instance)}qscheduler").read_bytes()
    except FileNotFoundError:
        return None
    return struct.unpack("ii", octets) if len(octets) == 8 else None  # it is just being made


def objects(instance):
    """Names of the shared memory objects, without the prefix."""
    return sorted(path.name.removeprefix(prefix_of(instance)) for path in SHARED_MEMORY.glob(f"{prefix_of(instance)}*"))


def send_message(instance, octets):
    """One message into /qscheduler."""
    wait_until(lambda: posix_ipc.send(instance, "qscheduler", octets), "room in the message queue")


def tell_load(instance, number, load):
    """What setqload sends."""
    send_message(instance, struct.pack("iIQ", 0, number, load))


def fleet(instance):
    return instance.status()["fleet"]


def queue_states(instance):
    """Name of each queue that is run to its state; nothing while one of them does not answer, because it begins or has just retired."""
    done = instance.tool("status", "--json")
    children = json.loads(done.stdout)["children"] if done.returncode == 0 else []
    return {child["name"]: child["state"] for child in children if child["role"] == "queue"}


def wait_for_count(instance, count, patience=60):
    wait_until(lambda: counts(instance) and counts(instance)[0] == count, lambda: f"{count} queues to be offered: {counts(instance)}; "
               f"the log: {instance.log[-4000:]}", patience)
