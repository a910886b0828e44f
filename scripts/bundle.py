"""Makes single_file/memory_filter.py: the plugin and its whole package in one file, for upload or by URL.

The sources stand in it word for word, so that whoever installs it can read it and its changes can be
reviewed: packed they would take a fourth of the room and load no faster. Data files stand beside them, and
are read by `importlib.resources` as in a folder. `make bundle` writes it, `make check` compares.
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLUGIN = ROOT / "pipelines" / "memory_filter.py"
PACKAGE = ROOT / "pipelines" / "owui_memory"
LOADER = ROOT / "scripts" / "bundle_loader.py"
BUNDLE = ROOT / "single_file" / "memory_filter.py"

_NOTICE = """\
# Made by scripts/bundle.py from pipelines/owui_memory: change it there, and run `make bundle`.
#
# First comes what imports a package from texts, then its modules, each as it is in its own file.
#
# No line names requirements: the server would run pip inside its own process. That holds up all chats, may
# swap packages under it, and where pip fails this file is set aside. The stock image has all that backend
# server and platform need; for the library see the README. What is missing is told by GET /memory/status.
"""

SUFFIXES = (
    ".py",
    ".po",
    ".toml",
    ".txt",
    ".md",
    ".json",
    ".html",
    ".css",
    ".js",
    ".svg",
)  # modules, and texts that they read


def sources() -> dict[str, str]:
    """The package's files: text by path in the package, in the order of the paths."""
    paths = (path for path in PACKAGE.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    files = {path.relative_to(PACKAGE).as_posix(): path for path in paths}
    return {name: files[name].read_text(encoding="utf-8") for name in sorted(files)}


def bundle() -> str:
    """The whole file."""
    header = f'"""{_docstring(PLUGIN.read_text(encoding="utf-8"))}"""\n'
    parts = [header, _NOTICE, _code(LOADER.read_text(encoding="utf-8"))]
    parts += [_section(name, text) for name, text in sources().items()]
    return "\n".join([*parts, "Pipeline = load()\n"])


def _section(name: str, text: str) -> str:
    """Raw, so that nothing is escaped, and in the quotes that the formatter does not use.

    Raises:
        ValueError: this text cannot stand in them.
    """
    literal = f"r'''{text}'''"
    try:
        exact = ast.literal_eval(literal) == text
    except SyntaxError:
        exact = False
    if not exact:
        raise ValueError(
            f"{name} must not hold three single quotes in a row, nor end in a quote or backslash."
        )
    rule = "# " + "-" * 106
    return f'{rule}\n# {name}\n\nSOURCES["{name}"] = {literal}\n'


def _docstring(code: str) -> str:
    text = ast.get_docstring(ast.parse(code), clean=False)
    assert text, "the plugin begins with its header"
    return text


def _code(text: str) -> str:
    """All after the docstring, which tells of the generator."""
    end = ast.parse(text).body[0].end_lineno or 0
    return "".join(text.splitlines(keepends=True)[end:]).strip() + "\n"


def main() -> None:
    text = bundle()
    BUNDLE.parent.mkdir(exist_ok=True)
    BUNDLE.write_text(text, encoding="utf-8")
    print(f"wrote {BUNDLE.relative_to(ROOT)}, {len(text.encode()) / 1000:,.0f} kB")


if __name__ == "__main__":
    main()
