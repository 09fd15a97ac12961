// What the bench uses of luxon, which ships no types of its own.
declare module 'luxon' {
  export class DateTime {
    static fromMillis(at: number, options: { zone: string }): DateTime;
    readonly weekday: number;
    startOf(unit: 'day'): DateTime;
    plus(amount: { days: number }): DateTime;
    set(values: { hour: number; minute: number }): DateTime;
    toISODate(): string | null;
    toMillis(): number;
  }
}
