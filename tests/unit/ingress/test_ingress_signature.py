"""verify(): Chatwoot's scheme to the letter, and a cause for everything else."""

import hashlib
import hmac

import pytest
from multidict import CIMultiDict

from ingress.signature import BadSignature, SignatureFault, Verified, verify
from tests.data import example

NOW = 1_795_183_402
BODY = b'{"event":"message_created","id":17547}'
SECRET = "EXAMPLEsecret24charsXXXX"


def digest(body: bytes = BODY, timestamp: str = str(NOW), secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def headers(signature: str | None = None, timestamp: str | None = str(NOW)) -> CIMultiDict[str]:
    made: CIMultiDict[str] = CIMultiDict()
    made["X-Chatwoot-Signature"] = f"sha256={digest()}" if signature is None else signature
    if timestamp is not None:
        made["X-Chatwoot-Timestamp"] = timestamp
    return made


def cause(given: CIMultiDict[str], secrets: tuple[str, ...] = (SECRET,), now: float = NOW, body: bytes = BODY) -> str:
    result = verify(body, given, secrets, now)
    return result.cause.value if isinstance(result, BadSignature) else "verified"


def test_the_published_vector() -> None:
    vector = example("_http_envelope_example")
    given: CIMultiDict[str] = CIMultiDict(vector["headers"])
    result = verify(vector["raw_body"].encode(), given, [vector["secret_used"]], NOW)
    assert result == Verified(int(vector["headers"]["X-Chatwoot-Timestamp"]))


@pytest.mark.parametrize("position", [0, 1, 2])
def test_any_of_several_secrets_will_do(position: int) -> None:
    secrets = ["old", "other", "third"]
    secrets[position] = SECRET
    assert cause(headers(), tuple(secrets)) == "verified"


@pytest.mark.parametrize("secret", ["k", "ção", "a" * 63, "a" * 64, "a" * 65, "é" * 200])
def test_a_secret_of_any_length_signs_as_hmac_says(secret: str) -> None:
    signed = headers(f"sha256={digest(secret=secret)}")
    for _ in range(2):
        assert cause(signed, (secret,)) == "verified"
    assert cause(signed, (secret + "x",)) == "wrong"


@pytest.mark.parametrize("apart", [-300, -299, 0, 299, 300])
def test_five_minutes_either_way(apart: int) -> None:
    assert cause(headers(), now=NOW + apart) == "verified"


@pytest.mark.parametrize(
    ("apart", "named"), [(301, "too_old"), (-301, "too_new"), (300.5, "too_old"), (1e18, "too_old")]
)
def test_past_five_minutes(apart: float, named: str) -> None:
    assert cause(headers(), now=NOW + apart) == named


@pytest.mark.parametrize(
    "changed", [BODY + b" ", BODY[:-1], BODY.replace(b"17547", b"17548"), b"", BODY.replace(b":", b": ")]
)
def test_a_body_changed_by_one_byte_is_refused(changed: bytes) -> None:
    assert cause(headers(), body=changed) == "wrong"


def test_another_timestamp_than_the_signed_one_is_refused() -> None:
    assert cause(headers(timestamp=str(NOW + 1))) == "wrong"
    # The same moment written otherwise is another text, and the text is what is signed.
    assert cause(headers(timestamp=f"0{NOW}")) == "wrong"


@pytest.mark.parametrize(
    ("signature", "named"),
    [
        ("", "signature_malformed"),
        ("sha256=", "signature_malformed"),
        (digest(), "signature_malformed"),
        (f"sha1={digest()}", "signature_malformed"),
        (f"SHA256={digest()}", "signature_malformed"),
        (f"sha256={digest()}00", "signature_malformed"),
        (f"sha256= {digest()[1:]}", "signature_malformed"),
        (f"sha256={'g' * 64}", "signature_malformed"),
        (f"sha256={'é' * 64}", "signature_malformed"),
        (f"sha256={'ab ' * 21}a", "signature_malformed"),
        ("sha256=" + "\udcff" * 64, "signature_malformed"),
        ("sha256=" + "0" * 100_000, "signature_malformed"),
        (f"sha256={'0' * 64}", "wrong"),
        (f"sha256={digest(secret='')}", "wrong"),
        (f"sha256={digest(secret='x')}", "wrong"),
        (f"sha256={hashlib.sha256(BODY).hexdigest()}", "wrong"),
    ],
)
def test_signatures_that_are_none(signature: str, named: str) -> None:
    assert cause(headers(signature)) == named


@pytest.mark.parametrize(
    "timestamp",
    ["", " ", "-1", "+1795183402", "1795183402.0", "0x6b", "1_795_183_402", "1e9", "٣٣٣", "²", "9" * 13, "9" * 6000],
)
def test_timestamps_that_are_none(timestamp: str) -> None:
    assert cause(headers(timestamp=timestamp)) == "timestamp_malformed"


def test_what_is_missing_is_named() -> None:
    assert cause(CIMultiDict()) == "signature_missing"
    assert cause(headers(timestamp=None)) == "timestamp_missing"


@pytest.mark.parametrize("name", ["x-chatwoot-signature", "X-CHATWOOT-TIMESTAMP"])
def test_a_header_twice_is_refused_even_if_one_is_right(name: str) -> None:
    twice = headers()
    twice.add(name, twice[name])
    assert cause(twice) == SignatureFault.HEADER_TWICE


def test_header_names_know_no_case() -> None:
    lower = CIMultiDict({key.lower(): value for key, value in headers().items()})
    assert cause(lower) == "verified"


@pytest.mark.parametrize("secrets", [(), ("",), ("", "")])
def test_without_a_secret_nothing_is_genuine(secrets: tuple[str, ...]) -> None:
    assert cause(headers(f"sha256={digest(secret='')}"), secrets) == SignatureFault.NO_SECRET


def test_every_secret_is_compared_even_after_a_match(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []
    real = hmac.compare_digest

    def watching(one: bytes, other: bytes) -> bool:
        compared.append(other)
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", watching)
    assert cause(headers(), (SECRET, "second", "third")) == "verified"
    assert len(compared) == 3
