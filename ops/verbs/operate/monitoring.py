"""`chatwootai monitoring`: rules, alerts and dashboards for Prometheus, Alertmanager and Grafana."""

import argparse
from pathlib import Path

from ops.options import takes_json
from ops.parsing import add_action

SUMMARY = "write dashboards, recording rules and alerts for Prometheus, Grafana and Alertmanager"
EXAMPLES = """\
  chatwootai monitoring export monitoring
  chatwootai monitoring export /etc/chatwootai/monitoring --docs https://wiki.example.com/chatwootai/"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take where to write, and where the pages of runbooks are to be found."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    export = add_action(actions, "export", "write prometheus/, grafana/ and alertmanager/ into a folder", EXAMPLES)
    export.add_argument("folder", type=Path, metavar="DIR", help="made where it is missing")
    where = "put before docs/guides/operations.md#... in alerts (default: nothing)"
    export.add_argument("--docs", default="", metavar="URL", help=where)
    export.add_argument("--force", action="store_true", help="replace files that were edited, or that no export wrote")
    takes_json(export)


def run(arguments: argparse.Namespace) -> int:
    """Write the files and name them; 1 where one is there that is not ours."""
    from ops.monitoring.export import export
    from ops.printing import as_json

    done = export(arguments.folder, arguments.docs, force=arguments.force)
    if arguments.json:
        as_json({"folder": str(arguments.folder), "written": done.written, "unchanged": done.unchanged})
        return 0
    for name in done.written:
        print(f"  {arguments.folder / name}")
    if done.unchanged:
        print(f"{len(done.unchanged)} files are as they were")
    return 0
