/** The menu of an application in Home, and what the forms that it opens have in common. */
import type { Overflow } from '@slack/types';
import { z } from 'zod';
import { type ApplicationAction, applicationActions } from '../../domain/application.ts';
import { toStorable } from '../../domain/text.ts';
import { option } from '../blocks.ts';
import { publicIdPattern } from '../button-value.ts';

export const applicationMenuId = 'application';
export const newApplicationButton = 'new-application';

/** Each form's callback_id. */
export const applicationFormIds = {
  rename: 'application-rename',
  owners: 'application-owners',
  'hand-over': 'application-hand-over',
  leave: 'application-leave',
  delete: 'application-delete',
} as const satisfies Record<ApplicationAction, string>;

const labels = {
  rename: 'Rename',
  owners: 'Co-owners',
  'hand-over': 'Hand over',
  leave: 'Leave',
  delete: 'Delete',
} as const satisfies Record<ApplicationAction, string>;

/** Builds the menu of an application. Slack takes five options here. */
export const applicationMenu = (publicId: string): Overflow => ({
  type: 'overflow',
  action_id: applicationMenuId,
  options: applicationActions.map((action) => option(labels[action], `${action}:${publicId}`)),
});

const menuValue = new RegExp(`^([a-z-]+):(${publicIdPattern})$`);

const choice = z.string().transform((text, checking) => {
  const [, verb, publicId] = menuValue.exec(text) ?? [];
  const action = applicationActions.find((one) => one === verb);
  if (action && publicId) return { action, publicId };
  checking.issues.push({ code: 'custom', message: 'made up', input: text });
  return z.NEVER;
});

/** Parses the choice in an application's menu; undefined for a forged value. */
export const readMenuChoice = (value: unknown) => choice.safeParse(value).data;

/** The id of a user in Slack. */
export const slackUserId = z.string().regex(/^[UW][A-Z0-9]{1,20}$/);

/** A text field named `name`, as it was submitted. */
const named = z.object({
  name: z.object({ name: z.object({ value: z.string().transform(toStorable) }) }),
});

/** Reads the field "name"; '' if it is empty. */
export const readName = (submitted: unknown): string => named.safeParse(submitted).data?.name.name.value ?? '';
