"""The zone editor's server and its files: who may ask, what is written, what stays as it was."""

import http.client
import json
import re
import shutil
import socket
import stat
import struct
import threading
import urllib.error
import urllib.request
from time import monotonic
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

from ptrack_analysis import Video, edit_zones, read_floor_plan, read_zones
from ptrack_analysis.cli import main
from ptrack_analysis.editing.authentication import HEADER
from ptrack_analysis.editing.editor_files import EditorFiles
from ptrack_analysis.editing.server import MOST, EditorServer
from ptrack_analysis.editing.session import open_session
from ptrack_analysis.errors import OutputError, ParameterError, ZoneError

SQUARE = [[[0.1, 0.1], [0.5, 0.1], [0.5, 0.5], [0.1, 0.5], [0.1, 0.1]]]


def polygon(coordinates=SQUARE):
    return {"type": "Polygon", "coordinates": coordinates}


def drawn(name="till", **more):
    return {"source": None, "properties": {"name": name}, "geometry": polygon(), **more}


@pytest.fixture
def picture(tmp_path):
    file = tmp_path / "frame.png"
    Image.new("RGB", (160, 90), "gray").save(file)
    return file


@pytest.fixture
def open_files(tmp_path, picture):
    """Open a session whose zones go to ``zones.json``, and give it with what it began with."""

    def make(content=None, *, floor=None, **options):
        output = tmp_path / "zones.json"
        if content is not None:
            output.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        if floor is not None:
            options["floor"] = tmp_path / "floor.json"
            if floor:
                options["floor"].write_text(json.dumps(floor), encoding="utf-8")
        files = EditorFiles(open_session(picture, output, **options))
        return files, files.opening()

    return make


def edit_of(opening, features, **more):
    return {"base": opening["zones"]["base"], "disk": opening["zones"]["disk"], "features": features, **more}


# ------------------------------------------------------------------ files


def test_a_zone_that_was_drawn_is_read_as_any_other(open_files, tmp_path):
    files, opening = open_files()
    assert files.save_zones(edit_of(opening, [drawn()]))["said"] == "1 zone, 0 lines"
    zones, lines = read_zones(tmp_path / "zones.json", Video(width=100, height=100))
    assert ([zone.name for zone in zones], lines) == (["till"], [])
    assert zones[0].outline.bounds == (10.0, 10.0, 50.0, 50.0)


def test_what_is_not_edited_stays_digit_by_digit(open_files, tmp_path):
    text = (
        '{"type": "FeatureCollection",  "unit": "px", "id": 12345678901234567890, "features": [\n'
        '{"type": "Feature", "id": 7, "bbox": [1, 1, 9, 9], "properties": {"name": "a", "price": 1.10, '
        '"n": 98765432109876543210}, "geometry": {"type": "MultiPolygon", "coordinates": '
        "[[[[1,1,5],[9.0,1,5],[9,9,5],[1,1,5]]]]}}]}"
    )
    files, opening = open_files(text)
    files.save_zones(edit_of(opening, [{"source": 0, "properties": {}}]))
    assert (tmp_path / "zones.json").read_text(encoding="utf-8") == text
    edits = [{"source": 0, "properties": {"kind": "queue"}}, drawn()]
    files.save_zones(edit_of(opening, edits))
    before, after = json.loads(text), json.loads((tmp_path / "zones.json").read_bytes())
    assert after["id"] == before["id"]
    kept = after["features"][0]
    assert kept["properties"] == {**before["features"][0]["properties"], "kind": "queue"}
    assert {key: kept[key] for key in ("id", "bbox", "geometry")} == {
        key: before["features"][0][key] for key in ("id", "bbox", "geometry")
    }


def test_the_projects_own_file_passes_through_unchanged(open_files, data, tmp_path):
    text = (data / "shop" / "zones.geojson").read_text(encoding="utf-8")
    files, opening = open_files(text)
    edits = [{"source": place, "properties": {}} for place in range(len(opening["zones"]["features"]))]
    files.save_zones(edit_of(opening, edits))
    assert (tmp_path / "zones.json").read_text(encoding="utf-8") == text


def test_a_part_of_a_split_keeps_the_properties_but_not_the_id(open_files, tmp_path):
    feature = {"type": "Feature", "id": 1, "properties": {"name": "a", "x": 1}, "geometry": polygon()}
    files, opening = open_files({"type": "FeatureCollection", "features": [feature]})
    other = {"source": 0, "properties": {"name": "b"}, "geometry": polygon()}
    files.save_zones(edit_of(opening, [{"source": 0, "properties": {}}, other]))
    first, second = json.loads((tmp_path / "zones.json").read_bytes())["features"]
    assert (first["id"], second.get("id"), second["properties"]) == (1, None, {"name": "b", "x": 1})


@pytest.mark.parametrize(
    ("edits", "sentence"),
    [
        ([drawn(), drawn()], "occurs twice"),
        ([drawn("")], "must be a text"),
        ([drawn(geometry=polygon([[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]))], "not a valid outline"),
        ([drawn(geometry=polygon([[[0, 0], [1, 1], [0, 0]]]))], "fewer than three corners"),
        ([drawn(geometry={"type": "Point", "coordinates": [0, 0]})], "must be a Polygon"),
        ([drawn(geometry=polygon([[[0, 0], [1, 0], [float("nan"), 1], [0, 0]]]))], "cannot be written"),
        ([{**drawn(), "source": 4}], "must be an index below 0, got 4"),
        (
            [{"source": None, "properties": {"video": "x"}}],
            "must be one of name, kind, from, to, got 'video'",
        ),
        ("all", "must be a list"),
        ([7], "must be an object"),
    ],
)
def test_what_read_zones_would_refuse_is_not_written(open_files, tmp_path, edits, sentence):
    files, opening = open_files()
    with pytest.raises(ZoneError, match=sentence):
        files.save_zones(edit_of(opening, edits))
    assert not (tmp_path / "zones.json").exists()


def test_a_file_changed_meanwhile_is_replaced_only_when_asked_again(open_files, tmp_path):
    files, opening = open_files()
    (tmp_path / "zones.json").write_text("somebody else's", encoding="utf-8")
    assert "Another program has changed" in files.save_zones(edit_of(opening, [drawn()]))["error"]
    assert (tmp_path / "zones.json").read_text(encoding="utf-8") == "somebody else's"
    assert "error" not in files.save_zones(edit_of(opening, [drawn()], replace=True))


def test_an_invalid_outline_opens_to_be_mended(open_files):
    crossed = polygon([[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]])
    feature = {"type": "Feature", "properties": {"name": "a"}, "geometry": crossed}
    _, opening = open_files({"type": "FeatureCollection", "features": [feature]})
    assert len(opening["zones"]["features"]) == 1
    assert "not a valid outline" in opening["zones"]["defects"][0]


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"features": 3}',
        {"features": [{"geometry": None}]},
        {"features": [{"geometry": {"type": "Polygon", "coordinates": [[["a", 1]]]}}]},
        '{"features": [{"geometry": {"type": "LineString", "coordinates": [[NaN, 1], [1, 1]]}}]}',
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_sentence(open_files, content):
    with pytest.raises(ZoneError, match=r"zones\.json"):
        open_files(content)


def test_another_file_is_replaced_only_on_request(picture, tmp_path):
    output, other = tmp_path / "zones.json", tmp_path / "old.json"
    other.write_text('{"features": []}', encoding="utf-8")
    output.write_text("precious", encoding="utf-8")
    with pytest.raises(OutputError, match="--force"):
        open_session(picture, output, zones=other)
    assert open_session(picture, output, zones=other, replace=True).opened == other
    with pytest.raises(ZoneError, match="no such file"):
        open_session(picture, output, zones=tmp_path / "none.json")


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"unit": "bottom_center"}, ParameterError, "must be one of"),
        ({"unit": "m"}, ParameterError, "need a floor plan"),
        ({"output": "none/zones.json"}, OutputError, "does not exist"),
        ({"output": "."}, OutputError, "not a file"),
        ({"background": "none.png"}, ParameterError, "cannot be read"),
        ({"background": "video.mp4"}, ParameterError, "Add the time of a frame"),
        ({"floor": "zones.json"}, ParameterError, "both"),
        ({"frame_size": (0, 9)}, ParameterError, "width"),
    ],
)
def test_inputs_that_cannot_be_edited_are_refused(picture, tmp_path, monkeypatch, options, error, sentence):
    monkeypatch.chdir(tmp_path)
    given = {"background": picture, "output": "zones.json", **options}
    with pytest.raises(error, match=sentence):
        open_session(given.pop("background"), given.pop("output"), **given)


def test_a_broken_picture_is_refused(tmp_path):
    (tmp_path / "frame.png").write_bytes(b"\x89PNG and no more")
    with pytest.raises(ParameterError, match="cannot be read"):
        open_session(tmp_path / "frame.png", tmp_path / "zones.json")


def test_a_picture_of_another_shape_is_noted(open_files):
    _, opening = open_files(frame_size=(640, 480))
    assert "160 x 90 px" in opening["notes"][0]


def test_px_are_those_of_the_frame_not_of_the_picture(open_files):
    assert open_files(unit="px", frame_size=(1280, 720))[1]["bounds"] == [0, 0, 1280, 720]


def test_zones_in_metres_are_drawn_on_the_plan(data, tmp_path):
    shop = data / "shop"
    session = open_session(
        shop / "floor_plan.png", tmp_path / "zones.json", floor=shop / "floor.json", unit="m"
    )
    assert (session.bounds, session.floor) == ((0.0, 0.0, 12.0, 8.0), None)
    files = EditorFiles(session)
    ring = [[[1, 1], [2, 1], [2, 2], [1, 1]]]
    files.save_zones(edit_of(files.opening(), [drawn(geometry=polygon(ring))]))
    floor = read_floor_plan(shop / "floor.json")
    zones, _ = read_zones(tmp_path / "zones.json", Video(width=9, height=9), plane=floor)
    assert zones[0].outline.area == pytest.approx(0.5)


def test_overlap_is_said_when_saved(open_files):
    files, opening = open_files()
    shifted = polygon([[[0.3, 0.3], [0.9, 0.3], [0.9, 0.9], [0.3, 0.9], [0.3, 0.3]]])
    said = files.save_zones(edit_of(opening, [drawn(), drawn("b", geometry=shifted)]))
    assert "overlap" in said["notes"][0]


# ------------------------------------------------------------------ floor

PAIRS = [
    {"image": [0.4, 0.5], "floor": [0, 0]},
    {"image": [0.6, 0.5], "floor": [4, 0]},
    {"image": [1.0, 1.0], "floor": [4, 8]},
    {"image": [0.0, 1.0], "floor": [0, 8]},
]


def floor_edit(opening, pairs, **more):
    floor = opening["floor"]
    return {"base": floor["base"], "disk": floor["disk"], "pairs": pairs, **more}


def test_a_calibration_is_read_as_any_other(open_files, tmp_path):
    files, opening = open_files(floor={})
    said = files.save_floor(floor_edit(opening, PAIRS, bounds=[0, 0, 5, 9]))
    assert "Add a fifth pair" in said["notes"][0]
    floor = read_floor_plan(tmp_path / "floor.json")
    assert floor.bounds == (0, 0, 5, 9)
    assert floor.project(np.array([[0.5, 0.75]]))[0] == pytest.approx([2, 20 / 3])


def test_a_floor_file_keeps_its_lens_its_unit_and_what_is_unknown(open_files, tmp_path):
    lens = {"k1": -0.1, "focal": [150, 150]}
    pairs = [
        {"image": [160 * x, 90 * y], "floor": pair["floor"], "where": "corner"}
        for pair in PAIRS
        for x, y in [pair["image"]]
    ]
    before = {"unit": "m", "image_unit": "px", "by": "me", "pairs": pairs, "lens": lens}
    files, opening = open_files(floor=before)
    assert opening["floor"]["lens"]["focal"] == [150 / 160, 150 / 90]
    shown = [{"source": place, **pair} for place, pair in enumerate(opening["floor"]["pairs"])]
    shown[0]["floor"] = [0.5, 0]
    files.save_floor(floor_edit(opening, [*shown, {"source": None, "image": [0.5, 0.75], "floor": [2, 6]}]))
    after = json.loads((tmp_path / "floor.json").read_bytes())
    assert {key: after[key] for key in ("by", "lens", "image_unit")} == {
        "by": "me",
        "lens": lens,
        "image_unit": "px",
    }
    assert after["pairs"][0] == {**pairs[0], "floor": [0.5, 0]}
    assert after["pairs"][4] == {"image": [80, 67.5], "floor": [2, 6]}


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        (PAIRS[:3], "at least 4 pairs"),
        ([{**pair, "image": [pair["image"][0], 0.5]} for pair in PAIRS], "floor"),
        ([*PAIRS[:3], {"image": [0.3, 1.0], "floor": [None, 8]}], "must be 2 numbers"),
        ([*PAIRS[:3], {"floor": [1, 8]}], "must be an object with image and floor"),
        ([*PAIRS[:3], {"image": "here", "floor": [1, 8]}], "must be two numbers"),
        (None, "no list 'pairs'"),
    ],
)
def test_points_that_fix_no_floor_are_refused(open_files, tmp_path, pairs, sentence):
    files, opening = open_files(floor={})
    with pytest.raises(ZoneError, match=sentence):
        files.save_floor(floor_edit(opening, pairs))
    assert not (tmp_path / "floor.json").exists()


def test_a_floor_is_written_only_where_one_was_named(open_files):
    files, _ = open_files()
    with pytest.raises(ZoneError, match="no floor plan file"):
        files.save_floor({"pairs": PAIRS})


# ------------------------------------------------------------------ server


DATA_REQUESTS = (("GET", "/tracks"), ("GET", "/alive"), ("POST", "/figures"), ("POST", "/leave"))


@pytest.fixture
def server(open_files):
    files, opening = open_files()
    with EditorServer(files) as made:
        made.opening = opening
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join(5)


def ask(server, method, path, *, headers=None, body=None, secret=True):
    """Ask as the page would, with other headers where given; None leaves one out."""
    place = urlsplit(server.create_address())
    given = {
        "Host": place.netloc,
        **({HEADER: server.authenticator.secret} if secret else {}),
        **(headers or {}),
    }
    if body is not None:
        given = {"Content-Type": "application/json", "Content-Length": str(len(body)), **given}
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in given.items():
        if value is not None:
            connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content, answer.headers


def page_path(server):
    place = urlsplit(server.create_address())
    return f"{place.path}?{place.query}"


def save(server, **how):
    body = json.dumps(edit_of(server.opening, [drawn()])).encode()
    return ask(server, "PUT", "/zones", body=body, **how)


def test_it_listens_on_the_loopback_only(server):
    assert server.server_address[0] == "127.0.0.1"


def test_the_token_is_good_for_one_page(server):
    path = page_path(server)
    status, content, headers = ask(server, "GET", path, secret=False)
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert b"unsafe" not in headers["Content-Security-Policy"].encode()
    assert server.authenticator.secret.encode() in content
    status, content, _ = ask(server, "GET", path, secret=False)
    assert (status, b"cannot be used again" in content) == (403, True)
    assert ask(server, "GET", page_path(server), secret=False)[0] == 200


@pytest.mark.parametrize("path", ["/", "/?token=", "/?token=guess", "/?other=1", "/?token=%FF"])
def test_without_the_token_there_is_no_page(server, path):
    status, content, _ = ask(server, "GET", path)
    assert status == 403
    assert server.authenticator.secret.encode() not in content
    assert ask(server, "GET", page_path(server))[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {HEADER: None},
        {HEADER: "guess"},
        {HEADER: "é"},
        {"Host": "evil.example"},
        {"Host": "localhost"},
        {"Host": None},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/zones"), ("GET", "/background"), ("POST", "/done"), *DATA_REQUESTS]
)
def test_whoever_is_not_the_page_is_refused(server, tmp_path, headers, method, path):
    headers = {name: value.encode("utf-8") if value else value for name, value in headers.items()}
    body = json.dumps(edit_of(server.opening, [drawn()])).encode() if method == "PUT" else None
    status, _, answered = ask(server, method, path, headers=headers, body=body)
    assert status == 403
    assert "Access-Control-Allow-Origin" not in answered
    assert not (tmp_path / "zones.json").exists()
    assert not server.done


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/zones", 404),
        ("GET", "/../etc/passwd", 404),
        ("GET", "//127.0.0.1/background", 404),
        ("PUT", "/", 404),
        ("PUT", "/other.json", 404),
        ("POST", "/zones", 405),
        ("PUT", "/done", 405),
        ("DELETE", "/zones", 501),
        ("OPTIONS", "/zones", 501),
    ],
)
def test_other_places_and_methods_are_refused(server, method, path, status):
    assert ask(server, method, path, body=b"{}")[0] == status


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "text/plain"}, b"{}", 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"{}", 415),
        ({"Content-Length": None}, b"", 411),
        ({"Content-Length": "-1"}, b"", 411),
        ({"Content-Length": str(MOST + 1)}, b"", 413),
        ({"Content-Length": "9" * 30}, b"", 413),
        ({}, b"[]", 400),
        ({}, b"{", 400),
        ({}, b"\xff", 400),
        ({}, b"[" * 100_000, 400),
    ],
)
def test_what_is_no_edit_is_refused(server, headers, body, status):
    assert ask(server, "PUT", "/zones", headers=headers, body=body)[0] == status


def test_it_saves_what_the_page_sends_and_nothing_else(server, tmp_path):
    before = {file.name for file in tmp_path.iterdir()}
    status, content, _ = save(
        server, headers={"Origin": server.authenticator.origin, "Sec-Fetch-Site": "same-origin"}
    )
    assert (status, json.loads(content)["said"]) == (200, "1 zone, 0 lines")
    assert {file.name for file in tmp_path.iterdir()} - before == {"zones.json"}


def test_a_file_that_cannot_be_written_is_told(server, tmp_path):
    shutil.rmtree(tmp_path)
    _, content, _ = save(server)
    assert "cannot be written" in json.loads(content)["error"]


def test_the_picture_goes_to_the_page_only(server):
    status, content, headers = ask(server, "GET", "/background")
    assert (status, headers["Content-Type"], content[:2]) == (200, "image/jpeg", b"\xff\xd8")


def test_done_ends_it(server):
    assert ask(server, "POST", "/done")[0] == 200
    assert server.done


def test_a_port_in_use_is_said(server, open_files):
    with pytest.raises(ParameterError, match="cannot be used"):
        EditorServer(server.files, port=server.server_address[1])


# ------------------------------------------------------------------ notebook, shell


def test_the_notebooks_editor_reads_what_was_saved(tmp_path, data):
    shop = data / "shop"
    file = shutil.copy(shop / "zones.geojson", tmp_path / "zones.json")
    with edit_zones(None, file, background=shop / "background.png", floor=shop / "floor.json") as editor:
        assert "sandbox=" in editor._repr_html_()
        assert editor.address.startswith("http://127.0.0.1:")
        assert (editor.is_open, editor.saved) == (True, False)
        assert [zone.name for zone in editor.zones] == ["entrance", "shelves", "table", "checkout"]
        assert [line.name for line in editor.lines] == ["door"]
        assert editor.floor.error < 0.01
        assert "open" in repr(editor)
    assert not editor.is_open
    editor.close()
    with pytest.raises(ParameterError, match="no floor plan"):
        _ = edited_without_floor(tmp_path, shop).floor


def edited_without_floor(folder, shop):
    with edit_zones(None, folder / "other.json", background=shop / "background.png") as editor:
        return editor


def test_the_address_of_a_notebooks_frame_opens_one_page_and_leads_on_to_the_next(tmp_path):
    with edit_zones(None, tmp_path / "zones.json", background=np.zeros((9, 16, 3))) as editor:
        path = re.search(r"http://[^/]+(/[^\"]+)", editor._repr_html_())[1]
        status, _, headers = ask(editor._server, "GET", path, secret=False)
        assert status == 200
        assert "frame-ancestors" not in headers["Content-Security-Policy"]
        status, content, _ = ask(editor._server, "GET", path, secret=False)
        assert (status, b"Run the cell again" in content, b"location.replace(name)" in content) == (
            403,
            True,
            True,
        )
        assert editor._server.authenticator.secret.encode() not in content


def test_an_unused_address_of_a_notebook_expires(tmp_path, monkeypatch):
    with edit_zones(None, tmp_path / "zones.json", background=np.zeros((9, 16, 3))) as editor:
        path, now = page_path(editor._server), monotonic()
        monkeypatch.setattr("ptrack_analysis.editing.authentication.monotonic", lambda: now + 121)
        assert ask(editor._server, "GET", path, secret=False)[0] == 403


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["-o", "zones.json", "--background", "none.png"], 2, "cannot be read"),
        (["--background", "frame.png"], 2, "required: -o"),
        (["-o", "zones.json"], 2, "nothing to draw on"),
        (["frame.png", "-o", "zones.json"], 2, "use --background frame.png"),
        (["video.mp4@2s", "-o", "zones.json"], 2, "use --background video.mp4@2s"),
        (["none", "-o", "zones.json"], 3, "none"),
        (["--background", "frame.png", "-o", "zones.json", "--port", "70000"], 2, "not a port"),
        (["--background", "frame.png", "-o", "zones.json", "--bounds", "1,2"], 2, "not four numbers"),
        (["--background", "frame.png", "-o", "zones.json", "--zones", "none.json"], 3, "no such file"),
        (["--background", "frame.png", "-o", "none/zones.json"], 1, "does not exist"),
    ],
)
def test_the_shell_says_what_is_wrong(picture, tmp_path, monkeypatch, capfd, arguments, code, sentence):
    monkeypatch.chdir(tmp_path)
    try:
        got = main(["zones", *arguments])
    except SystemExit as stop:
        got = stop.code
    assert (got, sentence in capfd.readouterr().err) == (code, True)


def test_the_shells_editor_ends_with_an_interrupt(picture, tmp_path, monkeypatch, capfd):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(EditorServer, "serve_forever", interrupted)
    assert (
        main(["zones", "--background", str(picture), "-o", str(tmp_path / "zones.json"), "--no-browser"])
        == 130
    )
    out, err = capfd.readouterr()
    assert out.startswith("http://127.0.0.1:")
    assert "nothing was saved" in err


def test_a_file_written_is_as_private_as_any_other(server, tmp_path):
    save(server)
    assert stat.S_ISREG((tmp_path / "zones.json").stat().st_mode)


def test_a_token_stays_good_while_the_file_is_broken(open_files, tmp_path):
    content = json.dumps({"type": "FeatureCollection", "features": []})
    files, _ = open_files(content)
    with EditorServer(files) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        (tmp_path / "zones.json").write_text("{")
        assert ask(server, "GET", page_path(server), secret=False)[0] == 409
        (tmp_path / "zones.json").write_text(content)
        assert ask(server, "GET", page_path(server), secret=False)[0] == 200
        server.shutdown()
        thread.join(5)


def test_a_number_beyond_all_numbers_is_refused_in_words(open_files):
    shape = {"type": "LineString", "coordinates": [[0, 0], [10**400, 1]]}
    feature = {"type": "Feature", "properties": {"name": "far"}, "geometry": shape}
    content = json.dumps({"type": "FeatureCollection", "features": [feature]})
    with pytest.raises(ZoneError, match="'far' has invalid coordinates"):
        open_files(content)


def test_a_saved_notebook_has_no_address_that_can_be_used_again(tmp_path, data):
    nbformat = pytest.importorskip("nbformat", reason="nbclient is not installed")
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    cells = [
        "import ptrack_analysis as pta",
        f"editor = pta.edit_zones({str(data / 'shop')!r}, {str(tmp_path / 'zones.geojson')!r}); editor",
        "editor",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3")
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
        saved = nbformat.writes(notebook)
        address, _ = re.findall(r"http://127\.0\.0\.1:\d+/\?token=[\w-]+", saved)
        with urllib.request.urlopen(address) as answer:  # noqa: S310 - as the browser opens the frame
            page = answer.read().decode()
        opening = json.loads(re.search(r'id="opening">(.*?)</script>', page)[1])
        assert opening["secret"] not in saved
        assert opening["next"] not in saved
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(address)  # noqa: S310 - on the loopback


def test_a_page_that_is_lost_without_a_word_does_not_end_the_server_at_once(open_files, monkeypatch):
    files, _ = open_files()
    monkeypatch.setattr("ptrack_analysis.editing.server.GRACE", 0.3)
    with EditorServer(files) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        lines = f"Host: {server.authenticator.authority}", f"{HEADER}: {server.authenticator.secret}"

        def open_connection(page):
            connection = socket.create_connection(server.server_address[:2], timeout=60)
            connection.sendall("\r\n".join([f"GET /alive?page={page} HTTP/1.0", *lines, "", ""]).encode())
            while b"\n\n" not in connection.recv(4096).replace(b"\r", b""):
                pass
            return connection

        for linger in (0, 1):  # a discarded tab, or a browser that was killed
            connection = open_connection("a")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", linger, 0))
            connection.close()
        thread.join(1)
        assert thread.is_alive()
        assert not server._pages
        connection = open_connection("b")
        ask(server, "POST", "/leave?page=a")  # late, and not of the page that is open
        thread.join(1)
        assert thread.is_alive()
        ask(server, "POST", "/leave?page=b")
        connection.close()
        thread.join(10)
        assert (thread.is_alive(), server.page_closed) == (False, True)
