"""Takes a teammate's token into a connection: for history and catch-up; an administrator's serves `sync` too."""

import sys
from collections.abc import Mapping
from getpass import getpass
from typing import Final

VARIABLE: Final = "CHATWOOT_USER_TOKEN"
_QUESTION = (
    "A teammate's token, for history and catch-up (`sync` needs an administrator's; profile page; empty: none): "
)


def asked_token(environ: Mapping[str, str], admin: str, *, own: bool, ask: bool) -> str:
    """Return the token that an account is to have: the environment's, the administrator's, or as somebody says.

    Args:
        environ: where CHATWOOT_USER_TOKEN may stand.
        admin: the administrator's token.
        own: take the administrator's.
        ask: ask on the terminal, where somebody is there.
    """
    if token := environ.get(VARIABLE):
        return token
    if own:
        return admin
    return getpass(_QUESTION).strip() if ask and sys.stdin.isatty() else ""
