// The product grid. Each card sums up its SKUs; only cards near the screen listen, so that a long page stays within
// the topics of one connection.

import { announce, h, money, picture, stockWords } from "./dom.js";
import { TOPICS_FOR_CARDS } from "./live.js";

const RANK = { in_stock: 3, low: 2, backorder: 1, out: 0 };

/** The best of the variants; the counts add up where all are known. */
export function sum(views) {
  const best = views.reduce((a, b) => (RANK[b.availability] > RANK[a.availability] ? b : a));
  const counted = views.every((view) => typeof view.available === "number");
  return { availability: best.availability, available: counted ? views.reduce((n, view) => n + view.available, 0) : undefined };
}

/** A chip that shows stock and flashes when it moves. */
export function chip(initial, label) {
  const element = h("span", { class: "chip", dataset: { availability: initial.availability } }, stockWords(initial));
  return {
    element,
    show(stock, moved) {
      const words = stockWords(stock);
      if (moved && words !== element.textContent && label) announce(`${label}: ${words}`);
      element.dataset.availability = stock.availability;
      element.textContent = words;
      if (!moved) return;
      element.classList.remove("flash");
      void element.offsetWidth; // restarts the animation
      element.classList.add("flash");
    },
  };
}

export class Cards {
  #live;
  #open;
  #list;
  #near = new Set(); // cards that listen, oldest first
  #topics = 0;
  #observer;

  constructor(list, live, open) {
    [this.#list, this.#live, this.#open] = [list, live, open];
    this.#observer = new IntersectionObserver((seen) => this.#seen(seen), { rootMargin: "200px 0px" });
  }

  clear() {
    for (const card of [...this.#near]) this.#stop(card);
    this.#observer.disconnect();
    this.#list.replaceChildren();
  }

  add(items) {
    const cards = items.map((item, n) => this.#card(item, this.#list.children.length + n < 4));
    this.#list.append(...cards);
    cards.forEach((card) => this.#observer.observe(card));
    return cards;
  }

  #card(item, eager) {
    const stock = chip({ availability: item.availability }, item.name);
    const price = item.price && [item.price_from && h("span", { class: "from" }, "from "), money(item.price)];
    const card = h(
      "li",
      { class: "card" },
      h("a", { href: `#${item.slug}`, onclick: (event) => (event.preventDefault(), this.#open(item.slug)) },
        h("span", { class: "frame" }, picture(item.image, eager)),
        h("span", { class: "name" }, item.name),
        h("span", { class: "facts" }, h("span", { class: "price" }, price), stock.element)),
    );
    Object.assign(card, { item, stock, stops: [], views: new Map() });
    return card;
  }

  #seen(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.#start(target);
      else this.#stop(target);
    }
  }

  #start(card) {
    if (this.#near.has(card)) return;
    const skus = (card.item.skus ?? []).slice(0, TOPICS_FOR_CARDS);
    for (const oldest of this.#near) {
      if (this.#topics + skus.length <= TOPICS_FOR_CARDS) break;
      this.#stop(oldest);
    }
    this.#near.add(card);
    this.#topics += skus.length;
    card.stops = skus.map((sku) => this.#live.listen(`stock.${sku}`, (view) => {
      const moved = card.views.has(sku);
      card.views.set(sku, view);
      if (card.views.size === skus.length) card.stock.show(sum([...card.views.values()]), moved);
    }));
  }

  #stop(card) {
    if (!this.#near.delete(card)) return;
    this.#topics -= card.stops.length;
    for (const stop of card.stops) stop();
    card.stops = [];
  }
}
