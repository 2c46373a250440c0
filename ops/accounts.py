"""Which account an operator means: by its key, its tenant, or `domain/tenant`."""

from typing import TYPE_CHECKING

from ops.printing import complain

if TYPE_CHECKING:
    from config.loader import Inspection
    from config.snapshot import Account


def meant(found: "Inspection", name: str) -> "Account | None":
    """The account of that key or tenant; None, and a word on stderr, where there is none or several."""
    from config.findings import meant as nearest_of

    accounts = found.snapshot.accounts
    if name in accounts:
        return accounts[name]
    fitting = [each for each in accounts.values() if name in {each.tenant, f"{each.domain}/{each.tenant}"}]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        complain(f"several accounts are served by {name}: name one of {', '.join(each.key for each in fitting)}")
    else:
        complain(f"there is no account or tenant {name}. {nearest_of(name, [*accounts])}")
    return None
