// The page: puts the parts together. State lives in the parts; the address line holds category and product.

import * as api from "./api.js";
import { Cards } from "./cards.js";
import { Cart } from "./cart.js";
import { $, h } from "./dom.js";
import { Live } from "./live.js";
import { openProduct } from "./product.js";

const STATES = {
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting …",
  offline: "Offline: what you see may be old",
};

const live = new Live((state) => {
  $("link").dataset.state = state;
  $("link-text").textContent = STATES[state];
});
const cart = new Cart(live);
const cards = new Cards($("products"), live, (slug) => (location.hash = slug));

let category = new URLSearchParams(location.search).get("category");
let cursor = null;
let loading = 0;

async function load(more) {
  const turn = ++loading;
  const list = $("products");
  list.setAttribute("aria-busy", "true");
  $("more").hidden = true;
  $("notice").hidden = true;
  try {
    const page = await api.products({ category, cursor: more ? cursor : null });
    if (turn !== loading) return; // another category was chosen meanwhile
    if (!more) cards.clear();
    const added = cards.add(page.items);
    if (more) added[0]?.querySelector("a").focus({ preventScroll: true });
    cursor = page.next;
    $("more").hidden = !cursor;
    if (!more && page.items.length === 0) notice("There is nothing in this category yet.");
  } catch (error) {
    if (turn === loading) notice(error.message, () => load(more));
  } finally {
    if (turn === loading) list.setAttribute("aria-busy", "false");
  }
}

function notice(text, again) {
  $("notice").replaceChildren(text, " ", again ? h("button", { class: "link-button", type: "button", onclick: again }, "Try again") : "");
  $("notice").hidden = false;
}

async function loadCategories() {
  const choose = (slug) => (event) => {
    event.preventDefault();
    [category, cursor] = [slug, null];
    history.replaceState(null, "", slug ? `?category=${encodeURIComponent(slug)}` : "/");
    mark();
    load(false);
  };
  const link = (slug, name) => h("a", { href: slug ? `?category=${encodeURIComponent(slug)}` : "/", dataset: { slug: slug ?? "" }, onclick: choose(slug) }, name);
  const mark = () => $("filters").querySelectorAll("a").forEach((a) => {
    if (a.dataset.slug === (category ?? "")) a.setAttribute("aria-current", "page");
    else a.removeAttribute("aria-current");
  });
  try {
    const answer = await api.categories();
    const roots = (Array.isArray(answer) ? answer : (answer.items ?? [])).filter((root) => !root.parent);
    $("filters").replaceChildren(link(null, "Everything"), ...roots.map((root) => link(root.slug, root.name)));
    mark();
  } catch {
    $("filters").replaceChildren(); // the products are there without them
  }
}

function followAddress() {
  const slug = decodeURIComponent(location.hash.slice(1));
  if (slug && slug !== "products") openProduct(slug, live, cart);
  else if ($("product").open) $("product").close();
}

$("product").addEventListener("close", () => {
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
});
$("more").onclick = () => load(true);
window.addEventListener("hashchange", followAddress);

loadCategories();
load(false).then(followAddress);
