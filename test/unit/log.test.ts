/** What never reaches a log, whatever an error quotes. */
import { expect, it } from 'vitest';
import { redact } from '../../src/observability/log.ts';

it.each([
  ['An API error with xoxb-1-23-abc and xapp-1-A2-b', 'An API error with [token] and [token]'],
  ['connect postgres://registrar:hunter2@db/registrar', 'connect postgres://[credentials]@db/registrar'],
  ['550 5.1.1 <dana@acme.example>: Recipient address rejected', '550 5.1.1 <[address]>: Recipient address rejected'],
  [
    'at file:///app/node_modules/@slack/web-api/dist/a.js, bolt@5.1.0',
    'at file:///app/node_modules/@slack/web-api/dist/a.js, bolt@5.1.0',
  ],
  ['Failed query: insert …\nparams: U0DANA,line one\nmy secret\nline three', 'Failed query: insert …'],
])('%j is logged as %j', (text, logged) => expect(redact(text)).toBe(logged));
