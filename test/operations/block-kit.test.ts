/** What doctor has Slack say of every kind of message and view: a sample of each, the longest that there are. */
import { WebClient } from '@slack/web-api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkBlockKit } from '../../src/cli/doctor/block-kit.ts';
import { samples } from '../../src/cli/doctor/samples.ts';
import { section } from '../../src/views/blocks.ts';
import { seed } from '../local-slack/seed.ts';
import { openWorkspace, type Workspace } from '../local-slack/workspace.ts';
import { kinds } from '../support/view-kinds.ts';

let workspace: Workspace;
let client: WebClient;
beforeAll(async () => {
  workspace = await openWorkspace({ seed: seed(), rateLimits: false });
  client = new WebClient(workspace.botToken, { slackApiUrl: workspace.apiUrl, retryConfig: { retries: 0 } });
});
afterAll(() => workspace[Symbol.asyncDispose]());

it('has a sample of each kind of message and view', () => {
  expect(kinds().length).toBeGreaterThan(40);
  expect(Object.keys(samples).toSorted()).toEqual(kinds().toSorted());
});

it('says ok where Slack takes them all, and which one it would refuse, and why', async () => {
  expect(await checkBlockKit(client)).toEqual({
    findings: [
      {
        level: 'ok',
        about: 'messages',
        what: `Slack takes all ${Object.keys(samples).length} kinds of message and form.`,
      },
    ],
  });
  const bad = { text: '', blocks: [section('x'.repeat(3001))] };
  const { findings } = await checkBlockKit(client, [['a.bad', [bad]]]);
  expect(findings).toEqual([
    {
      level: 'FAIL',
      about: 'messages',
      what: expect.stringMatching(/^Slack would refuse a\.bad \(\/blocks\/0\/text\/text: must be less than 3001/),
    },
  ]);
});

it('says nothing where Slack does not know the method, and warns where it does not answer', async () => {
  const known = { times: Number.POSITIVE_INFINITY };
  const unknown = workspace.fail('blocks.validate', { kind: 'error', error: 'unknown_method' }, known);
  expect(await checkBlockKit(client)).toEqual({ findings: [] });
  unknown.end();
  workspace.fail('blocks.validate', { kind: 'server-error' }, known);
  const { findings } = await checkBlockKit(client);
  expect(findings).toMatchObject([{ level: 'warn', what: expect.stringContaining('not validated: Slack answers') }]);
  workspace.clearFaults();
});

it('is as strict as Slack about what it is given', async () => {
  const sample = { blocks: [section('Hello')] };
  await expect(client.apiCall('blocks.validate', {})).rejects.toMatchObject({ data: { error: 'invalid_arguments' } });
  await expect(client.apiCall('blocks.validate', { message: { ...sample, text: 'Hello' } })).rejects.toMatchObject({
    data: { error: 'invalid_message' },
  });
  await expect(client.blocks.validate(sample)).resolves.toMatchObject({ ok: true });
});
