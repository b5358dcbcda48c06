// The cart drawer: lines, totals, refusals in words, and the purchase with the sandbox's test card.

import * as api from "./api.js";
import { $, closeButton, fill, h, money, openDialog, picture } from "./dom.js";
import { cardChoice } from "./order.js";
import { Purchase, SHIPPING } from "./purchase.js";

export class Cart {
  #live;
  #cart = { id: null, version: -1, lines: [], totals: {} };
  #stop = null;
  #problem = null;
  #purchase;
  #asked = false;
  #shipping = null; // the method that purchases use, once known

  constructor(live) {
    this.#live = live;
    this.#purchase = new Purchase(live, {
      draw: () => this.#draw(),
      emptied: () => this.load(),
    });
    $("open-cart").onclick = () => (this.#draw(), openDialog($("cart")));
    this.load().then(() => this.#purchase.resume());
    this.#loadShipping();
  }

  async load() {
    const first = !this.#asked;
    this.#asked = true;
    try {
      this.#take(await api.cart(), first);
    } catch {
      // The next change, or the next frame, brings it.
    }
  }

  async #loadShipping() {
    try {
      this.#shipping = (await api.shippingMethods()).find((method) => method.id === SHIPPING) ?? null;
      this.#draw();
    } catch {
      // The order's own total says it in the end.
    }
  }

  get units() {
    return this.#cart.lines.reduce((units, line) => units + line.quantity, 0);
  }

  async add(sku, quantity) {
    const line = this.#cart.lines.find((line) => line.sku === sku);
    this.#purchase.forget();
    this.#take(await api.setLine(sku, (line?.quantity ?? 0) + quantity));
  }

  /** `first`: the answer to this page's first question, asked with the same cookie as the live connection's. */
  #take(cart, first = false) {
    if (cart.id === this.#cart.id && cart.version < this.#cart.version) return;
    const other = cart.id !== this.#cart.id;
    this.#cart = cart;
    if (other && cart.id) {
      this.#stop?.();
      // A guest gets a cookie with the first line in the cart; a connection from before it may not listen to a cart.
      if (!first) this.#live.renew();
      // Another tab of this shopper changed it: the frame says that it moved, the call brings names and totals.
      this.#stop = this.#live.listen(`cart.${cart.id}`, (_, version) => version > this.#cart.version && this.load());
    }
    const count = $("cart-count");
    count.textContent = String(this.units);
    count.dataset.some = String(this.units > 0);
    this.#draw();
  }

  async #change(call) {
    this.#problem = null;
    try {
      this.#take(await call());
    } catch (error) {
      this.#problem = { text: error.message };
      this.#draw();
    }
  }

  #set(line, quantity) {
    const call = quantity > 0 ? () => api.setLine(line.sku, quantity) : () => api.removeLine(line.sku);
    return this.#change(call);
  }

  async #buy() {
    this.#problem = null;
    try {
      await this.#purchase.start();
    } catch (error) {
      this.#problem = this.#inWords(error);
    }
    this.#draw();
  }

  /** A refusal for lack of stock names each line, and offers what there is. */
  #inWords(error) {
    if (error.code !== "out_of_stock") return { text: error.message };
    const lines = (error.problem.lines ?? []).map(({ sku, requested, available, availability }) => {
      const line = this.#cart.lines.find((line) => line.sku === sku) ?? { sku, name: sku };
      // A shop that shows no counts says only that there are fewer: one unit less is offered then.
      const rest = availability === "out" ? 0 : (available ?? requested - 1);
      const few = typeof available === "number" ? `only ${available} left` : "not as many left";
      const left = rest > 0 ? `${few}, you asked for ${requested}` : "sold out";
      const offer = rest > 0 ? `Take ${rest}` : "Remove";
      return h("li", {}, `${line.name}: ${left}. `, h("button", { class: "link-button", type: "button", onclick: () => this.#set(line, rest) }, offer));
    });
    return { text: "Somebody was faster. Nothing was bought and nothing was charged.", lines };
  }

  #draw() {
    const dialog = $("cart");
    const active = /** @type {HTMLElement | null} */ (document.activeElement);
    const focused = active?.dataset.focus;
    const { lines, totals } = this.#cart;
    const paying = this.#purchase.view();
    fill(
      dialog,
      closeButton(dialog),
      h("h2", { id: "cart-title" }, "Your cart"),
      paying,
      lines.length > 0 && h("ul", { class: "lines" }, lines.map((line) => this.#line(line))),
      lines.length === 0 && !paying && h("p", { class: "empty" }, "Nothing in here yet."),
      this.#problem && h("div", { class: "problem", role: "alert" }, h("p", {}, this.#problem.text), this.#problem.lines && h("ul", {}, this.#problem.lines)),
      lines.length > 0 && this.#purchase.waiting && h("p", { class: "fine" }, "To buy something else as well, pay or cancel this order first."),
      lines.length > 0 && !this.#purchase.waiting && h("div", { class: "buy" },
        this.#sums(totals?.total ?? totals?.items),
        cardChoice(this.#purchase.card, (card) => (this.#purchase.card = card)),
        h("button", { class: "primary", id: "buy", type: "button", "aria-disabled": this.#purchase.busy && "true", "aria-busy": this.#purchase.busy && "true", dataset: { focus: "buy" }, onclick: () => this.#buy() },
          this.#purchase.busy ? "Buying …" : "Buy"),
        h("p", { class: "fine" }, "A sandbox: sample address, no money moves. Stock really does.")),
    );
    if (focused) dialog.querySelector(`[data-focus="${window.CSS.escape(focused)}"]`)?.focus();
  }

  /** The cart's total is its items' (prices contain the tax); the order adds the delivery. */
  #sums(items) {
    const row = (name, sum, strong) => h("p", { class: strong ? "total" : "part" }, h("span", {}, name), h(strong ? "strong" : "span", {}, money(sum)));
    if (!this.#shipping || !items) return [row("Total", items, true)];
    const { name, price } = this.#shipping;
    return [row("Items", items), row(`${name} delivery`, price), row("Total", { ...items, amount: items.amount + price.amount }, true)];
  }

  #line(line) {
    const short = line.withdrawn || line.availability === "out" || (typeof line.available === "number" && line.available < line.quantity);
    const step = (by, label, sign) => h("button", { type: "button", "aria-label": `${label} ${line.name}`, dataset: { focus: `${sign}${line.sku}` }, onclick: () => this.#set(line, line.quantity + by) }, sign);
    const image = typeof line.image === "string" ? { url: line.image, alt: "" } : line.image;
    return h("li", {},
      h("span", { class: "frame" }, picture(image)),
      h("span", { class: "what" }, h("span", { class: "name" }, line.name), h("span", { class: "each" }, money(line.unit_price)),
        short && !this.#purchase.waiting && h("span", { class: "short" }, line.withdrawn ? "no longer sold" : line.available > 0 ? `only ${line.available} left` : "sold out meanwhile")),
      this.#purchase.waiting ? h("span", { class: "each" }, `${line.quantity} ×`) : h("span", { class: "stepper" }, step(-1, "One less of", "−"), h("output", { "aria-label": "Quantity" }, line.quantity), step(1, "One more of", "+")),
      h("span", { class: "sum" }, money(line.line_total)));
  }
}
