"""`python -m ingress`: exit code 2 and every problem on stderr when the configuration cannot be used."""

import asyncio
import os
import sys

from chatwootai.stores.server.connection import BadRedisUrl
from chatwootai.stores.server.examination import CannotUse
from chatwootai.telemetry import log
from chatwootai.telemetry.start import takes_strict
from config.document.problems import ConfigurationError
from ingress.process.environment import BadEnvironment, Environment
from ingress.server import serve

CANNOT_START = 2


def main() -> int:
    """Start, serve, and say why if that cannot be."""
    strict = takes_strict("python -m ingress", "Take Chatwoot's webhooks, verify them and enqueue them, until SIGTERM.")
    try:
        log.configure_from(os.environ, process="ingress", for_good=True)
        environment = Environment.read(os.environ, strict=strict)
        _run(environment)
    except ConfigurationError as error:
        return _cannot(*map(str, error.problems))
    except (log.LogSettingsError, BadEnvironment, BadRedisUrl, CannotUse) as error:
        return _cannot(str(error))
    except OSError as error:
        return _cannot(f"cannot listen on INGRESS_HOST and INGRESS_PORT: {error.strerror or error}")
    return 0


def _run(environment: Environment) -> None:
    if sys.platform == "win32":
        asyncio.run(serve(environment, dict(os.environ)))
    else:
        import uvloop

        uvloop.run(serve(environment, dict(os.environ)))


def _cannot(*problems: str) -> int:
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return CANNOT_START


if __name__ == "__main__":
    sys.exit(main())
