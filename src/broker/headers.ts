// Headers as publishers really send them: the library refuses some names when it parses, the server passes them all.
import type { MsgHdrs } from 'nats';

/** The headers of a message; undefined when it has none, or none that can be parsed: they then name no event. */
export function headersOf(message: { readonly headers?: MsgHdrs | undefined }): MsgHdrs | undefined {
  try {
    return message.headers;
  } catch {
    return undefined;
  }
}
