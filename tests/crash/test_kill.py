"""kill -9 at random moments under load. More rounds: tests/crash/kill_rounds."""
import os

import pytest

from support.kill_rounds import run

SLOW_BUILD = os.environ.get("SLUICE_BUILD", "").rstrip("/").endswith("san")  # the presets asan and tsan


@pytest.mark.parametrize("seed", [1] if SLOW_BUILD else [1, 2])
def test_every_acknowledged_message_is_delivered_whatever_is_killed(seed):
    result = run(rounds=8 if SLOW_BUILD else 10, seed=seed)
    print(result)
    assert result.acknowledged > 0
    assert not result.lost, result
    assert not result.unexplained(margin=1.0), (str(result), result.gaps)
    assert not result.damaged, result.damaged
