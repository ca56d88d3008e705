// @ts-check
/** Asking the server, and showing what it has drawn. */
import { morph } from './morph.js';

export const app = () => /** @type {HTMLElement} */ (document.getElementById('app'));

/** Whom the page plays. */
export const person = () => app().dataset.as ?? '';

/** @type {Set<() => void>} */
const afterDrawing = new Set();

/** @param {() => void} listener */
export const onDrawn = (listener) => afterDrawing.add(listener);

let asked = 0;
/** @type {Promise<void>} */
let latest = Promise.resolve();

/** Draws the page as it is now for the person and place in the address bar. Done when that, or a later page, is drawn. */
export function refresh() {
  latest = draw(++asked);
  return latest;
}

/** @param {number} number @returns {Promise<void>} */
async function draw(number) {
  const response = await fetch(`/page/app${location.search}`).catch(() => undefined);
  const markup = response?.ok ? await response.text() : '';
  // A later response is newer.
  if (number !== asked) return latest;
  const drawn = new DOMParser().parseFromString(markup, 'text/html').getElementById('app');
  if (!drawn) return;
  const following = isAtEnd();
  const place = document.querySelector('[data-place]')?.getAttribute('data-place');
  morph(app(), drawn);
  document.title = app().dataset.title ?? '';
  const moved = place !== document.querySelector('[data-place]')?.getAttribute('data-place');
  if (following || moved) scrollToEnd();
  for (const listener of afterDrawing) listener();
}

/**
 * @param {string} name @param {Record<string, unknown>} body
 * @returns {Promise<{ ok: boolean, error?: string, html?: string }>}
 */
export async function post(name, body) {
  try {
    const response = await fetch(`/page/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ as: person(), ...body }),
    });
    return response.headers.get('content-type')?.startsWith('application/json') ? await response.json() : { ok: false };
  } catch {
    return { ok: false };
  }
}

const scroller = () => document.querySelector('[data-follow]');

/** At the newest message, the next one scrolls into view; at older ones, nothing moves. */
export function isAtEnd() {
  const box = scroller();
  return !box || box.scrollHeight - box.scrollTop - box.clientHeight < 40;
}

export function scrollToEnd() {
  const box = scroller();
  if (box) box.scrollTop = box.scrollHeight;
}

/** Slack's own words for an action whose delivery to the bot failed. */
export const CONNECTION_FAILED = 'We had some trouble connecting. Try again?';

/** @param {string} words */
export function toast(words) {
  const box = document.getElementById('toast');
  if (!box) return;
  box.textContent = words;
  box.hidden = false;
  setTimeout(() => {
    box.hidden = true;
  }, 6000);
}
