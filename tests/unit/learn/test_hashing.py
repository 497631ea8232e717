from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from windrow.learn.hashing import hash_rows, permute, uniform


@given(st.integers(1, 3000), st.integers(-(2**70), 2**70))
@settings(max_examples=40)
def test_a_permutation_sends_every_row_to_a_place_of_its_own(n: int, seed: int) -> None:
    places = permute(np.arange(n, dtype=np.uint64), n, seed)
    assert np.array_equal(np.sort(places), np.arange(n))


def test_places_do_not_depend_on_how_rows_are_cut() -> None:
    whole = permute(np.arange(1000, dtype=np.uint64), 1000, 5)
    pieces = [permute(np.arange(s, s + 100, dtype=np.uint64), 1000, 5) for s in range(0, 1000, 100)]
    assert np.array_equal(whole, np.concatenate(pieces))


def test_splits_of_different_seeds_are_unrelated() -> None:
    rows = np.arange(20_000, dtype=np.uint64)
    first, second = permute(rows, 20_000, 1), permute(rows, 20_000, 2)
    assert abs(np.corrcoef(first.astype(float), second.astype(float))[0, 1]) < 0.03
    assert abs(np.corrcoef(first.astype(float), rows.astype(float))[0, 1]) < 0.03


def test_huge_tables_are_permuted_too() -> None:
    n = (1 << 62) + 12345
    places = permute(np.array([0, 1, n - 1], dtype=np.uint64), n, 3)
    assert len(set(places.tolist())) == 3
    assert int(places.max()) < n


def test_uniform_numbers_are_uniform_and_independent_of_each_other() -> None:
    from scipy import stats

    u = uniform(11, np.arange(50_000, dtype=np.uint64))
    assert stats.kstest(u, "uniform").pvalue > 1e-4
    assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 0.02
    assert 0.0 <= u.min() < u.max() < 1.0


def test_known_answers_do_not_drift() -> None:
    rows = np.arange(3, dtype=np.uint64)
    wanted = [6235967106033911276, 2558736989570252433, 3391245575278488096]
    assert hash_rows(0, rows).tolist() == wanted
    assert permute(np.arange(8, dtype=np.uint64), 8, 0).tolist() == [1, 7, 3, 2, 0, 4, 5, 6]


def test_seeds_that_share_low_bits_or_magnitude_differ() -> None:
    rows = np.arange(4, dtype=np.uint64)
    answers = [hash_rows(seed, rows).tolist() for seed in (0, 1, -1, 2**64, 2**64 + 1)]
    answers.append(hash_rows(0, rows, stream=1).tolist())
    assert len({tuple(a) for a in answers}) == len(answers)


def test_rows_outside_the_range_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\[0, 3\)"):
        permute(np.array([3], dtype=np.uint64), 3, 0)
