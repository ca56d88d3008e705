import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: [
    './src/db/schema/core.ts',
    './src/db/schema/applications.ts',
    './src/db/schema/services.ts',
    './src/db/schema/delivery.ts',
    './src/db/schema/scheduling.ts',
    './src/db/schema/outbox.ts',
    './src/db/schema/access.ts',
    './src/db/schema/workspace.ts',
    './src/db/schema/direct-messages.ts',
    './src/db/schema/audit.ts',
  ],
  out: './migrations',
  casing: 'snake_case',
});
