import { openSearch } from './search.ts';

const { dataset } = document.documentElement;
const dialog = document.querySelector<HTMLDialogElement>('dialog.search');

document.querySelector('[data-theme-switch]')?.addEventListener('click', () => {
  const next = dataset['theme'] === 'dark' ? 'light' : 'dark';
  dataset['theme'] = next;
  try {
    localStorage.setItem('genauth-docs-theme', next);
  } catch {
    // Storage may be forbidden; the choice then holds for this page.
  }
});

// The SDK that is read is the one that search results lead to.
const language = /\/reference\/([a-z]+)\//.exec(location.pathname)?.[1];
try {
  if (language !== undefined) localStorage.setItem('genauth-docs-sdk', language);
} catch {
  // As above.
}

// On a phone the sections are a row that scrolls.
const sections = document.querySelector<HTMLElement>('header .top');
const current = sections?.querySelector<HTMLElement>('[aria-current]');
if (sections && current) {
  const beyond = current.getBoundingClientRect().right - sections.getBoundingClientRect().right;
  if (beyond > 0) sections.scrollLeft = beyond;
}

// Browsers have a clipboard on https and on localhost only.
for (const block of navigator.clipboard === undefined ? [] : document.querySelectorAll('.code')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = dialog?.dataset['copy'] ?? '';
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(block.querySelector('code')?.textContent ?? '');
    button.textContent = dialog?.dataset['copied'] ?? '';
  });
  block.append(button);
}

if (dialog !== null) {
  document.querySelector('[data-search]')?.addEventListener('click', () => openSearch(dialog));
  document.addEventListener('keydown', (event) => {
    const typing = event.target instanceof HTMLElement && event.target.matches('input, textarea, select');
    const asked = (event.key === '/' && !typing) || (event.key === 'k' && (event.ctrlKey || event.metaKey));
    if (!asked || dialog.open) return;
    event.preventDefault();
    openSearch(dialog);
  });
}
