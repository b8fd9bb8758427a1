"""Text from elsewhere, made harmless for a terminal: what somebody wrote as a reason, or a broker as a comment,
must not move the cursor, hide a line or turn the writing round. Owns what counts as harmless."""

from __future__ import annotations

# Line ends and tabs stay; escapes are looked at one by one.
_CONTROLS = dict.fromkeys(
    (
        *(code for code in range(32) if chr(code) not in "\t\n\x1b"),
        *range(0x7F, 0xA0),
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
        0x200E,
        0x200F,
        0x2028,
        0x2029,
    ),
    "?",
)


def plain(text: str, ours: tuple[str, ...] = ()) -> str:
    """The text with `?` for each control character. `ours`: how an escape goes on that we wrote ourselves."""
    if text.isprintable():
        return text
    first, *rest = text.translate(_CONTROLS).split("\x1b")
    return first + "".join(("\x1b" if ours and part.startswith(ours) else "?") + part for part in rest)
