"""Does `erase`: steps that may each be cut off and run again, and a receipt of what they did."""

import argparse
import asyncio
import hashlib
import hmac
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chatwootai.stores.privacy.append_only import rewrite_files
from chatwootai.stores.privacy.erasure import Erasure, ErasureElsewhere, Left, StillRuns
from chatwootai.stores.privacy.subject import Subject
from chatwootai.stores.server.connection import Connection, store_errors
from ingress.journal import erasing as journals
from ops.access import ChatwootRefused, CommandError, confirm
from ops.events.audit import write_down
from ops.privacy import cases
from ops.privacy.configuration_mentions import find_in_configuration
from ops.privacy.contacts import account_of, as_user, ask_chatwoot, journal_folder, refuse_unknown
from ops.privacy.doors import ask_doors
from ops.privacy.other_shards import shards_left
from ops.privacy.outside import outside

if TYPE_CHECKING:
    from config.snapshot import Account
    from workers.chatwoot.admin import Admin

JOURNAL: Final = "journals of doors"
CASES: Final = "evaluation cases"
CHATWOOT: Final = "Chatwoot"
_LATE_TRIES: Final = 3
_LATE_SECONDS: Final = 1.0
"""A turn writes its record and its log lines within a second or two after its reply."""


@dataclass(slots=True)
class Receipt:
    """The result of an erasure: found and erased by place, what lies elsewhere, whether nothing is left."""

    account: str
    contact: int
    found: Counter[str] = field(default_factory=Counter)
    erased: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    outside: list[str] = field(default_factory=list)
    verified: bool = False
    receipt: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as `erase --json` prints it."""
        names = sorted({*self.found, *self.erased, *self.left})
        places = [
            {"place": name, "found": max(self.found[name], self.erased[name]), "erased": self.erased[name]}
            for name in names
        ]
        said = asdict(self)
        return {"account": said["account"], "contact": said["contact"], "receipt": self.receipt, "places": places,
                "left": dict(self.left), "outside": self.outside, "verified": self.verified}  # fmt: skip


async def erase(connection: Connection, arguments: argparse.Namespace) -> Receipt:
    """Erase a contact, or with `--dry-run` only count what would be erased.

    Raises:
        CommandError: nothing is known of them, nobody agreed, a turn of theirs or a move of the account does not end.
        StoreUnavailable: Redis is away.
    """
    key, account = account_of(arguments)
    subject = Subject(key, arguments.contact)
    async with as_user(account) as admin, shards_left(key) as left:
        not_asked = await ask_chatwoot(subject, admin)
        work = Work(connection, arguments, account, subject, admin, left)
        if arguments.dry_run:
            await work.erasure.learn()
            await work.count()
            if account is None:
                refuse_unknown(subject, arguments, known=bool(work.receipt.found))
            work.receipt.outside = outside(account)
        else:
            await work.run()
        if not_asked:
            work.receipt.outside.append(not_asked)
    return work.receipt


class Work:
    """One erasure under way. `steps`, in their order: each may be run again. `left`: shards the account has left."""

    def __init__(
        self,
        connection: Connection,
        arguments: argparse.Namespace,
        account: "Account | None",
        subject: Subject,
        admin: "Admin | None",
        left: Mapping[str, Connection] | None = None,
    ) -> None:
        self.connection, self.arguments, self.account = connection, arguments, account
        self.subject, self.admin = subject, admin
        self.erasure = Erasure(connection, subject)
        self.left = left or {}
        self.elsewhere = [ErasureElsewhere(each, subject) for each in self.left.values()]
        self.receipt = Receipt(subject.account, subject.contact)
        self.steps = (
            self.note, self.bury, self.tell, self.journals, self.stores, self.cases, self.verify, self.close,
            self.files, self.chatwoot, self.audit,
        )  # fmt: skip

    async def run(self) -> None:
        """Do all steps."""
        for step in self.steps:
            await step()

    async def note(self) -> None:
        """Find out and write down who it is, and ask whether to go on."""
        await self.erasure.learn()
        await self.count()
        known = bool(self.receipt.found) or bool(self.subject.conversations) or bool(self.subject.names)
        refuse_unknown(self.subject, self.arguments, known=known)
        many = len(self.subject.conversations)
        question = f"erase contact {self.subject.contact} of account {self.subject.account} ({many} conversations)?"
        if not confirm(question, yes=self.arguments.yes):
            raise CommandError("nothing was erased")
        await self.erasure.note()

    async def count(self) -> None:
        """Count what there is, by place."""
        self.receipt.found = await self.erasure.look()
        for each in self.elsewhere:
            self.receipt.found += await each.look()
        self.receipt.found[JOURNAL] = journals.count(Path(journal_folder()), self.subject)
        self.receipt.found[CASES] = cases.count(self.arguments.config, self.subject)
        self.receipt.found += Counter()

    async def bury(self) -> None:
        """End the past, and wait for what runs."""
        try:
            await self.erasure.bury()
        except StillRuns as error:
            raise CommandError(
                f"a turn of conversation {error} still runs: what waited is dropped and nothing new begins from the "
                "past; run the same again in a minute"
            ) from error

    async def tell(self) -> None:
        """Have workers drop what crews remember."""
        await self.erasure.tell_workers()

    async def journals(self) -> None:
        """Take their records out of the journals here, and have the doors elsewhere do the same."""
        folder = Path(journal_folder())
        said, silent = 0, set[str]()
        for connection in (self.connection, *self.left.values()):  # each has the doors' journals of its own
            gone, unheard = await ask_doors(connection, self.subject)
            said, silent = said + gone, silent.union(unheard)
        gone, held = journals.erase(folder, self.subject)
        self.receipt.erased[JOURNAL] += gone + said
        self.receipt.outside += [f"{name} in {folder}: a door holds it; run the same again" for name in held]
        self.receipt.outside += [
            f"the journal of {name}: it did not answer; run the same again there" for name in sorted(silent)
        ]

    async def stores(self) -> None:
        """Erase all that Redis keeps."""
        for each in (self.erasure, *self.elsewhere):
            self.receipt.erased += await each.erase()

    async def cases(self) -> None:
        """Remove the cases that were captured from their conversations."""
        self.receipt.erased[CASES] += cases.erase(self.arguments.config, self.subject)

    async def verify(self) -> None:
        """Look once more; erase again what a turn that had just ended wrote meanwhile."""
        left = await self._look_again()
        for _ in range(_LATE_TRIES):
            if self.receipt.verified:
                break
            await asyncio.sleep(_LATE_SECONDS)
            await self.stores()
            left = await self._look_again()
        deleted = bool(self.arguments.in_chatwoot)
        mentions = [one for each in left for one in each.mentions]
        self.receipt.outside += outside(self.account, mentions, in_chatwoot=deleted)
        self.receipt.outside += await find_in_configuration(self.connection, self.arguments.config, self.subject)

    async def _look_again(self) -> list[Left]:
        left: list[Left] = [await each.verify() for each in (self.erasure, *self.elsewhere)]
        self.receipt.left = sum((Counter(each.holdings) for each in left), Counter[str]())
        self.receipt.left[CASES] += cases.count(self.arguments.config, self.subject)
        self.receipt.left += Counter()
        self.receipt.verified = not self.receipt.left
        return left

    async def close(self) -> None:
        """Forget what was kept to find them by."""
        if self.receipt.verified:
            await self.erasure.close()

    async def files(self) -> None:
        """Rewrite Redis's own files."""
        self.receipt.outside += await rewrite_files(self.connection)
        for name, connection in self.left.items():
            self.receipt.outside += [f"shard {name}: {line}" for line in await rewrite_files(connection)]

    async def chatwoot(self) -> None:
        """Delete the contact in Chatwoot, where that was asked for."""
        from workers.chatwoot.errors import AdminError

        if not self.arguments.in_chatwoot:
            return
        if self.admin is None:
            raise ChatwootRefused("all is erased but in Chatwoot: the account has no user_token")
        try:
            self.receipt.erased[CHATWOOT] += await self.admin.remove_contact(self.subject.contact)
        except AdminError as error:
            raise ChatwootRefused(f"all is erased but in Chatwoot: {error}") from error

    async def audit(self) -> None:
        """Write down that it was done, under a digest that names nobody."""
        with store_errors(self.connection):
            secret = await self.connection.get("cw:erased") or b""
        named = f"{self.subject.account}:{self.subject.contact}".encode()
        self.receipt.receipt = hmac.new(secret, named, hashlib.sha256).hexdigest()[:16]
        details = {"verified": self.receipt.verified, "in_chatwoot": bool(self.arguments.in_chatwoot)}
        await write_down(
            self.connection, "erase", account=self.subject.account, of=self.receipt.receipt,
            count=self.receipt.erased.total(), details=details,
        )  # fmt: skip
