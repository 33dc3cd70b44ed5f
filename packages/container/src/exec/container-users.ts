/**
 * Looks up users and groups in the files of a root filesystem.
 * @see passwd(5), group(5)
 */
import { OutboardError } from '@outboard/oci';
import { readFileInRoot } from '../rootfs/read-in-root.ts';

/** User and groups of a process. */
export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
}

interface UserEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** Upper bound for files that the image provides. */
const maxFileBytes = 1024 * 1024;
const largestId = 0xffff_fffe;

/** Content of the two files. */
export interface UserFiles {
  readonly passwd: string;
  readonly group: string;
}

/** Read both files of a root filesystem; a missing file counts as empty. */
export async function readUserFiles(rootfs: string): Promise<UserFiles> {
  const [passwd, group] = await Promise.all(
    ['/etc/passwd', '/etc/group'].map((path) => readInside(rootfs, path)),
  );
  return { passwd: passwd ?? '', group: group ?? '' };
}

/**
 * Find the user `NAME|UID[:GROUP|GID]`. A user without a group gets the groups that list it.
 * @throws {OutboardError} invalid for an unknown name
 * @see moby daemon/exec_linux.go and opencontainers user.GetExecUser, whose rules these are
 */
export function findUser(text: string, files: UserFiles): ProcessUser {
  const colon = text.indexOf(':');
  const [userText, groupText] = colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
  const groups = parseGroups(files.group);
  const user = userText === '' ? root : findUserEntry(userText, parseUsers(files.passwd));
  const gid = groupText === '' ? user.gid : findGroup(groupText, groups);
  const additionalGids =
    groupText === ''
      ? groups.filter(({ members }) => members.includes(user.name)).map((group) => group.gid)
      : [];
  return { uid: user.uid, gid, additionalGids: [...new Set(additionalGids)] };
}

/** User names by ID; the first one of several. */
export function userNames(passwd: string): ReadonlyMap<number, string> {
  return new Map(
    parseUsers(passwd)
      .toReversed()
      .map(({ uid, name }) => [uid, name]),
  );
}

const root: UserEntry = { name: 'root', uid: 0, gid: 0 };

function findUserEntry(text: string, users: readonly UserEntry[]): UserEntry {
  const uid = parseId(text);
  const found = users.find(({ name }) => name === text) ?? users.find((user) => user.uid === uid);
  if (found !== undefined) return found;
  if (uid !== undefined) return { name: '', uid, gid: 0 };
  throw new OutboardError('invalid', `unable to find user ${text}: no matching entries in passwd file`);
}

function findGroup(text: string, groups: readonly GroupEntry[]): number {
  const gid = groups.find(({ name }) => name === text)?.gid ?? parseId(text);
  if (gid !== undefined) return gid;
  throw new OutboardError('invalid', `unable to find group ${text}: no matching entries in group file`);
}

function parseUsers(passwd: string): readonly UserEntry[] {
  return passwd.split('\n').flatMap((line) => {
    const [name = '', , uidText = '', gidText = ''] = line.split(':');
    const [uid, gid] = [parseId(uidText), parseId(gidText)];
    return name === '' || uid === undefined || gid === undefined ? [] : [{ name, uid, gid }];
  });
}

function parseGroups(group: string): readonly GroupEntry[] {
  return group.split('\n').flatMap((line) => {
    const [name = '', , gidText = '', members = ''] = line.split(':');
    const gid = parseId(gidText);
    return name === '' || gid === undefined
      ? []
      : [{ name, gid, members: members.trim().split(',').filter(Boolean) }];
  });
}

function parseId(text: string): number | undefined {
  const id = Number(text);
  return /^\d{1,10}$/.test(text) && id <= largestId ? id : undefined;
}

async function readInside(rootfs: string, path: string): Promise<string | undefined> {
  const file = await readFileInRoot(rootfs, path, maxFileBytes);
  // A missing or oversized file has no names.
  return file === undefined || file.size > maxFileBytes ? undefined : file.content.toString('utf8');
}
