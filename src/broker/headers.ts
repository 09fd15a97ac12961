// Headers as publishers really send them: the library refuses some names when it parses, the server passes them all.
// And headers as we send them: written as text at once, since the library's own cost more than the message.
import { type MsgHdrs, MsgHdrsImpl } from 'nats';

/** The headers of a message; undefined when it has none, or none that can be parsed: they then name no event. */
export function headersOf(message: { readonly headers?: MsgHdrs | undefined }): MsgHdrs | undefined {
  try {
    return message.headers;
  } catch {
    return undefined;
  }
}

const encoder = new TextEncoder();
const BREAK = /[\r\n]/;

/** Headers that are only ever sent. Names must be distinct; a value's line breaks become spaces. */
export class ReadyHeaders extends MsgHdrsImpl {
  #text = 'NATS/1.0';

  add(name: string, value: string): void {
    this.#text += `\r\n${name}: ${BREAK.test(value) ? value.replace(/[\r\n]+/g, ' ') : value}`;
  }

  override encode(): Uint8Array {
    return encoder.encode(`${this.#text}\r\n\r\n`);
  }
}
