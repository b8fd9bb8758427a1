// What a page remembers on this machine. Owns the fact that a frame may be forbidden to remember anything.

function kept(store) {
  const inner = new Map();
  const within = (work, other) => {
    try {
      return work(window[store]);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      return other(); // storage is off, as it may be in a frame: until the page is left
    }
  };
  return {
    get: (key) => within((place) => place.getItem(key), () => inner.get(key) ?? null),
    set: (key, value) => within((place) => place.setItem(key, value), () => inner.set(key, value)),
    drop: (key) => within((place) => place.removeItem(key), () => inner.delete(key)),
  };
}

/** Until the tab is closed. */
export const tab = kept("sessionStorage");
/** Until somebody clears it. */
export const machine = kept("localStorage");
