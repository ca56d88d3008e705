/** The constraints that the database itself enforces. */
import { readdirSync, readFileSync } from 'node:fs';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connect } from '../../src/db/client.ts';
import { migrateDatabase } from '../../src/db/migrate.ts';
import { tableNames } from '../../src/db/requirements.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { holdRegistrations } from '../support/locks.ts';
import { databaseUrl } from '../support/postgres.ts';

const migrations = readdirSync(new URL('../../migrations', import.meta.url)).filter((file) => file.endsWith('.sql'));

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  const { sql } = database;
  await sql`insert into services (slug, name, managed_by) values ('payments', 'Payments API', 'file')`;
  await sql`insert into applications (name, created_by, created_at) values ('Shop', 'U0DANA', now())`;
});
afterAll(() => database[Symbol.asyncDispose]());

const register = (form: string, status = 'pending') => database.sql`
  insert into registrations (application_id, service_id, requester, reason, form, status, version, requested_at, changed_at)
  select a.id, s.id, 'U0DANA', 'why', ${form}, ${status}, 1, now(), now() from applications a, services s returning id`;

it('an application has one live registration for a service, and any number of closed ones', async () => {
  await register('V1', 'unregistered');
  await register('V2', 'deleted');
  await register('V3', 'approved');
  await expect(register('V4', 'pending')).rejects.toThrow(/registrations_live/);
});

it('one form makes one registration', async () => {
  await expect(register('V3', 'expired')).rejects.toThrow(/registrations_form/);
});

it('an application has a name of its own, whatever the case', async () => {
  const again = database.sql`insert into applications (name, created_by, created_at) values ('SHOP', 'U0SAM', now())`;
  await expect(again).rejects.toThrow(/applications_name/);
});

it('a status outside the table is refused', async () => {
  await expect(register('V9', 'half-approved')).rejects.toThrow(/registrations_status/);
});

it('no event of the record can be changed or removed, and no version is written twice', async () => {
  const { sql } = database;
  const write = () => sql`
    insert into history (registration_id, version, actor, action, to_status, at)
    select min(id), 1, 'U0DANA', 'request', 'pending', now() from registrations`;
  await write();
  await expect(write()).rejects.toThrow(/history_registration_id_version_pk/);
  await expect(sql`update history set actor = 'U0SAM'`).rejects.toThrow(/append-only/);
  await expect(sql`delete from history`).rejects.toThrow(/append-only/);
  await expect(sql`truncate history`).rejects.toThrow(/append-only/);
  expect(await sql`select actor from history`).toEqual([{ actor: 'U0DANA' }]);
});

it('replicas that start together migrate one after the other', async () => {
  const server = postgres(inject('postgres'), { max: 1, onnotice: () => {} });
  await server`create database test_replicas`;
  const url = databaseUrl(inject('postgres'), 'test_replicas');
  await Promise.all([migrateDatabase(url), migrateDatabase(url), migrateDatabase(url)]);

  const sql = postgres(url, { max: 1, onnotice: () => {} });
  const [{ count } = {}] = await sql`select count(*)::int from drizzle.__drizzle_migrations`;
  expect(count).toBe(migrations.length);
  await sql.end();
  await server`drop database test_replicas with (force)`;
  await server.end();
});

it('a start looks at the rights on every table, and the migrations name no schema', async () => {
  const made = await database.sql`select tablename from pg_tables where schemaname = 'public' order by 1`;
  expect(made.map(({ tablename }) => tablename)).toEqual(tableNames.toSorted());
  const named = migrations.map((file) => readFileSync(new URL(`../../migrations/${file}`, import.meta.url), 'utf8'));
  expect(named.filter((text) => /"public"\.|\bpublic\./.test(text))).toEqual([]);
});

describe('a connection of the bot', () => {
  it('that gives up waiting for a lock releases what it holds', async ({ expect }) => {
    const { tables, close } = connect(database.url, { lock_timeout: 100 });
    const row = await holdRegistrations(database);
    const wait = tables.transaction(async (tx) => {
      await tx.execute('select from applications for update');
      await tx.execute('select from registrations for update');
    });
    await expect(wait).rejects.toMatchObject({ cause: { code: '55P03' } });
    await database.sql`select from applications for update nowait`;
    await row.release();
    await close();
  });

  it('gives up in time for the response to the user', async ({ expect }) => {
    const { tables, close } = connect(database.url);
    const limits = `select name, setting::int / 1000 as seconds from pg_settings
      where name in ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout') order by 1`;
    expect([...(await tables.execute(limits))]).toEqual([
      { name: 'idle_in_transaction_session_timeout', seconds: 10 },
      { name: 'lock_timeout', seconds: 3 },
      { name: 'statement_timeout', seconds: 5 },
    ]);
    await close();
  });
});

it('a statement whose connection PostgreSQL ends is rejected, and no later one is', async () => {
  const { tables, close } = connect(database.url);
  const ended = expect(tables.execute('select pg_sleep(30)')).rejects.toThrow();
  const end = () => database.sql`
    select pg_terminate_backend(pid) from pg_stat_activity where query = 'select pg_sleep(30)' and state = 'active'`;
  await eventually('it is ended', async () => (await end()).length > 0);
  await ended;
  const later = await Promise.all(Array.from({ length: 20 }, () => tables.execute('select 1')));
  expect(later).toHaveLength(20);
  await expect(tables.transaction((tx) => tx.execute('select 1'))).resolves.toHaveLength(1);
  await close();
});
