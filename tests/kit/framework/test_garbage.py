"""What is there when the service has started is left out of garbage collection."""

import gc
from collections.abc import Iterator

import pytest

from app.kit.http.lifespan import THRESHOLDS, tune_garbage_collection


@pytest.fixture(autouse=True)
def untuned() -> Iterator[None]:
    """Let garbage be collected as Python does it, before and after the test."""
    before = gc.get_threshold()
    gc.unfreeze()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_is_there_is_left_alone_and_the_rest_is_collected_less_often() -> None:
    tune_garbage_collection()
    assert gc.get_freeze_count() > len(gc.get_objects())
    assert gc.get_threshold()[0] == THRESHOLDS[0]
