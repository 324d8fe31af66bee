"""A large backlog stays cheap. The figures for 100,000 messages: bench/backlog."""
import pytest

from support.backlog import measure


@pytest.mark.slow
def test_twenty_thousand_deferred_messages_cost_little():
    figures = measure(20_000)
    print(figures)
    assert figures.memory < 30 and figures.memory_after < 30, str(figures)
    assert figures.listing < 3, str(figures)
    assert figures.restart < 10, str(figures)
