"""Files that are made to run code, to fetch something or to exhaust the machine."""

import struct
import zlib

import pytest
from pages import write
from PIL import EpsImagePlugin, Image

from ptrack_analysis import Video, read_tracking
from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.scene.images import read_picture

ENTITIES = {
    "entities": '<!DOCTYPE l [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><annotations>&b;</annotations>',
    "external entity": '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><annotations>&a;</annotations>',
    "external document type": '<!DOCTYPE l SYSTEM "http://127.0.0.1:1/x.dtd"><annotations/>',
    "parameter entity": '<!DOCTYPE l [<!ENTITY % a SYSTEM "http://127.0.0.1:1/x"> %a;]><annotations/>',
}


def read_cvat(path, content):
    video = Video(frame_rate=25.0, width=100, height=100)
    return read_tracking(write(path, content), format="cvat-video", video=video)


@pytest.mark.parametrize("name", ENTITIES)
def test_xml_with_a_document_type_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="declares a document type or an entity"):
        read_cvat(tmp_path / "in.xml", ENTITIES[name])


def test_deeply_nested_xml_is_refused_at_once(tmp_path):
    """Time grew with the square of the depth: 400 KB took minutes."""
    with pytest.raises(InputError, match="line 1: more than 100 elements are nested"):
        read_cvat(
            tmp_path / "in.xml", "<annotations>" + "<a>" * 200_000 + "</a>" * 200_000 + "</annotations>"
        )


EPS = "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n(x) run\n"
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><image href="file:///etc/passwd"/></svg>'


@pytest.mark.parametrize("name", ["frame.eps", "frame.png", "frame.svg"])
def test_no_image_starts_another_program(tmp_path, monkeypatch, name):
    def run(*_, **__):
        raise AssertionError("Ghostscript was started")

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", run)
    path = write(tmp_path / name, SVG if name.endswith("svg") else EPS)
    with pytest.raises(ParameterError, match="not a readable or complete image"):
        read_picture(path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff", "gif", "bmp", "ppm", "tga"])
def test_usual_images_are_read(tmp_path, suffix):
    Image.new("RGB", (16, 9), "white").save(tmp_path / f"frame.{suffix}")
    assert read_picture(tmp_path / f"frame.{suffix}").size == (16, 9)


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def test_a_text_in_an_image_that_grows_when_decompressed_is_refused(tmp_path):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    text = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(80_000_000)))
    image = chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    path = write(tmp_path / "frame.png", b"\x89PNG\r\n\x1a\n" + header + text * 3 + image)
    with pytest.raises(ParameterError, match=r"cannot be read|not a readable"):
        read_picture(path)


def test_an_image_that_claims_to_be_large_is_not_decoded(tmp_path):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 2, 0, 0, 0))
    path = write(tmp_path / "frame.png", b"\x89PNG\r\n\x1a\n" + header + chunk(b"IEND", b""))
    with pytest.raises(InputError, match="The limit is 40 megapixels"):
        read_picture(path)
