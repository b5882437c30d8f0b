"""Made-up wheels of a few bytes, and a lock that names them."""

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.pylock import Pylock

PROGRAM = {
    "pipelines/__init__.py": "",
    "pipelines/places.py": "from pathlib import Path\nPROJECT = Path(__file__).parent / 'shipped'\n",
    "pipelines/cli.py": "import tiny_library\ndef main():\n    print(tiny_library.VERSION)\n"
    "if __name__ == '__main__':\n    main()\n",
}


def wheel(
    folder: Path, name: str, version: str, files: Mapping[str, str], tag: str = "py3-none-any", more: str = ""
) -> Path:
    """Write a wheel that pip installs; ``more`` are further lines of its metadata."""
    stem = f"{name.replace('-', '_')}-{version}"
    parts = dict(files) | {
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}",
        f"{stem}.dist-info/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    if name == "workforce-edi":
        parts[f"{stem}.dist-info/entry_points.txt"] = "[console_scripts]\nedi = pipelines.cli:main\n"
    parts[f"{stem}.dist-info/RECORD"] = "".join(f"{part},,\n" for part in parts) + f"{stem}.dist-info/RECORD,,\n"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for part, text in parts.items():
            archive.writestr(zipfile.ZipInfo(part), text)
    return path


def lock(*packages: Mapping[str, Any]) -> Pylock:
    """A lock of packages with a name, a version, their wheels' files and perhaps a marker."""
    written = [
        {key: value for key, value in package.items() if key != "files"}
        | {
            "wheels": [
                {"name": file.name, "url": f"https://example.org/{file.name}", "hashes": {"sha256": sha256(file)}}
                for file in package["files"]
            ],
            "sdist": {"url": f"https://example.org/{package['name']}-1.0.tar.gz", "hashes": {"sha256": "0"}},
        }
        for package in packages
    ]
    return Pylock.from_dict({"lock-version": "1.0", "created-by": "test", "packages": written})


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
