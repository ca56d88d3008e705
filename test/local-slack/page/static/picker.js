// @ts-check
/** Select menus: a box to type in, and a list of options under it (the ARIA combobox pattern). */
import { confirmed, use, whereIs } from './actions.js';
import { fill } from './modal.js';
import { post } from './server.js';

const SEARCH_MS = 120;

/** @param {EventTarget | null} target @returns {HTMLElement | null} */
const pickerOf = (target) => (target instanceof Element ? target.closest('[data-picker]') : null);

/** @param {Element} picker */
function parts(picker) {
  const box = /** @type {HTMLInputElement} */ (picker.querySelector('[role="combobox"]'));
  const list = /** @type {HTMLElement} */ (picker.querySelector('[role="listbox"]'));
  const owner = /** @type {HTMLElement} */ (picker.closest('[data-field], [data-act]'));
  const chosen = /** @type {{ value: string }[]} */ (JSON.parse(picker.getAttribute('data-chosen') ?? '[]'));
  return { box, list, owner, chosen, multi: picker.getAttribute('data-picker') === 'multi' };
}

/** What is searched for: the text of the chosen option is not a search. @param {HTMLInputElement} box */
const typedIn = (box) => (box.value === box.getAttribute('value') ? '' : box.value);

let asked = 0;

/** @param {HTMLElement} picker */
async function open(picker) {
  const { box, list, owner, chosen } = parts(picker);
  const typed = typedIn(box);
  const number = ++asked;
  if (!list.matches(':popover-open')) {
    list.innerHTML = '<p class="listbox-empty" role="status">Loading…</p>';
    list.showPopover();
  }
  box.setAttribute('aria-expanded', 'true');
  put(picker);
  if (typed.trim().length < Number(picker.dataset.least ?? 0)) {
    list.innerHTML = `<p class="listbox-empty" role="status">Type at least ${Number(picker.dataset.least)} characters</p>`;
    return;
  }
  const answer = await post('options', {
    ...whereIs(picker),
    block: owner.getAttribute('data-block'),
    action: owner.getAttribute('data-action'),
    typed,
    chosen: chosen.map((option) => option.value),
  });
  // Answers may overtake each other, and the list may be closed by now.
  if (number !== asked || box.getAttribute('aria-expanded') !== 'true') return;
  list.innerHTML = answer.html || '<p class="listbox-empty" role="status">No results</p>';
  list.querySelectorAll('[role="option"]').forEach((option, index) => {
    option.id = `${list.id}/${index}`;
  });
  activate(picker, list.querySelector('[role="option"]'));
  put(picker);
}

/** @param {HTMLElement} picker */
function close(picker) {
  const { box, list } = parts(picker);
  asked++;
  box.setAttribute('aria-expanded', 'false');
  box.removeAttribute('aria-activedescendant');
  if (list.matches(':popover-open')) list.hidePopover();
  box.value = box.getAttribute('value') ?? '';
}

/** Under the box, or above it where there is no room below. @param {HTMLElement} picker */
function put(picker) {
  const { list } = parts(picker);
  const around = picker.getBoundingClientRect();
  list.style.left = `${around.left}px`;
  list.style.width = `${Math.max(around.width, 220)}px`;
  const below = innerHeight - around.bottom - 12;
  const down = below > 200 || below > around.top;
  list.style.maxHeight = `${Math.min(280, down ? below : around.top - 12)}px`;
  list.style.top = down ? `${around.bottom + 4}px` : `${around.top - 4 - list.offsetHeight}px`;
}

/** @param {HTMLElement} picker @param {Element | null | undefined} option */
function activate(picker, option) {
  const { box, list } = parts(picker);
  list.querySelector('.option-active')?.classList.remove('option-active');
  if (!option) return box.removeAttribute('aria-activedescendant');
  option.classList.add('option-active');
  option.scrollIntoView({ block: 'nearest' });
  box.setAttribute('aria-activedescendant', option.id);
}

/** @param {HTMLElement} picker @param {Element} option */
async function choose(picker, option) {
  const { owner, box, chosen, multi } = parts(picker);
  const picked = JSON.parse(option.getAttribute('data-option') ?? '{}');
  const max = Number(picker.dataset.max ?? Number.POSITIVE_INFINITY);
  const has = chosen.some((each) => each.value === picked.value);
  if (multi && !has && chosen.length >= max) return;
  const next = !multi ? [picked] : has ? chosen.filter((each) => each.value !== picked.value) : [...chosen, picked];
  // A message holds no state: what is chosen there is a click. A view holds what is in its fields.
  if (owner.closest('[data-view]')) {
    if (!(await confirmed(owner))) return close(picker);
    // Shown at once; the server draws the same a moment later.
    if (!multi) box.setAttribute('value', picked.text.text);
    set(picker, next);
  } else use(owner, option.getAttribute('data-option'));
  close(picker);
  box.focus();
}

/** @param {HTMLElement} picker @param {unknown[]} next */
function set(picker, next) {
  const { owner } = parts(picker);
  // Kept at once: a submission may follow before the server has drawn the field again.
  picker.setAttribute('data-chosen', JSON.stringify(next));
  fill(owner, { chosen: next });
}

document.addEventListener('click', (event) => {
  const picker = pickerOf(event.target);
  if (!picker || !(event.target instanceof Element)) return;
  const { box, chosen } = parts(picker);
  const remove = event.target.closest('[data-remove]');
  const option = event.target.closest('[role="option"]');
  if (remove) {
    set(
      picker,
      chosen.filter((each) => each.value !== remove.getAttribute('data-remove')),
    );
    box.focus();
  } else if (option) choose(picker, option);
  else if (!event.target.closest('[role="listbox"]')) {
    box.focus();
    if (box.getAttribute('aria-expanded') === 'false') {
      box.select();
      open(picker);
    }
  }
});

// The box keeps the focus while a person presses in the list, so that the list does not close under the pointer.
document.addEventListener('mousedown', (event) => {
  if (event.target instanceof Element && event.target.closest('[role="listbox"]')) event.preventDefault();
});

/** @type {ReturnType<typeof setTimeout> | undefined} */
let searching;
document.addEventListener('input', (event) => {
  const picker = pickerOf(event.target);
  if (!picker) return;
  clearTimeout(searching);
  searching = setTimeout(() => open(picker), SEARCH_MS);
});

document.addEventListener('focusout', (event) => {
  const picker = pickerOf(event.target);
  if (!picker || picker.contains(/** @type {Node | null} */ (event.relatedTarget))) return;
  clearTimeout(searching);
  close(picker);
});

document.addEventListener('keydown', (event) => {
  const picker = pickerOf(event.target);
  if (!picker || !(event.target instanceof HTMLInputElement)) return;
  const { box, list, chosen, multi } = parts(picker);
  const isOpen = box.getAttribute('aria-expanded') === 'true';
  const options = [...list.querySelectorAll('[role="option"]')];
  const active = options.findIndex((option) => option.classList.contains('option-active'));
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    event.preventDefault();
    if (!isOpen) open(picker);
    else activate(picker, options.at((active + (event.key === 'ArrowDown' ? 1 : -1)) % options.length));
  } else if (event.key === 'Enter') {
    event.preventDefault();
    const option = options[active];
    if (!isOpen) open(picker);
    else if (option) choose(picker, option);
  } else if (event.key === 'Escape' && isOpen) {
    // Closes the list, and not the modal around it.
    event.preventDefault();
    event.stopPropagation();
    close(picker);
  } else if (event.key === 'Backspace' && multi && !box.value && chosen.length) set(picker, chosen.slice(0, -1));
});

// Lists stand still on the screen, so what moves under them closes them.
document.addEventListener(
  'scroll',
  (event) => {
    if (event.target instanceof Element && event.target.closest('[role="listbox"]')) return;
    for (const box of document.querySelectorAll('[role="combobox"][aria-expanded="true"]')) {
      const picker = pickerOf(box);
      if (picker) put(picker);
    }
  },
  true,
);
