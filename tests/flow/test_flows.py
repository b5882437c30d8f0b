"""The deployments of prefect.yaml on a real server and worker: how their runs end, what they leave, who is told."""

import filecmp
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import httpx
import pytest

from pipelines import flows, ledger, sample
from pipelines.failure import sentence
from pipelines.places import DataFolder
from tests.few import packs_of
from tests.flow.conftest import EDI, Service

pytestmark = pytest.mark.server

# Whose marts take long enough to be disturbed in.
EMPLOYERS = ("RNA", "RL4", "E08000027")


def edi_run(data: Path) -> Path:
    """Run the road from the command line, and return its release."""
    subprocess.run([EDI, "run", "--data", data], capture_output=True, check=True)
    return release(data)


def release(data: Path) -> Path:
    return data / "marts" / json.loads((data / "marts" / "current.json").read_text())["path"]


def same_bytes(one: Path, other: Path) -> bool:
    names = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(other) for path in other.rglob("*") if path.is_file())
    return filecmp.cmpfiles(one, other, [str(name) for name in names], shallow=False)[0] == [str(one) for one in names]


@pytest.fixture
def real(tmp_path: Path, real_data: Path) -> Path:
    """A data folder with England's NHS staff by ethnicity and band, and residents to hold them against."""
    (tmp_path / "landing").mkdir()
    shutil.copy(real_data / "nhs_england_ethnicity_by_band" / "nhs-workforce.csv", tmp_path / "landing")
    shutil.copy(real_data / "census2021" / "ons-ethnic-population-nat.csv", tmp_path / "landing")
    return tmp_path


@pytest.fixture(scope="module")
def staff(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A landing folder with what all invented employers send in a month."""
    landing = tmp_path_factory.mktemp("staff") / "landing"
    sample.write_sample(landing, 4_000, 1, 1)
    return landing


@pytest.fixture(scope="module")
def undisturbed(staff: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the staff of some employers, and its release by the command line."""
    data = tmp_path_factory.mktemp("undisturbed")
    packs_of(data, "E08000027")
    (data / "landing").mkdir()
    for path in (path for path in staff.iterdir() if any(f"_{employer}_" in path.name for employer in EMPLOYERS)):
        shutil.copy(path, data / "landing")
    edi_run(data)
    return data


@pytest.fixture
def invented(tmp_path: Path, undisturbed: Path) -> Path:
    """A data folder with the same staff, and nothing made of them yet."""
    shutil.copytree(undisturbed / "landing", tmp_path / "landing")
    shutil.copy(undisturbed / "method.yaml", tmp_path)
    return tmp_path


def test_what_a_flow_makes_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Whatever process a worker of somebody's own runs it in."""
    flows.in_a_sentence((tmp_path / "made").touch)()
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o600


def test_the_deployments_run_at_london_s_time_one_after_the_other(service: Service) -> None:
    found = service.ask("POST", "/deployments/filter", {})
    schedules = {
        one["name"]: [(s["schedule"]["cron"], s["schedule"]["timezone"]) for s in one["schedules"]] for one in found
    }
    assert schedules == {
        "monthly": [("30 7 10 * *", "Europe/London")],
        "yearly": [("30 7 15 4 *", "Europe/London")],
        "weekdays": [("0 7 * * 1-5", "Europe/London")],
        "weekly": [("0 5 * * 0", "Europe/London")],
    }
    assert all(one["description"] and "workforce-edi" in one["tags"] for one in found)
    pool = service.ask("GET", "/work_pools/workforce-edi")
    assert (pool["type"], pool["concurrency_limit"]) == ("process", 1)


def test_nobody_reaches_the_server_without_the_password_and_no_trigger_names_a_command(service: Service) -> None:
    for method, path in (("GET", "/work_pools/workforce-edi"), ("POST", "/flow_runs/filter")):
        assert httpx.request(method, service.api + path, json={}).status_code in (401, 403)
    evil = httpx.options(
        service.api + "/flow_runs/filter",
        headers={"origin": "http://evil.example", "access-control-request-method": "POST"},
    )
    assert "access-control-allow-origin" not in evil.headers
    assert service.password.stat().st_mode & 0o777 == 0o600
    template = service.ask("GET", "/work_pools/workforce-edi")["base_job_template"]
    assert not {"command", "working_dir"} & ({*template["job_configuration"]} | {*template["variables"]["properties"]})


def test_a_month_ends_completed_with_the_release_that_the_command_line_makes(service: Service, real: Path) -> None:
    run = service.ended(service.trigger("road/monthly", data=str(real)))
    assert (run["state_type"], run["state_name"]) == ("COMPLETED", "Completed")
    assert run["state"]["message"] == f"release {release(real).name}: 2 files accepted"
    assert run["name"] == f"road to the latest date in {real}"
    by_flow = release(real).rename(real / "by flow")
    shutil.rmtree(real / "marts")
    assert same_bytes(by_flow, edi_run(real))
    left = service.artifacts(run["id"])
    assert {"verdicts", "files", "refused", "progress-ingest", "progress-measure", "progress-report"} <= set(left)
    assert "BME people among NHS staff, against residents" in left["findings"]
    assert float(left["progress-measure"]) == 100
    assert "nhs-workforce.csv" in left["files"]
    audited(service, real)


def audited(service: Service, data: Path) -> None:
    """Audit a release as the week does: once as it is, once after a bit of it was changed."""
    run = service.ended(service.trigger("audit/weekly", data=str(data)))
    summary = f"release {release(data).name}: made again: every table has the same bytes"
    assert (run["state_name"], run["state"]["message"]) == ("Completed", summary)
    assert ledger.read(data / "ledger.jsonl")[-1]["verdict"] == "same bytes"
    mart = release(data) / "internal" / "trend.parquet"
    mart.write_bytes(mart.read_bytes()[:-1] + b"2")
    run = service.ended(service.trigger("audit/weekly", data=str(data)))
    (receipt,) = [path for path in (data / "audits").iterdir() if "damaged" in path.read_text(encoding="utf-8")]
    summary = f"release {release(data).name}: NOT made again: what was kept is damaged; what differs: {receipt}"
    assert (run["state_name"], run["state"]["message"]) == ("Failed", summary)
    assert "trend.parquet was changed" in receipt.read_text(encoding="utf-8")


def test_two_triggers_at_once_run_one_after_the_other_and_a_refused_file_is_told(service: Service, real: Path) -> None:
    """The first finds a file that it refuses, and moves it: the second finds nothing to complain of."""
    (real / "landing" / "unknown.csv").write_text("a,b\n1,2\n")
    both = [service.trigger("road/monthly", data=str(real)) for _ in range(2)]
    first, second = sorted(map(service.ended, both), key=lambda run: str(run["start_time"]))
    assert datetime.fromisoformat(second["start_time"]) >= datetime.fromisoformat(first["end_time"])
    assert [first["state_type"], second["state_type"]] == ["COMPLETED", "COMPLETED"]
    assert [first["state_name"], second["state_name"]] == ["Files refused", "Completed"]
    assert second["state"]["message"] == f"release {release(real).name}: 2 files accepted"
    assert list((real / "quarantine").glob("unknown.csv-*/report.md"))

    service.wait(lambda: any(first["id"] in text for text in service.told), "nobody is told")
    (text,) = [text for text in service.told if first["id"] in text or second["id"] in text]
    assert text.splitlines()[:2] == [
        f"Workforce EDI, road to the latest date in {real}: Files refused",
        f"release {release(real).name}: 2 files accepted; refused: unknown.csv [layout.none]; "
        f"what their senders have to mend stands in {real / 'quarantine'}",
    ]


def test_a_year_fails_on_a_refused_file_and_a_person_is_told(service: Service, real: Path) -> None:
    (real / "landing" / "unknown.csv").write_text("a,b\n1,2\n")
    run = service.ended(service.trigger("yearly/yearly", data=str(real), year=2018))
    assert (run["state_type"], run["name"]) == ("FAILED", f"yearly 31 March 2018 in {real}")
    assert "unknown.csv [layout.none]" in run["state"]["message"]
    assert json.loads((real / "marts" / "current.json").read_text())["as_at_date"] == "2018-03-31"
    service.wait(lambda: any(run["id"] in text for text in service.told), "nobody is told")


def test_what_stops_a_run_is_a_sentence_in_its_state(service: Service, tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    run = service.ended(service.trigger("road/monthly", data=str(tmp_path)))
    assert run["state_type"] == "FAILED"
    assert run["state"]["message"].startswith("no accepted file counts people in post")

    def logs() -> list[str]:
        found = service.ask("POST", "/logs/filter", {"logs": {"flow_run_id": {"any_": [run["id"]]}}})
        return [one["message"] for one in found]

    told = "Hook 'tell_a_person' finished running successfully"
    service.wait(lambda: told in logs(), f"nobody is told: {logs()}")
    # Prefect's engine tells where in itself a run ended, and no line of ours.
    assert not [message for message in logs() if "pipelines/" in message]


def test_the_landing_check_moves_nothing_and_names_who_is_awaited(
    service: Service, staff: Path, tmp_path: Path
) -> None:
    invented = tmp_path
    shutil.copytree(staff, invented / "landing")
    (gone,) = (invented / "landing").glob("*RBK_2026-03-31.csv")
    gone.unlink()
    (invented / "landing" / "un\x1b[31mknown.csv").write_text("a,b\n1,2\n")
    before = sorted(invented.rglob("*"))
    run = service.ended(service.trigger("landing-check/weekdays", data=str(invented)))
    assert (run["state_type"], run["state_name"]) == ("COMPLETED", "Files refused")
    assert sorted(invented.rglob("*")) == sorted([*before, invented / ".edi.lock", invented / "snapshots"])
    left = service.artifacts(run["id"])
    assert json.loads(left["awaited"]) == [
        {"as at": "2026-03-31", "code": "RBK", "name": "Walsall Healthcare NHS Trust"}
    ]
    assert json.loads(left["refused"])[0]["file"] == r"un\x1b[31mknown.csv"
    assert r"un\x1b[31mknown.csv [layout.none]" in run["state"]["message"]


def test_a_cancel_leaves_nothing_half_done(service: Service, invented: Path, undisturbed: Path) -> None:
    run = service.trigger("road/monthly", data=str(invented))
    service.wait(lambda: in_the_middle(invented), "it never gets to the marts", every=0.05)
    service.ask("POST", f"/flow_runs/{run}/set_state", {"state": {"type": "CANCELLING"}})
    assert service.ended(run)["state_type"] == "CANCELLED"
    assert not in_the_middle(invented)
    assert not (invented / "marts" / "current.json").exists()
    assert not (invented / "snapshots" / ".work").exists()
    assert service.ended(service.trigger("road/monthly", data=str(invented)))["state_name"] == "Completed"
    assert same_bytes(release(invented), release(undisturbed))


def test_a_share_that_is_away_for_a_moment_is_waited_for(service: Service, real: Path) -> None:
    away = (real / "landing").rename(real / "away")
    run = service.trigger("road/monthly", data=str(real))
    waiting = {"flow_runs": {"id": {"any_": [run]}}, "task_runs": {"state": {"name": {"any_": ["AwaitingRetry"]}}}}
    service.wait(lambda: service.ask("POST", "/task_runs/filter", waiting), "nothing waits")
    assert not (real / "snapshots").exists()
    away.rename(real / "landing")
    assert service.ended(run)["state_name"] == "Completed"


def test_a_killed_worker_is_noticed_and_the_next_run_does_the_whole(
    service: Service, invented: Path, undisturbed: Path
) -> None:
    """The worker and its run die at once, as when somebody pulls the plug; the server has to notice by itself.

    A file had been refused and moved by then: the next run tells of it, which doesn't see it any more.
    """
    (invented / "landing" / "unknown.csv").write_text("a,b\n1,2\n")
    run = service.trigger("road/monthly", data=str(invented))
    service.wait(lambda: in_the_middle(invented), "it never gets to the marts", every=0.05)
    (worker,) = children(service.process.pid, "worker")
    for process in (worker, *children(worker, "")):
        os.kill(process, signal.SIGKILL)
    following = service.trigger("road/monthly", data=str(invented))
    crashed = service.ended(run)
    assert crashed["state_type"] == "CRASHED"
    assert "not heard of" in crashed["state"]["message"]
    service.wait(lambda: any(run in text for text in service.told), "nobody is told")
    assert service.ended(following)["state_name"] == "Files refused"
    assert "refused: unknown.csv [layout.none]" in service.run(following)["state"]["message"]
    assert same_bytes(release(invented), release(undisturbed))
    assert not in_the_middle(invented)
    assert not ledger.refused_since_release(ledger.read(DataFolder(invented).ledger))


def in_the_middle(data: Path) -> bool:
    """Whether marts are being made."""
    return bool(list((data / "marts").glob(".*.draft/internal/*.parquet")))


def children(parent: int, word: str) -> list[int]:
    """Return the processes that one started, of those whose command has the word in it."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The command's name stands in brackets, and may have any letter in it; behind it state and parent.
            started_by = int(status.read_text().rpartition(")")[2].split()[1])
            command = status.with_name("cmdline").read_bytes().decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
        if started_by == parent and word in command:
            found.append(int(status.parent.name))
    return found


@pytest.mark.parametrize(
    ("year", "day", "last"),
    [
        (None, date(2026, 4, 15), date(2026, 3, 31)),
        (None, date(2026, 4, 1), date(2026, 3, 31)),
        (None, date(2026, 3, 31), date(2025, 3, 31)),
        (None, date(2027, 1, 2), date(2026, 3, 31)),
        (2024, date(2026, 4, 15), date(2024, 3, 31)),
    ],
)
def test_a_year_ends_on_the_latest_31_march_before_the_run(year: int | None, day: date, last: date) -> None:
    assert flows.latest_year_end(year, day) == last


@pytest.mark.parametrize(
    ("error", "is_tried_again"),
    [
        (OSError(5, "Input/output error", "landing"), True),
        (ValueError("no accepted file counts people in post"), False),
    ],
)
def test_only_what_may_pass_is_tried_again(error: Exception, is_tried_again: bool) -> None:
    def stage() -> None:
        raise error

    ended: Callable[[], object] = flows.in_a_sentence(stage)
    state = ended()
    assert isinstance(state, flows.State)
    assert state.message == sentence(error)
    assert flows.is_out_of_reach(None, None, state) is is_tried_again
