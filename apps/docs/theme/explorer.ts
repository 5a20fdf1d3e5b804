// The API explorer: choose an operation, fill in its fields, send it to the server that serves this page.
import { codeBlock, element } from './elements.ts';
import { inLanguage, say } from './explorer-words.ts';

interface Words {
  readonly en: string;
  readonly zh: string;
}

interface Field {
  readonly name: string;
  readonly kind: 'text' | 'number' | 'boolean' | 'choice' | 'json';
  readonly secret: boolean;
  readonly required: boolean;
  readonly choices: readonly string[];
  readonly description: Words;
  readonly sample?: unknown;
  readonly default?: unknown;
}

interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly public: boolean;
  readonly summary: Words;
  readonly description: Words;
  readonly page: string;
  readonly fields: readonly Field[];
}

type Input = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** A field whose text cannot be sent. */
class UnusableField extends Error {}

const { base = '', locale = 'en' } = document.documentElement.dataset;
const token = element('input', { name: 'token', autocomplete: 'off', spellcheck: 'false' });
token.value = sessionStorage.getItem('genauth-docs-token') ?? '';
token.addEventListener('change', () => sessionStorage.setItem('genauth-docs-token', token.value));

const explorer = document.querySelector('[data-explorer]');
const workbench = explorer?.querySelector<HTMLElement>('.workbench');
if (explorer !== null && workbench !== null && workbench !== undefined) start(explorer, workbench);

function start(root: Element, bench: HTMLElement): void {
  const place = element('div');
  bench.append(credentialForm(), place);
  const show = async (): Promise<void> => {
    const name = decodeURIComponent(location.hash.slice(1));
    for (const link of root.querySelectorAll<HTMLElement>('[data-operation]')) {
      if (link.dataset['operation'] === name) link.setAttribute('aria-current', 'true');
      else link.removeAttribute('aria-current');
    }
    if (root.querySelector('[aria-current]') === null) {
      place.replaceChildren(element('p', { class: 'note' }, say('choose')));
      return;
    }
    const response = await fetch(`${base}/explorer/${encodeURIComponent(name)}.json`);
    place.replaceChildren(...operationForm(await response.json()));
  };
  addEventListener('hashchange', () => void show());
  void show();
}

function credentialForm(): HTMLElement {
  const id = element('input', { name: 'accessKeyId', autocomplete: 'username', spellcheck: 'false', required: '' });
  const secret = element('input', { name: 'accessKeySecret', type: 'password', autocomplete: 'off', required: '' });
  const status = element('p', { class: 'note', role: 'status' }, say('tokenNote'));
  const form = element(
    'form',
    {},
    element(
      'fieldset',
      {},
      element('legend', {}, say('credential')),
      element(
        'div',
        { class: 'pair' },
        element('label', {}, say('accessKeyId'), id),
        element('label', {}, say('accessKeySecret'), secret),
      ),
      element('label', {}, say('token'), token),
      element('div', { class: 'bar' }, element('button', {}, say('getToken')), status),
    ),
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const body = JSON.stringify({ accessKeyId: id.value, accessKeySecret: secret.value });
    const { text, envelope } = await request('POST', '/api/v3/get-management-token', { body, publicly: true });
    const bought = envelope?.data;
    if (envelope?.statusCode !== 200 || bought?.access_token === undefined) {
      status.classList.add('wrong');
      status.textContent = envelope?.message ?? text;
      return;
    }
    token.value = bought.access_token;
    token.dispatchEvent(new Event('change'));
    secret.value = '';
    status.classList.remove('wrong');
    status.textContent = say('tokenIsHere', { seconds: String(bought.expires_in) });
  });
  return form;
}

function operationForm(operation: Operation): HTMLElement[] {
  const { method, path, fields } = operation;
  const inputs = new Map(fields.map((field) => [field, inputFor(field)]));
  const status = element('p', { class: 'note', role: 'status' });
  const answer = element('div');
  const reference = `${base}/${locale === 'en' ? '' : `${locale}/`}reference/nodejs/${operation.page}/`;
  const form = element(
    'form',
    {},
    element(
      'fieldset',
      {},
      element('legend', {}, say('parameters')),
      ...(fields.length === 0 ? [element('p', { class: 'note' }, say('noParameters'))] : []),
      ...[...inputs].map(([field, input]) => labelled(field, input)),
      element('div', { class: 'bar' }, element('button', { class: 'primary' }, say('send')), status),
    ),
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    status.classList.remove('wrong');
    status.textContent = say('sending');
    try {
      const values = valuesOf(inputs);
      const target = method === 'GET' || method === 'DELETE' ? path + toQuery(values) : path;
      const body = method === 'GET' || method === 'DELETE' ? undefined : JSON.stringify(values);
      const startedAt = performance.now();
      const { text, httpStatus } = await request(method, target, { body, publicly: operation.public });
      status.textContent = `HTTP ${httpStatus} · ${Math.round(performance.now() - startedAt)} ms`;
      answer.replaceChildren(
        element('h3', {}, say('answer')),
        codeBlock(text),
        element('h3', {}, say('asCommand')),
        codeBlock(toCommand(method, target, body, operation.public)),
      );
    } catch (error) {
      status.classList.add('wrong');
      const reason = error instanceof Error ? error.message : String(error);
      status.textContent = error instanceof UnusableField ? reason : say('noServer', { reason });
    }
  });
  return [
    element('h2', {}, inLanguage(operation.summary)),
    element('p', {}, element('span', { class: 'badge' }, method), ' ', element('code', {}, path)),
    element('p', {}, ...withCode(inLanguage(operation.description))),
    element('p', {}, element('a', { href: reference }, say('reference'))),
    form,
    answer,
  ];
}

function labelled(field: Field, input: Input): HTMLElement {
  const need = field.required ? ` (${say('required')})` : '';
  const words = element('small', {}, ...withCode(inLanguage(field.description)));
  return element('label', {}, element('code', {}, field.name), need, input, words);
}

/** `code` in the words of the contract. */
function withCode(text: string): (Node | string)[] {
  return text.split('`').map((part, index) => (index % 2 === 1 ? element('code', {}, part) : part));
}

function inputFor({ name, kind, choices, secret, required, sample, default: fallback }: Field): Input {
  if (kind === 'boolean' || kind === 'choice') {
    const values = kind === 'boolean' ? ['true', 'false'] : choices;
    const options = values.map((value) => element('option', { value }, value));
    const select = element('select', { name }, element('option', { value: '' }, say('notSent')), ...options);
    if (sample !== undefined) select.value = String(sample);
    return select;
  }
  const placeholder = fallback === undefined ? {} : { placeholder: plainText(fallback) };
  const attributes = {
    name,
    spellcheck: 'false',
    autocomplete: 'off',
    ...placeholder,
    ...(required ? { required: '' } : {}),
  };
  const input =
    kind === 'json'
      ? element('textarea', attributes)
      : element('input', { ...attributes, type: secret ? 'password' : kind === 'number' ? 'number' : 'text' });
  if (sample !== undefined) input.value = plainText(sample);
  return input;
}

function plainText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}

/** What the fields say. An empty one is not sent. */
function valuesOf(inputs: ReadonlyMap<Field, Input>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [{ name, kind }, input] of inputs) {
    const text = input.value;
    if (text === '') continue;
    values[name] = kind === 'number' ? Number(text) : kind === 'boolean' ? text === 'true' : text;
    if (kind !== 'json') continue;
    try {
      values[name] = JSON.parse(text);
    } catch {
      throw new UnusableField(say('notJson', { field: name }));
    }
  }
  return values;
}

function toQuery(values: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (Array.isArray(value)) for (const one of value) query.append(`${name}[]`, String(one));
    else query.append(name, String(value));
  }
  return query.size === 0 ? '' : `?${query}`;
}

interface Answer {
  readonly text: string;
  readonly httpStatus: number;
  readonly envelope?: {
    readonly statusCode: number;
    readonly message: string;
    readonly data?: { readonly access_token?: string; readonly expires_in?: number };
  };
}

async function request(
  method: string,
  target: string,
  { body, publicly }: { readonly body: string | undefined; readonly publicly: boolean },
): Promise<Answer> {
  const headers: Record<string, string> = { 'x-authing-lang': locale === 'zh' ? 'zh-CN' : 'en-US' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (!publicly && token.value !== '') headers['authorization'] = `Bearer ${token.value.trim()}`;
  const response = await fetch(target, { method, headers, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  try {
    const envelope = JSON.parse(text);
    return { text: JSON.stringify(envelope, null, 2), httpStatus: response.status, envelope };
  } catch {
    return { text, httpStatus: response.status };
  }
}

/** For a shell. The token is left out: what is copied ends up in histories and tickets. */
function toCommand(method: string, target: string, body: string | undefined, publicly: boolean): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const lines = [`curl ${method === 'GET' ? '' : `-X ${method} `}${quoted(location.origin + target)}`];
  if (!publicly) lines.push('-H "authorization: Bearer $TOKEN"');
  if (body !== undefined) lines.push(`-H 'content-type: application/json'`, `-d ${quoted(body)}`);
  return lines.join(' \\\n  ');
}
