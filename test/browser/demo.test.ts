/** The demo: what is there when it starts, and what happens in the days that pass at the press of a button. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium, openChromium } from '../demo/chromium.ts';
import { DemoClock, day } from '../demo/clock.ts';
import { earlierDays, playEarlierDays, playToday } from '../demo/earlier-days.ts';
import { temporaryFolder } from '../demo/folder.ts';
import { welcome } from '../demo/play.ts';
import { acme, settings, settingsIn } from '../demo/settings.ts';
import { openSystem, type System } from '../demo/system.ts';
import { sizes, type Visitor, visit } from '../demo/visitor.ts';
import { servePage } from '../local-slack/page/page.ts';
import { people } from '../support/steps.ts';

const executable = findChromium();
const requests = { in: 'api-requests' };

describe.skipIf(!executable)('the demo', () => {
  const stack = new AsyncDisposableStack();
  let system: System;
  let browser: Browser;
  let alex: Visitor;
  beforeAll(async () => {
    const folder = stack.use(await temporaryFolder());
    const clock = new DemoClock(-earlierDays * day);
    const workspace = { seed: acme() };
    system = stack.use(await openSystem({ folder: `${folder.path}/data`, workspace, env: settings, clock }));
    await playEarlierDays(system);
    servePage(system.workspace, { time: { now: clock.now, passDay: () => system.moveTo(clock.ahead + day) } });
    await playToday(system);
    browser = await openChromium(executable ?? '');
    alex = await visit(browser, system.workspace, { as: 'alex', ...requests }, sizes.wide);
  });
  afterAll(async () => {
    await browser.close();
    await stack.disposeAsync();
    expect(alex.problems).toEqual([]);
    expect(system.workspace.protocolViolations).toEqual([]);
  });

  async function passDay(): Promise<void> {
    await alex.presses('Let a day pass', alex.page.getByRole('complementary'));
    await alex.page.locator('[data-pass-day]:not([aria-busy])').waitFor();
  }

  it('starts with requests of the days before, decided and pending, and the time of the machine', async () => {
    const { alex: approver } = people(system);
    const cards = approver.sees('api-requests').filter((text) => !/Reminder|waiting for a decision/.test(text));
    for (const decided of [/Notifications API.*Approved/s, /Fraud Score API.*Rejected/s, /Loyalty API.*Approved/s])
      expect(cards.some((text) => decided.test(text))).toBe(true);
    for (const pending of [/Identity API.*\[Approve\]/s, /Shipping API.*\[Approve\]/s])
      expect(cards.some((text) => pending.test(text))).toBe(true);
    expect(system.clock.ahead).toBe(0);
    expect(await alex.page.locator('.day').allInnerTexts()).toEqual(expect.arrayContaining(['Yesterday', 'Today']));
  });

  it('greets with the people, what to try, and an address of the metrics that answers', async () => {
    const greeting = welcome(system, '.data/demo');
    for (const said of ['Dana Reyes', 'What to try:', 'let a day pass', 'REMIND_AFTER=20s npm run demo'])
      expect(greeting).toContain(said);
    const [, metrics = ''] = /Metrics: (\S+)/.exec(greeting) ?? [];
    expect(await (await fetch(metrics)).text()).toContain('registrar_outbox_jobs');
  });

  it('lets days pass: a snooze, reminders, an escalation, an expiry and a digest', { timeout: 240_000 }, async () => {
    const { alex: approver, sam } = people(system);
    const reminder = (services: RegExp) => new RegExp(`waiting for a decision.*${services.source}`, 's');
    await passDay();
    await approver.finds(reminder(/Shipping API/), requests);
    const narrow = await visit(browser, system.workspace, { as: 'alex', ...requests }, sizes.narrow);
    await narrow.reads(narrow.message('waiting for a decision'), /Shipping API/);
    expect(await narrow.overflow()).toEqual([]);
    await approver.clicks('Snooze until tomorrow', { ...requests, on: reminder(/Shipping API/) });
    await passDay();
    await passDay();
    await approver.finds(/waiting for a decision/, { in: 'api-escalations' });
    await passDay();
    await passDay();
    await sam.finds(/expired/i);
    await passDay();
    await passDay();
    await approver.finds(/Requests by day/, requests);
  });
});

it('takes the settings of its environment, except where Slack, the database and mail are', () => {
  const env = { REMIND_AFTER: '20s', DIGEST_SCHEDULE: '', SLACK_BOT_TOKEN: 'xoxb-1', DATABASE_URL: 'postgres://x' };
  expect(settingsIn(env)).toEqual({ REMIND_AFTER: '20s', DIGEST_SCHEDULE: '' });
});
