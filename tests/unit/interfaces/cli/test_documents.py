"""`owui-memory documents`, and what the status says of them."""

from pathlib import Path

from owui_memory.state import open_state
from owui_memory.state.documents_table import DocumentsTable, Entry, id_of
from tests.unit.interfaces.cli.desk import Run, rows


def test_what_cannot_be_read_stands_first_of_many_on_pages(run: Run, server: Path) -> None:
    assert run("documents", "ada") == "No documents of ada have been read.\n"
    engine = open_state(server)
    names = [f"leaf-{at:03}.md" for at in range(60)]
    DocumentsTable(engine).put(
        [Entry("ada", id_of("ada", name), name, 1, 1, "", name, passages=2) for name in names]
        + [Entry("ada", id_of("ada", "z.pdf"), "z.pdf", 1, 1, "", state="failed", detail="it is damaged")]
    )
    engine.dispose()
    first = run("documents", "ada")
    assert "it is damaged" in first
    assert "leaf-000" in first
    assert "leaf-059" not in first
    assert "of 61 documents: --page N shows another" in first
    assert "leaf-059" in run("documents", "ada", "--all")
    assert [one["path"] for one in rows(run, "documents", "ada")] == ["z.pdf", *names]
    (server / "documents").mkdir()
    (told,) = [one for one in rows(run, "status")["parts"] if one["name"] == "documents"]
    assert told["detail"] == "60 documents with 120 passages in 1 folder; 1 cannot be read"
