from __future__ import annotations

import glob
import tempfile
from pathlib import Path

from hypothesis import given, strategies as st

from windrow.io.patterns import Inside, expand

NAMES = st.sampled_from(["a", "b", "ab", ".a", "a.csv", "b.csv", "[a]"])
PARTS = st.sampled_from(["a", "*", "?", "a*", "*.csv", "[ab]", "[!a]*", ".*", "**", "[[]a]"])
PATHS = st.lists(st.lists(NAMES, min_size=1, max_size=3), max_size=8)


@given(PATHS, st.lists(PARTS, min_size=1, max_size=3))
def test_patterns_mean_what_they_mean_on_disk(paths: list[list[str]], parts: list[str]) -> None:
    pattern = "/".join(parts)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for path in paths:
            if not any((root / Path(*path[:n])).is_file() for n in range(1, len(path) + 1)):
                place = root / Path(*path)
                place.parent.mkdir(parents=True, exist_ok=True)
                if not place.is_dir():
                    place.write_bytes(b"")
        asked: list[str] = []

        def inside(folder: str) -> Inside:
            asked.append(folder)
            place = root / folder
            found = list(place.iterdir()) if place.is_dir() else []
            folders = {path.name for path in found if path.is_dir()}
            return folders, {path.name for path in found} - folders

        matched = glob.glob(pattern, root_dir=root, recursive=True)  # noqa: PTH207  # what it is held to
        wanted = sorted({path.rstrip("/") for path in matched} - {""})
        assert expand(pattern, inside) == wanted
        assert len(asked) == len(set(asked))


def test_only_folders_that_can_match_are_asked_for() -> None:
    asked: list[str] = []
    tree: dict[str, Inside] = {
        "logs": ({"2023", "2024"}, set()),
        "logs/2024": (set(), {"a.csv", "b.txt"}),
    }

    def inside(folder: str) -> Inside:
        asked.append(folder)
        return tree[folder]

    assert expand("logs/2024*/*.csv", inside) == ["logs/2024/a.csv"]
    assert asked == ["logs", "logs/2024"]
