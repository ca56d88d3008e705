/** The approvers of a service, as data. */

/** Whom an approval rests with: named people and groups, else the members of the channel. */
export type Approvers = { users: string[]; groups: string[]; channel: string };
