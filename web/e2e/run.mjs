// Two browsers and one shop. Starts nothing itself: SOUK_URL names a running shop with the sample catalogue, and
// CHROMIUM a browser (default /usr/bin/chromium). Each test makes its own browser contexts, so its own guests.
//
// The shop shows counts (`public_stock_counts = true`) or words; where a test needs a number it asks the API as an
// operator: SOUK_ADMIN_PASSWORD is the superadmin's. Nothing here sleeps: every wait is for a condition.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

const SHOP = process.env.SOUK_URL ?? "http://127.0.0.1:8080";
const PATIENCE = 15_000;
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

let browser;
before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
});
after(() => browser?.close());

/** A guest in a browser of their own, on the page, with the live connection up. Fails on any script error. */
async function guest(t, path = "/", viewport = { width: 1280, height: 900 }) {
  const context = await browser.newContext({ viewport });
  const errors = [];
  t.after(async () => {
    await context.close();
    assert.deepEqual(errors, [], "script errors on the page");
  });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(SHOP + path);
  await page.locator("#products .card").first().waitFor();
  await page.locator('#link[data-state="live"]').waitFor();
  return page;
}

async function api(path, options = {}) {
  const response = await fetch(SHOP + path, { ...options, headers: { "content-type": "application/json", ...options.headers } });
  const body = await response.text();
  assert.ok(response.ok, `${options.method ?? "GET"} ${path}: ${response.status} ${body}`);
  return body ? JSON.parse(body) : null;
}

let token;
async function operator(path, body) {
  const password = process.env.SOUK_ADMIN_PASSWORD;
  token ??= (await api("/api/auth/login", { method: "POST", body: JSON.stringify({ email: "admin@souk.local", password }) })).access_token;
  return api(path, {
    method: body ? "POST" : "GET",
    body: body && JSON.stringify(body),
    headers: { authorization: `Bearer ${token}`, "idempotency-key": crypto.randomUUID() },
  });
}

/** A product whose first variant in stock is brought to exactly `units` available. */
async function productWith(units, skip = 0) {
  const { items } = await api("/api/products?limit=24");
  const card = items.filter((item) => item.availability !== "out")[skip];
  const product = await api(`/api/products/${card.slug}`);
  const variant = product.variants.find((variant) => variant.availability !== "out");
  await setStock(variant.sku, units);
  return { slug: card.slug, name: product.name, variant };
}

async function setStock(sku, units) {
  const { available } = await operator(`/api/stock/${sku}`);
  if (available !== units) await operator(`/api/stock/${sku}/adjustments`, { delta: units - available, reason: "end-to-end test" });
}

const chip = (page) => page.locator("#product .chip");
const says = (page, words) => page.locator("#product .chip", { hasText: words }).waitFor();
const addToCart = (page) => page.locator("#product .primary").click();

/** Chooses the variant's options in the open product dialog. */
async function choose(page, variant) {
  await page.locator("#product form").waitFor();
  for (const [n, value] of variant.options.entries()) {
    await page.locator(`#product input[name="option-${n}"][value="${value}"] + span`).click();
  }
  await page.locator(`#product .primary[data-sku="${variant.sku}"]`).waitFor();
}

async function open(page, { slug, variant }) {
  await page.goto(`${SHOP}/#${encodeURIComponent(slug)}`);
  await choose(page, variant);
}

async function inCart(page, units) {
  await page.locator("#cart-count", { hasText: new RegExp(`^${units}$`) }).waitFor({ state: "attached" });
}

async function buy(page) {
  await page.locator("#product .close").click();
  await page.locator("#open-cart").click();
  await page.locator("#buy").click();
}

test("the list shows products with pictures, prices and live stock", async (t) => {
  const page = await guest(t);
  const cards = page.locator("#products .card");
  assert.ok((await cards.count()) >= 8);
  for (const part of [".name", ".price", ".chip"]) assert.notEqual((await cards.first().locator(part).textContent()).trim(), "", part);
  await page.waitForFunction(() => document.querySelector("#products img")?.naturalWidth > 0);
  const seen = await cards.count();
  await page.locator("#more").click();
  await page.waitForFunction((seen) => document.querySelectorAll("#products .card").length > seen, seen);
});

test("nothing is cut off on a small phone", async (t) => {
  const page = await guest(t, "/", { width: 360, height: 740 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
  await page.locator("#products .card a").first().click();
  await page.locator("#product form").waitFor();
  assert.ok(await page.locator("#product .primary").evaluate((button) => button.getBoundingClientRect().right <= innerWidth));
});

test("a category narrows the list", async (t) => {
  const page = await guest(t);
  const names = () => page.locator("#products .name").allTextContents();
  const everything = await names();
  await page.locator("#filters a").nth(2).click();
  await page.locator('#filters a[aria-current="page"]').nth(0).waitFor();
  await page.waitForFunction((all) => JSON.stringify([...document.querySelectorAll("#products .name")].map((n) => n.textContent)) !== all, JSON.stringify(everything));
  assert.match(page.url(), /category=/);
});

test("what one buys moves in the other's window without a reload", async (t) => {
  const product = await productWith(1, 1);
  const [buyer, watcher] = [await guest(t), await guest(t)];
  for (const page of [buyer, watcher]) await open(page, product);
  await says(watcher, /Only 1 left|Few left/);
  await watcher.evaluate(() => (window.sameDocument = true));
  await addToCart(buyer);
  await inCart(buyer, 1);
  await buy(buyer);
  await buyer.locator('#order[data-lifecycle="verified"]').waitFor();
  assert.match(await buyer.locator("#order .kicker").textContent(), /Order \d+/);
  await inCart(buyer, 0);
  await says(watcher, "Sold out");
  assert.ok(await watcher.locator("#product .primary").isDisabled());
  assert.equal(await watcher.evaluate(() => window.sameDocument), true);
});

test("who comes too late is told so in words, and nothing is bought", async (t) => {
  const product = await productWith(2, 2);
  const late = await guest(t);
  await open(late, product);
  await addToCart(late);
  await inCart(late, 1);
  await addToCart(late);
  await inCart(late, 2);
  await setStock(product.variant.sku, 1);
  await buy(late);
  const problem = late.locator("#cart .problem");
  await problem.waitFor();
  assert.match(await problem.textContent(), /Nothing was bought/);
  assert.match(await problem.textContent(), /only 1 left, you asked for 2/);
  await problem.getByRole("button", { name: "Take 1" }).click();
  await inCart(late, 1);
  await late.locator("#buy").click();
  await late.locator('#order[data-lifecycle="verified"]').waitFor();
});

test("a page that lost its connection converges when it is back", async (t) => {
  const product = await productWith(9, 3);
  const page = await guest(t);
  await open(page, product);
  await page.locator("#product .primary:not([disabled])").waitFor();
  await page.context().setOffline(true);
  await page.locator('#link[data-state="offline"]').waitFor();
  await setStock(product.variant.sku, 0);
  assert.doesNotMatch(await chip(page).textContent(), /Sold out/);
  await page.context().setOffline(false);
  await page.locator('#link[data-state="live"]').waitFor();
  await says(page, "Sold out");
});
