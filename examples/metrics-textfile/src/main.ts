/**
 * The program of the plugin: reads its settings, wires collector and server.
 */
import { definePlugin } from '@outboard/sdk';
import { TextfileCollector } from './textfile-collector.ts';

const seconds = Number(process.env.INTERVAL ?? '15');
if (!(seconds >= 1 && seconds <= 3600)) {
  console.error(`INTERVAL "${process.env.INTERVAL}": want seconds from 1 to 3600`);
  process.exit(1);
}

const metrics = new TextfileCollector({
  // `propagatedMount` in config.json: the host sees the file there.
  file: '/mnt/metrics/engine.prom',
  intervalMs: seconds * 1000,
  only: new RegExp(process.env.ONLY ?? ''),
  log: (message) => console.error(message),
});
await definePlugin({ name: 'metrics-textfile', metrics }).serve();
