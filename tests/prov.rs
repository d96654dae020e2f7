//! PROV-N and PROV-JSON, read by the `prov` package: both say what the RDF says.

mod common;

use common::python;
use common::samples::Samples;

#[test]
fn both_notations_say_what_the_rdf_says() {
    let samples = Samples::record();
    samples.convert("nt").convert("provn").convert("prov-json");
    python(include_str!("prov/agrees.py"), samples.dir());
}

#[test]
fn both_notations_go_as_deep_as_they_are_told() {
    const SCRIPT: &str = r##"
from pathlib import Path
from prov.model import ProvActivity, ProvDocument, ProvEntity, ProvUsage
for file in Path().glob("*.provn"):
    as_text = ProvDocument.deserialize(file, format="provn", profile="strict")
    assert as_text == ProvDocument.deserialize(file.with_suffix(".prov-json"), format="json"), file
    files = [it for it in as_text.get_records(ProvEntity) if "#file/" in it.identifier.uri]
    assert bool(files) == (".resource." in file.name), file
    assert list(as_text.get_records(ProvActivity)), file
    events = [it for it in as_text.get_records(ProvActivity) if "#event-" in it.identifier.uri]
    assert not events, file
    for used in as_text.get_records(ProvUsage):
        assert "#execution-" in used.args[0].uri or "#process-" in used.args[0].uri, used
"##;
    let samples = Samples::record();
    for format in ["provn", "prov-json"] {
        for detail in ["process", "resource"] {
            let extension = [detail, ".", format].concat();
            samples.convert_as(format, &["--detail", detail], &extension);
        }
    }
    python(SCRIPT, samples.dir());
}

#[test]
fn several_logs_make_one_document() {
    const SCRIPT: &str = r#"
from prov.model import ProvDocument
as_json = ProvDocument.deserialize("two.prov-json", format="json")
as_text = ProvDocument.deserialize("two.provn", format="provn", profile="strict")
assert as_json == as_text
runs = {record.identifier.uri.split('#')[0] for record in as_text.get_records() if record.identifier}
assert len(runs) == 2, runs
"#;
    let samples = Samples::record();
    for format in ["provn", "prov-json"] {
        let out = samples.dir().join("two").with_extension(format);
        let mut convert = std::process::Command::new(env!("CARGO_BIN_EXE_rtrace"));
        convert.arg("convert").args([samples.log("killed"), samples.log("hostile")]);
        common::tool(convert.args(["--to", format, "-o"]).arg(out));
    }
    python(SCRIPT, samples.dir());
}
