"""A program that sees other files of the system than we do: a mount namespace of its own, as root or as a user of its own.

    with private(["mount", "--bind", passwd, "/etc/passwd"]) as prefix: subprocess.run([*prefix, program])
"""
import functools
import os
import subprocess

import pytest


@functools.cache
def _unshare():
    options = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    try:
        if subprocess.run([*options, "mount", "-t", "tmpfs", "none", "/dev"], capture_output=True, timeout=30).returncode == 0:
            return options
    except FileNotFoundError:
        pass
    return None


def private(script):
    """What to put in front of a command so that it runs after `script`, lines of sh, in mounts of its own.

    The script sees the arguments of the command as "$@"; the test is skipped where the system does not allow it.
    """
    if not _unshare():
        pytest.skip("no mount namespace can be made here")
    return [*_unshare(), "/bin/sh", "-ec", script + '\nexec "$@"', "sh"]
