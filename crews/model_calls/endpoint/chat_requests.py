"""Requests of chat completions to one endpoint, without what the openai package makes anew for each of them.

The package copies its options three times a call and builds URL and headers from nothing, which takes as long as the
rest of the way to the connection. Here they are made once by the package itself, and its errors are raised as it would.
"""

from typing import Final

import httpx
import openai
from openai import AsyncOpenAI
from openai._models import FinalRequestOptions

_PATH: Final = "/chat/completions"
_OF_A_BODY: Final = ("content-length", "x-stainless-read-timeout")
"""Headers that differ by call, or that tell of a timeout which is not the call's."""


class ChatRequests:
    """Sends bodies to one endpoint; `client` knows its address and key, `http` has the connections."""

    def __init__(self, client: AsyncOpenAI, http: httpx.AsyncClient) -> None:
        self._client, self._http = client, http
        options = FinalRequestOptions.construct(method="post", url=_PATH, content=b"")
        template = client._build_request(options)
        self._url, self._headers = template.url, template.headers
        for name in _OF_A_BODY:
            self._headers.pop(name, None)

    async def post(self, body: bytes, patience: httpx.Timeout) -> httpx.Response:
        """Send a body and return the answer as soon as its head is there; the caller closes it.

        Raises:
            openai.APIStatusError: the answer is no 200; its body has been read.
            openai.APIConnectionError: there is none.
        """
        extensions = {"timeout": patience.as_dict()}
        request = httpx.Request("POST", self._url, headers=self._headers, content=body, extensions=extensions)
        try:
            response = await self._http.send(request, stream=True)
        except httpx.TimeoutException as error:
            raise openai.APITimeoutError(request=request) from error
        except Exception as error:
            raise openai.APIConnectionError(request=request) from error
        if response.is_success:
            return response
        await response.aread()
        raise self._client._make_status_error_from_response(response)
