import os
import struct
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ptrack_analysis.cli import main
from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.plots.background import read_background
from ptrack_analysis.scene.images import read_picture
from ptrack_analysis.web.ground import embedded_background

RED = np.zeros((2, 3, 3), dtype="uint8")
RED[..., 0] = 255


@pytest.mark.parametrize("form", ["png", "bmp"])
def test_a_file_is_read_as_colors_from_0_to_1(tmp_path, form):
    Image.fromarray(RED).save(tmp_path / f"red.{form}")
    for place in (tmp_path / f"red.{form}", str(tmp_path / f"red.{form}")):
        assert read_background(place).tolist() == (RED / 255).tolist()


@pytest.mark.parametrize(
    ("picture", "wanted"),
    [
        pytest.param(RED, [1, 0, 0], id="bytes"),
        pytest.param(RED / 255, [1, 0, 0], id="floats"),
        pytest.param(np.full((2, 3), 0.2), [0.2] * 3, id="gray"),
        pytest.param(np.full((2, 3, 1), 0.2), [0.2] * 3, id="gray with an axis"),
        pytest.param(np.zeros((2, 3, 4)), [1, 1, 1], id="transparent is white"),
    ],
)
def test_an_array_is_taken_as_colors_from_0_to_1(picture, wanted):
    colors = read_background(picture)
    assert colors.shape == (2, 3, 3)
    assert colors[1, 2].tolist() == wanted


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(np.zeros(3), id="a row"),
        pytest.param(np.zeros((2, 3, 2)), id="two colors"),
        pytest.param(np.zeros((0, 3, 3)), id="empty"),
        pytest.param(np.full((2, 3, 3), 2.0), id="above 1"),
        pytest.param(np.full((2, 3, 3), np.nan), id="not a number"),
        pytest.param(np.zeros((2, 3, 3), dtype="int64"), id="whole numbers"),
        pytest.param(np.zeros((2, 3, 3), dtype="complex128"), id="complex"),
    ],
)
def test_an_array_that_is_no_picture_is_refused(picture):
    with pytest.raises(ParameterError, match="background"):
        read_background(picture)


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(ParameterError, match=r"nowhere\.png' cannot be read: No such file"):
        read_background(tmp_path / "nowhere.png")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="cannot be read"):
        read_background(tmp_path)


def test_a_broken_picture_is_refused_by_name(tmp_path):
    Image.fromarray(np.random.default_rng(4).integers(0, 255, (64, 64, 3), dtype="uint8")).save(
        tmp_path / "whole.png"
    )
    content = (tmp_path / "whole.png").read_bytes()
    for name, part in {"cut.png": content[:3000], "text.png": b"no picture", "empty.png": b""}.items():
        (tmp_path / name).write_bytes(part)
        with pytest.raises(ParameterError, match=f"{name}' cannot be read"):
            read_background(tmp_path / name)


def test_a_photograph_is_turned_upright(tmp_path):
    """A phone writes the picture as its sensor lies, and in EXIF how it was held."""
    taken = np.zeros((2, 3, 3), dtype="uint8")
    taken[:, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: to be turned a quarter clockwise
    Image.fromarray(taken).save(tmp_path / "phone.png", exif=exif)
    assert read_background(tmp_path / "phone.png")[..., 0].tolist() == [[1, 1], [0, 0], [0, 0]]


def png_of(width, height, rows=None):
    """Make a black PNG of one bit per pixel, a few KB however large; cut off after some rows if asked for."""

    def chunk(kind, content):
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    lines = zlib.compress(bytes((rows or height) * (1 + (width + 7) // 8)), 9)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def claiming(form, where, pattern, size):
    """Make a file of one pixel whose header claims another size."""
    stream = BytesIO()
    Image.new("L", (1, 1)).save(stream, form)
    content = bytearray(stream.getvalue())
    struct.pack_into(pattern, content, where, *size)
    return bytes(content)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A PNG of 177 megapixels in 22 KB."""
    place = tmp_path_factory.mktemp("large") / "plan.png"
    place.write_bytes(png_of(16640, 10640))
    assert place.stat().st_size < 50_000
    return place


REFUSED = (
    r"plan\.png' has 177\.0 megapixels \(16640 x 10640 px\)\. The limit is 40 megapixels\. Scale the image "
    r"down, for example to 7909 x 5057 px\."
)


@pytest.mark.parametrize("read", [read_picture, read_background, embedded_background])
def test_a_picture_above_40_megapixels_is_refused_with_its_size_and_the_limit(large, read):
    with pytest.raises(InputError, match=REFUSED):
        read(large)


MEASURE = """
import resource, sys
from ptrack_analysis.errors import InputError
from ptrack_analysis.scene.images import read_picture
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_picture(sys.argv[1])
except InputError:
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def test_a_picture_above_40_megapixels_is_not_decoded(large):
    """In a process of its own, whose peak memory is its own; decoded it is 177 MB and more."""
    ran = subprocess.run(
        [sys.executable, "-c", MEASURE, str(large)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert float(ran.stdout) < 20


@pytest.mark.parametrize(
    ("name", "content", "size"),
    [
        ("screen.gif", claiming("GIF", 6, "<HH", (10_000, 9000)), "90.0 megapixels (10000 x 9000 px)"),
        ("plan.bmp", claiming("BMP", 18, "<ii", (8000, 6000)), "48.0 megapixels (8000 x 6000 px)"),
        ("huge.png", png_of(30_000, 30_000, rows=1), "900.0 megapixels"),
    ],
    ids=["gif", "bmp", "beyond what Pillow opens"],
)
def test_any_form_of_picture_is_refused_by_the_size_that_it_claims(tmp_path, name, content, size):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as refused:
        read_picture(tmp_path / name)
    assert f"{name}' has {size}. The limit is 40 megapixels." in str(refused.value)


def test_40_megapixels_are_read_and_an_array_of_more_is_refused(tmp_path):
    (tmp_path / "most.png").write_bytes(png_of(8000, 5000))
    assert read_picture(tmp_path / "most.png").size == (8000, 5000)
    with pytest.raises(InputError, match=r"background has 40\.0 megapixels \(8000 x 5001 px\)"):
        read_picture(np.broadcast_to(np.uint8(0), (5001, 8000)))


@pytest.mark.parametrize(
    "command",
    [
        "plot paths SHOP --background PLAN -o OUT.png",
        "plot heatmap SHOP --background PLAN -o OUT.png",
        "plot animation SHOP --background PLAN -o OUT.gif",
        "plot paths SHOP --background PLAN --floor FLOOR -o OUT.png",
        "report SHOP --background PLAN -o OUT.html",
        "zones --background PLAN -o OUT.json --no-browser",
    ],
)
def test_the_shell_refuses_a_large_picture_as_bad_input(command, large, data, tmp_path, capsys):
    shop = Path(data) / "shop"
    places = {"SHOP": shop / "pages", "PLAN": large, "FLOOR": shop / "floor.json", "OUT": tmp_path / "out"}
    for name, place in places.items():
        command = command.replace(name, str(place))
    assert main(command.split()) == 3
    assert "has 177.0 megapixels (16640 x 10640 px). The limit is 40 megapixels." in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
