/** Calls of Slack, beside what Slack's own answers are tried with (answers, outbox, metrics). */
import { expect, it } from 'vitest';
import { undiciFetch } from '../../src/slack/fetch.ts';
import { openWorkspace } from '../local-slack/workspace.ts';

it('a redirect is not followed: what it names would be given the token', async () => {
  await using workspace = await openWorkspace();
  const asked: string[] = [];
  workspace.mount(({ url = '' }, response) => {
    if (!url.startsWith('/moved') && !url.startsWith('/elsewhere')) return false;
    asked.push(url);
    response.writeHead(url === '/moved' ? 307 : 200, { location: '/elsewhere' }).end('{"ok":true}');
    return true;
  });
  const headers = { authorization: 'Bearer xoxb-1' };
  await expect(undiciFetch(`${workspace.url}/moved`, { method: 'POST', headers })).rejects.toThrow('redirected');
  expect(asked).toEqual(['/moved']);
});
