// The pages that the monitor writes itself: sign-in, and the readable form of the OpenAPI document. No script, no
// request to anywhere else; texts in Chinese and English.

import { isObject } from '../contract/object.ts';
import { commandLine } from '../contract/words.ts';

export type Language = 'zh' | 'en';

/** The language of a request: what it asks for by `lang`, else the first of the two that the browser prefers. */
export function languageOf(asked: string | undefined, acceptLanguage: string | undefined): Language {
  if (asked === 'zh' || asked === 'en') return asked;
  for (const entry of (acceptLanguage ?? '').toLowerCase().split(',')) {
    if (entry.trim().startsWith('zh')) return 'zh';
    if (entry.trim().startsWith('en')) return 'en';
  }
  return 'zh';
}

const TOKEN_COMMAND = commandLine('token create --role viewer --name NAME');

const TEXT = {
  zh: {
    title: '登录 · 服务水平监控',
    heading: '服务水平监控',
    lead: '每一项对客户的承诺，到期之前就看见。',
    label: '访问令牌',
    hint: `向管理员索取，或运行 ${TOKEN_COMMAND}。`,
    button: '登录',
    signingIn: '正在登录…',
    other: 'English',
    invalid: '令牌无效，或已被撤销。',
    spent: '此登录链接已用过或已过期，请换一个。',
    slow: '尝试过多，请一分钟后再试。',
    unavailable: '暂时无法登录，请稍后再试。',
  },
  en: {
    title: 'Sign in · SLA monitor',
    heading: 'SLA monitor',
    lead: 'Every promise to a customer, seen before it is due.',
    label: 'Access token',
    hint: `Ask an administrator, or run: ${TOKEN_COMMAND}`,
    button: 'Sign in',
    signingIn: 'Signing in…',
    other: '中文',
    invalid: 'This token is not valid, or was revoked.',
    spent: 'This sign-in link was used or is too old. Ask for another one.',
    slow: 'Too many attempts. Try again in a minute.',
    unavailable: 'Signing in is not possible right now. Try again shortly.',
  },
} as const;
export type SigninProblem = 'invalid' | 'spent' | 'slow' | 'unavailable';

/** The sign-in page; `next` is the path to go to afterwards. */
export function signinPage(language: Language, problem: SigninProblem | null, next: string): string {
  const text = TEXT[language];
  const other = language === 'zh' ? 'en' : 'zh';
  const alert = problem ? `<p class="problem" role="alert">${text[problem]}</p>` : '';
  const query = new URLSearchParams({ lang: other, next });
  return document(
    language,
    text.title,
    `<main class="signin">
  <svg class="mark" viewBox="0 0 48 48" aria-hidden="true"><circle cx="24" cy="24" r="20"/><path d="M24 12v12l8 6"/></svg>
  <h1>${text.heading}</h1>
  <p class="lead">${text.lead}</p>
  ${alert}
  <form method="post" action="/signin">
    <input type="text" name="username" value="sla-monitor" autocomplete="username" hidden>
    <label for="token">${text.label}</label>
    <input id="token" name="token" type="password" autocomplete="current-password" required autofocus maxlength="512">
    <input type="hidden" name="next" value="${escapeHtml(next)}">
    <input type="hidden" name="lang" value="${language}">
    <button type="submit">${text.button}</button>
  </form>
  <p class="hint">${text.hint}</p>
  <p class="language"><a href="/signin?${escapeHtml(query.toString())}" lang="${other}">${text.other}</a></p>
</main>`,
  );
}

/**
 * A page that goes on to `next` by itself. A redirect would not do: after a link from elsewhere the browser withholds
 * a strict cookie until a page of ours asks.
 */
export function goOnPage(language: Language, next: string): string {
  const to = escapeHtml(next);
  return document(
    language,
    TEXT[language].title,
    `<main class="signin"><p class="lead"><a href="${to}">${TEXT[language].signingIn}</a></p></main>`,
    `<meta http-equiv="refresh" content="0;url=${to}">`,
  );
}

/** A path of ours to go to after signing in; anything that could lead elsewhere becomes `/`. */
export function safeNext(next: unknown): string {
  return typeof next === 'string' &&
    /^\/(?![/\\])[\x21-\x7e]{0,500}$/.test(next) &&
    !next.startsWith('/signin')
    ? next
    : '/';
}

/** The OpenAPI document as a page: each operation with its summary, parameters, bodies and answers. */
export function docsPage(openapi: { paths?: Record<string, unknown> | undefined }): string {
  const operations: string[] = [];
  for (const [path, methods] of Object.entries(openapi.paths ?? {})) {
    for (const [method, operation] of Object.entries(isObject(methods) ? methods : {})) {
      if (isObject(operation)) operations.push(operationHtml(method, path, operation));
    }
  }
  return document(
    'en',
    'SLA monitor API',
    `<main class="docs"><h1>SLA monitor API</h1>
<p>Send <code>Authorization: Bearer TOKEN</code>. Machine-readable: <a href="/api/docs/openapi.json">openapi.json</a>.</p>
${operations.join('\n')}</main>`,
  );
}

function operationHtml(method: string, path: string, operation: Record<string, unknown>): string {
  const parameters = Array.isArray(operation.parameters) ? operation.parameters.filter(isObject) : [];
  const rows = parameters.map(
    parameter =>
      `<tr><td><code>${escapeHtml(String(parameter.name))}</code></td><td>${escapeHtml(String(parameter.in))}</td>` +
      `<td>${escapeHtml(String(parameter.description ?? ''))}</td></tr>`,
  );
  const body = isObject(operation.requestBody) ? operation.requestBody.content : null;
  const bodies = Object.entries(isObject(body) ? body : {}).map(
    ([type, media]) =>
      `<tr><td><code>${escapeHtml(type)}</code></td><td>body</td><td>${escapeHtml(descriptionOf(media))}</td></tr>`,
  );
  const responses = isObject(operation.responses) ? Object.entries(operation.responses) : [];
  const answers = responses.map(
    ([status, response]) =>
      `<tr><td><code>${escapeHtml(status)}</code></td><td colspan="2">${escapeHtml(
        isObject(response) ? String(response.description ?? '') : '',
      )}</td></tr>`,
  );
  return `<section><h2><span class="method">${escapeHtml(method.toUpperCase())}</span> <code>${escapeHtml(path)}</code></h2>
<p>${escapeHtml(String(operation.summary ?? ''))}</p><p>${escapeHtml(String(operation.description ?? ''))}</p>
<table>${rows.join('')}${bodies.join('')}${answers.join('')}</table></section>`;
}

function descriptionOf(media: unknown): string {
  const schema = isObject(media) ? media.schema : null;
  return isObject(schema) ? String(schema.description ?? '') : '';
}

/** The mark of the page, so that no browser asks for a favicon. */
const ICON =
  'data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 viewBox=%220 0 48 48%22 fill=%22none%22 stroke=%22%230b6e8a%22 stroke-width=%225%22%3E%3Ccircle cx=%2224%22 cy=%2224%22 r=%2220%22/%3E%3Cpath d=%22M24 12v12l8 6%22/%3E%3C/svg%3E';

function document(language: Language, title: string, body: string, head = ''): string {
  return `<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeHtml(title)}</title><link rel="icon" href="${ICON}"><link rel="stylesheet" href="/signin/style.css">${head}</head>
<body>
${body}
</body>
</html>
`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);
}

export const STYLE = `:root{color-scheme:light dark;--ground:#f4f6f8;--card:#fff;--ink:#17212b;--soft:#5b6874;--line:#d5dce3;--accent:#0b6e8a;--on-accent:#fff;--bad:#a4262c;--bad-ground:#fdeeee}
@media (prefers-color-scheme:dark){:root{--ground:#0e1419;--card:#172028;--ink:#e8eef3;--soft:#9aa8b5;--line:#2c3945;--accent:#4fb3d0;--on-accent:#06202a;--bad:#ff9a9a;--bad-ground:#3a1b1e}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI","PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
.signin{max-width:25rem;margin:0 auto;padding:12vh 1.5rem 3rem}
.mark{width:3rem;height:3rem;fill:none;stroke:var(--accent);stroke-width:3.5;stroke-linecap:round;stroke-linejoin:round}
h1{margin:.75rem 0 0;font-size:1.75rem;line-height:1.25;font-weight:650}
.lead{margin:.25rem 0 1.75rem;color:var(--soft)}
form{padding:1.5rem;background:var(--card);border:1px solid var(--line);border-radius:14px;box-shadow:0 1px 2px rgb(0 0 0/.05),0 12px 32px rgb(0 0 0/.06)}
label{display:block;margin-bottom:.4rem;font-weight:600}
input[type=password]{width:100%;padding:.7rem .8rem;font:inherit;color:inherit;background:var(--ground);border:1px solid var(--line);border-radius:9px}
input:focus-visible,button:focus-visible,a:focus-visible{outline:3px solid color-mix(in srgb,var(--accent) 45%,transparent);outline-offset:2px}
button{width:100%;margin-top:1rem;padding:.75rem;font:inherit;font-weight:600;color:var(--on-accent);background:var(--accent);border:0;border-radius:9px;cursor:pointer}
button:hover{filter:brightness(1.07)}
.problem{padding:.7rem .9rem;color:var(--bad);background:var(--bad-ground);border-radius:9px}
.hint,.language{color:var(--soft);font-size:.875rem}
a{color:var(--accent)}
.docs{max-width:60rem;margin:0 auto;padding:2.5rem 1.5rem}
.docs section{margin:1.25rem 0;padding:1rem 1.25rem;background:var(--card);border:1px solid var(--line);border-radius:12px;overflow-x:auto}
.docs h2{margin:0;font-size:1.05rem}
.method{display:inline-block;min-width:3.4rem;color:var(--accent)}
table{border-collapse:collapse;font-size:.9rem}
td{padding:.2rem 1rem .2rem 0;vertical-align:top}
code{font-family:ui-monospace,Menlo,Consolas,monospace}
`;
