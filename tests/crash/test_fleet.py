"""Queues that come and go under load while daemons are killed. More rounds: tests/crash/fleet_rounds."""
import os

import pytest

from support.fleet_rounds import run

SLOW_BUILD = os.environ.get("SLUICE_BUILD", "").rstrip("/").endswith("san")  # the presets asan and tsan
# Seconds by which a record may come late because the machine is busy with other tests. What is not recorded at all
# shows as a delivery that is older than a whole round.
BUSY = 5.0 if SLOW_BUILD else 2.0


@pytest.mark.parametrize("seed", [1])
def test_every_acknowledged_message_is_delivered_while_queues_come_and_go(seed):
    result = run(rounds=4 if SLOW_BUILD else 8, seed=seed)
    print(result)
    assert result.acknowledged > 0 and result.grown > 0
    assert not result.lost, result
    assert not result.doubles
    assert not result.unexplained(margin=BUSY), (str(result), result.gaps)
    assert not result.damaged, result.damaged
