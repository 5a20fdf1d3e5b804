import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ConfigurationError, readConfiguration } from './configuration.ts';

const directory = await mkdtemp(join(tmpdir(), 'genauth-configuration-'));
afterAll(() => rm(directory, { recursive: true }));

async function fileWith(content: string): Promise<string> {
  const path = join(directory, `${Math.random()}`);
  await writeFile(path, content);
  return path;
}

function refusal(environment: Record<string, string>): string {
  try {
    readConfiguration(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return String(error);
  }
  throw new Error(`accepted: ${JSON.stringify(environment)}`);
}

test('has a default for everything, and takes names of others in its environment', () => {
  expect(readConfiguration({ PATH: '/bin', GENAUTHORITY: 'x' })).toEqual({
    host: '127.0.0.1',
    port: 3000,
    dataDirectory: resolve('data'),
    databaseUrl: undefined,
    masterKey: undefined,
    rootUserPoolId: undefined,
    rootUserPoolSecret: undefined,
    trustedProxies: [],
    logLevel: 'info',
    passwordHashCost: { memoryKib: 7168, passes: 5, lanes: 1 },
    publicIps: [],
    allowsPasswordHashExport: false,
    jobRetentionDays: 30,
  });
});

test('counts an empty variable as not set', () => {
  expect(readConfiguration({ GENAUTH_PORT: '', GENAUTH_MASTER_KEY: '' })).toMatchObject({ port: 3000 });
});

test.each([
  ['GENAUTH_PROT', 'GENAUTH_PORT'],
  ['GENAUTH_DATADIR', 'GENAUTH_DATA_DIR'],
  ['GENAUTH_MASTER_KEYFILE', 'GENAUTH_MASTER_KEY_FILE'],
  ['GENAUTH_ROOT_USERPOOL_ID', 'GENAUTH_ROOT_USER_POOL_ID'],
  ['GENAUTH_LOGLEVEL', 'GENAUTH_LOG_LEVEL'],
])('refuses %s and names %s', (unknown, nearest) => {
  expect(refusal({ [unknown]: 'x' })).toContain(`${unknown} is not a setting. Did you mean ${nearest}?`);
});

test('starts in a shell that is set up for the command line', () => {
  const clients = { GENAUTH_URL: 'http://127.0.0.1:3000', GENAUTH_ACCESS_KEY_ID: 'x', GENAUTH_ACCESS_KEY_SECRET: 'y' };
  expect(readConfiguration(clients)).toEqual(readConfiguration({}));
});

test('reads a value from a file, without the line end an editor left', async () => {
  const key = 'ab'.repeat(32);
  expect(readConfiguration({ GENAUTH_MASTER_KEY_FILE: await fileWith(`${key}\n`) }).masterKey).toBe(key);
  expect(readConfiguration({ GENAUTH_PORT_FILE: await fileWith('0\n') }).port).toBe(0);
});

test('refuses a value given twice, a file that is not there, and an empty one', async () => {
  const path = await fileWith('4000');
  expect(refusal({ GENAUTH_PORT: '3000', GENAUTH_PORT_FILE: path })).toContain('both set');
  expect(refusal({ GENAUTH_PORT_FILE: join(directory, 'missing') })).toContain('cannot be read');
  expect(refusal({ GENAUTH_DATA_DIR_FILE: await fileWith('\n') })).toContain('is empty');
});

test.each([
  ['GENAUTH_PORT', '65536'],
  ['GENAUTH_PORT', '-1'],
  ['GENAUTH_PORT', '3000.5'],
  ['GENAUTH_PORT', '0x50'],
  ['GENAUTH_PORT', 'http'],
  ['GENAUTH_DATABASE_URL', 'mysql://localhost/genauth'],
  ['GENAUTH_DATABASE_URL', 'localhost:5432'],
  ['GENAUTH_MASTER_KEY', 'ab'.repeat(31)],
  ['GENAUTH_MASTER_KEY', 'xy'.repeat(32)],
  ['GENAUTH_ROOT_USER_POOL_ID', '64F0C2A1B3D4E5F60718293A'],
  ['GENAUTH_ROOT_USER_POOL_ID', 'root'],
  ['GENAUTH_ROOT_USER_POOL_SECRET', 'short'],
  ['GENAUTH_ROOT_USER_POOL_SECRET', 'sixteen with a blank'],
  ['GENAUTH_LOG_LEVEL', 'verbose'],
  ['GENAUTH_TRUSTED_PROXIES', 'anywhere'],
  ['GENAUTH_TRUSTED_PROXIES', '10.0.0.0/40'],
  ['GENAUTH_ARGON2_MEMORY_KIB', '7167'],
  ['GENAUTH_ARGON2_MEMORY_KIB', '1048577'],
  ['GENAUTH_ARGON2_PASSES', '0'],
  ['GENAUTH_ARGON2_LANES', 'four'],
  ['GENAUTH_PUBLIC_IPS', '203.0.113.7,example.com'],
  ['GENAUTH_PASSWORD_HASH_EXPORT', 'yes'],
  ['GENAUTH_JOB_RETENTION_DAYS', '0'],
  ['GENAUTH_JOB_RETENTION_DAYS', '30d'],
])('refuses %s=%s', (name, value) => {
  expect(refusal({ [name]: value })).toContain(name);
});

test('reads what password hashes cost, and public addresses', () => {
  const settings = {
    GENAUTH_ARGON2_MEMORY_KIB: '65536',
    GENAUTH_ARGON2_PASSES: '3',
    GENAUTH_ARGON2_LANES: '4',
    GENAUTH_PUBLIC_IPS: '203.0.113.7, 2001:db8::7',
    GENAUTH_PASSWORD_HASH_EXPORT: 'true',
    GENAUTH_JOB_RETENTION_DAYS: '7',
  };
  expect(readConfiguration(settings)).toMatchObject({
    passwordHashCost: { memoryKib: 65536, passes: 3, lanes: 4 },
    publicIps: ['203.0.113.7', '2001:db8::7'],
    allowsPasswordHashExport: true,
    jobRetentionDays: 7,
  });
});

test('repeats no secret in a refusal', () => {
  const secrets = {
    GENAUTH_MASTER_KEY: 'not-a-master-key',
    GENAUTH_DATABASE_URL: 'postgers://user:not-a-password@host/database',
    GENAUTH_ROOT_USER_POOL_SECRET: 'not a secret at all',
  };
  for (const [name, value] of Object.entries(secrets)) expect(refusal({ [name]: value })).not.toContain(value);
});

test('takes every kind of PostgreSQL address', () => {
  for (const url of ['postgres://u:p@db:5432/genauth?sslmode=require', 'postgresql:///genauth?host=/run/postgresql']) {
    expect(readConfiguration({ GENAUTH_DATABASE_URL: url }).databaseUrl).toBe(url);
  }
});
