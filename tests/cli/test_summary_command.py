"""``ptrack summary``: the page of figures, from the shell."""

import json

import pytest
from pages import page, record, write
from shell import run


@pytest.fixture
def shop(data):
    return data / "shop" / "pages", "--zones", data / "shop" / "zones.geojson"


def test_it_says_the_usual_figures(capfd, shop):
    code, out, _ = run(capfd, "summary", *shop)
    assert code == 0
    assert out.startswith("shop: 0:00 to 3:00\n\nUsable with care. ")
    assert max(map(len, out.splitlines())) <= 100
    out = " ".join(out.split())
    order = (
        "Findings 1. Busiest minute: 1:22",
        "Figures",
        "Zones",
        "Lines",
        "From zone to zone",
        "Quality: ",
    )
    places = [out.index(f" {heading}") for heading in order]
    assert places == sorted(places)
    for said in (
        "people in a zone",
        "busiest minute",
        "checkout",
        "From zone to zone",
        "2 people at the start, 11 in and 11 out over door make 2 at the end, ",
        "and 2 are present: a count drift of 0.",
        "Quality: ",
    ):
        assert said in out


def test_it_speaks_json_of_all_videos_or_of_one(capfd, data):
    pages = data / "day" / "pages"
    _, out, _ = run(capfd, "summary", pages, "--floor", data / "day" / "floor.json", "--json")
    videos = json.loads(out)["videos"]
    assert [video["video"] for video in videos] == ["evening", "morning", "noon"]
    assert list(videos[0])[:4] == ["video", "verdict", "limits", "findings"]
    assert {video["unit"] for video in videos} == {"m"}
    _, out, _ = run(
        capfd, "summary", pages, "--floor", data / "day" / "floor.json", "--json", "--video", "noon"
    )
    assert json.loads(out)["videos"] == videos[2:]


def test_it_writes_markdown_to_a_file_and_replaces_none_unasked(capfd, shop, tmp_path):
    file = tmp_path / "page.md"
    code, out, err = run(capfd, "summary", *shop, "--markdown", "-o", file)
    assert (code, out) == (0, "")
    assert f"wrote {file}" in err
    assert file.read_text(encoding="utf-8").startswith("## shop: ")
    code, _, err = run(capfd, "summary", *shop, "-o", file)
    assert code == 1
    assert "exists. Replace it with --force." in err
    assert run(capfd, "summary", *shop, "-o", file, "--force")[0] == 0
    assert file.read_text(encoding="utf-8").startswith("shop: ")
    assert "is a folder" in run(capfd, "summary", *shop, "-o", tmp_path)[2]


def test_a_video_that_cannot_be_read_does_not_stop_the_others(capfd, tmp_path):
    good = write(tmp_path / "in" / "a.json", page(record(0, 1), job="one"))
    bad = write(tmp_path / "in" / "b.json", "{")
    code, out, err = run(capfd, "summary", tmp_path / "in", "--json")
    assert code == 4
    assert [video["video"] for video in json.loads(out)["videos"]] == ["a"]
    assert f"ptrack: {bad}: " in err
    good.unlink()
    code, out, _ = run(capfd, "summary", tmp_path / "in", "--json")
    assert (code, out) == (3, "")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--json", "--markdown"], 2, "not allowed with"),
        (["--video", "elsewhere"], 2, "has no video 'elsewhere'"),
        (["--zones", "nowhere.geojson"], 3, "nowhere.geojson"),
        (["--max-gap", "2"], 2, "has no unit"),
    ],
)
def test_bad_input_is_one_sentence(capfd, data, arguments, code, said):
    found, out, err = run(capfd, "summary", data / "shop" / "pages", *arguments)
    assert (found, out) == (code, "")
    (sentence,) = err.splitlines()
    assert said in sentence
