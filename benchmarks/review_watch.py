"""What `benchmarks.review_web` puts into a page to take the time there, as scripts for the browser."""

from __future__ import annotations

# Marks when the first thumbnail has been painted, and when all that lie in the window have; works on any page.
PAINT_WATCH = """() => {
  const seen = { first: null, all: null };
  window.__paint = seen;
  const inWindow = (image) => {
    const box = image.getBoundingClientRect();
    return box.width > 0 && box.top < innerHeight && box.bottom > 0;
  };
  const look = () => {
    const images = [...document.images].filter((image) => /thumb/.test(image.src) && inWindow(image));
    const ready = images.filter((image) => image.complete && image.naturalWidth > 0);
    const after = (name) => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => { seen[name] ??= performance.now(); };
      channel.port2.postMessage(null);
    };
    if (ready.length > 0) after("first");
    if (ready.length >= 6 && ready.length === images.length) after("all");
    if (seen.all === null) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""

# From a key's own time stamp to the end of the first frame in which what the page says of its state is another.
KEY_WATCH = """() => {
  const one = (id) => document.querySelector(`[data-testid="${id}"]`);
  const state = () => {
    const active = document.activeElement;
    const detail = one("detail");
    const visible = detail && document.body.dataset.view === "detail";
    return JSON.stringify([
      document.body.dataset.view, active?.dataset?.id, active?.dataset?.verdict, visible && detail.dataset.id,
      one("total")?.dataset.photos, one("answered")?.dataset.answered, document.querySelector("dialog[open]") !== null,
    ]);
  };
  window.__keys = { times: [], pending: false };
  addEventListener("keydown", (event) => {
    const before = state();
    const began = event.timeStamp;
    window.__keys.pending = true;
    const look = () => {
      if (state() === before) {
        if (performance.now() - began < 3000) requestAnimationFrame(look);
        else window.__keys.pending = false;
        return;
      }
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        window.__keys.times.push(performance.now() - began);
        window.__keys.pending = false;
      };
      channel.port2.postMessage(null);
    };
    requestAnimationFrame(look);
  }, { capture: true });
}"""

# Scrolls to a place between 0 and 1 of the grid; the milliseconds until every thumbnail that is seen is there.
JUMP = """(share) => new Promise((done) => {
  const grid = document.querySelector('[data-testid="grid"]');
  let scroller = grid;
  while (scroller && scroller.scrollHeight <= scroller.clientHeight + 1) scroller = scroller.parentElement;
  scroller ??= document.scrollingElement;
  const began = performance.now();
  scroller.scrollTop = share * (scroller.scrollHeight - scroller.clientHeight);
  let frames = 0;
  const look = () => {
    const images = [...document.querySelectorAll('[data-testid="card"]')].filter((card) => {
      const box = card.getBoundingClientRect();
      return box.top < innerHeight && box.bottom > 0;
    }).map((card) => card.querySelector("img"));
    const ready = images.length > 0 && images.every((image) => image?.complete && image.naturalWidth > 0);
    if ((ready && ++frames > 1) || performance.now() - began > 10000) done(performance.now() - began);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""
