/**
 * Metrics of the daemon process, under the names that dashboards for any process use.
 * @see Prometheus, "Writing client libraries", process metrics
 */
import { readdir } from 'node:fs/promises';
import type { MetricFamily } from './exposition.ts';

/**
 * The families of the process.
 * @param version of the daemon
 */
export async function processFamilies(version: string): Promise<readonly MetricFamily[]> {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  const descriptors = await readdir('/proc/self/fd');
  return [
    {
      ...gauge('outboard_build_info', 'Versions of the daemon and of Node.js; always 1.'),
      samples: [{ labels: { version, node: process.versions.node }, value: 1 }],
    },
    {
      ...gauge('process_start_time_seconds', 'Start time of the daemon, in seconds since the epoch.'),
      samples: [{ value: startedAt }],
    },
    {
      ...gauge('process_cpu_seconds_total', 'CPU time of the daemon in seconds.'),
      type: 'counter',
      samples: [{ value: (user + system) / 1e6 }],
    },
    {
      ...gauge('process_resident_memory_bytes', 'Resident memory of the daemon in bytes.'),
      samples: [{ value: rss }],
    },
    {
      ...gauge('nodejs_heap_size_used_bytes', 'Used JavaScript heap of the daemon in bytes.'),
      samples: [{ value: heapUsed }],
    },
    {
      ...gauge(
        'outboard_event_loop_busy_seconds_total',
        'Time in which the event loop did not wait, in seconds.',
      ),
      type: 'counter',
      samples: [{ value: performance.eventLoopUtilization().active / 1000 }],
    },
    {
      ...gauge('process_open_fds', 'Open file descriptors of the daemon.'),
      // Without the descriptor through which the directory was read.
      samples: [{ value: descriptors.length - 1 }],
    },
  ];
}

/** Computed once: the wall clock may be set later. */
const startedAt = Math.round(Date.now() - process.uptime() * 1000) / 1000;

function gauge(name: string, help: string): Pick<MetricFamily, 'name' | 'help' | 'type'> {
  return { name, help, type: 'gauge' };
}
