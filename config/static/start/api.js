// One call to the API as a mini-program makes it, kept with everything the log shows about it.

import { acceptLanguage } from "./words.js";

// `pending` calls are open to a token whose account still owes a step; `login` calls carry no token.
export const CALLS = {
  silentLogin: { method: "POST", path: "/api/login/silentLogin", login: true },
  authLogin: { method: "POST", path: "/api/login/authLogin", login: true },
  updateUser: { method: "POST", path: "/api/login/updateUser", pending: true },
  bindMobile: { method: "POST", path: "/api/user/bindMobile", pending: true },
  upload: { method: "POST", path: "/api/upload/image", pending: true },
  userInfo: { method: "GET", path: "/api/user/info" },
  logout: { method: "POST", path: "/api/login/logout", pending: true },
  delete: { method: "POST", path: "/api/user/delete" },
};

// What wx.login and the getPhoneNumber button give on a phone: a code for one use.
const once = () => `${Date.now().toString(36)}${crypto.getRandomValues(new Uint16Array(1))[0].toString(36)}`;
export const loginCode = (person) => `sim-${person}-${once()}`;
export const phoneCode = (number) => `phone-${number}-${once()}`;

export const shortened = (token) => (token.length > 24 ? `${token.slice(0, 8)}…${token.slice(-4)}` : token);

// Cookies stay at home: a mini-program has none, and the admin's language would win over ours.
export async function send(name, body, token) {
  const call = CALLS[name];
  const headers = { "Accept-Language": acceptLanguage() };
  if (token && !call.login) headers.Authorization = `Bearer ${token}`;
  if (body && !(body instanceof FormData)) headers["Content-Type"] = "application/json";
  const sent = body instanceof FormData || !body ? body : JSON.stringify(body);
  const exchange = { name, ...call, headers: { ...headers }, body: readable(body), at: Date.now() };
  if (body instanceof FormData) exchange.headers["Content-Type"] = "multipart/form-data";
  if (headers.Authorization) exchange.headers.Authorization = `Bearer ${shortened(token)}`;
  const started = performance.now();
  try {
    const response = await fetch(call.path, { method: call.method, headers, body: sent, credentials: "omit" });
    exchange.answer = await read(response);
  } catch {
    exchange.answer = { status: 0, text: "", code: null, data: {}, msg: "" };
  }
  exchange.ms = Math.round(performance.now() - started);
  return exchange;
}

async function read(response) {
  const answer = { status: response.status, text: response.statusText, code: null, data: {}, msg: "",
    renewed: response.headers.get("X-Renewed-Token") || "", retryAfter: response.headers.get("Retry-After") || "" };
  try {
    const envelope = await response.json();
    return { ...answer, envelope, code: envelope.code, msg: envelope.msg, data: envelope.data };
  } catch {
    return answer;
  }
}

function readable(body) {
  if (!(body instanceof FormData)) return body || null;
  const file = body.get("file");
  return { file: `${file.name}, ${Math.ceil(file.size / 1024)} KB` };
}

export async function fetchConfig() {
  const options = { headers: { "Accept-Language": acceptLanguage() }, credentials: "omit" };
  const response = await fetch("/api/config", options);
  return (await response.json()).data;
}
