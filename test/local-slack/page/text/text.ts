import type { TextObject } from '@slack/types';
import { type Html, html } from '../html.ts';
import type { Reader } from '../reader.ts';
import { plain } from './emoji.ts';
import { mrkdwn } from './mrkdwn.ts';

/** A text object: formatted only where the bot asked for formatting. */
export function text(reader: Reader, object: TextObject): Html {
  return object.type === 'mrkdwn' ? mrkdwn(reader, object.text) : html`${plain(object.text)}`;
}
