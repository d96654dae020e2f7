#!/usr/bin/env python3
"""Prints every record and fact of an rtrace log as a JSON object a line (docs/log-format.md)."""
import io, itertools, json, sys, msgpack, zstandard

HALF, MASK, NONE = 1 << 63, (1 << 64) - 1, msgpack.packb({"shared": [], "rest": [], "bytes": b""})

def column(value, rows, low=None):
    if isinstance(value, int):
        return [value] * rows
    if low:  # an iterator over the lower bits
        return [high << 8 | next(low) for high in value]
    return sums(value[1:]) if value[:1] == [None] else value

def sums(differences):
    return list(itertools.accumulate(differences, lambda a, b: (a + b + HALF & MASK) - HALF))

def strings(section):
    out, at, before, table = [], 0, b"", msgpack.unpackb(section)
    for shared, rest in zip(table["shared"], table["rest"]):
        before = before[:shared] + table["bytes"][at:at + rest]
        at += rest
        out.append(before)
    return out

def memory(group, rows, words, fresh, files):
    """The pieces of each record of a group."""
    records = [[] for _ in range(rows)]
    for arg, phase, role, section, counts, items, *states in group.get("mem", []):
        counts = column(counts, rows)
        pieces = zip(column(items, sum(counts)), column(*states or [0], sum(counts)))
        for record, count in zip(records, counts):
            for item, state in itertools.islice(pieces, count):
                word = (words[item - 1] if item else next(fresh)) if section == 1 else None
                data = files[section].read(item) if word is None else word
                record.append([arg, phase, role, state, data.hex()])
    return records

def records(head, sections):
    table, words = msgpack.unpackb(sections[0]), strings(sections.get(1, NONE))
    fresh, files = iter(words), {code: io.BytesIO(sections.get(code, b"")) for code in (2, 3)}
    count, groups, time, jumps = head["count"], [], {}, table.get("jumps", [])
    shape, task = column(table["shape"], count), column(table["task"], count)
    low, times = iter(sections.get(7, b"")), iter(msgpack.unpackb(sections[6]))
    gaps = column(next(times), count, low)
    for number, group in enumerate(table["groups"]):
        rows, odd = shape.count(number), set(group.get("odd", []))
        args = [column(value, rows) for value in (group.get("args", []) + [0] * 6)[:6]]
        durations, results = column(next(times), rows, low), column(group.get("res", 0), rows)
        groups.append(zip(zip(*args), durations, results, [row in odd for row in range(rows)],
                          memory(group, rows, words, fresh, files)))
    ids, jumps = sums(table["tasks"]), dict(zip(jumps[::2], jumps[1::2]))
    ordinals = [first - 1 for first in column(table["ordinals"], len(ids))]
    for row, gap in enumerate(gaps):
        t, (kind, lane, abi, nr) = task[row], table["shapes"][shape[row]]
        args, dur, res, odd, pieces = next(groups[shape[row]])
        start = (time.get(t, head["first"]) + gap) & MASK
        time[t], ordinals[t] = start + max(dur, 0), jumps.get(row, ordinals[t] + 1) & MASK
        yield {"kind": kind, "lane": lane, "task": ids[t], "ordinal": ordinals[t], "start": start,
               "end": None if dur < 0 else start + dur, "abi": abi, "nr": nr & MASK,
               "words": [word & MASK for word in args], "result": res,
               "failed": (-4095 <= res < 0) != odd, "pieces": pieces}

def main(file):
    stream = msgpack.Unpacker(file, max_buffer_size=1 << 30, strict_map_key=False)
    assert stream.unpack().get("rtrace") == "log", "not an rtrace log"
    stream.skip()  # the header's CRC
    for block in itertools.takewhile(lambda block: isinstance(block, list), stream):  # to the tail
        head, body, sections = msgpack.unpackb(block[1]), block[2], {}
        for code, codec, raw, stored in head["sections"]:
            data, body = body[:stored], body[stored:]
            sections[code] = zstandard.decompress(data, max_output_size=raw) if codec else data
        for record in records(head, sections) if 0 in sections else ():
            print(json.dumps(record))
        facts = sections.get(4, b"\x90")  # or an empty array
        for kind, time, task, ordinal, fields in msgpack.unpackb(facts, strict_map_key=False):
            print(json.dumps({"fact": kind, "time": time, "task": task, "ordinal": ordinal & MASK,
                              "fields": list(fields.items())}, default=bytes.hex))

main(open(sys.argv[1], "rb") if sys.argv[1:] else sys.stdin.buffer)
