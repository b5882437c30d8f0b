"""Where things lie: what the project ships, and what a data folder holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def project(package: Path) -> Path:
    """Return the folder that holds what the project ships: a wheel brings it inside the package, a checkout beside."""
    shipped = package / "shipped"
    return shipped if shipped.is_dir() else package.parent


PROJECT = project(PACKAGE)
SQL = PROJECT / "sql"
EXPECTATIONS = PROJECT / "expectations"
REPORTS = PROJECT / "reports"
CONTRACTS = PROJECT / "data" / "contracts"
MART_CONTRACTS = CONTRACTS / "marts"
PUBLIC_CONTRACTS = CONTRACTS / "public"
LAYOUTS = PROJECT / "data" / "layouts"
REFERENCE = PROJECT / "data" / "reference"
PREFECT_YAML = PROJECT / "prefect.yaml"


@dataclass(frozen=True)
class DataFolder:
    """A data folder, ``--data DIR``: extracts come in at ``landing``, releases go out at ``marts``.

    ``frozen`` are the reference tables and mappings of a snapshot, by what its manifest calls them: where there are
    any they are used, and neither the packaged ones nor the folder's own.
    """

    root: Path
    frozen: Mapping[str, Path] = field(default_factory=dict, compare=False)

    @property
    def landing(self) -> Path:
        """Where senders' files are dropped."""
        return self.root / "landing"

    @property
    def quarantine(self) -> Path:
        """Refused files, each in a folder with the report to its sender; personal rows, as in landing."""
        return self.root / "quarantine"

    @property
    def snapshots(self) -> Path:
        """Frozen snapshots and the objects they name; personal rows, pseudonymised."""
        return self.root / "snapshots"

    @property
    def objects(self) -> Path:
        """What snapshots are made of, each file named by the SHA-256 of its bytes."""
        return self.snapshots / "objects"

    @property
    def marts(self) -> Path:
        """Releases, one folder each, and ``current.json``."""
        return self.root / "marts"

    @property
    def audits(self) -> Path:
        """Receipts of audits that ran by themselves; one of a release that differs has exact numbers in it."""
        return self.root / "audits"

    @property
    def ledger(self) -> Path:
        """What was received, refused, superseded, frozen and released."""
        return self.root / "ledger.jsonl"

    @property
    def stop_list(self) -> Path:
        """People whose rows aren't used, by employer and key; there needn't be one."""
        return self.root / "stop-list.csv"

    def layouts(self) -> Iterator[Path]:
        """Yield the layout files, the user's own before the packaged one of the same name."""
        own = {path.name: path for path in (self.root / "layouts").glob("*.yaml")}
        packaged = {path.name: path for path in LAYOUTS.glob("*.yaml")}
        yield from (path for _, path in sorted((packaged | own).items()))

    def mappings(self) -> list[Path]:
        """Return the organisations' own mappings of grades and staff groups; none are packaged."""
        if self.frozen:
            return [path for name, path in sorted(self.frozen.items()) if name.startswith("mappings/")]
        return sorted((self.root / "mappings").glob("*.yaml"))

    def waivers(self) -> list[Path]:
        """Return the rules that a named person set aside; none are packaged."""
        return sorted((self.root / "waivers").glob("*.yaml"))

    @property
    def commentary(self) -> Path | None:
        """What somebody wrote for the boards; there needn't be any."""
        if self.frozen:
            return self.frozen.get("commentary.md")
        own = self.root / "commentary.md"
        return own if own.is_file() else None

    def references(self) -> dict[str, Path]:
        """Return the folder's own reference tables by name: each file comes whole, before the packaged one.

        The project's own ``data`` is a data folder too, and its tables are the packaged ones.
        """
        folder = self.root / "reference"
        if self.frozen or folder.resolve() == REFERENCE:
            return {}
        return {path.stem: path for path in sorted(folder.glob("*.csv"))}

    def reference(self, name: str) -> Path:
        """Return the reference table that is used: the folder's own, or else the packaged one."""
        return self.frozen.get(f"reference/{name}.csv") or self.references().get(name, REFERENCE / f"{name}.csv")

    def prefect_yaml(self) -> Path:
        """Return the deployments: the folder's own, which come whole, or else the packaged ones."""
        own = self.root / "prefect.yaml"
        return own if own.is_file() else PREFECT_YAML

    def methods(self) -> Iterator[Path]:
        """Yield the method files, the packaged one first: a later one overrides it key by key."""
        yield REFERENCE / "method.yaml"
        if (self.root / "method.yaml").is_file() and (self.root / "method.yaml") != REFERENCE / "method.yaml":
            yield self.root / "method.yaml"
