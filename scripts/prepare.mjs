// Runs before every npm script, on whatever Node.js the machine has (18 or newer): brings node_modules in line with
// package-lock.json. The script that follows then finds the project's own Node.js first on its PATH, because npm puts
// node_modules/.bin there and the packages node-<platform> link their binary into it.
//
// Plain JavaScript, no imports but Node's own: at this moment nothing else is installed.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bundledNode = join(root, 'node_modules', '.bin', 'node');
/** The first version that runs TypeScript files without a flag or a warning; the same as `engines` in package.json. */
const oldestNode = [22, 18];

const outOfDate = differenceFromLockfile();
if (outOfDate !== undefined) {
  install(outOfDate);
  removeBundledNodeThatCannotRun();
}
requireNode();

/** Says why node_modules is not what package-lock.json describes, or undefined when it is. */
function differenceFromLockfile() {
  const locked = readPackages(join(root, 'package-lock.json'));
  // npm writes this copy as the last step of an installation, so one that was interrupted counts as missing.
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (locked === undefined || installed === undefined) return 'first start';

  const withoutDevelopment =
    process.env.NODE_ENV === 'production' || (process.env.npm_config_omit ?? '').split(/[\s,]+/).includes('dev');
  for (const [path, wanted] of Object.entries(locked)) {
    if (!path.includes('node_modules/')) continue;
    const found = installed[path];
    // Packages of other platforms are locked, too, and rightly absent.
    if (found === undefined && (wanted.optional || wanted.devOptional)) continue;
    if (found === undefined && wanted.dev && withoutDevelopment) continue;
    if (found === undefined) return `${nameOf(path)} is missing`;
    if (found.version !== wanted.version) return `${nameOf(path)} is ${found.version}, not ${wanted.version}`;
  }
  return undefined;
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function nameOf(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function install(reason) {
  console.log(`Installing packages (${reason}) …`);
  const startedAt = Date.now();
  // `npm ci` removes node_modules first, and with it the Node.js that may be running this very file: let npm run on the
  // machine's. Warnings are left out: an old Node.js would print one line per package, and it is about to be replaced.
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  const { status, error } = spawnSync('npm', ['ci', '--loglevel=error'], {
    cwd: root,
    env: { ...process.env, PATH: path.join(delimiter) },
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    fail(
      `The packages could not be installed${error ? ` (${error.message})` : ''}. Repair what npm names above, then run the command again.`,
    );
  }
  console.log(`Installed in ${Math.round((Date.now() - startedAt) / 1000)} s.`);
}

/** The binary is made for glibc; where that is missing (Alpine) its link would only hide the machine's own Node.js. */
function removeBundledNodeThatCannotRun() {
  if (existsSync(bundledNode) && spawnSync(bundledNode, ['--version']).status !== 0) rmSync(bundledNode);
}

function requireNode() {
  if (existsSync(bundledNode)) return;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = oldestNode;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  fail(
    `GenAuth needs Node.js ${oldestNode.join('.')} or newer. This machine has ${process.versions.node}, and no Node.js ` +
      `came with the packages for ${process.platform}-${process.arch}.\n` +
      'Install Node.js 24 (your package manager or nodejs.org has it), then run the command again.',
  );
}

function fail(message) {
  console.error(`\n${message}`);
  process.exit(1);
}
