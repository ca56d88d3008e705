/** The mail of the person one plays: what a real mail server took. */
import { type Html, html, nothing } from './html.ts';
import type { Reader } from './reader.ts';
import { clock, dayOf } from './text/dates.ts';
import { link } from './text/mentions.ts';

/** As a mail program without HTML shows it. `at` is in milliseconds. */
export type Letter = { to: string[]; from: string; subject: string; text: string; at: number };

/** Where letters come from: the program that serves the page has a mail server, or has not. */
export type Mail = {
  /** Oldest first. */
  to(address: string): Letter[];
  onChange(listener: () => void): void;
};

export function mail(reader: Reader, letters: Letter[]): Html {
  const { email } = reader.viewer;
  return html`<div class="scroller" data-key="scroller">
    ${letters.length === 0 && html`<p class="empty">${email} has no mail yet.</p>`}
    <ol class="letters" data-key="letters">${letters.map((one, index) => letter(reader, one, index)).reverse()}</ol>
  </div>`;
}

function letter(reader: Reader, { from, subject, text, at }: Letter, index: number): Html {
  const ts = String(at / 1000);
  return html`<li class="letter" data-key="letter:${index}">
    <header><h3>${subject}</h3><time>${dayOf(ts, reader.workspace.now())}, ${clock(ts)}</time></header>
    <p class="letter-way">${from} to ${reader.viewer.email}</p>
    <div class="letter-text">${linked(reader, text.trim())}</div>
  </li>`;
}

/** Addresses can be followed. Nothing else in a letter does anything: its HTML is not shown at all. */
function linked(reader: Reader, text: string): Html {
  const parts = text.split(/(https?:\/\/[^\s()<>]+)/);
  return html`${parts.map((part, index) => (index % 2 === 1 ? link(reader, part, part) : part ? html`${part}` : nothing))}`;
}
