"""Boxes, trails, zones, lines and counts on a video frame."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ptrack_analysis.geometry import Bools, Floats
from ptrack_analysis.plots.frame_outlines import Color, LineOutline, Outline, ZoneOutline, parse_color
from ptrack_analysis.plots.style import PAPER, casings, distinct_colors, drawable, in_rows, zone_colors
from ptrack_analysis.plots.time_axis import HOUR, MINUTE
from ptrack_analysis.plots.video_boxes import BoxTracks, PresentPeople
from ptrack_analysis.scene.zones import Line, Zone

Box = tuple[int, int, int, int]
_FINE = 2
_ROWS_PER_LETTER, _LEAST_LETTERS, _MOST_LETTERS = 45, 9, 44
_ROWS_PER_STROKE = 260
_LUMINANCE, _HALFWAY = np.array([0.2126, 0.7152, 0.0722]), 0.2
"""Luminance of a background on which white and dark text have the same contrast."""
_UNKNOWN: Color = (119, 119, 119)
_DARK: Color = (34, 34, 34)
_CORNERS = 32
"""Largest number of corners of a trail."""
_AGES = (1.0, 0.6, 0.3)
"""Opacity of each third of the trail, the newest first."""
_BLOCKS = 8
"""Blocks along the longer side of a pixelated box; a face covers one or two."""
_LEAST_BLOCK = 4.0
"""Smallest side of a block [px]."""
_AROUND = 0.15
"""Width of the margin around a pixelated box, as a share of its side."""
_FARTHEST = 20_000.0
"""Coordinates are clipped to this [px], far outside of every frame."""


class FrameAnnotator:
    """Draws the state at a time on frames of one size.

    Parameters
    ----------
    size
        Width and height of the frames [px].
    tracks
        The boxes and paths of the people.
    to_fractions
        Projects (n, 2) positions in the plane to fractions of the frame.
    zones, lines
        Zones and lines to outline, in the same plane.
    trail
        Duration of the trail behind each person [ms].
    hidden
        The people to pixelate.
    labels
        Whether to write each person's index.
    """

    def __init__(
        self,
        size: tuple[int, int],
        tracks: BoxTracks,
        to_fractions: Callable[[Floats], Floats],
        *,
        zones: Sequence[Zone] = (),
        lines: Sequence[Line] = (),
        trail: int = 0,
        hidden: BoxTracks | None = None,
        labels: bool = True,
    ) -> None:
        self.size, self.tracks, self.trail, self.hidden, self.labels = size, tracks, trail, hidden, labels
        self._scale = np.array(size, dtype="float64")
        self._to_fractions = to_fractions
        self.letters = int(np.clip(round(min(size) / _ROWS_PER_LETTER), _LEAST_LETTERS, _MOST_LETTERS))
        self.stroke = max(2, round(min(size) / _ROWS_PER_STROKE))
        colors = distinct_colors(len(tracks.steps.persons))
        self.colors = [*map(_to_bytes, colors), _UNKNOWN]  # rank -1 is the last one
        self._inks = [*map(_find_ink, self.colors)]
        self.casings = [*map(_to_bytes, casings(colors)), (255, 255, 255)]
        shades = zone_colors(zone.name for zone in zones)
        found = [ZoneOutline(zone, self._project, _to_bytes(shades[zone.name])) for zone in zones]
        self.zones = [zone for zone in found if zone.is_on_image]
        self.lines = [
            line for line in (LineOutline(each, self._project) for each in lines) if line.is_on_image
        ]
        self._overlay: tuple[Any, Image.Image, Image.Image, tuple[int, int]] | None = None
        self._places: tuple[Any, list[tuple[int, int]]] | None = None

    def _project(self, points: Floats) -> Floats:
        pixels: Floats = (self._to_fractions(points) * self._scale).clip(-_FARTHEST, _FARTHEST)
        return pixels

    def annotate(self, image: Image.Image, time: int, counts: Mapping[Zone | Line, str], clock: str) -> None:
        """Annotate a frame of a time [ms]; ``counts`` are the texts below the names of zones and lines."""
        present = self.tracks.find_present(time)
        if self.hidden is not None:
            found = present if self.hidden is self.tracks else self.hidden.find_present(time)
            self._pixelate(image, found)
        things: list[Outline] = [*(zone for zone in self.zones if zone.is_active(time)), *self.lines]
        self._draw_outlines(image, things)
        self._draw_people(image, present, time)
        white = parse_color(PAPER)
        texts = [(*in_rows(thing.name).split("\n"), counts.get(thing.source, "")) for thing in things]
        chips = [
            draw_chip(tuple(filter(None, rows)), thing.color, white, self.letters)
            for thing, rows in zip(things, texts, strict=True)
        ]
        if clock:
            self._paste(image, draw_chip((clock,), _DARK, white, self.letters), (0, 0))
        for chip, index in zip(chips, self._place_chips(things, chips), strict=True):
            image.paste(chip, index)

    def _place_chips(self, things: Sequence[Outline], chips: Sequence[Image.Image]) -> list[tuple[int, int]]:
        """Return the upper left corner of each label, inside the frame and without overlaps."""
        key = tuple((id(thing), chip.size) for thing, chip in zip(things, chips, strict=True))
        if self._places is None or self._places[0] != key:
            taken: list[Box] = []
            for thing, chip in zip(things, chips, strict=True):
                taken.append(self._find_free_box(chip, thing.find_corner(chip.size), taken))
            self._places = key, [(x, y) for x, y, *_ in taken]
        return self._places[1]

    def _find_free_box(self, chip: Image.Image, corner: tuple[float, float], taken: Sequence[Box]) -> Box:
        """Return the box of a label: at its corner, or moved up or down as little as possible."""
        left, top = corner
        beside = [y for box in taken for y in (box[3] + 2, box[1] - chip.height - 2)]
        tops = sorted([top, *beside], key=lambda y: abs(y - top))
        corners = [self._move_inside(chip, (left, y)) for y in tops]
        boxes = [(x, y, x + chip.width, y + chip.height) for x, y in corners]
        return next((box for box in boxes if not _overlaps(box, taken)), boxes[0])

    def _pixelate(self, image: Image.Image, present: PresentPeople) -> None:
        boxes = np.concatenate([present.hidden_body, present.hidden_face]) * np.tile(self._scale, 2)
        for box in boxes[np.isfinite(boxes).all(axis=1)]:
            pixelate(image, box)

    def _draw_outlines(self, image: Image.Image, things: Sequence[Outline]) -> None:
        """Draw zones and lines; their layer is redrawn only when a zone opens or closes."""
        key = tuple(map(id, things))
        if self._overlay is None or self._overlay[0] != key:
            layer = Image.new("RGBA", self.size)
            for thing in things:
                thing.draw(layer, self.stroke)
            bounds = layer.getbbox() or (0, 0, 1, 1)
            layer = layer.crop(bounds)
            self._overlay = key, layer.convert("RGB"), layer.getchannel("A"), bounds[:2]
        _, overlay, opacity, corner = self._overlay
        image.paste(overlay, corner, opacity)

    def _draw_people(self, image: Image.Image, present: PresentPeople, time: int) -> None:
        draw = ImageDraw.Draw(image)
        boxes = np.where(np.isfinite(present.body), present.body, present.face) * np.tile(self._scale, 2)
        found = np.flatnonzero(np.isfinite(boxes).all(axis=1))
        for index in range(len(present.rows)):
            self._draw_trail(image, int(present.rows[index]), int(present.rank[index]), time)
        farthest_first = found[np.argsort(boxes[found, 3], kind="stable")].tolist()
        for index in farthest_first:
            self._draw_box(draw, boxes[index], int(present.rank[index]))
        for index in farthest_first if self.labels else ():
            rank = int(present.rank[index])
            if (boxes[index, 2:] <= 0).any() or (boxes[index, :2] >= self.size).any():
                continue  # outside the frame
            text = (str(present.person_index[index]),)
            chip = draw_chip(text, self.colors[rank], self._inks[rank], self.letters)
            x0, y0, _, _ = np.rint(boxes[index]).tolist()
            above = y0 - chip.height + 1
            self._paste(image, chip, (x0, above if above >= 0 else max(y0, 0.0)))

    def _draw_box(self, draw: ImageDraw.ImageDraw, box: Floats, rank: int) -> None:
        x0, y0, x1, y1 = np.rint(box).astype(int).tolist()
        x1, y1 = max(x1 - 1, x0), max(y1 - 1, y0)
        draw.rectangle((x0 - 1, y0 - 1, x1 + 1, y1 + 1), outline=self.casings[rank])
        draw.rectangle((x0, y0, x1, y1), outline=self.colors[rank], width=self.stroke)

    def _draw_trail(self, image: Image.Image, row: int, rank: int, time: int) -> None:
        """Draw a person's trail with smooth edges, fading with age."""
        times, points = self.tracks.find_trail(row, time, self.trail)
        points = self._project(points)
        kept: Bools = ~np.isnan(points[:, 0])
        part = times // max(self.trail // _CORNERS, 1)
        kept[1:-1] &= part[1:-1] != part[:-2]  # corners must not move from frame to frame
        times, points = times[kept], points[kept]
        if len(points) < 2:  # noqa: PLR2004 - a line has two ends
            return
        low = np.maximum(np.floor(points.min(axis=0)) - self.stroke - 1, 0).astype(int)
        high = np.minimum(np.ceil(points.max(axis=0)) + self.stroke + 2, self._scale).astype(int)
        if (high <= low).any():
            return
        mask = Image.new("L", tuple((_FINE * (high - low)).tolist()))
        draw = ImageDraw.Draw(mask)
        third = np.minimum((len(_AGES) * (time - times) // max(self.trail, 1)).astype(int), len(_AGES) - 1)
        for age in range(len(_AGES) - 1, -1, -1):
            part = np.flatnonzero(third == age)
            if len(part):
                line = points[part[0] : part[-1] + 2]
                corners = (_FINE * (line - low)).ravel().tolist()
                draw.line(corners, fill=round(255 * _AGES[age]), width=_FINE * self.stroke)
        image.paste(self.colors[rank], tuple(low.tolist()), mask.reduce(_FINE))

    def _paste(self, image: Image.Image, chip: Image.Image, corner: tuple[float, float]) -> None:
        image.paste(chip, self._move_inside(chip, corner))

    def _move_inside(self, chip: Image.Image, corner: tuple[float, float]) -> tuple[int, int]:
        """Return the upper left corner of a label, moved inside the frame."""
        (width, height), (x, y) = self.size, corner
        return (
            round(min(max(x, 0), max(width - chip.width, 0))),
            round(min(max(y, 0), max(height - chip.height, 0))),
        )


def _overlaps(box: Box, others: Sequence[Box]) -> bool:
    return any(box[0] < o[2] and o[0] < box[2] and box[1] < o[3] and o[1] < box[3] for o in others)


def pixelate(image: Image.Image, box: Floats) -> None:
    """Pixelate a box x0, y0, x1, y1 [px] and a margin around it.

    The longer side is divided into at most eight blocks. Each block has the mean color of its pixels.
    """
    low, high = box[:2], box[2:]
    margin = np.maximum(_AROUND * (high - low), 2)
    low, high = np.floor(low - margin), np.ceil(high + margin)
    block = max(float((high - low).max()) / _BLOCKS, _LEAST_BLOCK)
    low, high = np.maximum(low, 0).astype(int), np.minimum(high, image.size).astype(int)
    size = high - low
    if (size <= 0).any():
        return
    columns, rows = np.maximum(np.floor(size / block), 1).astype(int).tolist()
    part = image.crop((*low.tolist(), *high.tolist()))
    blocks = part.resize((columns, rows), Image.Resampling.BOX)
    image.paste(blocks.resize(part.size, Image.Resampling.NEAREST), tuple(low.tolist()))


def format_clock(time: int, last: int) -> str:
    """Format a time [ms] with tenths of a second; ``last`` decides whether to show minutes and hours.

    Examples
    --------
    >>> format_clock(95_240, 100_000), format_clock(7_000, 59_000), format_clock(95_000, 4_000_000)
    ('1:35.2', '7.0 s', '0:01:35.0')
    """
    seconds, tenths = time // 1000, time % 1000 // 100
    if last < MINUTE * 1000:
        return f"{seconds}.{tenths} s"
    minutes, second = divmod(seconds, MINUTE)
    if last < HOUR * 1000:
        return f"{minutes}:{second:02d}.{tenths}"
    hours, minute = divmod(minutes, MINUTE)
    return f"{hours}:{minute:02d}:{second:02d}.{tenths}"


@lru_cache(maxsize=1024)
def draw_chip(rows: tuple[str, ...], fill: Color, ink: Color, letters: int) -> Image.Image:
    """Draw a label of one or more rows of text on a solid background; the last row is bold."""
    fonts = [load_font(letters, bold=row == len(rows) - 1) for row in range(len(rows))]
    texts = [drawable(row) for row in rows]
    width = max((font.getlength(text) for font, text in zip(fonts, texts, strict=True)), default=0.0)
    height, margin = round(1.3 * letters), round(0.4 * letters)
    size = (round(width) + 2 * margin, height * len(rows) + margin // 2) if rows else (0, 0)
    chip = Image.new("RGB", size, fill)
    draw = ImageDraw.Draw(chip)
    for row, (text, font) in enumerate(zip(texts, fonts, strict=True)):
        middle = margin // 4 + (row + 0.5) * height
        draw.text((chip.width / 2, middle), text, fill=ink, font=font, anchor="mm")
    return chip


@lru_cache(maxsize=32)
def load_font(letters: float, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Return matplotlib's default font; Pillow shapes right-to-left text if it has Raqm."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(mpl.get_data_path(), "fonts", "ttf", name)), letters)


def _find_ink(ground: Color) -> Color:
    """Return the text color with the larger WCAG contrast to the background."""
    levels = np.array(ground) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004
    return _DARK if float(linear @ _LUMINANCE) > _HALFWAY else parse_color(PAPER)


def _to_bytes(color: Sequence[float] | Floats) -> Color:
    red, green, blue = np.rint(255 * np.asarray(color)[:3]).astype(int).tolist()
    return red, green, blue
