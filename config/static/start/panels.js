// The panels beside the phone: who holds it, every call at any time, and the switches as the server reports them.

import { CALLS } from "./api.js";
import { $, h } from "./dom.js";
import { pictureField, textField, tick } from "./fields.js";
import * as flows from "./flows.js";
import { loggedIn, PEOPLE, phone, state } from "./state.js";
import { language, t } from "./words.js";

const NAME = /^[A-Za-z0-9_]{1,24}$/;

export function drawPeople(chosenPerson) {
  const known = PEOPLE.map((person) => personRow(person, h("span", {}, h("b", {}, person), h("small", {}, t(`person_${person}`))), chosenPerson));
  $("people").replaceChildren(...known, otherRow(chosenPerson));
}

function personRow(person, text, chosenPerson) {
  const input = h("input", { type: "radio", name: "person", value: person, checked: state.person === person, onchange: () => chosenPerson(person) });
  return h("label.person", {}, input, h(`i.face.face-${person}`, { "aria-hidden": "true" }, person[0]), text, held(person));
}

// Any name is a person: the simulator derives everybody from it.
function otherRow(chosenPerson) {
  const other = PEOPLE.includes(state.person) ? "" : state.person;
  const radio = h("input", { type: "radio", name: "person", value: "", checked: other !== "", "aria-label": t("somebody_else"), onchange: () => name.focus() });
  const name = h("input.field", { value: other, placeholder: t("somebody_else"), "aria-label": t("somebody_else"), maxlength: 24, autocomplete: "off", spellcheck: "false",
    onfocus: () => { radio.checked = true; },
    onchange: () => (NAME.test(name.value) ? chosenPerson(name.value) : name.setAttribute("aria-invalid", "true")) });
  return h("div.person", {}, radio, h("i.face.face-other", { "aria-hidden": "true" }, other[0] || "?"), name, held(other));
}

const held = (person) => state.phones[person] && loggedIn(state.phones[person]) && h("em.held", { title: t("logged_in") }, h("span.hidden", {}, t("logged_in")));

export function drawCalls() {
  $("calls").replaceChildren(
    callRow("silentLogin", flows.silentLogin),
    callRow("authLogin", flows.authLogin, tick("agreed", h("code", {}, "agreed"))),
    callRow("updateUser", flows.updateUser, textField("nickname", "nickname", { maxlength: 60 }), pictureField()),
    callRow("bindMobile", flows.bindMobile, textField("number", "number", { inputmode: "tel", pattern: "\\+?[0-9]{5,15}", required: true })),
    callRow("userInfo", flows.userInfo),
    callRow("logout", flows.logout),
    callRow("delete", flows.deleteAccount, tick("confirm", h("code", {}, "confirm"))),
  );
}

function callRow(name, pressed, ...fields) {
  const { method, path } = CALLS[name];
  const send = (event) => { event.preventDefault(); pressed(); };
  return h("form.call", { onsubmit: send, "data-call": name },
    h("div.call-head", {}, h("span", {}, h("b", {}, t(`call_${name}`)), h("code", {}, h("i", {}, method), ` ${path.replace("/api/", "")}`)),
      h(`button.send${name === "delete" ? ".danger" : ""}`, { type: "submit", "aria-label": `${t("send")}: ${t(`call_${name}`)}` }, t("send"))),
    fields.length > 0 && h("div.call-fields", {}, fields));
}

export function drawSwitches() {
  const { config, configAt } = state;
  const at = configAt && new Date(configAt).toLocaleTimeString(language() === "zh" ? "zh-CN" : "en-GB", { hour12: false });
  const rows = ["mnp_auto_wechat_auth", "mnp_wechat_auth", "coerce_mobile"].map((name) => {
    const on = Boolean(config?.[name]);
    return h("div.switch", {}, h("span", {}, h("code", {}, name), h("small", {}, t(`${name}_${on ? "on" : "off"}`))), h(`span.pill${on ? ".on" : ""}`, {}, t(on ? "on" : "off")));
  });
  $("switches").replaceChildren(...(config ? rows : []), h("p.fine", {}, at ? t("seen_at", { at }) : t("config_unreachable")));
}

export function drawBusy() {
  document.documentElement.toggleAttribute("data-busy", state.busy);
  document.documentElement.toggleAttribute("data-logged-in", loggedIn(phone()));
}

