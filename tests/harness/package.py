"""The package's own code, for tests of what may stand where."""

import ast
from functools import cache
from pathlib import Path

import owui_memory


@cache
def modules() -> dict[str, ast.Module]:
    """All modules, by their paths within the package."""
    folder = Path(owui_memory.__file__).parent
    return {
        path.relative_to(folder).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in folder.rglob("*.py")
    }


def calls() -> list[tuple[str, ast.Call, ast.Attribute]]:
    """All calls of methods: the module's path, the call, and what is called."""
    return [
        (name, node, node.func)
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
