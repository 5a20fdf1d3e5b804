/**
 * Makes `dist/`, the package as it is published: `npm run build -w genauth`, then `npm pack ./packages/sdk/dist`. Inside the
 * repository everything imports the source; a build is needed by nobody here.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const folder = fileURLToPath(new URL('.', import.meta.url));
const repository = join(folder, '..', '..');

/** Builds into the given folder, `dist` unless told. */
export async function build(target = join(folder, 'dist')): Promise<void> {
  await rm(target, { recursive: true, force: true });
  await mkdir(join(target, 'cjs'), { recursive: true });
  await compile(join(target, 'esm'), []);
  await compile(join(target, 'cjs'), ['--module', 'commonjs', '--moduleResolution', 'bundler']);
  await writeJson(join(target, 'cjs', 'package.json'), { type: 'commonjs' });
  await writeJson(join(target, 'package.json'), await publishedManifest());
  await cp(join(folder, 'README.md'), join(target, 'README.md'));
  await cp(join(repository, 'LICENSE'), join(target, 'LICENSE'));
}

/** The comments are for editors, which read them in the declarations; without them the programs load in half the time. */
async function compile(outDir: string, options: readonly string[]): Promise<void> {
  await runCompiler(['--outDir', outDir, '--emitDeclarationOnly', ...options]);
  await runCompiler(['--outDir', outDir, '--declaration', 'false', '--removeComments', ...options]);
}

async function runCompiler(options: readonly string[]): Promise<void> {
  const compiler = join(repository, 'node_modules', '.bin', 'tsc');
  const parameters = ['-p', join(folder, 'tsconfig.build.json'), ...options];
  await promisify(execFile)(compiler, parameters).catch(({ stdout }: { stdout?: string }) => {
    throw new Error(`the compiler refused the source:\n${stdout}`);
  });
}

async function publishedManifest(): Promise<object> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const { private: _private, scripts: _scripts, exports: _exports, ...published } = manifest;
  return {
    ...published,
    main: './cjs/index.js',
    module: './esm/index.js',
    types: './cjs/index.d.ts',
    exports: {
      '.': {
        import: { types: './esm/index.d.ts', default: './esm/index.js' },
        require: { types: './cjs/index.d.ts', default: './cjs/index.js' },
      },
      './package.json': './package.json',
    },
  };
}

async function writeJson(path: string, value: object): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

if (import.meta.main) await build();
