/** Runs the checks: first, at the same time, those that need nothing else; then channels and approvers. All are read-only. */
import { WebClient } from '@slack/web-api';
import type { GatewaySettings } from '../../access/gateway.ts';
import { readCatalog } from '../../catalog-file.ts';
import { type Config, gatewayTokensIn, isSlackUnencrypted, readConfig } from '../../config.ts';
import { foreignWorkspace } from '../../db/workspace.ts';
import { allowedApprovers, approvalChannel } from '../../domain/authorization.ts';
import { nextTick } from '../../domain/schedule.ts';
import type { CatalogService } from '../../domain/service.ts';
import { counted } from '../../domain/text.ts';
import { verifySmtp } from '../../email.ts';
import { createHttpClient } from '../../http-client.ts';
import { createLog, slackLog } from '../../observability/log.ts';
import { limitsBothDays, parseCron } from '../../scheduler/cron.ts';
import { createDirectory } from '../../slack/directory.ts';
import { connectionWarning } from '../../slack/socket-mode/connection-count.ts';
import { checkApprovers, type Rule } from './approvers.ts';
import { checkBlockKit } from './block-kit.ts';
import { type ChannelUse, checkChannels, type DecidedByMembers } from './channels.ts';
import { type CheckResult, checkWithTimeout, errorCodeIn, fail, joinList, ok, warn } from './check-result.ts';
import { checkDatabase, nothingRead, withCurrentIds } from './database.ts';
import { checkGateways } from './gateways.ts';
import { checkSlackAccess } from './slack-access.ts';

/** The time limit of each of the two halves, in milliseconds: the doctor ends within 20 seconds. */
const halfTimeout = 9_000;

/** Runs all checks, and passes their results to `report` in a fixed order. */
export async function runChecks(
  env: Record<string, string | undefined>,
  report: (result: CheckResult) => void,
  now = new Date(),
): Promise<void> {
  const read = readConfig(env);
  if (!read.ok) {
    for (const { variable, expected } of read.mistakes) report(fail('configuration', `${variable}: ${expected}.`));
    const file = await checkCatalog({
      CATALOG_FILE: env.CATALOG_FILE || undefined,
      gatewayTokens: gatewayTokensIn(env),
    });
    for (const finding of file.findings) if (finding.level !== 'ok') report(finding);
    return report(warn('everything else', 'not checked until the configuration is right.'));
  }
  const { config } = read;
  report(ok('configuration', 'every variable is valid.'));
  if (isSlackUnencrypted(config))
    report(warn('SLACK_API_URL', 'http://: tokens and messages can be read on the network. Use https://.'));

  for (const result of checkSchedules(config, now)) report(result);

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
    checkWithTimeout('token', halfTimeout, checkSlackAccess(client, socketMode), {
      bot: undefined,
      identity: undefined,
      connections: undefined,
    }),
    checkWithTimeout('database', halfTimeout, checkDatabase(config, now), nothingRead),
    checkWithTimeout('catalog', halfTimeout, checkCatalog(config), { rules: [], gateways: [], services: [] }),
    checkWithTimeout('mail server', halfTimeout, checkMailServer(config), {}),
  ]);
  for (const { findings } of [access, database, file, mail]) for (const finding of findings) report(finding);

  if (access.identity && database.workspace) {
    const foreign = foreignWorkspace(database.workspace, access.identity);
    report(
      foreign
        ? fail('workspace', `${foreign}.`)
        : ok('workspace', 'the database belongs to the workspace of the token.'),
    );
  }
  if (access.connections !== undefined) report(connectionCount(access.connections, database.replicas));

  const gateways = checkGateways(file.gateways, file.services, { fetch, now: () => new Date() });
  const reached = await checkWithTimeout('gateways', halfTimeout, gateways, {});
  for (const finding of reached.findings) report(finding);

  const { bot } = access;
  if (bot === undefined)
    return report(warn('channels and approvers', 'not checked while Slack does not accept the token.'));
  const rules = [...database.rules, ...file.rules].map((rule) => ({
    ...rule,
    channel: rule.channel && (database.channelIds.get(rule.channel) ?? rule.channel),
  }));
  for (const result of changedIds(channelsIn(config, file.rules), database.channelIds)) report(result);
  const current = withCurrentIds(config, database.channelIds);
  const { policy } = current;
  const context = { client, directory: createDirectory(client, () => new Date(), log), policy, bot };
  const [channels, approvers, messages] = await Promise.all([
    checkWithTimeout(
      'channels',
      halfTimeout,
      checkChannels(client, channelsIn(current, rules), decidedByMembers(current, rules)),
      {},
    ),
    checkWithTimeout('approvers', halfTimeout, checkApprovers(context, rules), {}),
    checkWithTimeout('messages', halfTimeout, checkBlockKit(client), {}),
  ]);
  for (const { findings } of [channels, approvers, messages]) for (const finding of findings) report(finding);
}

/** Says when each schedule runs next: a mistake in it shows there first. */
function checkSchedules(config: Config, now: Date): CheckResult[] {
  const { TIME_ZONE: timeZone } = config;
  return (['REMINDER_SCHEDULE', 'DIGEST_SCHEDULE'] as const).flatMap((variable) => {
    const expression = config[variable];
    if (!expression) return [];
    const next = nextTick(parseCron(expression, timeZone), now);
    const when = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'short', timeZone });
    const runs = next ? `runs next on ${when.format(next)} (${timeZone})` : 'does not run within a year';
    const both = 'It limits the days of the month and of the week, and runs only on days that are both.';
    if (next === undefined) return [warn(variable, `${runs}. Write another cron expression.`)];
    return [limitsBothDays(expression) ? warn(variable, `${runs}. ${both}`) : ok(variable, `${runs}.`)];
  });
}

function connectionCount(connections: number, replicas: number | undefined): CheckResult {
  const warning = connectionWarning(connections, replicas);
  if (warning) return warn('connections', `${warning}.`);
  return ok('connections', `Slack counts ${connections} Socket Mode connections of the app besides this check's own.`);
}

function channelsIn(
  { policy, ESCALATION_CHANNEL: escalation }: Pick<Config, 'policy' | 'ESCALATION_CHANNEL'>,
  rules: Rule[],
): ChannelUse {
  const uses: ChannelUse = new Map([[policy.adminChannel, ['ADMIN_CHANNEL']]]);
  const add = (id: string, by: string[]) => uses.set(id, [...new Set([...(uses.get(id) ?? []), ...by])]);
  if (escalation) add(escalation, ['ESCALATION_CHANNEL']);
  for (const rule of rules) if (rule.channel) add(approvalChannel(rule, policy), rule.services);
  return uses;
}

/** Names the settings whose channel Slack has given another id. */
const changedIds = (uses: ChannelUse, ids: ReadonlyMap<string, string>): CheckResult[] =>
  [...uses].flatMap(([id, by]) => {
    const current = ids.get(id);
    return current
      ? [warn(`channel ${id}`, `Slack has changed its id to ${current}. Set it for ${joinList(by)}.`)]
      : [];
  });

function decidedByMembers({ policy }: Config, rules: Rule[]): DecidedByMembers {
  const all = [{ approvers: [], channel: null }, ...rules].map((rule) => allowedApprovers(rule, policy));
  return new Set(all.filter(({ users, groups }) => users.length + groups.length === 0).map(({ channel }) => channel));
}

async function checkCatalog({
  CATALOG_FILE: path,
  gatewayTokens,
}: Pick<Config, 'CATALOG_FILE' | 'gatewayTokens'>): Promise<{
  findings: CheckResult[];
  rules: Rule[];
  gateways: GatewaySettings[];
  services: CatalogService[];
}> {
  const none = { rules: [], gateways: [], services: [] };
  if (!path) return { findings: [ok('catalog', 'no CATALOG_FILE: services are made in Slack.')], ...none };
  const catalog = await readCatalog(path, gatewayTokens);
  if (!catalog.ok) return { findings: catalog.mistakes.map((mistake) => fail('catalog', `${mistake}.`)), ...none };
  const rules = catalog.services.map(({ slug, approvers, channel }) => ({
    approvers,
    channel,
    services: [slug],
    count: 1,
  }));
  return {
    findings: [ok('catalog', `${counted(rules.length, 'service')} in ${path}.`)],
    rules,
    gateways: catalog.gateways,
    services: catalog.services,
  };
}

async function checkMailServer({ SMTP_URL: url }: Config): Promise<{ findings: CheckResult[] }> {
  if (!url) return { findings: [ok('mail server', 'no SMTP_URL: no e-mail is sent.')] };
  try {
    await verifySmtp(url);
    return { findings: [ok('mail server', 'reachable, and it accepts the login of SMTP_URL.')] };
  } catch (error) {
    const fix = 'See that SMTP_URL names a mail server that this machine reaches, with a login that it accepts.';
    return { findings: [fail('mail server', `refused or not reachable${errorCodeIn(error)}. ${fix}`)] };
  }
}
