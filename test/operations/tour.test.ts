/** The tour: one screen, what a failing step prints, and that it shows people only what they can see. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Mailbox } from '../demo/mailbox.ts';
import { Player } from '../demo/player.ts';
import { acme } from '../demo/settings.ts';
import type { Teller } from '../demo/teller.ts';
import { played, type Sight } from '../demo/tour.ts';
import { openLocalGateway } from '../local-gateway/local-gateway.ts';
import { openWorkspace } from '../local-slack/workspace.ts';

const demo = fileURLToPath(new URL('../demo/demo.ts', import.meta.url));

it('tells the story in six chapters and one screen, and does not wait where there is no terminal', async () => {
  const tour = spawn(process.execPath, [demo, '--tour'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [told, [code]] = await Promise.all([text(tour.stdout), once(tour, 'exit')]);
  expect(code, told).toBe(0);
  const lines = told.split('\n');
  expect(lines.filter((line) => /^ +\d {2}/.test(line))).toHaveLength(6);
  expect(lines.length).toBeLessThan(60);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(116);
  expect(told).toMatch(/\/translation: 200.*\/translation: 403/s);
});

/** Part of util-linux, which every Linux has: it runs a program on a terminal of its own. */
const script = '/usr/bin/script';

it.skipIf(!existsSync(script))('waits for Enter between its chapters on a terminal', async () => {
  const tour = spawn(script, ['-qec', `"${process.execPath}" "${demo}" --tour`, '/dev/null']);
  let told = '';
  for await (const part of tour.stdout) {
    told += String(part);
    if (told.endsWith('Press Enter to go on. ')) {
      const chapters = told.match(/^ +\d {2}/gm)?.length;
      expect(chapters).toBe(told.match(/Press Enter/g)?.length);
      tour.stdin.write('\n');
    }
  }
  expect(told.match(/Press Enter/g)).toHaveLength(5);
  expect(told).toContain('All came as expected');
});

it('tells every step when it is asked for all', async () => {
  const tour = spawn(process.execPath, [demo, '--tour', '--all'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [told, [code]] = await Promise.all([text(tour.stdout), once(tour, 'exit')]);
  expect(code, told).toBe(0);
  expect(told.split('\n').length).toBeGreaterThan(120);
});

it('says what was expected where a step fails: what cannot be done, and what a person cannot see', async () => {
  await using workspace = await openWorkspace({ seed: acme(), patience: 60 });
  await using gateway = await openLocalGateway();
  const failures: string[] = [];
  const silent: Teller = {
    chapter() {},
    step() {},
    action() {},
    sight() {},
    failure: (expected) => failures.push(expected),
  };
  const player = (name: string) => new Player({ workspace, gateway, mailbox: new Mailbox() }, name, silent);
  const [alex, dana] = [player('alex'), player('dana')];
  await workspace.say('alex', 'api-requests', 'Only for the approvers');
  const plays = (who: Player, does = async () => {}) => {
    const sees: Sight[] = [{ who, where: 'api-requests', reads: /approvers/ }];
    return played({ title: 'It is read', does, sees }, silent);
  };
  expect(await plays(alex)).toBe(true);
  expect(await plays(dana)).toBe(false);
  expect(await plays(alex, () => dana.presses('Approve', { in: 'api-requests' }, 'a card'))).toBe(false);
  expect(failures).toEqual(['Dana reads /approvers/ in #api-requests', 'this can be done: It is read']);
});
