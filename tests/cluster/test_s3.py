"""Data, models and checkpoints in a bucket: the same bits from there, here and on hosts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.fitting import FITS, PARTITION, cut, digests, write_table
from tests.support.marks import on_clusters

import windrow as gl
from windrow.config import configured
from windrow.errors import ConvergenceWarning
from windrow.io.counters import bytes_read

if TYPE_CHECKING:
    from tests.support.places import InBucket
    from tests.support.s3_server import S3Server

pytestmark = on_clusters("distributed", "cryptography", timeout=300)


def test_models_of_a_bucket_have_the_bits_of_those_of_a_file(
    s3_place: InBucket, s3: S3Server, tmp_path: Path
) -> None:
    path, state = tmp_path / "all.csv", tmp_path / "state"
    write_table(path)
    url = s3_place.put("data/all.csv", path.read_bytes())
    expected = digests(cut(gl.SFrame(str(path)), PARTITION), "logistic_classifier")
    pattern = s3_place.url("data/*.csv")
    assert digests(cut(gl.SFrame(pattern), PARTITION), "logistic_classifier") == expected

    with gl.deploy.local_cluster.create("bucket", 2, memory="1GB", state_path=state) as cluster:
        with gl.distributed(cluster):
            before = bytes_read.of(url)
            sf = gl.SFrame(pattern)
            assert digests(cut(sf, PARTITION), "logistic_classifier") == expected
            assert bytes_read.of(url) - before <= 1 << 20

            table, kept = s3_place.url("table"), s3_place.url("kept")
            small = sf.head(1000)
            small.save(table)
            small.save(s3_place.url("small.csv"))
            options: dict[str, Any] = {
                "target": "y",
                "missing_value_action": "impute",
                "verbose": False,
                **FITS["lbfgs"][-1],
            }
            with configured(checkpoint_seconds=0.0), pytest.warns(ConvergenceWarning):
                gl.logistic_classifier.create(
                    sf, **(options | {"max_iterations": 2}), checkpoint=kept
                )
        whole = gl.logistic_classifier.create(sf, **options)
        with gl.distributed(cluster):
            resumed = gl.logistic_classifier.create(sf, **options, resume_from_checkpoint=kept)
        assert list(resumed.coefficients["value"]) == list(whole.coefficients["value"])
        resumed.save(s3_place.url("model"))
        loaded = gl.load_model(s3_place.url("model"))
        assert list(loaded.coefficients["value"]) == list(whole.coefficients["value"])
        assert gl.load_sframe(table).to_polars().equals(small.to_polars())
        assert gl.SFrame(s3_place.url("small.csv")).to_polars().equals(small.to_polars())

    secret = s3.secret_key.encode()
    files = [file for file in state.rglob("*") if file.is_file()]
    assert files
    assert [file for file in files if secret in file.read_bytes()] == []
