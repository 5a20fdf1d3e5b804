import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addStaticSite } from './static.ts';

let root: string;
let app: FastifyInstance;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'genauth-site-'));
  await mkdir(join(root, 'site', 'guide'), { recursive: true });
  await mkdir(join(root, 'site', 'assets', 'abc'), { recursive: true });
  const home = '<!doctype html><title>Home</title>';
  await writeFile(join(root, 'site', 'index.html'), home);
  await writeFile(join(root, 'site', 'index.html.br'), brotliCompressSync(home));
  await writeFile(join(root, 'site', 'guide', 'index.html'), 'guide');
  await writeFile(join(root, 'site', '404.html'), 'no such page');
  await writeFile(join(root, 'site', 'assets', 'abc', 'style.css'), 'p {}');
  await writeFile(join(root, 'site', '.secret.html'), 'secret');
  await writeFile(join(root, 'outside.html'), 'secret');
  app = Fastify({ routerOptions: { ignoreTrailingSlash: true } });
  addStaticSite(app, { prefix: '/docs', folder: join(root, 'site'), whenMissing: 'build it' });
  addStaticSite(app, { prefix: '/later', folder: join(root, 'later'), whenMissing: 'build it' });
});

afterAll(async () => {
  await app.close();
  await rm(root, { recursive: true });
});

const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers });

test('a folder answers with its page, with and without the slash', async () => {
  for (const url of ['/docs', '/docs/', '/docs?from=start']) expect((await get(url)).body).toContain('Home');
  for (const url of ['/docs/guide', '/docs/guide/']) expect((await get(url)).body).toBe('guide');
});

test('what the browser can unpack is sent packed', async () => {
  const packed = await get('/docs/', { 'accept-encoding': 'gzip, br' });
  expect(packed.headers).toMatchObject({ 'content-encoding': 'br', 'content-type': 'text/html; charset=utf-8' });
  expect((await get('/docs/guide', { 'accept-encoding': 'br' })).headers['content-encoding']).toBeUndefined();
});

test('a page is asked for again, an asset never', async () => {
  const page = await get('/docs/');
  expect(page.headers['cache-control']).toBe('no-cache');
  const again = await get('/docs/', { 'if-none-match': String(page.headers.etag) });
  expect(again).toMatchObject({ statusCode: 304, body: '' });
  expect((await get('/docs/assets/abc/style.css')).headers['cache-control']).toContain('immutable');
});

test('pages may load nothing from other hosts', async () => {
  expect((await get('/docs/')).headers['content-security-policy']).toContain("default-src 'none'");
});

test('HEAD answers the same without the page', async () => {
  expect(await app.inject({ method: 'HEAD', url: '/docs/' })).toMatchObject({ statusCode: 200, body: '' });
});

test.each([
  '/docs/nothing',
  '/docs/../outside.html',
  '/docs/..%2foutside.html',
  '/docs/%2e%2e/outside.html',
  '/docs/..\\outside.html',
  '/docs/.secret.html',
  '/docs/index.html%00.css',
  '/docs/index.html.br',
  '/docs/%E0%A4%A',
])('%s is not found, and shows nothing', async (url) => {
  const answer = await get(url);
  expect([400, 404]).toContain(answer.statusCode);
  expect(answer.body).not.toContain('secret');
});

test('before the site is built, a page says how to build it', async () => {
  expect(await get('/later/guide')).toMatchObject({ statusCode: 404, body: 'build it' });
  await mkdir(join(root, 'later', 'guide'), { recursive: true });
  await writeFile(join(root, 'later', 'guide', 'index.html'), 'built');
  expect(await get('/later/guide')).toMatchObject({ statusCode: 200, body: 'built' });
});
