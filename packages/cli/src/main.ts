#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { GenAuthConnectionError, GenAuthError, type Models } from 'genauth';
import manifest from '../package.json' with { type: 'json' };
import { type ConnectionOptions, connect } from './connection.ts';
import { exportCommand } from './export-command.ts';
import { importCommand } from './import-command.ts';
import { printable } from './printable.ts';
import { UsageError } from './usage-error.ts';

type Filter = Models.ListUsersAdvancedFilterItemDto;

/** What the process ends with. */
const exitCodes = { failed: 1, usage: 2 } as const;

const environment = `
Environment:
  GENAUTH_URL                as --host: address of the server
  GENAUTH_ACCESS_KEY_ID      as --access-key-id: the id of a user pool, or of an access key
  GENAUTH_ACCESS_KEY_SECRET  its secret (an option would show it to everybody on this machine)

Exit codes:
  0  done
  1  it failed
  2  the command is not understood
  3  done, but some rows were refused
  130  interrupted; what was started on the server goes on
`;

/** What goes without saying, so that the help does not say it: of each option that is not given. */
const importDefaults = {
  dryRun: false,
  keepPassword: false,
  resetPasswordOnFirstLogin: false,
  column: {},
  restart: false,
};
const exportDefaults = { where: [], filter: [], force: false };

const program = new Command('genauth')
  .description('GenAuth from the command line')
  .version(manifest.version)
  .addOption(
    new Option('--host <address>', 'address of the server').env('GENAUTH_URL').default('http://127.0.0.1:3000'),
  )
  .addOption(new Option('--access-key-id <id>', 'access key id').env('GENAUTH_ACCESS_KEY_ID'))
  .addOption(new Option('--lang <language>', 'language of messages').choices(['en-US', 'zh-CN']).default('en-US'))
  .addHelpText('after', environment)
  .exitOverride()
  .configureHelp({ showGlobalOptions: true });

const importing = program.command('import').description('bring data in');
importing
  .command('users')
  .description('import users from a CSV, NDJSON or Excel file')
  .argument('<file>', 'file: .csv, .ndjson, .jsonl or .xlsx')
  .addOption(
    new Option('--on-existing <what>', 'what to do with users who exist').choices(['skip', 'update']).default('skip'),
  )
  .option('--dry-run', 'check the file and change nothing')
  .option('--report <file>', 'write refused rows to this CSV file')
  .addOption(
    new Option('--on-missing-department <what>', 'what to do with paths of departments that are not there')
      .choices(['create', 'refuse'])
      .default('create'),
  )
  .addOption(
    new Option('--department-id-type <type>', 'what the column departmentIds holds')
      .choices(['department_id', 'open_department_id', 'sync_relation', 'code'])
      .default('department_id'),
  )
  .option('--keep-password', 'passwords are hashes made elsewhere, with their salt in the column salt')
  .option('--reset-password-on-first-login', 'new users must change their password at the first login')
  .option(
    '--column <name=field>',
    'what a column holds whose name does not say it; without a field it is left out (repeatable)',
    toColumn,
  )
  .option('--restart', 'begin anew where an earlier run of the same command was interrupted')
  .action(async (file, options) => {
    const given = { ...importDefaults, ...options };
    process.exitCode = await importCommand(connect(program.opts<ConnectionOptions>()), file, given);
  });

const exporting = program.command('export').description('take data out');
exporting
  .command('users')
  .description('export users to a CSV, NDJSON or Excel file')
  .argument('<file>', 'file to write: .csv, .ndjson, .jsonl or .xlsx')
  .option('--fields <names>', 'fields in their order, separated by commas; without it all that can be imported again')
  .option('--keywords <text>', 'only users in whom this text is found')
  .option('--where <field=value>', 'only users whose field has this value (repeatable)', toFilter)
  .option('--filter <json>', 'only users that meet a filter of list-users, as JSON (repeatable)', toJsonFilter)
  .option('--force', 'overwrite the file')
  .action(async (file, options) => {
    const given = { ...exportDefaults, ...options };
    process.exitCode = await exportCommand(connect(program.opts<ConnectionOptions>()), file, given);
  });

function toFilter(text: string, filters: readonly Filter[] = []): Filter[] {
  const at = text.indexOf('=');
  if (at <= 0) throw new InvalidArgumentError('Write it as field=value.');
  return [...filters, { field: text.slice(0, at), operator: 'EQUAL', value: text.slice(at + 1) }];
}

function toJsonFilter(text: string, filters: readonly Filter[] = []): Filter[] {
  try {
    return [...filters, JSON.parse(text) as Filter];
  } catch {
    throw new InvalidArgumentError('It is not JSON.');
  }
}

function toColumn(text: string, columns: Readonly<Record<string, string | null>> = {}) {
  const at = text.lastIndexOf('=');
  if (at <= 0) throw new InvalidArgumentError('Write it as name=field.');
  return { ...columns, [text.slice(0, at)]: text.slice(at + 1) || null };
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
  const isPlain =
    error instanceof UsageError || error instanceof GenAuthError || error instanceof GenAuthConnectionError;
  process.stderr.write(
    `${printable(String(error instanceof Error ? (isPlain ? error.message : error.stack) : error))}\n`,
  );
  if (error instanceof GenAuthConnectionError) {
    const { host } = program.opts<ConnectionOptions>();
    process.stderr.write(`The server is expected at ${printable(host)}; --host or GENAUTH_URL names another.\n`);
  }
  if (error instanceof GenAuthError && error.requestId !== undefined) {
    process.stderr.write(`requestId: ${printable(error.requestId)}\n`);
  }
  return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
}
