// telegram-test-api, a Bot API emulator that is not ours, with what it lacks for python-telegram-bot: `is_bot` in getMe,
// dates in seconds, messages without the request's own fields, an edited message as the answer to an edit, polls that
// wait, and four methods that only say true. Prints its port. Whatever else it does is its own.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { TelegramServer } = require("telegram-test-api/lib/telegramServer.js");
const express = require("express");

const server = new TelegramServer({ port: 1, host: "127.0.0.1", storeTimeout: 3600 });
const emulator = server.webServer;
const front = express();
front.use(express.json(), express.urlencoded({ extended: true }));

front.all("/bot:token/getMe", (_, res) =>
  res.json({ ok: true, result: { id: 666, is_bot: true, first_name: "Test", username: "TestNameBot" } }));

const SAY_TRUE = ["setMyCommands", "setChatMenuButton", "sendChatAction", "answerCallbackQuery"];
front.all("/bot:token/:method", (req, res, next) => {
  if (!SAY_TRUE.includes(req.params.method)) return next();
  server.storage.botMessages.push({ // seen in the history, as everything that a bot does
    time: Date.now(), botToken: req.params.token, isRead: true, updateId: 0, messageId: 0,
    message: { method: req.params.method, ...req.body },
  });
  res.json({ ok: true, result: true });
});

front.all("/bot:token/getUpdates", async (req, res) => {
  const until = Date.now() + Number(req.body.timeout ?? 0) * 1000;
  let found = server.getUpdates(req.params.token);
  while (found.length === 0 && Date.now() < until && !req.socket.destroyed) {
    await new Promise((wake) => setTimeout(wake, 20));
    found = server.getUpdates(req.params.token);
  }
  res.json({ ok: true, result: found });
});

front.use((req, res, next) => {
  const json = res.json.bind(res);
  res.json = (said) => {
    if (said?.result?.message_id) { // the emulator answers with the request's own fields as well
      const { message_id, date, chat, text, reply_markup } = said.result;
      said = { ok: true, result: { message_id, date: Math.floor(date / 1000), chat, text, reply_markup } };
    }
    if (said?.ok && said.result === null && req.path.endsWith("/editMessageText")) {
      const { chat_id: chat, message_id: message, text } = req.body;
      const where = { id: Number(chat), type: "private", first_name: "x" };
      said = { ok: true, result: { message_id: Number(message), date: 1, chat: where, text } };
    }
    return json(said);
  };
  next();
});
front.use(emulator);

const listener = front.listen(0, "127.0.0.1", () => console.log(listener.address().port));
