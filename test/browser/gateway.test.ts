/** The demo's gateway in a real browser: who is let through, and a call with a key. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { findChromium, howToInstall, openChromium } from '../demo/chromium.ts';
import { DemoGateway } from '../demo/gateway.ts';
import { visit } from '../demo/visitor.ts';
import { servePage } from '../local-slack/page/page.ts';
import { openGatewayScenario } from '../support/gateway.ts';
import { people, requests } from '../support/steps.ts';

const executable = findChromium();
if (!executable) process.stdout.write(`The browser test is skipped: there is no Chromium here. ${howToInstall}\n`);

const screenshots = fileURLToPath(new URL('screenshots', import.meta.url));

it.skipIf(!executable)(
  'in the browser: a key is got, an API called with it, and the gateway shows both',
  { timeout: 120_000 },
  async () => {
    await using scenario = await openGatewayScenario();
    servePage(scenario.workspace, { gateway: new DemoGateway(scenario.gateway) });
    await using browser = await openChromium(executable ?? '');
    const { dana, alex } = people(scenario);
    await requests(dana, alex);
    await alex.clicks('Approve', { in: 'api-requests', on: /Payments API/ });
    await dana.finds(/Get key/);
    await dana.clicks('Get key');
    const key = /rg_[\w-]{43}/.exec(await dana.finds(/rg_/, { in: 'modal' }))?.[0] ?? '';
    await dana.closes();

    for (const viewport of [
      { width: 1400, height: 900 },
      { width: 390, height: 800 },
    ]) {
      const visitor = await visit(browser, scenario.workspace, { as: 'dana', in: 'gateway' });
      const { page } = visitor;
      await page.setViewportSize(viewport);
      const main = page.getByRole('main');
      await visitor.reads(main, /registrar-[\s\S]*Groups: payments[\s\S]*Keys: …/);
      await main.getByRole('button', { name: 'Call' }).click();
      await visitor.reads(main, /401[\s\S]*without a key/);
      await main.getByLabel('Key').fill(key);
      await main.getByRole('button', { name: 'Call' }).click();
      await visitor.reads(main, /200[\s\S]*with a key that ends in/);
      await main.getByLabel('API').selectOption('/ledger');
      await main.getByRole('button', { name: 'Call' }).click();
      await visitor.reads(main, /403[\s\S]*GET \/ledger/);
      await mkdir(screenshots, { recursive: true });
      await page.screenshot({ path: join(screenshots, `gateway-${viewport.width}.png`) });
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    }
  },
);
