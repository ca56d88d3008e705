/**
 * `npm run doctor`: looks at everything that Registrar needs, beside a running one or without, and says in a line for each
 * how it is and how to mend it. Ends with 1 where something fails. It changes nothing, neither in Slack nor in the database.
 */

import { formatResult } from './doctor/check-result.ts';
import { runChecks } from './doctor/run-checks.ts';

if (import.meta.main) {
  // A PostgreSQL that was started for this goes with the process, also on Ctrl-C.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  let code = 0;
  await runChecks(process.env, (finding) => {
    process.stdout.write(formatResult(finding));
    if (finding.level === 'FAIL') code = 1;
  });
  // What still hangs is left behind.
  process.stdout.write('', () => process.exit(code));
}
