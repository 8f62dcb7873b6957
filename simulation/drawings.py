"""Drawings of the empty shop: as the camera sees it, or from above."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw

from simulation.scene import (
    DOOR,
    EXTENT,
    FRONT,
    FURNITURE,
    HEIGHT,
    WALL_HEIGHT,
    WIDTH,
    Camera,
    Floats,
    Furniture,
)

FINE = 3  # supersampling factor, for smooth edges
PLAN_SCALE = 80  # of the floor plan [px per m]
DOOR_HEIGHT = 2.3  # [m]
NEAR = 9.5  # the floor is drawn up to this y, beyond the image's lower edge [m]

WALL, WALL_LINE, SIDE_WALL = "#ebe8e1", "#d8d3c8", "#dedad1"
TILES, JOINT = ("#f3f0ea", "#ece8e0"), "#dfdad0"
PAVEMENT, STREET, SKY, FRAME, MAT = "#d3d7d9", "#c3cbcf", "#dfeaf1", "#8b8f92", "#b9b4aa"
LEAF, LEAF_LINE = "#a9c2a0", "#8fab87"
GOODS = ("#c9d6df", "#e3cfc0", "#cfdccb", "#e6dcb8", "#d9cbd9")
WOODS = {"shelf": "#cdbfa9", "table": "#d9c4a3", "counter": "#b8c4c9", "plant": "#c9b8a8"}

Place = tuple[float, float, float]  # x, y, height above the floor [m]
Sides = tuple[float, float, float, float]  # left, back, right, front [m]
Span = tuple[float, float]  # from, to [m]


@dataclass(frozen=True)
class Pen:
    """Draws flat shapes of the scene into an image.

    Attributes
    ----------
    draw : the drawing object of Pillow
    look : projection of positions, shape (n, 3) [m], to the image, shape (n, 2) [px]
    """

    draw: ImageDraw.ImageDraw
    look: Callable[[Floats], Floats]

    def fill(self, places: Iterable[Place], color: str) -> None:
        """Fill an outline."""
        self.draw.polygon(self._points(places), fill=color)

    def line(self, places: Iterable[Place], color: str, width: float = 1.5) -> None:
        """Draw a line, `width` wide [px]."""
        self.draw.line(self._points(places), fill=color, width=round(FINE * width))

    def _points(self, places: Iterable[Place]) -> list[tuple[float, float]]:
        """Return positions in the form that Pillow requires [px of the fine image]."""
        return [(x, y) for x, y in FINE * self.look(np.array(list(places), dtype=np.float64))]

    def ground(self, sides: Sides, color: str, height: float = 0) -> None:
        """Fill a level rectangle."""
        left, back, right, front = sides
        corners = ((left, back), (right, back), (right, front), (left, front))
        self.fill([(x, y, height) for x, y in corners], color)

    def upright(self, x: Span, height: Span, y: float, color: str) -> None:
        """Fill an upright rectangle that faces the camera."""
        corners = ((x[0], height[0]), (x[1], height[0]), (x[1], height[1]), (x[0], height[1]))
        self.fill([(across, y, above) for across, above in corners], color)


def draw_background() -> bytes:
    """Draw the empty shop as the camera sees it, as PNG."""
    camera = Camera()
    size = np.array([WIDTH, HEIGHT])
    return _png(size, lambda places: camera.project(places[:, :2], places[:, 2]) * size, SIDE_WALL)


def draw_floor_plan() -> bytes:
    """Draw the shop from above within the bounds of the scene, as PNG."""
    size = np.array([EXTENT[2] - EXTENT[0], EXTENT[3] - EXTENT[1]]) * PLAN_SCALE
    return _png(size, lambda places: (places[:, :2] - np.array(EXTENT[:2])) * PLAN_SCALE, PAVEMENT)


def _png(size: Floats, look: Callable[[Floats], Floats], background: str) -> bytes:
    width, height = (int(side) for side in size)
    image = Image.new("RGB", (FINE * width, FINE * height), background)
    _draw_scene(Pen(ImageDraw.Draw(image), look))
    content = BytesIO()
    image.resize((width, height), Image.Resampling.BOX).save(content, "PNG", optimize=True)
    return content.getvalue()


def _draw_scene(pen: Pen) -> None:
    """Paint from far to near."""
    pen.upright((-20, 30), (0, 9), -9, SKY)
    pen.ground((-20, -9, 30, -1.2), STREET)
    pen.ground((-20, -1.2, 30, FRONT), PAVEMENT)
    _draw_floor(pen)
    _draw_front(pen)
    _draw_sides(pen)
    for block in FURNITURE:
        _draw_block(pen, block)


def _draw_floor(pen: Pen) -> None:
    """Draw the tiles, with a mat behind the door."""
    left, _, right, _ = EXTENT
    for column in range(int(left), int(right)):
        for row in range(int(FRONT), int(NEAR)):
            pen.ground((column, row, column + 1, row + 1), TILES[(column + row) % 2])
    for column in range(int(left), int(right) + 1):
        pen.line([(column, FRONT, 0), (column, NEAR, 0)], JOINT)
    for row in range(int(FRONT), int(NEAR) + 1):
        pen.line([(left, row, 0), (right, row, 0)], JOINT)
    pen.ground((DOOR[0][0] + 0.15, FRONT + 0.12, DOOR[1][0] - 0.15, FRONT + 0.95), MAT)


def _draw_front(pen: Pen) -> None:
    """Draw the front wall, with its door open."""
    (left, y), (right, _) = DOOR
    for wall in ((EXTENT[0], left), (right, EXTENT[2])):
        pen.ground((wall[0], y - 0.12, wall[1], y), FRAME)
        pen.upright(wall, (0, WALL_HEIGHT), y, WALL)
        pen.upright(wall, (0, 0.1), y, WALL_LINE)
    pen.upright((left, right), (DOOR_HEIGHT, WALL_HEIGHT), y, WALL)
    for post in (left - 0.06, right):
        pen.upright((post, post + 0.06), (0, DOOR_HEIGHT + 0.06), y, FRAME)
    pen.upright((left, right), (DOOR_HEIGHT, DOOR_HEIGHT + 0.06), y, FRAME)


def _draw_sides(pen: Pen) -> None:
    """Draw the walls to the left and to the right."""
    for x in (EXTENT[0], EXTENT[2]):
        for height, color in ((WALL_HEIGHT, SIDE_WALL), (0.1, WALL_LINE)):
            _draw_side(pen, x, (FRONT, NEAR), height, color)


def _draw_side(pen: Pen, x: float, y: Span, height: float, color: str) -> None:
    """Fill an upright rectangle that runs towards the camera."""
    pen.fill([(x, y[0], 0), (x, y[1], 0), (x, y[1], height), (x, y[0], height)], color)


def _draw_block(pen: Pen, block: Furniture) -> None:
    """Draw a piece of furniture: sides, front, top, and goods."""
    color = WOODS[block.name]
    for x in (block.left, block.right):
        _draw_side(pen, x, (block.back, block.front), block.height, _shade(color, 0.8))
    pen.upright((block.left, block.right), (0, block.height), block.front, _shade(color, 0.9))
    pen.ground((block.left, block.back, block.right, block.front), _shade(color, 0.75), block.height)
    pen.ground(_inset(block, 0.015), color, block.height)
    {"shelf": _draw_shelves, "plant": _draw_leaves}.get(block.name, _draw_wares)(pen, block)


def _draw_shelves(pen: Pen, block: Furniture) -> None:
    """Draw four boards with goods, on the front."""
    for board in range(4):
        low = 0.12 + 0.45 * board
        pen.upright((block.left + 0.06, block.right - 0.06), (low, low + 0.38), block.front, "#a89c8a")
        for place in range(10):
            left = block.left + 0.1 + 0.152 * place
            high = low + 0.2 + 0.03 * ((3 * place + 5 * board) % 5)
            pen.upright((left, left + 0.13), (low, high), block.front, GOODS[(place // 2 + 2 * board) % 5])


def _draw_leaves(pen: Pen, block: Furniture) -> None:
    """Draw a plant in its pot."""
    pen.ground(_inset(block, 0.05), LEAF_LINE, block.height)
    x, y = (block.left + block.right) / 2, (block.back + block.front) / 2
    for lean in (-0.32, 0.32, -0.18, 0.18, 0):
        foot, tip = (x, y, block.height), (x + lean, y, block.height + 0.75 - abs(lean))
        middle = block.height + 0.35
        pen.fill([foot, (x + lean - 0.09, y, middle), tip, (x + lean + 0.09, y, middle)], LEAF)
        pen.line([foot, tip], LEAF_LINE, 1)


def _draw_wares(pen: Pen, block: Furniture) -> None:
    """Draw a few flat boxes on the top."""
    wide, deep = (block.right - block.left) / 5, (block.front - block.back) / 3
    for column in range(5):
        for row in range(3):
            if (column + 2 * row) % 4:
                left, back = block.left + wide * (column + 0.15), block.back + deep * row + 0.06
                ware = (left, back, left + 0.7 * wide, back + 0.6 * deep)
                pen.ground(ware, GOODS[(column + row) % 5], block.height)


def _inset(block: Furniture, margin: float) -> Sides:
    """Return the sides of a block, moved inwards [m]."""
    return block.left + margin, block.back + margin, block.right - margin, block.front - margin


def _shade(color: str, share: float) -> str:
    """Return a darker shade of a color."""
    return "#" + "".join(f"{round(share * int(color[at : at + 2], 16)):02x}" for at in (1, 3, 5))
