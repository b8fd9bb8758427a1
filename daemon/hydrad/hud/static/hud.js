// Logs in with the code behind the address's #, and shows what /api/v1/status says, as tables.
const $ = (id) => document.getElementById(id);
let token = null;

async function ask(path, body, more = {}) {
  const headers = { ...more };
  if (token) headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  const method = body === undefined ? "GET" : "POST";
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const told = await answer.json();
  if (told.data && told.data.token) token = told.data.token;
  return { status: answer.status, ...told };
}

function table(title, rows) {
  const section = document.createElement("section");
  const heading = section.appendChild(document.createElement("h2"));
  heading.textContent = title;
  const made = section.appendChild(document.createElement("table"));
  for (const [name, value] of rows) {
    const row = made.appendChild(document.createElement("tr"));
    const head = row.appendChild(document.createElement("th"));
    head.scope = "row";
    head.textContent = name;
    row.appendChild(document.createElement("td")).textContent = value;
  }
  return section;
}

const plain = (value) => (value === null ? "-" : typeof value === "object" ? JSON.stringify(value) : String(value));

async function show() {
  const answer = await ask("/api/v1/status");
  $("login").hidden = answer.status !== 401;
  $("out").hidden = $("halt").hidden = answer.status === 401;
  $("said").textContent = answer.ok ? `Measured at ${answer.ts}. This page does not renew itself.` : answer.error.message;
  $("shown").replaceChildren();
  if (!answer.ok) return;
  $("mode").textContent = `${answer.daemon.mode.toUpperCase()} ${answer.data.authority}`;
  const groups = [];
  const single = [];
  for (const [name, value] of Object.entries(answer.data)) {
    if (Array.isArray(value)) groups.push(table(name, value.map((row) => [row.name ?? row.check ?? row.symbol ?? row.id, plain(row)])));
    else single.push([name, plain(value)]);
  }
  $("shown").append(table("status", single), ...groups);
}

async function login(body) {
  const answer = await ask("/session", body);
  if (answer.ok) {
    $("who").textContent = `${answer.data.operator}, ${answer.data.role}, ${answer.data.scope}`;
    await show();
  } else {
    $("login").hidden = false;
    $("said").textContent = answer.error.message;
  }
}

$("login").addEventListener("submit", (event) => {
  event.preventDefault();
  login({ code: $("code").value.trim().split("#").pop() });
});
$("out").addEventListener("click", async () => {
  await ask("/session/end", {});
  token = null;
  await show();
});
$("halt").addEventListener("click", async () => {
  const answer = await ask("/api/v1/halt", { reason: "from the HUD" }, { "idempotency-key": crypto.randomUUID() });
  await show();
  $("said").textContent = answer.data ? `Authority is ${answer.data.authority}.` : answer.error.message;
});

const fragment = location.hash.slice(1);
history.replaceState(null, "", location.pathname + location.search);
const initData = new URLSearchParams(fragment).get("tgWebAppData");
if (initData) login({ init_data: initData });
else if (fragment) login({ code: fragment });
else show();
