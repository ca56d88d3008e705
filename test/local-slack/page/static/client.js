// @ts-check
/** The start of the page: updates from the server, navigation, and the composer. */
import './actions.js';
import './menu.js';
import './modal.js';
import './news.js';
import './picker.js';
import { app, CONNECTION_FAILED, onDrawn, person, post, refresh, scrollToEnd, toast } from './server.js';

// A wide window always shows a place, and so its address names it; a narrow one shows the list of places first.
const narrow = matchMedia('(max-width: 760px)');
function namePlace() {
  const address = new URL(location.href);
  if (narrow.matches || address.searchParams.has('in')) return;
  address.searchParams.set('as', person());
  address.searchParams.set('in', app().dataset.in ?? '');
  history.replaceState(null, '', address);
  refresh();
}
namePlace();
narrow.addEventListener('change', namePlace);

new EventSource('/page/live').addEventListener('message', () => refresh());

// Links inside the page keep the document, so that nothing flickers and the connection stays.
document.addEventListener('click', (event) => {
  const link = event.target instanceof Element ? event.target.closest('a[data-go]') : null;
  if (!(link instanceof HTMLAnchorElement) || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  /** @type {HTMLElement | null} */ (link.closest('[popover]'))?.hidePopover();
  history.pushState(null, '', link.href);
  refresh();
});
addEventListener('popstate', () => refresh());

/** Slack tells the bot each time that a person opens its Home. */
let homeOf = '';
function openHome() {
  const open = document.querySelector('[data-open-home]') ? person() : '';
  if (open && open !== homeOf) post('home', {});
  homeOf = open;
}
onDrawn(openHome);
onDrawn(showTarget);
openHome();
scrollToEnd();
showTarget();
document.title = app().dataset.title ?? document.title;

/** `#m<ts>`: the message that a link leads to. */
function showTarget() {
  if (!location.hash.startsWith('#m')) return;
  const message = document.getElementById(location.hash.slice(1));
  if (!message) return;
  message.scrollIntoView({ block: 'center' });
  message.classList.add('message-found');
  history.replaceState(null, '', location.pathname + location.search);
}

/** @param {EventTarget | null} target */
const composerOf = (target) => (target instanceof Element ? target.closest('form[data-composer]') : null);

/** @param {Element} form */
async function say(form) {
  const box = form.querySelector('textarea');
  const text = box?.value.trim();
  if (!box || !text) return;
  box.value = '';
  grow(box);
  const answer = await post('send', { channel: form.getAttribute('data-composer'), text });
  if (!answer.ok) toast(answer.error ?? CONNECTION_FAILED);
  await refresh();
  scrollToEnd();
}

document.addEventListener('submit', (event) => {
  const form = composerOf(event.target);
  if (!form) return;
  event.preventDefault();
  say(form);
});

// The gateway's form: a call through the proxy, whose answer the page then shows.
document.addEventListener('submit', async (event) => {
  const form = event.target instanceof HTMLFormElement && event.target.matches('[data-try]') ? event.target : null;
  if (!form) return;
  event.preventDefault();
  const fields = new FormData(form);
  const answer = await post('call', { path: fields.get('path'), key: String(fields.get('key') ?? '').trim() });
  if (!answer.ok) toast(answer.error ?? CONNECTION_FAILED);
  await refresh();
});

document.addEventListener('click', async (event) => {
  const button = event.target instanceof Element ? event.target.closest('[data-pass-day]') : null;
  if (!button || button.getAttribute('aria-busy') === 'true') return;
  button.setAttribute('aria-busy', 'true');
  const answer = await post('pass-day', {});
  button.removeAttribute('aria-busy');
  if (!answer.ok) toast(answer.error ?? CONNECTION_FAILED);
  await refresh();
});

document.addEventListener('keydown', (event) => {
  const form = composerOf(event.target);
  if (
    !form ||
    event.key !== 'Enter' ||
    event.shiftKey ||
    event.isComposing ||
    !(event.target instanceof HTMLTextAreaElement)
  )
    return;
  event.preventDefault();
  say(form);
});

document.addEventListener('input', (event) => {
  if (composerOf(event.target) && event.target instanceof HTMLTextAreaElement) grow(event.target);
});

/** @param {HTMLTextAreaElement} box */
function grow(box) {
  box.style.height = 'auto';
  box.style.height = `${Math.min(box.scrollHeight, 160)}px`;
}

document.addEventListener('click', (event) => {
  const hint = event.target instanceof Element ? event.target.closest('[data-insert]') : null;
  const box = composerOf(hint)?.querySelector('textarea');
  if (!hint || !box) return;
  box.value = `${hint.getAttribute('data-insert')} `;
  box.focus();
});
