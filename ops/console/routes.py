"""Every route, with the right that it asks for: one table, which `authorization.py` and the tests read."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from ops.console.access.identity import ANYBODY, Right, Role
from ops.console.access.oidc import CALLBACK
from ops.console.pages import cases, conversation, drafts, embed, entry, failures, figures, marks, now, rehearsal, teach
from ops.console.pages.installation import access, configuration, connections, cost, knowledge, pauses

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_VIEWER = Right(Role.VIEWER)
_LEAD = Right(Role.LEAD)
_OPERATOR = Right(Role.OPERATOR)
_VIEWER_OF_IT = Right(Role.VIEWER, of_account=True)
_LEAD_OF_IT = Right(Role.LEAD, of_account=True)
_CONVERSATION = "/conversations/{account}/{id}"


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path, as aiohttp reads it, with its handler and the right that it asks for."""

    method: str
    path: str
    handler: Handler
    right: Right


def routes() -> list[Route]:
    """Return all routes."""
    return [
        *_of_the_way_in(),
        *_of_teaching(),
        Route("POST", "/logout", entry.log_out, _VIEWER),
        Route("GET", "/", now.now_page, _VIEWER),
        Route("GET", "/parts/now", now.now_part, _VIEWER),
        Route("GET", "/api/now", now.now_data, _VIEWER),
        Route("GET", "/turns", figures.turns_page, _VIEWER),
        Route("GET", "/turns.csv", figures.turns_csv, _VIEWER),
        Route("GET", "/api/turns", figures.turns_data, _VIEWER),
        Route("GET", "/outcomes", figures.outcomes_page, _VIEWER),
        Route("GET", "/api/outcomes", figures.outcomes_data, _VIEWER),
        Route("GET", "/failures", failures.failures_page, _VIEWER),
        Route("GET", "/api/failures", failures.failures_data, _VIEWER),
        Route("GET", "/failures/impact", failures.impact_page, _LEAD),
        Route("GET", "/api/failures/impact", failures.impact_data, _LEAD),
        Route("POST", "/failures/{action}", failures.act_on_group, _LEAD),
        Route("POST", "/api/failures/{action}", failures.act_on_group_data, _LEAD),
        Route("GET", "/find", conversation.find, _VIEWER),
        Route("GET", _CONVERSATION, conversation.conversation_page, _VIEWER_OF_IT),
        Route("POST", f"{_CONVERSATION}/{{action}}", conversation.act, _LEAD_OF_IT),
        Route("GET", f"/api{_CONVERSATION}", conversation.conversation_data, _VIEWER_OF_IT),
        Route("POST", f"/api{_CONVERSATION}/{{action}}", conversation.act_data, _LEAD_OF_IT),
        Route("POST", "/api/config/rollback", configuration.rollback, _OPERATOR),
        *_of_the_installation(),
    ]


def _of_teaching() -> list[Route]:
    """Return the routes of rehearsals, marks, drafts, and of pages inside Chatwoot."""
    return [
        Route("GET", "/embed/{account}/login", embed.login_page, ANYBODY),
        Route("POST", "/embed/{account}/login", embed.log_in, ANYBODY),
        Route("GET", "/embed/{account}", embed.waiting_page, _VIEWER_OF_IT),
        Route("GET", "/embed/{account}/conversations/{id}", embed.conversation_page, _VIEWER_OF_IT),
        Route("GET", "/rehearsal", rehearsal.choose_account, _LEAD),
        Route("GET", "/rehearsal/{account}", rehearsal.rehearsal_page, _LEAD_OF_IT),
        Route("POST", "/rehearsal/{account}", rehearsal.rehearse_on_page, _LEAD_OF_IT),
        Route("POST", "/api/rehearsals", rehearsal.rehearsal_data, _LEAD),
        Route("GET", "/teach", teach.choose_account, _LEAD),
        Route("GET", "/teach/{account}", teach.teach_page, _LEAD_OF_IT),
        Route("POST", "/teach/{account}/answer", teach.add_answer, _LEAD_OF_IT),
        Route("POST", "/teach/{account}/suggestions", teach.suggest, _LEAD_OF_IT),
        Route("POST", "/api/suggestions", teach.suggestions_data, _LEAD),
        Route("GET", "/drafts/{account}", drafts.draft_page, _LEAD_OF_IT),
        Route("POST", "/drafts/{account}/{action}", drafts.act, _LEAD_OF_IT),
        Route("GET", "/api/drafts", drafts.drafts_data, _LEAD),
        Route("GET", "/api/drafts/{account}", drafts.draft_data, _LEAD_OF_IT),
        Route("POST", "/api/drafts/{account}/answers", drafts.add_answer_data, _LEAD_OF_IT),
        Route("POST", "/api/drafts/{account}/records", drafts.add_record_data, _LEAD_OF_IT),
        Route("POST", "/api/drafts/{account}/{action}", drafts.act_data, _LEAD_OF_IT),
        Route("POST", "/marks/{account}/{turn}", marks.mark, _LEAD_OF_IT),
        Route("POST", "/api/marks/{account}/{turn}", marks.mark_data, _LEAD_OF_IT),
        Route("GET", "/cases/{account}/{turn}", cases.case_page, _LEAD_OF_IT),
        Route("POST", "/cases/{account}/{turn}", cases.make, _LEAD_OF_IT),
        Route("GET", "/api/cases/{account}/{turn}", cases.case_data, _LEAD_OF_IT),
        Route("POST", "/api/cases/{account}/{turn}", cases.make_data, _LEAD_OF_IT),
    ]


def _of_the_way_in() -> list[Route]:
    return [
        Route("GET", "/login", entry.login_page, ANYBODY),
        Route("POST", "/login", entry.log_in, ANYBODY),
        Route("GET", "/login/oidc", entry.to_provider, ANYBODY),
        Route("GET", CALLBACK, entry.from_provider, ANYBODY),
        Route("POST", "/language", entry.choose_language, ANYBODY),
        *(Route("GET", path, entry.asset, ANYBODY) for path, _, _ in entry.asset_routes()),
    ]


def _of_the_installation() -> list[Route]:
    return [
        Route("GET", "/configuration", configuration.configuration.page, _LEAD),
        Route("GET", "/api/configuration", configuration.configuration.data, _LEAD),
        Route("GET", "/configuration/difference", configuration.difference.page, _LEAD),
        Route("GET", "/api/configuration/difference", configuration.difference.data, _LEAD),
        Route("POST", "/configuration/publish", configuration.publish, _OPERATOR),
        Route("POST", "/configuration/rollback", configuration.rollback_page, _OPERATOR),
        Route("GET", "/knowledge", knowledge.knowledge.page, _LEAD),
        Route("GET", "/api/knowledge", knowledge.knowledge.data, _LEAD),
        Route("POST", "/knowledge/search", knowledge.search_page, _LEAD),
        Route("POST", "/api/knowledge/search", knowledge.search_data, _LEAD),
        Route("POST", "/knowledge/rollback", knowledge.rollback_page, _LEAD),
        Route("POST", "/api/knowledge/rollback", knowledge.rollback_data, _LEAD),
        Route("GET", "/cost", cost.cost.page, _VIEWER),
        Route("GET", "/api/cost", cost.cost.data, _VIEWER),
        Route("GET", "/connections", connections.connections.page, _LEAD),
        Route("GET", "/api/connections", connections.connections.data, _LEAD),
        Route("POST", "/connections/{account}/{action}", pauses.act_on_page, _LEAD_OF_IT),
        Route("POST", "/api/connections/{account}/{action}", pauses.act_data, _LEAD_OF_IT),
        Route("GET", "/access", access.access.page, _OPERATOR),
        Route("GET", "/api/access", access.access.data, _OPERATOR),
        Route("POST", "/access/{kind}/revoke", access.revoke_page, _OPERATOR),
    ]
