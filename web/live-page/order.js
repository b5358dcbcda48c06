// How an order looks in the drawer: its state in words, its steps, and while it waits for its payment, the card.

import { h, money } from "./dom.js";

export const WORDS = {
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
export const ENDED_BADLY = ["rejected", "expired", "cancelled"];

/** The sandbox's cards, by what each one does. */
const CARDS = [
  ["tok_ok", "Test card: pays"],
  ["tok_declined", "Test card: is declined"],
  ["tok_requires_action", "Test card: asks the bank first"],
  ["tok_slow", "Test card: takes its time"],
];

export function cardChoice(card, choose) {
  return h("select", { class: "cards", "aria-label": "Card", dataset: { focus: "card" }, onchange: (event) => choose(event.target.value) },
    CARDS.map(([token, name]) => h("option", { value: token, selected: token === card }, name)));
}

const DECLINED = {
  card_declined: "The bank declined this card.",
  insufficient_funds: "There is not enough money on this card.",
};

/** What became of a payment that was refused, in a shopper's words. */
export function refusedPayment(error) {
  if (error.code === "payment_declined") {
    return `${DECLINED[error.problem.decline_code] ?? "The payment was declined."} Nothing was charged. Your items stay reserved: try another card.`;
  }
  if (error.code === "payment_under_way") return "A payment of this order is under way already. It is being confirmed.";
  return error.message;
}

/** An order that was paid before it ended says where the money is. */
function inWords({ status, payment_status }) {
  const words = WORDS[status] ?? status;
  const paid = ["captured", "partially_refunded", "refunded"].includes(payment_status);
  return paid ? words.replace("Nothing was charged.", "Your money goes back to the card.") : words;
}

/** @param act `{busy, problem, continueUrl, left, card, choose, pay, cancel}` */
export function orderPanel(order, act) {
  const bad = ENDED_BADLY.includes(order.status);
  const at = STEPS.includes(order.status) ? STEPS.indexOf(order.status) : STEPS.length;
  const asks = order.payment_status === "requires_action";
  const waits = order.status === "awaiting_payment" && !act.busy;
  // "none": nothing was paid yet; "failed" and "voided": another card may try. Otherwise a payment is under way.
  const payable = waits && ["none", "failed", "voided"].includes(order.payment_status);
  const words = asks && waits ? "Reserved for you. Your bank wants to hear from you." : inWords(order);
  return h("section", { class: "order", id: "order", dataset: { status: order.status, payment: order.payment_status, bad }, "aria-label": "Your order" },
    h("p", { class: "kicker" }, order.reference ? `Order ${order.reference}` : "Your order", ` · ${money(order.totals.total)}`),
    h("p", { class: "status" }, words),
    order.status === "awaiting_payment" && order.hold_expires_at && h("p", { class: "fine" }, order.stock.some((line) => line.state === "wanted") ? "Waits for your payment for " : "Held for you for ", h("time", { id: "hold" }, act.left)),
    !bad && h("ol", { class: "steps", "aria-hidden": "true" }, ["Reserved", "Paid", "Yours"].map((name, n) => h("li", { class: n < at || at >= 2 ? "done" : n === at ? "now" : "" }, name))),
    act.problem && h("p", { class: "problem", role: "alert" }, act.problem),
    asks && waits && act.continueUrl && h("a", { class: "primary", href: act.continueUrl, target: "_blank", rel: "noopener", id: "continue" }, "Go to the sandbox's bank"),
    payable && h("div", { class: "pay" }, cardChoice(act.card, act.choose),
      h("button", { class: "primary", id: "pay", type: "button", dataset: { focus: "pay" }, onclick: act.pay }, `Pay ${money(order.totals.total)}`)),
    waits && h("button", { class: "link-button", id: "cancel", type: "button", dataset: { focus: "cancel" }, onclick: act.cancel }, "Cancel the order"));
}
