import { openPluginEngine } from '@outboard/engine';

const engine = await openPluginEngine({ dataRoot: '/var/lib/outboard', execRoot: '/run/outboard' });
try {
  await engine.volumes.create({ name: 'data', driver: 'acme/local', options: new Map([['mode', '750']]) });
  const path = await engine.volumes.mount('data', 'my-service'); // on the host; holds volume and plugin
  console.log(path);
  await engine.volumes.unmount('data', 'my-service');
} finally {
  await engine.close();
}
