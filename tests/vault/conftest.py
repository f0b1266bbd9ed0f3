"""What the vault's tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _cheapest_kdf() -> Iterator[None]:
    """Half a second for each passphrase is right for people and too much for tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIG_TEST_CHEAPEST_KDF", "1")
        yield
