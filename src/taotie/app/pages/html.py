"""How does a page hold both languages and need nothing else? Its halves, style, scripts and content policy.

Every page of ours is one file: `base.html` around a template's own block, built once per language. It opens
from a disk without a network, and its content policy forbids every request.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from taotie import __version__
from taotie.app.charts import theme
from taotie.app.pages.compiled import kept_between_runs
from taotie.app.pages.tied import tied
from taotie.errors import MissingExtraError
from taotie.words.language import LANGUAGES, language, speaking
from taotie.words.plain import as_text

TEMPLATES = Path(__file__).parent / "templates"
HTML_LANG = {"en": "en", "zh": "zh-Hans"}
OWN_NAME = {"en": "English", "zh": "中文"}

# what a half may leave out
NOTHING: Mapping[str, Any] = {
    "pictures": (),
    "beside": {},
    "tiles": (),
    "equivalents": (),
    "as_much_as": "",
    "warnings": (),
    "contents": (),
    "accuracy": "",
    "range": "",
    "sources": (),
}


def page_html(
    template: str,
    half: Callable[[], Mapping[str, Any]],
    opened: str | None = None,
    *,
    style: str = "report.css",
    script: str = "report.js",
    **shared: Any,
) -> str:
    """A page as text: a template filled once in each language.

    Parameters
    ----------
    template : str
        File in `templates` that extends `base.html` and fills its block `page`.
    half : callable
        Makes what one language says; called with that language in force. Needs `title`; what
        `opening.html`, `pictures.html` and `sources.html` may lack is in `NOTHING`.
    opened : str, optional
        "en" or "zh": which language the file opens in; default: the language in force.
    style, script : str
        Files in `templates`.
    **shared
        Further values for the template, the same in both languages.

    Raises
    ------
    MissingExtraError
        If the extra `report` is not installed.
    """
    opened = opened or language()
    if opened not in LANGUAGES:
        raise ValueError(f"language {opened!r} is not one of {', '.join(LANGUAGES)}")
    environment = _environment()
    halves = [_in_language(code, half) for code in LANGUAGES]
    own = _inside_script(_read(script))
    return tied(
        environment.get_template(template).render(
            halves=halves,
            opened=opened,
            html_lang=HTML_LANG,
            own_name=OWN_NAME,
            languages=LANGUAGES,
            style=_read(style).replace("/*dark*/", theme.dark_rules()),
            script=own,
            policy=content_policy([own]),
            version=__version__,
            **({"audit": ""} | shared),
        )
    )


def _in_language(code: str, half: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    """Everything a page says in one language; the language in force outside stays."""
    with speaking(code):
        return {**NOTHING, "code": code, **half()}


def content_policy(scripts: list[str]) -> str:
    """The content policy: nothing may be fetched, and no script runs but those named by hash."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'"
        for s in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )


@lru_cache(maxsize=1)
def _environment() -> Any:
    """The templates, each compiled once."""
    try:
        import jinja2
    except ImportError:
        raise MissingExtraError("jinja2", "report") from None
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        bytecode_cache=kept_between_runs(),
    )


def _shown(value: Any) -> Any:
    """What a template prints of a value: somebody's words as text; our own markup as it is."""
    if type(value) is str:
        return value if value.isprintable() else as_text(value)
    return as_text(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _inside_script(script: str) -> str:
    """A script that cannot end its element early. Inside strings `<\\/` and `\\x3c!` mean the same."""
    return script.replace("</script", "<\\/script").replace("<!--", "\\x3c!--")


def _read(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")
