// Full-text search without a server: the records of a language are loaded when they are first asked for.

interface SearchRecord {
  readonly t: string;
  readonly u: string;
  readonly n: string;
  readonly x: string;
}

const most = 20;
const { base = '', locale = 'en' } = document.documentElement.dataset;

let records: Promise<readonly SearchRecord[]> | undefined;

function loadRecords(): Promise<readonly SearchRecord[]> {
  records ??= fetch(`${base}/search/${locale}.json`).then((response) => response.json());
  return records;
}

/** Shows the dialog and answers what is typed into it. */
export function openSearch(dialog: HTMLDialogElement): void {
  const input = dialog.querySelector('input');
  const results = dialog.querySelector<HTMLElement>('.results');
  if (input === null || results === null) return;
  const show = async (): Promise<void> => {
    const query = input.value;
    const found = query.trim() === '' ? [] : find(await loadRecords(), query);
    // A slower answer to an earlier text must not replace this one.
    if (query !== input.value) return;
    results.replaceChildren(...toElements(found, query, dialog.dataset['nothing'] ?? ''));
  };
  input.oninput = () => void show();
  dialog.onkeydown = (event) => moveFocus(event, input, results);
  dialog.onclick = (event) => {
    if (event.target === dialog) dialog.close();
  };
  // Without this, Enter would press the button that closes.
  input.onkeydown = (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    results.querySelector('a')?.click();
  };
  void loadRecords();
  dialog.showModal();
  input.select();
}

function moveFocus(event: KeyboardEvent, input: HTMLInputElement, results: HTMLElement): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  event.preventDefault();
  const stops: HTMLElement[] = [input, ...results.querySelectorAll('a')];
  const active = document.activeElement;
  const place = active instanceof HTMLElement ? stops.indexOf(active) : -1;
  stops[Math.max(0, place + (event.key === 'ArrowDown' ? 1 : -1))]?.focus();
}

/** Records that have every word, the best first. A word counts most in the title, then in names, then in the text. */
function find(all: readonly SearchRecord[], query: string): SearchRecord[] {
  const words = wordsOf(query);
  const ranked: { readonly record: SearchRecord; readonly rank: number }[] = [];
  for (const record of all) {
    const rank = rankOf(record, words);
    if (rank > 0) ranked.push({ record, rank });
  }
  ranked.sort((a, b) => b.rank - a.rank);
  return ranked.slice(0, most).map(({ record }) => record);
}

function rankOf({ t, n, u, x }: SearchRecord, words: readonly string[]): number {
  const title = t.toLowerCase();
  const names = `${n} ${u}`.toLowerCase();
  let text: string | undefined;
  let rank = 0;
  for (const word of words) {
    if (title === word || names.split(' ').includes(word)) rank += 100;
    else if (title.startsWith(word)) rank += 50;
    else if (title.includes(word)) rank += 30;
    else if (names.includes(word)) rank += 15;
    else {
      text ??= x.toLowerCase();
      if (!text.includes(word)) return 0;
      rank += 1;
    }
  }
  return rank;
}

function wordsOf(query: string): string[] {
  return query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}

function toElements(found: readonly SearchRecord[], query: string, nothing: string): HTMLElement[] {
  if (query.trim() === '') return [];
  if (found.length === 0) {
    const paragraph = document.createElement('p');
    paragraph.textContent = nothing;
    return [paragraph];
  }
  const list = document.createElement('ul');
  const words = wordsOf(query);
  list.append(...found.map((record) => toItem(record, words)));
  return [list];
}

function toItem(record: SearchRecord, words: readonly string[]): HTMLElement {
  const item = document.createElement('li');
  const link = document.createElement('a');
  const path = record.u.replace('{sdk}', chosenSdk());
  link.href = `${base}/${locale === 'en' ? '' : `${locale}/`}${path}/`;
  link.append(...marked(record.t, words));
  const detail = document.createElement('small');
  detail.append(
    ...marked(record.n === '' ? excerpt(record.x, words) : `${record.n} · ${excerpt(record.x, words)}`, words),
  );
  link.append(detail);
  item.append(link);
  return item;
}

function chosenSdk(): string {
  try {
    return localStorage.getItem('genauth-docs-sdk') ?? 'nodejs';
  } catch {
    return 'nodejs';
  }
}

function excerpt(text: string, words: readonly string[]): string {
  const lower = text.toLowerCase();
  const at = Math.max(0, Math.min(...words.map((word) => lower.indexOf(word)).filter((place) => place >= 0)));
  const start = Number.isFinite(at) ? Math.max(0, at - 40) : 0;
  return `${start > 0 ? '… ' : ''}${text.slice(start, start + 130)}`;
}

function marked(text: string, words: readonly string[]): (Node | string)[] {
  const lower = text.toLowerCase();
  const word = words.find((one) => lower.includes(one));
  if (word === undefined) return [text];
  const at = lower.indexOf(word);
  const mark = document.createElement('mark');
  mark.textContent = text.slice(at, at + word.length);
  return [text.slice(0, at), mark, text.slice(at + word.length)];
}
