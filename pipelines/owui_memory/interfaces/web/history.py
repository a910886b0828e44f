"""A past that is brought along: what an archive would bring, importing it, and taking it back."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ...core.errors import MemoryFault
from ...core.locales import message
from ...core.locales.refused import Refused
from ...manage.history import reading
from ...manage.history.uploads import shown_name
from ..webui import OPEN_WEBUI, TooLargeError, WebUi
from .parts import Visit, back
from .rendering import Answer, View

_FLAWS = 20  # that are told


def listed(visit: Visit) -> View:
    """The imports that were begun, the form for another, and what was found in an archive that was sent."""
    settings = visit.settings
    return View(
        "imports.html",
        {
            "imports": visit.parts.imports.all(visit.user_id),
            "with_webui": bool(settings.webui_url and settings.webui_api_key),
            "webui": OPEN_WEBUI,
            "last": visit.parts.uploads.noted(visit.user_id),
        },
    )


def preview(visit: Visit) -> View:
    """What an archive, or Open WebUI, would bring. Nothing is changed yet."""
    uploads, name = visit.parts.uploads, shown_name(visit.file.name if visit.file else "")
    if visit.form.get("source") == OPEN_WEBUI:
        file, name = uploads.new(visit.user_id), OPEN_WEBUI
        _fetch(visit, file)
    elif visit.file is None or not name:
        raise Refused(message("page: no file"))
    else:
        file = uploads.keep(visit.user_id, visit.file.content)
    told = visit.parts.imports.preview(visit.user_id, partial(reading.read, file, name))
    last = {
        "told": {key: value for key, value in vars(told).items() if key not in ("skipped", "flaws")},
        "file": file.name,
        "name": name,
        "minutes": max(round(told.seconds / 60), 1),
        "skipped": told.skipped.most_common(),
        "flaws": [(where, why, count) for (where, why), count in told.flaws.most_common(_FLAWS)],
    }
    uploads.note(file, last)  # whoever waits no longer finds it there
    return View("import.html", {"last": last})


def _fetch(visit: Visit, file: Path) -> None:
    """Write what Open WebUI tells of a user's chats into a file. Admins are told what is wrong there."""
    try:
        with WebUi.of(visit.settings) as webui:
            webui.fetch_past(visit.user_id, file)
    except TooLargeError as error:
        raise Refused(message("page: past too large"), message("page: past too large, hint")) from error
    except MemoryFault as error:
        if visit.person.is_admin:
            raise
        raise Refused(message("page: past not told"), message("page: past not told, hint")) from error


def begin(visit: Visit) -> Answer:
    """Import what was previewed."""
    file = visit.parts.uploads.find(visit.user_id, visit.form.get("file", ""))
    if file is None:
        raise Refused(message("page: no such upload"))
    name = shown_name(visit.form.get("name", "")) or file.name
    done = visit.parts.imports.begin(visit.user_id, partial(reading.read, file, name), name)
    visit.parts.uploads.drop(visit.user_id)
    return back("import", "import begun" if done.id else "nothing new")


def undo(visit: Visit) -> Answer:
    wanted = visit.form.get("id", "")
    if wanted not in {one.import_id for one in visit.parts.imports.all(visit.user_id)}:
        raise Refused(message("page: no such import"))
    visit.parts.imports.undo(visit.user_id, wanted, visit.parts.tools.live)
    return back("import", "import undone")
