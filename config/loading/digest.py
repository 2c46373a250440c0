"""One digest for one meaning: equal however the configuration was spelled, different when anything differs."""

import hashlib
import json
from collections.abc import Mapping

from config.inheritance.load_cache import LoadCache
from config.secrets.secret import Secret
from config.settings.settings import Settings
from config.snapshot import Account


def digest_of(accounts: Mapping[str, Account], cache: LoadCache | None = None, also: object = None) -> str:
    """SHA-256 (hex) over all accounts, and whatever `also` stands for. Secrets count by their fingerprints."""
    known = cache or LoadCache()
    total = hashlib.sha256()
    for key in sorted(accounts):
        total.update(json.dumps(_account(accounts[key], known), sort_keys=True).encode())
        total.update(b"\n")
    if also is not None:
        total.update(repr(also).encode())
    return total.hexdigest()


def _account(account: Account, known: LoadCache) -> dict[str, object]:
    pinned = {} if account.shard is None else {"shard": account.shard}
    return {
        **pinned,
        "key": account.key,
        "id": account.id,
        "name": account.name,
        "installation": [account.installation.name, account.installation.url],
        "place": [account.domain, account.folder],
        "secrets": [_fingerprint(each) for each in (*account.webhook_secrets, account.bot_token, account.user_token)],
        "policy": [account.signature, account.crew, account.priority, dict(account.special_numbers)],
        "settings": hash_settings(account.settings, known),
        "inboxes": {
            number: [box.domain, box.folder, box.crew, box.priority, hash_settings(box.settings, known)]
            for number, box in account.inboxes.items()
        },
    }


def hash_settings(settings: Settings, known: LoadCache) -> str:
    """Return a digest of settings; made once for each object, since many accounts share one."""
    return known.keep(("digest", id(settings)), (settings,), lambda: _hash_settings(settings))


def _hash_settings(settings: Settings) -> str:
    key = _fingerprint(settings.model.api_key)
    crews = settings.crew_set.digest if settings.crew_set else ""
    embeddings = settings.knowledge.embeddings
    embedder = _fingerprint(embeddings.api_key) if not isinstance(embeddings, str) else None
    said = f"{settings.model_dump_json()}{key}{embedder}{crews}{settings.tools.fingerprints()}"
    return hashlib.sha256(said.encode()).hexdigest()


def _fingerprint(secret: Secret | None) -> str | None:
    return secret.fingerprint() if secret else None
