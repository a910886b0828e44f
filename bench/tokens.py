"""How far is the estimate of tokens from what real tokenizers count?

    .venv/bin/python -m bench.tokens TOKENIZER.json ...     (Hugging Face's format, of any model)

The texts are the fixtures of each language, the prose of the tests, code of this project, and a thousand
turns of LoCoMo where its file is given, too. Printed is the estimate divided by the count.
Aim: 1.00 to 1.15 for a vocabulary that knows the script.
"""

from pathlib import Path

from bench import ROOT
from bench.locomo import load
from bench.measure import arguments, finish, table
from owui_memory.models.tokens import estimated_tokens
from tests.unit.models.prose import TEXTS

_LANGUAGES = ROOT / "tests" / "fixtures" / "languages"
_CODE = ("pipelines/owui_memory/remember/gate.py", "tests/fixtures/state/version_4.sqlite.sql")
_TURNS = 1000


def texts(locomo: Path | None) -> dict[str, list[str]]:
    """By language, or what they are."""
    found = {name: list(prose) for name, prose in TEXTS.items()}
    for file in sorted(_LANGUAGES.glob("*.txt")):
        lines = [one for one in file.read_text().splitlines() if one and not one.startswith("#")]
        found[file.stem] = [*found.get(file.stem, []), *lines]
    found |= {Path(name).name: [(ROOT / name).read_text()] for name in _CODE}
    if locomo:
        sessions = [session for one in load(locomo) for session in one.sessions]
        found["LoCoMo"] = [turn.text for session in sessions for turn in session.turns][:_TURNS]
    return found


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("tokenizers", type=Path, nargs="+", help="files of tokenizers")
    parser.add_argument("--locomo", type=Path, help="LoCoMo's conversations, JSON")
    options = parser.parse_args()
    from tokenizers import Tokenizer

    known = [Tokenizer.from_file(str(file)) for file in options.tokenizers]
    rows, ratios = [], {}
    for name, said in texts(options.locomo).items():
        estimated = sum(map(estimated_tokens, said))
        counts = [sum(len(one.encode(text, add_special_tokens=False).ids) for text in said) for one in known]
        ratios[name] = [estimated / count for count in counts]
        rows.append((name, estimated, *ratios[name]))
    names = [str(number) for number in range(1, len(known) + 1)]
    print(table("Estimated tokens, and how often what is counted", ("", "estimated", *names), rows))
    for number, file in zip(names, options.tokenizers, strict=True):
        print(f"{number}: {file}")
    finish(options, {"benchmark": "tokens", "estimated_by_counted": ratios})


if __name__ == "__main__":
    main()
