/** What postgres.js (3.4) and drizzle do between them that Registrar cannot leave as it is. */
import type postgres from 'postgres';

/** A list of ids makes a statement of its own for each length; those of longer ones are not worth keeping. */
const parametersAtMost = 40;

/** What is compared with `like` is planned each time: the best way to it hangs on what was typed. */
export const planIsKept = (text: string, parameters: number): boolean =>
  parameters <= parametersAtMost && !text.includes(' like ');

/**
 * Has each connection keep the statements that it has prepared, and none of them pay for what a connection was before.
 * To be called once for each pool, before its first statement.
 */
export function tame(client: postgres.Sql): void {
  keepPlans(client);
  const { begin, unsafe } = client;
  client.unsafe = (...statement) => sentAnew(unsafe(...statement));
  client.begin = ((work: (tx: postgres.TransactionSql) => unknown) =>
    begin((tx) => {
      keepPlans(tx);
      return work(tx);
    })) as typeof begin;
}

/**
 * Drizzle hands statements over as text that is used once: the driver then asks PostgreSQL for their types first, which is
 * one more way there and back, and PostgreSQL parses and plans each anew. Measured with Approve clicks: half of PostgreSQL's
 * work and a fifth of the bot's.
 */
function keepPlans(client: postgres.Sql | postgres.TransactionSql): void {
  const { unsafe } = client;
  client.unsafe = (text, parameters = [], options) =>
    unsafe(text, parameters, { ...options, prepare: planIsKept(text, parameters.length) });
}

/** What the driver's statements have besides what it says of them. */
type Sent = { handler: (statement: unknown) => void; reject: (error: unknown) => void };

/** PostgreSQL ended a connection: on command, or because another process had crashed (class 57 of its error codes). */
const ends = ['57P01', '57P02'];

/**
 * Where PostgreSQL ends a connection with a statement on its way, postgres.js (3.4) keeps what it said, and answers the
 * first statement of the next connection in that place with it, however much later: that one was never sent, and is sent
 * once more. One that PostgreSQL did break off was undone by it; it begins or is a transaction of its own.
 */
function sentAnew<Statement>(statement: Statement): Statement {
  const sent = statement as Sent;
  const { handler, reject } = sent;
  sent.reject = (error) => {
    sent.reject = reject;
    if (ends.includes(Object(error).code)) handler(statement);
    else reject(error);
  };
  return statement;
}

/**
 * Whether an exception is postgres.js's own (3.4): where a connection is cut between two statements of a transaction, the
 * second is written to nothing, outside of any promise. The transaction is rejected and the connection made anew all the same.
 */
export function isCutConnection(error: unknown): boolean {
  const { name, stack }: { name?: unknown; stack?: unknown } = Object(error);
  return name === 'TypeError' && /nextWrite .*[\\/]postgres[\\/]/.test(String(stack));
}
