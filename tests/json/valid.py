"""Documents are held against their schema, and the schema against itself; documents that were
broken are not valid."""
import copy, json
from pathlib import Path
from jsonschema import Draft202012Validator

schema = json.loads(Path("schema.json").read_text())
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)

def is_documented(part, path="#"):
    """Every member has a description, and every object is closed."""
    if isinstance(part, list):
        for index, one in enumerate(part):
            is_documented(one, f"{path}/{index}")
    if not isinstance(part, dict):
        return
    for name, member in part.get("properties", {}).items():
        assert member.get("description"), f"{path}: {name} is not documented"
    if part.get("type") == "object" and path not in ("#/$defs/node", "#/$defs/link"):
        assert part.get("additionalProperties") is False, f"{path} is open"
    if path.startswith(("#/$defs/node_", "#/$defs/link_")) and path.count("/") == 2:
        assert part.get("unevaluatedProperties") is False, f"{path} is open"
    for name, one in part.items():
        is_documented(one, f"{path}/{name}")

is_documented(schema)

documents = {path: json.loads(path.read_text()) for path in Path(".").glob("*.document.json")}
assert len(documents) > 5, documents.keys()
for path, document in documents.items():
    error = next(validator.iter_errors(document), None)
    assert error is None, f"{path}: {error.message}: {list(error.absolute_path)}"

sample = next(d for p, d in documents.items() if p.name == "pipeline.document.json")

def first(list, member, value):
    return next(one for one in list if one[member] == value)

def process(document):
    return first(document["nodes"], "class", "process")

def use(document):
    return first(document["links"], "kind", "use")

BREAKS = [
    lambda d: d.pop("meta"),
    lambda d: d["meta"].update(version=2),
    lambda d: d["meta"]["runs"][0].update(started_ns=1),
    lambda d: d.update(more=1),
    lambda d: process(d).pop("deleted"),
    lambda d: process(d).update(pid=-1),
    lambda d: process(d).update(colour="red"),
    lambda d: process(d).update(**{"class": "program"}),
    lambda d: process(d).update(id="process-1"),
    lambda d: process(d).update(end="gone"),
    lambda d: use(d).pop("revision"),
    lambda d: use(d)["deeds"].update(steals=1),
    lambda d: use(d).update(first="0"),
    lambda d: use(d).update(kind="uses"),
    lambda d: use(d).update(target=None),
    lambda d: first(d["nodes"], "class", "file").update(name=5),
    lambda d: process(d).update(missed="/x"),
    lambda d: first(d["links"], "kind", "passage").update(carrier="pigeon"),
]
for index, breaks in enumerate(BREAKS):
    document = copy.deepcopy(sample)
    document["nodes"] = [one for one in document["nodes"] if one["class"] in ("process", "file")][:12]
    document["links"] = [first(sample["links"], "kind", kind) for kind in ("use", "passage", "fork")]
    document = copy.deepcopy(document)
    assert validator.is_valid(document)
    breaks(document)
    assert not validator.is_valid(document), f"break {index} is taken for valid"
