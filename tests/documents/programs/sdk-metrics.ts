import { definePlugin, type MetricsCollector } from '@outboard/sdk';

let timer: NodeJS.Timeout | undefined;

const metrics: MetricsCollector = {
  async start(engine) {
    timer = setInterval(async () => {
      const text = await engine.scrape().catch((error: Error) => error.message); // it restarts, for example
      console.log(text.split('\n').filter((line) => line.startsWith('engine_daemon_container_states')));
    }, 15_000);
  },
  async stop() {
    clearInterval(timer);
  },
};

await definePlugin({ name: 'states', metrics }).serve();
