"""One command: hands streams, words, environment and folder to the server, and ends as what was forked for it ends."""

import json
import os
import signal
import socket
import sys

_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(address: str, words: list[str]) -> int:
    """Return the command's exit code; end by the signal that ended it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.connect(f"\0{address}")
        asked = {"words": words, "environ": dict(os.environ), "folder": os.getcwd()}  # noqa: PTH109 - pathlib is half of this start
        socket.send_fds(server, [b"\n"], [0, 1, 2])
        server.sendall(json.dumps(asked).encode() + b"\n")
        with server.makefile("rb") as answers:
            pid = int(answers.readline())
            for number in _PASSED_ON:
                signal.signal(number, lambda number, _: os.kill(pid, number))
            code = int(answers.readline())
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
