// Where the page starts.
import { effect } from '@preact/signals';
import { render } from 'preact';
import { App } from './app.tsx';
import { live, startLive } from './live.ts';
import { applySettings } from './settings.ts';
import { t } from './text.ts';

const root = document.getElementById('board');
if (root === null) throw new Error('index.html has no element #board');

applySettings();
effect(() => {
  document.title = `${live.value.centre || 'SLA'} · ${t('overview')}`;
});
render(<App />, root);
startLive();
