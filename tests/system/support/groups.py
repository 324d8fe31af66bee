"""Instances with queue groups."""
import pathlib
import re

from .instance import Unavailable, wait_until

GROUPS = {"queuegroups": ["slow, q=2", "big, P=disk-a, P=disk-b, q=2, N=4"],
          "queuegroupmap": ["slow.test:slow", "big.test:big", "joe@else.test:big"]}


def start_with_groups(instance, recorder, **settings):
    """Groups slow (queues 101 and 102) and big (201 and 202), and a server for everybody's mail."""
    return instance.start(**{**GROUPS, "smtproutes": [f":{recorder.route}"], **settings})


def groups_of(instance):
    """Name of each group to what the supervisor says of it."""
    return {group["group"]: group for group in instance.status()["groups"]}


def queues_of(instance, text):
    """The queues whose log lines hold this text."""
    return {found.group(1) for line in instance.log.splitlines() if text in line and (found := re.search(r"\b(queue\d+)\b", line))}


def splits(instance):
    """(message, recipients, copy, group) of each line about recipients that were handed over."""
    return [(int(a), int(b), int(c), d) for a, b, c, d in
            re.findall(r"split msg (\d+): split: count=(\d+), id=(\d+), group=(\w+)", instance.log)]


def process_of(instance, name, queue):
    """The process id of a daemon of a queue; 0 while there is none."""
    try:
        queues = instance.status()["queues"]
    except Unavailable:
        return 0
    return next((daemon["pid"] for each in queues if each.get("queue") == queue
                 for daemon in each.get("daemons", ()) if daemon["name"] == name), 0)


def nice_of(pid):
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[16])


def wait_for_groups(instance, names):
    wait_until(lambda: set(groups_of(instance)) == set(names), f"the groups {names}")
