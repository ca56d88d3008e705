/**
 * Makes the README's picture: `npx node test/demo/picture.ts`. A form, the card it becomes, and the direct messages and the
 * Home that tell of it.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Locator } from 'playwright-core';
import { servePage } from '../local-slack/page/page.ts';
import { findChromium, howToInstall, openChromium } from './chromium.ts';
import { DemoClock, day } from './clock.ts';
import { temporaryFolder } from './folder.ts';
import { openSystem } from './system.ts';
import { visit } from './visitor.ts';

const picture = fileURLToPath(new URL('picture.webp', import.meta.url));
const phone = { width: 460, height: 900, scale: 1.5 };

const executable = findChromium();
if (!executable) {
  process.stderr.write(`There is no Chromium here. ${howToInstall}\n`);
  process.exit(1);
}

/** A morning, whenever the picture is made. */
const morning = new Date(Date.now() + day).setHours(9, 15, 0, 0);

await using folder = await temporaryFolder();
await using system = await openSystem({
  folder: `${folder.path}/data`,
  clock: new DemoClock(morning - Date.now()),
  env: { APPROVERS: 'U0ALEX,S0PAYMENTS' },
});
const { workspace } = system;
servePage(workspace);
await using browser = await openChromium(executable);

/** What is one above the other, in columns. */
type Taken = { caption: string; images: string[] };
const columns: Taken[][] = [];

async function take(caption: string, ...shown: Locator[]): Promise<Taken> {
  const images: string[] = [];
  for (const one of shown) {
    // The pointer would leave its mark on what it is over.
    await one.page().mouse.move(0, 0);
    images.push((await one.screenshot()).toString('base64'));
  }
  return { caption, images };
}

const dana = await visit(browser, workspace, { as: 'dana', in: 'general' }, phone);
await dana.types('/register orders');
await dana.picks('Application', 'Shop', 'Create "Shop"');
await dana.modal.getByLabel('Reason').fill('The new shop places and follows orders: about 2,000 a day, from March on');
await dana.reads(dana.modal, /Orders API/);
columns.push([await take('Dana requests access', dana.modal)]);
await dana.presses('Request access');
await dana.reads(dana.modal, /under review/);
await dana.presses('Close');

const alex = await visit(browser, workspace, { as: 'alex', in: 'api-requests' }, phone);
const card = alex.message('Orders API');
await alex.reads(card, /Approve/);
const decides = await take('Alex decides, with one click', card);
await alex.presses('Approve', card);

await dana.goes('Registrar');
const decision = dana.message('Approved by');
await dana.reads(decision, /can now use/);
const told = await take('Dana has a receipt, and hears of it', dana.message('You sent a request'), decision);
await dana.goes('App Home');
const main = dana.page.getByRole('main');
await dana.reads(main, /Orders API/);
columns.push([decides, { caption: 'Dana’s Home is always up to date', images: [await homeAbove('Catalog')] }], [told]);

/** Takes Dana's Home down to a heading. */
async function homeAbove(heading: string): Promise<string> {
  const top = await main.getByRole('button', { name: 'Register', exact: true }).first().boundingBox();
  const end = await main.getByText(heading, { exact: true }).boundingBox();
  if (!top || !end) throw new Error(`Home has no ${heading}`);
  const margin = 14;
  const clip = { x: 0, y: top.y - margin, width: phone.width, height: end.y - top.y };
  return (await dana.page.screenshot({ clip })).toString('base64');
}

const figures = columns.map((column) =>
  column
    .map(({ caption, images }) => {
      const shown = images.map((image) => `<img src="data:image/png;base64,${image}">`).join('');
      return `<figcaption>${caption}</figcaption><div class="shown">${shown}</div>`;
    })
    .join(''),
);
const context = await browser.newContext({ viewport: { width: 1440, height: 600 }, deviceScaleFactor: phone.scale });
const page = await context.newPage();
await page.setContent(`<!doctype html><style>
  body { margin: 0; padding: 28px; display: flex; gap: 28px; align-items: flex-start; background: #eef1f6; font: 600 17px system-ui, sans-serif; color: #1c2130; }
  figure { flex: 1; margin: 0; }
  figcaption { margin-bottom: 12px; }
  .shown { margin-bottom: 24px; border-radius: 12px; overflow: hidden; background: #fff; box-shadow: 0 4px 18px #1c213022; }
  .shown:last-child { margin-bottom: 0; }
  img { display: block; width: 100%; }
</style>${figures.map((figure) => `<figure>${figure}</figure>`).join('')}`);
const shot = (await page.screenshot({ fullPage: true })).toString('base64');
/** A third of a PNG's size, and as sharp. The browser can write it. */
const webp = await page.evaluate<string>(`(async () => {
  const image = new Image();
  image.src = 'data:image/png;base64,${shot}';
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext('2d').drawImage(image, 0, 0);
  return canvas.toDataURL('image/webp', 0.9).replace(/^.*,/, '');
})()`);
await writeFile(picture, Buffer.from(webp, 'base64'));
process.stdout.write(`${picture}\n`);
