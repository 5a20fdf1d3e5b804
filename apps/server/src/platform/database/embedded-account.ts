import { access, constants, readFile, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { EmbeddedPostgresError, useAnotherDatabase } from './embedded-binaries.ts';

/** The user PostgreSQL runs as. */
export interface PostgresAccount {
  /** Whom the cluster's files must belong to; absent when that is the server's own user. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Wraps a program so that it runs as this user. */
  command(program: string, parameters: readonly string[]): readonly [file: string, parameters: readonly string[]];
}

/** Whom PostgreSQL runs as: the server's user; for root, who is refused by PostgreSQL, the owner of the files or nobody. */
export async function choosePostgresAccount(clusterDirectory: string): Promise<PostgresAccount> {
  if (process.getuid?.() !== 0) return { command: (program, parameters) => [program, parameters] };
  if (process.platform !== 'linux') {
    throw new EmbeddedPostgresError(
      `PostgreSQL does not run as root. Start GenAuth as an ordinary user. ${useAnotherDatabase}`,
    );
  }
  await requireCapabilities();
  const setpriv = await requireSetpriv();
  const owner = (await findOwner(clusterDirectory)) ?? (await findNobody());
  const options = [
    `--reuid=${owner.uid}`,
    `--regid=${owner.gid}`,
    '--clear-groups',
    // Lets it pass directories that only root may enter, such as root's home with the clone in it. `dac_override` alone
    // does, and unlike `dac_read_search` a container has it by default. PostgreSQL's own checks see the plain user.
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
    // Without it, leaving uid 0 takes the capability away before setpriv has reached the program in that directory.
    '--securebits=+no_setuid_fixup',
    '--',
  ];
  return { owner, command: (program, parameters) => [setpriv, [...options, program, ...parameters]] };
}

/** The environment PostgreSQL's programs get: nothing of ours, which holds secrets. */
export const postgresEnvironment: Readonly<Record<string, string>> = {
  // Messages are read by us, and sort orders are chosen in the schema.
  LC_ALL: 'C',
  TZ: 'UTC',
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
};

/** What the way from root to an ordinary user needs (capabilities(7)). A container can be started with fewer. */
const neededCapabilities = { chown: 0, dac_override: 1, kill: 5, setgid: 6, setuid: 7, setpcap: 8 };

async function requireCapabilities(): Promise<void> {
  const status = await readFile('/proc/self/status', 'utf8');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const missing = Object.entries(neededCapabilities).filter(([, bit]) => (effective & (1n << BigInt(bit))) === 0n);
  if (missing.length === 0) return;
  throw new EmbeddedPostgresError(
    'PostgreSQL does not run as root, and this root may not start it as another user: ' +
      `the capabilities ${missing.map(([name]) => name).join(', ')} are missing. ` +
      `Start GenAuth as an ordinary user. ${useAnotherDatabase}`,
  );
}

async function requireSetpriv(): Promise<string> {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/bin'];
  for (const directory of directories.filter((one) => one.startsWith('/'))) {
    const program = join(directory, 'setpriv');
    const found = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return program;
  }
  throw new EmbeddedPostgresError(
    'PostgreSQL does not run as root, and the program setpriv that would start it as another user is missing. ' +
      `Install util-linux, or start GenAuth as an ordinary user. ${useAnotherDatabase}`,
  );
}

/** The owner of an existing cluster. One copied by root belongs to root, which is as good as no owner. */
async function findOwner(clusterDirectory: string): Promise<{ uid: number; gid: number } | undefined> {
  const { uid, gid } = await stat(clusterDirectory).catch(() => ({ uid: 0, gid: 0 }));
  return uid === 0 ? undefined : { uid, gid };
}

async function findNobody(): Promise<{ uid: number; gid: number }> {
  const accounts = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const [, uid, gid] = /^nobody:[^:]*:(\d+):(\d+):/m.exec(accounts) ?? [];
  return { uid: Number(uid ?? 65534), gid: Number(gid ?? 65534) };
}
