"""The files of deploy/, as far as they can be read without an orchestrator; tests/real/production has the rest."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
_CONFINED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
RESOURCES = json.loads((Path(__file__).parent / "custom_resources.json").read_text("utf-8"))
"""JSON Schemas of what is no part of Kubernetes itself, by kind, as far as it is used here."""
COMPOSE = yaml.safe_load((DEPLOY / "compose.production.yaml").read_text("utf-8"))
STACK = yaml.safe_load((DEPLOY / "swarm" / "stack.yaml").read_text("utf-8"))
SETS = [pytest.param(each, id=name) for name, each in (("compose", COMPOSE), ("swarm", STACK))]


def manifests() -> Iterator[dict[str, Any]]:
    """Every document of Kubernetes that is shipped, a patch too, without the kustomizations."""
    for file in sorted(KUBERNETES.rglob("*.yaml")):
        if file.name != "kustomization.yaml":
            yield from yaml.safe_load_all(file.read_text("utf-8"))


def pods() -> list[tuple[str, dict[str, Any]]]:
    """What runs in Kubernetes: a name, and the pod's specification. Patches have no image and are left out."""
    running = [each for each in manifests() if "template" in each.get("spec", {})]
    found = [(each["metadata"]["name"], each["spec"]["template"]["spec"]) for each in running]
    return [(name, spec) for name, spec in found if "image" in spec["containers"][0]]


@pytest.mark.parametrize("described", SETS)
def test_every_container_is_confined_and_watched(described: dict[str, Any]) -> None:
    for name, service in described["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["deploy"]["resources"]["limits"]["memory"], name
        assert service["logging"], name
        assert not service["image"].endswith("latest"), name
        assert "healthcheck" in service or name in {"redis-exporter", "balancer"}, name


@pytest.mark.parametrize("described", SETS)
def test_nothing_is_published_but_the_balancer_and_what_this_machine_may_see(described: dict[str, Any]) -> None:
    for name, service in described["services"].items():
        for port in service.get("ports", ()):
            assert name == "balancer" or str(port).startswith("127.0.0.1:"), (name, port)


@pytest.mark.parametrize("described", SETS)
def test_passwords_come_from_files(described: dict[str, Any]) -> None:
    for name, service in described["services"].items():
        for secret in service.get("secrets", ()):
            assert secret in described["secrets"], (name, secret)
        for variable, value in service.get("environment", {}).items():
            bare = re.search(r"PASSWORD|KEY|TOKEN", variable) and "_FILE" not in variable.replace("__FILE", "_FILE")
            assert not bare or value == "none", (name, variable)


@pytest.mark.parametrize("described", SETS)
def test_a_door_and_a_worker_are_given_time_to_end(described: dict[str, Any]) -> None:
    services = described["services"]
    drain = int(re.findall(r"\d+", services["ingress"]["environment"]["INGRESS_DRAIN_SECONDS"])[0])
    grace = int(services["ingress"]["stop_grace_period"].rstrip("s"))
    assert grace >= drain + 15
    assert int(services["worker"]["stop_grace_period"].rstrip("s")) >= 8 + 15


@pytest.mark.parametrize(("folder", "described"), [(DEPLOY, COMPOSE), (DEPLOY / "swarm", STACK)])
def test_what_is_mounted_exists(folder: Path, described: dict[str, Any]) -> None:
    files = [each["file"] for each in described.get("configs", {}).values()]
    mounts = [str(one).partition(":")[0] for each in described["services"].values() for one in each.get("volumes", ())]
    for file in [*files, *(one for one in mounts if one.startswith("."))]:
        assert (folder / file).exists(), file
    for mount in mounts:
        assert mount.startswith((".", "$")) or mount in described["volumes"], mount


@pytest.mark.parametrize("described", SETS)
def test_variables_of_ours_are_documented(described: dict[str, Any]) -> None:
    known = (ROOT / "docs/reference/environment.md").read_text("utf-8")
    for name in ("ingress", "worker", "console"):
        for variable in described["services"].get(name, {"environment": {}})["environment"]:
            assert f"`{variable.removesuffix('_FILE')}`" in known or variable in {"HOME", "REDIS_PASSWORD_FILE"}, (
                variable
            )


@pytest.mark.parametrize("script", sorted(DEPLOY.rglob("*.sh")), ids=lambda path: path.name)
def test_a_shell_takes_the_script(script: Path) -> None:
    assert subprocess.run(["/bin/sh", "-n", str(script)], check=False).returncode == 0


def test_redis_forgets_nothing_and_lets_nobody_in() -> None:
    lines = (DEPLOY / "redis" / "redis.conf").read_text("utf-8").splitlines()
    said = dict(line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))
    assert (said["appendonly"], said["maxmemory-policy"], said["save"]) == ("yes", "noeviction", '""')
    assert not [line for line in lines if not line.startswith("#") and " #" in line]  # Redis takes that for arguments
    for users in ("users.acl", "sentinel-users.acl"):
        assert "user default off" in (DEPLOY / "redis" / users).read_text("utf-8")
    ours = re.search(r"chatwootai on >\S+ (.*)", (DEPLOY / "redis" / "users.acl").read_text("utf-8"))
    assert ours is not None
    assert ours[1] in (ROOT / "docs/reference/redis.md").read_text("utf-8")


def test_with_secrets_puts_files_into_the_environment(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("word\n")
    (tmp_path / "key").write_text("sk-1\n")
    (tmp_path / "none").write_text("")
    environ = {
        "PATH": "/usr/bin:/bin",
        "REDIS_URL": "redis://chatwootai:@PASSWORD@@redis:6379/0",
        "CHATWOOTAI_REDIS_SHARDS": "a=redis://chatwootai:@PASSWORD@@a:6379/0,b=redis://chatwootai:@PASSWORD@@b:6379/0",
        "REDIS_PASSWORD_FILE": f"{tmp_path}/password",
        "OPENAI_API_KEY_FILE": f"{tmp_path}/key",
        "CHATWOOTAI_SECRET_KEY_FILE": f"{tmp_path}/none",
    }
    command = ["/bin/sh", str(DEPLOY / "with-secrets.sh"), "env"]
    said = subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout.splitlines()
    assert "REDIS_URL=redis://chatwootai:word@redis:6379/0" in said
    assert "CHATWOOTAI_REDIS_SHARDS=a=redis://chatwootai:word@a:6379/0,b=redis://chatwootai:word@b:6379/0" in said
    assert "OPENAI_API_KEY=sk-1" in said
    assert "CHATWOOTAI_SECRET_KEY=" in said
    assert not [line for line in said if line.startswith("REDIS_PASSWORD=")]
    environ["OPENAI_API_KEY_FILE"] = f"{tmp_path}/missing"
    assert subprocess.run(command, env=environ, capture_output=True, check=False).returncode == 2


def test_a_password_that_would_mean_something_is_refused(tmp_path: Path) -> None:
    for name in ("redis", "redis_replica", "redis_sentinel"):
        (tmp_path / f"{name}_password").write_text("a/b\n")
    environ = {"PATH": "/usr/bin:/bin", "REDIS_SELF": "a:1", "REDIS_SENTINELS": "a:1", "SECRETS": str(tmp_path)}
    environ |= {"DATA": str(tmp_path), "RUN": str(tmp_path / "run")}
    for script in ("start-redis.sh", "start-sentinel.sh"):
        command = ["/bin/sh", str(DEPLOY / "redis" / script)]
        said = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        assert said.returncode == 2
        assert "openssl rand -hex 24" in said.stderr
        assert "a/b" not in said.stdout + said.stderr


def test_every_pod_is_restricted() -> None:
    running = pods()
    assert {name for name, _ in running} == {"ingress", "worker", "console", "redis"}
    for name, spec in running:
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert spec["automountServiceAccountToken"] is False, name
        for container in spec["containers"]:
            own = container["securityContext"]
            assert own == _CONFINED, name
            resources = container["resources"]
            assert resources["requests"]["memory"] == resources["limits"]["memory"], name
            assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys(), name


def test_every_pod_has_its_network_policy() -> None:
    found = {each["metadata"]["name"] for each in manifests() if each["kind"] == "NetworkPolicy"}
    assert found >= {"nobody", *(name for name, _ in pods())}


def test_custom_resources_are_what_their_makers_say() -> None:
    custom = [each for each in manifests() if each["kind"] in RESOURCES]
    assert {each["kind"] for each in custom} == RESOURCES.keys()
    for each in custom:
        jsonschema.validate(each, RESOURCES[each["kind"]])


def test_workers_grow_by_metrics_that_there_are() -> None:
    text = (KUBERNETES / "overlays" / "large" / "scaling.yaml").read_text("utf-8")
    asked = set(re.findall(r"\bchatwootai_\w+", text))
    assert asked
    for name in asked:
        assert f'"{name}"' in (ROOT / "chatwootai" / "telemetry" / "metrics.py").read_text("utf-8"), name


def test_the_guide_names_every_file() -> None:
    guide = (ROOT / "docs/guides/production.md").read_text("utf-8")
    for name in (
        "compose.production.yaml",
        "haproxy/haproxy.cfg",
        "redis/",
        "swarm/stack.yaml",
        "overlays/small",
        "overlays/large",
    ):
        assert f"deploy/{name}" in guide or f"kubernetes/{name}" in guide, name


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not here")
def test_haproxy_takes_its_file() -> None:
    file = DEPLOY / "haproxy" / "haproxy.cfg"
    said = subprocess.run(["haproxy", "-c", "-f", str(file)], capture_output=True, text=True, check=False)
    assert (said.returncode, "WARNING" in said.stderr) == (0, False), said.stderr
