/** The approvers of a service, as data. */

/** Who may approve: the named people and groups; where there are none, the members of the channel. */
export type Approvers = { users: string[]; groups: string[]; channel: string };

/** The same as a reader may see it: `channel` is null where they cannot see the channel. */
export type ShownApprovers = Omit<Approvers, 'channel'> & { channel: string | null };
