"""Documents hold together: names are unique, no link leads nowhere, times are in order."""
import json
from pathlib import Path

def check(path):
    document = json.loads(path.read_text())
    nodes, links = document["nodes"], document["links"]
    names = [one["id"] for one in nodes + links]
    twice = {name for name in names if names.count(name) > 1} if len(names) != len(set(names)) else ()
    assert not twice, f"{path}: {twice}"
    by_id = {node["id"]: node for node in nodes}
    runs = {run["key"]: run for run in document["meta"]["runs"]}
    for one in nodes + links:
        run = runs[one["id"].split(":")[0]]
        assert 1 <= one["revision"] <= run["revision"], (path, one)
        for start, end in [("started", "ended"), ("first", "last")]:
            if one.get(start) is not None and one.get(end) is not None:
                assert one[start] <= one[end] <= run["end"], (path, one)
    events = document["meta"]["detail"] == "event"
    for node in nodes:
        for member in "parent", "process", "program", "created_by", "deleted_by", "peer", "thread", "execution":
            assert node.get(member) is None or node[member] in by_id, (path, member, node)
        base = (node.get("environment") or {}).get("base")
        assert base is None or base in by_id, (path, node)
    for link in links:
        for member in "source", "target", "through", "by":
            assert member not in link or link[member] in by_id, (path, member, link)
        assert "event" not in link or not events or link["event"] in by_id, (path, link)
        source, target = by_id[link["source"]], by_id[link["target"]]
        if link["kind"] in ("fork", "start"):
            assert source["started"] <= target["started"], (path, link, source, target)
        if link["kind"] == "passage" and link["carrier"] != "overwrite":
            given = link.get("given", {}).get("first", 0)
            assert given <= link["taken"]["last"], (path, link)
            assert source["started"] <= link["taken"]["last"], (path, link)
        if link["kind"] == "passage":
            assert link["amount"] is None or link["certain"] <= link["amount"], (path, link)
        if link["kind"] == "use":
            assert source["started"] <= link["last"], (path, link)
        if link["kind"] == "held_up":
            assert 0 < link["waited"] <= (link["last"] - link["first"]) * link["count"], (path, link)
    contents = {}
    for node in nodes:
        for version in node.get("versions", ()):
            assert version["version"] not in contents and version["by"] in by_id, (path, node)
            assert not events or version["event"] in by_id, (path, node)
            contents[version["version"]] = version
    for version in contents.values():
        before = contents.get(version.get("before"))
        assert before is None or before["time"] <= version["time"], (path, version)
    for link in links:
        told = {*link.get("versions", []), link.get("version", "-0")}
        assert all(version in contents or version.endswith("-0") for version in told), (path, link)
    # What a thing's numbers are is what its uses add up to. Who only executed it has no use.
    uses = {}
    for link in links:
        if link["kind"] == "use":
            uses.setdefault(link["target"], []).append(link)
    # Where something is missing, anybody may have done more to anything.
    is_whole = not any(run["recorded"]["left_out"] for run in document["meta"]["runs"])
    is_whole = is_whole and not any(node.get("partial") for node in nodes)
    executed = {id for node in nodes for id in node.get("executed", ())}
    assert executed <= by_id.keys(), (path, executed - by_id.keys())
    for node in nodes:
        own = uses.get(node["id"], ())
        if node["id"].split(":")[-1].startswith(("file/", "resource-")):
            for what in "read", "written":
                told = [link for link in own if what in link]
                if not is_whole and what in node and node[what] is None:
                    continue
                assert (what in node) == bool(told) or node["id"] in executed, (path, node)
                known = sum(link[what] or link.get(what + "_at_least", 0) for link in told)
                assert known == (node.get(what) or node.get(what + "_at_least", 0)), (path, node)
                assert all(link[what] is not None for link in told) == (node.get(what, 0) is not None), (path, node)
        if own:
            assert node["first"] <= min(link["first"] for link in own), (path, node)
            assert node["last"] >= max(link["last"] for link in own), (path, node)
    # What is told of a function is what is told of those who called it.
    functions = {node["id"]: node for node in nodes if node["class"] == "function"}
    chosen = document["meta"].get("scope")
    profiles = {run: one.get("profiles", {}) for run, one in runs.items()}
    def profile(node):
        return profiles[node["id"].split(":")[0]].get(node.get("profile"), {})
    told = {(node["id"].split(":")[0], node["profile"]) for node in nodes if "profile" in node}
    assert told == {(run, name) for run, all in profiles.items() for name in all}, path
    for run in runs:
        for what, sum_of in ("called", "calls"), ("failed", "errors"):
            sums = {}
            for node in nodes:
                if node["id"].startswith(run + ":"):
                    for name, count in profile(node).get(what, {}).items():
                        sums[f"{run}:function-{name}"] = sums.get(f"{run}:function-{name}", 0) + count
            told = {id: node[sum_of] for id, node in functions.items() if id.startswith(run + ":")}
            assert sums == {id: count for id, count in told.items() if count}, (path, what)
    for node in nodes:
        if node["class"] == "process" and functions and not chosen:
            assert sum(profile(node).get("called", {}).values()) == node["calls"], (path, node)
            assert sum(profile(node).get("failed", {}).values()) == node["errors"], (path, node)
        assert node.get("function") is None or node["function"] in functions, (path, node)
        if events and node.get("event") == "call" and not chosen:
            assert node["function"].split("-")[-1] == node["call"], (path, node)
    # What was only looked at is told of by who did, and a node only where events refer to it.
    names = {node.get("name", node["label"]) if isinstance(node.get("name", ""), str) else None: node
             for node in nodes if ":file/" in node["id"]}
    for node in nodes:
        held = node.get("looked_at", []) + node.get("missed", [])
        own = {link["target"] for link in links if link["source"] == node["id"]} if held else ()
        for name in (name for name in held if isinstance(name, str)):
            assert name in names or not events, (path, name)
            assert name not in names or names[name]["id"] not in own, (path, node["id"], name)

for path in Path(".").glob("*.document.json"):
    check(path)
