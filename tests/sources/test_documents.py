"""Bytes of files: cut into lines wherever the pieces end, unzipped piece by piece, within their limits."""

import gzip
import json
import os

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pages import page, record

from ptrack_analysis.errors import InputError, PageError
from ptrack_analysis.limits import limit_memory
from ptrack_analysis.sources.pages import documents
from ptrack_analysis.sources.pages.decode import BARE
from ptrack_analysis.sources.pages.documents import (
    documents_of_lines,
    read_document,
    read_documents,
    read_lines,
)
from ptrack_analysis.sources.pages.encoding import find_encoding
from ptrack_analysis.sources.pages.salvage import DocumentLog

BOM = b"\xef\xbb\xbf"
TEXTS = st.binary(max_size=12).filter(lambda text: b"\n" not in text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(TEXTS, min_size=1, max_size=8),
    marked=st.booleans(),
    ended=st.booleans(),
    zipped=st.booleans(),
    piece=st.integers(1, 9),
)
def test_lines_are_those_of_splitting_the_whole(tmp_path, monkeypatch, texts, marked, ended, zipped, piece):
    monkeypatch.setattr(documents, "_CHUNK", piece)
    monkeypatch.setattr(documents, "MAX_RATIO", 10_000)
    content = b"\n".join(texts) + (b"\n" if ended else b"")
    file = tmp_path / ("a.jsonl.gz" if zipped else "a.jsonl")
    content = BOM * marked + content
    assume(find_encoding(content[:4]) is None)
    file.write_bytes(gzip.compress(content) if zipped else content)
    whole = content.removeprefix(BOM)
    expected = [(number, line) for number, line in enumerate(whole.split(b"\n"), 1) if line.strip()]
    if not expected and b"\n" not in content:
        with pytest.raises(PageError, match=r"a\.jsonl.*: the file is empty; pages of JSON, one per line"):
            list(read_lines(file))
        return
    assert list(read_lines(file)) == expected


@pytest.mark.parametrize("zipped", [False, True])
def test_a_document_is_whole_however_it_is_read(tmp_path, monkeypatch, zipped):
    monkeypatch.setattr(documents, "_CHUNK", 7)
    content = json.dumps(page(record())).encode()
    file = tmp_path / ("a.json.gz" if zipped else "a.json")
    file.write_bytes(gzip.compress(BOM + content) if zipped else BOM + content)
    assert read_document(file) == content


EMPTY = {
    "no text": (b"", "the file is empty; a page of JSON was expected. Save the response again."),
    "zeros": (
        bytes(3),
        (
            "has 3 zero bytes and no text; a page of JSON was expected. The file was not written to its end; "
            "save the response again."
        ),
    ),
}


@pytest.mark.parametrize(("content", "said"), EMPTY.values(), ids=EMPTY)
def test_a_document_without_text_is_refused_with_what_to_do(tmp_path, content, said):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(PageError) as refused:
        read_document(tmp_path / "a.json")
    assert str(refused.value).removeprefix(f"{tmp_path / 'a.json'}: ") == said


def test_lines_without_text_are_refused_with_what_to_do(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b"")
    with pytest.raises(PageError) as refused:
        list(read_lines(tmp_path / "a.jsonl"))
    assert str(refused.value) == (
        f"{tmp_path / 'a.jsonl'}: the file is empty; pages of JSON, one per line, were expected. Save the "
        "responses again."
    )


def test_a_folder_and_a_fifo_are_not_read_as_documents(tmp_path):
    (tmp_path / "a.json").mkdir()
    os.mkfifo(tmp_path / "b.json")
    for name, kind in (("a.json", "folder"), ("b.json", "FIFO or device")):
        with pytest.raises(InputError, match=rf"{name}: cannot be read: it is a {kind}, not a file"):
            read_document(tmp_path / name)
    with pytest.raises(InputError, match=r"c\.json: cannot be read: No such file or directory"):
        read_document(tmp_path / "c.json")


def test_a_document_is_refused_if_three_copies_do_not_fit_into_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(documents, "SMALL", 1000)
    (tmp_path / "a.json").write_bytes(b"[" * 400)
    (tmp_path / "a.jsonl").write_bytes(b"[" * 10 + b"\n" + b"[" * 400)
    (tmp_path / "b.jsonl").write_bytes(b"[" * 333 + b"\n" + b"[" * 333)
    remedy = "one response per file or per line of a .jsonl file), or raise memory (--memory)."
    with limit_memory(500):
        for name, line, read in (("a.json", "", read_document), ("a.jsonl", ", line 2", read_lines)):
            with pytest.raises(InputError) as refused:
                list(read(tmp_path / name))
            said = str(refused.value).removeprefix(str(tmp_path / name))
            assert said.startswith(f"{line}: a document of 400 bytes or more needs more than ")
            assert said.endswith(remedy)
        assert len(list(read_lines(tmp_path / "b.jsonl"))) == 2


ZIPPED = {
    "not zipped": (
        b"{}",
        (
            "not a complete gzip file: incorrect header check. If the file is not compressed, remove .gz "
            "from its name."
        ),
    ),
    "cut": (gzip.compress(b"x" * 9)[:-1], "the gzip stream ends early, after 9 unzipped bytes"),
    "other bytes": (
        gzip.compress(b"x") + b"signature",
        "other bytes follow the gzip stream: b'signature'. The file was changed or is damaged.",
    ),
    "half a mark": (gzip.compress(b"x") + b"\x1f", "the gzip stream ends early, after 1 unzipped bytes"),
}


@pytest.mark.parametrize(("content", "said"), ZIPPED.values(), ids=ZIPPED)
def test_a_damaged_gzip_file_is_refused_with_its_damage(tmp_path, content, said):
    (tmp_path / "a.json.gz").write_bytes(content)
    with pytest.raises(PageError) as refused:
        read_document(tmp_path / "a.json.gz")
    assert str(refused.value) == f"{tmp_path / 'a.json.gz'}: {said}"


def test_a_text_that_ends_within_a_character_is_refused_or_logged(tmp_path):
    (tmp_path / "a.json").write_bytes("\ufeff{}".encode("utf-16-le") + b"\n")
    said = "the file ends within a character of UTF-16 (1 bytes are left over)"
    with pytest.raises(PageError) as refused:
        read_document(tmp_path / "a.json")
    assert str(refused.value) == f"{tmp_path / 'a.json'}: {said}. The file is probably incomplete."
    log = DocumentLog()
    assert read_document(tmp_path / "a.json", log) == b"{}"
    assert (log.early, log.notes) == (said, [f"{tmp_path / 'a.json'}: the text is UTF-16, not UTF-8"])


LONG = {
    "in one piece": (b"ab\ncd\n" + b"x" * 11, 100, 3),
    "over several pieces": (b"ab\ncd\n" + b"x" * 30, 4, 3),
    "the first": (b"x" * 11, 4, 1),
}


@pytest.mark.parametrize(("content", "piece", "line"), LONG.values(), ids=LONG)
def test_a_line_beyond_the_limit_is_refused_by_its_number(tmp_path, monkeypatch, content, piece, line):
    monkeypatch.setattr(documents, "_CHUNK", piece)
    monkeypatch.setattr(documents, "MAX_DOCUMENT", 10)
    (tmp_path / "a.jsonl").write_bytes(content)
    with pytest.raises(PageError) as refused:
        list(read_lines(tmp_path / "a.jsonl"))
    assert (
        str(refused.value)
        == f"{tmp_path / 'a.jsonl'}, line {line}: longer than 10 bytes, the maximum for one document"
    )


@pytest.mark.parametrize("piece", [1, 4, 11, 100])
def test_lines_up_to_the_limit_are_read_however_many(tmp_path, monkeypatch, piece):
    monkeypatch.setattr(documents, "_CHUNK", piece)
    monkeypatch.setattr(documents, "MAX_DOCUMENT", 10)
    (tmp_path / "a.jsonl").write_bytes(b"\n".join([b"x" * 10] * 5))
    assert list(read_lines(tmp_path / "a.jsonl")) == [(number, b"x" * 10) for number in range(1, 6)]


@pytest.mark.parametrize("size", [10, 11])
@pytest.mark.parametrize("zipped", [False, True])
def test_a_document_may_have_the_limit_and_no_more(tmp_path, monkeypatch, size, zipped):
    monkeypatch.setattr(documents, "MAX_DOCUMENT", 10)
    file = tmp_path / ("a.json.gz" if zipped else "a.json")
    file.write_bytes(gzip.compress(b"x" * size) if zipped else b"x" * size)
    if size == 10:
        assert read_document(file) == b"x" * 10
        return
    with pytest.raises(PageError) as refused:
        read_document(file)
    assert str(refused.value) == (
        f"{file}: larger than 10 bytes, the maximum for one document. Save one response per file or per line "
        "of a .jsonl file."
    )


def test_what_is_unzipped_comes_in_bounded_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(documents, "_CHUNK", 1000)
    monkeypatch.setattr(documents, "MAX_RATIO", 1000)
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(b"x" * 20_500))
    assert max(len(piece) for piece in documents._read_chunks(tmp_path / "a.json.gz", None)) == 1000


@pytest.mark.parametrize("times", [200, 201])
def test_a_zipped_file_may_grow_by_so_much_and_no_more(tmp_path, monkeypatch, times):
    monkeypatch.setattr(documents, "_UNRATED", 100)
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(b"x" * 100_000))
    zipped = (tmp_path / "a.json.gz").stat().st_size
    monkeypatch.setattr(documents, "MAX_RATIO", 100_000 / zipped * 200 / times)
    if times == 200:
        assert len(read_document(tmp_path / "a.json.gz")) == 100_000
        return
    with pytest.raises(PageError, match=f"unzips to more than .* times its {zipped} bytes, the maximum"):
        read_document(tmp_path / "a.json.gz")


def lines_of(tmp_path, *documents_):
    file = tmp_path / "a.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in documents_))
    found = [
        (place.removeprefix(str(file)), pages and [len(one.persons) for one in pages])
        for place, pages in documents_of_lines(file, BARE, DocumentLog())
    ]
    return file, found


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_records_that_follow_each_other_are_pages_of_a_thousand(tmp_path, name):
    records = [record(40 * number) for number in range(1001)]
    documents_ = [*records, page(record(), record(1)), records[0], records[1]]
    file = tmp_path / name
    file.write_text("".join(json.dumps(one) + "\n" for one in documents_))
    found = [
        (place.removeprefix(str(file)), [len(one.persons) for one in pages])
        for place, pages in read_documents(file, BARE, DocumentLog())
    ]
    assert found == [
        (", lines 1 to 1000", [1000]),
        (", lines 1001 to 1001", [1]),
        (", line 1002", [2]),
        (", lines 1003 to 1004", [2]),
    ]


def test_a_page_whose_line_begins_like_a_record_is_a_page(tmp_path):
    _, found = lines_of(tmp_path, {"Timestamp": 0, "Persons": [record(), record(5)]})
    assert found == [(", line 1", [2])]


def test_a_file_in_which_no_line_is_a_page_holds_none(tmp_path):
    _, found = lines_of(tmp_path, {"level": "info"}, {"level": "error"})
    assert found == [(", line 1", None), (", line 2", None)]


def test_the_first_line_that_holds_no_page_is_named_once_another_does(tmp_path):
    with pytest.raises(PageError, match=r"a\.jsonl, line 1: expected a GetPersonTracking page"):
        lines_of(tmp_path, {"level": "info"}, {"level": "error"}, page(record()))
