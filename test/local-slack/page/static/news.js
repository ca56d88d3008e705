// @ts-check
/** New messages: announced to screen readers, and pointed at where they are below what the screen shows. */
import { isAtEnd, onDrawn, scrollToEnd } from './server.js';

/** How much of a message is announced, in characters. */
const ANNOUNCED = 160;

let place = '';
/** @type {Set<string>} */
let known = new Set();
let below = 0;

const pointer = () => /** @type {HTMLElement | null} */ (document.querySelector('[data-below]'));

function look() {
  const here = document.querySelector('[data-place]')?.getAttribute('data-place') ?? '';
  const messages = [...document.querySelectorAll('.messages > [data-ts]')];
  const fresh = here === place ? messages.filter(({ id }) => !known.has(id)) : [];
  if (here !== place) below = 0;
  place = here;
  known = new Set(messages.map(({ id }) => id));
  const last = fresh.at(-1);
  if (last) announce(last);
  below = isAtEnd() ? 0 : below + fresh.length;
  point();
}
onDrawn(look);
look();

/** @param {Element} message */
function announce(message) {
  const region = document.getElementById('announcer');
  if (!region) return;
  const author = message.querySelector('.byline strong')?.textContent;
  const words = (message.querySelector('.blocks, .b-text')?.textContent ?? '').replace(/\s+/g, ' ').trim();
  region.textContent = `${author ? `${author}: ` : ''}${words.slice(0, ANNOUNCED)}`;
}

function point() {
  const button = pointer();
  if (!button) return;
  button.hidden = below === 0;
  button.textContent = `↓ ${below} new ${below === 1 ? 'message' : 'messages'}`;
}

document.addEventListener(
  'scroll',
  () => {
    if (below === 0 || !isAtEnd()) return;
    below = 0;
    point();
  },
  true,
);

document.addEventListener('click', (event) => {
  if (!(event.target instanceof Element) || !event.target.closest('[data-below]')) return;
  scrollToEnd();
  below = 0;
  point();
  /** @type {HTMLElement | null} */ (document.querySelector('.composer textarea'))?.focus();
});
