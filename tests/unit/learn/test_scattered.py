from __future__ import annotations

import pickle

import numpy as np
from hypothesis import given, settings, strategies as st

from windrow.learn.peaks import Peaked
from windrow.learn.scattered import Scattered, Summed, compact, whole
from windrow.learn.tree import tree_sum

SIZE = 6000


def partial(seed: int, share: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    rng = np.random.default_rng(seed)
    found = np.zeros(SIZE)
    places = rng.choice(SIZE, int(share * SIZE), replace=False)
    found[places] = rng.normal(size=places.size) * 10.0 ** rng.integers(-9, 9, places.size)
    return found


@settings(max_examples=30)
@given(shares=st.lists(st.sampled_from([0.0, 0.01, 0.1, 0.2, 0.3, 1.0]), min_size=1, max_size=9))
def test_a_tree_sum_has_the_same_bits_whatever_is_scattered(shares: list[float]) -> None:
    partials = [partial(seed, share) for seed, share in enumerate(shares)]
    wanted = tree_sum(partials)
    mixed: list[Summed] = [compact(p) for p in partials]
    assert whole(tree_sum(mixed)).tobytes() == wanted.tobytes()
    by_turns: list[Summed] = [compact(p) if i % 2 else p for i, p in enumerate(partials)]
    assert whole(tree_sum(by_turns)).tobytes() == wanted.tobytes()


def test_less_than_a_quarter_is_scattered() -> None:
    assert isinstance(compact(partial(1, 0.24)), Scattered)
    assert isinstance(compact(partial(1, 0.25)), np.ndarray)
    assert isinstance(compact(np.zeros(100)), np.ndarray)


def test_a_sum_that_fills_up_becomes_whole() -> None:
    total = compact(partial(1, 0.2)) + compact(partial(2, 0.2))
    assert isinstance(total, np.ndarray)


def test_nothing_is_written_to() -> None:
    few, many = compact(partial(1, 0.1)), partial(2, 1.0)
    before = whole(few).tobytes(), many.tobytes()
    assert (few + many).tobytes() == (many + few).tobytes() == (whole(few) + many).tobytes()
    assert before == (whole(few).tobytes(), many.tobytes())


def test_a_zero_below_zero_is_added_like_any_other() -> None:
    whole_one, few = np.full(SIZE, -0.0), np.zeros(SIZE)
    few[3] = -0.0
    assert whole(compact(few)).tobytes() == few.tobytes()
    assert (compact(few) + whole_one).tobytes() == (few + whole_one).tobytes()
    assert whole(compact(few) + compact(np.zeros(SIZE))).tobytes() == (few + 0.0).tobytes()


def test_what_has_sums_and_peaks_keeps_its_peaks() -> None:
    found = compact(Peaked(partial(1, 0.1), np.array([3.0])))
    assert isinstance(found.sums, Scattered)
    assert whole(found).sums.tobytes() == partial(1, 0.1).tobytes()
    assert found.peaks.tolist() == [3.0]


def test_it_travels_small() -> None:
    few = compact(partial(1, 0.01))
    data = pickle.dumps(few)
    assert len(data) < SIZE
    assert whole(pickle.loads(data)).tobytes() == whole(few).tobytes()
