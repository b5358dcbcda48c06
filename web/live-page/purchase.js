// One purchase: checkout holds the stock, the test card pays, and the order is watched until it is sold or undone.

import * as api from "./api.js";
import { announce, h, money } from "./dom.js";

const CUSTOMER = {
  email: "guest@example.org",
  shipping_address: { name: "Sample Guest", line1: "1 Market Street", city: "Berlin", postal_code: "10115", country: "DE" },
  shipping_method: "standard",
};

const WORDS = {
  placing: "Reserving your items …",
  awaiting_payment: "Reserved for you. Waiting for the payment …",
  verified: "Paid. It is yours.",
  processing: "Being packed.",
  partially_shipped: "Partly on its way.",
  shipped: "On its way.",
  delivered: "Delivered.",
  completed: "Completed.",
  rejected: "Not to be had any more. Nothing was charged.",
  expired: "The reservation has ended. Nothing was charged.",
  cancelled: "Cancelled. Nothing was charged.",
};
const STEPS = ["placing", "awaiting_payment", "verified"];
const ENDED_BADLY = ["rejected", "expired", "cancelled"];

export class Purchase {
  busy = false;
  #live;
  #shop;
  #order = null; // what is known: { id, version, lifecycle, number, total, hold_expires_at }
  #keys = null;
  #stop = null;
  #clock = 0;
  #told = "";

  constructor(live, shop) {
    [this.#live, this.#shop] = [live, shop];
  }

  /** Throws the refusal. After a lost connection the next start repeats the same calls under the same keys (G3). */
  async start() {
    if (this.busy) return;
    this.busy = true;
    this.#keys ??= { checkout: api.freshKey(), pay: api.freshKey() };
    this.#order = null;
    this.#shop.draw();
    try {
      const order = await api.checkout(CUSTOMER, this.#keys.checkout);
      this.#take({ ...order, lifecycle: order.status ?? order.lifecycle, total: order.total ?? order.totals?.total }, order.version ?? 0);
      this.#watch(order.id);
      await api.pay({ order_id: order.id, provider: "sandbox", token: "tok_ok" }, this.#keys.pay);
      this.#keys = null;
    } catch (error) {
      // A refusal is final for these keys; silence and an overloaded shop are not.
      if (error instanceof api.Refusal && error.status < 500 && error.status !== 429) this.#keys = null;
      throw error;
    } finally {
      this.busy = false;
      this.#shop.emptied();
    }
  }

  /** Something new is being bought: an order that is done leaves the drawer, and a retry would be another purchase. */
  forget() {
    if (this.busy) return;
    this.#keys = null;
    this.#stop?.();
    this.#order = null;
  }

  #watch(id) {
    this.#stop?.();
    this.#stop = this.#live.listen(`order.${id}`, (view, version) => {
      this.#take(view, version);
      this.#shop.emptied();
    });
  }

  #take(order, version) {
    if (this.#order?.id === order.id && version < this.#order.version) return;
    this.#order = { ...order, version };
    const words = WORDS[order.lifecycle] ?? order.lifecycle;
    if (words !== this.#told) announce((this.#told = words));
    clearInterval(this.#clock);
    if (order.lifecycle === "awaiting_payment") this.#clock = setInterval(() => this.#tick(), 1000);
    this.#shop.draw();
  }

  #tick() {
    const clock = document.getElementById("hold");
    if (clock) clock.textContent = this.#left();
  }

  /** The browser's clock may be off, so this is a courtesy; the server alone ends a hold. */
  #left() {
    const left = Math.max(0, Math.round((Date.parse(this.#order.hold_expires_at) - Date.now()) / 1000));
    return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  }

  view() {
    const order = this.#order;
    if (!order) return null;
    const bad = ENDED_BADLY.includes(order.lifecycle);
    const at = STEPS.includes(order.lifecycle) ? STEPS.indexOf(order.lifecycle) : STEPS.length;
    return h("section", { class: "order", id: "order", dataset: { lifecycle: order.lifecycle, bad }, "aria-label": "Your order" },
      h("p", { class: "kicker" }, order.number ? `Order ${order.number}` : "Your order", order.total && ` · ${money(order.total)}`),
      h("p", { class: "status" }, WORDS[order.lifecycle] ?? order.lifecycle),
      order.lifecycle === "awaiting_payment" && order.hold_expires_at && h("p", { class: "fine" }, "Held for you for ", h("time", { id: "hold" }, this.#left())),
      !bad && h("ol", { class: "steps", "aria-hidden": "true" }, ["Reserved", "Paid", "Yours"].map((name, n) => h("li", { class: n < at || at >= 2 ? "done" : n === at ? "now" : "" }, name))));
  }
}
