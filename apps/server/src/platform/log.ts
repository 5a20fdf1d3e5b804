import { pino } from 'pino';

/** The server's structured log. Lines are JSON on standard error; standard output speaks to people. */
export type Log = pino.Logger;

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** Names under which a secret could reach a log line; their values are replaced, two levels deep. */
const secretNames = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'accessKeySecret',
  'userPoolSecret',
  'access_token',
  'id_token',
  'refresh_token',
  'masterKey',
  'databaseUrl',
];

/** Where PostgreSQL's errors repeat the values of a row: `Key (email)=(...) already exists`. */
const rowValues = ['err.detail', 'err.where'];

/** Opens the log. Secrets are redacted by name; personal data has no business in a log line in the first place. */
export function openLog(level: LogLevel, destination?: pino.DestinationStream): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: [...rowValues, ...secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])],
        censor: '[redacted]',
      },
    },
    destination ?? pino.destination({ fd: 2, sync: true }),
  );
}
