"""Which frame of a video is shown at a moment, and what is said where there is none."""

import struct
import sys
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.plots.background import read_background
from ptrack_analysis.scene.images import frame_at
from ptrack_analysis.web.ground import embedded_background

av = pytest.importorskip("av", reason="PyAV is not installed")
ROWS, COLUMNS = 48, 64
TIMES = (0, 100, 200, 300, 700, 800, 900, 1000)  # a hole, as the sampling of a camera has them
CODECS = {"mpeg4": {}, "libx264": {"g": "4", "bf": "2"}}
MATRIX = b"".join(struct.pack(">I", each) for each in (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000))
MINUS = 2**32 - 0x10000
TURNED = {  # how the file says that the picture is to be turned to the right
    90: (0, 0x10000, 0, MINUS, 0, 0, 0, 0, 0x40000000),
    180: (MINUS, 0, 0, 0, MINUS, 0, 0, 0, 0x40000000),
    270: (0, MINUS, 0, 0x10000, 0, 0, 0, 0, 0x40000000),
}


def shade(number):
    """Gray of a frame: dark, growing by 25; the upper left quarter is white."""
    picture = np.full((ROWS, COLUMNS, 3), 25 * number, dtype="uint8")
    picture[: ROWS // 2, : COLUMNS // 2] = 255
    return picture


def make(file, codec="mpeg4", times=TIMES):
    """Make a video whose frames begin at these milliseconds."""
    with av.open(str(file), "w") as container:
        stream = container.add_stream(codec, rate=10, options=CODECS[codec])
        stream.width, stream.height, stream.pix_fmt = COLUMNS, ROWS, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(shade(number), format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file


def number_of(picture):
    """Tell which frame it is, from its lower right corner."""
    return round(float(picture[-8:, -8:].mean()) / 25)


@pytest.fixture(scope="module", params=CODECS)
def video(request, tmp_path_factory):
    if request.param not in av.codecs_available:
        pytest.skip(f"this PyAV has no {request.param}")
    return make(tmp_path_factory.mktemp("videos") / f"{request.param}.mp4", request.param)


@pytest.mark.parametrize(
    ("moment", "wanted"),
    [
        pytest.param("0s", 0, id="the first"),
        pytest.param("99ms", 0, id="just before the second"),
        pytest.param("100ms", 1, id="as the second begins"),
        pytest.param("0.35s", 3, id="between two"),
        pytest.param("699ms", 3, id="at the end of a hole"),
        pytest.param("700ms", 4, id="after a hole"),
        pytest.param("0 days 00:00:01", 7, id="the last"),
        pytest.param("1001ms", 7, id="while the last is shown"),
    ],
)
def test_the_frame_is_the_last_that_begins_by_then(video, moment, wanted):
    assert number_of(frame_at(f"{video}@{moment}")) == wanted


@pytest.mark.parametrize("moment", ["1500ms", "1h"])
def test_a_moment_behind_the_end_is_refused(video, moment):
    with pytest.raises(ParameterError, match=r"@1.*' cannot be read: the video ends at 1\.\d+ s"):
        frame_at(f"{video}@{moment}")


def test_time_counts_from_the_first_frame(tmp_path):
    video = make(tmp_path / "late.ts", times=[5000 + time for time in TIMES])
    assert [number_of(frame_at(f"{video}@{time}ms")) for time in (0, 150, 650)] == [0, 1, 3]


@pytest.mark.parametrize("degrees", TURNED)
def test_a_video_filmed_on_its_side_is_turned_upright(tmp_path, degrees):
    video = make(tmp_path / "phone.mp4")
    content = video.read_bytes()
    assert content.count(MATRIX) >= 1
    place = content.index(MATRIX, content.index(b"tkhd"))
    matrix = b"".join(struct.pack(">I", each) for each in TURNED[degrees])
    video.write_bytes(content[:place] + matrix + content[place + len(MATRIX) :])
    picture = frame_at(f"{video}@0s")
    assert picture.shape == ((COLUMNS, ROWS, 3) if degrees != 180 else (ROWS, COLUMNS, 3))
    white = {90: (4, -4), 180: (-4, -4), 270: (-4, 4)}[degrees]  # where the upper left corner has gone
    assert picture[white].min() > 200
    assert picture[-white[0], -white[1]].max() < 50


def test_all_who_take_a_background_take_a_frame(video):
    assert read_background(f"{video}@0.8s").shape == (ROWS, COLUMNS, 3)
    assert number_of(255 * read_background(f"{video}@0.8s")) == 5
    assert (embedded_background(f"{video}@0.8s").width, embedded_background(f"{video}@0s").height) == (64, 48)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("{video}", r"is a video. Add the time of a frame, as in video\.mp4@12\.5s"),
        ("{video}@", r"the time must be a duration .*, got ''"),
        ("{video}@noon", r"the time must be a duration .*, got 'noon'"),
        ("{video}@-1s", r"the time must be a duration .*, got '-1s'"),
        ("{folder}/none.mp4@1s", r"there is no file '.*none\.mp4'"),
        ("{folder}/text.mp4@1s", r"text\.mp4' is not a video or is damaged"),
        ("{folder}/empty.mp4@1s", r"empty\.mp4' is not a video or is damaged"),
        ("{folder}/cut.mp4@1s", r"cut\.mp4' (is not a video or is damaged|has no video stream)"),
        ("{folder}/picture@3x.png", r"background '.*picture@3x\.png' cannot be read: No such file"),
        ("{folder}/picture.png@1s", r"no video stream|not a video|ends at"),
    ],
)
def test_what_names_no_frame_is_refused_with_a_sentence(video, tmp_path, place, message):
    (tmp_path / "text.mp4").write_text("no video", encoding="utf-8")
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "cut.mp4").write_bytes(video.read_bytes()[:600])
    Image.fromarray(shade(1)).save(tmp_path / "picture.png")
    with pytest.raises(ParameterError, match=message):
        read_background(place.format(video=video, folder=tmp_path))


def test_sound_alone_has_no_frame(tmp_path):
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), dtype="float32"), format="fltp", layout="mono")
        frame.rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(ParameterError, match="has no video stream"):
        frame_at(tmp_path / "sound.mp4@0s")


def test_a_picture_whose_name_has_the_sign_is_a_picture(tmp_path):
    Image.fromarray(shade(2)).save(tmp_path / "picture@2x.png")
    assert frame_at(tmp_path / "picture@2x.png") is None
    assert number_of(255 * read_background(tmp_path / "picture@2x.png")) == 2


def test_without_pyav_the_fix_is_named(video, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ParameterError, match=r"without PyAV: pip install 'ptrack-analysis\[video\]'"):
        frame_at(f"{video}@0s")
