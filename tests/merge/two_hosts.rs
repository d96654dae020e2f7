//! A client and a server on two machines.

use std::collections::BTreeSet;

use super::lan::{Guise, Lan};

/// Answers each line that it is sent; `server.py ADDRESS PORT CONNECTIONS`.
const SERVER: &str = r#"
import socket, sys
listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
open("ready." + sys.argv[2], "w").close()
for _ in range(int(sys.argv[3])):
    connection, _ = listener.accept()
    try:
        with connection, connection.makefile("rwb") as lines:
            for line in lines:
                lines.write(line.upper())
                lines.flush()
    except ConnectionResetError:
        pass
"#;

/// Asks five times on each connection; `client.py ADDRESS PORT CONNECTIONS [OWN-PORT]`.
const CLIENT: &str = r#"
import socket, sys, time
own = int(sys.argv[4]) if len(sys.argv) > 4 else 0
for number in range(int(sys.argv[3])):
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # The port is free at once: the end of the connection is a reset.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        server.bind(("", own))
        server.connect((sys.argv[1], int(sys.argv[2])))
        with server.makefile("rwb") as lines:
            for turn in range(5):
                lines.write(b"x" * (10 + 7 * number) + b"\n")
                lines.flush()
                assert lines.readline().isupper()
                time.sleep(0.05)
"#;

const FILES: [(&str, &str); 2] = [("server.py", SERVER), ("client.py", CLIENT)];

fn pair() -> Lan {
    let script = "
        record 2 server.mp python3 -S server.py 10.9.0.2 8000 3 &
        await ready.8000
        record 1 client.mp python3 -S client.py 10.9.0.2 8000 3
        wait
    ";
    Lan::run(2, &FILES, script)
}

#[test]
fn connections_are_found_and_clocks_aligned_whatever_they_say() {
    let second = 1_000_000_000;
    let lan = pair();
    let lan = lan.log("client.mp", Guise::of(1));
    let (mut last, mut lan) = (0, lan);
    for (place, (ahead, drift)) in
        [(0, 0.0), (7_000_000, 0.0), (-3 * second, 0.001), (9 * 86_400 * second, -0.0005)]
            .into_iter()
            .enumerate()
    {
        let name = format!("server{place}.mp");
        std::fs::copy(lan.path().join("server.mp"), lan.path().join(&name)).expect("copied");
        lan = lan.log(&name, Guise::of(2).ahead(ahead).drift(drift));
        let logs = [lan.logs()[0], lan.logs()[place + 1]].map(str::to_owned);
        let one = lan.only(&logs);
        let merged = one.merged();
        let connections = merged.links("connection");
        assert_eq!(connections.len(), 3, "{ahead} {drift}: {connections:?}");
        assert!(connections.iter().all(|(_, confidence)| *confidence == 97), "{connections:?}");
        let (found, error) = merged.ahead(2, 1);
        let apart = (found - i128::from(ahead)).unsigned_abs();
        // Over the time between the starts a drift adds to it.
        let drifted = (5e9 * f64::abs(drift)) as u128;
        assert!(apart <= u128::from(error) + drifted, "{found} ± {error}, and not {ahead}");
        assert!(error < 20_000_000, "{error} is no bound");
        assert_eq!(merged.conflicts(), 0);
        last = place;
    }
    assert_eq!(last, 3);
}

#[test]
fn only_what_is_the_same_is_linked() {
    let lan = pair().log("client.mp", Guise::of(1)).log("server.mp", Guise::of(2));
    let merged = lan.merged();
    let reasons: BTreeSet<_> = merged.0["links"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|link| link["reason"].as_str().expect("text"))
        .collect();
    // Of the files that both machines have, none is the same.
    assert_eq!(reasons, BTreeSet::from(["address", "connection"]), "{}", merged.0);
    assert_eq!(merged.links("address").len(), 2);
}

#[test]
fn a_port_that_is_used_again_is_another_connection() {
    let script = "
        record 2 server.mp python3 -S server.py 10.9.0.2 8000 4 &
        await ready.8000
        record 1 first.mp python3 -S client.py 10.9.0.2 8000 2 40001
        record 1 second.mp python3 -S client.py 10.9.0.2 8000 2 40001
        wait
    ";
    let lan = Lan::run(2, &FILES, script);
    let ahead = 5_000_000_000_000;
    let lan = lan
        .log("first.mp", Guise::of(1))
        .log("second.mp", Guise::of(1))
        .log("server.mp", Guise::of(2).ahead(ahead));
    let merged = lan.merged();
    let links: Vec<_> = merged.0["links"].as_array().expect("a list").iter().collect();
    let of_connection = links.iter().filter(|link| link["reason"] == "connection");
    // The bytes tell which is which: the second of each run has sent more.
    let bytes: Vec<_> =
        of_connection.map(|link| link["evidence"]["bytes_agree"].as_str().expect("text")).collect();
    assert_eq!(bytes, ["true"; 4], "{links:#?}");
    let (found, error) = merged.ahead(2, 1);
    assert!((found - i128::from(ahead)).unsigned_abs() <= u128::from(error), "{found} ± {error}");
}

#[test]
fn documents_have_the_links_and_without_them_the_parts() {
    let lan = pair().log("client.mp", Guise::of(1)).log("server.mp", Guise::of(2).ahead(1 << 40));
    let whole = lan.of_all("merge", &["--to", "nq", "--detail", "resource"]);
    let graphs: BTreeSet<_> = whole.lines().filter_map(graph).collect();
    assert_eq!(graphs.len(), 3, "{graphs:?}");
    let mut rest: BTreeSet<&str> = whole.lines().collect();
    let parts: Vec<_> = lan
        .logs()
        .iter()
        .map(|log| lan.text(&["convert", log, "--to", "nq", "--detail", "resource"]))
        .collect();
    let lines: BTreeSet<_> = parts.iter().flat_map(|part| part.lines()).collect();
    for line in lines {
        assert!(rest.remove(line), "{line}");
    }
    assert_eq!(rest.iter().filter_map(|line| graph(line)).collect::<BTreeSet<_>>().len(), 1);
    let same = rest.iter().filter(|line| line.contains("#sameResourceAs>")).count();
    let json: serde_json::Value =
        serde_json::from_str(&lan.of_all("merge", &["--to", "json"])).expect("JSON");
    let links = json["links"].as_array().expect("a list").iter();
    let links: Vec<_> = links.filter(|link| link["kind"] == "same_resource_as").collect();
    assert_eq!((links.len(), same), (5, 5), "{links:#?}");
    let nodes: BTreeSet<_> =
        json["nodes"].as_array().expect("a list").iter().map(|node| node["id"].as_str()).collect();
    for link in links {
        assert!(
            nodes.contains(&link["source"].as_str()) && nodes.contains(&link["target"].as_str())
        );
    }
    for run in json["meta"]["runs"].as_array().expect("a list") {
        let number = |value: &serde_json::Value| value.as_str()?.parse::<i128>().ok();
        let [shown, recorded, ahead] =
            [&run["started_ns"], &run["clock"]["recorded_ns"], &run["clock"]["ahead_ns"]]
                .map(number);
        assert_eq!(shown.zip(ahead).map(|(a, b)| a + b), recorded, "{run}");
    }
}

#[test]
fn a_proxy_between_two_machines_leaves_candidates_by_their_bytes() {
    let script = "
        record 2 server.mp python3 -S server.py 10.9.0.2 8000 3 &
        server=$!
        await ready.8000
        ip netns exec h3 socat TCP4-LISTEN:7000,fork,reuseaddr TCP4:10.9.0.2:8000 &
        proxy=$!
        until on 3 grep -q ':1B58 ' /proc/net/tcp; do read -rt 0.02 <> <(:) || :; done
        record 1 client.mp python3 -S client.py 10.9.0.3 7000 3
        wait $server
        kill $proxy
    ";
    let lan = Lan::run(3, &FILES, script);
    let merged = lan.log("client.mp", Guise::of(1)).log("server.mp", Guise::of(2)).merged();
    assert_eq!(merged.links("connection"), [], "{}", merged.0);
    let relayed = merged.links("relay");
    let confidences: Vec<_> = relayed.iter().map(|(_, confidence)| *confidence).collect();
    assert_eq!(confidences, [50; 3], "{}", merged.0);
}

#[test]
fn a_document_of_several_machines_is_valid() {
    const VALID: &str = r#"
import json, jsonschema
schema, document = json.load(open("schema.json")), json.load(open("document.json"))
jsonschema.Draft202012Validator(schema).validate(document)
assert len({link["id"] for link in document["links"]}) == len(document["links"])
"#;
    let lan = pair().log("client.mp", Guise::of(1)).log("server.mp", Guise::of(2));
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let schema = root.join("docs/schema/batchflow.json");
    std::fs::copy(schema, lan.path().join("schema.json")).expect("copied");
    let document = lan.of_all("merge", &["--to", "json"]);
    std::fs::write(lan.path().join("document.json"), document).expect("written");
    let python = std::process::Command::new(root.join("tests/venv")).output().expect("it runs");
    let python = String::from_utf8(python.stdout).expect("text");
    let mut checked = std::process::Command::new(python.trim());
    let output = checked.args(["-c", VALID]).current_dir(lan.path()).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn files_are_followed_from_machine_to_machine() {
    let server = r#"
import socket
listener = socket.create_server(("10.9.0.2", 8000))
open("ready.8000", "w").close()
connection, _ = listener.accept()
with connection:
    assert connection.recv(100) == b"please"
    connection.sendall(open("source", "rb").read())
open("unrelated", "rb").read()
"#;
    let client = r#"
import socket
with socket.create_connection(("10.9.0.2", 8000)) as server:
    server.sendall(b"please")
    got = server.recv(100)
with open("got", "wb") as out: out.write(got)
"#;
    let files = [("serve.py", server), ("ask.py", client), ("source", "1"), ("unrelated", "2")];
    let script = "
        record 2 server.mp python3 -S serve.py &
        await ready.8000
        record 1 client.mp python3 -S ask.py
        wait
    ";
    let lan = Lan::run(2, &files, script);
    let guise = Guise::of(2).ahead(-86_400_000_000_000);
    let lan = lan.log("client.mp", Guise::of(1)).log("server.mp", guise);
    assert_eq!(lan.own("depends-on", "got"), ["ask.py", "serve.py", "source"]);
    assert_eq!(lan.own("affects", "source"), ["got"]);
    assert_eq!(lan.own("affects", "unrelated"), [""; 0]);
}

/// The graph of a quad.
fn graph(line: &str) -> Option<&str> {
    line.strip_suffix(" .")?.rsplit(' ').next()
}
