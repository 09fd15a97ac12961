// The wallboard page and its socket, the scrape, and the probes.
import { existsSync } from 'node:fs';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { allows, bearerOf } from './access.ts';
import { type AppOptions, SESSION_COOKIE } from './app.ts';

/** Wallboard connections of one process; a further one is closed with 1013 (try again later). */
export const CLIENTS_MAX = 12_000;

export async function pageRoutes(app: FastifyInstance, options: AppOptions): Promise<void> {
  const { hub, view, registry, wallboardDir } = options;
  const clientsMax = options.clientsMax ?? CLIENTS_MAX;
  const hidden = { hide: true };

  app.get('/livez', { config: { access: 'public' }, schema: hidden }, () => ({ live: true }));

  app.get('/readyz', { config: { access: 'public' }, schema: hidden }, (_request, reply) => {
    const ownerless: number[] = [];
    for (let p = 0; p < view.partitions; p++) if (!view.alive(p)) ownerless.push(p);
    const ready = ownerless.length === 0 && view.loaded && options.ownReady();
    return reply.code(ready ? 200 : 503).send({ ready, ownerless, caughtUp: options.ownReady() });
  });

  app.get('/metrics', { config: { access: 'view' }, schema: hidden }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );

  app.get('/ws', { config: { access: 'view' }, websocket: true }, (socket, request) => {
    if (hub.clients >= clientsMax) {
      socket.close(1013, 'too many clients');
      return;
    }
    hub.add(socket, stillAllowed(request, options));
  });

  if (wallboardDir === null || !existsSync(wallboardDir)) {
    app.get('/', { config: { access: 'view' }, schema: hidden }, (_request, reply) =>
      reply
        .code(503)
        .type('text/plain; charset=utf-8')
        .send('The wallboard was not built: npm run build:wallboard\n'),
    );
    return;
  }
  await app.register(async scope => {
    scope.addHook('onRoute', route => {
      route.config = { ...route.config, access: 'view' };
      route.schema = { ...route.schema, hide: true };
    });
    // Names under assets/ hold a digest of their content; the page itself is asked for each time.
    scope.addHook('onRequest', async (request, reply) => {
      const named = request.url.startsWith('/assets/');
      void reply.header('cache-control', named ? 'private, max-age=31536000, immutable' : 'no-cache');
    });
    await scope.register(fastifyStatic, {
      root: wallboardDir,
      wildcard: false,
      cacheControl: false,
    });
  });
}

/** Asks again, with the credentials that a socket was opened with, whether they still hold. */
function stillAllowed(request: FastifyRequest, { access }: AppOptions): () => boolean {
  const bearer = bearerOf(request.headers.authorization);
  const session = request.cookies[SESSION_COOKIE];
  return () => {
    const principal = bearer !== null ? access.byToken(bearer) : access.bySession(session ?? '');
    return principal !== null && allows(principal.role, 'view');
  };
}
