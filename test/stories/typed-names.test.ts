/** The name of an application is checked while it is typed, and nothing that is typed is lost for it. */
import { describe, expect, it } from 'vitest';
import { opens } from '../support/applications.ts';
import { type Mode, storyModes } from '../support/bot.ts';
import { hold, waitForBlocked } from '../support/locks.ts';
import { delivered } from '../support/outbox.ts';
import type { Scenario } from '../support/scenario.ts';
import { sharedScenarios } from '../support/shared-scenarios.ts';
import { asks, people } from '../support/steps.ts';

const atHome = { in: 'home' } as const;
const inModal = { in: 'modal' } as const;

/** Sam owns the Web Shop, and Dana the Till. */
async function opened(mode: Mode) {
  const scenario = await sharedScenarios({ mode }).open();
  const { dana, sam } = people(scenario);
  await asks(sam, ['Search API'], 'Web Shop');
  await sam.closes();
  await asks(dana, ['Search API'], 'Till');
  await dana.closes();
  await dana.opensHome();
  await dana.finds(/^Till/m, atHome);
  await delivered(scenario);
  return scenario;
}

async function opensNew(scenario: Scenario) {
  const { dana } = people(scenario);
  await dana.clicks('New application', atHome);
  await dana.finds(/== New application/, inModal);
}

const updates = ({ workspace }: Scenario) => workspace.calls.filter(({ method }) => method === 'views.update');

/** Blocks every look at the names of applications. */
const holdNames = ({ database }: Scenario) =>
  hold(database, (tx) => tx`lock table applications in access exclusive mode`);

describe.each(storyModes)('over %s', (mode) => {
  it('a new application: too long, mixed or taken is said while it is typed, and by whom', async () => {
    await using scenario = await opened(mode);
    const { dana } = people(scenario);
    await opensNew(scenario);
    const form = await dana.finds(/Name/, inModal);
    for (const [typed, says] of [
      ['web  shop', '“web shop” belongs to @Sam Okafor. Ask to be made a co-owner, or choose another name.'],
      ['TILL', 'You already have an application called “TILL”. Choose another name.'],
      ['x'.repeat(61), 'Too long: a name has at most 60 characters.'],
      ['&'.repeat(13), 'Too long: a name has at most 60 characters, of which “&” takes five, “<” and “>” four.'],
      ['Pаyments', '“Pаyments” has letters of different alphabets, Latin and Cyrillic'],
    ] as const) {
      await dana.fills('Name', typed);
      await scenario.workspace.until(() => dana.reads.includes(says) || undefined, { what: says });
      expect(dana.reads).toContain(`Name: ${typed}\n`);
    }
    await dana.fills('Name', 'Web Shop 2');
    await dana.finds(/^(?![\s\S]*alphabets)/, inModal);
    expect(dana.reads).toBe(form.replace('‹›', 'Web Shop 2'));
    // What is right is not drawn again: one update for each notice, and one that takes the last away.
    const before = updates(scenario).length;
    for (const typed of ['Web Shop 3', 'Web Shop 30']) await dana.fills('Name', typed);
    expect(await dana.submits()).toEqual({ closed: true });
    expect(updates(scenario)).toHaveLength(before);
    await dana.finds(/Web Shop 30\nNo registrations/, atHome);
  });

  it('rename: its own name in another spelling is free, and another’s is not', async () => {
    await using scenario = await opened(mode);
    const { dana } = people(scenario);
    await opens(dana, 'Rename', /^Till/m, /Name: Till/);
    await dana.fills('Name', 'TILL');
    await dana.fills('Name', 'WEB SHOP');
    await dana.finds(/Name: WEB SHOP\n[\s\S]*“WEB SHOP” belongs to @Sam Okafor/, inModal);
    // Submitted all the same, it is refused on the field, and the form stays as it is.
    expect(await dana.submits()).toEqual({ errors: { Name: expect.stringContaining('belongs to @Sam Okafor') } });
    await dana.fills('Name', 'till');
    await dana.finds(/^(?![\s\S]*(belongs to|already have))[\s\S]*Name: till\n/, inModal);
    expect(await dana.submits()).toEqual({ closed: true });
    await dana.finds(/^till/m, atHome);
  });

  it('of texts that are looked up at once, and arrive in any order, the newest is answered', async () => {
    await using scenario = await opened(mode);
    const { workspace, database } = scenario;
    const { dana } = people(scenario);
    await opensNew(scenario);
    const names = await holdNames(scenario);
    await dana.fills('Name', 'Web');
    await dana.fills('Name', 'Web Shop');
    await waitForBlocked(database, 2);
    // The first comes again, after the second.
    const [first] = workspace.delivered.filter(({ type }) => type === 'block_actions').slice(-2);
    if (!first) throw new Error('the bot was told what is typed');
    await workspace.deliver(first);
    await waitForBlocked(database, 3);
    await names.release();
    await dana.finds(/Name: Web Shop\n[\s\S]*“Web Shop” belongs to @Sam Okafor/, inModal);
    const shown = updates(scenario).length;

    const again = await holdNames(scenario);
    await dana.fills('Name', 'Web Shop 4');
    await dana.fills('Name', 'Web Shop');
    await waitForBlocked(database, 2);
    await again.release();
    await dana.fills('Name', 'Web Shop 5');
    await dana.finds(/^(?![\s\S]*belongs to)[\s\S]*Name: Web Shop 5\n/, inModal);
    expect(updates(scenario)).toHaveLength(shown + 1);
    await dana.closes();
  });

  it('a form that is submitted, closed or cannot be updated meanwhile stays as it is', async () => {
    await using scenario = await opened(mode);
    const { workspace, database } = scenario;
    const { dana } = people(scenario);
    await opensNew(scenario);
    // Submitted while it is looked up: the error on the field stays, and no notice comes after it.
    const looking = await holdNames(scenario);
    await dana.fills('Name', 'Web Shop');
    await waitForBlocked(database, 1);
    const submitting = dana.submits();
    await waitForBlocked(database, 2);
    await looking.release();
    expect(await submitting).toEqual({ errors: { Name: expect.stringContaining('belongs to @Sam Okafor') } });
    await delivered(scenario);
    expect(updates(scenario)).toEqual([]);
    const names = await holdNames(scenario);
    await dana.fills('Name', 'web shop');
    await waitForBlocked(database, 1);
    await dana.closes();
    await names.release();
    await opensNew(scenario);
    const failing = workspace.fail('views.update', { kind: 'error', error: 'fatal_error' });
    await dana.fills('Name', 'Web Shop');
    await workspace.until(() => failing.met === 1 || undefined);
    expect(await dana.submits()).toEqual({ errors: { Name: expect.stringContaining('belongs to @Sam Okafor') } });
    expect(dana.reads).toMatch(/^== New application/);
    expect(dana.whispers).toEqual([]);
    await dana.fills('Name', 'Web Shop 6');
    expect(await dana.submits()).toEqual({ closed: true });
  });
});
