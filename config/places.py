"""What the snapshot says of one inbox, as the routing decision takes it."""

from chatwootai.model.message.routing import Place
from config.snapshot import Account


def place(account: Account, inbox: int) -> Place:
    """The place of an inbox; one that the mapping does not name has nothing of its own."""
    own = account.inboxes.get(inbox)
    settings = own.settings if own else account.settings
    return Place(
        account=account.key,
        folder=account.folder,
        domain=account.domain,
        crew=account.crew,
        priority=account.priority,
        inbox=inbox,
        inbox_crew=own.crew if own else None,
        inbox_priority=own.priority if own else None,
        inbox_folder=own.folder if own else None,
        inbox_domain=own.domain if own else None,
        special_numbers=account.special_numbers,
        channels={name: channel.enabled for name, channel in settings.channels.items()},
    )
