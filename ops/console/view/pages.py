"""Makes pages of templates: every value is escaped, every text is the viewer's, every moment a <time>."""

import re
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from ops.console.access.identity import Identity, Role
from ops.console.environment import below_base
from ops.console.view.assets import assets
from ops.console.view.shown import moment, seconds, span
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
            here=below_base(self._base_path, request.path_qs),
            path=below_base(self._base_path, request.path),
            **values,
        )
        return _OWN_ADDRESS.sub(rf"\1{self._base_path}/", made) if self._base_path else made

    def text(self, language: str, key: str, /, **named: object) -> str:
        """Return a text with its values, not escaped yet; in English where a language lacks it."""
        said = texts(language).get(key) or texts(DEFAULT)[key]
        return said.format(**named) if named else said

    def language(self, request: web.Request) -> str:
        """Return the language that a request's answer is written in."""
        return chosen_language(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("Accept-Language", ""))
