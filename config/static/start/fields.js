// The fields that stand both in the list of calls and on the phone: typing into one fills the other.

import { $, h, icon, ICONS } from "./dom.js";
import { chosen, draw } from "./picture.js";
import { state } from "./state.js";
import { t } from "./words.js";

export function textField(name, labelKey, attributes = {}) {
  const input = h("input.field", { ...attributes, "aria-label": t(labelKey), placeholder: t(labelKey),
    value: state.form[name], "data-form": name, autocomplete: "off",
    oninput: (event) => fill(name, event.target.value, event.target) });
  return input;
}

export function tick(name, ...label) {
  const box = h("input", { type: "checkbox", checked: state.form[name], "data-form": name,
    onchange: (event) => fill(name, event.target.checked, event.target) });
  return h("label.tick", {}, box, h("span", {}, label));
}

export function fill(name, value, source) {
  state.form[name] = value;
  for (const other of document.querySelectorAll(`[data-form="${name}"]`)) {
    if (other !== source) other[other.type === "checkbox" ? "checked" : "value"] = value;
  }
}

export function pictureField() {
  const file = h("input", { type: "file", accept: "image/*", class: "hidden", "aria-label": t("choose_file"),
    onchange: async (event) => { if (event.target.files[0]) show(await chosen(event.target.files[0])); } });
  return h("div.picture-field", {},
    h("span.picture", { "data-picture": true }, pictureShown()),
    h("button.small-button", { type: "button", onclick: () => show(draw(letter())) }, icon(ICONS.again, 14), t("draw")),
    h("label.small-button", {}, file, icon(ICONS.file, 14), t("file")),
    h("button.small-button", { type: "button", "aria-label": t("no_picture"), title: t("no_picture"), onclick: () => show(null) }, icon(ICONS.none, 14)));
}

export function show(picture) {
  state.form.picture = picture;
  for (const frame of document.querySelectorAll("[data-picture]")) frame.replaceChildren(pictureShown());
}

const letter = () => [...(state.form.nickname || state.person)][0];

export const redraw = () => { state.form.picture = draw(letter()); };

function pictureShown() {
  const { picture } = state.form;
  return picture ? h("img", { src: picture.shown, alt: t("picture") }) : icon(ICONS.me, 18);
}

// Where the keyboard was on the phone, before it is drawn anew: the name of a field, "" for anything else, or null.
export function focusOnPhone() {
  const focused = document.activeElement;
  return $("phone").contains(focused) ? focused.dataset.form || "" : null;
}

export function refocus(name) {
  if (name === null) return;
  const field = name && $("phone").querySelector(`[data-form="${name}"]`);
  (field || $("phone")).focus({ preventScroll: true });
}
