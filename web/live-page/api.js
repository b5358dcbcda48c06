// The calls this page makes. A refusal becomes a `Refusal` that carries the problem's code and numbers.

export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `The server answered ${status}`);
    this.status = status;
    this.code = problem.code ?? "unknown";
    this.problem = problem;
  }
}

/** The server could not be reached: the same call may be made again with the same key. */
export class Unreachable extends Error {
  constructor() {
    super("The shop cannot be reached right now");
  }
}

async function call(method, path, body, key) {
  const headers = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (key) headers["idempotency-key"] = key;
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: window.AbortSignal.timeout(30_000),
    });
  } catch {
    throw new Unreachable();
  }
  const text = await response.text();
  let answer;
  try {
    answer = text ? JSON.parse(text) : {};
  } catch {
    answer = { detail: `The server answered ${response.status} with something that is not JSON` };
  }
  if (!response.ok) throw new Refusal(response.status, answer);
  return answer;
}

const part = encodeURIComponent;

export const products = ({ category, cursor }) => {
  const query = new URLSearchParams({ limit: "24" });
  if (category) query.set("category", category);
  if (cursor) query.set("cursor", cursor);
  return call("GET", `/api/products?${query}`);
};
export const product = (slug) => call("GET", `/api/products/${part(slug)}`);
export const categories = () => call("GET", "/api/categories");
export const shippingMethods = () => call("GET", "/api/shipping-methods");
export const cart = () => call("GET", "/api/cart");
export const setLine = (sku, quantity) => call("PUT", `/api/cart/lines/${part(sku)}`, { quantity });
export const removeLine = (sku) => call("DELETE", `/api/cart/lines/${part(sku)}`);
export const checkout = (order, key) => call("POST", "/api/checkout", order, key);
export const pay = (payment, key) => call("POST", "/api/payments", payment, key);

export const order = (id) => call("GET", `/api/orders/${part(id)}`);
export const cancel = (id) => call("DELETE", `/api/orders/${part(id)}`, undefined, freshKey());

/** A name for one intent; `randomUUID` exists on secure pages only. */
export function freshKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
