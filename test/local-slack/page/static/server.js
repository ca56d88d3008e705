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

/** Fetches the page as it is now for the person and place in the address bar. */
export async function refresh() {
  const number = ++asked;
  const response = await fetch(`/page/app${location.search}`).catch(() => undefined);
  // A later question has a newer answer.
  if (!response?.ok || number !== asked) return;
  const drawn = new DOMParser().parseFromString(await response.text(), 'text/html').getElementById('app');
  if (!drawn || number !== asked) return;
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

/** Whoever reads the newest message wants to see the next one too; whoever reads older ones does not want to jump. */
function isAtEnd() {
  const box = scroller();
  return !box || box.scrollHeight - box.scrollTop - box.clientHeight < 40;
}

export function scrollToEnd() {
  const box = scroller();
  if (box) box.scrollTop = box.scrollHeight;
}

/** Slack's own words for an action whose delivery to the bot failed. */
export const TROUBLE = 'We had some trouble connecting. Try again?';

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
