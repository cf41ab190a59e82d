// Before the first paint. A classic script: modules run too late for what happens here.
"use strict";

// A dark page must never flash white.
try {
  const chosen = localStorage.getItem("albumclean-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is switched off in this browser: the page follows the system.
}

// The first facts are on their way while the modules load; api.js takes them over. The address must be the same there.
Object.assign(globalThis, { albumcleanEarly: new Map(
  ["/api/overview", "/api/questions?offset=0&limit=60&sort=score&order=asc"].map((address) => {
    const answer = fetch(address, { credentials: "same-origin", cache: "no-store" });
    answer.catch(() => {}); // whoever takes it over hears of it
    return [address, answer];
  }),
) });
