/**
 * What people type is shown to the letter, wherever it is shown: each field × each place. Whatever the workspace ever held
 * is looked through for a mention, a link or a format that the bot did not make itself.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { audit } from '../../src/cli/audit.ts';
import { parseDeadLetterCommand, runDeadLetterCommand } from '../../src/cli/dead-letters.ts';
import {
  type Everything,
  everythingHappens,
  type Field,
  fields,
  marked,
  openEverything,
} from '../support/everything.ts';

let everything: Everything;
let held: Everything['held'];
let printed = '';

beforeAll(async () => {
  everything = await openEverything();
  held = everything.held;
  await everythingHappens(everything);
  printed = await runDeadLetterCommand(parseDeadLetterCommand(['list']), everything.timed.scenario.database.url);
  for (const record of ['registrations', 'applications', 'services', 'access']) {
    const [out, errors] = [new PassThrough(), new PassThrough()];
    const ended = audit(
      ['--record', record],
      { DATABASE_URL: everything.timed.scenario.database.url },
      out,
      errors,
    ).finally(() => out.end());
    printed += await text(out);
    expect(await ended).toBe(0);
  }
});
afterAll(async () => {
  await everything[Symbol.asyncDispose]();
});

/** Parts of a message or view that Slack reads as markup, and rich text that pings or links. */
function parts(json: string) {
  const [markup, rich, plain]: [string[], string[], string[]] = [[], [], []];
  const whole: unknown = JSON.parse(json);
  const [fallback] = Array.isArray(whole) ? whole : [];
  if (typeof fallback === 'string') markup.push(fallback);
  JSON.stringify(whole, (key, value) => {
    if (value?.type === 'mrkdwn') markup.push(value.text);
    if (value?.type === 'plain_text' || (value?.type === 'text' && key !== 'text')) plain.push(value.text);
    if (['link', 'user', 'usergroup', 'broadcast', 'channel'].includes(value?.type)) rich.push(JSON.stringify(value));
    return value;
  });
  return { markup, rich, plain };
}

/** What the bot makes itself: mentions of people, groups and channels that it knows, moments, and two kinds of address. */
const ours =
  /<@U0(?!EVIL)[A-Z]+>|<!subteam\^S0(?!EVIL)[A-Z]+>|<#C0(?!EVIL)[A-Z]+>|<!date\^\d{9,}\^[^|<>]+\|[^|<>]+>|<https:\/\/(acme\.slack\.com|d\.example)\/[^|<>]*\|[^|<>]*>/g;

describe('of all that the workspace ever held', () => {
  it('no text holds a mention or a link that the bot did not make', () => {
    expect(held.size).toBeGreaterThan(60);
    const all = [...held].flatMap(([json, place]) => parts(json).markup.map((text) => ({ place, text })));
    expect(all.filter(({ text }) => /[<>]/.test(text.replace(ours, '')))).toEqual([]);
    const rich = [...held.keys()].flatMap((json) => parts(json).rich);
    expect(rich.filter((element) => /broadcast|EVIL/.test(element))).toEqual([]);
    // A web address in a reason is a link, and shows where it leads.
    const typed = new Set(rich.filter((element) => element.includes('e.vil')));
    expect([...typed]).toEqual(['{"type":"link","url":"http://e.vil"}']);
    expect(rich.length).toBeGreaterThan(10);
  });

  it('nothing that was typed formats: it is not where Slack reads markup, or only escaped', () => {
    const all = [...held].flatMap(([json, place]) =>
      parts(json)
        .markup.slice(json.startsWith('[') ? 1 : 0)
        .map((text) => ({ place, text })),
    );
    expect(all.filter(({ text }) => text.includes('*b*') || text.includes('`c`'))).toEqual([]);
  });

  it('no control changes the direction of text or acts on a terminal, in Slack or in print', () => {
    const never = ['\u202e', '\u001b', '\u0007'];
    const shown = [...held.keys()].flatMap((json) => Object.values(parts(json)).flat());
    expect([...shown, printed].filter((seen) => never.some((one) => seen.includes(one)))).toEqual([]);
  });
});

describe('the table', () => {
  it('each field was shown in these places', () => {
    const table = Object.fromEntries(
      Object.keys(fields).map((field) => {
        const places = [...held].filter(([json]) => marked(json, field as Field)).map(([, place]) => place);
        return [field, [...new Set(places)].sort().join(', ')];
      }),
    );
    expect(table).toMatchInlineSnapshot(`
      {
        "ADDED": "History of a service, Register an application, home, register, registrar_card, registrar_digest, registrar_last_reminders, registrar_receipt, registrar_reminder, registrar_rules, registrar_waiting, service",
        "APPLICATION": "API key, History, Register an application, application-owners, application-rename, edit-reason, home, register, registrar_access, registrar_access_alarm, registrar_access_lost, registrar_ask, registrar_card, registrar_key, registrar_notice, registrar_owner, registrar_ownership, registrar_receipt, registrar_reminder, registrar_waiting, reject-reason, revoke-reason, whisper",
        "COMMAND": "register",
        "DESCRIBED": "History of a service, home, register, registrar_card, service",
        "EDITED": "History, edit-reason, home, registrar_card",
        "FOUND": "home",
        "GROUP": "service",
        "NOTED": "approve-note, registrar_card, registrar_notice",
        "PERSON": "registrar_last_reminders, registrar_reminder",
        "QUEUED": "home",
        "REASON": "History, edit-reason, home, register, registrar_ask, registrar_card",
        "REJECTED": "registrar_card, registrar_notice, reject-reason",
        "RENAMED": "application-delete, application-hand-over, application-leave, application-rename, approve-note, home, register, registrar_access_ended, registrar_card, registrar_last_reminders, registrar_notice, registrar_orphan, registrar_owner_left, registrar_reminder, registrar_waiting",
        "REVOKED": "History, registrar_card, registrar_notice, revoke-reason",
        "SERVICE": "History, Register an application, approve-note, edit-reason, home, register, registrar_access, registrar_access_ended, registrar_access_lost, registrar_ask, registrar_card, registrar_last_reminders, registrar_notice, registrar_ownership, registrar_receipt, registrar_reminder, registrar_waiting, reject-reason, revoke-reason, whisper",
      }
    `);
  });

  const root = new URL('../../src/', import.meta.url);
  const source = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(new URL(file, root), 'utf8'))
    .join('\n');

  it('there is no kind of message, and no field, that this story leaves out', () => {
    const kinds = [...source.matchAll(/event_type: '(\w+)'/g)].map(([, kind]) => kind);
    const shown = new Set(held.values());
    expect(kinds.filter((kind) => kind && !shown.has(kind))).toEqual([]);
    const typedInto = new Set<string>();
    for (const json of held.keys())
      JSON.stringify(JSON.parse(json), (_, value) => {
        if (value?.type === 'plain_text_input' && value.action_id) typedInto.add(value.action_id);
        return value;
      });
    expect([...typedInto].sort()).toMatchInlineSnapshot(`
      [
        "access-group",
        "description",
        "docs",
        "home-catalog-search",
        "home-search",
        "name",
        "reason",
        "slug",
      ]
    `);
    // The places in the code that make a field: a new one is added to the story, and here.
    expect(source.match(/type: 'plain_text_input'/g)).toHaveLength(5);
  });
});

it('e-mails have one subject line, and no tag that was typed', () => {
  for (const { subject = '', html = '', raw } of everything.mail.letters) {
    expect(subject).not.toMatch(/[\r\n]/);
    expect(html).not.toMatch(/<!channel|<@U0EVIL|<http/);
    expect(raw.match(/^subject:/gim)).toHaveLength(1);
  }
  expect(everything.mail.letters.length).toBeGreaterThan(2);
});

it('exports contain no formula', () => {
  expect(printed.split('\r\n').filter((row) => /^[=+@]|,[=+@]/.test(row))).toEqual([]);
});
