// @ts-check
/** Buttons, menus and choices outside of forms: asked about where the bot wants that, then sent at once. */
import { CONNECTION_FAILED, post, refresh, toast } from './server.js';

/** Returns where an element is: in a message, or in a modal or Home. @param {Element} element */
export function whereIs(element) {
  const view = element.closest('[data-view]')?.getAttribute('data-view');
  if (view) return { view };
  const message = element.closest('[data-ts]');
  return { message: { channel: message?.getAttribute('data-channel'), ts: message?.getAttribute('data-ts') } };
}

/** @param {Element} element @param {string | null | undefined} option the option as JSON @returns {Promise<boolean>} */
export async function use(element, option) {
  if (element.getAttribute('aria-busy') === 'true' || !(await confirmed(element))) return false;
  element.setAttribute('aria-busy', 'true');
  const answer = await post('click', {
    ...whereIs(element),
    block: element.getAttribute('data-block'),
    action: element.getAttribute('data-action'),
    ...(option ? { option: JSON.parse(option).value } : {}),
  });
  element.removeAttribute('aria-busy');
  if (!answer.ok) toast(answer.error ?? CONNECTION_FAILED);
  await refresh();
  return answer.ok;
}

/** Whether the person means it, where the bot wants that to be asked. @param {Element} element */
export async function confirmed(element) {
  const question = element.getAttribute('data-confirm');
  return !question || agrees(JSON.parse(question));
}

document.addEventListener('click', (event) => {
  const element = event.target instanceof Element ? event.target.closest('button[data-act]') : null;
  if (!element) return;
  /** @type {HTMLElement | null} */ (element.closest('[popover]'))?.hidePopover();
  const url = element.getAttribute('data-url');
  if (url && /^https?:/i.test(url)) open(url, '_blank', 'noreferrer');
  use(element, element.getAttribute('data-option'));
});

/**
 * @param {{ title: string, markup: string, confirm: string, deny: string, style: string }} question
 * @returns {Promise<boolean>}
 */
function agrees(question) {
  const dialog = document.createElement('dialog');
  dialog.className = 'modal modal-small';
  dialog.setAttribute('aria-labelledby', 'confirm-title');
  dialog.innerHTML = `<form method="dialog"><header class="modal-head"><h2 id="confirm-title"></h2></header>
    <div class="modal-body b-text"></div>
    <footer class="modal-foot"><button value="no" class="button"></button><button value="yes" class="button"></button></footer></form>`;
  const [deny, confirm] = dialog.querySelectorAll('button');
  const body = dialog.querySelector('.modal-body');
  const title = dialog.querySelector('h2');
  if (!deny || !confirm || !body || !title) return Promise.resolve(false);
  title.textContent = question.title;
  // Drawn by the server, like everything else on the page.
  body.innerHTML = question.markup;
  deny.textContent = question.deny;
  confirm.textContent = question.confirm;
  confirm.classList.add(`button-${question.style}`);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
  });
}

// A menu opens under the button that it belongs to. How large it is shows only once it is open.
document.addEventListener('beforetoggle', (event) => place(event.target, false), true);
document.addEventListener('toggle', (event) => place(event.target, true), true);

/** Above the button where there is no room below. @param {EventTarget | null} menu @param {boolean} measured */
function place(menu, measured) {
  if (!(menu instanceof HTMLElement) || !menu.classList.contains('menu')) return;
  const button = document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`)?.getBoundingClientRect();
  if (!button || (measured && !menu.matches(':popover-open'))) return;
  const { offsetWidth: width, offsetHeight: height } = menu;
  const above = measured && button.bottom + 4 + height > innerHeight;
  menu.style.top = `${above ? Math.max(8, button.top - 4 - height) : button.bottom + 4}px`;
  menu.style.left = `${Math.max(8, Math.min(button.left, innerWidth - width - 8))}px`;
}
