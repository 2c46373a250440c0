"""A driver's hand on a sandbox LLM that runs elsewhere: the addresses of control.py as methods."""

from typing import Any

import aiohttp


class Driver:
    """Drives the sandbox LLM at `url` (without /v1) over `session`."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self.url = url.rstrip("/").removesuffix("/v1")

    async def stats(self) -> dict[str, Any]:
        """Return the counts."""
        return dict(await self._call("GET", "stats"))

    async def requests(self, contains: str = "") -> list[dict[str, Any]]:
        """Return the last requests whose body holds `contains`, newest last."""
        return list(await self._call("GET", "requests", params={"contains": contains}))

    async def wait(
        self, name: str, at_least: int | None = None, at_most: int | None = None, seconds: float = 10
    ) -> dict[str, Any]:
        """Return the counts once the one called `name` is within the bounds.

        Raises:
            TimeoutError: It was not within `seconds`; the message holds the counts.
        """
        bounds = {"at_least": at_least, "at_most": at_most}
        params = {"name": name, "seconds": str(seconds)} | {
            key: str(to) for key, to in bounds.items() if to is not None
        }
        return dict(await self._call("GET", "wait", params=params))

    async def fault(self, kind: str, **given: Any) -> None:
        """Let a fault happen: `next=n` times or with probability `share=p`; further keys as in faults.Fault."""
        await self._call("POST", "faults", json={"kind": kind, **given})

    async def heal(self) -> None:
        """Remove all faults."""
        await self._call("DELETE", "faults")

    async def rule(self, contains: str, **given: Any) -> None:
        """Give `answer=` or call `tools=[{"name", "arguments"}]` where a question holds `contains`."""
        await self._call("POST", "rules", json={"contains": contains, **given})

    async def latency(self, latency: str, model: str | None = None) -> None:
        """Answer from now on at the pace of the curve called `latency`."""
        await self._call("PUT", "latency", json={"latency": latency, "model": model})

    async def obey(self, *, on: bool = True) -> None:
        """Do from now on whatever any text of a request says."""
        await self._call("PUT", "obedience", json={"on": on})

    async def reset(self) -> None:
        """Put counts, requests, faults and rules back to the start."""
        await self._call("POST", "reset")

    async def _call(self, method: str, name: str, **given: Any) -> Any:
        async with self._session.request(method, f"{self.url}/sandbox/{name}", **given) as response:
            body = await response.json()
            if response.status == 408:
                raise TimeoutError(f"the model never came to {given.get('params')}: {body}")
            if response.status >= 400:
                raise ValueError(body["error"]["message"])
            return body
