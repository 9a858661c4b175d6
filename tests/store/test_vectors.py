"""A vector is made once for a text and a model."""


def test_vectors_are_kept_by_model_and_text(store):
    store.keep_vectors("small", {"a": b"\x00\xff", "b": b"2"})
    store.keep_vectors("large", {"a": b"3"})
    assert store.vectors("small", ["a", "b", "c"]) == {"a": b"\x00\xff", "b": b"2"}
    assert store.vectors("large", ["a", "b"]) == {"a": b"3"}
    assert store.vectors("small", []) == {}


def test_what_is_kept_stays_as_it_is(store):
    store.keep_vectors("small", {"a": b"1"})
    store.keep_vectors("small", {"a": b"2", "b": b"3"})
    store.keep_vectors("small", {})
    assert store.vectors("small", ["a", "b"]) == {"a": b"1", "b": b"3"}


def test_more_vectors_than_one_statement_takes_come_back(store):
    made = {f"{number:05}": b"v" for number in range(10_500)}
    store.keep_vectors("small", made)
    assert store.vectors("small", made.keys()) == made
