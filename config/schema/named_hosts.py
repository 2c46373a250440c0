"""The hosts that a tenant's own settings name."""

from collections.abc import Iterable, Iterator, Mapping

from pydantic import BaseModel

from chatwootai.channels.outgoing.links import hosts_in


def named_hosts(sections: Iterable[object]) -> frozenset[str]:
    """Return the hosts of all links and addresses in sections of settings, as links of answers are compared."""
    return hosts_in(text for section in sections for text in _texts(section))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, BaseModel):
        yield from _texts(vars(value))
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
