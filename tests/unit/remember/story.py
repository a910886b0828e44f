"""What happens to Ada in these tests: a message that adds, replaces and removes, and its edited version."""

import re
from collections.abc import Callable
from typing import Any

from owui_memory.core.exchange import Exchange
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import Request
from tests.unit.remember.mind import is_ours

LISBON, PORTO, FARO = (f"The user lives in {town}." for town in ("Lisbon", "Porto", "Faro"))
CAT, TEA, DOG = "The user's cat is called Tom.", "The user likes tea.", "The user's dog is called Rex."
KNOWN = (LISBON, CAT, TEA)

FIRST = "I moved to Porto, my cat Tom ran away, and my dog is called Rex."
EDITED = "I moved to Faro, and my dog is called Rex."


def said(text: str, *, name: str, at: float) -> Exchange:
    return Exchange(f"ada\nc\n{name}", "ada", "c", text, "I see.", at, "Europe/Lisbon", follows="root")


def decides(*wanted: dict[str, Any]) -> Callable[[Request], dict[str, Any]]:
    """A model's answer that names memories by text; the prompt tells their numbers."""

    def answer(request: Request) -> dict[str, Any]:
        shown = re.findall(r"^(\d+)\. (.*)$", request.last_user_text, re.MULTILINE)
        numbers = {text: int(number) for number, text in shown}
        operations = [
            {**operation, "id": numbers[operation["id"]]} if "id" in operation else operation
            for operation in wanted
        ]
        return {"operations": operations}

    return answer


def follow_the_story(llm: ScriptedLLM) -> None:
    """Let the model decide what the story wants."""
    llm.when(
        lambda request: is_ours(request) and FIRST in request.text,
        decides(
            {"op": "add", "text": DOG},
            {"op": "replace", "id": LISBON, "text": PORTO},
            {"op": "remove", "id": CAT},
        ),
    )
    llm.when(
        lambda request: is_ours(request) and EDITED in request.text,
        decides({"op": "replace", "id": LISBON, "text": FARO}, {"op": "add", "text": DOG}),
    )
