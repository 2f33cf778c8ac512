"""Services of these tests answer at once: nobody opens a page of theirs, so none is made ready."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def _not_warm(request: pytest.FixtureRequest) -> Iterator[None]:
    """No page is made beforehand; where all doors are compared a service starts as it does for people."""
    service = pytest.importorskip(
        "taotie.app.api.service", reason="fastapi is not installed; `make test` installs it"
    )
    with pytest.MonkeyPatch.context() as patch:
        if not request.module.__name__.endswith("test_doors_agree"):
            patch.setattr(service, "WARM", ())
        patch.setattr(service, "LATER", ())
        yield
