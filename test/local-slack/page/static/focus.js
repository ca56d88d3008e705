// @ts-check
/** The focus stays where a person left it: what had it before a dialog gets it back, and of what is gone, its message. */
import { onDrawn } from './server.js';

/** @type {{ element: Element | null, message: Element | null }} */
let last = { element: null, message: null };

document.addEventListener('focusin', ({ target }) => {
  if (target instanceof Element && !target.closest('dialog')) last = { element: target, message: messageOf(target) };
});

/** @param {Element} element */
const messageOf = (element) => element.closest('[data-ts]');

/** @param {Element | null} element */
function focus(element) {
  if (!(element instanceof HTMLElement) || !element.isConnected) return false;
  element.focus();
  return document.activeElement === element;
}

/** Gives the focus back after a dialog is gone: to the message box, where nothing else can take it. */
export function focusBack() {
  if (focus(last.element)) return;
  last.message?.setAttribute('tabindex', '-1');
  if (!focus(last.message)) focus(document.querySelector('.composer textarea'));
}

// A button that a person pressed may disappear later, such as Approve.
onDrawn(() => {
  if (document.activeElement !== document.body || last.element?.isConnected || !last.message?.isConnected) return;
  last.message.setAttribute('tabindex', '-1');
  focus(last.message);
});
