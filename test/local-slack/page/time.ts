/** The clock of the workspace, where the program that serves the page can move it. */
import { type Html, html } from './html.ts';

export type Time = {
  /** Milliseconds. */
  now(): number;
  passDay(): Promise<void>;
};

const date = new Intl.DateTimeFormat('en-US', { weekday: 'short', month: 'short', day: 'numeric' });

export const timeControl = (time: Time): Html => html`<div class="time" data-key="time">
  <span>It is <strong data-today>${date.format(time.now())}</strong></span>
  <button type="button" class="time-button" data-pass-day data-key="pass">Let a day pass</button>
</div>`;
