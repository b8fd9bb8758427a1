"""What a letter is as an e-mail: its headers cannot be written by anybody but us."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.channels import mail
from hydrad.outbox.letter import Channel, Letter, Priority
from hydrad.outbox.store import Row

NOW_NS = 1_900_000_000_000_000_000
HEADERS = {
    "from", "to", "subject", "date", "message-id", "auto-submitted", "importance", "mime-version", "content-type",
    "content-transfer-encoding", "references", "in-reply-to",
}  # fmt: skip
ENDS = ["\r\n", "\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x00"]


def read(text: str, doubt_ns: int = 0, **fields: object) -> EmailMessage:
    letter = Letter(key="k1", channel=Channel.EMAIL, to="ann@example.org", priority=Priority.ALARM, text=text, **fields)  # type: ignore[arg-type]
    made = mail.message(Row(1, letter, None, doubt_ns), "hydra@example.org", "desk", NOW_NS)
    found = message_from_bytes(made.as_bytes(), policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def body(found: EmailMessage) -> str:
    part = found.get_body()
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_what_it_says() -> None:
    found = read("TERMINAL_LOST t1\nt1 is silent", topic="alarm 7")
    assert found["Subject"] == "[desk] ALARM: TERMINAL_LOST t1"
    assert found["From"] == "HydraX desk <hydra@example.org>" and found["To"] == "ann@example.org"
    assert body(found) == "TERMINAL_LOST t1\nt1 is silent\n"
    assert found["Message-ID"] == mail.message_id("k1") and found["In-Reply-To"] == mail.message_id("topic alarm 7")
    assert found["Date"].startswith("Sun, 17 Mar 2030") and found["Auto-Submitted"] == "auto-generated"


def test_a_repeat_is_the_same_message_and_says_that_it_may_be_one() -> None:
    assert read("x")["Message-ID"] == read("x", doubt_ns=5)["Message-ID"]
    assert "may be a repeat" in body(read("x", doubt_ns=5)) and "may be a repeat" not in body(read("x"))


def test_an_image_is_attached() -> None:
    (image,) = read("a chart", image=b"\x89PNG\r\n").iter_attachments()
    assert (image.get_content_type(), image.get_filename(), image.get_content()) == (
        "image/png", "chart.png", b"\x89PNG\r\n",
    )  # fmt: skip


@pytest.mark.parametrize("end", ENDS)
def test_no_line_of_a_letter_becomes_a_header(end: str) -> None:
    found = read(f"EURUSD{end}Bcc: thief@example.org{end}{end}<b>hello</b>")
    assert {name.lower() for name in found.keys()} <= HEADERS  # noqa: SIM118
    assert found["Bcc"] is None and found["To"] == "ann@example.org"
    assert found.get_content_type() == "text/plain"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300))
def test_any_text_is_one_plain_mail(text: str) -> None:
    if not text.strip():
        return
    found = read(text)
    assert {name.lower() for name in found.keys()} <= HEADERS  # noqa: SIM118
    assert len(found.get_all("To")) == len(found.get_all("Subject")) == 1  # type: ignore[arg-type]
    assert not found.defects


@pytest.mark.parametrize(
    "to",
    ["a@example.org\nBcc: b@example.org", "a@example.org, b@example.org", "Ann <a@example.org>", "<a@example.org>",
     "a@example.org b", "ä@example.org", "a", "", "a@b@c", '"a b"@example.org', "a@[127.0.0.1]"],
)  # fmt: skip
def test_what_is_no_single_address_is_never_sent_to(to: str) -> None:
    with pytest.raises(mail.BadAddress):
        mail.address(to)
