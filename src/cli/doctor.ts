/**
 * `npm run doctor`: checks everything that Registrar needs, whether a bot runs or not. Prints one line per check, with how to
 * fix what is wrong. Exits 1 where a check fails. It changes nothing, neither in Slack nor in the database.
 */
import { formatResult } from './doctor/check-result.ts';
import { runChecks } from './doctor/run-checks.ts';
import { answersOptions } from './usage-error.ts';

const usage = 'npm run -s doctor   checks everything that Registrar needs, and changes nothing';

if (import.meta.main && !answersOptions(process.argv.slice(2), usage)) {
  // A PostgreSQL that was started for this stops at exit, also on Ctrl-C.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  let code = 0;
  await runChecks(process.env, (result) => {
    process.stdout.write(formatResult(result));
    if (result.level === 'FAIL') code = 1;
  });
  // Checks that timed out may still run: they are not waited for.
  process.stdout.write('', () => process.exit(code));
}
