// The phone: which screen its mini-program shows, drawn anew after each answer.

import { shortened } from "./api.js";
import { $, h, icon, ICONS } from "./dom.js";
import { focusOnPhone, pictureField, refocus, textField, tick } from "./fields.js";
import * as flows from "./flows.js";
import { loggedIn, phone, state } from "./state.js";
import { language, t } from "./words.js";

const WITH_TABS = ["home", "guest", "loading", "me"];
const SCREENS = { home, guest, loading, login, profile, mobile, me, closed };

export function screenOf({ tab, token, nextStep, known, profile: loaded }) {
  if (tab === "home") return "home";
  if (loggedIn(phone())) return loaded ? "me" : "loading";
  if (token && nextStep === "complete_profile") return "profile";
  if (token && nextStep === "bind_mobile") return "mobile";
  if (nextStep === "closed") return "closed";
  if (known) return "login";
  return state.busy ? "loading" : "guest";
}

export function drawPhone() {
  const name = screenOf(phone());
  const focus = focusOnPhone();
  const { toast } = phone();
  $("phone").dataset.screen = name;
  const parts = [statusBar(), titleBar(name), h("div.screen", {}, SCREENS[name]())];
  if (toast) parts.push(h("div.toast", { role: "status" }, toast));
  if (WITH_TABS.includes(name)) parts.push(tabs());
  $("phone").replaceChildren(...parts);
  refocus(focus);
  drawHolds();
}

function statusBar() {
  const time = new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return h("div.status-bar", { "aria-hidden": "true" }, h("span", {}, time), h("span.island"), h("span.battery"));
}

function titleBar(name) {
  const back = ["login", "profile", "mobile", "closed"].includes(name);
  return h("div.title-bar", {},
    back && h("button.back", { type: "button", "aria-label": t("back"), onclick: () => go("home") }, icon(ICONS.back)),
    h("span", {}, t(`screen_${name}`)),
    h("span.capsule", { "aria-hidden": "true" }, h("i"), h("b")));
}

function tabs() {
  const { tab } = phone();
  const button = (name, pressed) => h("button", { type: "button", "aria-current": tab === name ? "page" : false, onclick: pressed },
    icon(ICONS[name], 22), t(`tab_${name}`));
  return h("div.tabs", {}, button("home", () => go("home")), button("me", openMe));
}

function go(tab) {
  Object.assign(phone(), { tab, toast: "" });
  drawPhone();
}

function openMe() {
  phone().tab = "me";
  flows.userInfo();
}

function home() {
  const card = (index) => h(`div.card.card-${index}`, {}, h("i"), h("b"), h("s"));
  return [h("div.hero", {}, h("b", {}, t("hero")), h("span", {}, t("hero_text"))), h("div.cards", { "aria-hidden": "true" }, [1, 2, 3, 4].map(card))];
}

function guest() {
  return centered(icon(ICONS.me, 40), t("guest"), t("guest_text"),
    h("button.phone-button", { type: "button", onclick: flows.silentLogin }, t("log_in")));
}

function loading() {
  return h("div.waiting", { role: "status", "aria-label": t("loading") }, h("i"), h("b"), h("s"), h("s"));
}

function login() {
  const open = !state.config || state.config.mnp_wechat_auth;
  return h("div.login", {},
    h("div.logo", { "aria-hidden": "true" }, icon(ICONS.client, 44)),
    h("b.app-name", {}, t("app_name")),
    h("p", {}, t(open ? "login_text" : "login_closed_text")),
    open && h("button.phone-button", { type: "button", onclick: tapLogin }, t("wechat_login")),
    open && tick("agreed", t("agree"), agreements()),
    h("button.plain", { type: "button", onclick: () => go("home") }, t("browse")));
}

// Nobody is registered who did not tick the box; the list of calls can leave it out to see what the server says.
function tapLogin() {
  if (state.form.agreed) return flows.authLogin();
  phone().toast = t("tick_first");
  return drawPhone();
}

function agreements() {
  const links = (state.config?.agreements || []).map(({ title, url }) => h("a", { href: url, target: "_blank", rel: "noopener" }, title));
  return links.flatMap((link, index) => (index ? [t("and"), link] : [link]));
}

function profile() {
  return [h("div.behind", { inert: true }, login()), h("form.sheet", { onsubmit: submit(flows.updateUser) },
    h("b", {}, t("profile_title")), h("p", {}, t("profile_text")),
    pictureField(), textField("nickname", "nickname", { maxlength: 60 }),
    h("button.phone-button", { type: "submit" }, t("save")))];
}

function mobile() {
  return h("form.centered", { onsubmit: submit(flows.bindMobile) },
    icon(ICONS.phone, 44), h("b", {}, t("mobile_title")), h("p", {}, t("mobile_text")),
    textField("number", "number", { inputmode: "tel", pattern: "\\+?[0-9]{5,15}", required: true }),
    h("button.phone-button", { type: "submit" }, t("give_number")));
}

function me() {
  const { profile: shown } = phone();
  const since = new Date(shown.registered_at).toLocaleDateString(language() === "zh" ? "zh-CN" : "en-GB", { dateStyle: "medium" });
  const row = (key, value) => h("div.row", {}, h("dt", {}, t(key)), h("dd", {}, value));
  return [
    h("div.profile", {}, shown.avatar ? h("img", { src: shown.avatar, alt: "" }) : icon(ICONS.me, 40),
      h("div", {}, h("b", {}, shown.nickname), h("span", {}, t("logged_in")))),
    h("dl.rows", {}, row("member_number", shown.sn), row("mobile", shown.mobile || t("not_bound")), row("since", since)),
    h("div.rows", {}, action("reload", flows.userInfo), action("log_out", flows.logout), action("delete_account", flows.deleteAccount, ".danger")),
  ];
}

function closed() {
  return centered(icon(ICONS.closed, 40), t("closed_title"), t("closed_text"),
    h("button.phone-button.gray", { type: "button", onclick: flows.silentLogin }, t("try_again")));
}

const centered = (picture, title, text, button) => h("div.centered", {}, picture, h("b", {}, title), h("p", {}, text), button);

const action = (key, pressed, style = "") => h(`button.row${style}`, { type: "button", onclick: pressed }, t(key), icon(ICONS.next, 16));

const submit = (pressed) => (event) => { event.preventDefault(); pressed(); };

// Under the phone: what the mini-program has stored.
function drawHolds() {
  const { token, nextStep, known } = phone();
  const opens = token && t(loggedIn(phone()) ? "opens_all" : "opens_step");
  const pair = (key, value, note) => h("div", {}, h("dt", {}, t(key)), h("dd", {}, value, note && h("span.note", {}, note)));
  $("holds").replaceChildren(
    pair("token", token ? h("code", {}, shortened(token)) : h("span.none", {}, t("no_token")), opens),
    pair("next_step", known ? h("code", {}, `"${nextStep}"`) : h("span.none", {}, t("not_asked"))),
  );
}
