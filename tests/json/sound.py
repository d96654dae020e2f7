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
        if link["kind"] in ("fork", "start", "runs"):
            assert source["started"] <= target["started"] <= link["time"], (path, link, source, target)
        if link["kind"] == "passage" and link["carrier"] != "overwrite":
            given = link.get("given", {}).get("first", 0)
            assert given <= link["taken"]["last"], (path, link)
            assert source["started"] <= link["taken"]["last"], (path, link)
        if link["kind"] == "passage":
            assert link["certain"] <= link["amount"], (path, link)
        if link["kind"] == "use":
            assert source["started"] <= link["last"], (path, link)
    # What a thing's numbers are is what its uses add up to.
    uses = [link for link in links if link["kind"] == "use"]
    for node in (node for node in nodes if "users" in node):
        own = [link for link in uses if link["target"] == node["id"]]
        assert len(own) == node["users"], (path, node)
        for what in "read", "written":
            known = sum(link.get(what) or link.get(what + "_at_least") or 0 for link in own)
            assert known == (node[what] if node[what] is not None else node[what + "_at_least"]), (path, node)
        if own:
            assert node["first"] == min(link["first"] for link in own), (path, node)
            assert node["last"] == max(link["last"] for link in own), (path, node)

for path in Path(".").glob("*.document.json"):
    check(path)
