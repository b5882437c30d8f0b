"""The flow on a real Prefect server and worker on loopback, deployed from prefect.yaml: nothing is faked."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import places

pytestmark = pytest.mark.server

PREFECT = Path(sys.executable).with_name("prefect")
SERVER_STARTS_WITHIN_SECONDS = 120


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A server with a home of its own, a process pool, and the deployments of prefect.yaml."""
    home = tmp_path_factory.mktemp("prefect")
    port = free_port()
    variables = os.environ | {
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "GX_ANALYTICS_ENABLED": "false",
    }
    with (home / "server.log").open("w") as log:
        server = subprocess.Popen(
            [PREFECT, "server", "start", "--host", "127.0.0.1", "--port", str(port)],
            env=variables,
            stdout=log,
            stderr=log,
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/api/health", server)
        prefect(variables, "work-pool", "create", "--type", "process", "workforce-edi")
        prefect(variables, "--no-prompt", "deploy", "--all")
        yield variables
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SERVER_STARTS_WITHIN_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(address, timeout=5)  # noqa: S310 - our own server
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
        else:
            return
    pytest.fail(f"no Prefect server at {address}")


def prefect(variables: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [PREFECT, *words], env=variables, cwd=places.PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_deployment(variables: dict[str, str], data: Path, strict: bool = False) -> str:
    """Trigger the monthly deployment on a data folder, let one worker take it, and return the state that it ends in."""
    prefect(
        variables,
        "deployment",
        "run",
        "road/monthly",
        "--param",
        f"data={data}",
        "--param",
        f"strict={json.dumps(strict)}",
    )
    prefect(variables, "worker", "start", "--pool", "workforce-edi", "--run-once", "--limit", "1")
    runs = json.loads(
        prefect(
            variables,
            "flow-run",
            "ls",
            "--limit",
            "1",
            "--state-type",
            "COMPLETED",
            "--state-type",
            "FAILED",
            "--output",
            "json",
        )
    )
    return str(runs[0]["state_type"])


@pytest.fixture
def data(tmp_path: Path, real_data: Path) -> Path:
    landing = tmp_path / "landing"
    landing.mkdir()
    shutil.copy(real_data / "nhs_england_ethnicity_by_band" / "nhs-workforce.csv", landing)
    shutil.copy(real_data / "census2021" / "ons-ethnic-population-nat.csv", landing)
    return tmp_path


def test_a_deployed_run_completes_and_leaves_a_release(environment: dict[str, str], data: Path) -> None:
    assert run_deployment(environment, data) == "COMPLETED"
    current = json.loads((data / "marts" / "current.json").read_text())
    assert current["as_at_date"] == "2018-03-31"
    assert (data / "marts" / current["path"] / "internal" / "representation_gap.parquet").is_file()


def test_a_strict_run_on_a_refused_file_fails_after_releasing_the_others(
    environment: dict[str, str], data: Path
) -> None:
    (data / "landing" / "unknown.csv").write_text("a,b\n1,2\n")
    assert run_deployment(environment, data, strict=True) == "FAILED"
    assert (data / "marts" / "current.json").is_file()


def test_the_command_line_and_the_flow_make_the_same_release(environment: dict[str, str], data: Path) -> None:
    run_deployment(environment, data)
    by_flow = (data / "marts" / "current.json").read_bytes()
    shutil.rmtree(data / "marts")
    edi = subprocess.run(
        [Path(sys.executable).with_name("edi"), "run", "--data", data], capture_output=True, check=False
    )
    assert edi.returncode == 0
    assert (data / "marts" / "current.json").read_bytes() == by_flow
