/** The environment: defaults, and every mistake at once, by name, without its value. */
import { describe, expect, it } from 'vitest';
import { isSlackUnencrypted, readConfig } from '../../src/config.ts';

const least = { SLACK_BOT_TOKEN: 'xoxb-1-abc', SLACK_APP_TOKEN: 'xapp-1-abc', ADMIN_CHANNEL: 'C0ADMIN' };

const read = (env: Record<string, string>) => {
  const outcome = readConfig(env);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.mistakes));
  return outcome.config;
};

const mistakes = (env: Record<string, string>) => {
  const outcome = readConfig(env);
  return outcome.ok ? [] : outcome.mistakes.map(({ variable }) => variable);
};

describe('a variable', () => {
  it('has its documented default where it is not set', () => {
    expect(read(least)).toMatchObject({
      SLACK_API_URL: 'https://slack.com/api/',
      APPROVERS: [],
      ALLOW_SELF_APPROVAL: false,
      AUTO_APPROVE: false,
      DATA_DIR: '.data',
      HOST: '0.0.0.0',
      PORT: 3000,
      REMINDER_SCHEDULE: '0 9 * * 1-5',
      REMIND_AFTER: 86_400_000,
      TIME_ZONE: 'UTC',
      MAX_PENDING_PER_PERSON: 20,
      MAX_REQUESTS_PER_HOUR: 40,
      MAX_APPLICATIONS_PER_PERSON: 100,
      MAX_ACTS_PER_PERSON: 300,
      ALLOW_EXTERNAL: false,
      LOG_LEVEL: 'info',
    });
  });

  it('tokens of gateways go by their variable', () => {
    const { gatewayTokens } = read({ ...least, GATEWAY_EDGE_EU_TOKEN: 't', GATEWAY_OLD_TOKEN: '', GATEWAY_URL: 'x' });
    expect([...gatewayTokens]).toEqual([['GATEWAY_EDGE_EU_TOKEN', 't']]);
  });

  it.each([
    ['a line feed', 'xoxb-1-abc\n'],
    ['spaces', '  xoxb-1-abc '],
    ['a byte order mark', '\ufeffxoxb-1-abc'],
    ['quotes', '"xoxb-1-abc"'],
    ['a zero-width space', '\u200bxoxb-1-abc\u200b'],
    ['a space that does not break', '\u00a0xoxb-1-abc\u00a0'],
    ['bent quotes', '“xoxb-1-abc”'],
    ['backticks', '`xoxb-1-abc`'],
    ['other quotes and a line feed', "'xoxb-1-abc'\r\n"],
  ])('loses %s around it', (_, SLACK_BOT_TOKEN) => {
    expect(read({ ...least, SLACK_BOT_TOKEN }).SLACK_BOT_TOKEN).toBe('xoxb-1-abc');
  });

  it('counts as not set where only white space is in it', () => {
    expect(read({ ...least, PORT: ' \n' }).PORT).toBe(3000);
  });

  it('counts as not set where it is empty', () => {
    expect(read({ ...least, PORT: '', APPROVERS: '', SLACK_SIGNING_SECRET: '' }).PORT).toBe(3000);
  });

  it.each([
    ['90s', 90_000],
    ['15m', 900_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
  ])('%s is a duration', (text, milliseconds) => {
    expect(read({ ...least, REMIND_AFTER: text }).REMIND_AFTER).toBe(milliseconds);
  });

  it('approvers are people and groups, with or without spaces', () => {
    expect(read({ ...least, APPROVERS: 'U0ALEX, W0PRIYA,S0LEADS' }).policy.approvers).toEqual([
      'U0ALEX',
      'W0PRIYA',
      'S0LEADS',
    ]);
  });

  it('proxies may be named in lower case, which then counts', () => {
    const env = { HTTPS_PROXY: 'http://upper:1', https_proxy: 'http://lower:1', NO_PROXY: 'a', no_proxy: '' };
    expect(read({ ...least, ...env })).toMatchObject({ HTTPS_PROXY: 'http://lower:1', NO_PROXY: 'a' });
  });

  it.each([
    ['https://slack.com/api/', false],
    ['http://slack.com/api/', true],
    ['http://10.0.0.1/api/', true],
    ['http://localhost.example.com/api/', true],
    ['http://127.0.0.1:3100/api/', false],
    ['http://[::1]:3100/api/', false],
    ['http://localhost/api/', false],
  ])('Slack at %s is unencrypted: %s', (SLACK_API_URL, expected) => {
    expect(isSlackUnencrypted(read({ ...least, SLACK_API_URL }))).toBe(expected);
  });

  it('a cron expression may have seconds', () => {
    expect(read({ ...least, REMINDER_SCHEDULE: '*/5 * * * * *' }).REMINDER_SCHEDULE).toBe('*/5 * * * * *');
  });

  it("another Slack API's address ends with a slash", () => {
    expect(read({ ...least, SLACK_API_URL: 'https://slack-gov.com/api' }).SLACK_API_URL).toBe(
      'https://slack-gov.com/api/',
    );
  });
});

describe('a mistake', () => {
  it.each([
    ['SLACK_BOT_TOKEN', 'xapp-1-abc'],
    ['SLACK_APP_TOKEN', 'xoxb-1-abc'],
    ['SLACK_API_URL', 'slack.com/api'],
    ['ADMIN_CHANNEL', '#api-requests'],
    ['APPROVERS', 'alex'],
    ['APPROVERS', 'U0ALEX;U0PRIYA'],
    ['ALLOW_SELF_APPROVAL', 'yes'],
    ['AUTO_APPROVE', '1'],
    ['DATABASE_URL', 'mysql://localhost/registrar'],
    ['PORT', '65536'],
    ['PORT', 'http'],
    ['REMINDER_SCHEDULE', 'every morning'],
    ['REMIND_AFTER', '24'],
    ['REMIND_AFTER', '0h'],
    ['EXPIRE_PENDING_AFTER', 'never'],
    ['ESCALATION_CHANNEL', 'U0ALEX'],
    ['DIGEST_SCHEDULE', '61 * * * *'],
    ['TIME_ZONE', 'Mars/Olympus'],
    ['TIME_ZONE', '+02:00'],
    ['MAX_PENDING_PER_PERSON', '0'],
    ['MAX_REQUESTS_PER_HOUR', '0'],
    ['MAX_APPLICATIONS_PER_PERSON', '-1'],
    ['ALLOW_EXTERNAL', 'maybe'],
    ['SMTP_URL', 'mail.example.com'],
    ['MAIL_FROM', 'nobody'],
    ['LOG_LEVEL', 'loud'],
    ['HTTPS_PROXY', 'proxy.example.com:3128'],
    ['HTTPS_PROXY', 'socks5://proxy.example.com'],
    ['HTTP_PROXY', 'proxy'],
    ['GATEWAY_EDGE_TOKEN', 'with a space'],
  ])('%s=%s is named', (variable, value) => expect(mistakes({ ...least, [variable]: value })).toContain(variable));

  it.each([
    ['SLACK_BOT_TOKEN', 'xoxb-1\nxoxb-2', 'a line break'],
    ['SLACK_BOT_TOKEN', 'xoxb-1 -abc', 'a space'],
    ['ADMIN_CHANNEL', 'C0\u200bADMIN', 'an invisible character'],
    ['SLACK_APP_TOKEN', 'xаpp-1-abc', 'a character that is not ASCII'],
    ['SLACK_BOT_TOKEN', '"xoxb-1-abc', 'quotation marks'],
    ['SLACK_BOT_TOKEN', '<xoxb-1-abc>', 'angle brackets'],
    ['SLACK_SIGNING_SECRET', '01234567\u200b89abcdef', 'an invisible character'],
    ['SLACK_SIGNING_SECRET', '01234567”89abcdef', 'quotation marks'],
    ['GATEWAY_EDGE_TOKEN', '“secret”', 'quotation marks'],
    ['GATEWAY_EDGE_TOKEN', 'sec\u200bret', 'an invisible character'],
    ['GATEWAY_EDGE_TOKEN', '"secret"', 'quotation marks'],
  ])('in %s names what is easily overlooked, and not the value', (variable, value, odd) => {
    const outcome = readConfig({ ...least, [variable]: value });
    const [mistake] = outcome.ok ? [] : outcome.mistakes;
    expect(mistake).toMatchObject({ variable, expected: expect.stringContaining(odd) });
    expect(mistake?.expected).not.toContain(value);
  });

  it('is reported together with all others', () => {
    expect(mistakes({ PORT: '-1', TIME_ZONE: 'x', SMTP_URL: 'smtp://mail.example.com' })).toEqual([
      'SLACK_BOT_TOKEN',
      'ADMIN_CHANNEL',
      'PORT',
      'TIME_ZONE',
      'SLACK_APP_TOKEN or SLACK_SIGNING_SECRET',
      'MAIL_FROM',
    ]);
  });

  it('never shows the value, which may be a secret', () => {
    const outcome = readConfig({
      SLACK_BOT_TOKEN: 'hunter2',
      DATABASE_URL: 'hunter2',
      SMTP_URL: 'hunter2',
      SLACK_SIGNING_SECRET: 'h2',
      GATEWAY_EDGE_TOKEN: 'hunter2 hunter2',
    });
    expect(outcome.ok).toBe(false);
    expect(JSON.stringify(outcome)).not.toMatch(/hunter2|h2/);
  });
});
