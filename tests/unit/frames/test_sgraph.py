from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, strategies as st

import windrow as wr
from windrow.errors import (
    ArgumentError,
    ArgumentTypeError,
    ColumnNotFoundError,
    DamagedFolderError,
    FileFormatError,
    GraphFieldError,
    IdColumnError,
    MissingVertexIdError,
    NewerFormatError,
    SchemaMismatchError,
    SourceNotFoundError,
    UnwritableError,
    VertexIdTypeError,
)

EDGES = [
    wr.Edge("a", "b", {"w": 1}),
    wr.Edge("b", "c", {"w": 2}),
    wr.Edge("a", "c", {"w": 3}),
    wr.Edge("c", "d", {"w": 4}),
]


def small() -> wr.SGraph:
    return wr.SGraph([wr.Vertex("a", {"x": 1}), wr.Vertex("z", {"x": 2})], EDGES)


def rows(table: Any) -> list[dict[str, Any]]:
    return list(table)


def ids(graph: wr.SGraph) -> list[Any]:
    return list(graph.vertices["__id"])


# -------- what is in it


def test_vertices_are_those_given_and_then_those_that_only_edges_name() -> None:
    assert rows(small().vertices) == [
        {"__id": "a", "x": 1},
        {"__id": "z", "x": 2},
        {"__id": "b", "x": None},
        {"__id": "c", "x": None},
        {"__id": "d", "x": None},
    ]


def test_repeated_edges_and_loops_are_kept() -> None:
    graph = wr.SGraph(edges=[wr.Edge(1, 1), wr.Edge(1, 2), wr.Edge(1, 2)])
    assert graph.summary() == {"num_vertices": 2, "num_edges": 3}


def test_an_empty_graph_has_id_columns_and_no_rows() -> None:
    graph = wr.SGraph()
    assert graph.summary() == {"num_vertices": 0, "num_edges": 0}
    assert graph.get_fields() == ["__id", "__src_id", "__dst_id"]
    assert rows(graph.vertices) == []


def test_an_empty_graph_takes_the_type_of_the_first_ids() -> None:
    assert ids(wr.SGraph().add_edges(wr.Edge("a", "b"))) == ["a", "b"]
    assert ids(wr.SGraph().add_vertices(wr.Vertex("a"))) == ["a"]


def test_tables_may_name_their_id_columns() -> None:
    people = pd.DataFrame({"age": [5, 6], "who": ["x", "y"]})
    calls = wr.SFrame({"minutes": [3], "from": ["x"], "to": ["q"]})
    graph = wr.SGraph(people, calls, "who", "from", "to")
    assert graph.get_vertex_fields() == ["__id", "age"]
    assert rows(graph.edges) == [{"__src_id": "x", "__dst_id": "q", "minutes": 3}]
    assert ids(graph) == ["x", "y", "q"]


def test_a_vertex_that_is_added_again_takes_the_place_of_the_old() -> None:
    graph = small().add_vertices([wr.Vertex("a", {"y": 1}), wr.Vertex("a", {"y": 2})])
    (found,) = graph.get_vertices(["a"], format="list")
    assert found == wr.Vertex("a", {"x": None, "y": 2})
    assert sorted(ids(graph)) == ["a", "b", "c", "d", "z"]


def test_adding_makes_a_new_graph() -> None:
    graph = small()
    graph.add_edges(wr.Edge("q", "r"))
    graph.add_vertices(wr.Vertex("s"))
    assert sorted(ids(graph)) == ["a", "b", "c", "d", "z"]


def test_edges_with_other_fields_leave_none() -> None:
    graph = small().add_edges(wr.Edge("d", "a", {"v": "new"}))
    assert rows(graph.edges)[-1] == {"__src_id": "d", "__dst_id": "a", "w": None, "v": "new"}
    assert rows(graph.edges)[0]["v"] is None


def test_printing_tells_counts_and_fields() -> None:
    assert repr(small()) == (
        "SGraph({'num_vertices': 5, 'num_edges': 4})\n"
        "Vertex Fields: ['__id', 'x']\n"
        "Edge Fields: ['__src_id', '__dst_id', 'w']"
    )


def test_graphs_pickle_as_plans() -> None:
    again = pickle.loads(pickle.dumps(small()))
    assert rows(again.vertices) == rows(small().vertices)
    assert pickle.loads(pickle.dumps(wr.SGraph())).add_edges(wr.Edge("a", "b")).summary()
    assert rows(pickle.loads(pickle.dumps(small().edges))) == rows(small().edges)


def test_a_graph_of_files_reads_nothing_until_it_is_used(tmp_path: Path) -> None:
    file = tmp_path / "edges.csv"
    file.write_text("from,to,w\n1,2,0.5\n")
    graph = wr.SGraph(edges=wr.SFrame(str(file)), src_field="from", dst_field="to")
    file.unlink()
    graph.edges["double"] = graph.edges["w"] * 2
    assert graph.select_fields("double").get_edge_fields() == ["__src_id", "__dst_id", "double"]
    with pytest.raises(SourceNotFoundError):
        graph.summary()


STEP = st.tuples(st.just("vertex"), st.integers(0, 4), st.sampled_from("xy"), st.integers(0, 9)) | (
    st.tuples(st.just("edge"), st.integers(0, 4), st.integers(0, 4), st.integers(0, 9))
)


@given(st.lists(STEP, min_size=1, max_size=8))
def test_a_graph_is_what_a_dict_and_a_list_would_be(steps: list[tuple[Any, ...]]) -> None:
    graph, vertices, edges = wr.SGraph(), dict[int, dict[str, int]](), list[tuple[int, ...]]()
    for step in steps:
        if step[0] == "vertex":
            _, vid, field, value = step
            graph = graph.add_vertices(wr.Vertex(vid, {field: value}))
            vertices[vid] = {field: value}
        else:
            _, source, target, value = step
            graph = graph.add_edges(wr.Edge(source, target, {"w": value}))
            edges.append((source, target, value))
            vertices.setdefault(source, {})
            vertices.setdefault(target, {})
    found = {
        row.pop("__id"): {name: value for name, value in row.items() if value is not None}
        for row in graph.vertices
    }
    assert found == vertices
    assert len(graph.vertices) == len(vertices)
    assert [tuple(row.values()) for row in graph.edges] == edges


# -------- its views


def test_a_field_set_in_a_view_is_set_in_the_graph() -> None:
    graph = small()
    graph.edges["half"] = graph.edges["w"] / 2
    graph.vertices["x"] = graph.vertices["x"].fillna(0)
    graph.vertices["one"] = 1
    assert list(graph.edges["half"]) == [0.5, 1.0, 1.5, 2.0]
    assert [row["x"] for row in graph.vertices] == [1, 2, 0, 0, 0]
    assert graph.get_vertex_fields() == ["__id", "x", "one"]


def test_a_view_deletes_and_renames_in_place() -> None:
    graph = small()
    del graph.edges["w"]
    graph.vertices.rename({"x": "y"}, inplace=True)
    assert graph.get_fields() == ["__id", "__src_id", "__dst_id", "y"]


def test_a_view_shows_later_changes() -> None:
    graph = small()
    view = graph.edges
    graph.edges["n"] = 0
    assert view.column_names() == ["__src_id", "__dst_id", "w", "n"]


def test_what_methods_of_a_view_return_is_a_table_of_its_own() -> None:
    graph = small()
    table = graph.edges[graph.edges["w"] > 2]
    table["w"] = 0
    assert list(graph.edges["w"]) == [1, 2, 3, 4]
    assert type(table) is wr.SFrame


def test_a_field_of_the_wrong_length_is_refused() -> None:
    graph = small()
    with pytest.raises(ValueError, match="4"):
        graph.edges["v"] = [1, 2, 3]


def test_ids_cannot_be_changed_in_a_view() -> None:
    graph = small()
    with pytest.raises(IdColumnError, match="__id"):
        graph.vertices["__id"] = 1
    with pytest.raises(IdColumnError, match="__src_id"):
        del graph.edges["__src_id"]
    with pytest.raises(IdColumnError):
        graph.edges.rename({"__dst_id": "to"}, inplace=True)


def test_a_view_can_be_exchanged_for_a_table_with_ids() -> None:
    graph = small()
    graph.edges = graph.edges[graph.edges["w"] < 3]
    assert graph.summary() == {"num_vertices": 4, "num_edges": 2}
    graph.vertices = wr.SFrame({"__id": ["b"], "k": [9]})
    assert rows(graph.vertices)[0] == {"__id": "b", "k": 9}
    assert sorted(ids(graph)) == ["a", "b", "c"]


# -------- some of it


def test_vertices_are_found_by_id_and_by_field() -> None:
    graph = small()
    assert list(graph.get_vertices(["z", "c"])["__id"]) == ["z", "c"]
    assert list(graph.get_vertices("z")["x"]) == [2]
    assert list(graph.get_vertices(fields={"x": [1, 2]})["__id"]) == ["a", "z"]
    assert len(graph.get_vertices(fields={"x": None})) == 5
    assert list(graph.get_vertices(wr.SArray(["a"]), format="dataframe")["x"]) == [1]


@pytest.mark.parametrize(
    "sources, targets, weights",
    [
        ([], [], [1, 2, 3, 4]),
        (["a"], [], [1, 3]),
        ([], ["c"], [2, 3]),
        (["a", "c"], ["c", "d"], [3, 4]),
        (["a", None], ["b", "d"], [1, 4]),
        (["b", None], [None, "d"], [2, 4]),
        (["a", "a"], ["d", "d"], []),
        ([None], [None], [1, 2, 3, 4]),
    ],
)
def test_edges_are_found_by_pairs_of_ids(
    sources: list[Any], targets: list[Any], weights: list[int]
) -> None:
    assert list(small().get_edges(sources, targets)["w"]) == weights


def test_edges_are_found_by_field_and_in_three_forms() -> None:
    graph = small()
    assert graph.get_edges(fields={"w": 4}, format="list") == [wr.Edge("c", "d", {"w": 4})]
    assert graph.get_edges(["c"], format="dataframe")["w"].tolist() == [4]


def test_lists_of_ids_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="2"):
        small().get_edges(["a", "b"], ["c"])


def test_a_neighborhood_follows_edges_in_both_directions() -> None:
    graph = small()
    around = graph.get_neighborhood(["b"])
    assert sorted(ids(around)) == ["a", "b", "c"]
    assert sorted(around.edges["w"]) == [1, 2, 3]
    assert sorted(graph.get_neighborhood("b", full_subgraph=False).edges["w"]) == [1, 2]
    assert sorted(ids(graph.get_neighborhood(["b"], radius=2))) == ["a", "b", "c", "d"]
    assert graph.get_neighborhood(["z"]).summary() == {"num_vertices": 1, "num_edges": 0}
    assert ids(graph.get_neighborhood(["b"], radius=0)) == ["b"]


def test_fields_can_be_left_out() -> None:
    graph = small().select_fields(["x"])
    assert graph.get_fields() == ["__id", "__src_id", "__dst_id", "x"]
    with pytest.raises(GraphFieldError, match="nope"):
        graph.select_fields("nope")


# -------- functions along edges


def test_a_function_along_edges_sees_what_earlier_calls_left() -> None:
    graph = small()
    graph.vertices["path"] = ""
    graph.edges["order"] = wr.SArray([None] * 4, str)

    def follow(source: Any, edge: Any, target: Any) -> tuple[Any, Any, Any]:
        assert list(edge) == ["__src_id", "__dst_id", "order"]
        target["path"] = source["path"] + source["__id"]
        edge["order"] = target["path"]
        return source, edge, target

    found = graph.triple_apply(follow, ["path", "order"], input_fields=[])
    assert list(found.edges["order"]) == ["a", "ab", "a", "ac"]
    assert list(found.vertices["path"]) == ["", "", "a", "a", "ac"]
    assert list(found.edges["w"]) == [1, 2, 3, 4]
    assert list(graph.vertices["path"]) == [""] * 5


def test_only_named_fields_change_along_edges() -> None:
    def change(source: Any, edge: Any, target: Any) -> tuple[Any, Any, Any]:
        edge["w"] = source["x"] = 7
        return source, edge, target

    found = small().triple_apply(change, "x")
    assert list(found.edges["w"]) == [1, 2, 3, 4]
    assert list(found.vertices["x"]) == [7, 2, 7, 7, None]


def test_functions_along_edges_fail_with_their_own_errors() -> None:
    nothing: Any = lambda source, edge, target: None  # noqa: ARG005, E731
    with pytest.raises(ArgumentTypeError, match="three dicts"):
        small().triple_apply(nothing, "x")
    with pytest.raises(GraphFieldError, match="degree"):
        small().triple_apply(nothing, "degree")
    with pytest.raises(ArgumentError, match="at least one"):
        small().triple_apply(nothing, [])
    with pytest.raises(ZeroDivisionError):
        small().triple_apply(lambda source, edge, target: 1 / 0, "x")  # noqa: ARG005


# -------- bad input


def test_ids_are_int_or_str_and_of_one_type() -> None:
    with pytest.raises(VertexIdTypeError, match="float"):
        wr.SGraph(edges=wr.SFrame({"__src_id": [1.5], "__dst_id": [2.5]}))
    with pytest.raises(VertexIdTypeError, match="str"):
        wr.SGraph(edges=wr.SFrame({"__src_id": [1], "__dst_id": ["a"]}))
    with pytest.raises(VertexIdTypeError, match="int"):
        small().add_edges(wr.Edge(1, 2))
    with pytest.raises(VertexIdTypeError, match="int"):
        small().add_vertices(wr.Vertex(1))
    with pytest.raises(VertexIdTypeError, match="int and str"):
        wr.SGraph(edges=[wr.Edge(1, 2), wr.Edge("a", 2)])


def test_listed_elements_without_an_id_are_refused() -> None:
    missing: Any = None
    with pytest.raises(MissingVertexIdError, match="1 of 2"):
        wr.SGraph(edges=[wr.Edge(1, 2), wr.Edge(missing, 2)])


def test_a_field_cannot_have_two_types_or_the_name_of_an_id() -> None:
    with pytest.raises(SchemaMismatchError, match="'w' is int and str"):
        small().add_edges(wr.Edge("a", "b", {"w": "heavy"}))
    table = wr.SFrame({"from": [1], "to": [2], "__dst_id": [3]})
    with pytest.raises(SchemaMismatchError, match="__dst_id"):
        wr.SGraph(edges=table, src_field="from", dst_field="to")


def test_arguments_of_other_kinds_are_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="Vertex"):
        wr.SGraph(vertices=[1, 2])
    with pytest.raises(ArgumentTypeError, match="edges"):
        wr.SGraph(edges="edges.csv")
    with pytest.raises(ColumnNotFoundError):
        wr.SGraph(edges=wr.SFrame({"a": [1], "b": [2]}))


# -------- files


@pytest.mark.parametrize("name", ["graph", "graph.json", "graph.csv"])
@pytest.mark.parametrize("kind", ["str", "int", "empty"])
def test_a_graph_comes_back_from_files(tmp_path: Path, name: str, kind: str) -> None:
    graph = {"str": small(), "int": wr.SGraph(edges=[wr.Edge(1, 2, {"w": 0.5})])}.get(
        kind, wr.SGraph()
    )
    graph.save(str(tmp_path / name))
    again = wr.load_sgraph(str(tmp_path / name))
    assert rows(again.vertices) == rows(graph.vertices)
    assert rows(again.edges) == rows(graph.edges)


def test_a_saved_graph_can_be_saved_over_itself(tmp_path: Path) -> None:
    where = str(tmp_path / "graph")
    small().save(where)
    graph = wr.load_sgraph(where)
    graph.edges["w"] = graph.edges["w"] + 1
    graph.save(where)
    assert list(wr.load_sgraph(where).edges["w"]) == [2, 3, 4, 5]
    assert len(list(Path(where).iterdir())) == 3


def test_a_graph_is_not_saved_over_something_else(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(UnwritableError):
        small().save(str(tmp_path))
    assert (tmp_path / "mine.txt").read_text() == "precious"


def test_damaged_and_newer_graphs_are_told_from_whole_ones(tmp_path: Path) -> None:
    small().save(str(tmp_path / "g"))
    manifest = tmp_path / "g" / "graph.json"
    record = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(record | {"version": 99}))
    with pytest.raises(NewerFormatError):
        wr.load_sgraph(str(tmp_path / "g"))
    manifest.write_text(json.dumps(record | {"edges": "edges-gone"}))
    with pytest.raises(DamagedFolderError):
        wr.load_sgraph(str(tmp_path / "g"))
    manifest.write_text("no json")
    with pytest.raises(DamagedFolderError):
        wr.load_sgraph(str(tmp_path / "g"))
    with pytest.raises(SourceNotFoundError):
        wr.load_sgraph(str(tmp_path / "nothing"))


@pytest.mark.parametrize(
    "name, text, options",
    [
        ("a.csv", "1,2\n2,3\n", {}),
        ("a.tsv", "1\t2\n2\t3\n", {}),
        ("a.txt", "# Directed\n# From To\n1\t2\n2\t3\n", {}),
        ("a.edges", "# a comment\n1 2\n2 3\n", {"format": "snap"}),
        ("a.dat", "1;2\n2;3\n", {"format": "csv", "delimiter": ";"}),
    ],
)
def test_lists_of_edges_are_read(
    tmp_path: Path, name: str, text: str, options: dict[str, str]
) -> None:
    (tmp_path / name).write_text(text)
    graph = wr.load_sgraph(str(tmp_path / name), **options)
    assert rows(graph.edges) == [{"__src_id": 1, "__dst_id": 2}, {"__src_id": 2, "__dst_id": 3}]


def test_a_list_of_edges_with_one_column_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1 2\n2 3\n")
    with pytest.raises(FileFormatError, match="delimiter"):
        wr.load_sgraph(str(tmp_path / "a.csv"))
    (tmp_path / "a.json").write_text("[1, 2]")
    with pytest.raises(FileFormatError, match="vertices and edges"):
        wr.load_sgraph(str(tmp_path / "a.json"))
