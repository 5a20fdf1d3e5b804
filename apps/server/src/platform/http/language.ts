import type { IncomingHttpHeaders } from 'node:http';
import type { Language } from '@genauth/contract';

/** The language of messages: `x-authing-lang` or `x-genauth-lang`, then `Accept-Language`, then en-US. */
export function languageOf(headers: IncomingHttpHeaders): Language {
  const named = headers['x-authing-lang'] || headers['x-genauth-lang'];
  return (
    (typeof named === 'string' ? toLanguage(named) : undefined) ?? firstKnown(headers['accept-language']) ?? 'en-US'
  );
}

function toLanguage(tag: string): Language | undefined {
  const primary = tag.trim().slice(0, 2).toLowerCase();
  return primary === 'zh' ? 'zh-CN' : primary === 'en' ? 'en-US' : undefined;
}

/** RFC 9110 §12.5.4, the highest weight first; weight 0 means "not this one". */
function firstKnown(header: string | undefined): Language | undefined {
  if (header === undefined) return undefined;
  return header
    .slice(0, 256)
    .split(',')
    .map((range) => {
      const [tag = '', ...parameters] = range.split(';');
      const weight = parameters
        .find((parameter) => parameter.trim().startsWith('q='))
        ?.trim()
        .slice(2);
      return { language: toLanguage(tag), weight: weight === undefined ? 1 : Number(weight) };
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .find(({ language }) => language !== undefined)?.language;
}
