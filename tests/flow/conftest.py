"""`edi serve` on loopback, as a person starts it, and a receiver for what it tells a person: nothing is faked."""

import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient

from pipelines import places

EDI = Path(sys.executable).with_name("edi")
WITHIN_SECONDS = 240
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@dataclass
class Service:
    """A server and worker at work; ``told`` is what reached the receiver."""

    api: str
    password: Path
    process: subprocess.Popen[bytes]
    log: Path
    told: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, content: Any = None) -> Any:
        """Call the server's API, again where it is too busy to answer."""
        with SyncPrefectClient(api=self.api, auth_string=self.password.read_text(encoding="utf-8")) as client:
            return client.request(method, path, json=content).raise_for_status().json()

    def trigger(self, deployment: str, **parameters: Any) -> str:
        """Start a run of a deployment, and return the run's id."""
        found = self.ask("GET", f"/deployments/name/{deployment}")
        run = self.ask("POST", f"/deployments/{found['id']}/create_flow_run", {"parameters": parameters})
        return str(run["id"])

    def run(self, run: str) -> dict[str, Any]:
        """Return a run as the server knows it."""
        found = self.ask("GET", f"/flow_runs/{run}")
        assert isinstance(found, dict)
        return found

    def ended(self, run: str) -> dict[str, Any]:
        """Wait for a run to end, and return it."""
        self.wait(lambda: self.run(run)["state_type"] in ENDED, f"the run doesn't end: {self.run(run)['state']}")
        return self.run(run)

    def artifacts(self, run: str) -> dict[str, str]:
        """Return what a run left to be read, by key."""
        found = self.ask("POST", "/artifacts/filter", {"flow_runs": {"id": {"any_": [run]}}})
        return {one["key"]: str(one["data"]) for one in found}

    def wait(self, until: Callable[[], Any], otherwise: str, every: float = 0.5) -> None:
        """Wait until something holds; who asks the server more often than it can answer keeps it from its work."""
        deadline = time.monotonic() + WITHIN_SECONDS
        while not until():
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{otherwise}\n{self.log.read_text()[-3000:]}")
            time.sleep(every)  # the server is another process, and tells nobody


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """`edi serve` with a home of its own, which tells a receiver on loopback."""
    folder, told = tmp_path_factory.mktemp("serve"), list[str]()

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["content-length"])))["text"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    log = folder / "serve.log"
    port, alert = free_port(), f"http://127.0.0.1:{receiver.server_port}/alerts"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT")}
    (folder / "data" / "landing").mkdir(parents=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [EDI, "serve", "--data", folder / "data", "--port", str(port), "--alert", alert],
            env=environment | {"PREFECT_HOME": str(folder / "home")},
            cwd=places.PROJECT,
            stdout=output,
            stderr=output,
        )
    try:
        password = folder / "home" / "workforce-edi.password"
        started = Service(f"http://127.0.0.1:{port}/api", password, process, log, told)
        started.wait(lambda: " started!" in log.read_text(), "no worker starts")
        yield started
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=90)
        receiver.shutdown()


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
