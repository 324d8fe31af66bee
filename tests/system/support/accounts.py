"""The accounts under which an instance runs and into whose Maildirs it delivers.

As root: the product's own users, made by `sluice setup`, and two users of the tests. Without root: oneself.
"""
import contextlib
import fcntl
import os
import pathlib
import pwd
import subprocess

ROOT = os.geteuid() == 0
USERS = ("sluicetest1", "sluicetest2") if ROOT else (pwd.getpwuid(os.geteuid()).pw_name,)


@contextlib.contextmanager
def only_one():
    """Test processes run side by side; accounts are made by one at a time."""
    with open(f"/tmp/sluice-test-accounts.{os.geteuid()}", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make_users():
    for name in USERS if ROOT else ():
        try:
            pwd.getpwnam(name)
        except KeyError:
            subprocess.run(["useradd", "--create-home", "--shell", "/bin/false", name], check=True, capture_output=True)


def home_of(name):
    return pathlib.Path(pwd.getpwnam(name).pw_dir)
