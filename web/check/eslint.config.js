// Lints of the plain page: the recommended rules, and what a reader of a framework-free page relies on.
import js from "@eslint/js";

const browser = [
  "AbortController", "AbortSignal", "CSS", "CustomEvent", "Event", "EventSource", "FormData", "HTMLElement", "Intl", "IntersectionObserver",
  "URL", "URLSearchParams", "WebSocket", "addEventListener", "cancelAnimationFrame", "clearInterval", "clearTimeout", "console", "crypto",
  "customElements", "document", "fetch", "history", "localStorage", "location", "navigator", "performance", "queueMicrotask",
  "requestAnimationFrame", "sessionStorage", "setInterval", "setTimeout", "structuredClone", "window",
];

export default [
  // Run from `web`, so that the scripts beside this folder are inside eslint's base.
  { ...js.configs.recommended, files: ["**/*.js"] },
  {
    files: ["**/*.js"],
    languageOptions: {
      ecmaVersion: 2024,
      sourceType: "module",
      globals: Object.fromEntries(browser.map((name) => [name, "readonly"])),
    },
    rules: {
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-implicit-globals": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-console": ["error", { allow: ["warn", "error"] }],
    },
  },
];
