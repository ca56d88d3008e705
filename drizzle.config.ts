import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: [
    './src/db/schema.ts',
    './src/db/application-schema.ts',
    './src/db/catalog-schema.ts',
    './src/db/delivery-schema.ts',
    './src/db/time-schema.ts',
  ],
  out: './migrations',
  casing: 'snake_case',
});
