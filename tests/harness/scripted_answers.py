"""Embeddings of the scripted model server, and what it answers where no rule speaks.

Embeddings are made of hashed words and character trigrams: texts that share words are near, others are not.
"""

import hashlib
import json
import math
import re
from functools import lru_cache
from typing import Any

from tests.harness.scripted_requests import Request

DIMENSIONS = 256
HELLO = "Hello from the model."
BLOCK = re.compile(r"<user_memories\b[^>]*>(.*?)</user_memories>", re.DOTALL)

# Embeddings ---------------------------------------------------------------------------------------

_COMMON = frozenset(
    re.findall(
        r"\w+",
        "a about am an and any are as at be been but by can did do does for from had has have he her his how "
        "i if in is it its know me my of on or our please she so tell than that the their them then there "
        "these they this to user was we were what when where which who whose why will with would you your",
    )
)
_ENDINGS = ("'s", "ings", "ing", "ied", "ies", "ed", "es", "ly", "s", "e")


def stem(word: str) -> str:
    """`lives`, `lived` and `living` become `liv`; good enough for tests."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def embedding(text: str, dims: int = DIMENSIONS) -> list[float]:
    """A unit vector of `dims` numbers, the same for the same text on every machine."""
    words = re.findall(r"[^\W_]+(?:'s)?", text.lower())
    stems = [stem(w) for w in words if w not in _COMMON] or words or [text]
    vector = [0.0] * dims
    for word in stems:
        _put(vector, f"word:{word}", 1.0)
        for at in range(len(word) - 2):
            _put(vector, f"part:{word[at : at + 3]}", 0.3)
    norm = math.sqrt(sum(x * x for x in vector))
    if not norm:
        vector[0] = norm = 1.0
    return [x / norm for x in vector]


@lru_cache(4096)
def embedding_json(text: str, dims: int, nearness: float) -> str:
    """`embedding` as JSON, with a part that all have in common: most texts are asked for again and again."""
    return json.dumps(_nearer(embedding(text, dims), nearness))


def _nearer(vector: list[float], nearness: float) -> list[float]:
    """The same with a part that all have in common."""
    if not nearness:
        return vector
    common = math.sqrt(nearness / len(vector))
    return [math.sqrt(1 - nearness) * value + common for value in vector]


def _put(vector: list[float], feature: str, weight: float) -> None:
    digest = hashlib.blake2b(feature.encode(), digest_size=8).digest()
    vector[int.from_bytes(digest[:4], "big") % len(vector)] += weight if digest[4] & 1 else -weight


# Answers when no rule speaks ----------------------------------------------------------------------


def default_reply(request: Request) -> str | dict[str, Any]:
    system = request.said_by("system")
    if "You are a Memory Extractor" in system:
        return mem0_extraction(request.last_user_text)
    if '"operations"' in system:
        return {"operations": []}
    if "### Task:" in request.last_user_text:
        return task_answer(request.last_user_text)
    known = memory_lines(request.text)
    return "I know: " + "; ".join(known) if known else HELLO


def memory_lines(prompt: str) -> list[str]:
    """The memories in our blocks: their lines that start with a dash."""
    lines = [line for block in BLOCK.findall(prompt) for line in block.splitlines()]
    return [line.strip().removeprefix("- ") for line in lines if line.strip().startswith("- ")]


def task_answer(prompt: str) -> dict[str, Any]:
    """What Open WebUI's title, tags, follow-up and query tasks want: a small JSON object."""
    wanted = prompt.partition("### Output")[2] or prompt
    if '"follow_ups"' in wanted:
        return {"follow_ups": ["What else?"]}
    if '"tags"' in wanted:
        return {"tags": ["General"]}
    if '"queries"' in wanted:
        return {"queries": []}
    return {"title": "A chat"}


def mem0_extraction(prompt: str) -> dict[str, Any]:
    """The answer to mem0 2.2.1's ADDITIVE_EXTRACTION_PROMPT: each first-person statement of the user."""
    new_messages = prompt.partition("## New Messages\n")[2].partition("\n\n## Observation Date")[0]
    said = re.findall(
        r"^user: (.*?)(?=^(?:user|assistant|system): |\Z)", new_messages, re.DOTALL | re.MULTILINE
    )
    texts = [third_person(s) for message in said for s in sentences(message) if is_statement_about_self(s)]
    return {"memory": [{"id": str(n), "text": t, "attributed_to": "user"} for n, t in enumerate(texts)]}


def sentences(text: str) -> list[str]:
    return [s.strip() for s in re.split(r"(?<=[.!?])\s+|\n+", text) if s.strip()]


def is_statement_about_self(sentence: str) -> bool:
    return not sentence.endswith("?") and bool(
        re.search(r"\b(I|my|me|mine|we|our)\b", sentence, re.IGNORECASE)
    )


_PERSON = [
    (r"^(I am|I'm)\b", "User is"),
    (r"^(I have|I've)\b", "User has"),
    (r"^My\b", "User's"),
    (r"^I\b", "User"),
    (r"\b(I am|I'm)\b", "they are"),
    (r"\bI\b", "they"),
    (r"\bmy\b", "their"),
    (r"\bme\b", "them"),
]


def third_person(sentence: str) -> str:
    """`I live in Rome.` becomes `User live in Rome.`: no grammar, but the words stay findable."""
    for pattern, words in _PERSON:
        sentence = re.sub(pattern, words, sentence)
    return sentence if sentence.startswith("User") else f"User said: {sentence}"
