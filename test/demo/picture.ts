/** Makes the README's picture anew: `npx node test/demo/picture.ts`. The approval channel, with one request decided and one to decide. */
import { fileURLToPath } from 'node:url';
import { servePage } from '../local-slack/page/page.ts';
import type { Person } from '../local-slack/people.ts';
import { findChromium, howToInstall, openChromium } from './chromium.ts';
import { temporaryFolder } from './folder.ts';
import { openSystem } from './system.ts';
import { visit } from './visitor.ts';

const picture = fileURLToPath(new URL('picture.png', import.meta.url));
const size = { width: 1280, height: 800, scale: 1.5 };

async function asks(person: Person, service: string, application: string, reason: string): Promise<void> {
  await person.types('/register');
  await person.picks('Services', service);
  await person.picks('Application', application);
  await person.fills('Reason', reason);
  await person.submits();
  await person.closes();
}

const executable = findChromium();
if (!executable) {
  process.stderr.write(`There is no Chromium here. ${howToInstall}\n`);
  process.exit(1);
}

await using folder = await temporaryFolder();
await using system = await openSystem({ folder: `${folder.path}/data` });
const { workspace } = system;
servePage(workspace);
const requests = { in: 'api-requests' };

const [sam, priya, dana] = [workspace.person('sam'), workspace.person('priya'), workspace.person('dana')];
await asks(sam, 'Notifications API', 'Mobile app', 'Push messages when a parcel is on its way');
await priya.finds(/Notifications API/, requests);
await priya.clicks('Approve', { ...requests, on: /Notifications API/ });
await sam.finds(/Approved by/);
await asks(dana, 'Orders API', 'Shop', 'The new shop places and follows orders: about 2,000 a day, from March on');
await priya.finds(/Orders API/, requests);

await using browser = await openChromium(executable);
const alex = await visit(browser, workspace, { as: 'alex', in: 'api-requests' }, size);
await alex.reads(alex.message('Orders API'), /can decide/);
await alex.page.screenshot({ path: picture });
process.stdout.write(`${picture}\n`);
