"""Digests that are made every week, and put into their user's folder of documents."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from ..backends.backend_holder import BackendHolder
from ..core.events import Emit, Job, failed
from ..core.locales import locale
from ..core.locales.refused import Refused
from ..core.now_and_then import NowAndThen
from ..documents.digest_files import put
from ..documents.folders import DIGESTS, may_have_folder
from ..state.digests_table import DigestsTable, Scheduled
from .digests import Digests

_LOOK_S = 300.0


class DigestWorker:
    """A thread. Methods do not block, but for `stop`."""

    def __init__(
        self,
        table: DigestsTable,
        digests: Digests,
        live: BackendHolder,
        folder: Callable[[], Path | None],
        emit: Emit,
        is_busy: Callable[[], bool] = lambda: False,
    ) -> None:
        """folder: where documents lie; None where there is no such folder."""
        self._table, self._digests, self._live, self._folder = table, digests, live, folder
        self._emit, self._is_busy = emit, is_busy
        # What a stop breaks off is made an hour later.
        self.thread = NowAndThen("memory-digests", self.look, _LOOK_S)

    def look(self) -> bool:
        """Makes one that is due; whether there was one. Never raises."""
        if self._is_busy() or self._folder() is None or self._live.current is None:
            return False  # nothing is claimed, no hour is lost
        try:
            due = self._table.claim()
            if due is not None:
                self._table.done(due, self._made(due))
        except Exception as error:  # noqa: BLE001 - the thread must not die; the next try is in an hour
            self._emit(failed(Job.DIGEST, error))
            return False
        return due is not None

    def _made(self, due: Scheduled) -> str:
        """Why it could not be made, "" if it was."""
        words, root = locale(due.language), self._folder()
        if root is None or not may_have_folder(due.user_id):
            return words.say("documents, not here")
        file = root / due.user_id / DIGESTS / f"{due.template} {datetime.now():%Y-%m-%d}.md"
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            if not os.access(file.parent, os.W_OK):  # before an LLM is paid for
                raise PermissionError(errno.EROFS, os.strerror(errno.EROFS))
            text = self._digests.make(due.user_id, due.template, due.about, words, patient=True)
            if self._table.holds(due):
                put(file, text)
            if not self._table.holds(due):  # all of the user's was forgotten meanwhile
                file.unlink(missing_ok=True)
        except Refused as refusal:
            return words.tell(refusal.sentence)
        except OSError as error:
            return words.say("digest, no folder", why=os.strerror(error.errno or 0))
        return ""
