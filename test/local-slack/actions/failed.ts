/** What Slack itself shows to the user when the bot does not respond as it must. */
import type { Receipt } from '../delivery/envelope.ts';
import type { Answer } from '../model.ts';

export const done: Answer = { ok: true };

export const failed = (error: string): Answer => ({ ok: false, error });

type Failure = Extract<Receipt, { ok: false }>;

export const commandFailed = (command: string, { error }: Failure) =>
  failed(`${command} failed with the error "${error}"`);

export const submissionFailed = (error: string) => failed(`We had some trouble connecting. Try again? (${error})`);

export const clickFailed = ({ error, status }: Failure) =>
  failed(
    status === undefined ? `This app is not responding (${error})` : `This app responded with status code ${status}`,
  );
