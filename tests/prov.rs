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
