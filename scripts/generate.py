"""Writes the files that are made from the code; `--check` only tells whether they are out of date.

valves.example.json   every setting with its default, as the admin panel sends them
docs/settings.md      the same as a table
single_file/memory_filter.py   the plugin and its package in one file, see `bundle.py`
single_file/memory_function.py   a thin front for Open WebUI's Admin > Functions
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "pipelines"), str(ROOT)]

from owui_memory import __version__  # noqa: E402
from owui_memory.commands.verbs import names  # noqa: E402
from owui_memory.config.advanced import SHORT, Advanced  # noqa: E402
from owui_memory.config.settings import GROUPS, Valves  # noqa: E402
from owui_memory.config.valves_codec import allowed  # noqa: E402
from scripts.bundle import bundle  # noqa: E402

INTRO = """\
# Settings

Every setting stands in Open WebUI under **Admin > Settings > Pipelines > memory_filter**, and can be preset
by an environment variable of the Pipelines server: `MEMORY_` and the setting's name in capitals, for example
`MEMORY_VECTOR_STORE=qdrant`. A value saved in the panel wins over the environment; *None* in the panel goes
back to it. A value that cannot be meant is refused, and the settings before stay in force. Open WebUI only
says "Pipeline not found" then; the page, opened again, tells at the field what is allowed. Keys are shown as
`********` and kept when you save that.

More variables are not settings:

- `MEMORY_DATA_DIR`: the folder of the queue and the embedded store (default: `memory_data` in
  `PIPELINES_DIR`).
- `MEMORY_STATE_URL`: `postgresql://user@host:5432/database`, where several servers share the state; unset: a
  file in `MEMORY_DATA_DIR`.
- `MEMORY_STATE_PASSWORD`: its password, which may also stand in the URL with special characters as %XX.
- `PIPELINES_API_KEY`: the server's own key.
- `FORWARD_USER_INFO_HEADER_JWT_SECRET`: as Open WebUI has it, with which it signs who asks the
  [proxy](proxy.md).
- `MEMORY_LOG_EVENTS`: `json` or `text`, see [observability.md](observability.md#logs).
- `OTEL_EXPORTER_OTLP_ENDPOINT`: where spans go, see [observability.md](observability.md#opentelemetry).
- `HOST` and `PORT`: where `owui-memory proxy` listens.

<!-- Made by scripts/generate.py from pipelines/owui_memory/config/fields/: change it there. -->
"""


def valves_example() -> str:
    return json.dumps(Valves().model_dump(mode="json"), indent=2) + "\n"


def settings_page() -> str:
    lines = [INTRO]
    for name, field in Valves.model_fields.items():
        if name in GROUPS:
            lines += [
                f"\n## {GROUPS[name]}\n",
                "| setting | what it does | allowed | default |",
                "|---|---|---|---|",
            ]
        default = field.get_default()
        shown = ", ".join(default) if isinstance(default, list) else json.dumps(default).strip('"')
        described = SHORT if name == "advanced" else field.description
        lines.append(
            f"| `{name}`<br>{field.title} | {described} | {allowed(field)} | "
            + (f"`{shown}` |" if shown else "unset |")
        )
    lines += ["\n| number in `advanced` | what it is | allowed | default |", "|---|---|---|---|"]
    lines += [
        f"| `{name}` | {number.description} | {allowed(number)} | `{number.default}` |"
        for name, number in Advanced.model_fields.items()
    ]
    return "\n".join(lines) + "\n"


def memory_function() -> str:
    source = (ROOT / "scripts" / "memory_function.py").read_text(encoding="utf-8")
    listed = "\n".join(f'    "{name}",' for name in names())
    source = source.replace("\nversion: 0\n", f"\nversion: {__version__}\n", 1)
    return source.replace('_NAMES = ("memory",)', f"_NAMES = (\n{listed}\n)", 1)


GENERATED = {
    "valves.example.json": valves_example,
    "docs/settings.md": settings_page,
    "single_file/memory_filter.py": bundle,
    "single_file/memory_function.py": memory_function,
}


def main() -> int:
    check = "--check" in sys.argv[1:]
    stale = []
    for name, make in GENERATED.items():
        path = ROOT / name
        if path.exists() and path.read_text() == make():
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(make())
            print(f"wrote {name}")
    if check and stale:
        print(f"out of date: {', '.join(stale)}. Run `make generate` and commit what it writes.")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
