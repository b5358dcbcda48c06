// One product in a dialog: choose a variant, watch its stock, put it into the cart.

import * as api from "./api.js";
import { chip } from "./cards.js";
import { $, closeButton, h, money, openDialog, picture, toast } from "./dom.js";

let stops = [];

export async function openProduct(slug, live, cart) {
  const dialog = $("product");
  const stopAll = () => stops.splice(0).forEach((stop) => stop());
  dialog.onclose = stopAll;
  stopAll();
  const loading = h("p", { class: "pad", id: "product-name" }, "Loading …");
  dialog.replaceChildren(closeButton(dialog), loading);
  openDialog(dialog);
  let product;
  try {
    product = await api.product(slug);
  } catch (error) {
    return loading.replaceWith(h("p", { class: "pad", role: "alert" }, error.message));
  }
  if (dialog.open) show(dialog, product, live, cart);
}

function show(dialog, product, live, cart) {
  const variants = product.variants ?? [];
  const stock = new Map(variants.map((variant) => [variant.sku, variant]));
  const first = variants.find((variant) => variant.availability !== "out") ?? variants[0];
  const chosen = [...(first?.options ?? [])];

  const price = h("p", { class: "price big" });
  const badge = chip(first ?? { availability: "out" }, product.name);
  const frame = h("div", { class: "frame" });
  const problem = h("p", { class: "problem", role: "alert" });
  const add = h("button", { class: "primary", type: "submit" }, "Add to cart");
  const current = () => variants.find((variant) => variant.options.every((value, n) => value === chosen[n]));

  const choices = (product.options ?? []).map((option, n) => h("fieldset", {}, h("legend", {}, option.name),
    h("div", { class: "values" }, option.values.map((value) => h("label", { class: "value" },
      h("input", { type: "radio", name: `option-${n}`, value, checked: chosen[n] === value, onchange: () => ((chosen[n] = value), draw(false)) }),
      h("span", {}, value))))));

  /** Marks the values that are sold out or do not exist with what else is chosen; all stay choosable. */
  function markValues() {
    choices.forEach((set, n) => set.querySelectorAll("input").forEach((input) => {
      const fits = variants.find((v) => v.options.every((value, i) => value === (i === n ? input.value : chosen[i])));
      const gone = !fits || stock.get(fits.sku).availability === "out";
      input.closest("label").classList.toggle("gone", gone);
      input.setAttribute("aria-description", gone ? "sold out" : "");
    }));
  }

  function draw(moved) {
    const variant = current();
    markValues();
    const view = variant ? stock.get(variant.sku) : { availability: "out" };
    badge.show(view, moved);
    price.replaceChildren(money(variant?.price ?? product.price));
    const image = variant?.image ?? product.images?.[0];
    if (frame.dataset.url !== (image?.url ?? "")) {
      frame.dataset.url = image?.url ?? "";
      frame.replaceChildren(picture(image, true));
    }
    add.disabled = !variant || view.availability === "out";
    add.textContent = !variant ? "Not made in this combination" : add.disabled ? "Sold out" : "Add to cart";
    add.dataset.sku = variant?.sku ?? "";
  }

  const form = h("form", { onsubmit: async (event) => {
    event.preventDefault();
    const variant = current();
    if (!variant) return;
    problem.textContent = "";
    add.setAttribute("aria-busy", "true");
    try {
      await cart.add(variant.sku, 1);
      toast(`${product.name} is in your cart`);
    } catch (error) {
      problem.textContent = error.message;
    } finally {
      add.removeAttribute("aria-busy");
    }
  } }, choices, add, problem);

  dialog.replaceChildren(
    closeButton(dialog),
    h("div", { class: "split" }, frame,
      h("div", { class: "detail" },
        h("p", { class: "kicker" }, product.brand ?? ""),
        h("h2", { id: "product-name" }, product.name),
        h("div", { class: "facts" }, price, badge.element),
        form,
        h("p", { class: "description" }, product.description ?? ""))),
  );
  draw(false);
  // One product has at most some dozens of variants, within what the cards leave of the connection's topics.
  const seen = new Set();
  stops = variants.slice(0, 48).map((variant) => live.listen(`stock.${variant.sku}`, (view) => {
    const moved = seen.has(variant.sku) && current()?.sku === variant.sku;
    seen.add(variant.sku);
    stock.set(variant.sku, view);
    draw(moved);
  }));
}
