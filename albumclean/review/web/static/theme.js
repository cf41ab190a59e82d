// Light, dark, or as the system has it.

import { setIcon } from "./dom.js";

const ORDER = /** @type {const} */ (["auto", "light", "dark"]);
const NAMES = { auto: "as the system", light: "light", dark: "dark" };

/** @param {HTMLElement} button */
export function setUpTheme(button) {
  const root = document.documentElement;
  const tell = () => {
    const now = /** @type {keyof typeof NAMES} */ (root.dataset.theme ?? "auto");
    setIcon(button, `theme-${now}`);
    button.setAttribute("aria-label", `Colours: ${NAMES[now]}`);
    button.title = `Colours: ${NAMES[now]}`;
  };
  button.addEventListener("click", () => {
    const now = ORDER.findIndex((name) => name === root.dataset.theme);
    root.dataset.theme = ORDER[(now + 1) % ORDER.length];
    try {
      localStorage.setItem("albumclean-theme", root.dataset.theme);
    } catch {
      // No storage in this browser: the choice holds for this visit.
    }
    tell();
  });
  tell();
}
