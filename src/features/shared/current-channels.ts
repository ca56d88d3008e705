/** Keeps the channels of the environment and of the catalog file current: Slack may have changed their ids since. */
import * as channelIds from '../../db/channel-ids.ts';
import type { Deps } from '../../deps.ts';
import type { CatalogService } from '../../domain/service.ts';

export type CurrentChannels = {
  /** Reads the ids, and changes the settings of this replica. */
  refresh: () => Promise<void>;
  /** Returns the services of the catalog file with the present ids. */
  inCatalog: (services: CatalogService[]) => CatalogService[];
};

export function followChannelIds({ config, db, log }: Pick<Deps, 'config' | 'db' | 'log'>): CurrentChannels {
  const { policy, ESCALATION_CHANNEL } = config;
  const given = { ADMIN_CHANNEL: policy.adminChannel, ESCALATION_CHANNEL };
  let current: ReadonlyMap<string, string> = new Map();
  const idOf = (id: string) => current.get(id) ?? id;

  return {
    async refresh() {
      current = await channelIds.read(db);
      const [admin, escalation] = [idOf(given.ADMIN_CHANNEL), ESCALATION_CHANNEL && idOf(ESCALATION_CHANNEL)];
      const changed = admin !== policy.adminChannel || escalation !== config.ESCALATION_CHANNEL;
      policy.adminChannel = admin;
      config.ESCALATION_CHANNEL = escalation;
      if (!changed) return;
      for (const [variable, id] of Object.entries(given))
        if (id !== undefined && current.has(id))
          log.warn(
            { variable, given: id, current: idOf(id) },
            'Slack has changed the id of a channel: set it to the current one',
          );
    },
    inCatalog: (services) =>
      services.map((service) => (service.channel === null ? service : { ...service, channel: idOf(service.channel) })),
  };
}
