/** Everything that a person can read, on the page in both windows: with the longest names and reasons nothing is cut off at its edge. */
import type { HomeView, ModalView } from '@slack/types';
import { expect, it } from 'vitest';
import { findChromium, openChromium } from '../demo/chromium.ts';
import { sizes, visit } from '../demo/visitor.ts';
import { trigger, workspaceWith } from '../local-slack/fixture-app.ts';
import { servePage } from '../local-slack/page/page.ts';
import { longest, usual } from '../transcript/facts.ts';
import { type Shown, scenes } from '../transcript/scenes.ts';

const executable = findChromium();

const windows = Object.entries(sizes).flatMap(([window, size]) =>
  Object.entries({ usual, longest }).map(([names, facts]) => ({ window, names, size, facts })),
);

const isView = (shown: Shown): shown is ModalView | HomeView =>
  typeof shown === 'object' && 'type' in shown && (shown.type === 'modal' || shown.type === 'home');
const isMessage = (shown: Shown): shown is { text: string; blocks: never[] } =>
  typeof shown === 'object' && !('type' in shown) && 'blocks' in shown && 'text' in shown;

it.skipIf(!executable).each(windows)(
  'in a $window window, with the $names names',
  { timeout: 240_000 },
  async ({ size, facts }) => {
    const { workspace, client } = await workspaceWith({ rateLimits: false });
    servePage(workspace);
    await using browser = await openChromium(executable ?? '');
    const all = scenes(facts);

    const reader = await visit(browser, workspace, { as: 'dana', in: 'general' }, size);
    for (const [title, shown] of all.filter(([, one]) => isMessage(one))) {
      if (!isMessage(shown)) continue;
      const { ts } = await client.chat.postMessage({ channel: 'C0GENERAL', ...shown });
      await reader.page.locator(`[data-ts="${ts}"]`).waitFor();
      expect([title, await reader.overflow()]).toEqual([title, []]);
      await client.chat.delete({ channel: 'C0GENERAL', ts: ts ?? '' });
    }
    for (const [title, view] of all) {
      if (!isView(view) || view.type !== 'modal') continue;
      await client.views.open({ trigger_id: await trigger(workspace), view });
      const top = workspace.views('dana').at(-1)?.id ?? '';
      await reader.page.locator(`[data-view="${top}"]`).waitFor();
      expect([title, await reader.overflow()]).toEqual([title, []]);
    }
    const home = await visit(browser, workspace, { as: 'sam', in: 'home' }, size);
    for (const [title, view] of all) {
      if (!isView(view) || view.type !== 'home') continue;
      await client.views.publish({ user_id: 'U0SAM', view });
      await home.page.reload();
      await home.page.getByRole('main').getByText('Catalog', { exact: true }).waitFor();
      expect([title, await home.overflow()]).toEqual([title, []]);
    }
    expect([...reader.problems, ...home.problems]).toEqual([]);
  },
);
