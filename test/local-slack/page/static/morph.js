// @ts-check
/**
 * Turns the elements on the screen into those the server has drawn, and touches nothing that is the same. What people
 * type, where they have scrolled and what they have opened belongs to the elements, and so it stays.
 */

/** Attributes that the browser's side sets; the server never changes them. */
const OURS = new Set(['open', 'tabindex', 'aria-expanded', 'aria-activedescendant', 'aria-busy', 'style', 'hidden']);

/** @param {Element} from @param {Element} to */
export function morph(from, to) {
  if (from instanceof HTMLElement && from.dataset.own !== undefined) return;
  const valueBefore = writtenValue(from);
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && !OURS.has(name)) from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value && !OURS.has(name)) from.setAttribute(name, value);
  }
  adoptValue(from, to, valueBefore);
  if (!(from instanceof HTMLTextAreaElement)) morphChildren(from, to);
}

/** What the server last put into a field. @param {Element} field */
function writtenValue(field) {
  if (field instanceof HTMLTextAreaElement) return field.dataset.value;
  if (field instanceof HTMLInputElement)
    return isBox(field) ? field.hasAttribute('checked') : field.getAttribute('value');
  return undefined;
}

/** @param {HTMLInputElement} field */
const isBox = (field) => field.type === 'checkbox' || field.type === 'radio';

/**
 * A field takes the server's value only where the server has changed it, and never while a person types there.
 * @param {Element} from @param {Element} to @param {unknown} before
 */
function adoptValue(from, to, before) {
  const now = writtenValue(to);
  if (now === before) return;
  if (from instanceof HTMLInputElement && isBox(from)) from.checked = Boolean(now);
  else if (document.activeElement === from && before !== undefined && from.getAttribute('role') !== 'combobox') return;
  else if (from instanceof HTMLInputElement || from instanceof HTMLTextAreaElement) from.value = String(now ?? '');
}

/** @param {Node} node */
const keyOf = (node) => (node instanceof HTMLElement ? node.dataset.key : undefined);

/** @param {Element} from @param {Element} to */
function morphChildren(from, to) {
  const wanted = new Set([...to.childNodes].map(keyOf));
  // What is gone goes first: then what stays is already in its place, and moving would take the focus away.
  for (const child of [...from.children]) if (keyOf(child) && !wanted.has(keyOf(child))) child.remove();
  const keyed = new Map([...from.children].filter(keyOf).map((child) => [keyOf(child), child]));

  /** @type {ChildNode | null} */
  let at = from.firstChild;
  for (const next of [...to.childNodes]) {
    const key = keyOf(next);
    const match = key ? keyed.get(key) : at && !keyOf(at) && at.nodeName === next.nodeName ? at : undefined;
    if (!match || match.nodeName !== next.nodeName) {
      from.insertBefore(document.importNode(next, true), at);
      continue;
    }
    if (match === at) at = at.nextSibling;
    else from.insertBefore(match, at);
    if (match instanceof Element && next instanceof Element) morph(match, next);
    else if (match.nodeValue !== next.nodeValue) match.nodeValue = next.nodeValue;
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}
