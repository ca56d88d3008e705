/** The HTTP client, in addition to the tests of Slack's responses (responses, outbox, metrics). */
import { expect, it } from 'vitest';
import { createHttpClient } from '../../src/http-client.ts';
import { openWorkspace } from '../local-slack/workspace.ts';

it('a redirect is not followed: its target would be given the token', async () => {
  await using workspace = await openWorkspace();
  const asked: string[] = [];
  workspace.mount(({ url = '' }, response) => {
    if (!url.startsWith('/moved') && !url.startsWith('/elsewhere')) return false;
    asked.push(url);
    response.writeHead(url === '/moved' ? 307 : 200, { location: '/elsewhere' }).end('{"ok":true}');
    return true;
  });
  const headers = { authorization: 'Bearer xoxb-1' };
  const { fetch } = createHttpClient();
  await expect(fetch(`${workspace.url}/moved`, { method: 'POST', headers })).rejects.toThrow('redirected');
  expect((await fetch(`${workspace.url}/moved`, { redirect: 'manual' })).status).toBe(307);
  expect(asked).toEqual(['/moved', '/moved']);
});

it('this machine is reached without a proxy, and other addresses through it', async () => {
  await using workspace = await openWorkspace();
  const { port } = new URL(workspace.url);
  const { fetch } = createHttpClient({ HTTP_PROXY: 'http://127.0.0.1:1', NO_PROXY: 'example.com' });
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
  expect((await fetch(`http://localhost:${port}/`)).status).toBe(404);
  await expect(fetch(`http://slack.test:${port}/`)).rejects.toMatchObject({ code: 'ECONNREFUSED', port: 1 });
  await expect(fetch('http://[::1]:1/')).rejects.toMatchObject({ address: '::1' });
});
