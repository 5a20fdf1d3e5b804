import { readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** A folder of finished files, served below a prefix. Folders answer with their `index.html`. */
export interface StaticSite {
  readonly prefix: `/${string}`;
  readonly folder: string;
  /** HTML that is shown while the folder is not there. */
  readonly whenMissing: string;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
};

// The pages hold no script and no style of their own, and load nothing from anywhere else.
const securityHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
};

/** Adds the routes of a site. Looks at the disk for each request, so a site that is built later is there at once. */
export function addStaticSite(app: FastifyInstance, site: StaticSite): void {
  for (const url of [site.prefix, `${site.prefix}/*`]) {
    app.route({ method: ['GET', 'HEAD'], url, handler: (request, reply) => sendFile(site, request, reply) });
  }
}

async function sendFile(site: StaticSite, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  reply.headers(securityHeaders).header('vary', 'accept-encoding');
  const path = pathInside(site, request.url);
  const found = path === undefined ? undefined : await find(site.folder, path, request);
  if (found !== undefined) return answer(reply, request, found);

  reply.code(404).header('cache-control', 'no-store');
  const notFound = await find(site.folder, '404.html', request);
  return notFound === undefined
    ? reply.type(contentTypes['.html'] ?? '').send(site.whenMissing)
    : send(reply, notFound);
}

/** The file that an address means, below the folder; undefined for what no site has, such as `..` and dot files. */
function pathInside({ prefix }: StaticSite, url: string): string | undefined {
  const [address = ''] = url.split('?', 1);
  let decoded: string;
  try {
    decoded = decodeURIComponent(address.slice(prefix.length));
  } catch {
    return undefined;
  }
  const segments = decoded.split('/').filter((segment) => segment !== '');
  if (segments.some((segment) => segment.startsWith('.') || /[\\\0]/.test(segment))) return undefined;
  const path = segments.join('/');
  return extname(path) === '' ? join(path, 'index.html') : path;
}

interface FoundFile {
  /** As it is on the disk: itself, or its compressed twin. */
  readonly file: string;
  readonly type: string;
  readonly isCompressed: boolean;
  readonly tag: string;
  /** Whether its name changes with its content. */
  readonly isImmutable: boolean;
}

async function find(folder: string, path: string, { headers }: FastifyRequest): Promise<FoundFile | undefined> {
  const type = contentTypes[extname(path)];
  if (type === undefined) return undefined;
  const accepted = String(headers['accept-encoding'] ?? '');
  const isImmutable = path.startsWith('assets/');
  for (const isCompressed of /\bbr\b/.test(accepted) ? [true, false] : [false]) {
    const file = join(folder, path) + (isCompressed ? '.br' : '');
    const about = await stat(file).catch(() => undefined);
    if (about?.isFile() !== true) continue;
    const tag = `"${about.size.toString(36)}-${Math.trunc(about.mtimeMs).toString(36)}${isCompressed ? '-br' : ''}"`;
    return { file, type, isCompressed, tag, isImmutable };
  }
  return undefined;
}

async function answer(reply: FastifyReply, { headers }: FastifyRequest, found: FoundFile): Promise<FastifyReply> {
  reply.header('etag', found.tag);
  reply.header('cache-control', found.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (headers['if-none-match'] === found.tag) return reply.code(304).send();
  return send(reply, found);
}

async function send(reply: FastifyReply, { file, type, isCompressed }: FoundFile): Promise<FastifyReply> {
  const bytes = await readFile(file);
  if (isCompressed) reply.header('content-encoding', 'br');
  return reply.type(type).send(bytes);
}
