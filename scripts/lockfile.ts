/**
 * Keeps package-lock.json usable on every machine: `node scripts/lockfile.ts` after an `npm install`.
 *
 * - A registry that lacks some platform's build of a tool makes npm leave that build out of the lockfile, and `npm ci`
 *   then refuses the lockfile everywhere. Such builds are entered with their version; npm installs them only where they fit.
 * - Addresses of registries do not belong in it: .npmrc leaves them out, and `--check` makes sure.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly license?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Lockfile {
  packages: Record<string, LockedPackage>;
}

const path = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const platform =
  /(?<os>aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)-(?<cpu>[a-z0-9]+)(-(?<libc>musl|gnu))?/;

/** Where npm may have put a dependency of the package at a place: in its own folder, or in one around it. */
function placesOf(name: string, at: string): string[] {
  const places = [`node_modules/${name}`];
  for (let end = at.length; end > 0; end = at.lastIndexOf('/node_modules/', end - 1)) {
    places.push(`${at.slice(0, end)}/node_modules/${name}`);
  }
  return places;
}

/** Platform builds that a package names, and the lockfile does not have. */
function missingBuilds({ packages }: Lockfile): [string, LockedPackage][] {
  const missing: [string, LockedPackage][] = [];
  for (const [at, { optionalDependencies = {}, dev, license }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (placesOf(name, at).some((place) => packages[place] !== undefined)) continue;
      const { os, cpu, libc } = platform.exec(name)?.groups ?? {};
      if (os === undefined || cpu === undefined) throw new Error(`${name} is missing, and is no platform's build`);
      const build = {
        version,
        cpu: [cpu],
        ...(dev === true && { dev }),
        ...(libc !== undefined && { libc: [libc === 'gnu' ? 'glibc' : libc] }),
        ...(license !== undefined && { license }),
        optional: true,
        os: [os],
      };
      missing.push([`node_modules/${name}`, build]);
    }
  }
  return missing;
}

const lockfile: Lockfile = JSON.parse(await readFile(path, 'utf8'));
const missing = missingBuilds(lockfile);
const addressed = Object.entries(lockfile.packages).filter(([, { resolved, link }]) => resolved !== undefined && !link);

if (process.argv.includes('--check')) {
  for (const [name] of missing) console.error(`${name} is missing`);
  for (const [name] of addressed) console.error(`${name} names the registry it came from`);
  if (missing.length + addressed.length > 0) {
    console.error('Run `node scripts/lockfile.ts` and commit package-lock.json.');
    process.exitCode = 1;
  }
} else {
  const packages = { ...lockfile.packages, ...Object.fromEntries(missing) };
  for (const [name, { resolved: _, ...locked }] of addressed) packages[name] = locked;
  lockfile.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  await writeFile(path, `${JSON.stringify(lockfile, null, 2)}\n`);
  console.log(`${missing.length} builds added, ${addressed.length} addresses removed`);
}
