"""Made-up staff of a few employers: what a run costs hangs on their number, far more than on that of the people."""

from pathlib import Path

from pipelines.sample import write_sample

# A trust, the board of its system, and a council there.
EMPLOYERS = ("RNA", "QUA", "E08000027")


def packs_of(root: Path, *units: str) -> None:
    """Have runs in a data folder make packs of these units only: of all they cost as much as the rest of a run."""
    root.mkdir(parents=True, exist_ok=True)
    method = root / "method.yaml"
    method.write_text(f"board_pack: {{units: [{', '.join(units) or 'none'}]}}\n", encoding="utf-8")
    # As everything is that a run makes.
    method.chmod(0o600)


def write_few(landing: Path, people: int, months: int = 1, employers: tuple[str, ...] = EMPLOYERS) -> list[Path]:
    """Write the sample's extracts of these employers into a landing folder, as they are among all; return the files.

    Args:
        landing: the folder.
        people: how many there are over all employers of the sample.
        months: how many months.
        employers: whose extracts stay.
    """
    written = write_sample(landing, people=people, months=months)
    kept = [path for path in written if any(f"_{employer}_" in path.name for employer in employers)]
    for path in {*written} - {*kept}:
        path.unlink()
        path.with_name(f"{path.name}.yaml").unlink(missing_ok=True)
    return kept
