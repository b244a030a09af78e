// What a press does: one or more calls, each followed by what the client does with the answer.

import { CALLS, fetchConfig, loginCode, phoneCode, send } from "./api.js";
import { react } from "./client.js";
import { keep, loggedIn, phone, state } from "./state.js";

let changed = () => {};
export const onChange = (listener) => { changed = listener; };

export const entries = [];

// `role` says why a call is made that nobody pressed: "interceptor", "replay" or "follow_up".
async function step(entry, name, body, role = "") {
  const exchange = await send(name, body, phone().token);
  exchange.role = role;
  exchange.words = react(exchange, role);
  exchange.open = role !== "follow_up";
  const { code, msg } = exchange.answer;
  if (code === 0 || (code === 1 && ["logout", "delete"].includes(name))) phone().toast = msg;
  entry.exchanges.push(exchange);
  await refreshConfig();
  keep();
  changed(entry);
  return exchange.answer;
}

// The interceptor: after -1 it logs in silently and replays, once.
async function call(entry, name, body) {
  const first = await step(entry, name, body);
  if (first.code !== -1 || !state.interceptor || name === "logout") return first;
  await step(entry, "silentLogin", { code: loginCode(state.person) }, "interceptor");
  const usable = loggedIn(phone()) || (phone().token && CALLS[name].pending);
  return usable ? step(entry, name, body, "replay") : first;
}

async function press(title, work) {
  if (state.busy) return;
  state.busy = true;
  phone().toast = "";
  const entry = { title, person: state.person, at: Date.now(), number: entries.length + 1, exchanges: [] };
  for (const { exchanges } of entries) for (const exchange of exchanges) exchange.open = false;
  entries.unshift(entry);
  changed(entry);
  try {
    await work(entry);
    if (loggedIn(phone()) && phone().stale) await step(entry, "userInfo", null, "follow_up");
  } finally {
    state.busy = false;
    changed(entry);
  }
}

export const silentLogin = () => press("silentLogin", (entry) =>
  step(entry, "silentLogin", { code: loginCode(state.person) }));

export const authLogin = () => press("authLogin", (entry) =>
  step(entry, "authLogin", { code: loginCode(state.person), agreed: state.form.agreed }));

export const updateUser = () => press("updateUser", async (entry) => {
  const { nickname, picture } = state.form;
  const avatar = picture ? await uploaded(entry, picture) : "";
  if (avatar === null) return;
  await call(entry, "updateUser", { ...(nickname && { nickname }), ...(avatar && { avatar }) });
});

// A picture is uploaded once; null if that failed.
async function uploaded(entry, picture) {
  const known = phone().uploads[picture.key];
  if (known) return known;
  const body = new FormData();
  body.append("file", picture.blob, picture.name);
  const answer = await call(entry, "upload", body);
  if (answer.code !== 1) return null;
  phone().uploads[picture.key] = answer.data.url;
  return answer.data.url;
}

export const bindMobile = () => press("bindMobile", (entry) =>
  call(entry, "bindMobile", { code: phoneCode(state.form.number) }));

export const userInfo = () => press("userInfo", (entry) => call(entry, "userInfo", null));

export const logout = () => press("logout", (entry) => call(entry, "logout", {}));

export const deleteAccount = () => press("delete", (entry) => call(entry, "delete", { confirm: state.form.confirm }));

export async function refreshConfig() {
  try {
    state.config = await fetchConfig();
    state.configAt = Date.now();
  } catch {
    state.configAt = null;
  }
}
