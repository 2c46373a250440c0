"""From the mapping's entries to accounts: defaults filled in, references followed, contradictions found."""

import re
from collections.abc import Mapping
from typing import Any

from config.document.problems import Problem
from config.document.tree import Mark, Scalar, find
from config.inheritance.layer import Merged
from config.inheritance.library import CREWS, Library
from config.mapping.entries import INBOX, AccountEntry, InboxEntry
from config.mapping.mapping import Entries, Entry, folder_name, is_misspelt, value_node
from config.schema.crew_set import CrewSet
from config.schema.validation import did_you_mean, quote
from config.secrets.secret import Secret
from config.settings.settings import Settings
from config.snapshot import Account, Inbox, Installation, Note

DEFAULT = "customer_service"
LOCAL = "http://127.0.0.1:3000"


class AccountBuilder:
    """Builds all accounts of one mapping."""

    def __init__(self, entries: Entries, library: Library, environ: Mapping[str, str]) -> None:
        self.entries = entries
        self.library = library
        self.environ = environ
        self.problems: list[Problem] = []
        self.notes: list[Note] = []
        self.domains = library.names()

    def accounts(self) -> dict[str, Account]:
        """Every account that can be built; what cannot is among the problems."""
        installations = self._installations()
        built: dict[str, Account] = {}
        for entry in self.entries.accounts.values():
            account = self._account(entry, installations)
            if account:
                built[entry.key] = account
        self._inboxes(built)
        self._check_fallback()
        return built

    def _problem(self, mark: Mark, rule: str, message: str, remedy: str) -> None:
        self.problems.append(Problem(*mark, rule, message, remedy))

    def _note(self, mark: Mark, message: str) -> None:
        self.notes.append(Note(mark.file, mark.line, message))

    def _installations(self) -> dict[str, Installation]:
        found = {
            name: Installation(name, entry.said.url.rstrip("/")) for name, entry in self.entries.installations.items()
        }
        if not found and "default" not in self.entries.declared:
            url = self.environ.get("CHATWOOT_URL") or LOCAL
            found["default"] = Installation("default", url.rstrip("/"))
            self._note(self.entries.mark, "no `chatwoot:` section: the installation is CHATWOOT_URL, or else " + LOCAL)
        return found

    def _check_fallback(self) -> None:
        """Check that the fallback's domain and crew exist, also while every account names its own."""
        node, said = self.entries.fallback_node, self.entries.fallback
        if node is None:
            return
        entry = Entry("fallback", node.mark, node, said, "fallback")
        above = self.library.domain(said.domain) if said.domain in self.domains else self.library.base
        if said.domain:
            self._domain(entry, said.domain)
        if entry.says("crew") and self._is_nowhere(said.crew):
            self._crew(entry, said.crew, above.crew_set)

    def _is_nowhere(self, crew: str) -> bool:
        """Tell whether no domain and no tenant has this crew."""
        return not any(f"/{CREWS}/{crew}" in path for path in self.library.own.folders) and not any(
            crew in self.library.domain(name).crew_set.functions for name in self.domains
        )

    def _account(self, entry: Entry[AccountEntry], installations: dict[str, Installation]) -> Account | None:
        said = entry.said
        installation = installations.get(said.chatwoot)
        if installation is None and said.chatwoot not in self.entries.declared:
            message = f"`{entry.path}`: there is no installation {entry.quote('chatwoot')}"
            self._problem(
                entry.at("chatwoot"), "unknown-installation", message, did_you_mean(said.chatwoot, [*installations])
            )
        number = said.id or (int(entry.key) if re.fullmatch(r"[1-9][0-9]{0,15}", entry.key) else None)
        if number is None and not entry.says("id"):
            message = f"`accounts.{entry.key}`: Chatwoot's account id is not known"
            self._problem(entry.mark, "missing-key", message, "Write `id:`, the number in the address of the account.")
        domain = self._domain(entry, said.domain or self.entries.fallback.domain)
        folder = said.tenant or folder_name(entry.key)
        merged = self._merge_layers(entry, domain, folder) if domain else self.library.base
        crew = self._crew(entry, said.crew or self.entries.fallback.crew, merged.crew_set)
        special = {
            phone: self._crew(entry, name, merged.crew_set, phone) for phone, name in said.special_numbers.items()
        }
        secrets = self._secrets(entry)
        if installation is None or number is None or domain is None:
            return None
        return Account(
            key=entry.key,
            id=number,
            name=said.name or merged.settings.company.name or entry.key,
            installation=installation,
            domain=domain,
            folder=folder,
            settings=merged.settings,
            signature=said.signature,
            crew=crew or DEFAULT,
            priority=self.entries.fallback.priority if said.priority is None else said.priority,
            inboxes=self._folder_inboxes(domain, folder, merged),
            special_numbers={phone: name for phone, name in special.items() if name},
            shard=said.shard,
            **secrets,
        )

    def _domain(self, entry: Entry[Any], name: str | None) -> str | None:
        if name in self.domains:
            return name
        if name is not None and not entry.says("domain"):
            return None  # the fallback's, which is looked at by itself
        if name is None:
            if not entry.says("domain"):
                message = f"`accounts.{entry.key}`: no domain"
                remedy = f"Write `domain:`, one of: {', '.join(self.domains)}."
                self._problem(entry.mark, "missing-key", message, remedy)
            return None
        message = f"`{entry.path}`: there is no domain {entry.quote('domain')}"
        make = "To make one: write its config.yaml into a folder under domains/, as `chatwootai init --domain` does."
        remedy = f"{did_you_mean(name, self.domains)} {make}"
        self._problem(entry.at("domain"), "unknown-domain", message, remedy)
        return None

    def _crew(self, entry: Entry[Any], name: str, crew_set: CrewSet, phone: str | None = None) -> str | None:
        """The crew of that name, or None: whoever is named must be there. No crew at all is said elsewhere."""
        if name in crew_set.functions or not crew_set.functions:
            return name
        path = entry.path
        mark, node = find(entry.node, ("special_numbers", phone) if phone else ("crew",))
        if not isinstance(node, Scalar):  # what holds for all is mended where it stands
            path, above = "fallback", self.entries.fallback_node or entry.node
            mark, node = find(above, ("crew",))
        shown = (quote(node) or "of that name") if isinstance(node, Scalar) else f"`{name}`"
        message = f"`{path}`: there is no crew {shown}"
        self._problem(mark, "unknown-crew", message, did_you_mean(name, [*crew_set.functions]))
        return None

    def _merge_layers(self, entry: Entry[Any], domain: str, folder: str, *, named: bool = False) -> Merged:
        implied = None if named or entry.says("tenant") else entry.mark
        return self.library.tenant(domain, folder, value_node(entry, "name") if entry.said.name else None, implied)

    def _folder_inboxes(self, domain: str, folder: str, above: Merged) -> dict[int, Inbox]:
        """The inboxes that only have a folder."""
        return {
            number: Inbox(id=number, domain=domain, folder=folder, settings=self.library.inbox(above, path).settings)
            for number, path in self.library.inboxes(domain, folder).items()
        }

    def _secrets(self, entry: Entry[AccountEntry]) -> dict[str, Any]:
        said, key = entry.said, re.sub(r"[^A-Za-z0-9]", "_", entry.key).upper()
        names = {"webhook_secrets": f"CHATWOOT_{key}_SECRET", "bot_token": f"CHATWOOT_{key}_BOT_TOKEN"}
        secrets, token, user = said.webhook_secrets, said.bot_token, said.user_token
        if not entry.says("webhook_secrets") or (entry.says("webhook_secrets") and _is_empty(entry)):
            secrets = self._from_environment(entry, names["webhook_secrets"])
            if not secrets and said.signature == "required":
                self._report_missing(
                    entry, "webhook_secrets", f'`webhook_secrets: ["${{{names["webhook_secrets"]}}}"]`'
                )
        if not entry.says("bot_token"):
            token = next(iter(self._from_environment(entry, names["bot_token"])), None)
            if token is None:
                self._report_missing(entry, "bot_token", f'`bot_token: "${{{names["bot_token"]}}}"`')
        if not entry.says("user_token"):
            user = next(iter(self._from_environment(entry, f"CHATWOOT_{key}_USER_TOKEN")), None)
        return {"webhook_secrets": tuple(secrets), "bot_token": token or Secret(""), "user_token": user}

    def _from_environment(self, entry: Entry[AccountEntry], name: str) -> tuple[Secret, ...]:
        """Older spellings have no place for a secret: there, and only there, names of the environment are guessed."""
        value = self.environ.get(name) if self.entries.old else None
        if not value:
            return ()
        self._note(entry.mark, f"account {entry.key} names no secret; {name} of the environment is used")
        return (Secret(value),)

    def _report_missing(self, entry: Entry[AccountEntry], key: str, write: str) -> None:
        if is_misspelt(entry, key):
            return
        refused = "every delivery is refused" if key == "webhook_secrets" else "no reply can be posted"
        message = f"`accounts.{entry.key}` has no {key}: {refused}"
        if self.entries.old and not entry.says("signature"):
            self._note(entry.mark, f"{message}; write {write}")
        else:
            also = " or, for Chatwoot before 4.13, `signature: optional`" if key == "webhook_secrets" else ""
            self._problem(entry.mark, "missing-secret", message, f"Write {write}{also}.")

    def _inboxes(self, accounts: dict[str, Account]) -> None:
        taken: dict[tuple[str, int], Mark] = {}
        for entry in self.entries.inboxes:
            match = re.match(INBOX, entry.key)
            assert match  # noqa: S101 - entries with other keys were refused when they were read
            domain = self._domain(entry, entry.said.domain) if entry.said.domain else None
            for account in self._owners(entry, match[1], accounts):
                self._inbox(entry, int(match[2]), domain, account, taken)

    def _owners(self, entry: Entry[InboxEntry], prefix: str | None, accounts: dict[str, Account]) -> list[Account]:
        """The accounts that an inbox entry is about."""
        said, name = entry.said, entry.said.account or prefix
        if said.account and prefix and said.account != prefix:
            message = f"`inboxes.{entry.key}`: the key names account `{prefix}`, the entry {entry.quote('account')}"
            self._problem(entry.at("account"), "contradiction", message, "Keep one of the two.")
            return []
        if name in self.entries.accounts:
            return [accounts[name]] if name in accounts else []
        if name is not None:
            shown = entry.quote("account") if said.account else f"`{prefix}`"
            message = f"`inboxes.{entry.key}`: there is no account {shown}"
            self._problem(entry.at("account"), "unknown-account", message, did_you_mean(name, [*self.entries.accounts]))
            return []
        return self._owners_of_unnamed(entry, accounts)

    def _owners_of_unnamed(self, entry: Entry[InboxEntry], accounts: dict[str, Account]) -> list[Account]:
        """The owners of an inbox that names no account: the only account, or the only one with its folder.

        Older files name a domain alone: then all of them, and no harm, since each takes its own folder along.
        """
        said = entry.said
        fitting = [each for each in accounts.values() if said.tenant in {None, each.folder}]
        if len(fitting) == 1 or (self.entries.old and said.tenant is None):
            return fitting
        if entry.says("account") or len(accounts) < len(self.entries.accounts):
            return []  # the mistake is elsewhere, and was said there
        message = f"`inboxes.{entry.key}` does not say which account it belongs to"
        remedy = f"Write `account:`, one of: {', '.join(list(self.entries.accounts)[:10])}."
        self._problem(entry.mark, "missing-key", message, remedy)
        return []

    def _inbox(
        self,
        entry: Entry[InboxEntry],
        number: int,
        domain: str | None,
        account: Account,
        taken: dict[tuple[str, int], Mark],
    ) -> None:
        place = (account.installation.name, number)
        if taken.setdefault(place, entry.mark) is not entry.mark:
            message = f"inbox {number} is mapped twice; first on line {taken[place].line}"
            self._problem(entry.mark, "inbox-twice", message, "Keep one of the two.")
            return
        said = entry.said
        self._check_foreign_tenant(entry, domain or account.domain, account)
        settings = self._inbox_settings(entry, number, domain, account)
        crew_set = settings.crew_set or self.library.base.crew_set
        assert isinstance(account.inboxes, dict)  # noqa: S101 - built above, and handed out only when complete
        account.inboxes[number] = Inbox(
            id=number,
            domain=domain or account.domain,
            folder=said.tenant or account.folder,
            crew=self._crew(entry, said.crew, crew_set) if said.crew else None,
            priority=said.priority,
            name=said.name,
            settings=settings,
        )

    def _check_foreign_tenant(self, entry: Entry[InboxEntry], domain: str, account: Account) -> None:
        """An inbox that names a tenant other than its account's means that one's settings: there must be some."""
        folder = entry.said.tenant
        if folder in {None, account.folder} or self.entries.old or self.library.has_folder(domain, str(folder)):
            return
        message = f"`{entry.path}`: the tenant {entry.quote('tenant')} has no folder in {domain}"
        near = did_you_mean(str(folder), self.library.tenants(domain))
        self._problem(entry.at("tenant"), "unknown-tenant", message, near)

    def _inbox_settings(self, entry: Entry[InboxEntry], number: int, domain: str | None, account: Account) -> Settings:
        folder = entry.said.tenant or account.folder
        if (domain or account.domain, folder) == (account.domain, account.folder):
            own = account.inboxes.get(number)
            return own.settings if own else account.settings
        owner = self.entries.accounts[account.key]
        merged = self._merge_layers(owner, domain or account.domain, folder, named=entry.said.tenant is not None)
        path = self.library.inboxes(domain or account.domain, folder).get(number)
        return self.library.inbox(merged, path).settings if path else merged.settings


def _is_empty(entry: Entry[AccountEntry]) -> bool:
    node = value_node(entry, "webhook_secrets")
    return node is not None and getattr(node, "items", None) == []
