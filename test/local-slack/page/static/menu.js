// @ts-check
/** Menus: the first item has the focus when one opens, and the arrow keys move it (the ARIA menu button pattern). */

/** @param {Element} menu */
const itemsOf = (menu) => /** @type {HTMLElement[]} */ ([...menu.querySelectorAll('[role="menuitem"]')]);

document.addEventListener(
  'toggle',
  (event) => {
    const menu = event.target;
    if (menu instanceof HTMLElement && menu.role === 'menu' && menu.matches(':popover-open')) itemsOf(menu)[0]?.focus();
  },
  true,
);

document.addEventListener('keydown', (event) => {
  const from = event.target;
  if (!(from instanceof HTMLElement)) return;
  const menu = from.closest('[role="menu"]');
  if (!menu) {
    if (event.key !== 'ArrowDown' || from.getAttribute('aria-haspopup') !== 'menu') return;
    event.preventDefault();
    from.click();
    return;
  }
  const items = itemsOf(menu);
  const at = items.indexOf(from);
  const next = { ArrowDown: (at + 1) % items.length, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  items.at(next)?.focus();
});
