// A shopper and an operator, with the client that openapi-typescript makes from docs/openapi.json: tsc checks that the
// document has every member that is used here, and the run checks that the shop's answers have them.
import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { paths } from './generated/api.js';

const url = process.env['SOUK_URL'];
const password = process.env['SOUK_ADMIN_PASSWORD'];
assert(url !== undefined && password !== undefined, 'SOUK_URL and SOUK_ADMIN_PASSWORD are set');

// A program's cookie jar: the shop has one cookie.
let cookie = '';
const shopper = createClient<paths>({
  baseUrl: url,
  fetch: async (request: Request) => {
    if (cookie !== '') request.headers.set('cookie', cookie);
    const response = await fetch(request);
    for (const set of response.headers.getSetCookie()) cookie = set.split(';')[0] ?? '';
    return response;
  },
});

const products = await shopper.GET('/api/products', { params: { query: { limit: 5 } } });
assert(products.data, JSON.stringify(products.error));
const sku = products.data.items.flatMap((card) => card.skus)[0];
assert(sku !== undefined, 'the sample has SKUs');

const added = await shopper.POST('/api/cart/lines', { body: [{ sku, quantity: 1 }] });
assert(added.data, JSON.stringify(added.error));
assert.equal(added.data.units, 1);

const address = { name: 'Ada Lovelace', line1: "12 St James's Square", city: 'London', postal_code: 'SW1Y 4JH', country: 'GB' };
const checkout = await shopper.POST('/api/checkout', {
  params: { header: { 'idempotency-key': crypto.randomUUID() } },
  body: { email: 'ada@example.org', shipping_address: address, shipping_method: 'standard' },
});
assert(checkout.data, JSON.stringify(checkout.error));
assert.equal(checkout.data.status, 'awaiting_payment');
const id = checkout.data.id;

const paid = await shopper.POST('/api/payments', {
  params: { header: { 'idempotency-key': crypto.randomUUID() } },
  body: { order_id: id, provider: 'sandbox', token: 'tok_ok' },
});
assert(paid.data, JSON.stringify(paid.error));
const order = await shopper.GET('/api/orders/{id}', { params: { path: { id } } });
assert(order.data, JSON.stringify(order.error));
assert(order.data.totals && paid.data.amount, 'a buyer sees the amounts');
assert.equal(order.data.totals.total.currency, paid.data.amount.currency);

// A refusal is typed, too.
const refused = await shopper.GET('/api/orders/{id}', { params: { path: { id: crypto.randomUUID() } } });
assert.equal(refused.error?.code, 'unknown_order');

const staff = createClient<paths>({ baseUrl: url });
const login = await staff.POST('/api/auth/login', { body: { email: 'admin@souk.local', password } });
assert(login.data, JSON.stringify(login.error));
assert('access_token' in login.data, 'the account has no second factor');
const token = login.data.access_token;
staff.use({
  onRequest({ request }) {
    request.headers.set('authorization', `Bearer ${token}`);
    return request;
  },
});
const orders = await staff.GET('/api/orders', { params: { query: { limit: 100 } } });
assert(orders.data?.items.some((one) => one.id === id), 'the board has the order');
const history = await staff.GET('/api/orders/{id}/history', { params: { path: { id }, query: { limit: 2 } } });
assert(history.data, JSON.stringify(history.error));
for (const commit of history.data.items) {
  for (const event of commit.events) assert(typeof event === 'string' || Object.keys(event).length === 1);
}
const stock = await staff.GET('/api/stock/{sku}', { params: { path: { sku } } });
assert(stock.data, JSON.stringify(stock.error));
assert(typeof stock.data.received === 'number');
console.log('the TypeScript client agrees with the shop');
