"""What does it cost to look for secrets and markup in a text?

    .venv/bin/python -m bench.untrusted

A memory is shown with each message that it is told with, an exchange is masked once, when it is stored.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from bench.measure import arguments, finish, table
from owui_memory.language.secrets import formats, masked
from owui_memory.recall.block import quoted
from tests.unit.language.hostile import HOSTILE
from tests.unit.language.secrets_said import HARMLESS, SECRETS

TEXTS = {
    "a plain memory": ["The user has a dog called Rex and lives in Lisbon."],
    "near a secret": list(HARMLESS),
    "with a secret": [text.replace("{}", secret) for text, secret in SECRETS],
    "hostile": [text[:1000] for text in HOSTILE],
    "a message of 2,000 characters": ["I like my car, and this card costs 12 euros. My key is lost. " * 33],
    "an answer of 20,000": ["The dog is called Rex and he likes to play in the garden with the ball. " * 280],
}


def microseconds(work: Callable[[str], object], texts: list[str], seconds: float) -> float:
    """Of one text, on average."""
    rounds, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        for text in texts:
            work(text)
        rounds += 1
    return (time.perf_counter() - began) / rounds / len(texts) * 1e6


def main() -> None:
    parser = arguments(__doc__, sizes=(0,))
    options = parser.parse_args()
    formats()
    seconds = 0.05 if options.quick else 1.0
    results = {
        name: {
            "masked_us": microseconds(masked, texts, seconds),
            "quoted_us": microseconds(quoted, texts, seconds),
        }
        for name, texts in TEXTS.items()
    }
    rows = [(name, *one.values()) for name, one in results.items()]
    print(table("Untrusted text", ("text", "masked us", "quoted us"), rows))
    finish(options, {"benchmark": "untrusted", "results": results})


if __name__ == "__main__":
    main()
