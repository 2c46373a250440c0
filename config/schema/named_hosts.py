"""The hosts that a tenant's own settings name."""

from collections.abc import Iterable

from chatwootai.channels.outgoing.links import hosts_in
from config.schema.texts import texts_in


def named_hosts(sections: Iterable[object]) -> frozenset[str]:
    """Return the hosts of all links and addresses in sections of settings, as links of answers are compared."""
    return hosts_in(text for section in sections for text in texts_in(section))
