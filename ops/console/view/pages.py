"""Makes pages of templates: every value is escaped, every text is the viewer's, every moment a <time>."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from ops.console.access.identity import Identity, Role
from ops.console.environment import below_base
from ops.console.view.assets import assets
from ops.console.view.shown import in_utc, moment, seconds, span
from ops.console.view.texts import DEFAULT, LANGUAGES, chosen_language, texts
from ops.console.view.waterfall import bars

LANGUAGE_COOKIE: Final = "chatwootai_language"
_OWN_ADDRESS: Final = re.compile(r'( (?:href|action|src|hx-get|data-embed)=")/(?!/)')
"""An address of ours in a page. No value of a stranger's can look so: quotes in it are escaped."""
NAVIGATION: Final = (
    ("n", "/", "now", Role.VIEWER),
    ("o", "/outcomes", "outcomes", Role.VIEWER),
    ("t", "/turns", "turns", Role.VIEWER),
    ("f", "/failures", "failures", Role.VIEWER),
    ("r", "/rehearsal", "rehearsal", Role.LEAD),
    ("l", "/teach", "teach", Role.LEAD),
    ("c", "/configuration", "configuration", Role.LEAD),
    ("k", "/knowledge", "knowledge", Role.LEAD),
    ("m", "/cost", "cost", Role.VIEWER),
    ("w", "/connections", "connections", Role.LEAD),
    ("a", "/access", "access", Role.OPERATOR),
)
"""The pages of the head, each with the key that leads there after `g`, and the least role that sees it."""


class Pages:
    """The templates, loaded once. `base_path`: what addresses of ours in them begin with."""

    def __init__(self, base_path: str = "") -> None:
        self._base_path = base_path
        self._environment = Environment(
            loader=PackageLoader("ops.console.view", "templates"),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            asset=lambda name: assets()[name].path,
            languages=LANGUAGES,
            moment=moment,
            seconds=seconds,
            span=span,
            bars=bars,
        )

        for name in self._environment.list_templates():
            self._environment.get_template(name)  # one that is broken is found now, and not by a viewer

    def render(
        self, template: str, language: str, request: web.Request, who: Identity | None, values: Mapping[str, Any]
    ) -> str:
        """Return a page or a part of one."""

        def text(key: str, /, **named: object) -> str:
            return self.text(language, key, **named)

        made = self._environment.get_template(template).render(
            t=text,
            has_text=lambda key: key in texts(DEFAULT),
            language=language,
            who=who,
            navigation=[one[:3] for one in NAVIGATION if who is not None and who.role.rank >= one[3].rank],
            may_operate=who is not None and who.role is Role.OPERATOR,
            may_act=who is not None and who.role is not Role.VIEWER,
            path=below_base(self._base_path, request.path),
            **values,
        )
        return _OWN_ADDRESS.sub(rf"\1{self._base_path}/", made) if self._base_path else made

    def text(self, language: str, key: str, /, **named: object) -> str:
        """Return a text with its values, not escaped yet; in English where a language lacks it. Moments are in UTC."""
        said = _said(language, key)
        told = {name: in_utc(one) if isinstance(one, datetime) else one for name, one in named.items()}
        return said.format(**told) if named else said

    def said(self, request: web.Request, key: str, /, **named: object) -> str:
        """Return a text in the language that a request's answer is written in, not escaped yet."""
        return self.text(self.language(request), key, **named)

    def markup(self, language: str, key: str, /, **named: object) -> Markup:
        """Return the same for a page: values are escaped, and moments are a <time>."""
        told = {name: moment(one.timestamp()) if isinstance(one, datetime) else one for name, one in named.items()}
        said = escape(_said(language, key))
        return said.format(**told) if named else said

    def language(self, request: web.Request) -> str:
        """Return the language that a request's answer is written in."""
        return chosen_language(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("Accept-Language", ""))


def _said(language: str, key: str) -> str:
    return texts(language).get(key) or texts(DEFAULT)[key]
