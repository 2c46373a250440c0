"""Accounts that are pinned to a shard, beside the shards that the environment names."""

from collections.abc import Mapping

from chatwootai.stores.server.shards import VARIABLE, BadShards, Shards
from config.document.problems import Note, Problem
from config.mapping.entries import AccountEntry
from config.mapping.mapping import Entries, Entry
from config.schema.validation import did_you_mean


def check_pins(entries: Entries, environ: Mapping[str, str]) -> tuple[list[Problem], list[Note]]:
    """Return a problem for each pin to a shard that there is not; notes where no shards are named at all.

    What is wrong with CHATWOOTAI_REDIS_SHARDS itself is said by whatever connects to them.
    """
    pinned = [entry for entry in entries.accounts.values() if entry.said.shard is not None]
    try:
        known = Shards.from_environment(environ).names if pinned else ()
    except BadShards:
        return [], []
    if not known:
        return [], [_unused(entry) for entry in pinned]
    return [_unknown(entry, known) for entry in pinned if entry.said.shard not in known], []


def _unused(entry: Entry[AccountEntry]) -> Note:
    mark = entry.at("shard")
    return Note(mark.file, mark.line, f"`{entry.path}.shard` has no effect here: {VARIABLE} is not set")


def _unknown(entry: Entry[AccountEntry], known: tuple[str, ...]) -> Problem:
    message = f"`{entry.path}`: there is no shard {entry.quote('shard')} in {VARIABLE}"
    return Problem(*entry.at("shard"), "unknown-shard", message, did_you_mean(str(entry.said.shard), [*known]))
