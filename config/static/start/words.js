// Both languages of this page; the API's own sentences come from the server, asked in the same language.

import { $ } from "./dom.js";

const catalogues = {};
let current = "zh";

export const language = () => current;
export const acceptLanguage = () => (current === "zh" ? "zh-CN" : "en");

export async function loadWords() {
  const base = document.body.dataset.words;
  const load = async (name) => { catalogues[name] = await (await fetch(`${base}${name}.json`)).json(); };
  await Promise.all([load("zh"), load("en")]);
  const preferred = navigator.languages.find((name) => /^(zh|en)\b/.test(name)) || "en";
  setLanguage(localStorage.getItem("start-language") || preferred.slice(0, 2));
}

export function setLanguage(name) {
  current = name in catalogues ? name : "en";
  document.documentElement.lang = current === "zh" ? "zh-CN" : "en";
  document.title = t("title");
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(element.dataset.tLabel));
    element.title = t(element.dataset.tLabel);
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === current));
  }
}

export function rememberLanguage(name) {
  localStorage.setItem("start-language", name);
  setLanguage(name);
}

// Fills `{name}` in from the values; a key that is missing shows itself.
export function t(key, values = {}) {
  const text = catalogues[current][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export const has = (key) => key in catalogues[current];

export const announce = (text) => { $("status").textContent = text; };
