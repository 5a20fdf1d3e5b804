/** The pages in a browser: they render at every width without an error, and everybody can use them. */
import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser } from '../../../scripts/browser.ts';
import { type TestUserPool, testUserPool } from '../../server/src/testing/server.ts';
import { buildSite } from './site.ts';
import { siteOptions } from './testing/site-options.ts';

const found = findBrowser();
if (!found.ready) console.log(`skipped: the documentation in a browser (${found.reason})`);

/** Both widths and both themes, in two runs instead of four. */
const screens = [
  { name: 'phone', width: 390, theme: 'light' },
  { name: 'desktop', width: 1440, theme: 'dark' },
] as const;

/** One of each type; every other is made in the same way. */
const pages = [
  '/',
  '/concepts/department/',
  '/guide/organizations/',
  '/guide/self-hosting/',
  '/reference/python/',
  '/reference/nodejs/organization-management/',
  '/reference/python/organization-management/remove-department-members/',
  '/reference/java/user-management/create-user/',
  '/errors/',
  '/api/#removeDepartmentMembers',
  '/zh/guide/organizations/',
  '/zh/reference/python/organization-management/remove-department-members/',
  '/zh/api/',
];

describe.skipIf(!found.ready)('in a browser', () => {
  let browser: Browser;
  let pool: TestUserPool;

  beforeAll(async () => {
    await buildSite(siteOptions);
    pool = await testUserPool();
    browser = await chromium.launch({
      ...(found.ready ? { executablePath: found.path } : {}),
      // Chromium's own sandbox refuses root.
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    });
  });

  afterAll(() => browser?.close());

  /** Opens a page; whatever the browser complains about, and whatever is asked of another host, fails the test. */
  async function open(context: BrowserContext, path: string): Promise<{ page: Page; complaints: string[] }> {
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(`${path}: ${message.text()}`);
    });
    page.on('pageerror', (error) => complaints.push(`${path}: ${error.message}`));
    page.on('request', (request) => {
      if (!request.url().startsWith(pool.server.origin)) complaints.push(`${path} asks for ${request.url()}`);
    });
    await page.goto(`${pool.server.origin}/docs${path}`, { waitUntil: 'load' });
    return { page, complaints };
  }

  async function faultsOf(context: BrowserContext, path: string): Promise<string[]> {
    const { page, complaints } = await open(context, path);
    if (path.includes('/api/#')) await page.getByRole('button', { name: 'Send' }).waitFor();
    // By the console's door: a script element would be refused by the policy of the pages.
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate<axe.AxeResults>("axe.run({ resultTypes: ['violations'] })");
    const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    await page.close();
    return [
      ...complaints,
      ...violations.map(({ id, nodes }) => `${path}: ${id} at ${nodes[0]?.html}`),
      ...(overflow > 0 ? [`${path} is ${overflow} pixels wider than the screen`] : []),
    ];
  }

  test.each(screens)(
    'every type of page renders on a $name in the $theme',
    { timeout: 120_000 },
    async ({ width, theme }) => {
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: theme });
      const faults = await Promise.all(pages.map((path) => faultsOf(context, path)));
      await context.close();
      expect(faults.flat()).toEqual([]);
    },
  );

  test('the search finds an operation by its Python name and opens it with the keyboard', async () => {
    const context = await browser.newContext();
    const { page, complaints } = await open(context, '/reference/python/');
    await page.keyboard.press('/');
    await page.keyboard.type('remove_department_members');
    await page.locator('.results a').first().waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL('**/reference/python/organization-management/remove-department-members/');
    await context.close();
    expect(complaints).toEqual([]);
  });

  test('the search finds Chinese words, and says when it finds nothing', async () => {
    const context = await browser.newContext();
    const { page } = await open(context, '/zh/');
    await page.getByRole('button', { name: '搜索' }).click();
    const search = page.getByRole('searchbox');
    await search.fill('删除成员');
    await page
      .getByRole('link', { name: /部门下删除成员/ })
      .first()
      .waitFor();
    await search.fill('没有这样的词语');
    await page.getByText('没有找到结果').waitFor();
    await context.close();
  });

  test('the choice of light or dark is kept', async () => {
    const context = await browser.newContext({ colorScheme: 'light' });
    const { page } = await open(context, '/');
    await page.getByRole('button', { name: 'Light or dark' }).click();
    await page.goto(`${pool.server.origin}/docs/errors/`);
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
    await context.close();
  });

  test('the explorer gets a token with an access key and makes a call with it', async () => {
    const context = await browser.newContext();
    const { page, complaints } = await open(context, '/api/#createOrganization');
    await page.getByLabel(/Access key id/).fill(pool.id);
    await page.getByLabel(/Access key secret/).fill(pool.secret);
    await page.getByRole('button', { name: 'Get a management token' }).click();
    await page.getByText('The token is here').waitFor();
    await page.getByLabel(/^organizationName/).fill('Made in the explorer');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('"statusCode": 200').waitFor();
    const { list } = await pool.do('searchOrganizations', { keywords: 'Made in the explorer' });
    expect(list).toHaveLength(1);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('the explorer shows what is wrong with a key, and with a field', async () => {
    const context = await browser.newContext();
    const { page } = await open(context, '/api/#addDepartmentMembers');
    await page.getByLabel(/Access key id/).fill(pool.id);
    await page.getByLabel(/Access key secret/).fill('wrong');
    await page.getByRole('button', { name: 'Get a management token' }).click();
    await page.getByText('accessKeyId or accessKeySecret is wrong').waitFor();
    await page.getByLabel(/^userIds/).fill('[not json');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('userIds is not valid JSON').waitFor();
    await context.close();
  });
});
