/**
 * The program of the plugin: two kinds on one socket.
 */
import { definePlugin } from '@outboard/sdk';
import { AddressPools } from './address-pools.ts';
import { BridgeNetworks } from './bridge-networks.ts';
import { parseRange } from './ipv4.ts';

/** `propagatedMount` in config.json: it outlives restarts and upgrades. */
const stateDirectory = '/mnt/state';
const range = parseRange(process.env.POOLS ?? '172.30.0.0/16');

const ipam = await AddressPools.open({ file: `${stateDirectory}/pools.json`, range });
const network = new BridgeNetworks();
await definePlugin({ name: 'network-bridge', network, ipam, stateDirectory }).serve();
