"""Looking at the state's file disturbs nobody who uses it."""

import subprocess
import sys
from pathlib import Path

from owui_memory.observe.statecheck import StateFile
from owui_memory.state import open_state, try_writing


def test_a_look_leaves_the_locks_that_sqlite_has(tmp_path: Path) -> None:
    """Another process that closes the database must not think itself the last, and take the log away."""
    engine = open_state(tmp_path)
    file = StateFile(engine)
    try_writing(engine)
    for _ in range(3):
        assert not file.look()
    file.check_whole()
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM outbox'); c.close()"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "state.db")], check=True)
    assert (tmp_path / "state.db-wal").stat().st_size > 0
    try_writing(engine)
    engine.dispose()
