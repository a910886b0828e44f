"""Reads deploy/kubernetes as kustomize would, and checks each manifest against the API's JSON schemas.

`python -m scripts.manifests` prints what is wrong with which file, and its exit code is 1 then. It needs
neither a network nor kustomize: the overlays add resources and settings, and patch those of the base.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "deploy" / "kubernetes"
VERSIONS = ("1.25", "1.37")  # of Kubernetes: the oldest and newest with schemas here
_KNOWN = {
    *("apiVersion", "kind", "resources", "patches"),
    *("generatorOptions", "configMapGenerator", "secretGenerator"),
}


@dataclass(frozen=True)
class Manifest:
    """One object of the API, and the file that it is from, or that has changed it last."""

    path: Path
    body: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.body['kind']}/{self.body['metadata']['name']}"


@dataclass
class Overlay:
    """What one `kubectl apply -k` sends: manifests, and what the generators make, by the object's name."""

    manifests: list[Manifest] = field(default_factory=list)
    settings: dict[str, dict[str, str]] = field(default_factory=dict)
    files: dict[str, list[str]] = field(default_factory=dict)
    secrets: dict[str, set[str]] = field(default_factory=dict)

    def of_kind(self, *kinds: str) -> list[Mapping[str, Any]]:
        return [manifest.body for manifest in self.manifests if manifest.body["kind"] in kinds]


def overlays() -> list[Path]:
    """The folders that can be applied."""
    return sorted(path.parent for path in FOLDER.rglob("kustomization.yaml"))


def read(path: Path) -> list[Manifest]:
    """The manifests of one file."""
    return [Manifest(path, body) for body in yaml.safe_load_all(path.read_text()) if body]


def assemble(folder: Path) -> Overlay:
    """The folder's kustomization with those it builds on.

    Raises:
        FileNotFoundError: it names a file that is not there.
        ValueError: it says something that is not understood here.
    """
    said = yaml.safe_load((folder / "kustomization.yaml").read_text())
    if unknown := set(said) - _KNOWN:
        raise ValueError(f"{folder}: {', '.join(sorted(unknown))} is not checked by scripts/manifests.py.")
    whole = Overlay()
    for resource in said["resources"]:
        path = (folder / resource).resolve()
        if path.is_dir():
            below = assemble(path)
            whole.manifests += below.manifests
            whole.settings |= below.settings
            whole.files |= below.files
            whole.secrets |= below.secrets
        else:
            whole.manifests += read(path)
    for patch in said.get("patches", []):
        if set(patch) != {"path"}:
            raise ValueError(f"{folder}: a patch other than by path is not checked by scripts/manifests.py.")
        for change in read(folder / patch["path"]):
            whole.manifests = _patched(whole.manifests, change)
    for made in said.get("configMapGenerator", []):
        pairs = dict(line.split("=", 1) for line in made.get("literals", []))
        if (made.get("behavior") == "merge") != (made["name"] in whole.settings):
            raise ValueError(f"{folder}: {made['name']} must merge with what is below, and only then.")
        whole.settings.setdefault(made["name"], {}).update(pairs)
        whole.files.setdefault(made["name"], []).extend(made.get("files", []))
    for made in said.get("secretGenerator", []):
        keys = {key for name in made["envs"] for key in example_keys(folder / f"{name}.example")}
        whole.secrets.setdefault(made["name"], set()).update(keys)
    return whole


def _patched(manifests: Sequence[Manifest], change: Manifest) -> list[Manifest]:
    """The same with one of them changed, or taken away.

    Raises:
        ValueError: there is not one that the change is for.
    """
    found = [known for known in manifests if known.name == change.name]
    if len(found) != 1:
        raise ValueError(f"{change.path}: there must be one {change.name} to patch, not {len(found)}.")
    others = [known for known in manifests if known is not found[0]]
    if change.body.get("$patch") == "delete":
        return others
    return [*others, Manifest(change.path, _merged(found[0].body, change.body))]


def _merged(old: Any, new: Any) -> Any:
    """Kubernetes' strategic merge, as far as it is needed here: null takes away, and lists go by name."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        whole = {**old, **{key: _merged(old.get(key), value) for key, value in new.items()}}
        return {key: value for key, value in whole.items() if value is not None}
    if isinstance(old, list) and isinstance(new, list) and all("name" in item for item in [*old, *new]):
        named = {item["name"]: item for item in old}
        for item in new:
            named[item["name"]] = _merged(named.get(item["name"]), item)
        return list(named.values())
    return new


def example_keys(path: Path) -> Iterator[str]:
    """The keys of an example of a file of secrets.

    Raises:
        ValueError: it holds a value.
    """
    for line in path.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        key, _, value = line.partition("=")
        if value:
            raise ValueError(f"{path.name}: {key} has a value; the example holds none.")
        yield key


def problems(manifest: Manifest, version: str) -> list[str]:
    """What Kubernetes of this version would refuse, unknown fields too; empty if nothing."""
    try:
        kubernetes_validate.validate(dict(manifest.body), version, strict=True)
    except kubernetes_validate.ValidationError as invalid:
        place = ".".join(map(str, invalid.absolute_path)) or "the object"
        return [f"{place}: {invalid.message}"]
    except kubernetes_validate.SchemaNotFoundError as unknown:
        return [str(unknown.message)]
    return []


def main() -> int:
    wrong = 0
    checked = set()
    for folder in overlays():
        for manifest in assemble(folder).manifests:
            key = (manifest.path, manifest.name)
            if key in checked:
                continue
            checked.add(key)
            for version in VERSIONS:
                for problem in problems(manifest, version):
                    wrong += 1
                    print(
                        f"{manifest.path.relative_to(ROOT)}: {manifest.name}, Kubernetes {version}: {problem}"
                    )
    if not checked:
        print("There are no manifests.")
        return 1
    print(f"{len(checked)} manifests, Kubernetes {' and '.join(VERSIONS)}: {wrong or 'nothing'} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
