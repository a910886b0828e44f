"""The Kubernetes manifests are valid, fit each other, and set only settings that exist."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from owui_memory.settings import Environment, Valves
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
    assert {
        str(FOLDERS[name].relative_to(manifests.FOLDER)) for name in ("ollama", "external-ollama")
    } <= named
    assert named <= {str(folder.relative_to(manifests.FOLDER)) for folder in FOLDERS.values()}


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
    (tmp_path / "kustomization.yaml").write_text("resources: []\npatches: []\n")
    with pytest.raises(ValueError, match="patches is not checked"):
        assemble(tmp_path)


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
    assert ours - {"MEMORY_DATA_DIR"} <= {f"MEMORY_{name.upper()}" for name in Valves.model_fields}
    read = Environment.read({name: "a-secret" if value is None else value for name, value in found.items()})
    bound = Valves.bound(read.presets, stored=lambda: None)
    assert bound.problems == ()
    settings = bound()
    settings.check()
    assert settings.vector_store == "qdrant"
    services = {body["metadata"]["name"] for body in overlay.of_kind("Service")}
    for url in filter(None, (settings.vector_store_url, settings.llm_base_url)):
        assert re.fullmatch(r"http://([a-z]+):\d+", url)[1] in services  # type: ignore[index]


def test_data_stays_on_the_volume(overlay: Overlay) -> None:
    """Nothing else outlives a pod."""
    (pipelines,) = selected(overlay, {"app.kubernetes.io/name": "pipelines"})
    (container,) = pipelines["spec"]["template"]["spec"]["containers"]
    found = environment(container, overlay)
    for name in ("MEMORY_DATA_DIR", "PIPELINES_DIR", "PYTHONUSERBASE"):
        assert str(found[name]).startswith("/data/"), name
    assert {"name": "data", "mountPath": "/data"} in container["volumeMounts"]


def test_the_queue_has_one_writer(overlay: Overlay) -> None:
    """The state database is SQLite on one volume: two pods must never have it open, not even for a moment."""
    (pipelines,) = selected(overlay, {"app.kubernetes.io/name": "pipelines"})
    assert pipelines["spec"]["replicas"] == 1
    assert pipelines["spec"]["strategy"] == {"type": "Recreate"}


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
        given = int(re.search(r"--max-time (\d+)", command)[1])  # type: ignore[index]
        assert given < probe["timeoutSeconds"], name


def test_images_are_those_of_the_compose_file(overlay: Overlay) -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    for workload in workloads(overlay):
        for container in containers(workload):
            assert f"image: {container['image']}" in compose
