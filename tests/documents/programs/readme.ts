import { openPluginEngine } from '@outboard/engine';

const engine = await openPluginEngine({ dataRoot: '/var/lib/outboard', execRoot: '/run/outboard' });
try {
  const privileges = await engine.privileges('vieux/sshfs'); // show them to whoever has to agree
  await engine.pull({ remote: 'vieux/sshfs', privileges });
  await engine.set('vieux/sshfs', ['DEBUG=1']);
  await engine.enable('vieux/sshfs', { timeoutSeconds: 30 });
} finally {
  await engine.close(); // the plugin runs on
}
