//! What was not recorded is not known, and never nothing.

use super::common::Rtrace;
use super::kit::Scenario;

#[test]
fn bytes_that_no_call_tells_of_are_not_none() {
    let script = "echo words >out; cat out; : >empty";
    let run = |set: &[&str]| {
        let command = Rtrace::run("sh").args(["-c", script]);
        Scenario::run(&[], set.iter().fold(command, Rtrace::option))
    };
    let (whole, some) = (run(&[]), run(&["-e", "trace=openat,execve"]));
    let numbers = |scenario: &Scenario, name: &str| {
        let document = scenario.document();
        let path = scenario.path(name);
        let node = document.nodes("file").find(|node| node["label"] == *path).expect("it is there");
        ["read", "written"].map(|member| node[member].as_u64())
    };
    assert_eq!(numbers(&whole, "out"), [Some(6), Some(6)]);
    assert_eq!(numbers(&some, "out"), [None, None]);
    assert_eq!(whole.wrote("empty"), ["sh 0"]);
    assert_eq!(some.wrote("empty"), ["sh"]);
    assert_eq!(whole.wrote("out"), ["sh 6"]);
    assert_eq!(some.wrote("out"), ["sh"]);
}
