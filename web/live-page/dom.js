// Small tools for building the page: elements, money, words. Text only ever enters as text nodes.

/** @param {string} id @returns {any} its kind of element is the page's business */
export const $ = (id) => document.getElementById(id);

/** `h("button", {class: "x", onclick: f}, "text", child)`; null and false children are left out. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  return fill(element, ...children);
}

/** Replaces what is in `element`; null and false children are left out. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const formats = new Map();

/** Minor units to the reader's notation; the currency knows how many decimals it has. */
export function money(value) {
  if (!value) return "";
  const { amount, currency } = value;
  if (!formats.has(currency)) {
    formats.set(currency, new Intl.NumberFormat(navigator.language, { style: "currency", currency }));
  }
  const format = formats.get(currency);
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

export function picture(image, eager = false) {
  if (!image?.url) return h("span", { class: "blank", "aria-hidden": "true" });
  return h("img", { src: image.url, alt: image.alt ?? "", loading: eager ? "eager" : "lazy", decoding: "async" });
}

const counted = new Intl.NumberFormat(navigator.language);

/** Stock in words. `view` is a live view or the product's own `{availability, available}`. */
export function stockWords({ availability, available, policy }) {
  if (availability === "out") return "Sold out";
  if (availability === "backorder") return "On backorder";
  if (typeof available === "number" && policy !== "untracked") return availability === "low" ? `Only ${available} left` : `${counted.format(available)} in stock`;
  return availability === "low" ? "Few left" : "In stock";
}

const announcer = $("announce");
let announced = 0;
/** Tells screen readers, at most every two seconds: a hot shop must not talk without end. */
export function announce(text) {
  const now = Date.now();
  if (now - announced < 2000) return;
  announced = now;
  // What is outside an open modal dialog is inert, and inert regions are not read.
  const home = document.querySelector("dialog[open]") ?? document.body;
  if (announcer.parentNode !== home) home.append(announcer);
  announcer.textContent = text;
}

let toasting;
/** In the top layer, so that it shows above an open dialog. */
export function toast(text) {
  const box = $("toast");
  box.textContent = text;
  box.hidden = false;
  box.showPopover?.();
  announce(text);
  clearTimeout(toasting);
  toasting = setTimeout(() => {
    box.hidePopover?.();
    box.hidden = true;
  }, 3500);
}

/** Opens a modal dialog; a click beside it closes it, as Escape does. */
export function openDialog(dialog) {
  // A block, not an expression: an `onclick` that answers false would cancel every click inside.
  dialog.onclick = (event) => {
    if (event.target === dialog) dialog.close();
  };
  if (!dialog.open) dialog.showModal();
}

export function closeButton(dialog) {
  return h("button", { class: "close", type: "button", "aria-label": "Close", onclick: () => dialog.close() }, "×");
}
