"""In which form is a text read? Plain characters, each with its place in the text as it was given; sentences; HTML as text."""

from __future__ import annotations

import unicodedata
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from html.parser import HTMLParser

from taotie.words import patterns as re

SUFFIXES = (".txt", ".html", ".htm", ".md", ".markdown", ".text")  # of files read as text
_SPECIAL = re.compile("[^\x20-\x7e\n\t\u4e00-\u9fff，。；：、！？“”‘’（）%《》]")
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"
_SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"
_OTHER = {
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "×": "*", "÷": "/", "·": "*", "⋅": "*", "\u00a0": " ", "\u2009": " ",
    "\u202f": " ", "\u2002": " ", "\u2003": " ", "’": "'", "～": "~", "〜": "~", "∼": "~", "＄": "$", "￥": "¥", "µ": "u", "μ": "u",
    "½": "1/2", "¼": "1/4", "¾": "3/4", "⅓": "1/3", "⅔": "2/3", "⅕": "1/5", "⅛": "1/8",
}  # fmt: skip


_BEHIND_DIGIT = {"½": ".5", "¼": ".25", "¾": ".75", "⅓": ".33", "⅔": ".67", "⅕": ".2", "⅛": ".125"}


@dataclass(frozen=True)
class Tidy:
    """A text in plain characters.

    Attributes
    ----------
    text : str
        The plain form.
    foreign : tuple of int
        Places of digits of other scripts, which are not read. [character of the original]
    """

    text: str
    _at: array[int]
    _original: array[int]
    foreign: tuple[int, ...] = ()

    def place(self, at: int) -> int:
        """Where the character `at` of the plain form stands in the original."""
        i = bisect_right(self._at, at) - 1
        return at + self._original[i] if i >= 0 else at


def tidy(text: str) -> Tidy:
    """`text` with full-width characters, dashes, superscripts and spaces in their plain form.

    Examples
    --------
    >>> t = tidy("用电１２.5 ＭＷ × 10⁶")
    >>> t.text, t.place(2)
    ('用电12.5 MW * 10^6', 2)
    """
    out: list[str] = []
    at: array[int] = array("l")
    shift: array[int] = array("l")
    foreign: list[int] = []
    last = length = 0
    for found in _SPECIAL.finditer(text):
        start = found.start()
        out.append(text[last:start])
        length += start - last
        char = found[0]
        plain = _plain(char, text[start - 1 : start])
        if plain is None:
            foreign.append(start)
            plain = "?"
        out.append(plain)
        length += len(plain)
        last = start + 1
        if length != last - (shift[-1] if shift else 0):
            at.append(length)
            shift.append(last - length)
    out.append(text[last:])
    return Tidy("".join(out), at, shift, tuple(foreign))


def _plain(char: str, before: str) -> str | None:
    if char in _BEHIND_DIGIT and before.isdigit():  # 3½ is 3.5 and no 31/2
        return _BEHIND_DIGIT[char]
    if char in _OTHER:
        return _OTHER[char]
    if char in _SUPERSCRIPTS:
        digit = "-" if char == "⁻" else str(unicodedata.digit(char, 0))
        power = before.isascii() and (before.isdigit() or before == "m")
        return digit if before in _SUPERSCRIPTS and before else ("^" + digit if power else " ")
    if char in _SUBSCRIPTS:
        return str(_SUBSCRIPTS.index(char))
    if "\uff01" <= char <= "\uff5e":
        if char in "，；：！？（）":
            return char
        return chr(ord(char) - 0xFEE0)
    if char == "\u3000":
        return " "
    if char.isdigit():
        return None
    if unicodedata.category(char) in ("Cf", "Cc", "Mn"):
        return "" if char not in "\r\x0b\x0c" else " "
    return char


# ---- sentences -----------------------------------------------------------------------------------------

_SENTENCE = re.compile(
    r"[。！？\n]+[”』」]?|[.!?][\"”’)]{0,2}(?=\s{1,4}[\"'“A-Z0-9(\u4e00-\u9fff]|\s{0,4}\Z)"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:approx|ca|c|est|avg|max|min|Prof|Sen|Rep|Gov|Sept|Oct|Nov|Dec|Jan|Feb|Aug|vs|No|Mrd|Mio|Fig|e\.g|i\.e|Mr|Ms|Dr|Inc|Corp|Co|St)|\b[A-Z])\Z"
)
MAX_SENTENCE = 2_000


def sentences(text: str) -> list[tuple[int, int]]:
    """Start and end of every sentence.

    Examples
    --------
    >>> t = 'It used 5.2 TWh. 用电两亿度。The U.S. has 3. "A lot." He left.'
    >>> [t[a:b] for a, b in sentences(t)]
    ['It used 5.2 TWh.', '用电两亿度。', 'The U.S. has 3.', '"A lot."', 'He left.']
    """
    made: list[tuple[int, int]] = []
    start = 0
    for found in _SENTENCE.finditer(text):
        if found[0][0] in ".!?" and _ABBREVIATION.search(
            text[max(0, found.start() - 7) : found.start()]
        ):
            continue
        _add(made, text, start, found.end())
        start = found.end()
    _add(made, text, start, len(text))
    return made


def _add(made: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    while end - start > MAX_SENTENCE:  # a text without full stops
        made.append((start, start + MAX_SENTENCE))
        start += MAX_SENTENCE
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if end > start:
        made.append((start, end))


# ---- HTML ----------------------------------------------------------------------------------------------

_BLOCKS = frozenset(
    [
        "p",
        "div",
        "br",
        "li",
        "ul",
        "ol",
        "table",
        "tr",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "article",
        "section",
        "header",
        "footer",
        "blockquote",
        "figcaption",
        "td",
        "th",
        "pre",
    ]
)
_HIDDEN = frozenset(["script", "style", "noscript", "template", "svg", "head", "iframe", "object"])
_EMPTY = frozenset(
    [
        "br",
        "img",
        "hr",
        "input",
        "meta",
        "link",
        "source",
        "wbr",
        "area",
        "base",
        "col",
        "embed",
        "track",
    ]
)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self.hidden.append(tag)
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if self.hidden and tag in self.hidden:
            while self.hidden and self.hidden.pop() != tag:
                pass
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


def html_text(html: str) -> str:
    """What a reader of the page sees: no scripts, no styles, one line a block.

    Examples
    --------
    >>> html_text("<p>It used <b>5&nbsp;TWh</b>.</p><script>var x = 7;</script><p>More.</p>").split()
    ['It', 'used', '5', 'TWh.', 'More.']
    """
    parser = _Text()
    parser.feed(html)
    parser.close()
    lines = (re.sub(r"[ \t\r]+", " ", line).strip() for line in "".join(parser.parts).split("\n"))
    return "\n".join(line for line in lines if line) + "\n"


_LINK = re.compile(r"\[([^\]\[\n]{0,300})\]\([^()\s]{0,500}\)")
_MARKS = re.compile(r"(?m)^[ \t]{0,8}(?:#{1,6}|>|[-*+])[ \t]|\*\*|__|`")


def markdown_text(text: str) -> str:
    """A Markdown file without its front matter, code, addresses and marks.

    Examples
    --------
    >>> markdown_text("# Power\\nIt used **5 TWh** ([source](https://a.b/2024/7)).\\n")
    'Power\\nIt used 5 TWh (source).\\n'
    """
    lines = text.split("\n")
    if lines and lines[0].strip() == "---" and "---" in (line.strip() for line in lines[1:200]):
        end = next(i for i, line in enumerate(lines[1:200], 1) if line.strip() == "---")
        lines = lines[end + 1 :]
    kept: list[str] = []
    code = False
    for line in lines:
        if line.lstrip().startswith("```"):
            code = not code
        elif not code:
            kept.append(line)
    return _MARKS.sub("", _LINK.sub(r"\1", "\n".join(kept)))
