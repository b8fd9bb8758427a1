"""The picture of a day: a PNG that another reader decodes, whatever the numbers."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hydrad.outbox import chart
from hydrad.services.words import picture
from hydrad.wire.answers.reports import CurvePoint, DigestData, MoneyPoint

CLOCK = ("00:00", "12:00", "24:00")
GAIN, LOSS, BESIDE = (0, 112, 66), (178, 24, 24), (110, 110, 190)
POINTS = st.lists(st.tuples(st.integers(-(10**13), 10**13), st.integers(-(10**6), 10**6)), max_size=60).map(sorted)


def decoded(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image.convert("RGB")


def drawn(
    line: list[chart.Point], begin_ms: int = 0, end_ms: int = 100, beside: list[chart.Point] | None = None
) -> Image.Image:
    panel = chart.Panel("R", line, str, beside or ())
    return decoded(chart.png(chart.Picture((("FIRED 1", chart.INK),), (panel, panel), begin_ms, end_ms, CLOCK)))


def colours(image: Image.Image) -> set[tuple[int, ...]]:
    found = image.getcolors(1 << 20)
    assert found is not None
    return {colour for _, colour in found}  # type: ignore[misc]


@given(POINTS, POINTS, st.integers(0, 10**13), st.integers(0, 10**9))
def test_any_day_is_a_picture(
    line: list[chart.Point], beside: list[chart.Point], begin_ms: int, length_ms: int
) -> None:
    image = drawn(line, begin_ms, begin_ms + length_ms, beside)
    assert image.size == (chart.WIDTH, chart.height(2))
    assert len(colours(image) & {GAIN, LOSS}) == 1


def test_a_gain_and_a_loss_differ_and_the_line_steps_where_it_should() -> None:
    gain, loss = drawn([(50, 1_000)]), drawn([(50, -1_000)])
    assert GAIN in colours(gain) and LOSS in colours(loss)
    middle = chart.LEFT + (chart.WIDTH - chart.LEFT - chart.RIGHT) // 2
    for panel in range(2):
        top = chart.HEAD + panel * (chart.DOWN + chart.GAP)
        assert gain.getpixel((middle + 40, top)) == GAIN, "after the trade, at the top"
        assert gain.getpixel((middle - 40, top + chart.DOWN)) == GAIN, "before it, at zero"
        assert gain.getpixel((middle - 40, top)) != GAIN


def test_both_lines_have_one_axis() -> None:
    image = drawn([(50, 1_000)], beside=[(25, 2_000)])
    right = chart.WIDTH - chart.RIGHT - 20
    assert image.getpixel((right, chart.HEAD)) == BESIDE
    assert image.getpixel((right, chart.HEAD + chart.DOWN // 2)) == GAIN


def digest(fired: int, let_go: int, currency: str | None) -> DigestData:
    begin = 1_715_731_200_000
    curves = [tuple(CurvePoint(begin + n * 1_000_000, n * 250) for n in range(count)) for count in (fired, let_go)]
    money = tuple(MoneyPoint(begin + n * 1_000_000, f"{n * 12.5:.2f}") for n in range(fired))
    of = ("2024-05-15T00:00:00Z", "2024-05-16T00:00:00Z", True, "x")
    return DigestData("ann", "2024-05-15", "UTC", *of, curves[0], curves[1], money, currency, 2)


def test_a_digests_picture_has_a_panel_of_money_where_there_is_any() -> None:
    assert decoded(picture(digest(3, 2, "USD"))).size == (chart.WIDTH, chart.height(2))
    alone = decoded(picture(digest(0, 2, None)))
    assert alone.size == (chart.WIDTH, chart.height(1)) and BESIDE in colours(alone)


def test_it_is_small() -> None:
    assert len(picture(digest(86, 86, "USD"))) < 20_000
