// What is firing, as the figures say now, and what is to be done. A screen reader hears of a new one, not of each change.
import type { AlertRow, Figure } from '../../../src/contract/frame.ts';
import { count, figure, moment, running } from './format.ts';
import { ArrowIcon, NoDataIcon, OkIcon } from './icons.tsx';
import { boardNow, live, stale } from './live.ts';
import { lang } from './settings.ts';
import { TONE_ICON, toneOf } from './severity.ts';
import { groupName, named, ruleBeside, t, titled } from './text.ts';

/** More than these are counted, not shown: a storm is one line. */
const SHOWN_MAX = 3;

export function Alerts(props: { readonly alerts: readonly AlertRow[]; readonly figures: readonly Figure[] }) {
  const firing = props.alerts.filter(alert => alert.state === 'firing');
  const shown = firing.slice(0, firing.length > SHOWN_MAX ? SHOWN_MAX - 1 : SHOWN_MAX);
  const rest = firing.length - shown.length;
  return (
    <section
      class="alerts"
      aria-label={t('alerts')}
      aria-live="polite"
      aria-relevant="additions"
      data-count={firing.length}
    >
      {firing.length === 0 && (
        <p class="no-alerts">
          {stale.value ? <NoDataIcon /> : <OkIcon />}
          {t(stale.value ? 'figureStale' : 'noAlerts')}
        </p>
      )}
      {shown.map(alert => (
        <Alert key={alert.id} alert={alert} figure={props.figures.find(each => each.rule === alert.rule)} />
      ))}
      {rest > 0 && (
        <p class="alert alert-more">
          <b>+{count(rest)}</b> {t('moreAlerts')}
        </p>
      )}
    </section>
  );
}

function Alert(props: { readonly alert: AlertRow; readonly figure: Figure | undefined }) {
  const { severity, title, group, value, numerator, denominator, at, action, rule } = props.alert;
  const unit = props.figure?.unit ?? 'ratio';
  const shown = value === null ? null : figure(value, unit, props.figure?.threshold ?? null, lang.value);
  const { timezone } = live.value;
  const tone = toneOf(severity);
  const Icon = TONE_ICON[tone];
  return (
    <article class="alert" data-tone={tone}>
      <span class="alert-severity" title={named('severity', severity)}>
        <Icon />
        <span>{named('severity', severity)}</span>
      </span>
      <span class="alert-what">
        <strong title={`${ruleBeside(rule, titled(title))} ${titled(title)}`.trim()}>{titled(title)}</strong>
        <span class="alert-group" title={groupName(group)}>
          {groupName(group)}
        </span>
      </span>
      {shown !== null && (
        <span class="alert-value">
          <b>
            {shown.text}
            {shown.unit}
          </b>
          {unit === 'ratio' && ` ${count(numerator)} / ${count(denominator)}`}
        </span>
      )}
      <span class="alert-since">
        {t('since')} {moment(at, boardNow.value, timezone)} · <Since at={at} />
      </span>
      {action !== null && (
        <span class="alert-action">
          <ArrowIcon />
          {named('action', action)}
        </span>
      )}
    </article>
  );
}

function Since(props: { readonly at: number }) {
  // Hidden from screen readers: a live region would be read out again each second.
  return <span aria-hidden="true">{running(boardNow.value - props.at, lang.value)}</span>;
}
