"""Projects that read objects, by their own commands, of a real object store: overwritten, taken away, refused, gone."""

from __future__ import annotations

import random
import re
import signal
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import duckdb
import pytest

from scaffold import source
from tests.combinations import TABLE, answers, every, made
from tests.mutations import DEFAULT
from tests.services import Store, store
from tests.shops import ended, started

if TYPE_CHECKING:
    import subprocess

    from types_boto3_s3 import S3Client

pytestmark = pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning")
CHOICE = DEFAULT | {"source": "object_store", "objects": "s3://shop/in/**/*.csv", "format": "csv"}
BEGIN = datetime.fromisoformat(TABLE["since"])
DAYS, ROWS = 6, 5
OVER = (BEGIN + timedelta(days=DAYS + 1)).isoformat()
RUN, REDO = ("run", "p000", "--as-of", OVER), ("backfill", "p000", BEGIN.isoformat(), OVER)
SECRET = "0f-the-0bject-st0re"
HEADER = ",".join(column["source"] for column in TABLE["columns"])


def orders(day: int, version: int = 0, count: int = ROWS) -> bytes:
    """The orders of a day: their amounts tell the version."""
    lines = [HEADER]
    for number in range(count):
        at = BEGIN + timedelta(days=day, hours=number + 1)
        lines.append(f"{day * 100 + number},{at.isoformat()}Z,c,{version},1.5,true,2025-01-01")
    return "".join(f"{line}\n" for line in lines).encode()


@dataclass(frozen=True)
class Project:
    folder: Path
    store: Store
    user: str = "tests"

    @property
    def env(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.store.url,
            "AWS_ACCESS_KEY_ID": self.user,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_MAX_ATTEMPTS": "2",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "PIPELINE_CHUNK": "1",
        }

    @property
    def bucket(self) -> Bucket:
        return Bucket(
            boto3.client(
                "s3",
                endpoint_url=self.store.url,
                aws_access_key_id="somebody",
                aws_secret_access_key="else",
                region_name="us-east-1",
            )
        )

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        return started(self.folder, (*words, "--json"), self.env | env)

    def call(self, *words: str, code: int = 0, **env: str) -> tuple[Any, str]:
        return ended(self.start(*words, **env), code)

    def amounts(self) -> dict[str, set[int]]:
        """The versions of the orders of each object, by its name."""
        if not (path := self.folder / "warehouse.duckdb").exists():
            return {}
        query = "SELECT _file, count(*), list(DISTINCT amount) FROM p000.silver GROUP BY 1"
        try:
            with duckdb.connect(path, read_only=True) as con:
                found = con.execute(query).fetchall()
        except duckdb.CatalogException:  # killed before there were tables
            return {}
        assert {count for _, count, _ in found} <= {ROWS}
        return {file: {int(one) for one in versions} for file, _, versions in found}


@dataclass(frozen=True)
class Bucket:
    client: S3Client

    def put(self, key: str, content: bytes) -> str:
        return self.client.put_object(Bucket="shop", Key=key, Body=content)["ETag"]

    def put_in_parts(self, key: str, content: bytes) -> str:
        """The same content has another ETag so."""
        place: Any = {"Bucket": "shop", "Key": key}
        upload: Any = place | {"UploadId": self.client.create_multipart_upload(**place)["UploadId"]}
        part = self.client.upload_part(PartNumber=1, Body=content, **upload)
        parts: Any = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        return self.client.complete_multipart_upload(MultipartUpload=parts, **upload)["ETag"]

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket="shop", Key=key)

    def fill(self, days: Sequence[int], version: int = 0) -> None:
        for day in days:
            self.put(f"in/2025/{day:03}.csv", orders(day, version))


@contextmanager
def project(
    folder: Path, templates: source.Templates, served: Store, **choice: Any
) -> Iterator[Project]:
    wanted = CHOICE | choice
    assert any(one["source"] == "object_store" for one in every())
    found = Project(made(folder / "shop", templates, answers([wanted])), served)
    found.bucket.client.create_bucket(Bucket="shop")
    yield found
    written = b"".join(one.read_bytes() for one in found.folder.rglob("*") if one.is_file())
    assert SECRET.encode() not in written
    assert served.url.encode() not in written


@pytest.fixture
def served() -> Iterator[Store]:
    with store() as made_:
        yield made_


def test_a_project_has_what_its_store_needs_and_others_have_nothing_of_it(
    templates: source.Templates, tmp_path: Path
) -> None:
    folder = made(tmp_path / "shop", templates, answers([CHOICE]))
    needs = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["dependencies"]
    assert [one for one in needs if one.startswith("boto3>=")]
    settings = tomllib.loads((folder / "conf/defaults.toml").read_text())["pipelines"]["p000"]
    assert settings == {"path": "s3://shop/in/**/*.csv", "copies": "copies/p000"}
    assert "AWS_ENDPOINT_URL" in (folder / "README.md").read_text()
    plain = made(tmp_path / "plain", templates, answers([DEFAULT]))
    text = "".join(one.read_text() for one in plain.rglob("*") if one.is_file())
    assert not re.search("boto|s3://|AWS_", text)
    assert not [one for one in plain.rglob("*") if re.search("object|bucket|store", one.name)]


@pytest.mark.slow
def test_objects_that_are_overwritten_or_deleted_are_read_as_they_are_now(
    templates: source.Templates, tmp_path: Path, served: Store
) -> None:
    with project(tmp_path, templates, served) as shop:
        _, log = shop.call(*RUN, code=4)
        assert "no object matches s3://shop/in/**/*.csv" in log
        shop.bucket.fill(range(DAYS))
        shop.bucket.put("in/_half.csv", b"half")
        assert shop.call(*RUN)[0]["rows"] == DAYS * ROWS
        assert shop.call(*RUN)[0]["done"] == 0
        assert shop.amounts() == {f"2025/{day:03}.csv": {0} for day in range(DAYS)}
        shop.bucket.fill([2], version=7)
        shop.bucket.delete("in/2025/003.csv")
        shop.bucket.put("in/new/003.csv", orders(3, version=8))
        shop.call(*REDO)
        assert shop.amounts() == (
            {f"2025/{day:03}.csv": {0} for day in (0, 1, 4, 5)}
            | {"2025/002.csv": {7}, "new/003.csv": {8}}
        )
        copies = {one.name for one in (shop.folder / "copies/p000/2025").glob("[!.]*")}
        assert copies == {f"{day:03}.csv" for day in (0, 1, 2, 4, 5)}
        before = shop.amounts()
        lacking = orders(2).replace(b"amount", b"amounts")
        shop.bucket.put("in/2025/002.csv", lacking)
        _, log = shop.call(*REDO, code=1)
        assert "lacks amount" in log
        assert shop.amounts() == before


@pytest.mark.slow
def test_a_stream_takes_each_content_once_and_what_replaces_it(
    templates: source.Templates, tmp_path: Path, served: Store
) -> None:
    choice = {"extraction": "streaming", "files": 2, "watermark": "365d"}
    with project(tmp_path, templates, served, **choice) as shop:
        shop.bucket.fill(range(5))
        first, _ = shop.call(*RUN)
        assert (first["done"], first["rows"]) == (3, 5 * ROWS)
        one = "in/2025/001.csv"
        etags = shop.bucket.put(one, orders(1)), shop.bucket.put_in_parts(one, orders(1))
        assert etags[0] != etags[1]
        assert shop.call(*RUN)[0]["done"] == 0
        shop.bucket.put(one, orders(1, version=3))
        shop.bucket.delete("in/2025/004.csv")
        shop.bucket.fill([5])
        assert shop.call(*RUN)[0]["rows"] == 2 * ROWS
        amounts = {f"2025/{day:03}.csv": {0} for day in range(6)} | {"2025/001.csv": {3}}
        assert shop.amounts() == amounts
        again, _ = shop.call(*REDO)  # without what is gone: its rows are kept
        assert again["failed"] == []
        assert shop.amounts() == amounts


@pytest.mark.slow
def test_who_is_refused_and_what_is_not_there_is_said_and_no_unit_is_failed_for_it(
    templates: source.Templates, tmp_path: Path
) -> None:
    with (
        store(INITIAL_NO_AUTH_ACTION_COUNT="3") as served,
        project(tmp_path, templates, served) as shop,
    ):
        shop.bucket.fill(range(2))
        place = "s3://elsewhere/*.csv"
        _, log = shop.call(*RUN, code=3)
        assert "s3:GetObject" in log
        assert "InvalidAccessKeyId" in log
        served.stop()
        _, log = shop.call(*RUN, code=3)
        assert "cannot be had now" in log
        served.start()
        _, log = shop.call(*RUN, code=3, PIPELINE_PIPELINES__P000__PATH=place)
        assert "there is no bucket elsewhere" in log
        _, log = shop.call(*RUN, code=2, PIPELINE_PIPELINES__P000__PATH="data/*.csv")
        assert "must be s3://<bucket>/<glob>" in log
        _, log = shop.call(*RUN, code=3, AWS_ENDPOINT_URL="not an address")
        assert SECRET not in log
        bare = {
            "AWS_ACCESS_KEY_ID": "",
            "AWS_SECRET_ACCESS_KEY": "",
            "AWS_EC2_METADATA_DISABLED": "1",
        }
        _, log = shop.call(*RUN, code=3, **bare)
        assert "NoCredentialsError" in log
        shop.bucket.client.create_bucket(Bucket="shop")
        shop.bucket.fill(range(2))
        assert shop.call(*RUN)[0]["failed"] == []
        assert shop.amounts() == {f"2025/{day:03}.csv": {0} for day in range(2)}


@pytest.mark.slow
def test_runs_that_are_killed_and_a_store_that_goes_lose_and_double_nothing(
    templates: source.Templates, tmp_path: Path, served: Store
) -> None:
    chance = random.Random(3)
    with project(tmp_path, templates, served, retries=0) as shop:
        for version in range(4):
            shop.bucket.fill(range(DAYS), version)
            running = shop.start(*REDO)
            time.sleep(chance.uniform(0.6, 2.0))
            running.send_signal(signal.SIGKILL)
            running.communicate()
            assert all(len(versions) == 1 for versions in shop.amounts().values())
        for version in range(4, 6):
            shop.bucket.fill(range(DAYS), version)
            running = shop.start(*REDO)
            time.sleep(chance.uniform(0.6, 1.6))
            served.stop()
            _, log = running.communicate(timeout=300)
            assert running.returncode in (0, 1, 3), log
            assert "Traceback" not in log
            assert all(len(versions) == 1 for versions in shop.amounts().values())
            served.start()
            shop.bucket.client.create_bucket(Bucket="shop")
        shop.bucket.fill(range(DAYS), 9)
        shop.call(*REDO)
        assert shop.amounts() == {f"2025/{day:03}.csv": {9} for day in range(DAYS)}
