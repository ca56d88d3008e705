/** What replaces a person whose data was erased: a mark instead of their id, and a text instead of what they wrote. */

const mark = /^erased-\d+$/;

/** Tells whether an id is the mark of a person whose data was erased. Slack's ids have no such form. */
export const isErased = (id: string): boolean => mark.test(id);

/** What is shown instead of the person. */
export const erasedPerson = 'an erased person';
