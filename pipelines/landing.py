"""The landing folder: which files in it are read, and why others aren't."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pipelines import sidecar
from pipelines.places import DataFolder

# How a browser or a transfer calls a file until the whole of it is there; Excel, the mark of a file that it has open.
UNFINISHED = (".crdownload", ".download", ".filepart", ".part", ".partial", ".tmp")
EXCEL_LOCK = "~$"
# What Windows leaves in folders, and what iCloud leaves of a file that isn't here.
OF_WINDOWS = ("desktop.ini", "thumbs.db")
OF_ICLOUD = ".icloud"

BESIDE_NOTHING = "it stands beside no extract"


def landed(folder: DataFolder) -> list[Path]:
    """Return the files in the landing folder, in order; ``ignored`` says why others aren't among them."""
    if not folder.landing.is_dir():
        return []
    return _in_order(
        path
        for path in folder.landing.iterdir()
        if path.is_file()
        and not path.name.startswith((".", EXCEL_LOCK))
        and path.name.lower() not in OF_WINDOWS
        and path.suffix.lower() not in (".yaml", ".yml", *UNFINISHED)
        and not _is_second_name(path)
    )


def _in_order(paths: Iterable[Path]) -> list[Path]:
    """Return the paths of one folder by their names; as paths, Windows would take capitals for small letters."""
    return sorted(paths, key=lambda path: path.name)


def _is_second_name(path: Path) -> bool:
    """Tell whether it is a link to a file that lies beside it."""
    return path.is_symlink() and path.resolve().parent == path.parent.resolve()


def ignored(folder: DataFolder) -> list[str]:
    """Say of everything in the landing folder that ``landed`` leaves out why it does: one line each, in order."""
    if not folder.landing.is_dir():
        return []
    files = landed(folder)
    read = {*files, *map(sidecar.beside, files)}
    return [
        f"ignored   {path.name}: {_why_ignored(path, files)}"
        for path in _in_order(folder.landing.iterdir())
        if path not in read
    ]


def _why_ignored(path: Path, files: Sequence[Path]) -> str:
    if path.name.startswith(".") and path.suffix.lower() == OF_ICLOUD:
        name = path.stem.removeprefix(".")
        return f"{name} lies in iCloud only; in Finder choose 'Download Now', wait until it is there, and run again"
    if path.name.startswith("."):
        return "hidden files aren't read"
    if path.is_dir():
        return "sub-folders of landing aren't read"
    if path.suffix.lower() in UNFINISHED:
        return "it is called as an unfinished download is; under its own name it will be read"
    if path.name.startswith(EXCEL_LOCK):
        return f"Excel puts it beside {path.name.removeprefix(EXCEL_LOCK)} while it has that open"
    if path.is_file() and _is_second_name(path):
        return f"it is a link to {path.resolve().name} beside it, which is read under that name"
    if path.name.lower() in OF_WINDOWS:
        return "Windows leaves it in folders"
    if not path.is_file():
        return "it isn't a file that can be read"
    meant = [one.name for one in files if sidecar.beside(one).name.casefold() == path.name.casefold()]
    return f"it stands beside no extract; for {meant[0]} it has to be {meant[0]}.yaml" if meant else BESIDE_NOTHING
