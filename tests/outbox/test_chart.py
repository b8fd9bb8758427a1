"""The picture of a day: a PNG that another reader decodes, whatever the numbers."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hydrad.outbox import chart

CLOCK = ("00:00", "12:00", "24:00")


def decoded(points: list[chart.Point], begin_ms: int = 0, end_ms: int = 100) -> Image.Image:
    image = Image.open(io.BytesIO(chart.png(points, begin_ms, end_ms, CLOCK)))
    image.load()
    return image.convert("RGB")


def colours(image: Image.Image) -> set[tuple[int, ...]]:
    found = image.getcolors(1 << 20)
    assert found is not None
    return {colour for _, colour in found}  # type: ignore[misc]


GAIN, LOSS = (0, 112, 66), (178, 24, 24)


@given(
    st.lists(st.tuples(st.integers(-(10**13), 10**13), st.integers(-(10**6), 10**6)), max_size=60),
    st.integers(0, 10**13),
    st.integers(0, 10**9),
)
def test_any_day_is_a_picture(points: list[chart.Point], begin_ms: int, length_ms: int) -> None:
    image = decoded(sorted(points), begin_ms, begin_ms + length_ms)
    assert image.size == (chart.WIDTH, chart.HEIGHT)
    assert len(colours(image) & {GAIN, LOSS}) == 1


def test_a_gain_and_a_loss_differ_and_the_line_steps_where_it_should() -> None:
    gain, loss = decoded([(50, 1_000)]), decoded([(50, -1_000)])
    assert GAIN in colours(gain) and LOSS in colours(loss)
    middle = chart.LEFT + (chart.WIDTH - chart.LEFT - chart.RIGHT) // 2
    assert gain.getpixel((middle + 40, chart.TOP)) == GAIN, "after the trade, at the top"
    assert gain.getpixel((middle - 40, chart.HEIGHT - chart.BOTTOM)) == GAIN, "before it, at zero"
    assert gain.getpixel((middle - 40, chart.TOP)) != GAIN


def test_it_is_small() -> None:
    assert len(chart.png([(n, n * 37 % 4_000) for n in range(500)], 0, 500, CLOCK)) < 20_000
