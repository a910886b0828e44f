"""A word that is found wherever it is kept: in the raw bytes of files, in any form that it takes there."""

import json
import re
from pathlib import Path

RARE = "Zÿxquokkâtten"  # no other word has its stem, folded or not

_WORDS = (RARE, RARE.casefold(), "zyxquokkatt", json.dumps(RARE)[1:-1], json.dumps(RARE.casefold())[1:-1])
_FORMS = re.compile(b"|".join(re.escape(word.encode()) for word in _WORDS), re.IGNORECASE)


def is_in(content: str | bytes) -> bool:
    """As it stands, as JSON, folded or stemmed."""
    return bool(_FORMS.search(content.encode() if isinstance(content, str) else content))


def in_files(folder: Path) -> list[str]:
    """The files under a folder that hold it, free pages and logs included."""
    return [str(file) for file in sorted(folder.rglob("*")) if file.is_file() and is_in(file.read_bytes())]
