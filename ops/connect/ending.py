"""Says at the end of `connect` what is on, what is off and why, and which commands come next."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.mapping.mapping_edit import MappingEdit


def ending(edit: "MappingEdit", key: str, sourced: str) -> Iterator[str]:
    """Yield what is on, what is off and why, and the next three commands, a line each.

    Args:
        edit: the mapping, as it is now.
        key: the account's.
        sourced: the file of secrets, as a shell's `.` finds it; empty where there is none.
    """
    on: list[str] = ["answers"]
    off: list[str] = []
    has_user = edit.written_value("accounts", key, "user_token") is not None
    (on if has_user else off).append("catch-up, history")
    if not has_user:
        off[-1] += " (no user_token: run it again with --user-token, or CHATWOOT_USER_TOKEN set)"
    signed = edit.written_value("accounts", key, "signature") != "optional"
    (on if signed else off).append("signatures" if signed else "signatures (this Chatwoot signs nothing)")
    if edit.says("sync"):
        on.append("sync")
    else:
        off.append("sync (no `sync:` in the mapping; it needs an administrator's token)")
    yield f"On: {', '.join(on)}."
    if off:
        yield f"Off: {'; '.join(off)}."
    yield "Next:"
    yield f"  {f'set -a; . {sourced}; set +a; ' if sourced else ''}chatwootai check"
    yield f"  chatwootai doctor --account {key}"
    yield f'  chatwootai trigger message --account {key} "..."      once a door and a worker run'
