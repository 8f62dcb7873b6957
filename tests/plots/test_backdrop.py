import numpy as np
import pytest
from PIL import Image

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.plots.backdrop import read_backdrop

RED = np.zeros((2, 3, 3), dtype="uint8")
RED[..., 0] = 255


@pytest.mark.parametrize("form", ["png", "bmp"])
def test_a_file_is_read_as_colours_from_0_to_1(tmp_path, form):
    Image.fromarray(RED).save(tmp_path / f"red.{form}")
    for place in (tmp_path / f"red.{form}", str(tmp_path / f"red.{form}")):
        assert read_backdrop(place).tolist() == (RED / 255).tolist()


@pytest.mark.parametrize(
    ("picture", "wanted"),
    [
        pytest.param(RED, [1, 0, 0], id="bytes"),
        pytest.param(RED / 255, [1, 0, 0], id="floats"),
        pytest.param(np.full((2, 3), 0.2), [0.2] * 3, id="grey"),
        pytest.param(np.full((2, 3, 1), 0.2), [0.2] * 3, id="grey with an axis"),
        pytest.param(np.zeros((2, 3, 4)), [1, 1, 1], id="transparent is white"),
    ],
)
def test_an_array_is_taken_as_colours_from_0_to_1(picture, wanted):
    colours = read_backdrop(picture)
    assert colours.shape == (2, 3, 3)
    assert colours[1, 2].tolist() == wanted


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(np.zeros(3), id="a row"),
        pytest.param(np.zeros((2, 3, 2)), id="two colours"),
        pytest.param(np.zeros((0, 3, 3)), id="empty"),
        pytest.param(np.full((2, 3, 3), 2.0), id="above 1"),
        pytest.param(np.full((2, 3, 3), np.nan), id="not a number"),
        pytest.param(np.zeros((2, 3, 3), dtype="int64"), id="whole numbers"),
        pytest.param(np.zeros((2, 3, 3), dtype="complex128"), id="complex"),
    ],
)
def test_an_array_that_is_no_picture_is_refused(picture):
    with pytest.raises(ParameterError, match="backdrop"):
        read_backdrop(picture)


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(ParameterError, match=r"nowhere\.png' cannot be read: No such file"):
        read_backdrop(tmp_path / "nowhere.png")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="cannot be read"):
        read_backdrop(tmp_path)


def test_a_broken_picture_is_refused_by_name(tmp_path):
    Image.fromarray(np.random.default_rng(4).integers(0, 255, (64, 64, 3), dtype="uint8")).save(
        tmp_path / "whole.png"
    )
    content = (tmp_path / "whole.png").read_bytes()
    for name, part in {"cut.png": content[:3000], "text.png": b"no picture", "empty.png": b""}.items():
        (tmp_path / name).write_bytes(part)
        with pytest.raises(ParameterError, match=f"{name}' cannot be read"):
            read_backdrop(tmp_path / name)


def test_a_photograph_is_turned_upright(tmp_path):
    """A phone writes the picture as its sensor lies, and in EXIF how it was held."""
    taken = np.zeros((2, 3, 3), dtype="uint8")
    taken[:, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: to be turned a quarter clockwise
    Image.fromarray(taken).save(tmp_path / "phone.png", exif=exif)
    assert read_backdrop(tmp_path / "phone.png")[..., 0].tolist() == [[1, 1], [0, 0], [0, 0]]
