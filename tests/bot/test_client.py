"""python-telegram-bot for real against the strict fake: what each answer of Telegram means for a letter."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hydrad.bot.client import Client, in_doubt
from hydrad.bot.errors import BadToken
from hydrad.host.secrets import Secret
from hydrad.outbox.letter import Button, Letter, utf16_units
from hydrad.outbox.outcomes import Gone, Lost, Outcome, Refused, Sent, Throttled, Uneditable
from hydrad.outbox.store import Message, Row
from tests.bot.fake_api import TOKEN, Fake, Refusal, check_html
from tests.outbox.letters import START_NS, letter

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
GROUP = "-100500"
HOSTILE = "<b>&amp; *bold* _x_ [a](http://x) `code` </pre> \u202e\U0001f600 'quote' \"q\""


@pytest.fixture
def fake() -> Iterator[Fake]:
    made = Fake()
    made.listen()
    yield made
    made.away = ""
    made.refuse()


@asynccontextmanager
async def connected(fake: Fake, answer_s: float = 5.0) -> AsyncIterator[Client]:
    client = Client(Secret(fake.token), fake.url, answer_s)
    await client.connect()
    try:
        yield client
    finally:
        await client.close()


def with_client(fake: Fake, story: Callable[[Client], Awaitable[None]], answer_s: float = 5.0) -> None:
    async def run() -> None:
        async with connected(fake, answer_s) as client:
            await story(client)

    asyncio.run(run())


def row(found: Letter, edits: Message | None = None, doubt_ns: int = 0) -> Row:
    return Row(1, found, edits, doubt_ns)


def delivered(fake: Fake, *rows: Row, answer_s: float = 5.0) -> list[Outcome]:
    outcomes: list[Outcome] = []

    async def story(client: Client) -> None:
        for found in rows:
            outcomes.append(await client.deliver(found))

    with_client(fake, story, answer_s)
    return outcomes


# --- letters ---------------------------------------------------------------------------------------------


def test_text_arrives_as_it_is_whatever_is_in_it(fake: Fake) -> None:
    buttons = ((Button("Fire", data="x" * 64), Button("Open", web_app="https://hud.example/hud")),)
    outcomes = delivered(fake, row(letter("1", text=HOSTILE, buttons=buttons, silent=True)))
    (message,) = fake.shown(42)
    assert outcomes == [Sent(str(message.number))]
    assert (message.text, message.silent) == (HOSTILE, True)
    assert message.buttons[0][1]["web_app"] == {"url": "https://hud.example/hud"}
    asked = next(call.fields for call in fake.calls if call.method == "sendMessage")
    assert "parse_mode" not in asked and asked["link_preview_options"] == {"is_disabled": True}


def test_a_group_gets_a_link_instead_of_a_mini_app(fake: Fake) -> None:
    buttons = ((Button("Open", web_app="https://hud.example/hud"),),)
    delivered(fake, row(letter("1", to=GROUP, buttons=buttons)))
    assert fake.shown(-100_500)[0].buttons == [[{"text": "Open", "url": "https://hud.example/hud"}]]


def test_a_message_is_edited_and_the_same_again_is_well(fake: Fake) -> None:
    (sent,) = delivered(fake, row(letter("1", topic="M1")))
    assert isinstance(sent, Sent)
    edits = Message(sent.message, False)
    again = row(letter("2", topic="M1", text="filled"), edits)
    assert delivered(fake, again, again) == [sent, sent]
    assert (fake.texts(42), fake.shown(42)[0].edits) == (["filled"], 1)


def test_a_picture_has_its_caption_edited(fake: Fake) -> None:
    (sent,) = delivered(fake, row(letter("1", topic="M1", image=PNG)))
    assert isinstance(sent, Sent)
    assert fake.shown(42)[0].photo == PNG
    edits = Message(sent.message, True)
    long = letter("3", topic="M1", text="x" * 1_025)
    outcomes = delivered(fake, row(letter("2", topic="M1", text="closed"), edits), row(long, edits))
    assert outcomes[0] == sent and isinstance(outcomes[1], Uneditable)
    assert fake.texts(42) == ["closed"]


def test_what_cannot_be_edited_says_so(fake: Fake) -> None:
    (sent,) = delivered(fake, row(letter("1")))
    assert isinstance(sent, Sent)
    edit = row(letter("2"), Message(sent.message, False))
    fake.shown(42)[0].frozen = True
    (first,) = delivered(fake, edit)
    fake.shown(42)[0].deleted = True
    (second,) = delivered(fake, edit)
    (third,) = delivered(fake, row(letter("3"), Message(sent.message, True)))
    assert all(isinstance(found, Uneditable) for found in (first, second, third))


def test_who_is_gone(fake: Fake) -> None:
    fake.blocked.add(42)
    outcomes = delivered(fake, row(letter("1")), row(letter("2", to="99")))
    assert outcomes == [Gone("Forbidden: bot was blocked by the user"), Gone("Chat not found")]


def test_patience_is_told_in_seconds(fake: Fake) -> None:
    fake.patience[42] = time.monotonic() + 300
    (outcome,) = delivered(fake, row(letter("1")))
    assert isinstance(outcome, Throttled) and 200 <= outcome.retry_after_s <= 301 and not outcome.everyone


def test_a_bad_request_is_refused(fake: Fake) -> None:
    (outcome,) = delivered(fake, row(letter("1", image=b"no picture")))
    assert isinstance(outcome, Refused) and "image_process_failed" in outcome.why.lower()


@pytest.mark.parametrize(
    ("trouble", "reached"), [("refuse", False), ("502", True), ("silent", True), ("swallow", True)]
)
def test_no_answer_is_lost_and_whether_it_may_have_arrived(fake: Fake, trouble: str, reached: bool) -> None:
    async def story(client: Client) -> None:
        if trouble == "refuse":
            fake.refuse()
        elif trouble == "swallow":
            fake.swallow = 1
        else:
            fake.away = trouble
        outcome = await client.deliver(row(letter("1")))
        assert isinstance(outcome, Lost) and outcome.reached is reached
        fake.away = ""

    with_client(fake, story, answer_s=0.3)
    assert len(fake.texts(42)) == (trouble == "swallow")


def test_a_repeated_letter_says_that_it_may_be_the_second(fake: Fake) -> None:
    delivered(fake, row(letter("1", text="HALTED"), doubt_ns=START_NS))
    expected = "HALTED\n\n(sent again: no answer came to the sending of 17:46:40Z; there may be two)"
    assert fake.texts(42) == [expected]


@pytest.mark.parametrize("length", [1, 4_000, 4_096])
def test_the_line_of_doubt_fits(length: int) -> None:
    text = in_doubt("\U0001f600" * (length // 2 or 1), START_NS, 4_096)
    assert utf16_units(text) <= 4_096
    assert text.endswith("there may be two)")


# --- what is said at once ----------------------------------------------------------------------------------


def test_what_is_said_at_once_never_raises(fake: Fake, caplog: pytest.LogCaptureFixture) -> None:
    async def story(client: Client) -> None:
        await client.say(42, "x" * 5_000, ((Button("a", data="b"),),), answers=77)
        (message,) = fake.shown(42)
        await client.change(42, message.number, "changed")
        query = fake.press(42, message, "b")
        await client.toast(query, "done" * 100, alert=True)
        await client.toast(query, "too late")
        await client.change(42, 999, "nothing there")
        fake.blocked.add(42)
        await client.say(42, "not heard")

    with_client(fake, story)
    assert fake.texts(42) == ["changed"]
    assert len(fake.toasts) == 1 and fake.toasts[0]["show_alert"] is True
    assert len([line for line in caplog.messages if "was not sent" in line]) == 3


def test_the_bot_introduces_itself(fake: Fake) -> None:
    async def story(client: Client) -> None:
        assert (client.name, client.number) == ("hydra_test_bot", 1234567)
        assert await client.introduce((("halt", "stop everything"),), "https://hud.example/hud") == Sent()
        assert fake.menu["web_app"] == {"url": "https://hud.example/hud"}
        assert await client.introduce((("halt", "stop everything"),)) == Sent()

    with_client(fake, story)
    assert fake.commands == [{"command": "halt", "description": "stop everything"}]
    assert fake.menu == {"type": "commands"}


# --- the token -------------------------------------------------------------------------------------------


def test_a_wrong_token_is_bad_and_nowhere_told(fake: Fake, caplog: pytest.LogCaptureFixture) -> None:
    async def start() -> None:
        await Client(Secret("1234567:canary-wrong"), fake.url).connect()

    async def revoked(client: Client) -> None:
        fake.token = "1234567:another"
        for call in (client.deliver(row(letter("1"))), client.poll(0, 0)):
            with pytest.raises(BadToken, match="BotFather") as told:
                await call
            assert told.value.__cause__ is None and told.value.__suppress_context__

    caplog.set_level(logging.DEBUG)
    with pytest.raises(BadToken) as told:
        asyncio.run(start())
    assert told.value.__suppress_context__
    with_client(fake, revoked)
    assert "canary" not in caplog.text


def test_no_log_holds_the_token_even_when_all_goes_wrong(fake: Fake, caplog: pytest.LogCaptureFixture) -> None:
    async def story(client: Client) -> None:
        for fake.away in ("502", ""):
            await client.deliver(row(letter("1")))
            await client.say(42, "x")
        fake.refuse()
        await client.deliver(row(letter("2")))
        await client.say(42, "x")

    caplog.set_level(logging.DEBUG)
    with_client(fake, story, answer_s=1.0)
    assert TOKEN.partition(":")[2] not in caplog.text


# --- the fake itself -------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["<b>x", "a < b", "<x>y</x>", "<b><i>x</b></i>", "a & b"])
def test_the_fake_refuses_what_telegram_would(text: str) -> None:
    with pytest.raises(Refusal):
        check_html(text)
    check_html("<b>x</b> &amp; <i>y</i>")


def test_the_fake_knows_only_what_there_is(fake: Fake) -> None:
    asked: list[tuple[str, dict[str, Any], int]] = [
        ("sendMessage", {"chat_id": 42, "text": ""}, 400),
        ("sendMessage", {"chat_id": 42, "text": "x", "colour": 1}, 400),
        ("sendMessage", {"chat_id": 42, "text": "x", "entities": [{"offset": 0, "length": 2}]}, 400),
        ("sendVideo", {}, 404),
        ("getMe", {}, 200),
    ]
    assert [fake.answer(method, TOKEN, fields)[0] for method, fields, _ in asked] == [code for _, _, code in asked]
    buttons = (
        [{"text": "a", "callback_data": "x" * 65}],
        [{"text": "a"}],
        [{"text": "a", "url": "b", "callback_data": "c"}],
    )
    for found in buttons:
        fields = {"chat_id": 42, "text": "x", "reply_markup": {"inline_keyboard": [found]}}
        assert fake.answer("sendMessage", TOKEN, fields)[0] == 400
