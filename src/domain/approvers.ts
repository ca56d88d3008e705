/** The approvers of a service, as data. */

/** Who may approve: the named people and groups; where there are none, the members of the channel. */
export type Approvers = { users: string[]; groups: string[]; channel: string };
