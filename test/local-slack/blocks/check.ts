/**
 * Says no where Slack says no, in Slack's form: `[ERROR] no more than 50 items allowed [json-pointer:/blocks]`.
 * The shapes and limits are in the schemas; here are the rules that look at more than one place.
 */
import type { View } from '@slack/types';
import { z } from 'zod';
import type { Block } from '../model.ts';
import { type Surface, surfaces, views } from './blocks.ts';
import { chartsPerMessage } from './chart.ts';
import { known, placed } from './placed.ts';
import { option, optionGroups } from './text.ts';

type Path = readonly PropertyKey[];
export type Checked<T> = { ok: true; value: T } | { ok: false; problems: string[] };

const problem = (words: string, path: Path) => `[ERROR] ${words} [json-pointer:/${path.map(String).join('/')}]`;

function words(issue: z.core.$ZodIssue): { words: string; path: Path } {
  const { path } = issue;
  const parent = path.slice(0, -1);
  switch (issue.code) {
    case 'too_big':
      return issue.origin === 'array'
        ? { words: `no more than ${issue.maximum} items allowed`, path }
        : {
            words: `must be less than ${Number(issue.maximum) + 1}${issue.origin === 'string' ? ' characters' : ''}`,
            path,
          };
    case 'too_small':
      return issue.origin === 'array'
        ? { words: `no fewer than ${issue.minimum} items allowed`, path }
        : {
            words: `must be more than ${Number(issue.minimum) - 1}${issue.origin === 'string' ? ' characters' : ''}`,
            path,
          };
    case 'unrecognized_keys':
      return { words: `invalid additional property: ${issue.keys.join(', ')}`, path };
    case 'invalid_union':
      return issue.discriminator
        ? { words: 'unsupported type', path }
        : { words: 'failed to match all allowed schemas', path };
    case 'invalid_type':
      return issue.message.endsWith('received undefined')
        ? { words: `missing required field: ${String(path.at(-1))}`, path: parent }
        : { words: `must provide a ${issue.expected}`, path };
    default:
      return { words: issue.message, path };
  }
}

const problems = (error: z.ZodError, at: Path): string[] =>
  error.issues.map((issue) => {
    const said = words(issue);
    return problem(said.words, [...at, ...said.path]);
  });

/** Ids that must differ, one element in focus, initial options that are offered. */
function acrossBlocks(blocks: Block[], at: Path): string[] {
  const found: string[] = [];
  const seen = new Set<string>();
  blocks.forEach((block, index) => {
    if (!block.block_id) return;
    if (seen.has(block.block_id)) found.push(problem('`block_id` must be unique', [...at, index, 'block_id']));
    seen.add(block.block_id);
  });
  const actions = new Map<Block, Set<string>>();
  let focused = 0;
  for (const { block, element } of placed(blocks)) {
    const index = blocks.indexOf(block);
    const ids = actions.get(block) ?? new Set();
    actions.set(block, ids);
    if (element.action_id && ids.has(element.action_id)) {
      found.push(problem('`action_id` must be unique within its block', [...at, index, 'action_id']));
    }
    if (element.action_id) ids.add(element.action_id);
    if ('focus_on_load' in element && element.focus_on_load) focused += 1;
    if (!initialsAreOffered(element)) found.push(problem('initial option is not among the options', [...at, index]));
  }
  if (focused > 1) found.push(problem('only one element may have focus_on_load', at));
  const count = (type: Block['type']) => blocks.filter((block) => block.type === type).length;
  if (count('table') > 1) found.push(problem('only one table allowed', at));
  if (count('data_visualization') > chartsPerMessage) {
    found.push(problem(`no more than ${chartsPerMessage} data_visualization blocks allowed`, at));
  }
  return found;
}

const choosing = z.looseObject({
  options: z.array(z.unknown()).default([]),
  option_groups: z.array(z.looseObject({ options: z.array(z.unknown()) })).default([]),
  initial_option: z.unknown().optional(),
  initial_options: z.array(z.unknown()).default([]),
  type: z.string(),
});

function initialsAreOffered(element: object): boolean {
  const has = choosing.parse(element);
  if (has.type.includes('external')) return true;
  const offered = [...has.options, ...has.option_groups.flatMap((group) => group.options)].map((o) =>
    JSON.stringify(o),
  );
  const initial = [...has.initial_options, ...(has.initial_option === undefined ? [] : [has.initial_option])];
  return initial.every((choice) => offered.includes(JSON.stringify(choice)));
}

export function checkBlocks(blocks: unknown, surface: Surface, at: Path = ['blocks']): Checked<Block[]> {
  const parsed = surfaces[surface].safeParse(blocks);
  if (!parsed.success) return { ok: false, problems: problems(parsed.error, at) };
  const value = blocks as Block[];
  const found = acrossBlocks(value, at);
  return found.length > 0 ? { ok: false, problems: found } : { ok: true, value };
}

export function checkView(view: unknown, type: 'modal' | 'home', at: Path = ['view']): Checked<View> {
  const parsed = views[type].safeParse(view);
  if (!parsed.success) return { ok: false, problems: problems(parsed.error, at) };
  const value = view as View;
  const blocks = known(value.blocks);
  const found = acrossBlocks(blocks, [...at, 'blocks']);
  if (type === 'modal' && blocks.some((block) => block.type === 'input') && !('submit' in value)) {
    found.push(problem('missing required field: submit (the view has an input block)', at));
  }
  return found.length > 0 ? { ok: false, problems: found } : { ok: true, value };
}

/** What a picker may be answered with: `options` or `option_groups`, at most 100 of either; none is an answer too. */
const offer = z.union([
  z.strictObject({ options: z.array(option).max(100) }),
  z.strictObject({ option_groups: z.union([optionGroups, z.tuple([])]) }),
]);

const optioned = z.looseObject({ options: z.unknown() });

export function checkOffer(answer: unknown): Checked<z.infer<typeof offer>> {
  const has = optioned.safeParse(answer);
  const kind = has.success && has.data.options !== undefined ? offer.options[0] : offer.options[1];
  const parsed = kind.safeParse(answer);
  return parsed.success
    ? { ok: true, value: answer as z.infer<typeof offer> }
    : { ok: false, problems: problems(parsed.error, []) };
}

/** `event_type` and a payload of plain values, one level deep (message-metadata in @slack/types). */
const plainValue = z.union([z.string(), z.number(), z.boolean()]);
const flat = z.record(z.string(), plainValue);
export const metadata = z.strictObject({
  event_type: z.string().min(1).max(255),
  event_payload: z.record(z.string(), z.union([plainValue, flat, z.array(z.union([plainValue, flat]))])),
});
