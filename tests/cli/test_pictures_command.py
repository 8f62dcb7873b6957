"""Sankey diagrams, animations and frames of videos in the shell."""

import pytest
from PIL import Image
from shell import run


def test_a_sankey_diagram_needs_zones(capfd, data, tmp_path):
    target, zones = tmp_path / "a.svg", data / "shop" / "zones.geojson"
    assert run(capfd, "plot", "sankey", data / "shop", "-o", target, "--zones", zones)[0] == 0
    assert target.read_bytes().startswith(b"<?xml")
    code, _, err = run(capfd, "plot", "sankey", data / "shop", "-o", target)
    assert code == 2
    assert "plot sankey needs zones" in err


def test_an_animation_is_a_gif_and_replaces_only_its_like(capfd, data, tmp_path):
    target = tmp_path / "a.gif"
    command = ["plot", "animation", data / "shop", "-o", target, "--width", 200, "--duration", "500ms"]
    for _ in range(2):
        assert run(capfd, *command, "--from", "10s", "--to", "20s")[0] == 0
    assert target.read_bytes().startswith(b"GIF89a")
    target.write_bytes(b"mine")
    assert run(capfd, *command)[0] == 1
    assert target.read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["animation", "-o", "a.png"], "the suffix must be one of .gif"),
        (["paths", "-o", "a.gif"], "the suffix must be one of .png, .svg, .pdf"),
        (["animation", "-o", "a.gif", "--width", "5"], "width must be an integer"),
        (["animation", "-o", "a.gif", "--duration", "12"], "'12' has no unit"),
        (["paths", "-o", "a.png", "--background", "none.mp4@1s"], "there is no file 'none.mp4'"),
        (["paths", "-o", "a.png", "--background", "none.mp4"], "Add the time of a frame"),
    ],
)
def test_what_cannot_be_drawn_is_refused(capfd, data, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    code, _, err = run(capfd, "plot", arguments[0], data / "shop", *arguments[1:])
    assert code == 2
    assert message in err


def test_a_frame_of_a_video_is_a_background(capfd, data, tmp_path):
    av = pytest.importorskip("av", reason="PyAV is not installed")
    with av.open(str(tmp_path / "film.mp4"), "w") as film:
        stream = film.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
        for _ in range(5):
            film.mux(stream.encode(av.VideoFrame(64, 36, "yuv420p")))
        film.mux(stream.encode())
    target, place = tmp_path / "a.png", f"{tmp_path / 'film.mp4'}@0.5s"
    assert run(capfd, "plot", "paths", data / "shop", "-o", target, "--background", place)[0] == 0
    assert target.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("size", [(64, 36), (600, 400), (800, 800)], ids=["frame's", "plan's", "another"])
@pytest.mark.parametrize("floor", [(), ("--floor",)], ids=["frame", "plan"])
def test_a_stretched_background_is_told(capfd, data, tmp_path, size, floor):
    Image.new("RGB", size).save(tmp_path / "below.png")
    plan = [*floor, *[data / "shop" / "floor.json" for _ in floor]]
    target, below = tmp_path / "a.png", tmp_path / "below.png"
    code, _, err = run(capfd, "plot", "paths", data / "shop", "-o", target, "--background", below, *plan)
    assert code == 0
    where = "bounds of the plan" if floor else "1280 x 720 px of the video's frame"
    image = f"The background ({size[0]} x {size[1]} px)"
    said = f"warning: {image} has another shape than the {where}. It is"
    assert (said in err) == (size != ((600, 400) if floor else (64, 36)))


def test_an_animation_is_drawn_on_a_video_file(capfd, data, tmp_path):
    av = pytest.importorskip("av", reason="PyAV is not installed")
    with av.open(str(tmp_path / "film.mp4"), "w") as film:
        stream = film.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
        for _ in range(60):
            film.mux(stream.encode(av.VideoFrame(64, 36, "yuv420p")))
        film.mux(stream.encode())
    command = [
        "plot",
        "animation",
        data / "shop",
        "-o",
        tmp_path / "a.gif",
        "--width",
        200,
        "--duration",
        "500ms",
    ]
    command += ["--from", "10s", "--to", "11s", "--video-file", tmp_path / "film.mp4"]
    code, _, err = run(capfd, *command)
    assert (code, err.splitlines()) == (0, [f"wrote {tmp_path / 'a.gif'}"])
    code, _, err = run(capfd, *command, "--background", data / "shop" / "background.png")
    assert code == 2
    assert "--background) or video_file (--video-file), but not both" in err
