/** What the bot may say in a message, and how a message travels. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { checkBlocks, metadata } from './blocks/check.ts';
import { identified } from './blocks/placed.ts';
import type { Message } from './model.ts';
import { listed, refuse } from './refusal.ts';
import type { State } from './state.ts';

/** Undocumented, observed: bolt-js#2509. */
const ALL_BLOCKS_TOGETHER = 13_200;
/** The reference knows the error but no number; 16 KB is folklore, so half of it is safe. */
const METADATA = 8 * 1024;
/** docs.slack.dev/changelog/2018-04-truncating-really-long-messages */
const TRUNCATED_AT = 40_000;

const args = z.looseObject({
  text: z.coerce.string().optional(),
  blocks: z.unknown().optional(),
  metadata: z.unknown().optional(),
  attachments: z.unknown().optional(),
});

export type Draft = { text?: string; blocks?: Message['blocks']; metadata?: Message['metadata'] | null };

/** Reads text, blocks and metadata as Slack does; what is left out stays undefined, and null takes metadata away. */
export function draft(given: Record<string, unknown>): Draft {
  const { text, blocks, metadata: data, attachments } = args.parse(given);
  const result: Draft = {};
  if (attachments !== undefined) refuse('invalid_attachments');
  if (text !== undefined) result.text = text.slice(0, TRUNCATED_AT);
  if (blocks !== undefined) {
    if (!Array.isArray(blocks)) refuse('invalid_blocks_format');
    const checked = checkBlocks(blocks, 'message');
    if (!checked.ok) return refuse('invalid_blocks', listed(checked.problems));
    if (lengthOfTexts(blocks) > ALL_BLOCKS_TOGETHER) refuse('msg_blocks_too_long');
    result.blocks = identified(checked.value, () => randomBytes(3).toString('base64url'));
  }
  if (data !== undefined) result.metadata = readMetadata(data);
  return result;
}

function readMetadata(data: unknown): NonNullable<Draft['metadata']> | null {
  if (typeof data !== 'object' || data === null) return refuse('invalid_metadata_format');
  if (Object.keys(data).length === 0) return null;
  const read = metadata.safeParse(data);
  if (!read.success) return refuse('invalid_metadata_schema');
  if (Buffer.byteLength(JSON.stringify(data)) > METADATA) refuse('metadata_too_large');
  return read.data;
}

function lengthOfTexts(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + lengthOfTexts(item), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce(
    (sum, [key, inner]) => sum + (key === 'text' && typeof inner === 'string' ? inner.length : lengthOfTexts(inner)),
    0,
  );
}

export const isEmpty = ({ text, blocks }: Draft) => !text && !blocks?.length;

/** A message of the bot, of what it drafted. */
export function fromBot(state: State, channel: string, { text, blocks, metadata: data }: Draft): Omit<Message, 'ts'> {
  const message: Omit<Message, 'ts'> = { channel, user: state.app.botUser, text: text ?? '', blocks: blocks ?? [] };
  if (data) message.metadata = data;
  return message;
}

/** Replaces a message (chat.update). What the draft leaves out is kept; the old object does not change. */
export function edit(state: State, message: Message, { text, blocks, metadata: data }: Draft): Message {
  const { metadata: before, ...rest } = message;
  const kept = data === undefined ? before : data;
  const edited: Message = {
    ...rest,
    text: text ?? message.text,
    blocks: blocks ?? message.blocks,
    edited: { ts: state.nextTs() },
    ...(kept && { metadata: kept }),
  };
  state.swap(message, edited);
  return edited;
}

/** The message as the bot gets it. */
export function wired(state: State, message: Message, withMetadata = false): Record<string, unknown> {
  const isBot = message.user === state.app.botUser;
  return structuredClone({
    type: 'message',
    user: message.user,
    team: state.team.id,
    ts: message.ts,
    text: message.text,
    ...(message.blocks.length > 0 && { blocks: message.blocks }),
    ...(isBot && { bot_id: state.app.botId, app_id: state.app.id }),
    ...(message.app && { app_id: message.app }),
    ...(message.thread_ts && { thread_ts: message.thread_ts }),
    ...(message.edited && { edited: { user: message.user, ts: message.edited.ts } }),
    ...(withMetadata && message.metadata && { metadata: message.metadata }),
  });
}
