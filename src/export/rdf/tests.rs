//! The sample's triples, and that both syntaxes have the same.

use std::collections::BTreeSet;

use oxttl::{NTriplesParser, TurtleParser};

use crate::export::Options;
use crate::export::sample::exported;

const BASE: &str = "urn:uuid:00112233-4455-6677-8899-aabbccddeeff";

/// N-Triples, with the namespaces shortened.
fn short(lines: &str) -> String {
    lines
        .replace(&format!("<{BASE}#"), "<#")
        .replace("https://w3id.org/rtrace/ns#", "rtrace:")
        .replace("http://www.w3.org/ns/prov#", "prov:")
        .replace("http://www.w3.org/2001/XMLSchema#", "xsd:")
        .replace("http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "a")
        .replace("http://www.w3.org/2000/01/rdf-schema#", "rdfs:")
}

/// What is said of `subject`.
fn about(subject: &str) -> Vec<String> {
    let lines = short(&exported("nt", &Options::default()));
    let prefix = format!("<{subject}> ");
    let said = lines.lines().filter_map(|line| line.strip_prefix(&prefix)?.strip_suffix(" ."));
    said.map(str::to_owned).collect()
}

#[test]
fn both_syntaxes_have_the_same_triples_each_once() {
    let nt = exported("nt", &Options::default());
    let ttl = exported("ttl", &Options::default());
    let lines: Vec<_> = NTriplesParser::new().for_slice(&nt).map(|t| t.expect("sound")).collect();
    let turtle: BTreeSet<_> =
        TurtleParser::new().for_slice(&ttl).map(|t| t.expect("sound").to_string()).collect();
    let set: BTreeSet<_> = lines.iter().map(ToString::to_string).collect();
    assert_eq!(set, turtle);
    assert_eq!(set.len(), lines.len(), "a triple stands twice");
}

#[test]
fn a_call_and_what_it_touches() {
    let expected = [
        "<a> <rtrace:Call>",
        "<rtrace:thread> <#thread-1>",
        "<rtrace:ordinal> \"3\"^^<xsd:integer>",
        "<prov:startedAtTime> \"2026-11-24T04:25:44.000006000Z\"^^<xsd:dateTime>",
        "<rtrace:call> \"read\"",
        "<rtrace:function> <#function-read>",
        "<rtrace:arguments> \"3, 0x8, 10\"",
        "<rtrace:duration> \"1000\"^^<xsd:integer>",
        "<rtrace:result> \"2\"^^<xsd:integer>",
        "<rtrace:descriptor> \"3\"^^<xsd:integer>",
        "<rtrace:reads> <#file/home/odd%20%FF%0A%22name>",
        "<prov:used> <#file/home/odd%20%FF%0A%22name>",
        "<rtrace:next> <#event-1-4>",
    ];
    let said = about("#event-1-3");
    let without_arguments = |line: &&String| !line.starts_with("<rtrace:arguments>");
    let said: Vec<_> = said.iter().filter(without_arguments).collect();
    let expected: Vec<_> =
        expected.iter().filter(|l| !l.starts_with("<rtrace:arguments>")).collect();
    assert_eq!(said, expected);
}

#[test]
fn a_path_that_is_no_text_is_not_lost() {
    let said = about("#file/home/odd%20%FF%0A%22name");
    let expected = [
        "<a> <prov:Entity>",
        "<rdfs:label> \"/home/odd \u{fffd}\\n\\\"name\"",
        "<a> <rtrace:File>",
        "<rtrace:path> \"/home/odd \u{fffd}\\n\\\"name\"",
        "<rtrace:pathBytes> \"L2hvbWUvb2RkIP8KIm5hbWU=\"^^<xsd:base64Binary>",
        "<rtrace:device> \"8\"^^<xsd:integer>",
        "<rtrace:inode> \"77\"^^<xsd:integer>",
        "<rtrace:moniker> \"CIM_DataFile.Name=\\\"/home/odd \u{fffd}\\n\\\\\\\"name\\\"\"",
        "<rtrace:monikerBytes> \"Q0lNX0RhdGFGaWxlLk5hbWU9Ii9ob21lL29kZCD/ClwibmFtZSI=\"^^<xsd:base64Binary>",
        "<rtrace:authority> \"node \\\"1\\\"\"",
    ];
    assert_eq!(said, expected);
}

#[test]
fn what_could_not_be_seen() {
    let expected = [
        "<a> <rtrace:BlindSpot>",
        "<rtrace:thread> <#thread-2>",
        "<rtrace:noticedAt> <#event-2-1>",
        "<rtrace:pid> \"77\"^^<xsd:integer>",
        "<prov:atTime> \"2026-11-24T04:25:44.000013500Z\"^^<xsd:dateTime>",
        "<rtrace:reason> \"nobody looked\"",
    ];
    assert_eq!(about("#blind-spot-2-13500"), expected);
}

#[test]
fn how_a_file_was() {
    let expected = [
        "<a> <rtrace:FileState>",
        "<a> <prov:Entity>",
        "<prov:specializationOf> <#file/home/odd%20%FF%0A%22name>",
        "<rtrace:seenAtTime> \"2026-11-24T04:25:44.000013000Z\"^^<xsd:dateTime>",
        "<rtrace:size> \"9\"^^<xsd:integer>",
        "<rtrace:modified> \"2026-11-24T04:25:44.000000001Z\"^^<xsd:dateTime>",
        "<rtrace:blake3> \"00ff10\"",
        "<rtrace:stale> \"true\"^^<xsd:boolean>",
    ];
    assert_eq!(about("#look-1-13000"), expected);
    let event = about("#event-1-2");
    assert!(event.contains(&"<rtrace:content> <#look-1-13000>".to_owned()));
    assert!(event.contains(&"<rtrace:foundState> <#look-1-0>".to_owned()));
}

#[test]
fn forks_waits_and_ends() {
    assert!(about("#event-1-4").contains(&"<rtrace:forks> <#event-2-0>".to_owned()));
    assert!(about("#event-2-4").contains(&"<rtrace:joins> <#event-1-5>".to_owned()));
    assert!(about("#event-2-3").contains(&"<rtrace:unfinished> \"true\"^^<xsd:boolean>".into()));
    let failed = about("#event-2-1");
    assert!(failed.contains(&"<rtrace:error> \"ENOENT\"".to_owned()));
    assert!(failed.contains(&"<rtrace:names> <#file/home/none>".to_owned()));
    let child = about("#process-2");
    for line in [
        "<rtrace:moniker> \"CIM_Process.Handle=101\"",
        "<rtrace:parent> <#process-1>",
        "<rtrace:execution> <#execution-1-1>",
        "<rtrace:killedBy> \"9\"^^<xsd:integer>",
    ] {
        assert!(child.contains(&line.to_owned()), "{line} is not in {child:?}");
    }
    let execution = about("#execution-1-1");
    for line in [
        "<rtrace:startedBy> <#event-1-1>",
        "<rtrace:executable> <#file/bin/sh>",
        "<rtrace:commandLine> \"sh -c 'cat x'\"",
        "<rtrace:environment> \"A=\u{fffd}\\n\"",
    ] {
        assert!(execution.contains(&line.to_owned()), "{line} is not in {execution:?}");
    }
}

#[test]
fn the_machine() {
    let expected = [
        "<a> <rtrace:Host>",
        "<a> <prov:Entity>",
        "<a> <prov:Agent>",
        r#"<rdfs:label> "node \"1\"""#,
        r#"<rtrace:moniker> "CIM_ComputerSystem.Name=\"node \\\"1\\\"\"""#,
        r#"<rtrace:machineId> "abc""#,
        r#"<rtrace:bootId> "def""#,
        r#"<rtrace:address> "10.0.0.1""#,
        r#"<rtrace:kernel> "6.18.0""#,
    ];
    assert_eq!(about("#host"), expected);
    let child = about("#process-2");
    assert!(child.contains(&r#"<rtrace:authority> "node \"1\"""#.to_owned()), "{child:?}");
}

#[test]
fn a_prefix_of_the_users_names_what_has_a_moniker() {
    let iri_prefix = Some("http://h/survol/entity.py?xid=".to_owned());
    let lines = short(&exported("nt", &Options { iri_prefix, ..Options::default() }));
    let lines = lines.replace("<http://h/survol/entity.py?xid=", "<:");
    for line in [
        "<:CIM_ComputerSystem.Name=B64_bm9kZSAiMSI> <a> <rtrace:Host> .",
        "<:CIM_Process.Handle=101> <rtrace:parent> <:CIM_Process.Handle=100> .",
        "<#execution-1-1> <rtrace:executable> <:CIM_DataFile.Name=/bin/sh> .",
        "<:CIM_DataFile.Name=B64_L2hvbWUvb2RkIP8KIm5hbWU> <rtrace:inode> \"77\"^^<xsd:integer> .",
        "<#event-2-1> <rtrace:names> <:CIM_DataFile.Name=/home/none> .",
        "<:CIM_DataFile.Name=/home/none> <rtrace:moniker> \"CIM_DataFile.Name=/home/none\" .",
    ] {
        assert!(lines.lines().any(|l| l == line), "{line} is not in {lines}");
    }
    // Nothing else is lost: as many triples as without.
    assert_eq!(lines.lines().count(), exported("nt", &Options::default()).lines().count());
}
