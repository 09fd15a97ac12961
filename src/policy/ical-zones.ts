// Zones of an iCalendar file that it names and does not define: an IANA name means what it means elsewhere, so that
// repetitions end, and are left out, at the instants that their file says.
import ICAL from 'ical.js';
import { type Zone, zoneOf } from './zone.ts';

class IanaZone extends ICAL.Timezone {
  readonly #zone: Zone;

  constructor(name: string, zone: Zone) {
    super({ tzid: name });
    this.#zone = zone;
  }

  /** In seconds, at a local time. */
  override utcOffset({ year, month, day, hour, minute, second }: ICAL.Time): number {
    const local = Date.UTC(year, month - 1, day, hour, minute, second);
    return (local - this.#zone.toInstant(local)) / 1000;
  }
}

/**
 * Lets times of this calendar find the zones that it names; its own definitions go before. To be called before any of
 * its times is read. What is no IANA name stays unknown, and such times are local ones of whoever reads them.
 */
export function knowZones(calendar: ICAL.Component): void {
  for (const component of calendar.getAllSubcomponents('vevent')) {
    for (const property of component.getAllProperties()) {
      const name = property.getParameter('tzid');
      if (typeof name !== 'string' || ICAL.TimezoneService.has(name)) continue;
      const zone = zoneOf(name);
      if (zone !== null) ICAL.TimezoneService.register(new IanaZone(name, zone), name);
    }
  }
}
