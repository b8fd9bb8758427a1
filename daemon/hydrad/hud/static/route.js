// Which view an address names. Owns moving between them without leaving the page: in Telegram's frame the address stays
// `/app`, since no other may be framed, and names its page behind the question mark.

const VIEWS = {
  "/": ["Board", "board"],
  "/missions": ["Missions", "missions"],
  "/positions": ["Positions", "positions"],
  "/terminals": ["Terminals", "terminals"],
  "/report": ["Report", "report"],
  "/me": ["Me", "me"],
  "/log": ["Log", "log"],
};
const FRAMED = "/app";
const LOG = "/log"; // a mission in its address is what it looks for

export const pages = Object.entries(VIEWS).map(([path, [title]]) => ({ path, title }));

/** `{ path, title, view, args }` of where the page stands now. */
export function here() {
  const params = new URLSearchParams(location.search);
  const args = Object.fromEntries(params);
  const path = params.get("page") ?? location.pathname;
  if (path === LOG) return { path, title: VIEWS[path][0], view: VIEWS[path][1], args };
  const mission = params.get("mission") ?? params.get("mission_id");
  if (mission) return { path: "/hud", title: `Mission ${mission}`, view: "mission", args: { ...args, id: mission } };
  const position = params.get("position");
  if (position) return { path: "/position", title: `Position ${position}`, view: "position", args: { ...args, id: position } };
  const found = Object.hasOwn(VIEWS, path) ? path : "/";
  return { path: found, title: VIEWS[found][0], view: VIEWS[found][1], args };
}

/** To another page; `moved` follows. */
export function go(href) {
  const to = new URL(href, location.origin);
  if (location.pathname === FRAMED) {
    if (to.pathname === LOG || !(to.searchParams.has("mission") || to.searchParams.has("position"))) to.searchParams.set("page", to.pathname);
    to.pathname = FRAMED;
  }
  history.pushState(null, "", to.pathname + to.search);
}

/** Calls `moved()` for each link of ours that is followed, and for back and forth. */
export function follow(moved) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="/"]');
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(link.getAttribute("href"));
    moved();
  });
  window.addEventListener("popstate", moved);
}
