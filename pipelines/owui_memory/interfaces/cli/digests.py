"""`make`: a text made of a user's memories, past chats and documents."""

from __future__ import annotations

from typing import Annotated

import typer

from ...core.events import ignore
from ...core.locales import locale
from ...digests.digests import Digests
from ...digests.sources import Shelf
from ...digests.template import Templates
from ...manage.documents import Documents
from .commands import OF_A_USER, User, command
from .instance import Instance
from .output import table


@command("make", OF_A_USER)
def make(
    instance: Instance,
    user_id: User,
    template: Annotated[str, typer.Argument(help="What to make; without it, what there is.")] = "",
    about: Annotated[list[str] | None, typer.Argument(metavar="[ABOUT...]", help="Its subject.")] = None,
    language: Annotated[str, typer.Option(help="Of its own words: en, de, es, fr, ja, ru or zh.")] = "en",
) -> None:
    """Make a text of all that is known of a user, with its sources, in Markdown."""
    if not template:
        found = Templates(instance.templates).all()
        table(["name", "title", "subject"], [(one.name, one.title, one.about) for one in found])
        return
    with instance.control() as control:
        shelf = Shelf(control, instance.past(control), Documents(instance.engine, control.live))
        digests = Digests(shelf, ignore, instance.templates)
        print(digests.make(user_id, template, " ".join(about or ()), locale(language)))
