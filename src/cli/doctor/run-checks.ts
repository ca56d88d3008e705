/** The doctor's round: what can be looked at by itself first, at once; then what that leads to. It changes nothing anywhere. */
import { WebClient } from '@slack/web-api';
import { readCatalog } from '../../catalog-file.ts';
import { type Config, isSlackUnencrypted, readConfig } from '../../config.ts';
import { approvalChannel } from '../../domain/authorization.ts';
import { verifySmtp } from '../../email.ts';
import { createHttpClient } from '../../http-client.ts';
import { createLog, slackLog } from '../../observability/log.ts';
import { createDirectory } from '../../slack/directory.ts';
import { checkApprovers, type Rule } from './approvers.ts';
import { type ChannelUse, checkChannels } from './channels.ts';
import { type CheckResult, checkWithTimeout, errorCodeIn, fail, ok, warn } from './check-result.ts';
import { checkDatabase } from './database.ts';
import { checkSlackAccess } from './slack-access.ts';

/** How long each of the two halves may take, in milliseconds: all of it ends within twenty seconds. */
const half = 9_000;

/** Tells each finding, in an order that stays the same. */
export async function runChecks(
  env: Record<string, string | undefined>,
  tell: (finding: CheckResult) => void,
  now = new Date(),
): Promise<void> {
  const read = readConfig(env);
  if (!read.ok) {
    for (const { variable, expected } of read.mistakes) tell(fail('configuration', `${variable}: ${expected}.`));
    return tell(warn('everything else', 'not looked at until the configuration is right.'));
  }
  const { config } = read;
  tell(ok('configuration', 'every variable is as it should be.'));
  if (isSlackUnencrypted(config))
    tell(warn('SLACK_API_URL', 'http://: tokens and messages can be read on the network. Use https://.'));

  const log = createLog('silent');
  const { fetch, agentFor } = createHttpClient(config);
  const api = {
    slackApiUrl: config.SLACK_API_URL,
    fetch,
    timeout: 4_000,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: slackLog(log),
  };
  const client = new WebClient(config.SLACK_BOT_TOKEN, api);
  const { SLACK_APP_TOKEN: appToken } = config;
  const socketMode = appToken ? { app: new WebClient(appToken, api), agentFor, log } : undefined;
  const [access, database, file, mail] = await Promise.all([
    checkWithTimeout('token', half, checkSlackAccess(client, socketMode), { bot: undefined }),
    checkWithTimeout('database', half, checkDatabase(config, now), { rules: [] }),
    checkWithTimeout('catalog', half, examineCatalog(config), { rules: [] }),
    checkWithTimeout('mail server', half, examineMail(config), {}),
  ]);
  for (const { findings } of [access, database, file, mail]) for (const finding of findings) tell(finding);

  const { bot } = access;
  if (bot === undefined)
    return tell(warn('channels and approvers', 'not looked at while Slack does not accept the token.'));
  const rules = [...database.rules, ...file.rules];
  const { policy } = config;
  const asking = { client, directory: createDirectory(client, () => new Date(), log), policy, bot };
  const [channels, approvers] = await Promise.all([
    checkWithTimeout('channels', half, checkChannels(client, channelsIn(config, rules)), {}),
    checkWithTimeout('approvers', half, checkApprovers(asking, rules), {}),
  ]);
  for (const { findings } of [channels, approvers]) for (const finding of findings) tell(finding);
}

function channelsIn(
  { policy, ADMIN_CHANNEL: admin, ESCALATION_CHANNEL: escalation }: Config,
  rules: Rule[],
): ChannelUse {
  const named: ChannelUse = new Map([[admin, ['ADMIN_CHANNEL']]]);
  const add = (id: string, by: string[]) => named.set(id, [...new Set([...(named.get(id) ?? []), ...by])]);
  if (escalation) add(escalation, ['ESCALATION_CHANNEL']);
  for (const rule of rules) if (rule.channel) add(approvalChannel(rule, policy), rule.services);
  return named;
}

async function examineCatalog({
  CATALOG_FILE: path,
  gatewayTokens,
}: Config): Promise<{ findings: CheckResult[]; rules: Rule[] }> {
  if (!path) return { findings: [ok('catalog', 'no CATALOG_FILE: services are made in Slack.')], rules: [] };
  const catalog = await readCatalog(path, gatewayTokens);
  if (!catalog.ok) return { findings: catalog.mistakes.map((mistake) => fail('catalog', `${mistake}.`)), rules: [] };
  const rules = catalog.services.map(({ slug, approvers, channel }) => ({
    approvers,
    channel,
    services: [slug],
    count: 1,
  }));
  return { findings: [ok('catalog', `${rules.length} services in ${path}.`)], rules };
}

async function examineMail({ SMTP_URL: url }: Config): Promise<{ findings: CheckResult[] }> {
  if (!url) return { findings: [ok('mail server', 'no SMTP_URL: nobody gets e-mail.')] };
  try {
    await verifySmtp(url);
    return { findings: [ok('mail server', 'it answers, and accepts the login of SMTP_URL.')] };
  } catch (error) {
    const mend = 'See that SMTP_URL names a mail server that this machine reaches, with a login that it accepts.';
    return { findings: [fail('mail server', `refused or not reachable${errorCodeIn(error)}. ${mend}`)] };
  }
}
