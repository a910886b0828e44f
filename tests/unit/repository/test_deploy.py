"""The Kubernetes manifests are valid, fit each other, and set only settings that exist."""

import copy
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from owui_memory.config.environment import Environment
from owui_memory.config.settings import Valves
from scripts import manifests
from scripts.manifests import ROOT, VERSIONS, Manifest, Overlay, assemble, overlays, problems

CLIENT = {"owui-memory/client": "true"}  # what the pods of Open WebUI carry; they are not ours
FOLDERS = {folder.name: folder for folder in overlays()}
ALL = {
    f"{manifest.path.parent.name}/{manifest.name}": manifest
    for folder in FOLDERS.values()
    for manifest in assemble(folder).manifests
}


@pytest.fixture(params=FOLDERS)
def overlay(request: pytest.FixtureRequest) -> Overlay:
    return assemble(FOLDERS[request.param])


def workloads(overlay: Overlay) -> list[Mapping[str, Any]]:
    return overlay.of_kind("Deployment", "StatefulSet")


def containers(workload: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    spec = workload["spec"]["template"]["spec"]
    return [*spec.get("initContainers", []), *spec["containers"]]


def labels(workload: Mapping[str, Any]) -> dict[str, str]:
    return workload["spec"]["template"]["metadata"]["labels"]


def fits(selector: Mapping[str, str], labelled: Mapping[str, str]) -> bool:
    return selector.items() <= labelled.items()


def selected(overlay: Overlay, selector: Mapping[str, str]) -> list[Mapping[str, Any]]:
    return [workload for workload in workloads(overlay) if fits(selector, labels(workload))]


def environment(container: Mapping[str, Any], overlay: Overlay) -> dict[str, str | None]:
    """The container's variables; None for those that come from a secret."""
    found: dict[str, str | None] = {}
    for source in container.get("envFrom", []):
        found |= overlay.settings[source["configMapRef"]["name"]]
    return found | {entry["name"]: entry.get("value") for entry in container.get("env", [])}


def test_there_are_the_overlays_that_the_readme_names() -> None:
    named = set(
        re.findall(r"apply .*-k deploy/kubernetes/(\S+)", (manifests.FOLDER / "README.md").read_text())
    )
    assert named == {str(folder.relative_to(manifests.FOLDER)) for folder in FOLDERS.values()}
    assert {"base", "overlays/ollama", "overlays/external-ollama", "overlays/replicas"} <= named


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ALL)
def test_every_manifest_is_valid(name: str, version: str) -> None:
    assert problems(ALL[name], version) == []


@pytest.mark.parametrize(
    ("kind", "path", "value", "told"),
    [
        ("Deployment", ("spec", "replicas"), "one", "spec.replicas"),
        ("Deployment", ("spec", "replica"), 1, "'replica' was unexpected"),
        ("Service", ("spec", "ports"), [{"name": "http"}], "'port' is a required property"),
        ("NetworkPolicy", ("spec", "ingres"), [], "'ingres' was unexpected"),
        ("StatefulSet", ("apiVersion",), "apps/v9", "Couldn't find schema"),
    ],
)
def test_a_broken_manifest_is_refused(kind: str, path: tuple[str, ...], value: Any, told: str) -> None:
    body = copy.deepcopy(next(m.body for m in ALL.values() if m.body["kind"] == kind))
    place: Any = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    (problem,) = problems(Manifest(Path("broken.yaml"), body), VERSIONS[-1])
    assert told in problem


def test_the_check_fails_when_a_file_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [service.yaml]\n")
    service = tmp_path / "service.yaml"
    service.write_text("apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n")
    monkeypatch.setattr(manifests, "FOLDER", tmp_path)
    monkeypatch.setattr(manifests, "ROOT", tmp_path)
    assert manifests.main() == 0
    service.write_text(service.read_text().replace("port: 80", "port: eighty"))
    assert manifests.main() == 1
    assert "service.yaml: Service/a, Kubernetes 1.37: spec.ports.0.port" in capsys.readouterr().out


def test_what_the_check_does_not_understand_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: []\nnamePrefix: our-\n")
    with pytest.raises(ValueError, match="namePrefix is not checked"):
        assemble(tmp_path)
    (tmp_path / "kustomization.yaml").write_text("resources: []\npatches: [{patch: '...'}]\n")
    with pytest.raises(ValueError, match="other than by path is not checked"):
        assemble(tmp_path)


SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: a, labels: {for: us}}
spec:
  clusterIP: None
  ports: [{name: http, port: 80}, {name: more, port: 90}]
---
apiVersion: v1
kind: Service
metadata: {name: b}
spec: {ports: [{port: 80}]}
"""


def patched(folder: Path, patch: str) -> dict[str, Any]:
    """The objects of `SERVICE` with a patch, by name."""
    (folder / "kustomization.yaml").write_text("resources: [all.yaml]\npatches: [{path: patch.yaml}]\n")
    (folder / "all.yaml").write_text(SERVICE)
    (folder / "patch.yaml").write_text(patch)
    return {made.name: made for made in assemble(folder).manifests}


def test_a_patch_changes_what_it_names_and_leaves_the_rest(tmp_path: Path) -> None:
    made = patched(
        tmp_path,
        "kind: Service\nmetadata: {name: a}\nspec:\n  clusterIP: null\n  type: NodePort\n"
        "  ports: [{name: more, nodePort: 30090}, {name: new, port: 100}]\n",
    )
    changed = made["Service/a"]
    assert changed.path.name == "patch.yaml", "so that it is checked beside the one that it was made of"
    assert changed.body == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "a", "labels": {"for": "us"}},
        "spec": {
            "type": "NodePort",
            "ports": [
                {"name": "http", "port": 80},
                {"name": "more", "port": 90, "nodePort": 30090},
                {"name": "new", "port": 100},
            ],
        },
    }
    assert made["Service/b"].body["spec"] == {"ports": [{"port": 80}]}


def test_a_patch_may_take_away_and_must_find_what_it_is_for(tmp_path: Path) -> None:
    gone = "kind: Service\nmetadata: {name: a}\n$patch: delete\n"
    assert set(patched(tmp_path, gone)) == {"Service/b"}
    with pytest.raises(ValueError, match="one Service/c to patch, not 0"):
        patched(tmp_path, gone.replace("name: a", "name: c"))


def test_the_example_of_the_secret_holds_no_secret(tmp_path: Path) -> None:
    assert set(manifests.example_keys(manifests.FOLDER / "base" / "secret.env.example")) >= {
        "PIPELINES_API_KEY"
    }
    filled = tmp_path / "secret.env.example"
    filled.write_text("PIPELINES_API_KEY=sk-1\n")
    with pytest.raises(ValueError, match="PIPELINES_API_KEY has a value") as refused:
        list(manifests.example_keys(filled))
    assert "sk-1" not in str(refused.value)


def test_each_workload_selects_its_own_pods_only(overlay: Overlay) -> None:
    for workload in workloads(overlay):
        assert selected(overlay, workload["spec"]["selector"]["matchLabels"]) == [workload]


def test_every_service_leads_somewhere(overlay: Overlay) -> None:
    for service in overlay.of_kind("Service"):
        name, spec = service["metadata"]["name"], service["spec"]
        if "selector" not in spec:
            slices = [
                body
                for body in overlay.of_kind("EndpointSlice")
                if body["metadata"]["labels"]["kubernetes.io/service-name"] == name
            ]
            assert [[port["port"] for port in body["ports"]] for body in slices] == [
                [port["targetPort"] for port in spec["ports"]]
            ], name
            continue
        (workload,) = selected(overlay, spec["selector"])
        offered = {port["name"] for container in containers(workload) for port in container.get("ports", [])}
        assert {port["targetPort"] for port in spec["ports"]} <= offered, name


def test_a_stateful_set_has_the_service_that_it_names(overlay: Overlay) -> None:
    services = {body["metadata"]["name"] for body in overlay.of_kind("Service")}
    assert {body["spec"]["serviceName"] for body in overlay.of_kind("StatefulSet")} <= services


def test_every_key_volume_and_map_is_there(overlay: Overlay) -> None:
    claims = {body["metadata"]["name"] for body in overlay.of_kind("PersistentVolumeClaim")}
    for workload in workloads(overlay):
        volumes = workload["spec"]["template"]["spec"].get("volumes", [])
        made = {claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", [])}
        for volume in volumes:
            if "persistentVolumeClaim" in volume:
                assert volume["persistentVolumeClaim"]["claimName"] in claims
            if "configMap" in volume:
                assert overlay.files[volume["configMap"]["name"]]
        for container in containers(workload):
            mounted = {mount["name"] for mount in container.get("volumeMounts", [])}
            assert mounted <= made | {volume["name"] for volume in volumes}
            for entry in container.get("env", []):
                if reference := entry.get("valueFrom", {}).get("secretKeyRef"):
                    assert reference["key"] in overlay.secrets[reference["name"]]


def test_only_settings_that_exist_are_set_and_they_are_accepted(overlay: Overlay) -> None:
    (pipelines,) = selected(overlay, {"app.kubernetes.io/name": "pipelines"})
    (container,) = pipelines["spec"]["template"]["spec"]["containers"]
    found = environment(container, overlay)
    ours = {name for name in found if name.startswith("MEMORY_")}
    no_settings = {"MEMORY_DATA_DIR", "MEMORY_STATE_URL", "MEMORY_STATE_PASSWORD"}
    assert ours - no_settings <= {f"MEMORY_{name.upper()}" for name in Valves.model_fields}
    secret = {"MEMORY_UPSTREAMS": '[{"name": "a", "base_url": "http://a/v1"}]'}
    told = {name: secret.get(name, "a-secret") if value is None else value for name, value in found.items()}
    read = Environment.read(told)
    bound = Valves.bound(read.presets, stored=lambda: None)
    assert bound.problems == ()
    settings = bound()
    settings.check()
    assert settings.vector_store == "qdrant"
    services = {body["metadata"]["name"] for body in overlay.of_kind("Service")}
    for url in filter(None, (settings.vector_store_url, settings.llm_base_url)):
        assert re.fullmatch(r"http://([a-z]+):\d+", url)[1] in services


def pipelines_of(overlay: Overlay) -> tuple[Mapping[str, Any], dict[str, str | None]]:
    """The workload, and what its server finds in its environment."""
    (pipelines,) = selected(overlay, {"app.kubernetes.io/name": "pipelines"})
    (container,) = pipelines["spec"]["template"]["spec"]["containers"]
    assert {"name": "data", "mountPath": "/data"} in container["volumeMounts"]
    return pipelines, environment(container, overlay)


def test_what_is_written_goes_to_the_volume(overlay: Overlay) -> None:
    _, found = pipelines_of(overlay)
    for name in ("MEMORY_DATA_DIR", "PIPELINES_DIR", "PYTHONUSERBASE"):
        assert str(found[name]).startswith("/data/"), name


def test_the_state_outlives_its_pods_and_has_one_writer_or_is_shared(overlay: Overlay) -> None:
    """An SQLite database on one volume: two pods must never have it open, not even for a moment."""
    pipelines, found = pipelines_of(overlay)
    (data,) = [
        volume for volume in pipelines["spec"]["template"]["spec"]["volumes"] if volume["name"] == "data"
    ]
    if "MEMORY_STATE_URL" in found:
        assert set(data) == {"name", "emptyDir"}, "pods on several machines cannot have one volume"
        assert not overlay.of_kind("PersistentVolumeClaim")
        assert pipelines["spec"]["strategy"]["type"] == "RollingUpdate"
    else:
        assert "persistentVolumeClaim" in data
        assert pipelines["spec"]["replicas"] == 1
        assert pipelines["spec"]["strategy"] == {"type": "Recreate"}


def test_several_servers_share_a_postgresql_that_takes_them_and_their_password() -> None:
    overlay = assemble(FOLDERS["replicas"])
    pipelines, found = pipelines_of(overlay)
    assert pipelines["spec"]["replicas"] == 3
    address = make_url(str(found["MEMORY_STATE_URL"]))
    (postgres,) = selected(overlay, {"app.kubernetes.io/name": "postgres"})
    (container,) = containers(postgres)
    theirs = {entry["name"]: entry for entry in container["env"]}
    (service,) = [body for body in overlay.of_kind("Service") if body["metadata"]["name"] == address.host]
    assert selected(overlay, service["spec"]["selector"]) == [postgres]
    assert [port["port"] for port in service["spec"]["ports"]] == [address.port]
    assert theirs["POSTGRES_USER"]["value"] == address.username, "its owner: it makes the tables"
    assert theirs["POSTGRES_DB"]["value"] == address.database
    (server,) = pipelines["spec"]["template"]["spec"]["containers"]
    (ours,) = [entry for entry in server["env"] if entry["name"] == "MEMORY_STATE_PASSWORD"]
    assert theirs["POSTGRES_PASSWORD"]["valueFrom"] == ours["valueFrom"]
    claims = {claim["metadata"]["name"] for claim in postgres["spec"]["volumeClaimTemplates"]}
    (mount,) = [mount for mount in container["volumeMounts"] if mount["name"] in claims]
    assert theirs["PGDATA"]["value"].startswith(mount["mountPath"])


def test_a_disruption_leaves_servers(overlay: Overlay) -> None:
    for budget in overlay.of_kind("PodDisruptionBudget"):
        (workload,) = selected(overlay, budget["spec"]["selector"]["matchLabels"])
        assert budget["spec"]["maxUnavailable"] < workload["spec"]["replicas"]
    budgets = [body["metadata"]["name"] for body in overlay.of_kind("PodDisruptionBudget")]
    assert budgets == (["pipelines"] if pipelines_of(overlay)[0]["spec"]["replicas"] > 1 else [])


def test_only_open_webui_reaches_pipelines_and_only_pipelines_qdrant(overlay: Overlay) -> None:
    allowed: dict[str, list[tuple[list[Mapping[str, str]], list[int]]]] = {}
    for policy in overlay.of_kind("NetworkPolicy"):
        spec = policy["spec"]
        assert spec["policyTypes"] == ["Ingress"]
        (workload,) = selected(overlay, spec["podSelector"]["matchLabels"])
        for rule in spec["ingress"]:
            peers = [source["podSelector"]["matchLabels"] for source in rule["from"]]
            assert all(set(source) == {"podSelector"} for source in rule["from"])
            ports = [port["port"] for port in rule["ports"]]
            allowed.setdefault(workload["metadata"]["name"], []).append((peers, ports))
    pipelines = {"app.kubernetes.io/name": "pipelines"}
    assert allowed["pipelines"] == [([CLIENT], [9099])]
    assert allowed["qdrant"] == [([pipelines], [6333])]
    assert allowed.get("postgres") in (None, [([pipelines], [5432])])
    assert set(allowed) == {workload["metadata"]["name"] for workload in workloads(overlay)}
    for peers, _ in (rule for rules in allowed.values() for rule in rules):
        for peer in peers:
            assert peer == CLIENT or selected(overlay, peer)
    assert not any(fits(CLIENT, labels(workload)) for workload in workloads(overlay))


def test_pods_are_confined(overlay: Overlay) -> None:
    for workload in workloads(overlay):
        spec = workload["spec"]["template"]["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] > 0
        assert spec["automountServiceAccountToken"] is False
        for container in containers(workload):
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert {"requests", "limits"} <= set(container["resources"])


def probes(workload: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for container in workload["spec"]["template"]["spec"]["containers"]:
        for name in ("startupProbe", "livenessProbe", "readinessProbe"):
            yield name, container[name]


def test_probes_of_pipelines_send_the_key_from_the_environment(overlay: Overlay) -> None:
    """The filter refuses a request without it, on every route."""
    (pipelines,) = selected(overlay, {"app.kubernetes.io/name": "pipelines"})
    for name, probe in probes(pipelines):
        command = " ".join(probe["exec"]["command"])
        assert "Bearer $PIPELINES_API_KEY" in command, name
        given = int(re.search(r"--max-time (\d+)", command)[1])
        assert given < probe["timeoutSeconds"], name


def test_images_are_those_of_the_compose_file(overlay: Overlay) -> None:
    """Which has one Pipelines server, and so no PostgreSQL."""
    compose = (ROOT / "docker-compose.yml").read_text()
    for workload in workloads(overlay):
        for container in containers(workload):
            pinned = re.fullmatch(r"postgres:\d+\.\d+", container["image"])
            image = container["image"]
            assert pinned or f"image: {image}" in compose or f":-{image}}}" in compose
