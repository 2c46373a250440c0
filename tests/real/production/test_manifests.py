"""The files of deploy/, read by the programs that will run them, without a daemon or a cluster."""

import re
import subprocess
from pathlib import Path

import pytest

from ops.monitoring.export import export
from tests.real.parts import where
from tests.real.production.redis_set import DEPLOY

OVERLAYS = ["small", "large"]
VERSIONS = ["1.29", "1.32", "1.37"]
"""Of Kubernetes: the oldest that is supported somewhere, the one of the kubectl at hand, the newest."""
_SPEC = """
import re, sys, yaml
from compose_spec import PyCompose
text = re.sub(r"\\$\\{\\w+:-([^}]*)\\}", r"\\1", open(sys.argv[1]).read())
read = PyCompose.from_yaml(yaml.safe_dump(yaml.safe_load(text)))
read.validate()
read.to_spec()
print(*read.service_names())
"""


def ran(*command: str) -> str:
    """What a program prints; its complaint fails the test."""
    done = subprocess.run(command, cwd=DEPLOY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:] or done.stdout[-2000:]
    return done.stdout


@pytest.mark.real("docker compose")
@pytest.mark.parametrize("file", ["compose.production.yaml", "../compose.yaml"])
def test_docker_compose_takes_the_file(file: str) -> None:
    assert "balancer" in ran("docker", "compose", "-f", file, "config") or file.startswith("..")


@pytest.mark.real("manifests")
@pytest.mark.parametrize("file", ["compose.production.yaml", "../compose.yaml"])
def test_the_compose_file_is_one_by_the_specification(file: str) -> None:
    """What `<<` merges and what a variable stands for is put in before: the reader knows neither."""
    python = Path(where("manifests")).parent / "python"
    assert {"ingress", "worker"} <= set(ran(str(python), "-c", _SPEC, file).split())


@pytest.mark.real("docker stack")
def test_docker_takes_the_stack() -> None:
    said = ran("docker", "stack", "config", "-c", "swarm/stack.yaml")
    assert "order: start-first" in said
    assert "failure_action: rollback" in said


@pytest.mark.real("kubectl", "manifests")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubernetes_takes_the_overlay(overlay: str, tmp_path: Path) -> None:
    built = tmp_path / "built.yaml"
    built.write_text(ran("kubectl", "kustomize", f"kubernetes/overlays/{overlay}"))
    for version in VERSIONS:
        said = ran(where("manifests"), "--strict", "-k", version, str(built))
        unknown = set(re.findall(r"find schema for kind (\w+)", said))
        assert unknown == ({"ScaledObject", "PodMonitor"} if overlay == "large" else set()), said
        assert said.count(" passed for resource ") >= 12


@pytest.mark.real("promtool")
def test_prometheus_takes_its_file_with_the_rules_that_are_exported(tmp_path: Path) -> None:
    export(tmp_path)
    mounted = (
        (DEPLOY / "prometheus" / "prometheus.yml")
        .read_text()
        .replace("/etc/prometheus/chatwootai", f"{tmp_path}/prometheus")
    )
    (tmp_path / "prometheus.yml").write_text(mounted)
    said = ran(where("promtool"), "check", "config", str(tmp_path / "prometheus.yml"))
    assert len(re.findall(r"SUCCESS: \d+ rules found", said)) == 2, said


@pytest.mark.real("haproxy")
def test_haproxy_takes_its_file() -> None:
    ran(where("haproxy"), "-c", "-f", "haproxy/haproxy.cfg")
