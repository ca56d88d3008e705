/** Block Kit's composition objects with their limits (docs.slack.dev/reference/block-kit/composition-objects). */
import { z } from 'zod';

/** An identifier: block_id, action_id, callback_id, external_id. */
export const id = z.string().min(1).max(255);

/** Plain text is measured as Slack keeps it: with & < > escaped. */
const escapedMax = (max: number) =>
  z
    .string()
    .min(1)
    .refine((text) => escapedLength(text) <= max, `must be less than ${max + 1} characters`);

const escapedLength = (text: string): number =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').length;

/** Empty text is invalid everywhere. */
export const plain = (max = 3000) =>
  z.strictObject({ type: z.literal('plain_text'), text: escapedMax(max), emoji: z.boolean().optional() });

const mrkdwn = (max = 3000) =>
  z.strictObject({ type: z.literal('mrkdwn'), text: z.string().min(1).max(max), verbatim: z.boolean().optional() });

export const text = (max = 3000) => z.discriminatedUnion('type', [plain(max), mrkdwn(max)]);

export const url = z
  .string()
  .min(1)
  .max(3000)
  .refine((value) => URL.canParse(value), 'invalid url');

export const confirm = z.strictObject({
  title: plain(100),
  text: text(300),
  confirm: plain(30),
  deny: plain(30),
  style: z.enum(['primary', 'danger']).optional(),
});

/** The reference says 150 for a value; older pages said 75. */
const value = z.string().min(1).max(150);

/** An option of a select or an overflow menu: plain text only. */
export const option = z.strictObject({
  text: plain(75),
  value,
  description: plain(75).optional(),
  url: url.optional(),
});

/** An option of radio buttons or check boxes, which may be mrkdwn. */
export const richOption = z.strictObject({ text: text(75), value, description: text(75).optional() });

export const options = z.array(option).min(1).max(100);

export const optionGroups = z
  .array(z.strictObject({ label: plain(75), options }))
  .min(1)
  .max(100);
