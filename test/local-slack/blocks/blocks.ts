/** Block Kit's blocks, where each may stand, and their limits (docs.slack.dev/reference/block-kit/blocks). */
import { z } from 'zod';
import { dataVisualization } from './chart.ts';
import { button, inAccessory, inActions, inContext, inInput, picture } from './elements.ts';
import { richText } from './rich-text.ts';
import { id, plain, text, url } from './text.ts';

const named = { block_id: id.optional() };

const section = z
  .strictObject({
    type: z.literal('section'),
    ...named,
    text: text().optional(),
    fields: z.array(text(2000)).min(1).max(10).optional(),
    accessory: inAccessory.optional(),
    expand: z.boolean().optional(),
  })
  .refine((block) => block.text !== undefined || block.fields !== undefined, 'must provide either text or fields');

const cell = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('raw_text'), text: z.string() }),
  z.strictObject({ type: z.literal('raw_number'), value: z.number(), text: z.string() }),
  richText,
]);

/** A block that every surface takes: `docs.slack.dev/blocks.json` of 2026. */
const everywhere = [
  section,
  richText,
  z.strictObject({ type: z.literal('actions'), ...named, elements: z.array(inActions).min(1).max(25) }),
  z.strictObject({ type: z.literal('context'), ...named, elements: z.array(inContext).min(1).max(10) }),
  z.strictObject({ type: z.literal('divider'), ...named }),
  z.strictObject({ type: z.literal('header'), ...named, text: plain(150), level: z.int().min(1).max(4).optional() }),
  z.strictObject({ ...picture, ...named, title: plain(2000).optional() }),
  z.strictObject({
    type: z.literal('input'),
    ...named,
    label: plain(2000),
    element: inInput,
    hint: plain(2000).optional(),
    optional: z.boolean().optional(),
    dispatch_action: z.boolean().optional(),
  }),
  z.strictObject({
    type: z.literal('video'),
    ...named,
    title: plain(200),
    video_url: url,
    thumbnail_url: url,
    alt_text: z.string().min(1),
    title_url: url.optional(),
    author_name: z.string().max(50).optional(),
    provider_name: z.string().optional(),
    provider_icon_url: url.optional(),
    description: plain(200).optional(),
  }),
] as const;

const table = z.strictObject({
  type: z.literal('table'),
  ...named,
  rows: z.array(z.array(cell).min(1).max(20)).min(1).max(100),
  column_settings: z
    .array(
      z
        .strictObject({ align: z.enum(['left', 'center', 'right']).optional(), is_wrapped: z.boolean().optional() })
        .nullable(),
    )
    .max(20)
    .optional(),
});

const markdown = z.strictObject({ type: z.literal('markdown'), ...named, text: z.string().min(1).max(12_000) });

const alert = z.strictObject({
  type: z.literal('alert'),
  ...named,
  text: text(200),
  level: z.enum(['default', 'info', 'warning', 'error', 'success']).optional(),
});

const iconButton = z.strictObject({
  type: z.literal('icon_button'),
  action_id: id.optional(),
  icon: z.literal('trash'),
  text: plain(75),
  value: z.string().max(2000).optional(),
  accessibility_label: z.string().max(75).optional(),
  visible_to_user_ids: z.array(z.string()).optional(),
  confirm: button.shape.confirm,
});
const contextActions = z.strictObject({
  type: z.literal('context_actions'),
  ...named,
  elements: z.array(iconButton).min(1).max(5),
});

export type Surface = 'message' | 'modal' | 'home';

/** Newer blocks (card, carousel, container, data_table …) are rolled out in phases: here they are not yet. */
export const surfaces = {
  message: z
    .array(z.discriminatedUnion('type', [...everywhere, table, markdown, contextActions, dataVisualization]))
    .max(50),
  modal: z.array(z.discriminatedUnion('type', [...everywhere, alert])).max(100),
  home: z.array(z.discriminatedUnion('type', [...everywhere, table])).max(100),
} as const satisfies Record<Surface, z.ZodType>;

const view = {
  blocks: z.unknown(),
  private_metadata: z.string().max(3000).optional(),
  callback_id: z.string().max(255).optional(),
  external_id: z.string().max(255).optional(),
};

export const views = {
  modal: z.strictObject({
    type: z.literal('modal'),
    ...view,
    blocks: surfaces.modal,
    title: plain(24),
    submit: plain(24).optional(),
    close: plain(24).optional(),
    clear_on_close: z.boolean().optional(),
    notify_on_close: z.boolean().optional(),
    submit_disabled: z.boolean().optional(),
  }),
  home: z.strictObject({ type: z.literal('home'), ...view, blocks: surfaces.home }),
} as const;
