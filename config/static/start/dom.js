// Elements without markup in strings: nothing that a server answered is ever parsed as HTML.

export const $ = (id) => document.getElementById(id);

// h("button.small", {type: "button", onclick: f}, "text", child) makes an element; false and null children are left out.
export function h(selector, attributes = {}, ...children) {
  const [tag, ...classes] = selector.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  element.append(...children.flat(Infinity).filter((child) => child !== false && child !== null && child !== undefined));
  return element;
}

function set(element, name, value) {
  if (value === false || value === null || value === undefined) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "value" || name === "checked") element[name] = value;
  else element.setAttribute(name, value === true ? "" : value);
}

// An icon drawn with strokes on a grid of 24.
export function icon(path, size = 20) {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  const line = document.createElementNS(namespace, "path");
  const attributes = { viewBox: "0 0 24 24", width: size, height: size, fill: "none", stroke: "currentColor",
    "stroke-width": 1.75, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export const ICONS = {
  home: "M4 11.5 12 5l8 6.5V19a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1z",
  me: "M12 12.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c.8-3.6 3.8-5.5 7.5-5.500s6.7 1.9 7.5 5.5",
  back: "m14.5 6-6 6 6 6",
  next: "m9.5 6 6 6-6 6",
  phone: "M8 3.500h8a1.5 1.5 0 0 1 1.5 1.500v14a1.5 1.5 0 0 1-1.5 1.500H8A1.5 1.5 0 0 1 6.5 19V5A1.5 1.5 0 0 1 8 3.500zM11 17.500h2",
  closed: "M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6z",
  client: "M8 3.500h8a1.5 1.5 0 0 1 1.5 1.500v14a1.5 1.5 0 0 1-1.5 1.500H8A1.5 1.5 0 0 1 6.5 19V5A1.5 1.5 0 0 1 8 3.500zM10 12l1.5 1.500L14.5 10.5",
  outside: "M9 6H6v12h12v-3M13 5h6v6M19 5l-8.5 8.5",
  again: "M19 12a7 7 0 1 1-2-5M19 4v4h-4",
  file: "M12 16V5M7.5 9 12 4.5 16.5 9M5 16v3h14v-3",
  none: "m7 7 10 10M17 7 7 17",
};
