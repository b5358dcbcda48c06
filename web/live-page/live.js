// The one place where live data enters: a WebSocket that reconnects by itself, and a fold that keeps the newest
// version of each topic. Listeners never see a version go back; after a gap `since` asks only for what moved.

/** The server takes 256 topics a connection; what is left of it serves the cart, the order and the open product. */
export const TOPICS_FOR_CARDS = 200;

const BACKOFF_MS = { first: 250, most: 10_000 };
/** The server pings every 25 s below JavaScript's sight; our own ping proves that the path still answers. */
const PING_MS = 20_000;
/** A ping unanswered for this long at the next beat (which a sleeping tab delays) means that the path is dead. */
const PATIENCE_MS = 10_000;

/** How long wishes gather: a fast scroll would send a hundred messages a second otherwise. */
const WISHES_MS = 50;

export class Live {
  #socket = null;
  #topics = new Map(); // topic -> { version, view, listeners: Set }
  #attempt = 0;
  #retry = 0;
  #heard = 0;
  #pinged = 0;
  #onState;

  constructor(onState) {
    this.#onState = onState;
    // A laptop that wakes or a network that returns need not wait for the back-off.
    window.addEventListener("online", () => this.#now());
    window.addEventListener("offline", () => this.#drop());
    document.addEventListener("visibilitychange", () => document.hidden || this.#now());
    setInterval(() => this.#beat(), PING_MS);
    this.#connect();
  }

  /** Calls `listener(view, version)` with every newer view. Answers a function that stops it. */
  listen(topic, listener) {
    let entry = this.#topics.get(topic);
    if (!entry) {
      entry = { version: -1, view: null, listeners: new Set() };
      this.#topics.set(topic, entry);
      this.#wish(topic);
    } else if (entry.view) {
      listener(entry.view, entry.version);
    }
    entry.listeners.add(listener);
    return () => {
      entry.listeners.delete(listener);
      if (entry.listeners.size === 0 && this.#topics.get(topic) === entry) {
        this.#topics.delete(topic);
        this.#wish(topic);
      }
    };
  }

  // Wishes of a moment leave as one message: the server bounds messages a second.
  #wishes = new Set();
  #wish(topic) {
    if (this.#wishes.size === 0) setTimeout(() => this.#send(), WISHES_MS);
    this.#wishes.add(topic);
  }

  #send() {
    const wishes = [...this.#wishes];
    this.#wishes.clear();
    if (this.#socket?.readyState !== WebSocket.OPEN) return; // opening subscribes to everything
    const subscribe = wishes.filter((topic) => this.#topics.has(topic));
    const unsubscribe = wishes.filter((topic) => !this.#topics.has(topic));
    if (unsubscribe.length) this.#say({ op: "unsubscribe", topics: unsubscribe });
    if (subscribe.length) this.#say({ op: "subscribe", topics: subscribe });
  }

  #say(message) {
    this.#socket.send(JSON.stringify(message));
  }

  #connect(quietly = false) {
    clearTimeout(this.#retry);
    if (!quietly) this.#onState(navigator.onLine ? "connecting" : "offline");
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`);
    this.#socket = socket;
    socket.onopen = () => {
      this.#attempt = 0;
      this.#pinged = 0;
      this.#onState("live");
      const known = [...this.#topics].filter(([, entry]) => entry.version >= 0);
      const since = Object.fromEntries(known.map(([topic, entry]) => [topic, entry.version]));
      this.#wishes.clear();
      if (this.#topics.size) this.#say({ op: "subscribe", topics: [...this.#topics.keys()], since });
    };
    socket.onmessage = (event) => this.#fold(JSON.parse(event.data));
    socket.onclose = () => this.#socket === socket && this.#again();
  }

  #fold(frame) {
    this.#heard = Date.now();
    if (frame.code === "slow_down") return this.#drop(); // it did not act on something: ask for everything anew, a little later
    const entry = this.#topics.get(frame.topic);
    if (!entry || frame.view === undefined || frame.version <= entry.version) return;
    entry.version = frame.version;
    entry.view = frame.view;
    for (const listener of [...entry.listeners]) listener(frame.view, frame.version);
  }

  /** Full jitter (M. Brooker, "Exponential Backoff And Jitter"): a restarted server is not met by everyone at once. */
  #again() {
    this.#socket = null;
    const most = Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** this.#attempt++);
    this.#onState(navigator.onLine ? "reconnecting" : "offline");
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), BACKOFF_MS.first / 2 + Math.random() * most);
  }

  /** The server reads the cookie when a connection opens: after a new one, a new connection. */
  renew() {
    const socket = this.#socket;
    if (!socket) return; // the next attempt carries the new cookie
    this.#connect(true);
    socket.close();
  }

  #now() {
    if (!this.#socket) this.#connect();
    else this.#beat();
  }

  #drop() {
    const socket = this.#socket;
    this.#again();
    socket?.close();
  }

  #beat() {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    const unanswered = this.#pinged > this.#heard;
    if (unanswered && Date.now() - this.#pinged > PATIENCE_MS) return this.#drop();
    if (!unanswered) this.#pinged = Date.now();
    this.#say({ op: "ping" });
  }
}
