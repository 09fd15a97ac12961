// The structured log: JSON lines, without credentials, and without query strings (a sign-in link carries a secret).
import { type Logger, pino } from 'pino';

/** Takes each line of the log, a JSON object. */
export interface LogLines {
  write(line: string): void;
}

/** A logger for `level`; its lines go to `destination`, else to standard output. */
export function createLogger(level: string, destination: LogLines | null = null): Logger {
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
