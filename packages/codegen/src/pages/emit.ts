/**
 * The reference of the documentation site, as Markdown: a page for each operation in each SDK's language, a page for each
 * area, and the error codes, all of them in every language of the documentation. apps/docs makes the site.
 */
import type { GeneratedFile } from '../files.ts';
import type { Model } from '../model.ts';
import { areaPage } from './area-page.ts';
import { areasOf } from './areas.ts';
import { errorsPage } from './errors-page.ts';
import { operationPage, operationSlug } from './operation-page.ts';
import { sdkLanguages } from './sdk-languages.ts';
import { type Locale, locales } from './words.ts';

/** Every generated page. */
export function emitPages(model: Model): GeneratedFile[] {
  return locales.flatMap((locale) => [
    { path: `apps/docs/content/${locale}/errors.md`, text: errorsPage(model, locale) },
    ...referencePages(model, locale),
  ]);
}

function referencePages(model: Model, locale: Locale): GeneratedFile[] {
  const areas = areasOf(model);
  return sdkLanguages.flatMap((language) =>
    areas.flatMap((area, areaOrder) => {
      const folder = `apps/docs/content/${locale}/reference/${language.slug}/${area.slug}`;
      return [
        { path: `${folder}/index.md`, text: areaPage(area, areaOrder + 1, language, locale) },
        ...area.operations.map((operation, index) => ({
          path: `${folder}/${operationSlug(operation)}.md`,
          text: operationPage(model, operation, index + 1, language, locale),
        })),
      ];
    }),
  );
}
