/** Makes an element: `element('a', { href: '#' }, 'text')`. Attributes only, so what is given is never run as HTML. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A block of code, as the pages have them; it scrolls by itself and can be reached without a mouse. */
export function codeBlock(text: string): HTMLElement {
  return element('div', { class: 'code' }, element('pre', { tabindex: '0' }, element('code', {}, text)));
}
