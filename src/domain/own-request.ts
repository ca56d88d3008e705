/** Whose request it is: who asked, who owns the application now, and who owned it when it was asked for. */
export type RequestParties = { requester: string; owners: string[]; ownersAtRequest: string[] };

/** Tells whether a request is a person's own, as the requester's and every owner's is. */
export const isOwnRequest = (person: string, { requester, owners, ownersAtRequest }: RequestParties): boolean =>
  [requester, ...owners, ...ownersAtRequest].includes(person);
