"""The engine that has indexes in Redis and in a worker's memory does what every engine must."""

import pytest

from config.settings.knowledge import Knowledge
from tests.knowledge_engines import *  # noqa: F403  # the tests themselves


@pytest.fixture
def settings() -> Knowledge:
    return Knowledge()
