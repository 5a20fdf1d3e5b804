import { fileURLToPath } from 'node:url';
import type { SiteOptions } from '../site.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

/** The site of this repository, where the server shows it. */
export const siteOptions: SiteOptions = {
  content: `${root}apps/docs/content`,
  theme: `${root}apps/docs/theme`,
  document: `${root}openapi/management.json`,
  authenticationDocument: `${root}openapi/authentication.json`,
  output: `${root}apps/docs/dist`,
  base: '/docs',
};
