// The structured log: JSON lines, without credentials, and without query strings (a sign-in link carries a secret).
import { type Logger, pino } from 'pino';

/** A logger for `level`; `destination` is for tests. */
export function createLogger(level: string, destination?: { write(line: string): void }): Logger {
  const options = {
    level,
    base: { name: 'sla-monitor', pid: process.pid },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    redact: {
      paths: [
        'req.headers',
        'res.headers',
        '*.authorization',
        '*.cookie',
        '*.token',
        '*.password',
        '*.secret',
      ],
      censor: '***',
    },
    serializers: {
      req: (request: { method?: string; url?: string; id?: unknown; ip?: string }) => ({
        id: request.id,
        method: request.method,
        path: request.url?.split('?', 1)[0],
        from: request.ip,
      }),
    },
  };
  return destination ? pino(options, destination) : pino(options);
}
