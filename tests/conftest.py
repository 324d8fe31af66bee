"""Fixtures of the suites that run whole instances."""
import os

import pytest

# The daemons are started from other directories. Before anything reads it.
if "SLUICE_BUILD" in os.environ:
    os.environ["SLUICE_BUILD"] = os.path.abspath(os.environ["SLUICE_BUILD"])

from support.instance import Instance


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Lets fixtures know whether their test failed."""
    report = (yield).get_result()
    if report.when == "call":
        item.failed = report.failed


@pytest.fixture
def instance(request):
    """A whole instance in a directory of its own, not started: instance.start(setting=value, group__setting=value)."""
    with Instance() as made:
        yield made
        made.test_failed = getattr(request.node, "failed", False)
