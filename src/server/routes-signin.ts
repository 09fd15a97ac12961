// Signing a browser in with a token or a one-use link, and out again. The page and its style are free to all.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { SESSION_TTL_MS } from './access-records.ts';
import { type AppOptions, isOurs, refuse, SESSION_COOKIE } from './app.ts';
import {
  goOnPage,
  type Language,
  languageOf,
  type SigninProblem,
  STYLE,
  safeNext,
  signinPage,
} from './page.ts';
import { SigninLimit } from './signin-limit.ts';

const query = z.object({
  code: z.string().max(200).optional(),
  lang: z.string().max(10).optional(),
  next: z.string().max(600).optional(),
});
const form = z.object({
  token: z.string().max(512),
  lang: z.string().max(10).optional(),
  next: z.string().max(600).optional(),
});
const FORM_BYTES_MAX = 4_096;
const STATUS: Readonly<Record<SigninProblem, number>> = {
  invalid: 401,
  spent: 401,
  slow: 429,
  unavailable: 503,
};

export async function signinRoutes(app: FastifyInstance, options: AppOptions): Promise<void> {
  const { access, tls, publicUrl } = options;
  const limit = new SigninLimit();
  const open = { config: { access: 'public' as const }, schema: { hide: true } };
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: FORM_BYTES_MAX },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );

  app.get('/signin/style.css', open, (_request, reply) =>
    reply.header('cache-control', 'public, max-age=3600').type('text/css; charset=utf-8').send(STYLE),
  );

  app.get('/signin', open, async (request, reply) => {
    const { code, lang, next } = query.parse(request.query);
    const language = languageOf(lang, request.headers['accept-language']);
    const to = safeNext(next);
    // A preview that only asks for the head must not spend the code.
    if (code === undefined || request.method === 'HEAD')
      return page(reply, 200, signinPage(language, null, to));
    return attempt(request, reply, language, to, 'spent', () => access.signInByCode(code));
  });

  app.post('/signin', open, async (request, reply) => {
    if (request.headers.origin !== undefined && !isOurs(request, publicUrl)) {
      return refuse(reply, 403, 'forbidden', 'Sign in on our own page.');
    }
    const { token, lang, next } = form.parse(request.body);
    const language = languageOf(lang, request.headers['accept-language']);
    return attempt(request, reply, language, safeNext(next), 'invalid', () => access.signIn(token.trim()));
  });

  app.post('/signout', open, async (request, reply) => {
    const session = request.cookies[SESSION_COOKIE];
    if (session !== undefined && !isOurs(request, publicUrl)) {
      return refuse(reply, 403, 'forbidden', 'Sign out on our own page.');
    }
    void reply.clearCookie(SESSION_COOKIE, { path: '/' });
    if (session !== undefined) await access.signOut(session);
    return reply.redirect('/signin', 303);
  });

  async function attempt(
    request: FastifyRequest,
    reply: FastifyReply,
    language: Language,
    next: string,
    failure: 'invalid' | 'spent',
    signIn: () => Promise<string | null>,
  ): Promise<FastifyReply> {
    const problem = (what: SigninProblem): FastifyReply =>
      page(reply, STATUS[what], signinPage(language, what, next));
    if (!limit.allows(request.ip, Date.now())) return problem('slow').header('retry-after', '60');
    let session: string | null;
    try {
      session = await signIn();
    } catch (error) {
      request.log.warn({ err: error }, 'signing in failed: the store of sessions can not be reached');
      return problem('unavailable').header('retry-after', '5');
    }
    if (session === null) {
      limit.failed(request.ip, Date.now());
      return problem(failure);
    }
    void reply.setCookie(SESSION_COOKIE, session, {
      path: '/',
      httpOnly: true,
      sameSite: 'strict',
      secure: tls !== null || publicUrl?.startsWith('https:') === true,
      maxAge: SESSION_TTL_MS / 1000,
    });
    return page(reply, 200, goOnPage(language, next));
  }
}

function page(reply: FastifyReply, status: number, html: string): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(html);
}
