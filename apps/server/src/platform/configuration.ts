import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import type { LogLevel } from './log.ts';
import { defaultPasswordHashCost, type PasswordHashCost } from './password.ts';

/** How the server is set up, from the environment alone. */
export interface Configuration {
  readonly host: string;
  readonly port: number;
  readonly dataDirectory: string;
  /** Absent: the embedded PostgreSQL in the data directory. */
  readonly databaseUrl: string | undefined;
  /** 64 hex digits. Absent: made once and kept in the data directory. */
  readonly masterKey: string | undefined;
  readonly rootUserPoolId: string | undefined;
  readonly rootUserPoolSecret: string | undefined;
  /** Addresses and networks of proxies in front of the server. */
  readonly trustedProxies: readonly string[];
  readonly logLevel: LogLevel;
  readonly passwordHashCost: PasswordHashCost;
  /** Addresses the instance calls others from, as told by the system operation. */
  readonly publicIps: readonly string[];
  /** Whether password hashes may be read through the API. */
  readonly allowsPasswordHashExport: boolean;
  /** How long finished jobs, imports with their reports, and exports are kept. */
  readonly jobRetentionDays: number;
}

/** A setting that cannot be used; the message says which, why and what would do. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

const logLevels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

const names = [
  'GENAUTH_HOST',
  'GENAUTH_PORT',
  'GENAUTH_DATA_DIR',
  'GENAUTH_DATABASE_URL',
  'GENAUTH_MASTER_KEY',
  'GENAUTH_ROOT_USER_POOL_ID',
  'GENAUTH_ROOT_USER_POOL_SECRET',
  'GENAUTH_TRUSTED_PROXIES',
  'GENAUTH_LOG_LEVEL',
  'GENAUTH_ARGON2_MEMORY_KIB',
  'GENAUTH_ARGON2_PASSES',
  'GENAUTH_ARGON2_LANES',
  'GENAUTH_PUBLIC_IPS',
  'GENAUTH_PASSWORD_HASH_EXPORT',
  'GENAUTH_JOB_RETENTION_DAYS',
] as const;

type Name = (typeof names)[number];

/**
 * Reads `GENAUTH_*`. Every name also has a `_FILE` form that names a file holding the value, for mounted secrets.
 * An unknown name is refused: a misspelt setting must not be a silent default.
 */
export function readConfiguration(environment: Readonly<Record<string, string | undefined>>): Configuration {
  refuseUnknownNames(environment);
  const read = (name: Name) => readValue(environment, name);
  return {
    host: read('GENAUTH_HOST') ?? '127.0.0.1',
    port: parsePort(read('GENAUTH_PORT') ?? '3000'),
    dataDirectory: resolve(read('GENAUTH_DATA_DIR') ?? './data'),
    databaseUrl: parseDatabaseUrl(read('GENAUTH_DATABASE_URL')),
    masterKey: matching(read('GENAUTH_MASTER_KEY'), 'GENAUTH_MASTER_KEY', /^[0-9a-f]{64}$/i, '64 hex digits'),
    rootUserPoolId: matching(
      read('GENAUTH_ROOT_USER_POOL_ID'),
      'GENAUTH_ROOT_USER_POOL_ID',
      /^[0-9a-f]{24}$/,
      '24 lower-case hex digits',
    ),
    rootUserPoolSecret: matching(
      read('GENAUTH_ROOT_USER_POOL_SECRET'),
      'GENAUTH_ROOT_USER_POOL_SECRET',
      /^[\x21-\x7e]{16,128}$/,
      '16 to 128 printable characters without blanks',
    ),
    trustedProxies: parseProxies(read('GENAUTH_TRUSTED_PROXIES') ?? ''),
    logLevel: parseLogLevel(read('GENAUTH_LOG_LEVEL') ?? 'info'),
    passwordHashCost: readPasswordHashCost(read),
    publicIps: parsePublicIps(read('GENAUTH_PUBLIC_IPS') ?? ''),
    allowsPasswordHashExport: parseSwitch(
      read('GENAUTH_PASSWORD_HASH_EXPORT') ?? 'false',
      'GENAUTH_PASSWORD_HASH_EXPORT',
    ),
    jobRetentionDays: parseNumber(read('GENAUTH_JOB_RETENTION_DAYS') ?? '30', 'GENAUTH_JOB_RETENTION_DAYS', 1, 3650),
  };
}

/** What programs that call a server are told by; they may share a shell with one. */
const namesOfClients = ['GENAUTH_URL', 'GENAUTH_ACCESS_KEY_ID', 'GENAUTH_ACCESS_KEY_SECRET'];

function refuseUnknownNames(environment: Readonly<Record<string, string | undefined>>): void {
  const known = names.flatMap((name) => [name, `${name}_FILE`]);
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('GENAUTH_') || known.includes(name) || namesOfClients.includes(name)) continue;
    const nearest = known.reduce((best, candidate) =>
      distance(name, candidate) < distance(name, best) ? candidate : best,
    );
    throw new ConfigurationError(`${name} is not a setting. Did you mean ${nearest}?`);
  }
}

function readValue(environment: Readonly<Record<string, string | undefined>>, name: Name): string | undefined {
  const value = environment[name] || undefined;
  const file = environment[`${name}_FILE`] || undefined;
  if (value !== undefined && file !== undefined) {
    throw new ConfigurationError(`${name} and ${name}_FILE are both set. Set one of them.`);
  }
  if (file === undefined) return value;
  let content: string;
  try {
    content = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new ConfigurationError(
      `${name}_FILE: ${file} cannot be read (${error instanceof Error ? error.message : error})`,
    );
  }
  // An empty mount is a mistake; it must not become the default, or the current directory.
  if (content === '') throw new ConfigurationError(`${name}_FILE: ${file} is empty`);
  return content;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) {
    throw new ConfigurationError(`GENAUTH_PORT must be a number from 0 (any free port) to 65535, not "${text}"`);
  }
  return port;
}

function parseDatabaseUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  // The value may hold a password, so it is not repeated in the message.
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) {
    throw new ConfigurationError('GENAUTH_DATABASE_URL must look like postgres://user:password@host:5432/database');
  }
  return text;
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

/** Only addresses and networks: what is trusted is believed about where requests come from. */
function parseProxies(text: string): string[] {
  const proxies = listOf(text);
  for (const proxy of proxies) {
    const [address = '', prefix, ...rest] = proxy.split('/');
    const bits = isIP(address) === 6 ? 128 : 32;
    const isNetwork = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
    if (isIP(address) === 0 || !isNetwork || rest.length > 0) {
      throw new ConfigurationError(
        `GENAUTH_TRUSTED_PROXIES must be addresses or networks with commas between them, such as 127.0.0.1,10.0.0.0/8, not "${proxy}"`,
      );
    }
  }
  return proxies;
}

function parseLogLevel(text: string): LogLevel {
  const level = logLevels.find((one) => one === text);
  if (level === undefined) {
    throw new ConfigurationError(`GENAUTH_LOG_LEVEL must be one of ${logLevels.join(', ')}, not "${text}"`);
  }
  return level;
}

/** The floor is the default; the ceilings keep a slip from making every sign-in take a minute. */
function readPasswordHashCost(read: (name: Name) => string | undefined): PasswordHashCost {
  const { memoryKib, passes, lanes } = defaultPasswordHashCost;
  const number = (name: Name, standard: number, min: number, max: number) =>
    parseNumber(read(name) ?? String(standard), name, min, max);
  return {
    memoryKib: number('GENAUTH_ARGON2_MEMORY_KIB', memoryKib, memoryKib, 1024 * 1024),
    passes: number('GENAUTH_ARGON2_PASSES', passes, 1, 20),
    lanes: number('GENAUTH_ARGON2_LANES', lanes, 1, 16),
  };
}

function parseNumber(text: string, name: Name, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d{1,7}$/.test(text) || value < min || value > max) {
    throw new ConfigurationError(`${name} must be a number from ${min} to ${max}, not "${text}"`);
  }
  return value;
}

function parseSwitch(text: string, name: Name): boolean {
  if (text !== 'true' && text !== 'false') throw new ConfigurationError(`${name} must be true or false, not "${text}"`);
  return text === 'true';
}

function parsePublicIps(text: string): string[] {
  const addresses = listOf(text);
  const wrong = addresses.find((address) => isIP(address) === 0);
  if (wrong !== undefined) {
    throw new ConfigurationError(`GENAUTH_PUBLIC_IPS must be addresses with commas between them, not "${wrong}"`);
  }
  return addresses;
}

function matching(value: string | undefined, name: Name, pattern: RegExp, shape: string): string | undefined {
  if (value !== undefined && !pattern.test(value)) throw new ConfigurationError(`${name} must be ${shape}`);
  return value;
}

/** Edit distance (Levenshtein), to name the nearest known setting. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, substitution));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
