"""Two values of every setting of a tenant, and the look that tells them apart."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import yaml

from chatwootai.model.policy.handoff_cause import Cause
from tests.settings_crew_looks import (
    digested,
    followed,
    linked,
    often,
    posted,
    priced,
    recalled,
    requested,
    retained,
    spoken_with,
)
from tests.settings_evaluation_looks import captured, demanded, gated
from tests.settings_knowledge_looks import (
    beside,
    database,
    due,
    encoder,
    kept_where,
    lasting,
    offered,
    portal,
    shown,
    site,
    stems,
)
from tests.settings_looks import (
    Look,
    called,
    ceilings,
    certified,
    committed,
    cost,
    curated,
    drafted,
    fetched,
    first,
    given,
    greeting,
    hears,
    looked_up,
    near,
    owned,
    prompt,
    question_of,
    reads,
    said_before,
    shadows,
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
from workers.handoff.build import topic_examples
from workers.turn import question
from workers.turn.interim import sentence_for
from workers.turn.trace import may_show_words


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
NONE_NEEDED = "parameters: {required: [], properties: {n: {type: string}}}"
SERVER = "tools: {hosts: [HOST], private_hosts: [HOST], mcp: {m: {%s}}}"
AT_MCP = "url: http://HOST:PORT/mcp/a"
SHOP, DESK = (Path(__file__).parent / name for name in ("mcp_shop.py", "mcp_desk.py"))
AT_SHOP = f"command: [{sys.executable}, {SHOP}]"
LOOKING = f"command: [{sys.executable}, {DESK}, stdio, '0'], timeout_ms: 20000, prefetch: %s"
KNOWN = "knowledge: {sources: {a: {folder: one, %s}}}"
LINKED = "site: 'http://site.example/', sitemap: false"
WRITTEN = f"{KNOWN % 'settings: records'}\nrecords: {{a: {{one: {{%s}}}}}}"
DATABASE = "knowledge: {postgres: {url: 'postgresql://u:p@127.0.0.1:1/first'}}"
EMBEDDED = "knowledge: {embeddings: {%s}}"


def soon(hours: int) -> str:
    """Return a moment so many hours from now, as YAML has it."""
    return f"'{(datetime.now(UTC) + timedelta(hours=hours)).isoformat(timespec='seconds')}'"


OBSERVED: Mapping[str, Seen] = {
    "language": Seen("language: pt", "language: en", prompt),
    "company.name": Seen("company: {name: A}", "company: {name: B}", prompt),
    "company.description": Seen("company: {description: A}", "company: {description: B}", prompt),
    "company.facts.*": Seen("company: {facts: {a: A}}", "company: {facts: {a: B}}", prompt),
    "traces.words_until": Seen(
        f"traces: {{words_until: {soon(1)}}}", f"traces: {{words_until: {soon(48)}}}", may_show_words
    ),
    "tone": Seen("tone: A", "tone: B", prompt),
    "emoji": Seen("emoji: true", "emoji: false", prompt),
    "languages": Seen("languages: [pt]", "languages: [pt, en]", spoken),
    "greeting.*": Seen("greeting: ''", "greeting: Oi", lambda s: question._question(first(turn(s))).greeted),
    "signature.*": Seen("signature: {pt: A}", "signature: {pt: B}", given(Cause.ASKED, "email", language="pt")),
    "hours.time_zone": Seen(HOURS % ("UTC", "11:00-13:00", ""), HOURS % ("Asia/Tokyo", "11:00-13:00", ""), prompt),
    "hours.week.*": Seen(HOURS % ("UTC", "11:00-13:00", ""), HOURS % ("UTC", "09:00-10:00", ""), prompt),
    "hours.holidays": Seen(HOURS % ("UTC", "11:00-13:00", ""), HOURS % ("UTC", "11:00-13:00", "2026-11-28"), prompt),
    **{
        f"promotions.{key}": Seen(
            *(f"promotions: [{yaml.safe_dump({**offer, key: value}, default_flow_style=True)}]" for value in pair),
            look=prompt,
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
            look=windowed,
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
    "handoff.subjects.*.examples": Seen(
        "handoff: {subjects: {double: {examples: [quero um boleto]}}}",
        "handoff: {subjects: {double: {examples: [meu boleto venceu]}}}",
        topic_examples,
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
        look=curated(language="es"),
    ),
    **{
        f"knowledge.sources.*.{key}": Seen(KNOWN % one, KNOWN % other, look)
        for key, (one, other, look) in {
            "records": ("records: a.jsonl", "records: b.jsonl", beside),
            "files": ("files: [a.md]", "files: [b.md]", beside),
            "folder": ("files: [a.md]", "files: [a.md], folder: two", beside),
            "url": ("files: [a.md]", "files: [a.md], url: 'https://a.example'", beside),
            "site": ("site: 'http://site.example/one', sitemap: false", "site: 'http://site.example/'", site),
            "sitemap": ("site: 'http://site.example/'", "site: 'http://site.example/', sitemap: false", site),
            "only": (LINKED, LINKED + ", only: [/two]", site),
            "pages": (LINKED, LINKED + ", pages: 1", site),
            "portal": ("portal: a", "portal: b", portal),
            "locale": ("portal: a", "portal: a, locale: es", portal),
            "audience": ("files: [a.md]", "files: [a.md], audience: team", offered),
            "every_hours": ("files: [a.md]", "files: [a.md], every_hours: 6", due),
            "max_age_days": ("files: [a.md]", "files: [a.md], max_age_days: 1", lasting),
        }.items()
    },
    "knowledge.sources.*.settings": Seen(
        "company: {facts: {b: B}}\n" + KNOWN % "settings: answers",
        "company: {facts: {b: B}}\n" + KNOWN % "settings: facts",
        beside,
    ),
    **{
        f"records.*.*.{key}": Seen(WRITTEN % "content: A", WRITTEN % other, beside)
        for key, other in {
            "content": "content: B",
            "questions": "content: A, questions: [Tem loja]",
            "title": "content: A, title: T",
            "url": "content: A, url: 'https://a.example'",
        }.items()
    },
    "knowledge.show_sources": Seen("knowledge: {}", "knowledge: {show_sources: links}", shown),
    "knowledge.postgres.url": Seen(DATABASE, DATABASE.replace("first", "second"), database),
    "knowledge.postgres.above_passages": Seen(DATABASE, DATABASE.replace("}}", ", above_passages: 0}}"), kept_where),
    "knowledge.language": Seen("knowledge: {}", "knowledge: {language: es}", stems),
    **{
        f"knowledge.embeddings.{key}": Seen(EMBEDDED % "model: a", EMBEDDED % other, encoder)
        for key, other in {
            "model": "model: b",
            "base_url": "model: a, base_url: 'http://a.example'",
            "api_key": "model: a, base_url: 'http://a.example', api_key: k",
            "dimensions": "model: a, dimensions: 64",
        }.items()
    },
    "semantic": Seen("semantic: 'off'", "semantic: shadow", shadows),
    "semantic.serve_below": Seen("semantic: {serve_below: 1%}", "semantic: {serve_below: 5%}", certified),
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
    "tools.http.*.from_contact": Seen(TOOL % "tries: 1", TOOL % "from_contact: [n]", called),
    "tools.http.*.reads": Seen(
        TOOL % "method: POST, url: 'http://HOST:PORT/once?n={n}'",
        TOOL % "method: POST, reads: true, url: 'http://HOST:PORT/once?n={n}'",
        called,
    ),
    "tools.http.*.own.*": Seen(
        TOOL % "own: {method: contact.identifier}", TOOL % "own: {method: contact.phone}", owned
    ),
    **{
        f"tools.http.*.prefetch.{key}": Seen(
            TOOL % f"prefetch: {one}", TOOL % f"{NONE_NEEDED}, prefetch: {other}", looked_up
        )
        for key, (one, other) in {
            "pattern": ("{pattern: 'SC-(?P<n>[0-9])'}", "{pattern: 'X-(?P<n>[0-9])'}"),
            "always": ("{pattern: 'Z-(?P<n>[0-9])'}", "{always: true}"),
        }.items()
    },
    **{
        f"tools.mcp.*.prefetch.{key}": Seen(SERVER % (LOOKING % one), SERVER % (LOOKING % other), looked_up)
        for key, (one, other) in {
            "pattern": ("{tool: look, pattern: SC-1}", "{tool: look, pattern: SC-9}"),
            "always": ("{tool: look, pattern: SC-9}", "{tool: look, always: true}"),
            "tool": ("{tool: look, always: true}", "{tool: order, always: true}"),
        }.items()
    },
    "tools.mcp.*.from_contact.*": Seen(
        SERVER % AT_SHOP, SERVER % f"{AT_SHOP}, from_contact: {{secret: [x]}}", spoken_with
    ),
    "tools.mcp.*.filled.*.*": Seen(
        SERVER % AT_SHOP, SERVER % f"{AT_SHOP}, filled: {{secret: {{x: contact.id}}}}", spoken_with
    ),
    "model.temperature": Seen("model: {temperature: 0.1}", "model: {temperature: 0.9}", requested),
    "model.max_tokens": Seen("model: {max_tokens: 16}", "model: {max_tokens: 50}", requested),
    "model.embeddings": Seen("model: {embeddings: a}", "model: {embeddings: b}", recalled),
    "gate.sets": Seen("gate: {sets: [a]}", "gate: {sets: [b]}", demanded),
    "gate.least_cases": Seen("gate: {least_cases: 5}", "gate: {least_cases: 50}", gated),
    "evals.capture.purpose": Seen("evals: {capture: {purpose: a}}", "evals: {capture: {purpose: b}}", captured),
    "digest.at": Seen("digest: {at: '08:00', to: 25}", "digest: {at: '11:30', to: 25}", digested),
    "digest.to": Seen("digest: {at: '08:00', to: 25}", "digest: {at: '08:00', to: 26}", digested),
    "digest.note": Seen("digest: {at: '08:00', to: 25}", "digest: {at: '08:00', to: 25, note: true}", digested),
    "gate.chance": Seen("gate: {least_cases: 5, chance: 0.5}", "gate: {least_cases: 5, chance: 0.001}", gated),
    "grounding": Seen("grounding: strict", "grounding: 'off'", priced),
    "output_guard": Seen("output_guard: strict", "output_guard: none", posted),
    "privacy.follow_deletions": Seen(
        "privacy: {follow_deletions: false}", "privacy: {follow_deletions: true}", followed
    ),
    **{
        f"privacy.retention.{key}": Seen(
            f"privacy: {{retention: {{{key}: 2}}}}", f"privacy: {{retention: {{{key}: 3}}}}", retained
        )
        for key in ("messages_hours", "turns_hours", "dead_letters_hours", "thumbs_days", "figures_days")
    },
    "links": Seen("links: known", "links: any", linked),
    "link_hosts": Seen("link_hosts: []", "link_hosts: [pay.example]", linked),
    "tools.hosts": Seen(TOOL % "tries: 1", TOOL.replace("hosts: [HOST],", "hosts: [],", 1) % "tries: 1", called),
    "tools.calls_per_turn": Seen(
        *(TOOL.replace("tools: {", f"tools: {{calls_per_turn: {most}, ", 1) % "tries: 1" for most in (2, 3)), look=often
    ),
    **{
        f"tools.mcp.*.{key}": Seen(SERVER % one, SERVER % other, spoken_with)
        for key, (one, other) in {
            "url": ("url: 'http://HOST:PORT/mcp/a'", "url: 'http://HOST:PORT/mcp/b'"),
            "headers.*": (AT_MCP + ", headers: {X-A: a}", AT_MCP + ", headers: {X-A: b}"),
            "tools": (AT_MCP, AT_MCP + ", tools: [other]"),
            "timeout_ms": (AT_MCP + "/slow, timeout_ms: 5000", AT_MCP + "/slow, timeout_ms: 100"),
            "command": (f"command: [{sys.executable}, {SHOP}]", f"command: [{sys.executable}, {DESK}, stdio, '0']"),
            "env.*": tuple(f"command: [{sys.executable}, {SHOP}], env: {{SHOP_KEY: {each}}}" for each in ("a", "b")),
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
