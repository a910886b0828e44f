"""What people say, with secrets and without: the table that `redact` is measured on.

Keys are put together of parts, so that no scanner takes them for real ones.
"""

from __future__ import annotations

from tests.harness.inputs import Inputs

_OF = Inputs.read("secrets_said")
SECRETS: tuple[tuple[str, str], ...] = _OF.all("SECRETS")
HARMLESS: tuple[str, ...] = _OF.all("HARMLESS")
UNSEEN_SECRETS: tuple[tuple[str, str], ...] = _OF.all("UNSEEN_SECRETS")
UNSEEN_HARMLESS: tuple[str, ...] = _OF.all("UNSEEN_HARMLESS")
OTHER_SECRETS: tuple[tuple[str, str], ...] = _OF.all("OTHER_SECRETS")
OTHER_HARMLESS: tuple[str, ...] = _OF.all("OTHER_HARMLESS")
