"""Figures of the semantic cache for people: would-be hits, what they would have saved, and what to look at."""

from typing import TYPE_CHECKING, Any

from ops.access import CommandError
from ops.printing import table

if TYPE_CHECKING:
    from chatwootai.stores.models.semantic_answers import SemanticAnswers

_GOALS = (0.05, 0.01, 0.005)


async def figures(store: "SemanticAnswers") -> dict[str, Any]:
    """Return what is kept, and by account and language what was counted, with the bound that it shows."""
    from crews.answer.semantic import VERSION

    found = []
    for account in sorted(await store.accounts()):
        rows = await store.rows(account)
        for group, told in sorted((await store.verdict_counts(account)).items()):
            version, _, language = group.partition(":")
            if version == str(VERSION):
                look = [row for row in rows if row["group"] == group]
                found.append({"account": account, "language": language, **_summary(told), "look_at": look})
    return {**await store.sizes(), "accounts": found}


def _summary(told: dict[str, int]) -> dict[str, Any]:
    from chatwootai.model.policy.certificate import needed, upper_bound
    from crews.answer.semantic import counts

    right, wrong = counts(told)
    return {
        "would_be_hits": right + wrong,
        "same": right,
        "different": told.get("different", 0),
        "undecided": told.get("undecided", 0),
        "saved_seconds": round(told.get("ms", 0) / 1000, 1),
        "saved_tokens": told.get("tokens", 0),
        "wrong_at_most": round(upper_bound(right, wrong), 4),
        "clean_needed": {f"{goal:.1%}": max(0, needed(goal) - right) for goal in _GOALS if not wrong},
    }


def show(found: dict[str, Any]) -> None:
    """Print it as tables; nothing where nothing was counted."""
    if not found["accounts"]:
        return
    heads = (
        "ACCOUNT",
        "LANGUAGE",
        "WOULD-BE HITS",
        "SAME",
        "DIFFERENT",
        "UNDECIDED",
        "SECONDS",
        "TOKENS",
        "WRONG AT MOST",
    )
    names = ("account", "language", "would_be_hits", "same", "different", "undecided", "saved_seconds", "saved_tokens")
    print("\nThe semantic cache, in shadow: what would have served, and would have saved")
    rows = [tuple(str(one[name]) for name in names) for one in found["accounts"]]
    table(heads, [(*row, f"{one['wrong_at_most']:.1%}") for row, one in zip(rows, found["accounts"], strict=True)])
    look = [(one["account"], row) for one in found["accounts"] for row in one["look_at"]]
    if look:
        print("\nFor people to look at, in Chatwoot: the first question, and the one whose answer it would have had")
        table(
            ("ACCOUNT", "ASKED IN", "ANSWERED IN", "VERDICT", "QUESTIONS ALIKE", "ANSWERS ALIKE"),
            [
                (account, *(str(row[name]) for name in ("asked", "answered", "verdict", "likeness", "answers")))
                for account, row in look
            ],
        )


async def review(store: "SemanticAnswers", account: str, asked: int, answered: int, verdict: str) -> dict[str, int]:
    """Write down what a person says of a would-be hit; return how many rows that was.

    Raises:
        CommandError: there is no such row.
    """
    done = await store.review(account, asked, answered, verdict)
    if not done:
        raise CommandError(f"nothing of account {account} waits for a look at conversations {asked} and {answered}")
    return {"reviewed": done}
