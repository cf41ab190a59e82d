// Questions that must be answered before anything else: native <dialog>s, which keep the focus and give it back.

import { button, el } from "./dom.js";

/**
 * Show a dialog and take it away again when it is closed.
 * @param {HTMLElement} dialog
 * @returns {Promise<string>} its return value
 */
export function open(dialog) {
  const modal = /** @type {HTMLDialogElement} */ (dialog);
  const before = document.activeElement;
  document.body.append(modal);
  modal.addEventListener("click", (event) => { if (event.target === modal) modal.close(""); });
  modal.showModal();
  return new Promise((resolve) => {
    modal.addEventListener("close", () => {
      modal.remove();
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
      resolve(modal.returnValue);
    }, { once: true });
  });
}

/**
 * @param {{title: string, text: string, ok: string, danger?: boolean}} what
 * @returns {Promise<boolean>}
 */
export async function ask(what) {
  const dialog = /** @type {HTMLDialogElement} */ (el(
    "dialog",
    { class: "dialog", testid: "dialog", "aria-labelledby": "dialog-title", "aria-describedby": "dialog-text" },
    el("h2", { id: "dialog-title", text: what.title }),
    el("p", { id: "dialog-text", testid: "dialog-text", text: what.text }),
    el("div", { class: "dialog-buttons" },
      button({ text: "Cancel", class: "tool", testid: "dialog-cancel", press: () => dialog.close("") }),
      button({ text: what.ok, class: what.danger ? "primary danger" : "primary", testid: "dialog-ok", press: () => dialog.close("ok") }),
    ),
  ));
  const answer = open(dialog);
  /** @type {HTMLElement} */ (dialog.querySelector(".primary")).focus();
  return (await answer) === "ok";
}
