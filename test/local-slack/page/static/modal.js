// @ts-check
/** Modals: opened when the server draws one, filled in, submitted. */
import { use } from './actions.js';
import { focusBack } from './focus.js';
import { CONNECTION_FAILED, onDrawn, post, refresh, toast } from './server.js';

/** Long enough that a word is one message to the server, short enough that another tab seems live. */
const TYPING_MS = 250;

const dialogNow = () => /** @type {HTMLDialogElement | null} */ (document.querySelector('dialog[data-key="modal"]'));

let viewShown = '';
function openDialog() {
  const dialog = dialogNow();
  const view = dialog?.querySelector('[data-view]')?.getAttribute('data-view') ?? '';
  if (dialog && !dialog.open) dialog.showModal();
  if (!dialog && viewShown) focusBack();
  if (dialog && view !== viewShown) focusFirst(dialog);
  viewShown = view;
}
onDrawn(openDialog);
openDialog();

/** Slack puts the cursor into the first field. @param {Element} dialog */
function focusFirst(dialog) {
  const first =
    dialog.querySelector('[autofocus]') ??
    dialog.querySelector('[data-field] :is(input, textarea)') ??
    dialog.querySelector('footer button:last-child');
  if (first instanceof HTMLElement) first.focus();
}

/** What a field holds. @param {Element} field */
export function entryOf(field) {
  const picker = field.querySelector('[data-picker]');
  if (picker) return { chosen: JSON.parse(picker.getAttribute('data-chosen') ?? '[]') };
  const boxes = [...field.querySelectorAll('input[data-option]')];
  if (boxes.length) {
    const checked = boxes.filter((box) => box instanceof HTMLInputElement && box.checked);
    return { chosen: checked.map((box) => JSON.parse(box.getAttribute('data-option') ?? '{}')) };
  }
  const box = field.querySelector('input, textarea');
  return { text: box instanceof HTMLInputElement || box instanceof HTMLTextAreaElement ? box.value : '' };
}

/** @param {Element} field */
const named = (field) => ({ block: field.getAttribute('data-block'), action: field.getAttribute('data-action') });

/**
 * Tells the server what a field holds now. Unfinished is what is still being typed.
 * @param {Element} field @param {object} [entry]
 */
export async function fill(field, entry = entryOf(field), unfinished = false) {
  const view = field.closest('[data-view]')?.getAttribute('data-view');
  const answer = await post('fill', { view, ...named(field), entry, unfinished });
  if (!answer.ok) toast(answer.error ?? CONNECTION_FAILED);
  await refresh();
}

/** @type {Map<Element, ReturnType<typeof setTimeout>>} */
const typing = new Map();
document.addEventListener('input', (event) => {
  const box = event.target;
  const field = box instanceof Element ? box.closest('[data-field]') : null;
  if (!field || !(box instanceof HTMLInputElement || box instanceof HTMLTextAreaElement) || box.role === 'combobox')
    return;
  count(field, box);
  clearTimeout(typing.get(field));
  typing.set(
    field,
    setTimeout(() => fill(field, entryOf(field), true), TYPING_MS),
  );
});

/** How many characters are left. @param {Element} field @param {HTMLInputElement | HTMLTextAreaElement} box */
function count(field, box) {
  const counter = field.querySelector('.counter');
  if (!counter || !box.dataset.max) return;
  const left = Number(box.dataset.max) - box.value.length;
  counter.textContent = String(left);
  counter.classList.toggle('counter-over', left < 0);
}

// Boxes: in a form or elsewhere in a view they are a part of its state, in a message a click.
document.addEventListener('change', (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement) || !box.dataset.option) return;
  const owner = box.closest('[data-field], [data-act]');
  if (owner?.closest('[data-view]')) fill(owner);
  else if (owner) use(owner, box.dataset.option);
});

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.dataset.view) return;
  event.preventDefault();
  submit(form);
});

/** @param {HTMLFormElement} form */
async function submit(form) {
  if (form.getAttribute('aria-busy') === 'true') return;
  form.setAttribute('aria-busy', 'true');
  const error = /** @type {HTMLElement | null} */ (form.querySelector('.modal-error'));
  if (error) error.hidden = true;
  for (const timer of typing.values()) clearTimeout(timer);
  typing.clear();
  const fields = [...form.querySelectorAll('[data-field]')].map((field) => ({
    ...named(field),
    entry: entryOf(field),
  }));
  const answer = await post('submit', { view: form.dataset.view, fields });
  if (!answer.ok && error) {
    error.textContent = answer.error ?? CONNECTION_FAILED;
    error.hidden = false;
  }
  await refresh();
  form.removeAttribute('aria-busy');
  const wrong = form.querySelector('.field-wrong :is(input, textarea)');
  if (wrong instanceof HTMLElement) wrong.focus();
}

// Enter in a field of one line submits the form, as everywhere; Ctrl+Enter does so in longer ones, as in Slack.
document.addEventListener('keydown', (event) => {
  const box = event.target;
  const field = box instanceof HTMLInputElement ? box.closest('[data-field][data-enter]') : null;
  if (field && event.key === 'Enter' && !event.isComposing && box instanceof HTMLInputElement && !box.role) {
    // Such a field tells the bot, and leaves the form around it as it is.
    event.preventDefault();
    clearTimeout(typing.get(field));
    fill(field);
  }
  if (box instanceof HTMLTextAreaElement && event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    box.closest('form')?.requestSubmit();
  }
});

/** @param {string | null | undefined} view */
async function close(view) {
  await post('close', { view });
  await refresh();
}

document.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('[data-close]') : null;
  if (button) close(button.getAttribute('data-close'));
});

// Escape: the bot is told, and the dialog goes when the workspace says so.
document.addEventListener(
  'cancel',
  (event) => {
    if (event.target !== dialogNow()) return;
    event.preventDefault();
    close(dialogNow()?.querySelector('[data-view]')?.getAttribute('data-view'));
  },
  true,
);
