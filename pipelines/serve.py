"""Running by itself: a Prefect server and worker on this machine, the deployments, and a word to a person.

Beside ``flows.py`` the only module that knows Prefect; it says nothing of how extracts become numbers.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import yaml
from rich.console import Console

from pipelines.places import DataFolder
from pipelines.terminal import print_lines

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.events.schemas.automations import AutomationCore

POOL = TAG = "workforce-edi"
HOST = "127.0.0.1"
STARTS_WITHIN_SECONDS = 180
# A worker gives its run half a minute to end.
STOPS_WITHIN_SECONDS = 60
# A worker that ends sooner would end again.
LIVES_SECONDS = 10
LATE_SECONDS = 3600
# Four heartbeats of a run, as prefect.yaml sets them.
SILENCE = timedelta(seconds=120)
# What an automation looks at: runs of these deployments, whatever else the server has.
RUNS: dict[str, str | list[str]] = {"prefect.resource.id": "prefect.flow-run.*"}
OURS: dict[str, str | list[str]] = {"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{TAG}"}


def serve(data: Path, port: int, alert: str | None, console: Console) -> None:
    """Start a server and a worker, deploy the flows to them, and stay until told to stop.

    Args:
        data: the data folder that the deployments work in.
        port: where the server listens, on this machine only.
        alert: a webhook's address, told of runs that failed, refused a file or began late; None for the block that is
            there already, if one is.
        console: where progress is shown.

    Raises:
        RuntimeError: the server or the worker can't be started, or stopped by itself.
    """
    _refuse_taken(port)
    # Before Prefect is imported, here or in a process of its own.
    os.environ.update(environment(data, port))
    said = guard(Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser())
    signal.signal(signal.SIGTERM, _stop)
    with _running("server", "start", "--host", HOST, "--port", str(port)) as server:
        _await(server, port)
        print_lines(console, [f"server    {os.environ['PREFECT_UI_URL']}"])
        print_lines(console, [f"password  {said}"])
        with _answered():
            print_lines(console, [f"deployed  {name}" for name in deploy(DataFolder(data), console)])
            print_lines(console, [f"alerts    {tell_a_person(alert)}"])
        if not DataFolder(data).landing.is_dir():
            print_lines(
                console, [f"landing   {DataFolder(data).landing} isn't there yet: runs wait for it, and then fail"]
            )
        print_lines(console, [f"worker    at work in {data.absolute()}; Ctrl-C stops it and the server"])
        while True:
            _work(server)
            print_lines(console, ["worker    it stopped by itself; starting it again"])


def _refuse_taken(port: int) -> None:
    """Else another server would be found there, and taken for this one."""
    with socket.socket() as listener:
        if os.name == "posix":
            # As the server does: a port that was left a moment ago is free.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            raise RuntimeError(f"port {port} is taken: stop what listens there, or name another --port") from error


def environment(data: Path, port: int) -> dict[str, str]:
    """Return the variables that tell Prefect of a server on this machine, and the deployments of their data folder."""
    address = f"http://{HOST}:{port}"
    return {
        "PREFECT_API_URL": f"{address}/api",
        "PREFECT_UI_URL": address,
        # No page of somebody else's, open in a browser on this machine, may ask the server for anything.
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": address,
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
        # A run waits for the one before it; only one that waits longer has nobody to take it.
        "PREFECT_SERVER_SERVICES_LATE_RUNS_AFTER_SECONDS": str(LATE_SECONDS),
        "EDI_DATA": str(data.absolute()),
        # Prefect and Great Expectations send usage figures home unless they are told not to.
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "GX_ANALYTICS_ENABLED": "false",
        # The newer pages ask a measuring service of their maker's before they have read that they mustn't.
        "PREFECT_SERVER_UI_V2_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    }


def guard(home: Path) -> str:
    """Let the server ask for a password, for whoever reaches it can have it run anything; return where that stands.

    Args:
        home: Prefect's own folder, where it is kept for its owner alone; made once, unless one is set already.
    """
    if "PREFECT_SERVER_API_AUTH_STRING" in os.environ:
        return "the one in PREFECT_SERVER_API_AUTH_STRING"
    path = home / "workforce-edi.password"
    if not path.is_file():
        home.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(f"edi:{secrets.token_urlsafe(24)}", encoding="utf-8", newline="\n")
    words = path.read_text(encoding="utf-8")
    os.environ.update(PREFECT_SERVER_API_AUTH_STRING=words, PREFECT_API_AUTH_STRING=words)
    return f"the one line of {path}"


def deploy(folder: DataFolder, console: Console) -> list[str]:
    """Make the work pool, in which one run at a time is at work, and prefect.yaml's deployments; return their names.

    A deployment of ours that the file no longer has is removed.

    Raises:
        RuntimeError: Prefect can't make a deployment.
    """
    from prefect.client.orchestration import get_client

    _make_pool()
    file = folder.prefect_yaml()
    words = ["--no-prompt", "deploy", "--all", "--prefect-file", str(file)]
    made = subprocess.run([sys.executable, "-m", "prefect", *words], capture_output=True, text=True, check=False)
    if made.returncode:
        print_lines(console, [f"prefect   {line}" for line in (made.stdout + made.stderr).splitlines()])
        raise RuntimeError(f"Prefect can't make the deployments of {file}; what it says stands above")
    meant = {str(one["name"]) for one in yaml.safe_load(file.read_text(encoding="utf-8"))["deployments"]}
    with get_client(sync_client=True) as client:
        for one in client.read_deployments():
            if TAG in one.tags and one.name not in meant:
                client.delete_deployment(one.id)
    return sorted(meant)


def _make_pool() -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.workers.process import ProcessWorker

    template = ProcessWorker.get_default_base_job_template()
    # What a run starts, and where, isn't for whoever triggers it.
    for name in ("command", "working_dir"):
        template["job_configuration"].pop(name, None)
        template["variables"]["properties"].pop(name, None)
    pool = WorkPoolCreate(name=POOL, type="process", concurrency_limit=1, base_job_template=template)
    with get_client(sync_client=True) as client:
        client.create_work_pool(pool, overwrite=True)


def tell_a_person(address: str | None) -> str:
    """Let a run that ended badly reach a person, and a run whose process died end at all; return who is told, in words.

    Args:
        address: a webhook's; None for the notification block that is there already.
    """
    from prefect.blocks.fields import SecretDict
    from prefect.blocks.notifications import CustomWebhookNotificationBlock

    from pipelines.flows import ALERT

    if address:
        block = CustomWebhookNotificationBlock(
            name="Workforce EDI",
            # Not in the open: an address that a message is accepted at is a key.
            url="{{address}}",
            secrets=SecretDict({"address": address}),
            json_data={"text": "{{subject}}\n{{body}}"},
            headers=None,
            cookies=None,
        )
        block.save(ALERT, overwrite=True)
    told = _alert_block()
    _keep([_crash_the_silent(), *([_notify(told)] if told else [])])
    if told is None:
        return f"nobody: name a webhook in EDI_ALERT_URL, or make a notification block {ALERT} in the server's pages"
    return f"to {ALERT}, of runs that failed, refused a file or began late"


def _alert_block() -> "UUID | None":
    from prefect.client.orchestration import get_client

    from pipelines.flows import ALERT

    with get_client(sync_client=True) as client:
        found = [one.id for one in client.read_block_documents() if one.name == ALERT]
    return found[0] if found else None


def _crash_the_silent() -> "AutomationCore":
    """A run whose process or machine died says nothing more, and would hold the pool's only place for ever."""
    from prefect.automations import AutomationCore, EventTrigger, Posture
    from prefect.client.schemas.objects import StateType
    from prefect.events.actions import ChangeFlowRunState

    from pipelines.flows import ENDINGS

    heartbeat = "prefect.flow-run.heartbeat"
    return AutomationCore(
        name="workforce-edi: a run that is silent has crashed",
        trigger=EventTrigger(
            posture=Posture.Proactive,
            after={heartbeat},
            expect={heartbeat, *(f"prefect.flow-run.{state}" for state in ENDINGS)},
            match=RUNS,
            match_related=OURS,
            for_each={"prefect.resource.id"},
            threshold=1,
            within=SILENCE,
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED,
                name=None,
                force=False,
                message=f"not heard of for {SILENCE.seconds} seconds: its process or the machine stopped; the next run "
                "does the whole of it",
            )
        ],
    )


def _notify(block: "UUID") -> "AutomationCore":
    from prefect.automations import AutomationCore, EventTrigger, Posture
    from prefect.events.actions import SendNotification

    return AutomationCore(
        name="workforce-edi: tell a person of a run that can't",
        trigger=EventTrigger(
            posture=Posture.Reactive,
            expect={"prefect.flow-run.Crashed", "prefect.flow-run.Late"},
            match=RUNS,
            match_related=OURS,
            for_each={"prefect.resource.id"},
            threshold=1,
        ),
        actions=[
            SendNotification(
                block_document_id=block,
                subject="Workforce EDI, {{ flow_run.name }}: {{ flow_run.state.name }}",
                body="{{ flow_run.state.message }}\n{{ flow_run|ui_url }}",
            )
        ],
    )


def _keep(automations: "list[AutomationCore]") -> None:
    """Make automations, or mend them where they differ: one that is made anew forgets which runs it was watching."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        for one in automations:
            there = client.read_automations_by_name(one.name)
            if not there:
                client.create_automation(one)
            elif (there[0].trigger, there[0].actions) != (one.trigger, one.actions):
                client.update_automation(there[0].id, one)


@contextmanager
def _answered() -> Iterator[None]:
    """Turn a server's refusal into a sentence."""
    import httpx

    try:
        yield
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        hint = "; PREFECT_API_AUTH_STRING has to say what PREFECT_SERVER_API_AUTH_STRING says" if status == 401 else ""
        raise RuntimeError(f"the server refuses what is asked of it ({status}){hint}") from error
    except httpx.TransportError as error:
        raise RuntimeError("the server doesn't answer; look at what it said, and start again") from error


def _await(server: subprocess.Popen[bytes], port: int) -> None:
    from prefect.client.orchestration import get_client

    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    with get_client(sync_client=True) as client:
        while client.api_healthcheck() is not None:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server doesn't start: look at what it said, and whether port {port} is taken")
            time.sleep(0.5)  # it can't be waited for otherwise: it is another process


def _work(server: subprocess.Popen[bytes]) -> None:
    """Run a worker until it ends, though nobody told it to.

    Raises:
        RuntimeError: the server ended, or the worker so soon that another would do the same.
    """
    began = time.monotonic()
    with _running("worker", "start", "--pool", POOL) as worker:
        while server.poll() is None and worker.poll() is None:
            time.sleep(1)  # until a signal comes or one of them ends
    if server.poll() is not None or time.monotonic() - began < LIVES_SECONDS:
        raise RuntimeError("the server or the worker stopped by itself; look at what it said, and start again")


def _stop(signal_number: int, _: FrameType | None) -> NoReturn:
    raise SystemExit(128 + signal_number)


@contextmanager
def _running(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a prefect command while the block lasts, and let it end by itself when it is told to."""
    process = subprocess.Popen([sys.executable, "-m", "prefect", *words])
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOPS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
