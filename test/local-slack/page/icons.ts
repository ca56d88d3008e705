/** Drawn rather than taken from a font, so that they look the same on every machine. */
import { html } from './html.ts';

export const SHIELD = html`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"><path d="M12 3.2 19 6v5.4c0 4.4-2.9 7.5-7 9.4-4.1-1.9-7-5-7-9.4V6z"/><path d="m8.8 11.9 2.3 2.3 4.2-4.5"/></svg>`;
export const LOCK = html`<svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5"><rect x="3.2" y="7" width="9.6" height="6.5" rx="1.6"/><path d="M5.3 7V5a2.7 2.7 0 0 1 5.4 0v2"/></svg>`;
export const GATE = html`<svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"><path d="M2.5 13V4.5L8 2.5l5.5 2V13M5.5 13V8h5v5M2 13h12"/></svg>`;
export const LETTER = html`<svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"><rect x="2" y="3.6" width="12" height="8.8" rx="1.4"/><path d="m2.4 4.6 5.6 4.3 5.6-4.3"/></svg>`;
export const HOUSE = html`<svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"><path d="m2.5 7.6 5.5-5 5.5 5v5.6a.9.9 0 0 1-.9.9H9.8v-3.6H6.2v3.6H3.4a.9.9 0 0 1-.9-.9z"/></svg>`;
