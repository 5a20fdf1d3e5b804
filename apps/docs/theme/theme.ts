// Runs before the first paint, in the head: the choice made here must never be seen to change.
// Not a module, so nothing is imported and nothing leaks out of the block.
{
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const stored = (): string | null => {
    try {
      return localStorage.getItem('genauth-docs-theme');
    } catch {
      // Storage may be forbidden.
      return null;
    }
  };
  const apply = (): void => {
    document.documentElement.dataset['theme'] = stored() ?? (dark.matches ? 'dark' : 'light');
  };
  apply();
  dark.addEventListener('change', apply);
  // On a phone the menu starts closed; without this script it starts open, and can be closed.
  document.addEventListener('DOMContentLoaded', () => {
    if (matchMedia('(width < 60rem)').matches) document.querySelector('details.side')?.removeAttribute('open');
    const menu = document.querySelector('.side');
    const current = menu?.querySelector<HTMLElement>('[aria-current]');
    // Not scrollIntoView, which would also move the page.
    if (menu && current) menu.scrollTop = current.offsetTop - menu.clientHeight / 2;
  });
}
