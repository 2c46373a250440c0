"""An endpoint that cannot be reached is told with its host and the system's own words, which name the cause."""

import openai
import pytest

from crews.errors import ModelUnavailable
from crews.model_calls.endpoint.exchange import _connection_error
from crews.model_calls.trouble import briefly
from sandbox.installation.processes import free_port


@pytest.mark.parametrize(
    ("host", "words"), [("127.0.0.1", "Connection refused"), ("model.nowhere.invalid", "")], ids=["nobody", "no-name"]
)
async def test_the_cause_is_named(host: str, words: str) -> None:
    async with openai.AsyncOpenAI(base_url=f"http://{host}:{free_port()}/v1", api_key="k", max_retries=0) as client:
        with pytest.raises(openai.APIConnectionError) as caught:
            await client.models.list()
    error = _connection_error(caught.value)
    assert isinstance(error, ModelUnavailable)
    assert briefly(error).startswith(f"away: {host}: ")
    assert words in briefly(error)  # how a resolver says that there is no such name differs between systems
    assert not briefly(error).endswith(": no connection")
