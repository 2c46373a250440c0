"""Whatever a signed sender writes: a delivery, a reason or InvalidPayload. No other exception, no wrong type."""

import copy
import hashlib
import hmac
import json
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from chatwootai.model.message.delivery import Delivery
from chatwootai.model.message.effects import Ignored
from chatwootai.stores.conversation.entries import pack_delivery, unpack_delivery
from ingress.payload import InvalidPayload, RequestInfo, parse
from ingress.signature import BadSignature, Verified, verify
from tests.data import PAYLOADS, example

ARRIVAL = RequestInfo("shop", 1, 1_795_200_000.0, "d")
LEAST = {
    "event": "message_created", "id": 7, "message_type": "incoming", "content": "hi", "sender": {"id": 9},
    "attachments": [{"file_type": "image", "data_url": "https://x/y.jpg"}],
    "content_attributes": {"email": {"text_content": {"quoted": "hi"}}, "in_reply_to": 3},
    "conversation": {
        "id": 25, "inbox_id": 17, "status": "pending", "channel": "Channel::Email", "labels": ["a"],
        "meta": {"sender": {"id": 9}}, "messages": [{"id": 7, "processed_message_content": "hi"}],
        "custom_attributes": {"a": 1}, "additional_attributes": {"mail_subject": "s"},
    },
}  # fmt: skip
STORED = [example(path.stem) for path in sorted(PAYLOADS.glob("[cmw]*.json"))]
MUTATIONS = settings(max_examples=700, deadline=None, suppress_health_check=[HealthCheck.too_slow])

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**80), 2**80),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["", "\x00", "pending", "user", "1", "-1", "2026-11-20T14:03:21.319Z", "9" * 400, "Channel::Sms"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)


def fits(value: object, hint: Any) -> bool:
    """Whether a value is what its annotation says, all the way down."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return any(fits(value, option) for option in get_args(hint))
    if origin is tuple:
        return isinstance(value, tuple) and all(fits(one, get_args(hint)[0]) for one in value)
    if origin is dict:
        key, item = get_args(hint)
        return isinstance(value, dict) and all(fits(k, key) and fits(v, item) for k, v in value.items())
    if is_dataclass(hint) and isinstance(hint, type):
        hints = get_type_hints(hint)
        return isinstance(value, hint) and all(fits(getattr(value, f.name), hints[f.name]) for f in fields(hint))
    return type(value) is hint


def check(body: bytes) -> Delivery | Ignored | None:
    try:
        result = parse(body, ARRIVAL)
    except InvalidPayload:
        return None
    if isinstance(result, Delivery):
        assert fits(result, Delivery), result
        assert unpack_delivery(pack_delivery(result)) == result
    return result


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a payload that can hold something else."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, child in inner for place in places(child, (*path, key)))]


def put(payload: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(payload)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return changed


@MUTATIONS
@given(st.data())
def test_a_stored_payload_with_one_to_three_changes(data: st.DataObject) -> None:
    payload = data.draw(st.sampled_from(STORED))
    for _ in range(data.draw(st.integers(1, 3))):
        payload = put(payload, data.draw(st.sampled_from(places(payload))), data.draw(values))
    check(json.dumps(payload).encode())


@MUTATIONS
@given(st.data())
def test_each_place_that_is_read_may_hold_anything(data: st.DataObject) -> None:
    check(json.dumps(put(LEAST, data.draw(st.sampled_from(places(LEAST))), data.draw(values))).encode())


@MUTATIONS
@given(st.data())
def test_keys_may_be_missing(data: st.DataObject) -> None:
    payload = copy.deepcopy(data.draw(st.sampled_from([*STORED, LEAST])))
    for path in data.draw(st.lists(st.sampled_from(places(payload)), min_size=1, max_size=3)):
        holder: Any = payload
        for key in path[:-1]:
            holder = holder.get(key, {}) if isinstance(holder, dict) else holder[key] if key < len(holder) else {}
        if path and isinstance(holder, dict):
            holder.pop(path[-1], None)
    check(json.dumps(payload).encode())


@MUTATIONS
@given(st.sampled_from(STORED), st.data())
def test_bytes_flipped_cut_and_doubled(payload: Any, data: st.DataObject) -> None:
    body = bytearray(orjson.dumps(payload))
    at = data.draw(st.integers(0, len(body) - 1))
    match data.draw(st.sampled_from(["flip", "cut", "double"])):
        case "flip":
            body[at] = data.draw(st.integers(0, 255))
        case "cut":
            del body[at:]
        case _:
            body[at:at] = body[at : at + data.draw(st.integers(1, 200))]
    check(bytes(body))


@given(values)
def test_any_json_at_all(value: Any) -> None:
    check(json.dumps(value).encode())
    check(json.dumps({"event": "message_created", "conversation": value, "sender": value}).encode())


@given(st.binary(max_size=300))
def test_any_bytes_at_all(body: bytes) -> None:
    check(body)


header = st.one_of(
    st.text(max_size=80),
    st.from_regex(r"\Asha256=[0-9a-f]{64}\Z"),
    st.from_regex(r"\A[0-9]{1,15}\Z"),
    st.just("1795183402"),
)


@settings(max_examples=500)
@given(
    st.binary(max_size=50),
    st.lists(st.tuples(st.sampled_from(["X-Chatwoot-Signature", "x-chatwoot-timestamp"]), header), max_size=4),
    st.lists(st.text(max_size=10), max_size=3),
)
def test_no_headers_are_a_surprise_and_none_made_up_fit(
    body: bytes, pairs: list[tuple[str, str]], secrets: list[str]
) -> None:
    assert isinstance(verify(body, CIMultiDict(pairs), secrets, 1_795_183_402.0), BadSignature)


@given(st.binary(max_size=200), st.text(min_size=1, max_size=30), st.integers(0, 10**11))
def test_what_is_signed_as_chatwoot_signs_is_verified(body: bytes, secret: str, at: int) -> None:
    try:
        key = secret.encode()
    except UnicodeEncodeError:
        pytest.skip("no such secret: Chatwoot's are ASCII")
    signature = hmac.new(key, b"%d." % at + body, hashlib.sha256).hexdigest()
    headers = CIMultiDict({"X-Chatwoot-Signature": f"sha256={signature}", "X-Chatwoot-Timestamp": str(at)})
    assert verify(body, headers, ["other", secret], float(at)) == Verified(at)
