// Builds the HTTP server: who may come in, which routes there are, how it closes. Listening is another's task.
// Every route names the access that it asks for; one that names none is for admins.
import cookie from '@fastify/cookie';
import swagger from '@fastify/swagger';
import websocket from '@fastify/websocket';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { createJsonSchemaTransform } from 'fastify-type-provider-zod';
import type { Registry } from 'prom-client';
import type { CompiledPolicy } from '../policy/compiled.ts';
import type { Policies } from '../policy-store/policies.ts';
import { type Access, allows, bearerOf, type Principal } from './access.ts';
import type { AccessStore } from './access-store.ts';
import { type Takes, withTakes } from './api-bodies.ts';
import type { BoardsHub } from './boards-hub.ts';
import type { CaseReader } from './case-reader.ts';
import type { EventSink } from './ingest.ts';
import type { LiveView } from './live-view.ts';
import type { Metrics, Refusal } from './metrics.ts';
import { languageOf, signinPage } from './page.ts';
import { apiRoutes } from './routes-api.ts';
import { eventRoutes } from './routes-events.ts';
import { pageRoutes } from './routes-pages.ts';
import { policyRoutes } from './routes-policy.ts';
import { signinRoutes } from './routes-signin.ts';
import { createHttpServer, type TlsFiles } from './tls.ts';
import { UnavailableError } from './within.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /** Its body in the OpenAPI document. */
    takes?: Takes;
  }
  interface FastifyRequest {
    principal: Principal | null;
  }
}

export type PolicyDesk = Pick<Policies, 'put' | 'years' | 'withYear' | 'addYear'>;

export interface AppOptions {
  readonly log: FastifyBaseLogger;
  readonly policy: () => CompiledPolicy;
  /** Puts policies into force and keeps added years of holidays. */
  readonly policies: PolicyDesk;
  /** Finds a policy by hash; throws for one that is not known. */
  readonly policyOf: (hash: string) => CompiledPolicy;
  readonly view: LiveView;
  readonly reader: CaseReader;
  readonly hub: BoardsHub;
  readonly access: AccessStore;
  readonly sink: EventSink;
  readonly registry: Registry;
  readonly metrics: Metrics;
  /** Whether this process's own partitions have caught up since its start. */
  readonly ownReady: () => boolean;
  /** Files of the wallboard page, or null when it was not built. */
  readonly wallboardDir: string | null;
  /** Files of key and certificate, or null for plain HTTP. */
  readonly tls: TlsFiles | null;
  /** The address under which browsers come, when a proxy stands before it. */
  readonly publicUrl: string | null;
  /** Open wallboards at most. */
  readonly clientsMax?: number;
  /** Bytes of a request's body at most. */
  readonly bodyBytesMax?: number;
}

export const SESSION_COOKIE = 'sla_session';
export const BODY_BYTES_MAX = 16 * 1024 * 1024;
const CLIENT_FRAME_BYTES_MAX = 4_096;

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const toJsonSchema = createJsonSchemaTransform({ skipList: [] });

/** Reasons that a refused request counts under. */
const REFUSED_BY_STATUS: ReadonlyMap<number, Refusal> = new Map([
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [413, 'too-large'],
  [429, 'too-many'],
  [503, 'unavailable'],
]);

export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { log, access, hub, tls } = options;
  const app: FastifyInstance = Fastify({
    loggerInstance: log,
    bodyLimit: options.bodyBytesMax ?? BODY_BYTES_MAX,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 1_000 },
    requestTimeout: 60_000,
    serverFactory: handler => createHttpServer(tls, handler, log),
  });
  app.decorateRequest('principal', null);
  await app.register(cookie);
  await app.register(websocket, {
    options: { maxPayload: CLIENT_FRAME_BYTES_MAX, perMessageDeflate: false },
    preClose: done => {
      void hub.closeAll().then(() => app.websocketServer.close(() => done()), done);
    },
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'SLA monitor',
        version: '1',
        description:
          'Events in; cases, indicators and alerts out. Without a valid token every path answers 401, without the right 403, where the state can not be read 503; each as `{error, message}`.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: given => {
      const { schema, url } = toJsonSchema(given);
      return { url, schema: withTakes(schema, given.route.config?.takes) };
    },
  });

  app.addHook('onRequest', async (request, reply) => {
    void reply.headers({
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
      // With `no-referrer` browsers send the origin `null` with our own forms, which can't be told from a stranger's.
      'referrer-policy': 'same-origin',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    if (tls) void reply.header('strict-transport-security', 'max-age=31536000');
    return guard(request, reply, access, options.publicUrl);
  });
  app.addHook('onResponse', async (_request, reply) => {
    const reason = REFUSED_BY_STATUS.get(reply.statusCode);
    if (reason) options.metrics.refused(reason);
  });
  app.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'not-found', 'There is no such path.'));
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    if (error instanceof UnavailableError) {
      void reply.header('retry-after', '2');
      return refuse(reply, 503, 'unavailable', 'The state can not be read right now.');
    }
    if (status === 413) return refuse(reply, 413, 'too-large', 'The request is too large.');
    if (status >= 400 && status < 500) return refuse(reply, status, 'bad-request', error.message);
    request.log.error({ err: error }, 'a request failed');
    return refuse(reply, 500, 'internal', 'Something failed here; the log says what.');
  });

  await app.register(signinRoutes, options);
  await app.register(eventRoutes, options);
  await app.register(apiRoutes, options);
  await app.register(policyRoutes, options);
  await app.register(pageRoutes, options);
  return app;
}

/** Answers with an error in the one shape that all errors have. */
export function refuse(reply: FastifyReply, status: number, error: string, message: string): FastifyReply {
  return reply.code(status).type('application/json; charset=utf-8').send({ error, message });
}

/** Finds out who asks and lets through who may; everyone else is answered here. */
async function guard(
  request: FastifyRequest,
  reply: FastifyReply,
  access: AccessStore,
  publicUrl: string | null,
): Promise<FastifyReply | undefined> {
  const wanted = request.routeOptions.config.access ?? (request.is404 ? 'view' : 'admin');
  const bearer = bearerOf(request.headers.authorization);
  const session = request.cookies[SESSION_COOKIE];
  if (bearer !== null) request.principal = access.byToken(bearer);
  else if (session !== undefined) request.principal = access.bySession(session);
  if (wanted === 'public') return undefined;
  const { principal } = request;
  if (!principal) return unauthorized(request, reply);
  // A path that does not exist is told to anyone who is let in, whatever the role.
  if (!request.is404 && !allows(principal.role, wanted)) {
    return refuse(reply, 403, 'forbidden', `The role ${principal.role} may not do this.`);
  }
  const changes = request.method !== 'GET' && request.method !== 'HEAD';
  if (principal.session && changes && !isOurs(request, publicUrl)) {
    return refuse(reply, 403, 'forbidden', 'A session changes something only from our own pages.');
  }
  if (request.ws && !mayUpgrade(request, principal, publicUrl)) {
    const status = request.headers.origin === undefined ? 401 : 403;
    return refuse(
      reply,
      status,
      status === 401 ? 'unauthorized' : 'forbidden',
      'This origin may not connect.',
    );
  }
  return undefined;
}

/** From a browser our own origin; without an origin a bearer token, since a cookie alone proves no intent. */
function mayUpgrade(request: FastifyRequest, principal: Principal, publicUrl: string | null): boolean {
  return request.headers.origin === undefined ? !principal.session : isOurs(request, publicUrl);
}

/** True when the request comes from a page of ours. A missing origin is not ours. */
export function isOurs(request: FastifyRequest, publicUrl: string | null): boolean {
  const { origin } = request.headers;
  if (origin === undefined) return false;
  const own = `${request.protocol}://${request.headers.host ?? ''}`;
  return origin === own || (publicUrl !== null && origin === new URL(publicUrl).origin);
}

/** A browser that opens a page gets the sign-in page with the status; programs get JSON. */
function unauthorized(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  void reply.header('www-authenticate', 'Bearer');
  const page =
    request.method === 'GET' && !request.ws && (request.headers.accept ?? '').includes('text/html');
  if (!page) return refuse(reply, 401, 'unauthorized', 'This needs a valid token.');
  const language = languageOf(undefined, request.headers['accept-language']);
  return reply
    .code(401)
    .type('text/html; charset=utf-8')
    .send(signinPage(language, null, request.url));
}
