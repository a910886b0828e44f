"""`make`: a text made of a user's memories, past chats and documents."""

from __future__ import annotations

from ...core.events import ignore
from ...core.locales import locale
from ...digests.digests import Digests
from ...digests.sources import Shelf
from ...digests.template import Templates
from ...manage.documents import Documents
from .instance import Instance
from .output import table


def list_templates(instance: Instance) -> None:
    """Prints what can be made."""
    found = Templates(instance.templates).all()
    table(["name", "title", "subject"], [(one.name, one.title, one.about) for one in found])


def make(instance: Instance, user_id: str, name: str, about: str, language: str) -> None:
    """Prints a digest in Markdown."""
    with instance.control() as control:
        documents = Documents(instance.engine, control.live, lambda: instance.settings)
        shelf = Shelf(control, instance.past(control), documents)
        digests = Digests(
            instance.engine, control.live, lambda: instance.settings, ignore, shelf, instance.templates
        )
        print(digests.make(user_id, name, about, locale(language)))
