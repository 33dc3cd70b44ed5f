import { openPluginEngine } from '@outboard/engine';

const engine = await openPluginEngine({ dataRoot: '/var/lib/outboard', execRoot: '/run/outboard' });
try {
  const privileges = await engine.privileges('rclone/docker-volume-rclone'); // show them to whoever has to agree
  await engine.pull({ remote: 'rclone/docker-volume-rclone', privileges });
  await engine.set('rclone/docker-volume-rclone', ['RCLONE_VERBOSE=1']);
  await engine.enable('rclone/docker-volume-rclone', { timeoutSeconds: 30 });
} finally {
  await engine.close(); // the plugin runs on
}
