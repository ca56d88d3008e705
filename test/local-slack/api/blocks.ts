/** blocks.validate: judges a payload without sending it (https://docs.slack.dev/reference/methods/blocks.validate). */
import { z } from 'zod';
import { draft } from '../messages.ts';
import { Refusal, refuse } from '../refusal.ts';
import { accepted } from '../views.ts';
import type { Args } from './arguments.ts';
import type { Method } from './method.ts';

const message = z.strictObject({ blocks: z.unknown(), attachments: z.unknown().optional() });
const view = z.looseObject({ type: z.enum(['modal', 'home']) });

/** What is judged, by the argument that it comes in: exactly one of them. */
const judges = {
  blocks: (blocks: unknown) => draft({ blocks }),
  // Slack takes no `text` here, and says so.
  message: (payload: unknown) => draft(message.parse(payload)),
  view: (payload: unknown) => accepted(payload, view.parse(payload).type),
} as const;

function validate(args: Args) {
  const [kind, ...more] = Object.keys(judges).filter((name) => args[name] !== undefined) as (keyof typeof judges)[];
  if (!kind || more.length > 0) return refuse('invalid_arguments');
  try {
    judges[kind](args[kind]);
  } catch (error) {
    refuse(`invalid_${kind}`, { errors: problemsOf(error) });
  }
  return {};
}

function problemsOf(error: unknown): { pointer: string; code: string; message: string }[] {
  if (error instanceof z.ZodError)
    return error.issues.map(({ path, message }) => ({
      pointer: `/${path.join('/')}`,
      code: 'failed_constraint',
      message,
    }));
  if (!(error instanceof Refusal)) throw error;
  const { errors = [error.error] } = error.more as { errors?: string[] };
  return errors.map((text) => ({
    pointer: /\[json-pointer:(.*)\]$/.exec(text)?.[1] ?? '',
    code: 'failed_constraint',
    message: text.replace(/^\[ERROR\] | \[json-pointer:.*$/g, ''),
  }));
}

export const blocks = {
  'blocks.validate': { tier: 'special', run: validate },
} as const satisfies Record<string, Method>;
