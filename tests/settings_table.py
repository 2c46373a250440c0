"""Two values of every setting and the look that tells them apart; or the test that would fail if nobody read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import yaml

from chatwootai.model.handoff import Cause
from tests.settings_looks import (
    Look,
    called,
    ceilings,
    committed,
    cost,
    curated,
    drafted,
    fetched,
    first,
    given,
    greeting,
    hears,
    near,
    prompt,
    question_of,
    reads,
    said_before,
    silence,
    silence_over,
    spoken,
    subject,
    terms,
    turn,
    turns_a_conversation,
    turns_a_day,
    unsupported,
    way,
    window,
    windowed,
)
from workers import decide
from workers.interim import sentence_for


@dataclass(frozen=True)
class Seen:
    """Two values of a setting, as YAML, and what they make different."""

    one: str
    other: str
    look: Look


SERVED = {
    "name": ("a", "b"),
    "base_url": ("https://a.example/v1", "https://b.example/v1"),
    "api_key": ("a", "b"),
    "requests_per_minute": ("1", "2"),
    "tokens_per_minute": ("100", "200"),
}


def served(where: str, template: str) -> dict[str, Seen]:
    """A model at an endpoint, wherever one may stand."""
    found = {}
    for key, (one, other) in SERVED.items():
        one_, other_ = (template % f"{key}: {value}{'' if key == 'name' else ', name: m'}" for value in (one, other))
        found[f"{where}.{key}"] = Seen(one_, other_, terms)
    for key in ("input", "output", "cached"):
        price = {"input": 1, "output": 1, "cached": 1}
        one_, other_ = (
            template % f"name: m, price: {yaml.safe_dump({**price, key: value}, default_flow_style=True).strip()}"
            for value in (1, 2)
        )
        found[f"{where}.price.{key}"] = Seen(one_, other_, cost)
    return found


PRAZO = "answers: {a: {questions: [Qual o prazo de troca], answer: A}}"
LOJA = "answers: {a: {questions: [Aceita pix], answer: %s}}"
REMIND = "idle: {remind_after_minutes: %s}"
HOURS = "hours: {time_zone: %s, week: {saturday: ['%s']}, holidays: [%s]}"
TOOL = "tools: {hosts: [HOST], private_hosts: [HOST], http: {t: {description: d, url: 'http://HOST:PORT/x?n={n}', \
parameters: {properties: {n: {type: string}}}, %s}}}"
OBSERVED: Mapping[str, Seen] = {
    "language": Seen("language: pt", "language: en", prompt),
    "company.name": Seen("company: {name: A}", "company: {name: B}", prompt),
    "company.description": Seen("company: {description: A}", "company: {description: B}", prompt),
    "company.facts.*": Seen("company: {facts: {a: A}}", "company: {facts: {a: B}}", prompt),
    "tone": Seen("tone: A", "tone: B", prompt),
    "emoji": Seen("emoji: true", "emoji: false", prompt),
    "languages": Seen("languages: [pt]", "languages: [pt, en]", spoken),
    "greeting.*": Seen("greeting: ''", "greeting: Oi", lambda s: decide._question(first(turn(s))).greeted),
    "signature.*": Seen("signature: {pt: A}", "signature: {pt: B}", given(Cause.ASKED, "email", language="pt")),
    "hours.time_zone": Seen(HOURS % ("UTC", "11:00-13:00", ""), HOURS % ("Asia/Tokyo", "11:00-13:00", ""), prompt),
    "hours.week.*": Seen(HOURS % ("UTC", "11:00-13:00", ""), HOURS % ("UTC", "09:00-10:00", ""), prompt),
    "hours.holidays": Seen(HOURS % ("UTC", "11:00-13:00", ""), HOURS % ("UTC", "11:00-13:00", "2026-11-28"), prompt),
    **{
        f"promotions.{key}": Seen(
            *(f"promotions: [{yaml.safe_dump({**offer, key: value}, default_flow_style=True)}]" for value in pair),
            prompt,
        )
        for offer in ({"name": "a", "text": "b", "start": date(2026, 11, 1), "end": date(2026, 11, 30)},)
        for key, pair in {
            "name": ("a", "c"),
            "text": ("b", "d"),
            "start": (date(2026, 11, 1), date(2026, 11, 29)),
            "end": (date(2026, 11, 30), date(2026, 11, 27)),
        }.items()
    },
    "channels.*.enabled": Seen("channels: {whatsapp: {}}", "channels: {whatsapp: {enabled: false}}", way),
    "channels.*.tone": Seen("channels: {whatsapp: {tone: A}}", "channels: {whatsapp: {tone: B}}", prompt),
    "channels.*.emoji": Seen("channels: {whatsapp: {emoji: true}}", "channels: {whatsapp: {emoji: false}}", prompt),
    "channels.*.signature.*": Seen(
        "channels: {whatsapp: {signature: A}}", "channels: {whatsapp: {signature: B}}", given(Cause.ASKED)
    ),
    "channels.*.burst.window_ms": Seen(
        "channels: {whatsapp: {burst: {window_ms: 1}}}", "channels: {whatsapp: {burst: {window_ms: 2}}}", window
    ),
    "channels.*.burst.cap_ms": Seen(
        "channels: {whatsapp: {burst: {cap_ms: 900}}}", "channels: {whatsapp: {burst: {cap_ms: 950}}}", window
    ),
    "burst.window_ms": Seen("burst: {window_ms: 1}", "burst: {window_ms: 2}", window),
    "burst.cap_ms": Seen("burst: {cap_ms: 900}", "burst: {cap_ms: 950}", window),
    "deadline_ms": Seen("deadline_ms: 10000", "deadline_ms: 60000", question_of),
    "interim.deadline_ms": Seen("interim: {deadline_ms: 30000}", "interim: {deadline_ms: 90000}", question_of),
    "interim.after_ms": Seen("interim: {after_ms: 2000}", "interim: {after_ms: 9000}", lambda s: sentence_for(turn(s))),
    "context.exchanges": Seen("context: {exchanges: 2}", "context: {exchanges: 4}", question_of),
    "context.tokens": Seen("context: {tokens: 20}", "context: {tokens: 900}", question_of),
    "context.ttl_hours": Seen("context: {ttl_hours: 1}", "context: {ttl_hours: 2}", committed),
    **served("model", "model: {%s}"),
    **served("model.fallbacks", "model: {fallbacks: [{%s}]}"),
    **served("model.quick", "model: {quick: {%s}}"),
    **served("model.hedging.to", "model: {hedging: {to: {%s}}}"),
    "model.quick.below_ms": Seen(
        "model: {quick: {name: q, below_ms: 900}}", "model: {quick: {name: q, below_ms: 800}}", terms
    ),
    "model.hedging.share": Seen("model: {hedging: {share: 0.1}}", "model: {hedging: {share: 0.2}}", terms),
    "model.hedging.local": Seen("model: {hedging: {local: true}}", "model: {hedging: {local: false}}", terms),
    "model.reasoning_effort": Seen("model: {reasoning_effort: low}", "model: {reasoning_effort: high}", terms),
    **{
        f"budget.{scope}{key}": Seen(f"budget: {text % 1}", f"budget: {text % 2}", ceilings)
        for scope, around in {"": "%s", "inbox.": "inbox: {%s}", "contact.": "contact: {%s}"}.items()
        for key in ("per_day", "per_month")
        for text in ("{" + around % f"{key}: %s" + "}",)
    },
    "budget.currency": Seen("budget: {per_day: 1}", "budget: {per_day: 1, currency: BRL}", ceilings),
    "budget.warn_at": Seen("budget: {per_day: 1, warn_at: [0.1]}", "budget: {per_day: 1, warn_at: [0.2]}", ceilings),
    "budget.tokens_per_day": Seen("budget: {tokens_per_day: 1}", "budget: {tokens_per_day: 2}", ceilings),
    "budget.turns_per_day": Seen("budget: {turns_per_day: 1}", "budget: {turns_per_day: 2}", turns_a_day),
    "budget.turns_per_conversation": Seen(
        "budget: {turns_per_conversation: 1}", "budget: {turns_per_conversation: 2}", turns_a_conversation
    ),
    "media.voice": Seen("media: {voice: true}", "media: {voice: false}", reads("audio")),
    "media.images": Seen("media: {images: true}", "media: {images: false}", reads("image")),
    "media.files": Seen("media: {files: true}", "media: {files: false}", reads("file")),
    "media.hearing.name": Seen("media: {hearing: {name: a}}", "media: {hearing: {name: b}}", hears),
    "media.hearing.base_url": Seen(
        "media: {hearing: {base_url: 'https://a.example'}}", "media: {hearing: {base_url: 'https://b.example'}}", hears
    ),
    "media.hearing.api_key": Seen(
        "media: {hearing: {base_url: 'https://a.example', api_key: a}}",
        "media: {hearing: {base_url: 'https://a.example', api_key: b}}",
        hears,
    ),
    "media.most_mb": Seen("media: {most_mb: 1}", "media: {most_mb: 2}", fetched),
    "media.hosts": Seen("media: {hosts: [a.example]}", "media: {hosts: [b.example]}", fetched),
    **{
        f"template.{key}": Seen(
            *(f"template: {yaml.safe_dump({**written, name: value}, default_flow_style=True)}" for value in pair),
            windowed,
        )
        for written in ({"name": "a", "text": "Oi {{1}}", "parameters": {"1": "x"}},)
        for key, name, pair in (
            ("name", "name", ("a", "b")),
            ("language", "language", ("pt_BR", "en")),
            ("category", "category", ("UTILITY", "MARKETING")),
            ("text", "text", ("Oi", "Olá")),
            ("parameters.*", "parameters", ({"1": "x"}, {"1": "y"})),
        )
    },
    "handoff.asked": Seen(
        "handoff: {asked: true}", "handoff: {asked: false}", said_before("quero falar com uma pessoa")
    ),
    "handoff.phrases": Seen("handoff: {phrases: []}", "handoff: {phrases: [gerente]}", said_before("chama o gerente")),
    "handoff.topics": Seen("handoff: {topics: []}", "handoff: {topics: [processo]}", said_before("é um processo")),
    "handoff.subjects.*.phrases": Seen(
        "handoff: {subjects: {double: {phrases: [outra coisa]}}}",
        "handoff: {subjects: {double: {phrases: [cobrado duas vezes]}}}",
        subject,
    ),
    "handoff.subjects.*.sentences.*": Seen(
        "handoff: {subjects: {double: {phrases: [cobrado duas vezes], sentences: {pt: A}}}}",
        "handoff: {subjects: {double: {phrases: [cobrado duas vezes], sentences: {pt: B}}}}",
        subject,
    ),
    "handoff.subjects.*.priority": Seen(
        "handoff: {subjects: {double: {phrases: [cobrado duas vezes], priority: low}}}",
        "handoff: {subjects: {double: {phrases: [cobrado duas vezes], priority: high}}}",
        subject,
    ),
    "handoff.anger": Seen(
        "handoff: {anger: true}", "handoff: {anger: false}", said_before("Vou ao Procon, seus ladrões!")
    ),
    "handoff.stuck_after": Seen(
        "handoff: {stuck_after: 3}", "handoff: {stuck_after: 0}", said_before("onde está o meu pedido agora", times=4)
    ),
    "handoff.unknowing": Seen(
        "handoff: {unknowing: true}", "handoff: {unknowing: false}", drafted("Não tenho essa informação.")
    ),
    "handoff.least_confidence": Seen(
        "handoff: {least_confidence: 0.9}", "handoff: {least_confidence: 0.1}", drafted("Sim.", 0.5)
    ),
    "handoff.label": Seen("handoff: {label: aa}", "handoff: {label: bb}", given(Cause.ASKED)),
    "handoff.priority": Seen("handoff: {priority: low}", "handoff: {priority: high}", given(Cause.ASKED)),
    "handoff.note": Seen("handoff: {note: true}", "handoff: {note: false}", given(Cause.ASKED)),
    "handoff.team": Seen(
        "handoff: {teams: {a: 1, b: 2}, team: a}", "handoff: {teams: {a: 1, b: 2}, team: b}", given(Cause.ASKED)
    ),
    "handoff.teams.*": Seen(
        "handoff: {teams: {a: 1}, team: a}", "handoff: {teams: {a: 2}, team: a}", given(Cause.ASKED)
    ),
    "handoff.causes.*.team": Seen(
        "handoff: {teams: {a: 1, b: 2}, causes: {asked: {team: a}}}",
        "handoff: {teams: {a: 1, b: 2}, causes: {asked: {team: b}}}",
        given(Cause.ASKED),
    ),
    "handoff.causes.*.label": Seen(
        "handoff: {causes: {asked: {label: aa}}}", "handoff: {causes: {asked: {label: bb}}}", given(Cause.ASKED)
    ),
    "handoff.causes.*.priority": Seen(
        "handoff: {causes: {asked: {priority: low}}}",
        "handoff: {causes: {asked: {priority: high}}}",
        given(Cause.ASKED),
    ),
    "idle.remind_after_minutes": Seen(REMIND % 1, REMIND % 2, silence),
    "idle.end_after_minutes": Seen("idle: {end_after_minutes: 1}", "idle: {end_after_minutes: 2}", silence),
    "idle.end": Seen("idle: {end: people}", "idle: {end: close}", silence_over("end")),
    "answers.*.answer": Seen(LOJA % "A", LOJA % "B", curated()),
    "answers.*.questions": Seen(LOJA % "A", "answers: {a: {questions: [Tem loja], answer: A}}", curated()),
    "answers.*.channels": Seen(
        LOJA % "A", "answers: {a: {questions: [Aceita pix], answer: A, channels: [email]}}", curated()
    ),
    "answers.*.start": Seen(
        LOJA % "A", "answers: {a: {questions: [Aceita pix], answer: A, start: 2026-12-01}}", curated()
    ),
    "answers.*.end": Seen(LOJA % "A", "answers: {a: {questions: [Aceita pix], answer: A, end: 2026-11-01}}", curated()),
    "answers.*.language": Seen(
        *(
            f"answers: {{a: {{questions: [Aceita pix], answer: A, language: {one}}},"
            f" b: {{questions: [Aceita pix], answer: B, language: {other}}}}}"
            for one, other in (("es", "pt"), ("pt", "es"))
        ),
        curated(language="es"),
    ),
    "near_answers": Seen("near_answers: true\n" + PRAZO, "near_answers: false\n" + PRAZO, near),
    **{
        f"tools.http.*.{key}": Seen(TOOL % one, TOOL % other, called)
        for key, (one, other) in {
            "description": ("tries: 1", "description: e"),
            "method": ("method: GET", "method: POST"),
            "url": ("tries: 1", "url: 'http://HOST:PORT/y?n={n}'"),
            "headers.*": ("headers: {X-A: a}", "headers: {X-A: b}"),
            "query.*": ("query: {a: b}", "query: {a: c}"),
            "body.*": ("method: POST, body: {a: b}", "method: POST, body: {a: c}"),
            "parameters.*": ("tries: 1", "parameters: {properties: {n: {type: string}, m: {type: string}}}"),
            "result.*": ("result: {a: path}", "result: {a: method}"),
            "timeout_ms": (
                "timeout_ms: 5000, url: 'http://HOST:PORT/slow?n={n}'",
                "timeout_ms: 50, url: 'http://HOST:PORT/slow?n={n}'",
            ),
            "tries": ("tries: 1, url: 'http://HOST:PORT/once?n={n}'", "tries: 3, url: 'http://HOST:PORT/once?n={n}'"),
            "idempotency": ("tries: 1", "idempotency: X-Key"),
            "slashes": ("url: 'http://HOST:PORT/x/{n}'", "slashes: true, url: 'http://HOST:PORT/x/{n}'"),
            "max_bytes": (
                "max_bytes: 4000000, url: 'http://HOST:PORT/long?n={n}'",
                "max_bytes: 256, url: 'http://HOST:PORT/long?n={n}'",
            ),
        }.items()
    },
    "tools.private_hosts": Seen(
        TOOL % "tries: 1", TOOL.replace("private_hosts: [HOST]", "private_hosts: []") % "tries: 1", called
    ),
}

SAID_BY: Mapping[str, Look] = {
    "greeting": greeting,
    "handoff": given(Cause.TOPIC),
    "human_requested": given(Cause.ASKED),
    "failed": given(Cause.FAILED),
    "model_down": given(Cause.MODEL),
    "out_of_hours": given(Cause.TOPIC),
    "interim": lambda s: s.sentence(sentence_for(turn(s, waited=0.1))),
    "busy": lambda s: s.sentence(sentence_for(turn(s, waited=60.0))),
    "unsupported": unsupported,
    "reminder": silence_over("remind"),
    "closing": silence_over("end"),
}
"""Who says each sentence."""

MCP_TESTS = "tests/integration/test_tools_used.py"
ALLOW = ("files", "names", "programs", "private_hosts")
TESTED: Mapping[str, str] = {
    "model.temperature": "tests/integration/test_crews_draft.py::test_a_draft_is_one_call_with_its_usage_and_steps",
    "model.max_tokens": "tests/integration/test_crews_draft.py::test_the_channel_and_the_tenant_both_bound_the_answer",
    "model.embeddings": "tests/integration/test_stock_memory.py",
    "mail.own": "tests/unit/test_mail_and_window.py",
    "messages.groups": "tests/unit/test_channels_authors.py",
    "messages.most_hours": "tests/unit/test_channels_authors.py",
    "messages.unsigned": "tests/unit/test_channels_authors.py",
    "output_guard": "tests/unit/test_output_guard.py",
    "rate_per_minute": "tests/contract/test_ingress_http.py::test_a_rate_of_ones_own_with_retry_after",
    "tools.hosts": "tests/unit/test_tools_declared.py",
    "tools.mcp.*.url": MCP_TESTS + "::test_an_mcp_server_over_http_is_reached_through_the_guard",
    "tools.mcp.*.headers.*": MCP_TESTS + "::test_an_mcp_server_over_http_is_reached_through_the_guard",
    "tools.mcp.*.command": "tests/integration/test_mcp_servers.py",
    "tools.mcp.*.env.*": MCP_TESTS,
    "tools.mcp.*.tools": MCP_TESTS + "::test_only_the_tools_that_an_operator_lists_are_offered",
    "tools.mcp.*.timeout_ms": "tests/integration/test_mcp_servers.py",
    "chatwoot.*.url": "tests/integration/test_two_chatwoots.py",
    "accounts.*.webhook_secrets": "tests/integration/test_two_chatwoots.py",
    "accounts.*.bot_token": "tests/integration/test_two_chatwoots.py",
    "accounts.*.user_token": "tests/integration/test_catchup.py",
    "accounts.*.chatwoot": "tests/integration/test_two_chatwoots.py",
    "accounts.*.id": "tests/integration/test_two_chatwoots.py",
    "accounts.*.signature": "tests/contract/test_ingress_http.py",
    **{f"accounts.*.allow.{key}": "tests/unit/test_config_trust.py" for key in ALLOW},
    **{f"fallback.allow.{key}": "tests/unit/test_config_trust.py" for key in ALLOW},
    "sync.every_minutes": "tests/integration/test_connect_sync.py",
    "sync.write": "tests/integration/test_connect_sync.py",
    "sync.address": "tests/integration/test_connect_sync.py",
    "version": "tests/unit/test_config_mapping.py",
}
"""Settings that take more than a look: the file, or the test, that would fail if nobody read them."""

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
