"""Whatever people say, paste, import or let a model answer: the work for it grows as the text does."""

import importlib
import pkgutil
import re
from collections.abc import Iterable

import pytest

import owui_memory
from owui_memory.language.secrets import formats
from tests.harness.growth import fragments_of, patterns_of, repeated
from tests.harness.hang import HangsError, work_ends
from tests.harness.inputs import inputs
from tests.harness.kill_samples import commit, sample
from tests.harness.readers import BODIES, CHARS, TEXTS, Reader
from tests.unit.language.hostile import HOSTILE


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    formats()  # imported once, and no part of any text's work


def read(reader: Reader, fragments: Iterable[str]) -> None:
    for fragment in fragments:
        with work_ends(fragment):
            reader.work(repeated(fragment, reader.chars))


@pytest.mark.parametrize("reader", [*BODIES, *TEXTS], ids=lambda reader: reader.name)
def test_long_texts_are_read_in_one_pass(reader: Reader) -> None:
    some = list(reader.fragments())
    read(reader, sample(some, seed="quick"))


@pytest.mark.slow
@pytest.mark.parametrize("reader", [*BODIES, *TEXTS], ids=lambda reader: reader.name)
def test_so_is_everything_that_a_pattern_looks_for(reader: Reader) -> None:
    read(reader, sample(list(reader.fragments()), seed=commit(), number=20))


@pytest.mark.parametrize("reader", TEXTS, ids=lambda reader: reader.name)
def test_what_is_hostile_once_is_so_many_times_too(reader: Reader) -> None:
    shown = [text for text in (*HOSTILE, *inputs("orders_said").ORDERS) if len(text) < 1000]
    read(reader, ["\n".join(shown).encode(errors="replace").decode()])


@pytest.mark.parametrize("reader", BODIES, ids=lambda reader: reader.name)
@pytest.mark.parametrize("fragment", ["<think>\n", "see <details type= ", "é\ud800"])
def test_ten_megabytes_are_read(reader: Reader, fragment: str) -> None:
    with work_ends(fragment):
        reader.work(repeated(fragment, 10_000_000))


# Whose patterns see settings, dates, words, ids of a bounded length only, or texts that another one has cut.
_SEE_NO_LONG_TEXTS = {
    *("commands.answers", "commands.explained", "interfaces.intake", "core.locales.po"),
    *("config.model_patterns", "remember.reconcile", "core.scope", "language.names", "config.addresses"),
    *("language.forms", "recall.episodes"),
}


def test_every_module_with_patterns_is_measured() -> None:
    measured = {module.__name__ for reader in (*BODIES, *TEXTS) for module in reader.modules}
    for found in pkgutil.walk_packages(owui_memory.__path__, "owui_memory."):
        if found.name.endswith("__main__") or found.name.removeprefix("owui_memory.") in _SEE_NO_LONG_TEXTS:
            continue
        if list(patterns_of(importlib.import_module(found.name))):
            assert found.name in measured, "name what reads texts with it in tests/harness/readers.py"


class TestTheMeasure:
    """It finds what it is for."""

    @pytest.mark.parametrize(("pattern", "fragment"), [("<a>.*?</a>", "<a>"), (r"<b\b[^>]*>", "<b ")])
    def test_a_pattern_that_backtracks(self, pattern: str, fragment: str) -> None:
        text = repeated(fragment, CHARS)
        with pytest.raises(HangsError), work_ends(fragment, within=0.2):
            re.compile(pattern, re.DOTALL).findall(text)

    @pytest.mark.parametrize(
        "pattern", [r"(?i)ab{2,3}[x-z](?:cd|ef)?\d+", r"(['\"])x\1(?=y)y", r"(?<!a)[^a]\s.\w*?z|q"]
    )
    def test_fragments_are_what_a_pattern_looks_for(self, pattern: str) -> None:
        compiled = re.compile(pattern)
        assert any(compiled.search(fragment) for fragment in fragments_of(compiled, 8))

    def test_all_patterns_of_a_module_are_found(self) -> None:
        import owui_memory.language.sanitize as module

        assert len(list(patterns_of(module))) == 12
