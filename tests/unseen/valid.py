"""What is told of a run of which calls were left out is valid in every format."""
import json
from pathlib import Path
from jsonschema import Draft202012Validator
from prov.model import ProvDocument
from pyshacl import validate
from rdflib import Graph

validator = Draft202012Validator(json.loads(Path("schema.json").read_text()))
for path in Path(".").glob("*.json"):
    if path.name != "schema.json":
        error = next(validator.iter_errors(json.loads(path.read_text())), None)
        assert error is None, f"{path}: {error.message}: {list(error.absolute_path)}"

shapes, ontology = Graph().parse("shapes.ttl"), Graph().parse("rtrace.ttl")
terms = {str(term) for term in ontology.subjects()}
for path in Path(".").glob("*.ttl"):
    if path.name in ("shapes.ttl", "rtrace.ttl"):
        continue
    graph = Graph().parse(path)
    valid, _, text = validate(graph, shacl_graph=shapes, ont_graph=ontology)
    assert valid, f"{path}: {text}"
    used = {str(p) for p in graph.predicates() if "/rtrace/ns#" in str(p)}
    assert used <= terms, f"{path}: {used - terms}"

for path in Path(".").glob("*.prov-json"):
    assert ProvDocument.deserialize(str(path), format="json").get_records()
