"""The picture beside a link: each line once, the answer large, nothing cut off in silence, nothing below the edge."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from taotie.app.web.share import HEIGHT, share_svg
from taotie.app.web.site import view_of
from taotie.app.web.state import State
from taotie.words.language import speaking

TEXT = re.compile(r'<text x="80" y="(\d+)" font-size="(\d+)"[^>]*>([^<]*)</text>')


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("page", "pairs"),
    [
        ("prompt", {"samples": "500"}),
        ("check", {"says": "ChatGPT uses 2.9 Wh a prompt"}),
        ("compare", {}),
        ("methods", {}),
        ("audit", {}),
        ("service", {}),
    ],
)
def test_property_a_card_says_all_and_each_once(
    page: str, pairs: dict[str, str], language: str
) -> None:
    state = State.of(pairs.items(), language)
    lines = [(int(y), int(size), words) for y, size, words in TEXT.findall(share_svg(page, state))]
    with speaking(language):
        view = view_of(page, state)
    words = [w for _y, _s, w in lines]
    assert len(set(words)) == len(words)
    said = "".join(words).replace(" ", "").replace("&#x27;", "'")
    for line in (view.title, *view.share):
        assert line.replace(" ", "") in said, line
    for (above, _s, _w), (below, size, _v) in pairwise(lines):
        assert below - above >= size, "lines overlap"
    assert lines[-1][0] < HEIGHT
    if page == "prompt":
        assert [w for _y, size, w in lines if size == 64] == [view.share[0]]
