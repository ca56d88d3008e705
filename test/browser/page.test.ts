/** The page of the local Slack, by keyboard, in a narrow window, and for people who listen to it. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium, openChromium } from '../demo/chromium.ts';
import { sizes, type Visitor, visit } from '../demo/visitor.ts';
import { servePage } from '../local-slack/page/page.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { people, requests } from '../support/steps.ts';

const executable = findChromium();

describe.skipIf(!executable)('the page', () => {
  let scenario: Scenario;
  let browser: Browser;
  const visitors: Visitor[] = [];
  beforeAll(async () => {
    scenario = await openScenario();
    servePage(scenario.workspace);
    browser = await openChromium(executable ?? '');
  });
  afterAll(async () => {
    await browser.close();
    await scenario[Symbol.asyncDispose]();
    expect(visitors.flatMap(({ problems }) => problems)).toEqual([]);
  });

  async function opens(address: { as: string; in?: string }, size: { width: number; height: number; scale: number }) {
    const visitor = await visit(browser, scenario.workspace, address, size);
    visitors.push(visitor);
    return visitor;
  }

  const low = { width: 1000, height: 420, scale: 1 };

  it('in a narrow window shows one column at a time, and a way back', async () => {
    const { page } = await opens({ as: 'dana' }, sizes.narrow);
    const list = page.getByRole('navigation', { name: 'Conversations' });
    const place = page.getByRole('main');
    expect([await list.isVisible(), await place.isVisible()]).toEqual([true, false]);
    await page.getByRole('link', { name: 'Be Sam Okafor' }).click();
    await page.getByRole('button', { name: 'You are Sam' }).waitFor();
    await list.getByRole('link', { name: 'general' }).click();
    await place.waitFor();
    expect(await list.isVisible()).toBe(false);
    await page.getByRole('link', { name: 'Back to the conversations of Sam Okafor' }).click();
    await list.waitFor();
    expect(await place.isVisible()).toBe(false);
    await page.setViewportSize(sizes.wide);
    await place.waitFor();
    expect(await list.isVisible()).toBe(true);
  });

  it('moves the focus to the first field that is wrong, and back when the form is closed', async () => {
    const dana = await opens({ as: 'dana', in: 'general' }, sizes.wide);
    await dana.types('/register payments');
    await dana.presses('Request access');
    await dana.hasFocus(dana.modal.getByRole('combobox', { name: 'Application' }));
    // Without a pointer: Enter opens the list, and chooses in it.
    await dana.page.keyboard.press('Enter');
    await dana.page.getByRole('option', { name: 'Create "Dana’s app"' }).waitFor();
    await dana.page.keyboard.press('Enter');
    await dana.page.getByRole('option').waitFor({ state: 'hidden' });
    await dana.picks('Application', 'Shop', 'Create "Shop"');
    await dana.presses('Request access');
    await dana.hasFocus(dana.modal.getByLabel('Reason'));
    await dana.modal.getByLabel('Reason').fill('Checkout');
    await dana.presses('Request access');
    await dana.reads(dana.modal, /under review/);
    await dana.page.keyboard.press('Escape');
    await dana.hasFocus(dana.page.getByRole('textbox', { name: /^Message/ }));
    const alex = await opens({ as: 'alex', in: 'api-requests' }, sizes.wide);
    const card = alex.message('Payments API');
    await alex.presses('History', card);
    await alex.presses('Close');
    await alex.hasFocus(card.getByRole('button', { name: 'History' }));
    await alex.presses('Reject', card);
    await alex.modal.getByLabel('Reason').fill('Not this year');
    await alex.presses('Reject');
    // The button is gone: what it was pressed on has the focus.
    await alex.hasFocus(card);
  });

  it.each(Object.entries(sizes))(
    'in a %s window keeps what is typed, and the focus, while a notice about it comes and goes',
    async (_, size) => {
      const sam = await opens({ as: 'sam', in: 'home' }, size);
      await sam.presses('New application', sam.page.getByRole('main'));
      const name = sam.modal.getByLabel('Name');
      await name.pressSequentially('shop', { delay: 40 });
      await sam.reads(sam.modal, /“shop” belongs to @Dana Reyes/);
      expect(await name.inputValue()).toBe('shop');
      await sam.hasFocus(name);
      await name.pressSequentially(' of Sam', { delay: 40 });
      await sam.misses(sam.modal.getByText('belongs to'));
      expect(await name.inputValue()).toBe('shop of Sam');
      await sam.hasFocus(name);
      expect(await sam.overflow()).toEqual([]);
      await sam.page.keyboard.press('Escape');
      await sam.misses(sam.modal);
    },
  );

  it('opens menus with the arrow keys, and moves in them', async () => {
    const dana = await opens({ as: 'dana', in: 'general' }, sizes.wide);
    const you = dana.page.getByRole('button', { name: 'You are Dana' });
    const item = (name: string) => dana.page.getByRole('menuitem', { name });
    await you.focus();
    await dana.page.keyboard.press('ArrowDown');
    await dana.hasFocus(item('Dana Reyes'));
    await dana.page.keyboard.press('ArrowDown');
    await dana.hasFocus(item('Sam Okafor'));
    await dana.page.keyboard.press('End');
    await dana.hasFocus(item('Lee Park'));
    await dana.page.keyboard.press('ArrowDown');
    await dana.hasFocus(item('Dana Reyes'));
    await dana.page.keyboard.press('ArrowUp');
    await dana.hasFocus(item('Lee Park'));
    await dana.page.keyboard.press('Escape');
    await dana.hasFocus(you);
  });

  it('announces new messages, and points at those below', async () => {
    const { dana, alex: approver } = people(scenario);
    const alex = await opens({ as: 'alex', in: 'api-requests' }, low);
    for (const name of ['One', 'Two']) await requests(dana, approver, 'Ledger API', name);
    await alex.reads(alex.page.getByRole('status'), /Registrar: .*Ledger API/);
    const scroller = alex.page.locator('[data-follow]');
    const pointer = alex.page.getByRole('button', { name: '↓ 1 new message' });
    expect(await pointer.isVisible()).toBe(false);
    await scroller.evaluate((box) => box.scrollTo(0, 0));
    await requests(dana, approver, 'Ledger API', 'Three');
    await pointer.click();
    await pointer.waitFor({ state: 'hidden' });
    await alex.reads(alex.message('Three'), /Three/);
    expect(await scroller.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight)).toBeLessThan(2);
  });

  it('answers a command that the app does not have as Slack does, and has no message box in Messages', async () => {
    const sam = await opens({ as: 'sam', in: 'general' }, sizes.wide);
    const before = scenario.workspace.delivered.length;
    await sam.types('/teleport home');
    await sam.reads(sam.page.getByRole('alert'), /^\/teleport is not a valid command/);
    expect(scenario.workspace.delivered).toHaveLength(before);
    await sam.goes('Registrar');
    await sam.reads(sam.page.getByRole('main'), /Sending messages to Registrar has been turned off\./);
    expect(await sam.page.getByRole('textbox').count()).toBe(0);
  });
});
