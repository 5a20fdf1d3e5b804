import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate, type Model, readModel } from '@genauth/codegen';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPages } from './pages.ts';
import { buildSite, type SiteReport } from './site.ts';
import { siteOptions } from './testing/site-options.ts';

let root: string;
let output: string;
const page = (path: string) => readFile(join(output, path, 'index.html'), 'utf8');

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'genauth-docs-'));
  output = join(root, 'site');
});

afterAll(() => rm(root, { recursive: true }));

describe('the site', () => {
  let model: Model;
  let report: SiteReport;

  beforeAll(async () => {
    report = await buildSite({ ...siteOptions, output });
    model = readModel(JSON.parse(await readFile(siteOptions.document, 'utf8')));
  });

  test('has no link that leads nowhere', () => {
    expect(report.brokenLinks).toEqual([]);
  });

  test('has every page in every language', async () => {
    const pagesOf = async (locale: string) =>
      (await readdir(join(siteOptions.content, locale), { recursive: true }))
        .filter((name) => name.endsWith('.md'))
        .sort();
    expect(await pagesOf('zh')).toEqual(await pagesOf('en'));
  });

  test('has no page of an operation that is gone', async () => {
    const current = generate({ management: JSON.parse(await readFile(siteOptions.document, 'utf8')) });
    const paths = new Set(current.map(({ path }) => path));
    const pages = await readPages(siteOptions.content);
    const orphans = pages
      .filter(({ generated }) => generated)
      .map(({ locale, file }) => `apps/docs/content/${locale}/${file}`)
      .filter((path) => !paths.has(path));
    expect(orphans, 'delete these').toEqual([]);
  });

  test('has a page for every operation and SDK, in the order of the contract', async () => {
    const [first, second, third] = model.operations.filter(({ tag }) => tag === 'Organizations');
    const html = await page('reference/java/organization-management/get-organizations-batch');
    expect(second?.name).toBe('getOrganizationsBatch');
    expect(html).toContain(`<small>Previous</small>${first?.title.en}`);
    expect(html).toContain(`<small>Next</small>${third?.title.en}`);
    for (const { name } of model.operations) expect(await stat(join(output, 'explorer', `${name}.json`))).toBeTruthy();
  });

  test('shows on the page of remove_department_members what the published page shows', async () => {
    const text = (await page('reference/python/organization-management/remove-department-members'))
      .replace(/<\/?span[^>]*>/g, '')
      .replace(/<[^>]+>/g, ' ')
      .replaceAll('&quot;', '"')
      .replace(/\s+/g, ' ');
    for (const shown of [
      'Development Integration SDK Python Management Module Organization Management Remove Department Members',
      'Delete members under a department',
      'ManagementClient.remove_department_members',
      'Name Type Required Default value Description Sample value',
      'userIds user_ids string[] yes -',
      '["623c20b2a062aaaaf41b17da"]',
      'organizationCode organization_code string yes -',
      'steamory',
      'departmentId department_id string yes -',
      '60b49eb83fd80adb96f26e68',
      'departmentIdType department_id_type string no department_id',
      'department_id , open_department_id , sync_relation , custom_field , code',
      'tenantId tenant_id string no -',
      '623c20b2a062aaaaf41b17da',
      'Type: IsSuccessRespDto',
      '"message": "Success"',
      'success boolean yes Whether the operation succeeded true',
      'Previous Add Department Members',
      'Next Get Parent Department Info',
    ]) {
      expect(text).toContain(shown);
    }
  });

  test('is light: no page weighs 150 KB with its styles and scripts', async () => {
    const [hash = ''] = await readdir(join(output, 'assets'));
    const assets = await readdir(join(output, 'assets', hash));
    const sizes = await Promise.all(assets.map((name) => weight(join(output, 'assets', hash, name))));
    const shared = sizes.reduce((sum, size) => sum + size, 0);
    const files = (await readdir(output, { recursive: true })).filter((name) => name.endsWith('.html'));
    expect(files.length).toBeGreaterThan(6 * model.operations.length);
    for (const file of files) expect(shared + (await weight(join(output, file))), file).toBeLessThan(150_000);
    for (const locale of ['en', 'zh']) {
      expect(await weight(join(output, 'search', `${locale}.json`))).toBeLessThan(150_000);
    }
  });
});

/** Bytes on the wire. */
async function weight(file: string): Promise<number> {
  if (file.endsWith('.br')) return 0;
  const { size } = await stat(`${file}.br`).catch(() => stat(file));
  return size;
}
