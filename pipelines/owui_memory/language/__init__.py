"""What questions, requests, suppositions, other people's words are told by, and who speaks of themselves.

A table a language. Another one begins in `further.py` or `further_asia.py`; with most of the entries,
it is a module of its own, with its name in `TABLES`.
"""

from .arabic import ARABIC
from .chinese import CHINESE
from .dutch import DUTCH
from .english import ENGLISH
from .french import FRENCH
from .further import FURTHER
from .further_asia import FURTHER_ASIA
from .german import GERMAN
from .italian import ITALIAN
from .japanese import JAPANESE
from .korean import KOREAN
from .phrases import Phrases
from .polish import POLISH
from .portuguese import PORTUGUESE
from .russian import RUSSIAN
from .spanish import SPANISH
from .turkish import TURKISH

TABLES: tuple[Phrases, ...] = (
    ENGLISH,
    GERMAN,
    SPANISH,
    FRENCH,
    ITALIAN,
    PORTUGUESE,
    RUSSIAN,
    CHINESE,
    JAPANESE,
    DUTCH,
    POLISH,
    KOREAN,
    TURKISH,
    ARABIC,
    *FURTHER,
    *FURTHER_ASIA,
)
