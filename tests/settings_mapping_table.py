"""Two values of every key of the mapping, and of what the door reads of a tenant, with a look at the difference."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from tests.settings_mapping_looks import (
    FOLDER,
    Place,
    Written,
    asks,
    compared,
    kept,
    knocks,
    lives,
    old,
    paced,
    problems,
)

MAPPING = """\
version: 1
chatwoot: {default: {url: "http://127.0.0.1:1"}}
accounts: {"1": {webhook_secrets: ["${S}"], bot_token: "${S}"%s}}
%s
"""
ROUTED: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "accounts.*.domain": ((", domain: retail", ""), (", domain: health", "")),
    "accounts.*.name": ((", domain: retail, name: Aa", ""), (", domain: retail, name: Bb", "")),
    "accounts.*.tenant": ((", domain: retail, tenant: loja", ""), (", domain: retail, tenant: casa", "")),
    "accounts.*.crew": ((", domain: retail, crew: sales", ""), (", domain: retail, crew: support", "")),
    "accounts.*.priority": ((", domain: retail, priority: 1", ""), (", domain: retail, priority: 2", "")),
    "accounts.*.special_numbers.*": (
        (", domain: retail, special_numbers: {'+5531987654321': sales}", ""),
        (", domain: retail, special_numbers: {'+5531987654321': support}", ""),
    ),
    "fallback.domain": (("", "fallback: {domain: retail}"), ("", "fallback: {domain: health}")),
    "fallback.crew": (
        (", domain: retail", "fallback: {crew: sales}"),
        (", domain: retail", "fallback: {crew: support}"),
    ),
    "fallback.priority": (
        (", domain: retail", "fallback: {priority: 1}"),
        (", domain: retail", "fallback: {priority: 2}"),
    ),
    **{
        f"inboxes.*.{key}": tuple((", domain: retail", f"inboxes: {{'17': {{account: '1', {said}}}}}") for said in pair)
        for key, pair in {
            "crew": ("crew: sales", "crew: support"),
            "priority": ("priority: 1", "priority: 2"),
            "domain": ("domain: retail", "domain: health"),
            "tenant": ("domain: retail", "tenant: loja"),
            "account": ("priority: 5", "priority: 4"),
        }.items()
    },
}


@dataclass(frozen=True)
class Mapped:
    """Two configurations, and what they make different."""

    one: Written
    other: Written
    look: Callable[[Place], Awaitable[object]]


def _tenant(one: str, other: str, look: Callable[[Place], Awaitable[object]]) -> Mapped:
    return Mapped(*(Written(files={f"{FOLDER}/config.yaml": text}) for text in (one, other)), look=look)


def _account(
    one: Mapping[str, object], other: Mapping[str, object], look: Callable[[Place], Awaitable[object]]
) -> Mapped:
    return Mapped(Written(account=one), Written(account=other), look)


_GROUP = {
    "conversation": {"id": 25, "inbox_id": 17, "status": "pending", "channel": "Channel::Api"},
    "sender": {"id": 9, "identifier": "120363041234567890@g.us"},
}
_UNSIGNED = {"message_type": "outgoing", "sender": None}
_SYNC = {"every_minutes": 5}
_ALLOWED: Mapping[str, tuple[object, str, str]] = {
    "names": (["ERP"], "config.yaml", 'model: {api_key: "${ERP}"}'),
    "files": ("FOLDER/keys", "config.yaml", 'model: {api_key: "${file:FOLDER/keys/one}"}'),
    "programs": (["/opt/shop"], "tools.yaml", "mcp: {shop: {command: [/opt/shop]}}"),
    "private_hosts": (["10.0.0.9"], "tools.yaml", "{hosts: [10.0.0.9], private_hosts: [10.0.0.9]}"),
}


def _allowed(key: str, *, everybody: bool) -> Mapped:
    value, file, text = _ALLOWED[key]
    files = {f"{FOLDER}/{file}": text, "keys/one": "k"}
    said = [{"allow": {key: each}} for each in (value, [])]
    if everybody:
        return Mapped(*(Written(rest={"fallback": each}, files=files) for each in said), look=problems)
    return Mapped(*(Written(account=each, files=files) for each in said), look=problems)


MAPPED: Mapping[str, Mapped] = {
    "mail.own": _tenant("mail: {own: [loja@a.example]}", "mail: {own: [loja@b.example]}", kept),
    "messages.groups": _tenant("messages: {groups: true}", "messages: {groups: false}", knocks(_GROUP)),
    "messages.most_hours": _tenant("messages: {most_hours: 24}", "messages: {most_hours: 90}", knocks(old(hours=50))),
    "messages.unsigned": _tenant("messages: {unsigned: person}", "messages: {unsigned: automation}", knocks(_UNSIGNED)),
    "rate_per_minute": _tenant("rate_per_minute: 1", "rate_per_minute: 9", knocks({"id": 7}, {"id": 8})),
    "version": Mapped(Written(rest={"version": 1}), Written(rest={"version": 2}), problems),
    "chatwoot.*.url": Mapped(
        Written(rest={"chatwoot": {"default": {"url": "CHATWOOT/c"}}}),
        Written(rest={"chatwoot": {"default": {"url": "CHATWOOT/d"}}}),
        asks,
    ),
    "accounts.*.chatwoot": _account({"chatwoot": "default"}, {"chatwoot": "other"}, asks),
    "accounts.*.id": _account({"id": 1}, {"id": 2}, asks),
    "accounts.*.bot_token": _account({"bot_token": "${BOT}"}, {"bot_token": "${BOT_B}"}, asks),
    "accounts.*.user_token": _account({"user_token": "${USER}"}, {"user_token": "${USER_B}"}, asks),
    "accounts.*.webhook_secrets": _account(
        {"webhook_secrets": ["${OTHER}", "${SHOP}"]}, {"webhook_secrets": ["${OTHER}"]}, knocks({})
    ),
    "accounts.*.signature": _account({"signature": "required"}, {"signature": "optional"}, knocks({}, unsigned=True)),
    "accounts.*.shard": _account({"shard": "a"}, {"shard": "b"}, lives),
    **{f"accounts.*.allow.{key}": _allowed(key, everybody=False) for key in _ALLOWED},
    **{f"fallback.allow.{key}": _allowed(key, everybody=True) for key in _ALLOWED},
    "fallback.trusted": Mapped(
        *(
            Written(rest={"fallback": {"trusted": each}}, files={f"{FOLDER}/config.yaml": 'model: {api_key: "${ERP}"}'})
            for each in (True, False)
        ),
        look=problems,
    ),
    "sync.every_minutes": Mapped(
        Written(rest={"sync": {"every_minutes": 0}}), Written(rest={"sync": {"every_minutes": 3}}), paced
    ),
    "sync.write": Mapped(
        Written({"user_token": "${USER}"}, {"sync": {**_SYNC, "write": True}}),
        Written({"user_token": "${USER}"}, {"sync": {**_SYNC, "write": False}}),
        compared,
    ),
    "sync.address": Mapped(
        Written({"user_token": "${USER}"}, {"sync": {**_SYNC, "address": "https://ai.example.com"}}),
        Written({"user_token": "${USER}"}, {"sync": {**_SYNC, "address": "https://moved.example.com"}}),
        compared,
    ),
}
