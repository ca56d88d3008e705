/** What Slack itself shows to the user when the bot does not respond as it must. */
import type { Receipt } from '../delivery/envelope.ts';
import type { Answer } from '../model.ts';

export const done: Answer = { ok: true };

export const failed = (error: string): Answer => ({ ok: false, error });

type Failure = Extract<Receipt, { ok: false }>;

export const commandFailed = (command: string, { error }: Failure) =>
  failed(`${command} failed with the error "${error}"`);

/** As Slack's client says it. */
export const unknownCommand = (command: string) =>
  `${command} is not a valid command. In Slack, all messages that start with the "/" character are interpreted as commands. If you are trying to send a message and not run a command, try preceding the "/" with an empty space.`;

/** As Slack's client says it in place of the message box. */
export const readOnly = (app: string) => `Sending messages to ${app} has been turned off.`;

export const submissionFailed = (error: string) => failed(`We had some trouble connecting. Try again? (${error})`);

export const clickFailed = ({ error, status }: Failure) =>
  failed(
    status === undefined ? `This app is not responding (${error})` : `This app responded with status code ${status}`,
  );
