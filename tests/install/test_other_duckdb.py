"""The hash of a table's content outlives the version of DuckDB that wrote the table, and the one that computes it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipelines import places
from pipelines.content import content_sha256

# One with wheels for every Python that the project runs on.
OTHER = "1.4.4"
UV = Path(sys.executable).with_name("uv")

# Every type that has a content, with the values that versions or programs write in more than one way.
EVERY_TYPE = """
select
    i as line,
    i::utinyint as small,
    9223372036854775807 - i as large,
    ((i - 100) * 1.000000007)::decimal(18, 9) as share,
    (0.01 * (i % 90 - 45))::decimal(2, 2) as below_one,
    date '1970-01-01' + (i - 100)::integer as day,
    case when i % 3 > 0 then i % 3 = 1 end as marked,
    case i % 4 when 0 then 'nan'::double when 1 then '-0.0'::double when 2 then 1e300 / i else 1e-7 * i end as rate,
    case i % 5 when 0 then null when 1 then '' when 2 then '~' when 3 then chr(0) || ':' else 'Zoë ' || i end as name,
    case i % 4 when 0 then null when 1 then [] when 2 then ['', null] else ['1:a', i::varchar] end as waivers,
    case i % 3 when 0 then [[]] when 1 then [null, [i]] else [] end as nested
from range(1, 251) r (i)
"""

# Run under the other version: it writes the table, and hashes its own file and ours.
THERE = """
import json, pathlib, sys
import duckdb
from pipelines.content import content_sha256
ours, own, query = sys.argv[1:]
con = duckdb.connect()
con.execute(f"copy ({query}) to '{own}' (format parquet, compression gzip, row_group_size 2048)")
hashes = [content_sha256(con, pathlib.Path(path)) for path in (ours, own)]
print(json.dumps([duckdb.__version__, *hashes]))
"""


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with another version of DuckDB, from the package index or from the cache of an earlier time."""
    folder = tmp_path_factory.mktemp("duckdb") / OTHER
    where = ["--no-deps", "--only-binary", "duckdb", "--target", folder, "--python", sys.executable]
    command = [UV, "pip", "install", "--quiet", *where, f"duckdb=={OTHER}"]
    installed = subprocess.run(command, capture_output=True, text=True, check=False)
    if installed.returncode:
        why = (installed.stderr.strip().splitlines() or ["no reason given"])[-1].strip()
        pytest.skip(f"duckdb {OTHER} couldn't be installed ({why}); run this test where the package index is reached")
    return folder


def test_another_version_writes_other_bytes_and_finds_the_same_hash_in_both_directions(
    other: Path, tmp_path: Path
) -> None:
    ours, theirs = tmp_path / "ours.parquet", tmp_path / "theirs.parquet"
    con = duckdb.connect()
    con.execute(f"copy ({EVERY_TYPE}) to '{ours}' (format parquet, compression zstd)")
    # Its folder comes before the environment's own.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (other, places.PROJECT)))}
    there = subprocess.run(
        [sys.executable, "-c", THERE, ours, theirs, EVERY_TYPE],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert there.returncode == 0, there.stderr
    version, *hashes = json.loads(there.stdout)
    assert version == OTHER != duckdb.__version__
    assert ours.read_bytes() != theirs.read_bytes()
    hashes += [content_sha256(con, path) for path in (ours, theirs)]
    assert len(hashes) == 4
    assert len(set(hashes)) == 1
