"""Draw the logos of the demo's businesses: a white emblem on the accent."""

from __future__ import annotations

import io
import math

from PIL import Image, ImageDraw

SIZE = 256
# Drawn larger and scaled down, so that edges are smooth.
_OVER = 4
_SIDE = SIZE * _OVER

Points = list[tuple[float, float]]

# Polygons in hundredths of the side.
_EMBLEMS: dict[str, tuple[Points, ...]] = {
    "plane": ([(20, 52), (80, 24), (62, 78), (50, 62), (44, 74), (42, 57)],),
    "peak": (
        [(16, 74), (42, 28), (56, 52), (50, 62), (46, 55), (34, 74)],
        [(48, 74), (64, 44), (84, 74)],
    ),
    "crate": (
        [(50, 20), (80, 35), (50, 50), (20, 35)],
        [(18, 40), (48, 55), (48, 82), (18, 67)],
        [(82, 40), (52, 55), (52, 82), (82, 67)],
    ),
    "dumbbell": (
        [(32, 46), (68, 46), (68, 54), (32, 54)],
        [(22, 34), (32, 34), (32, 66), (22, 66)],
        [(68, 34), (78, 34), (78, 66), (68, 66)],
        [(14, 42), (20, 42), (20, 58), (14, 58)],
        [(80, 42), (86, 42), (86, 58), (80, 58)],
    ),
}


def draw_logo(emblem: str, accent: str) -> bytes:
    """Return a square PNG with round corners."""
    image = Image.new("RGBA", (_SIDE, _SIDE), (0, 0, 0, 0))
    canvas = ImageDraw.Draw(image)
    canvas.rounded_rectangle((0, 0, _SIDE - 1, _SIDE - 1), _SIDE * 0.22, fill=accent)
    for points in (_drop(),) if emblem == "drop" else _EMBLEMS[emblem]:
        canvas.polygon([(x * _SIDE / 100, y * _SIDE / 100) for x, y in points], "white")
    small = image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    small.save(written, "PNG", optimize=True)
    return written.getvalue()


def _drop() -> Points:
    """Return a drop: a point above the lower part of a circle."""
    turn = range(-30, 211, 5)
    circle = [
        (50 + 22 * math.cos(math.radians(x)), 60 + 22 * math.sin(math.radians(x)))
        for x in turn
    ]
    return [(50, 18), *circle]
