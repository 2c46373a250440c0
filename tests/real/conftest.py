"""What is missing is said at the start, and skips the tests that need it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.installation.processes import Process, start
from tests.real.parts import PARTS

HERE = Path(__file__).parent


@pytest.fixture(scope="package", autouse=True)
def _started_anew() -> Iterator[None]:
    """Have all processes started by `python -m`: one that is forked lives in the network of who forks it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Process, "begin", staticmethod(start))
        yield


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say which parts are missing, and how to get them."""
    missing = {name: part.get for name, part in PARTS.items() if part.find() is None}
    return [f"missing: {name} ({get})" for name, get in missing.items()] or ["no real part is missing"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a part that is not here; a test of this folder that names none is a mistake."""
    for item in items:
        if HERE not in item.path.parents:
            continue
        needed = [str(name) for marker in item.iter_markers("real") for name in marker.args]
        if not needed:
            raise pytest.UsageError(f'{item.nodeid} names no part: @pytest.mark.real("nginx")')
        for name in needed:
            if PARTS[name].find() is None:
                item.add_marker(pytest.mark.skip(reason=f"{name} is missing: {PARTS[name].get}"))
