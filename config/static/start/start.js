// The start page: loads the words and the switches, draws everything, and draws again what a press changed.

import { $ } from "./dom.js";
import { redraw, show } from "./fields.js";
import { entries, onChange, refreshConfig } from "./flows.js";
import { drawEntry, drawLog } from "./log.js";
import { drawBusy, drawCalls, drawPeople, drawSwitches } from "./panels.js";
import { drawPhone } from "./phone.js";
import { choose, keep, state } from "./state.js";
import { loadWords, rememberLanguage } from "./words.js";

function drawAll() {
  drawPeople(chosenPerson);
  drawCalls();
  drawLog();
  drawState();
}

function drawState() {
  drawBusy();
  drawSwitches();
  drawPhone();
}

function chosenPerson(person) {
  choose(person);
  redraw();
  keep();
  drawPeople(chosenPerson);
  drawCalls();
  drawState();
  const radio = [...document.querySelectorAll("input[name=person]")].find((input) => input.checked);
  radio.focus();
}

function wire() {
  onChange((entry) => {
    drawEntry(entry);
    drawState();
    if (!state.busy) drawPeople(chosenPerson);
  });
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => { rememberLanguage(button.dataset.language); drawAll(); });
  }
  $("theme").addEventListener("click", toggleTheme);
  $("interceptor").checked = state.interceptor;
  $("interceptor").addEventListener("change", (event) => { state.interceptor = event.target.checked; keep(); });
  $("clear").addEventListener("click", () => { entries.length = 0; drawLog(); });
  // Switches are changed in another tab.
  window.addEventListener("focus", async () => { await refreshConfig(); drawSwitches(); });
}

function toggleTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("start-theme", root.dataset.theme);
}

await loadWords();
await refreshConfig();
choose(state.person);
redraw();
wire();
drawAll();
show(state.form.picture);
$("page").hidden = false;
