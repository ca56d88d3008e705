/** Block Kit's interactive elements with their limits (docs.slack.dev/reference/block-kit/block-elements). */
import { z } from 'zod';
import { confirm, id, option, optionGroups, options, plain, richOption, text, url } from './text.ts';

const acts = { action_id: id.optional(), confirm: confirm.optional() };
const focuses = { focus_on_load: z.boolean().optional() };
const hints = { placeholder: plain(150).optional() };
const picks = { ...acts, ...focuses, ...hints };
const picksMany = { ...picks, max_selected_items: z.int().min(1).optional() };
const dispatches = {
  dispatch_action_config: z
    .strictObject({
      trigger_actions_on: z.array(z.enum(['on_enter_pressed', 'on_character_entered'])).min(1),
    })
    .optional(),
};
const types = { action_id: id.optional(), ...focuses, ...hints, ...dispatches };
const filter = z
  .strictObject({
    include: z
      .array(z.enum(['im', 'mpim', 'private', 'public']))
      .min(1)
      .optional(),
    exclude_external_shared_channels: z.boolean().optional(),
    exclude_bot_users: z.boolean().optional(),
  })
  .optional();
const conversations = { filter, default_to_current_conversation: z.boolean().optional() };
const answersTo = { response_url_enabled: z.boolean().optional() };
const choices = { options: options.optional(), option_groups: optionGroups.optional() };

const style = z.enum(['primary', 'danger']).optional();
const label = z.string().min(1).max(75).optional();
const value = z.string().max(2000).optional();

export const button = z.strictObject({
  type: z.literal('button'),
  ...acts,
  text: plain(75),
  value,
  url: url.optional(),
  style,
  accessibility_label: label,
});

/** An image by its address: there are no uploads here. */
export const picture = {
  type: z.literal('image'),
  alt_text: z.string().min(1).max(2000),
  image_url: url,
};

const image = z.strictObject(picture);

const hasChoices = (select: { options?: unknown; option_groups?: unknown }) =>
  (select.options === undefined) !== (select.option_groups === undefined);
const CHOICES = 'must provide either options or option_groups';

const selects = [
  z
    .strictObject({ type: z.literal('static_select'), ...picks, ...choices, initial_option: option.optional() })
    .refine(hasChoices, CHOICES),
  z.strictObject({
    type: z.literal('external_select'),
    ...picks,
    initial_option: option.optional(),
    min_query_length: z.int().min(0).optional(),
  }),
  z.strictObject({ type: z.literal('users_select'), ...picks, initial_user: z.string().optional() }),
  z.strictObject({
    type: z.literal('conversations_select'),
    ...picks,
    ...conversations,
    ...answersTo,
    initial_conversation: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal('channels_select'),
    ...picks,
    ...answersTo,
    initial_channel: z.string().optional(),
  }),
  z
    .strictObject({
      type: z.literal('multi_static_select'),
      ...picksMany,
      ...choices,
      initial_options: z.array(option).min(1).max(100).optional(),
    })
    .refine(hasChoices, CHOICES),
  z.strictObject({
    type: z.literal('multi_external_select'),
    ...picksMany,
    initial_options: z.array(option).min(1).max(100).optional(),
    min_query_length: z.int().min(0).optional(),
  }),
  z.strictObject({
    type: z.literal('multi_users_select'),
    ...picksMany,
    initial_users: z.array(z.string()).optional(),
  }),
  z.strictObject({
    type: z.literal('multi_conversations_select'),
    ...picksMany,
    ...conversations,
    initial_conversations: z.array(z.string()).optional(),
  }),
  z.strictObject({
    type: z.literal('multi_channels_select'),
    ...picksMany,
    initial_channels: z.array(z.string()).optional(),
  }),
] as const;

const boxes = [
  z.strictObject({
    type: z.literal('checkboxes'),
    ...acts,
    ...focuses,
    options: z.array(richOption).min(1).max(10),
    initial_options: z.array(richOption).min(1).max(10).optional(),
  }),
  z.strictObject({
    type: z.literal('radio_buttons'),
    ...acts,
    ...focuses,
    options: z.array(richOption).min(1).max(10),
    initial_option: richOption.optional(),
  }),
] as const;

const clocks = [
  z.strictObject({ type: z.literal('datepicker'), ...picks, initial_date: z.iso.date().optional() }),
  z.strictObject({
    type: z.literal('timepicker'),
    ...picks,
    initial_time: z
      .string()
      .regex(/^\d\d:\d\d$/)
      .optional(),
    timezone: z.string().optional(),
  }),
] as const;

const dateTime = z.strictObject({
  type: z.literal('datetimepicker'),
  ...acts,
  ...focuses,
  initial_date_time: z.int().optional(),
});

const inputs = [
  z
    .strictObject({
      type: z.literal('plain_text_input'),
      ...types,
      initial_value: z.string().max(3000).optional(),
      multiline: z.boolean().optional(),
      min_length: z.int().min(0).max(3000).optional(),
      max_length: z.int().min(1).max(3000).optional(),
    })
    .refine((input) => (input.min_length ?? 0) <= (input.max_length ?? 3000), 'min_length must not exceed max_length'),
  z.strictObject({ type: z.literal('email_text_input'), ...types, initial_value: z.string().optional() }),
  z.strictObject({ type: z.literal('url_text_input'), ...types, initial_value: z.string().optional() }),
  z.strictObject({
    type: z.literal('number_input'),
    ...types,
    is_decimal_allowed: z.boolean(),
    initial_value: z.string().optional(),
    min_value: z.string().optional(),
    max_value: z.string().optional(),
  }),
] as const;

const overflow = z.strictObject({ type: z.literal('overflow'), ...acts, options: z.array(option).min(1).max(5) });

export const inAccessory = z.discriminatedUnion('type', [button, image, overflow, ...selects, ...boxes, ...clocks]);
export const inActions = z.discriminatedUnion('type', [button, overflow, ...selects, ...boxes, ...clocks, dateTime]);
export const inInput = z.discriminatedUnion('type', [...inputs, ...selects, ...boxes, ...clocks, dateTime]);
export const inContext = z.discriminatedUnion('type', [image, ...text().options]);
