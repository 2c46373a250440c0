"""What Redis answers, and what it means for whoever asked: away, or a mistake of ours."""

import asyncio
import ssl

import pytest
from redis import exceptions
from redis._parsers.base import BaseParser

from chatwootai.stores.server.errors import StoreMisused, StoreUnavailable, store_errors, understood

SHA = "0e06610b7c964cfa5c67335685a2a191fe465a69"
AWAY = {
    "BUSY": "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "NOPERM": "NOPERM this user has no permissions to run the 'evalsha' command",
    "ERR": "ERR max requests limit exceeded. Limit: 500000, Usage: 500000.",
    "OOM": f"OOM command not allowed when used memory > 'maxmemory'. script: {SHA}, on @user_script:7.",
    "LOADING": "LOADING Redis is loading the dataset in memory",
    "READONLY": f"READONLY You can't write against a read only replica. script: {SHA}, on @user_script:3.",
    "MISCONF": "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
    "CLUSTERDOWN": "CLUSTERDOWN The cluster is down",
    "NOREPLICAS": "NOREPLICAS Not enough good replicas to write.",
    "MASTERDOWN": "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "EXECABORT": "EXECABORT Transaction discarded because of previous errors.",
    "UNKILLABLE": "UNKILLABLE Sorry the script already executed write commands against the dataset.",
    "NOAUTH": "NOAUTH Authentication required.",
    "WRONGPASS": "WRONGPASS invalid username-password pair or user is disabled.",
    "UNBLOCKED": "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
    "MOVED": "MOVED 3999 127.0.0.1:6381",
    "NEVERMET": "NEVERMET something that a later version says",
    "TRYAGAIN": "TRYAGAIN Multiple keys request during rehashing of slot",
}
OURS = [
    f"WRONGTYPE Operation against a key holding the wrong kind of value script: {SHA}, on @user_script:1.",
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    f"ERR user_script:12: attempt to perform arithmetic on a nil value script: {SHA}, on @user_script:12.",
    f"ERR value is not an integer or out of range script: {SHA}, on @user_script:16.",
    f"ERR Unknown Redis command called from script script: {SHA}, on @user_script:1.",
    "ERR Error compiling script (new function): user_script:1: unexpected symbol near '#'",
]


@pytest.mark.parametrize("said", AWAY.values(), ids=AWAY)
@pytest.mark.parametrize("parsed", [exceptions.ResponseError, BaseParser.parse_error], ids=["pipe", "redis-py"])
def test_whatever_redis_refuses_is_away_by_its_own_word(said: str, parsed: type[Exception]) -> None:
    meant = understood(parsed(said))
    assert isinstance(meant, StoreUnavailable), meant
    assert meant.code == said.partition(" ")[0]
    assert meant.reason
    assert SHA not in str(meant)


@pytest.mark.parametrize("said", OURS)
@pytest.mark.parametrize("parsed", [exceptions.ResponseError, BaseParser.parse_error], ids=["pipe", "redis-py"])
def test_what_only_we_can_mend_is_no_absence(said: str, parsed: type[Exception]) -> None:
    assert isinstance(understood(parsed(said)), StoreMisused)


@pytest.mark.parametrize(
    "said",
    [
        f"ERR The user executing the script can't run this command or subcommand script: {SHA}, on @user_script:1.",
        f"ERR ACL failure in script: User desk has no permissions to run the 'hset' command script: {SHA}, on "
        "@user_script:1.",
        "ERR Error running script (call to f_0e0661): @user_script:16: @user_script: 16: -NOPERM this user may not",
    ],
)
def test_a_right_that_is_missing_inside_a_script_is_no_mistake_of_the_script(said: str) -> None:
    meant = understood(exceptions.ResponseError(said))
    assert isinstance(meant, StoreUnavailable)
    assert meant.code == "NOPERM"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (exceptions.ConnectionError("Error 111 connecting to cache:6379. Connection refused."), "ConnectionError"),
        (exceptions.TimeoutError("Timeout reading from cache:6379"), "TimeoutError"),
        (TimeoutError(), "TimeoutError"),
        (asyncio.IncompleteReadError(b"", 1), "IncompleteReadError"),
        (ConnectionResetError(104, "Connection reset by peer"), "ConnectionResetError"),
        (exceptions.BusyLoadingError("Redis is loading the dataset in memory"), "LOADING"),
        (exceptions.AuthenticationError("invalid username-password pair or user is disabled."), "WRONGPASS"),
        (exceptions.InvalidResponse("Protocol Error: b'x'"), "InvalidResponse"),
        (exceptions.WatchError("Watched variable changed."), "WatchError"),
        (RuntimeError("unable to perform operation on <TCPTransport>; the handler is closed"), "ConnectionError"),
        (AttributeError("'NoneType' object has no attribute 'writelines'"), "ConnectionError"),
    ],
)
def test_no_answer_is_away_by_what_kept_it(error: Exception, code: str) -> None:
    meant = understood(error)
    assert isinstance(meant, StoreUnavailable)
    assert meant.code.startswith(code)


def test_a_certificate_is_named_though_others_wrapped_it() -> None:
    cause = ssl.SSLCertVerificationError(1, "certificate verify failed")
    cause.verify_message = "Hostname mismatch, certificate is not valid for 'cache'."
    wrapped = exceptions.ConnectionError("Error 1 connecting to cache:6379.")
    wrapped.__cause__ = cause
    text = "Error 1 connecting to cache:6379. [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "
    for error in (wrapped, exceptions.ConnectionError(f"{text}unable to get local issuer certificate (_ssl.c:1006)")):
        meant = understood(error)
        assert isinstance(meant, StoreUnavailable)
        assert meant.code == "CERTIFICATE_VERIFY_FAILED"
        assert meant.reason in {
            "Hostname mismatch, certificate is not valid for 'cache'",
            "unable to get local issuer certificate",
        }


def test_arguments_and_secrets_are_not_repeated() -> None:
    said = "ERR unknown command 'EVALSHA', with args beginning with: 'canary' 'of a customer' "
    assert "canary" not in str(understood(exceptions.ResponseError(said)))
    refused = exceptions.ConnectionError("Error connecting to redis://desk:canary@cache:6379/0")
    assert "canary" not in str(understood(refused))


def test_what_is_not_about_redis_passes_untouched() -> None:
    with pytest.raises(KeyError), store_errors(None):
        raise KeyError("ours")
    with pytest.raises(StoreMisused), store_errors(None):
        raise exceptions.DataError("Invalid input of type: 'dict'")
