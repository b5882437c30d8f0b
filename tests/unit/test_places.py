"""What a data folder has of its own comes before what the project ships."""

from pathlib import Path

from pipelines import places
from pipelines.places import DataFolder


def test_a_data_folders_own_deployments_come_before_the_packaged_ones(tmp_path: Path) -> None:
    assert DataFolder(tmp_path).prefect_yaml() == places.PREFECT_YAML
    assert places.PREFECT_YAML.is_file()
    (tmp_path / "prefect.yaml").mkdir()
    assert DataFolder(tmp_path).prefect_yaml() == places.PREFECT_YAML
    (tmp_path / "prefect.yaml").rmdir()
    (tmp_path / "prefect.yaml").write_text("name: ours\n", encoding="utf-8")
    assert DataFolder(tmp_path).prefect_yaml() == tmp_path / "prefect.yaml"
