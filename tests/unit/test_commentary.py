"""The commentary: who wrote what for which board about which date, and what of it can't be used."""

from datetime import date
from pathlib import Path

import pytest

from pipelines.commentary import Commentary, CommentaryError, read

HEAD = "---\nauthor: A. Analyst\nwritten_on: 2026-04-20\nas_at: 2026-03-31\n---\n"
DAY = date(2026, 3, 31)


def written(folder: Path, text: str) -> Path:
    path = folder / "commentary.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_each_unit_has_its_actions_and_paragraphs(tmp_path: Path) -> None:
    text = (
        f"{HEAD}\n# E54000062\n\n## Actions\n- Review the panel.\n  Owner: C. Chair.\n- Ask RBK.\n\n## Commentary\n"
        "The share rests\non few people.\n\nAsk again.\n# RNA\n## Commentary\nNothing to add.\n"
    )
    assert read(written(tmp_path, text), DAY) == {
        "E54000062": Commentary(
            "A. Analyst",
            date(2026, 4, 20),
            ("Review the panel. Owner: C. Chair.", "Ask RBK."),
            ("The share rests on few people.", "Ask again."),
        ),
        "RNA": Commentary("A. Analyst", date(2026, 4, 20), (), ("Nothing to add.",)),
    }


def test_what_was_written_about_another_date_isnt_used(tmp_path: Path) -> None:
    path = written(tmp_path, f"{HEAD}# RNA\n## Commentary\nSo it is.\n")
    assert read(path, date(2026, 4, 30)) == {}


def test_lines_may_end_as_windows_ends_them(tmp_path: Path) -> None:
    path = tmp_path / "commentary.md"
    path.write_bytes(f"\ufeff{HEAD}# RNA\n## Commentary\nSo it is.\n".replace("\n", "\r\n").encode())
    assert read(path, DAY)["RNA"].paragraphs == ("So it is.",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# RNA\n## Commentary\nSo.\n", "must begin with a line of ---"),
        (HEAD.replace("author: A. Analyst\n", ""), "its head must name author, written_on and as_at"),
        (HEAD.replace("2026-04-20", "today"), "its head must name author, written_on and as_at"),
        (HEAD.replace("as_at:", "about:"), "its head must name author, written_on and as_at"),
        (HEAD.replace("author: ", "author: ["), r"the head of commentary.md isn't YAML \(line 2\)"),
        (f"{HEAD}So.\n", "line 6: text stands below '# <code>'"),
        (f"{HEAD}# RNA\nSo.\n", "line 7: text stands below '# <code>'"),
        (f"{HEAD}## Commentary\nSo.\n", "line 6: below '# <code>' stand '## Actions' and '## Commentary'"),
        (f"{HEAD}# RNA\n## Thoughts\n", "line 7: below '# <code>' stand"),
        (f"{HEAD}# RNA\n## Actions\n## Actions\n", "line 8: below '# <code>' stand"),
        (f"{HEAD}# RNA\n\n# RNA\n", "line 8: RNA has a part already"),
    ],
)
def test_what_cant_be_used_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CommentaryError, match=said):
        read(written(tmp_path, text), DAY)
