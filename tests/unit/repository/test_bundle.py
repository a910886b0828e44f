"""The one file: made of the package word for word; of its modules a newer file leaves none behind."""

import sys
import traceback
from collections.abc import Iterator
from importlib import import_module
from importlib.resources import files as resources
from pathlib import Path
from types import ModuleType

import pytest

from scripts import bundle
from scripts.bundle_loader import Bundle


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    finders, modules = list(sys.meta_path), set(sys.modules)
    yield
    sys.meta_path[:] = finders
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def installed(plugin: str = "plugin", **modules: str) -> str:
    """The name of a package with these modules."""
    return in_files({f"{name}.py": text for name, text in modules.items()}, plugin)


def in_files(sources: dict[str, str], plugin: str = "plugin") -> str:
    return Bundle(plugin, {"__init__.py": "", **sources}).install()


def module(package: str, name: str) -> ModuleType:
    return import_module(f"{package}.{name}")


def files() -> list[Path]:
    """All of the package but what Python writes there, and the mark for type checkers."""
    files = (path for path in bundle.PACKAGE.rglob("*") if path.is_file())
    return [path for path in files if path.suffix != ".pyc" and path.name != "py.typed"]


class TestTheFile:
    def test_holds_every_module_word_for_word(self) -> None:
        code = bundle.bundle().removesuffix("Pipeline = load()\n")
        file: dict[str, dict[str, str]] = {}
        exec(compile(code, "memory_filter.py", "exec", dont_inherit=True), file)
        assert file["SOURCES"] == {
            path.relative_to(bundle.PACKAGE).as_posix(): path.read_text() for path in files()
        }
        assert {"plugin.py", "core/locales/en.po"} <= file["SOURCES"].keys()

    def test_templates_are_found_in_it(self) -> None:
        package = Bundle("plugin", bundle.sources()).install()
        template = import_module(f"{package}.digests.template")
        listed = [one.name for one in template.Templates(Path("nowhere")).all()]
        there = (bundle.PACKAGE / "digests" / "templates").glob("*.md")
        assert listed == sorted(path.stem for path in there)

    def test_can_be_read(self) -> None:
        text = bundle.bundle()
        for path in files():
            assert path.read_text() in text

    def test_begins_with_the_header_of_the_plugin(self) -> None:
        header = bundle.PLUGIN.read_text().split('"""')[1]
        assert bundle.bundle().startswith(f'"""{header}"""\n')
        assert {"title", "author", "version", "license", "description"} == {
            line.partition(":")[0] for line in header.split("\n") if line
        }

    @pytest.mark.parametrize("text", ["x = '''a'''\n", "# \\", "x = 'a'"])
    def test_refuses_what_would_not_stand_in_it_as_it_is(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"some\.py must not hold"):
            bundle._section("some.py", text)


class TestDataFiles:
    def test_are_read_as_in_a_folder(self) -> None:
        package = in_files(
            {"inner/__init__.py": "", "inner/a.py": "", "inner/b.po": "ä 'x' \\n", "c.txt": "top"}
        )
        inner = resources(module(package, "inner")).joinpath("b.po")
        assert inner.read_text(encoding="utf-8") == "ä 'x' \\n"
        assert inner.read_bytes() == "ä 'x' \\n".encode()
        assert (inner.name, inner.is_file()) == ("b.po", True)
        assert (resources(import_module(package)) / "c.txt").read_text() == "top"

    def test_texts_of_all_languages_are_there(self) -> None:
        package = in_files(bundle.sources())
        locales = import_module(f"{package}.core.locales")
        said = {locales.locale(code).say("nothing yet") for code in locales.CODES}
        assert len(said) == len(locales.CODES)

    def test_one_that_is_not_there_is_missed(self) -> None:
        package = in_files({"inner/__init__.py": ""})
        there = resources(module(package, "inner")).joinpath("b.po")
        assert not there.is_file()
        with pytest.raises(FileNotFoundError):
            there.read_text()


class TestModules:
    def test_import_each_other_relatively(self) -> None:
        inner = {"inner/__init__.py": "", "inner/b.py": "from ..c import WHO", "c.py": "WHO = 'c'"}
        package = in_files({"a.py": "from .inner.b import WHO", **inner})
        assert module(package, "a").WHO == "c"

    def test_are_found_by_a_path_with_dots(self) -> None:
        """As mem0 imports the classes of stores."""
        package = installed(stores="CLASS = f'{__package__}.store.Store'", store="class Store: ...")
        path, _, name = module(package, "stores").CLASS.rpartition(".")
        assert getattr(import_module(path), name).__name__ == "Store"

    def test_have_no_file_and_take_their_futures_from_themselves(self) -> None:
        package = installed(
            a="from __future__ import annotations\nx: Missing = 1",
            b="try:\n x: Missing = 1\nexcept NameError: ok = True",
        )
        assert not hasattr(module(package, "a"), "__file__")
        assert module(package, "b").ok

    def test_what_is_not_there_is_not_found(self) -> None:
        package = installed()
        with pytest.raises(ModuleNotFoundError):
            module(package, "nothing")

    def test_tracebacks_show_their_lines(self) -> None:
        package = installed(a="def fails():\n    raise ValueError('here')  # in this line\n")
        with pytest.raises(ValueError, match="here") as raised:
            module(package, "a").fails()
        told = "".join(traceback.format_exception(raised.value))
        assert 'plugin.py/a.py", line 2, in fails' in told
        assert "# in this line" in told


class TestANewerFile:
    def test_is_imported_anew_and_the_earlier_one_is_gone(self) -> None:
        first = installed(a="WHAT = 1")
        module(first, "a")
        second = installed(a="WHAT = 2")
        assert module(second, "a").WHAT == 2
        assert [name for name in sys.modules if name.startswith(first)] == []
        assert [getattr(finder, "package", None) for finder in sys.meta_path].count(first) == 0
        with pytest.raises(ModuleNotFoundError):
            module(first, "a")

    def test_the_same_once_more_keeps_its_modules(self) -> None:
        first = module(installed(a="WHAT = 1"), "a")
        assert module(installed(a="WHAT = 1"), "a") is first
        assert len([f for f in sys.meta_path if hasattr(f, "package")]) == 1

    def test_its_stores_have_names_of_their_own_in_mem0(self) -> None:
        """There the earlier file's may still be needed, and the last to enter a name would win."""
        first = module(in_files(bundle.sources()), "stores.opening").CLASSES
        second = module(in_files({**bundle.sources(), "newer.py": ""}), "stores.opening").CLASSES
        assert first.keys().isdisjoint(second)

    def test_other_plugins_keep_theirs(self) -> None:
        other = installed("other", a="WHAT = 1")
        installed(a="WHAT = 1")
        installed(a="WHAT = 2")
        assert module(other, "a").WHAT == 1
