"""The header `api_access_token` of every request to Chatwoot, and the secret in it, which no error shows."""

import string


class Token:
    """A secret that shows itself to nobody but the request that carries it."""

    __slots__ = ("_value",)

    def __init__(self, name: str, value: str) -> None:
        if not value or not set(value) <= set(string.ascii_letters + string.digits + string.punctuation):
            raise ValueError(f"{name} is empty or holds characters that no Chatwoot token has")
        self._value = value

    def __repr__(self) -> str:
        return "Token(***)"

    def headers(self, *, dashed: bool = False) -> dict[str, str]:
        """Return the headers that authenticate, under both names of one header; `dashed`: only the one with hyphens.

        Rack reads both names as one, and Puma takes the one with hyphens where both come. nginx, Caddy and AWS's load
        balancer drop names with underscores, without a word, unless they are told not to: the other gets through.
        Chatwoot documents the one with underscores, so what stands in for it, or guards it, may know that one alone.
        """
        names = ("Api-Access-Token",) if dashed else ("Api-Access-Token", "api_access_token")
        return dict.fromkeys(names, self._value)

    def masked(self, text: str) -> str:
        """Take the token out of a text that an error will show."""
        return text.replace(self._value, "***")
