"""What a power loss leaves of a folder whose program ran on disk_shim.h.

A Disk starts from the folder as it was, follows the journal, and can make an image of what the disk may hold at that moment:

  strict   files have what was synced, folders have the names that were there when the folder was synced, nothing more. No file
           system must give more; ext4, for one, commits a new file's name with the file's own sync.
  some     beyond that, of each file the first so many of the writes since its sync, of each folder the first so many changes; the
           next write may be torn at any byte, or pages in what was not synced may be missing.
  all      everything, as after kill -9.
"""

import os
import struct

HEAD = struct.Struct("<IIQQ")
OPEN, CREATE, WRITE, RESIZE, SYNC, SYNC_FAILED, MKDIR, RENAME, LINK, UNLINK, NOTE = range(1, 12)
PAGE = 4096


def read_journal(path):
    """[(kind, handle, number, data)]"""
    with open(path, "rb") as file:
        text = file.read()
    records, at = [], 0
    while at < len(text):
        kind, handle, number, size = HEAD.unpack_from(text, at)
        at += HEAD.size
        records.append((kind, handle, number, text[at:at + size]))
        at += size
    assert at == len(text), "the journal ends in the middle of a record"
    return records


def change(data, kind, number, content):
    if kind == RESIZE:
        del data[number:]
        data.extend(bytes(number - len(data)))
    else:
        data.extend(bytes(max(0, number + len(content) - len(data))))
        data[number:number + len(content)] = content


class File:
    def __init__(self, data=b""):
        self.durable = bytearray(data)
        self.pending = []  # (index, kind, number, data)

    def sync(self, before):
        for index, kind, number, data in self.pending:
            if index < before:
                change(self.durable, kind, number, data)
        self.forget(before)

    def forget(self, before):
        self.pending = [record for record in self.pending if record[0] >= before]

    def image(self, loss, chance):
        data = bytearray(self.durable)
        if loss == "strict":
            return data
        kept = len(self.pending) if loss == "all" else chance.randint(0, len(self.pending))
        for _, kind, number, content in self.pending[:kept]:
            change(data, kind, number, content)
        if loss == "some" and kept < len(self.pending):
            _, kind, number, content = self.pending[kept]
            if kind == WRITE and chance.random() < 0.7:
                change(data, kind, number, content[:chance.randrange(len(content))])
            elif chance.random() < 0.5:
                self.tear_pages(data, chance)
        return data

    def tear_pages(self, data, chance):
        """All writes are under way, and their pages reach the disk in any order."""
        fresh = bytearray(data)
        for _, kind, number, content in self.pending:
            change(fresh, kind, number, content)
        for start in range(0, len(fresh), PAGE):
            page = bytes(fresh[start:start + PAGE])
            if data[start:start + PAGE] != page and chance.random() < 0.5:
                change(data, WRITE, start, page)
        data.extend(bytes(max(0, len(fresh) - len(data))))


class Folder:
    def __init__(self):
        self.names = {}
        self.durable = {}
        self.pending = []  # (index, {name: what has it now, or None})

    def set(self, index, names):
        self.pending.append((index, names))
        self._apply(self.names, names)

    @staticmethod
    def _apply(where, names):
        for name, what in names.items():
            if what is None:
                where.pop(name, None)
            else:
                where[name] = what

    def sync(self, before):
        for index, names in self.pending:
            if index < before:
                self._apply(self.durable, names)
        self.forget(before)

    def forget(self, before):
        self.pending = [change for change in self.pending if change[0] >= before]

    def image(self, loss, chance):
        names = dict(self.durable)
        kept = {"strict": 0, "all": len(self.pending)}.get(loss)
        if kept is None:
            kept = chance.randint(0, len(self.pending))
        for _, changed in self.pending[:kept]:
            self._apply(names, changed)
        return names


class Disk:
    def __init__(self, folder, *, folders_sync_themselves=True):
        """With folders_sync_themselves=False a sync of a folder does nothing: a broken disk, to show that tests find it."""
        self.folders_sync = folders_sync_themselves
        self.handles = {}
        self.index = 0
        self.root = self._load(folder)

    def _load(self, path):
        folder = Folder()
        for entry in os.scandir(path):
            if entry.is_dir():
                folder.names[entry.name] = self._load(entry.path)
            else:
                with open(entry.path, "rb") as file:
                    folder.names[entry.name] = File(file.read())
        folder.durable = dict(folder.names)
        return folder

    def _find(self, path):
        """(folder, name)"""
        folder = self.root
        *way, name = [part for part in path.split("/") if part]
        for part in way:
            folder = folder.names[part]
        return folder, name

    def play(self, records, until):
        """Follows the journal up to that record, from where it stands."""
        for record in records[self.index:until]:
            self._play(*record)
            self.index += 1

    def _play(self, kind, handle, number, data):
        if kind in (WRITE, RESIZE):
            self.handles[handle].pending.append((self.index, kind, number, data))
        elif kind in (SYNC, SYNC_FAILED):
            what = self.handles[handle]
            if kind == SYNC_FAILED:
                what.forget(number)
            elif isinstance(what, File) or self.folders_sync:
                what.sync(number)
        elif kind != NOTE:
            self._play_name(kind, handle, data.decode())

    def _play_name(self, kind, handle, path):
        path, _, to = path.partition("\0")
        if path == ".":
            self.handles[handle] = self.root
            return
        folder, name = self._find(path)
        if kind == OPEN:
            self.handles[handle] = folder.names[name]
        elif kind == CREATE:
            self.handles[handle] = made = File()
            folder.set(self.index, {name: made})
        elif kind == MKDIR:
            folder.set(self.index, {name: Folder()})
        elif kind == UNLINK:
            folder.set(self.index, {name: None})
        else:
            target, new_name = self._find(to)
            assert target is folder, "no program here moves files between folders"
            what = folder.names[name]
            folder.set(self.index, {name: None, new_name: what} if kind == RENAME else {new_name: what})

    def image(self, path, loss, chance):
        """Makes the folder `path`, which is absent, as the disk may have it now."""
        self._image(self.root, path, loss, chance)

    def _image(self, folder, path, loss, chance):
        os.mkdir(path)
        for name, what in sorted(folder.image(loss, chance).items()):
            below = os.path.join(path, name)
            if isinstance(what, Folder):
                self._image(what, below, loss, chance)
            else:
                with open(below, "wb") as file:
                    file.write(what.image(loss, chance))


class Faults:
    """Steers what fails on a running disk."""

    def __init__(self, path):
        self.path = path
        self.set()

    def set(self, *rules):
        with open(self.path + ".new", "w", encoding="ascii") as file:
            file.write("".join(rule + "\n" for rule in rules))
        os.replace(self.path + ".new", self.path)

    def hits(self):
        if not os.path.exists(self.path + ".hits"):
            return []
        with open(self.path + ".hits", encoding="ascii") as file:
            return file.read().splitlines()
