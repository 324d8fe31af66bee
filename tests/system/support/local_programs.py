"""Programs of people and other programs, run as somebody: sendmail, qmail-inject, and what calls them."""
import os
import pathlib
import pwd
import shutil
import subprocess

from .accounts import ROOT, USERS
from .instance import PATIENCE
from .smtp_server import program

CALLERS = (None, USERS[0]) if ROOT else (None,)  # None: whoever runs the tests


def name_of(caller):
    return caller or pwd.getpwuid(os.geteuid()).pw_name


def identity_of(caller):
    """For subprocess: become this user, with no group but its own."""
    if caller is None:
        return {}
    entry = pwd.getpwnam(caller)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def run(instance, command, *arguments, text=b"", caller=None, check=None, **environment):
    """Runs `command` (a name of ours, or a path) with the text on its standard input. check: the status it must have."""
    path = command if "/" in str(command) else program(command)
    variables = instance.variables(USER=name_of(caller), LOGNAME=name_of(caller), HOME="/nonexistent", **environment)
    done = subprocess.run([path, *map(str, arguments)], input=text if isinstance(text, bytes) else text.encode(),
                          capture_output=True, timeout=PATIENCE, env=variables, cwd="/", **identity_of(caller))
    done.stdout, done.stderr = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    assert check is None or done.returncode == check, (done.returncode, done.stdout, done.stderr)
    return done


def installed(instance):
    """sendmail and what it needs when no daemon runs, in a directory of their own, with their owners and modes; the
    path of sendmail."""
    directory = pathlib.Path(instance.home, "bin")
    directory.mkdir(exist_ok=True)
    for name in ("sendmail", "qmail-inject", "qmail-queue"):
        shutil.copy(program(name), directory / name)
    if ROOT:
        queue = pwd.getpwnam("qmailq")
        os.chown(directory / "qmail-queue", queue.pw_uid, queue.pw_gid)
        (directory / "qmail-queue").chmod(0o6551)
    return str(directory / "sendmail")
