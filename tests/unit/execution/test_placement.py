from __future__ import annotations

from itertools import pairwise

from hypothesis import given, strategies as st

from windrow.execution.placement import RUNS, Placement

hosts = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 4), min_size=1)


@given(st.integers(0, 60), st.lists(hosts, min_size=1, max_size=6))
def test_every_partition_has_one_home_among_those_that_live(
    count: int, lives: list[dict[str, int]]
) -> None:
    placement = Placement(count)
    for threads in lives:
        homes = placement.over(threads)
        assert set(homes) == set(threads)
        assert sorted(n for numbers in homes.values() for n in numbers) == list(range(count))
        assert all(numbers == sorted(numbers) for numbers in homes.values())


def test_what_lies_with_the_living_stays_there() -> None:
    placement = Placement(100)
    before = {
        host: set(numbers) for host, numbers in placement.over(dict.fromkeys("abc", 1)).items()
    }
    after = placement.over(dict.fromkeys("ac", 1))
    assert before["a"] <= set(after["a"])
    assert before["c"] <= set(after["c"])
    assert {len(numbers) for numbers in after.values()} == {50}


def test_a_new_host_takes_its_share_and_no_more_moves() -> None:
    placement = Placement(90)
    before = {host: set(numbers) for host, numbers in placement.over({"a": 1, "b": 1}).items()}
    after = placement.over({"a": 1, "b": 1, "c": 1})
    assert [len(after[host]) for host in "abc"] == [30, 30, 30]
    assert set(after["a"]) <= before["a"]
    assert set(after["b"]) <= before["b"]


def test_nothing_moves_while_nobody_comes_or_goes() -> None:
    placement = Placement(10)
    assert placement.over({"a": 2, "b": 1}) is placement.over({"a": 2, "b": 1})


@given(
    st.lists(st.dictionaries(st.sampled_from("abx"), st.integers(1, 9)), max_size=80),
    st.integers(1, 3),
    st.integers(1, 3),
)
def test_near_hosts_are_taken_and_none_has_more_than_its_part(
    near: list[dict[str, int]], a: int, b: int
) -> None:
    placement = Placement(len(near), near)
    homes = placement.over({"tls://a:1": a, "tls://b:1": b})
    numbers = {host[6]: of_host for host, of_host in homes.items()}
    assert sorted(numbers["a"] + numbers["b"]) == list(range(len(near)))
    assert len(numbers["a"]) <= -(-len(near) * a // (a + b)) + len(near) * a // (8 * (a + b))
    assert len(numbers["b"]) <= -(-len(near) * b // (a + b)) + len(near) * b // (8 * (a + b))
    assert homes is placement.over({"tls://a:1": a, "tls://b:1": b})


def test_each_partition_is_read_where_it_is_while_there_is_room() -> None:
    near = [{"ab"[number % 2]: 9} for number in range(20)]
    homes = Placement(20, near).over({"tls://a:1": 1, "tls://b:1": 1})
    assert homes["tls://a:1"] == list(range(0, 20, 2))


def test_of_very_many_partitions_neighbours_stay_together() -> None:
    near = [{"ab"[number % 2]: 9} for number in range(1024)]
    homes = Placement(1024, near).over({"tls://a:1": 1, "tls://b:1": 1})
    runs = sum(a + 1 != b for a, b in pairwise(homes["tls://a:1"]))
    assert runs <= 2 * RUNS
