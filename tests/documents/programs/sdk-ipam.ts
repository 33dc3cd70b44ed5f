import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { definePlugin, type IpamDriver } from '@outboard/sdk';

const file = '/mnt/state/taken.json'; // engines keep what they got: so must the driver
const taken = new Set<number>(existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []);
const save = () => writeFileSync(file, JSON.stringify([...taken]));

/** One pool of 254 addresses. */
const ipam: IpamDriver = {
  async requestPool({ pool = '10.99.0.0/24' }) {
    if (pool !== '10.99.0.0/24') throw new Error('the only pool is 10.99.0.0/24');
    return { poolId: 'pool', pool, gateway: '10.99.0.1/24' };
  },
  async releasePool() {
    // it stays
  },
  async requestAddress({ address }) {
    const wanted = address?.split('.')[3] ?? [...Array(253).keys()].find((at) => !taken.has(at + 2));
    const last = typeof wanted === 'number' ? wanted + 2 : Number(wanted);
    if (Number.isNaN(last) || taken.has(last)) throw new Error('this address is taken, or all are');
    taken.add(last);
    save();
    return `10.99.0.${last}/24`;
  },
  async releaseAddress(_pool, address) {
    taken.delete(Number(address.split('.')[3]));
    save();
  },
};

await definePlugin({ name: 'addresses', ipam }).serve();
