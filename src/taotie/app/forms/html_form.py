"""A form as one HTML file, in the language in force; it opens without a network."""

from __future__ import annotations

from typing import Any

from taotie.answer.parts.forms import Disclosure
from taotie.app.forms.rows import sheet_of
from taotie.app.pages.tied import tied
from taotie.errors import MissingExtraError

__all__ = ["form_html"]

_TEMPLATE = """<!doctype html>
<html lang="{{ s.lang }}"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{{ s.title }}</title>
<style>
body{font:15px/1.5 system-ui,"Noto Sans","Noto Sans SC","PingFang SC","Microsoft YaHei",sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#0f1419;background:#fbfaf6}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.45rem .6rem;border-bottom:1px solid #d9d5ca}
.quiet{color:#545e67;font-size:.88em}.missing{color:#b3261e}.sym{font-family:ui-monospace,monospace;color:#545e67}.wide{overflow-x:auto}code{overflow-wrap:anywhere}
</style></head><body><main>
<h1>{{ s.title }}</h1>
<p>{{ s.edition }}<br><b>{{ s.boundary }}</b>{% if s.recipient %}<br>{{ s.words.recipient }}: {{ s.recipient }}{% endif %}</p>
{% if s.draft %}<p class="missing"><b>{{ s.draft }}</b></p>{% endif %}
<div class="wide"><table><thead><tr><th>{{ s.words.field }}</th><th>{{ s.words.value }}</th><th>{{ s.words.status }}</th></tr></thead><tbody>
{% for r in s.rows %}<tr><th scope="row">{{ r.label }}{% if r.symbol %} <span class="sym">{{ r.symbol }}</span>{% endif %}</th>
<td>{{ r.shown }}{% if r.range %}<br><span class="quiet">{{ s.words.range }}: {{ r.range }} {{ r.unit }}</span>{% endif %}{% if r.method %}<br><span class="quiet">{{ r.method }}</span>{% endif %}{% if r.missing %}<br><span class="missing">{{ s.words.missing }}: {{ r.missing }}</span>{% endif %}</td>
<td>{{ r.status }}</td></tr>
{% endfor %}</tbody></table></div>
{% for note in s.notes %}<p>{{ note }}</p>
{% endfor %}<p class="quiet">{{ s.words.none }}<br>{{ s.words.hash }}: <code>{{ s.sha256 }}</code>{% if s.supersedes %}<br>{{ s.words.supersedes }}: <code>{{ s.supersedes }}</code>{% endif %}</p>
</main></body></html>
"""


def form_html(made: Disclosure) -> str:
    """The form as text.

    Raises
    ------
    MissingExtraError
        If jinja2 is not installed.
    """
    return tied(_environment().from_string(_TEMPLATE).render(s=sheet_of(made)))


def _environment() -> Any:
    try:
        import jinja2
    except ImportError:
        raise MissingExtraError("jinja2", "report") from None
    return jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
