/** Makes the README's picture: `npx node test/demo/picture.ts`. A form, the card it becomes, and the message about the decision. */
import { fileURLToPath } from 'node:url';
import type { Locator } from 'playwright-core';
import { servePage } from '../local-slack/page/page.ts';
import { findChromium, howToInstall, openChromium } from './chromium.ts';
import { temporaryFolder } from './folder.ts';
import { openSystem } from './system.ts';
import { visit } from './visitor.ts';

const picture = fileURLToPath(new URL('picture.png', import.meta.url));
const phone = { width: 460, height: 900, scale: 1.5 };

const executable = findChromium();
if (!executable) {
  process.stderr.write(`There is no Chromium here. ${howToInstall}\n`);
  process.exit(1);
}

await using folder = await temporaryFolder();
await using system = await openSystem({ folder: `${folder.path}/data` });
const { workspace } = system;
servePage(workspace);
await using browser = await openChromium(executable);

const taken: { caption: string; image: string }[] = [];
async function take(caption: string, shown: Locator): Promise<void> {
  // The pointer would leave its mark on what it is over.
  await shown.page().mouse.move(0, 0);
  taken.push({ caption, image: (await shown.screenshot()).toString('base64') });
}

const dana = await visit(browser, workspace, { as: 'dana', in: 'general' }, phone);
await dana.types('/register orders');
await dana.picks('Application', 'Shop', 'Create "Shop"');
await dana.modal.getByLabel('Reason').fill('The new shop places and follows orders: about 2,000 a day, from March on');
await dana.reads(dana.modal, /Orders API/);
await take('Dana requests access', dana.modal);
await dana.presses('Request access');
await dana.reads(dana.modal, /under review/);
await dana.presses('Close');

const alex = await visit(browser, workspace, { as: 'alex', in: 'api-requests' }, phone);
const card = alex.message('Orders API');
await alex.reads(card, /Approve/);
await take('Alex decides, with one click', card);
await alex.presses('Approve', card);

await dana.goes('Registrar');
const message = dana.message('Orders API');
await dana.reads(message, /Approved by/);
await take('Dana hears of it', message);

const context = await browser.newContext({ viewport: { width: 1440, height: 600 }, deviceScaleFactor: phone.scale });
const page = await context.newPage();
await page.setContent(`<style>
  body { margin: 0; padding: 28px; display: flex; gap: 28px; align-items: flex-start; background: #eef1f6; font: 600 17px system-ui, sans-serif; color: #1c2130; }
  figure { flex: 1; margin: 0; }
  figcaption { margin-bottom: 12px; }
  img { display: block; width: 100%; border-radius: 12px; background: #fff; box-shadow: 0 4px 18px #1c213022; }
</style>${taken
  .map(
    ({ caption, image }) =>
      `<figure><figcaption>${caption}</figcaption><img src="data:image/png;base64,${image}"></figure>`,
  )
  .join('')}`);
await page.screenshot({ path: picture, fullPage: true });
process.stdout.write(`${picture}\n`);
