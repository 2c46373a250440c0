"""What is Chatwoot's own word and final, and what is said in its place and waited out."""

import orjson
import pytest

from sandbox.chatwoot.pages import PAGES
from workers.chatwoot.errors import ChatwootError, FateUnknown, Gone, Refused, TokenRefused
from workers.chatwoot.operations import (
    CREATE_MESSAGE,
    LABELS,
    MESSAGES,
    OPERATIONS,
    PRIORITY,
    SHOW,
    STATUS,
    Operation,
    Owner,
)
from workers.chatwoot.own_error import own_error
from workers.chatwoot.response import Response, retry_after
from workers.chatwoot.response_verdict import describe, is_undecided, raise_final_error

JSON = "application/json"


def answered(status: int, body: object, kind: str = JSON) -> Response:
    said = own_error(status, kind, body) if status >= 400 else None
    return Response(status, body, said or "", kind=kind, own=said is not None)


def verdict(operation: Operation, answer: Response) -> type[ChatwootError] | str:
    try:
        raise_final_error(operation, answer)
    except ChatwootError as error:
        return type(error)
    return "again" if is_undecided(operation, answer) or not answer.good else "done"


OWN = [
    (SHOW, 401, {"error": "Invalid Access Token"}, TokenRefused),
    (SHOW, 401, {"error": "Bot is not authorized to access this account"}, TokenRefused),
    (SHOW, 401, {"error": "You are not authorized to access this account"}, TokenRefused),
    (SHOW, 401, {"error": "Account is suspended"}, TokenRefused),
    (SHOW, 401, {"error": "Access to this endpoint is not authorized for bots"}, TokenRefused),
    (SHOW, 401, {"errors": ["You need to sign in or sign up before continuing."]}, TokenRefused),
    (SHOW, 401, {"errors": ["Para continuar, faça login ou registre-se."]}, TokenRefused),
    (CREATE_MESSAGE, 401, {"error": "Invalid Access Token"}, TokenRefused),
    (MESSAGES, 401, {"error": "Invalid Access Token"}, TokenRefused),
    (SHOW, 403, {"error": "API access is not enabled for this account"}, TokenRefused),
    (LABELS, 401, {"error": "Access to this endpoint is not authorized for bots"}, Refused),
    (STATUS, 401, {"error": "You are not authorized to do this action"}, Refused),
    (SHOW, 404, {"error": "Resource could not be found"}, Gone),
    (CREATE_MESSAGE, 404, {"error": "Resource could not be found"}, Gone),
    (CREATE_MESSAGE, 422, {"error": "Validation failed: Content is too long"}, Refused),
    (CREATE_MESSAGE, 422, {"message": "Content is too long", "attributes": ["content"]}, Refused),
    (CREATE_MESSAGE, 422, {"error": ""}, Refused),
    (STATUS, 400, {"error": "wrong is not a valid status"}, Refused),
    (STATUS, 402, {"error": "Account limit exceeded. Please upgrade to a higher plan"}, Refused),
    (CREATE_MESSAGE, 422, {"error": "Validation failed: Too many messages"}, "again"),
    (CREATE_MESSAGE, 429, {"error": "Retry later"}, "again"),
]


@pytest.mark.parametrize(("operation", "status", "body", "means"), OWN)
def test_what_chatwoot_itself_says_is_final(operation, status, body, means):
    assert verdict(operation, answered(status, body)) == means
    assert verdict(operation, answered(status, body, "")) == means, "some proxies take the content type away"


def page(name: str) -> Response:
    """As `read_answer` reads it."""
    shown = PAGES[name]
    kind = shown.kind.partition(";")[0]
    try:
        body = orjson.loads(shown.body) if shown.body else None
    except orjson.JSONDecodeError:
        return Response(shown.status, kind=kind, fault="not JSON" if shown.status < 300 else "")
    return Response(shown.status, body, "", kind=kind, own=own_error(shown.status, kind, body) is not None)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
@pytest.mark.parametrize("name", PAGES)
def test_what_others_say_in_its_place_is_an_outage(name, operation):
    means = verdict(operation, page(name))
    if name == "blank" and not operation.says:
        assert means == "done"  # Chatwoot itself answers so
    elif operation is CREATE_MESSAGE and PAGES[name].status in {200, 502, 521, 530}:
        assert means is FateUnknown
    else:
        assert means == "again"
    assert describe(page(name)) or PAGES[name].status == 200


FOREIGN = [
    {"message": "Unauthorized"}, {"message": "Forbidden"}, {"Message": "User is not authorized"},
    {"detail": "Not Found"}, {"error": "Unauthorized"}, {"error": "forbidden."}, {"error": "Not Found"},
    {"error": {"code": 401}}, {"error": None}, {"errors": [{"status": "401"}]}, {"error_msg": "404 Route Not Found"},
    {"statusCode": 401, "message": "Access denied"}, {"kind": "Status", "code": 403, "message": "forbidden"},
    {"status": "error"}, {}, [], "no", None, True, {"error": "Resource could not be found", "path": "/api"},
    {"error": "Invalid Access Token", "requestId": "x"},
    {"error": "HTTP 401 Unauthorized"}, {"error": "404: Not Found"},
]  # fmt: skip


@pytest.mark.parametrize("status", [401, 403, 404, 405, 407, 410, 418, 421, 451])
@pytest.mark.parametrize("body", FOREIGN, ids=str)
def test_a_gateways_json_is_not_chatwoots(status, body):
    assert own_error(status, JSON, body) is None


@pytest.mark.parametrize("kind", ["text/html", "text/plain", "application/problem+json", "application/xml"])
def test_what_does_not_call_itself_json_is_not_chatwoots(kind):
    assert own_error(401, kind, {"error": "Invalid Access Token"}) is None


def test_what_is_too_large_for_whoever_stands_there_will_not_become_smaller():
    assert verdict(CREATE_MESSAGE, Response(413, kind="text/html")) is Refused


ENDED = [
    (Response(500, kind="text/html"), True),
    (Response(502), False),
    (Response(504), False),
    (Response(0, fault="timeout"), False),
    (Response(500, fault="too long an answer"), False),
]


@pytest.mark.parametrize(("answer", "ended"), ENDED)
def test_a_500_that_came_whole_has_ended_its_request_and_a_gateways_has_not(answer, ended):
    with pytest.raises(FateUnknown) as error:
        raise_final_error(CREATE_MESSAGE, answer)
    assert error.value.ended is ended


def test_an_empty_200_does_a_quiet_call_and_no_other():
    assert verdict(PRIORITY, Response(200)) == "done"
    assert verdict(STATUS, Response(200)) == "again"


def test_a_refusal_says_whose_token_it_is_and_what_may_be_wrong():
    with pytest.raises(TokenRefused, match="proxy drop") as error:
        raise_final_error(MESSAGES, answered(401, {"errors": ["You need to sign in or sign up before continuing."]}))
    assert error.value.owner is Owner.USER


@pytest.mark.parametrize("body", [{"error": "x"}, {"errors": ["x"]}, {"success": False, "message": "x"}, 5, "ok", True])
@pytest.mark.parametrize("operation", [STATUS, PRIORITY, SHOW])
def test_a_200_that_says_that_nothing_was_done_is_no_answer(operation, body):
    assert verdict(operation, Response(200, body, kind=JSON)) == "again"
    assert verdict(CREATE_MESSAGE, Response(200, body, kind=JSON)) is FateUnknown


@pytest.mark.parametrize("body", [{"id": 7, "error": "x"}, {"payload": {"success": True}}, [], {}])
def test_what_chatwoot_answers_is_done(body):
    assert verdict(STATUS, Response(200, body, kind=JSON)) == "done"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("5", 5), ("1.5", 1.5), (" 7 ", 7), ("60s", 60), ("10 seconds", 10), ("+3", 3), ("2, 9", 2), ("9" * 350, 300),
        ("2033-05-18T03:33:30Z", 10), ("Wed, 18 May 2033 03:33:30 GMT", 10), ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("soon", None), ("-5", None), ("", None), ("1795200000", 300), ("2033-99-99", None),
    ],
)  # fmt: skip
def test_when_to_come_again_in_every_form(said, seconds):
    assert retry_after(said, 2_000_000_000.0) == seconds
