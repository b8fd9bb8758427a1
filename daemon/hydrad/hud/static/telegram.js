// What a Mini App and Telegram tell each other. Owns the reading of the fragment and the few events that are sent.
//
// Telegram gives `tgWebAppData` (the signed initData) and the theme behind the address's #, and takes events by its own
// client's bridge or, in a frame, by postMessage. Source: Telegram Mini Apps documentation.

const WEB = ["https://web.telegram.org", "https://webk.telegram.org", "https://weba.telegram.org"];

/** `{ initData, theme }` of a fragment, or null where no Telegram opened the page. */
export function told(fragment) {
  const said = new URLSearchParams(fragment);
  const initData = said.get("tgWebAppData");
  if (!initData) return null;
  let theme = {};
  try {
    theme = JSON.parse(said.get("tgWebAppThemeParams") ?? "{}");
  } catch {
    theme = {};
  }
  return { initData, theme };
}

/** Colours of Telegram's theme, those that are plain colours. */
export function wear(theme) {
  const names = { bg_color: "--page", text_color: "--text", secondary_bg_color: "--card", hint_color: "--dim" };
  for (const [theirs, ours] of Object.entries(names)) {
    if (/^#[0-9a-fA-F]{6}$/.test(theme[theirs] ?? "")) document.documentElement.style.setProperty(ours, theme[theirs]);
  }
}

export function post(event, data = {}) {
  if (window.TelegramWebviewProxy?.postEvent) window.TelegramWebviewProxy.postEvent(event, JSON.stringify(data));
  else if (window.external && "notify" in window.external) window.external.notify(JSON.stringify({ eventType: event, eventData: data }));
  else if (window.parent !== window) WEB.forEach((origin) => window.parent.postMessage(JSON.stringify({ eventType: event, eventData: data }), origin));
}

/** Says that the page stands, and asks for the whole height. */
export function ready() {
  post("web_app_ready");
  post("web_app_expand");
}
