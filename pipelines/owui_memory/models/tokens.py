"""How many tokens a text takes: by the model's own tokenizer where its file is on this machine."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

Count = Callable[[str], int]


def estimated_tokens(text: str) -> int:
    """Rather too many than too few: a third of its UTF-8 bytes.

    English takes about 4.5 bytes a token, Chinese 3 to 4, code 3.
    """
    return math.ceil(len(text.encode(errors="replace")) / 3)


class Tokenizers:
    """Counts for models, by the names that their servers give them.

    A name like "Qwen/Qwen3-8B" is one of Hugging Face's hub; whoever serves such a model on this machine
    has its tokenizer in the hub's cache. Nothing is downloaded. It loads in the background; meanwhile, and
    for all other names, the estimate holds.
    """

    def __init__(self) -> None:
        self._counts: dict[str, Count] = {}

    def of(self, model: str) -> Count:
        """The count for a model; never blocks."""
        known = self._counts.get(model)
        if known is None:
            known = self._counts[model] = estimated_tokens
            if model.count("/") == 1:
                threading.Thread(
                    target=self._load, args=(model,), name="memory-tokenizer", daemon=True
                ).start()
        return known

    def _load(self, model: str) -> None:
        try:
            from huggingface_hub import try_to_load_from_cache
            from tokenizers import Tokenizer

            file = try_to_load_from_cache(model, "tokenizer.json")
            if isinstance(file, str):
                tokenizer = Tokenizer.from_file(file)
                tokenizer.no_padding()
                tokenizer.no_truncation()
                self._counts[model] = lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)
        except Exception as error:  # noqa: BLE001 - no such package, or a file that it refuses
            log.info("No tokenizer for a model (%s): tokens are estimated.", type(error).__name__)
