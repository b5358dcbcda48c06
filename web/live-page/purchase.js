// One purchase: checkout holds the stock, a test card pays, and the order is watched until it is sold or undone.
// A declined card leaves the order and its hold as they are: another card may pay it. What is drawn is in order.js.

import * as api from "./api.js";
import { announce } from "./dom.js";
import { ENDED_BADLY, orderPanel, refusedPayment, WORDS } from "./order.js";

export const SHIPPING = "standard";
const CUSTOMER = {
  email: "guest@example.org",
  shipping_address: { name: "Sample Guest", line1: "1 Market Street", city: "Berlin", postal_code: "10115", country: "DE" },
  shipping_method: SHIPPING,
};
/** An order that waits for its payment outlives a reload of this tab, not the tab. */
const KEPT = "souk.order";

export class Purchase {
  busy = false;
  card = "tok_ok";
  #live;
  #shop;
  #order = null; // what is known: the API's order, from a call or a frame
  #keys = null;
  #stop = null;
  #clock = 0;
  #told = "";
  #problem = null;
  #continue = null;

  constructor(live, shop) {
    [this.#live, this.#shop] = [live, shop];
  }

  /** Throws the refusal. After a lost connection the next start repeats the same calls under the same keys (G3). */
  async start() {
    if (this.busy) return;
    this.#keys ??= { checkout: api.freshKey(), pay: api.freshKey() };
    await this.#while(async () => {
      this.#order = null;
      this.#shop.draw();
      const order = await api.checkout(CUSTOMER, this.#keys.checkout);
      this.#watch(order);
      // An order of 0.00 is sold without a payment.
      if (order.totals.total.amount > 0) await this.#pay();
    });
  }

  /** Another card for the order at hand. */
  async payAgain() {
    if (this.busy || !this.#order) return;
    this.#keys ??= { pay: api.freshKey() };
    await this.#while(() => this.#pay());
  }

  async cancel() {
    if (this.busy || !this.#order) return;
    await this.#while(async () => this.#take(await api.cancel(this.#order.id)));
  }

  /** After a reload: the order that was being paid in this tab. */
  async resume() {
    const id = sessionStorage.getItem(KEPT);
    if (!id) return;
    try {
      const order = await api.order(id);
      if (order.status === "placing" || order.status === "awaiting_payment") this.#watch(order);
      else sessionStorage.removeItem(KEPT);
    } catch (error) {
      if (error instanceof api.Refusal) sessionStorage.removeItem(KEPT);
    }
  }

  /** Something new is being bought: an order that is done leaves the drawer, and a retry would be another purchase. */
  forget() {
    if (this.busy || this.waiting) return;
    this.#keys = null;
    this.#stop?.();
    this.#order = null;
    sessionStorage.removeItem(KEPT);
  }

  /** What is in the cart is reserved and may be paid; it leaves the cart when it is sold. */
  get waiting() {
    return ["placing", "awaiting_payment"].includes(this.#order?.status);
  }

  view() {
    return this.#order && orderPanel(this.#order, {
      busy: this.busy, problem: this.#problem, continueUrl: this.#continue, left: this.#left(), card: this.card,
      choose: (card) => (this.card = card), pay: () => this.payAgain(), cancel: () => this.cancel(),
    });
  }

  async #while(work) {
    this.busy = true;
    this.#problem = null;
    this.#shop.draw();
    try {
      await work();
      this.#keys = null;
    } catch (error) {
      // A refusal is final for these keys; silence and an overloaded shop are not.
      if (error instanceof api.Refusal && error.status < 500 && error.status !== 429) this.#keys = null;
      if (!this.#order) throw error;
      this.#problem = refusedPayment(error);
      announce(this.#problem);
    } finally {
      this.busy = false;
      this.#shop.draw();
      this.#shop.emptied();
    }
  }

  async #pay() {
    const { id } = this.#order;
    const payment = await api.pay({ order_id: id, provider: "sandbox", token: this.card }, this.#keys.pay);
    this.#continue = payment.status === "requires_action" ? payment.continue_url : null;
    // The frame says it too; this is for a page whose live connection is down at this moment.
    this.#take(await api.order(id));
  }

  #watch(order) {
    sessionStorage.setItem(KEPT, order.id);
    this.#take(order);
    this.#stop?.();
    this.#stop = this.#live.listen(`order.${order.id}`, (order) => {
      this.#take(order);
      this.#shop.emptied();
    });
  }

  #take(order) {
    if (this.#order?.id === order.id && order.version < this.#order.version) return;
    this.#order = order;
    const words = WORDS[order.status] ?? order.status;
    if (words !== this.#told) announce((this.#told = words));
    if (order.status !== "awaiting_payment") this.#problem = this.#continue = null;
    if (ENDED_BADLY.includes(order.status) || order.number) sessionStorage.removeItem(KEPT);
    clearInterval(this.#clock);
    if (order.status === "awaiting_payment") this.#clock = setInterval(() => this.#tick(), 1000);
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
}

